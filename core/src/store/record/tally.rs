//! What is counted of an exam's candidates as commands write them, so that nobody has to walk through
//! all of them to say where the exam stands.
//!
//! A *group* is a batch's scripts, or the candidates that are in none: those without a script and those
//! whose script was not given out. A *span* is so many places in a row, and waits for inspection.

use rkyv::{Archive, Deserialize, Serialize};

use super::few::Few;
use crate::model::{ArchivedAttendance, ArchivedScript};

/// Places that are inspected, and wait for inspection, together.
pub const SPAN: u32 = 64;

/// What is counted of a group.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[rkyv(derive(Debug))]
pub struct Tally {
    /// Candidates who came.
    pub present: u64,
    /// Who did not.
    pub absent: u64,
    /// Who did not, with a valid reason.
    pub absent_justified: u64,
    /// Who did not have to.
    pub exempt: u64,
    /// Scripts.
    pub scripts: u64,
    /// Their pages.
    pub pages: u64,
    /// Scripts that are marked, or said to have no mark.
    pub marked: u64,
    /// Scripts that have a mark of their marker's own.
    pub by_marker: u64,
    /// Final marks of candidates who came.
    pub given: u64,
    /// Their sum, in hundredths.
    pub sum: i64,
    /// Those of them that are zero.
    pub zeros: u64,
    /// Scripts of candidates who came that are said to have no mark.
    pub explicitly_missing: u64,
    /// Scripts of candidates who came without a damaged page that nobody accepted.
    pub clear: u64,
    /// Damaged pages of theirs that somebody accepted.
    pub accepted_pages: u64,
    /// Damaged pages of theirs that nobody accepted.
    pub damaged_pages: Few,
    /// Candidates who came and have no mark: *oubli de note*.
    pub missing: Few,
    /// Candidates who came and have no script.
    pub without_script: Few,
    /// Scripts that were not given out.
    pub unbatched: Few,
}

/// How many things of a list a candidate has.
type CountOf = fn(&Share) -> u64;

impl Tally {
    /// Takes out what a candidate counted for, and puts in what he counts for now.
    pub(in crate::store) fn change(&mut self, number: &str, before: Option<&Share>, after: Option<&Share>) {
        for (share, by) in [(before, -1), (after, 1)] {
            if let Some(share) = share {
                self.count(share, by);
            }
        }
        let lists: [(&mut Few, CountOf); 4] = [
            (&mut self.damaged_pages, Share::damaged),
            (&mut self.missing, |share| u64::from(share.present() && share.mark().is_none())),
            (&mut self.without_script, |share| u64::from(share.present() && share.script.is_none())),
            (&mut self.unbatched, |share| u64::from(share.script.as_ref().is_some_and(|one| !one.batched))),
        ];
        for (list, of) in lists {
            list.change(number, before.map_or(0, of), after.map_or(0, of));
        }
    }

    fn count(&mut self, share: &Share, by: i64) {
        let step = |value: &mut u64, holds: bool| {
            *value = value.saturating_add_signed(if holds { by } else { 0 });
        };
        let attendance = match share.attendance {
            ArchivedAttendance::Present => &mut self.present,
            ArchivedAttendance::Absent => &mut self.absent,
            ArchivedAttendance::AbsentJustified => &mut self.absent_justified,
            ArchivedAttendance::Exempt => &mut self.exempt,
        };
        step(attendance, true);
        let (present, mark) = (share.present(), share.mark());
        step(&mut self.given, present && mark.is_some());
        step(&mut self.zeros, present && mark == Some(0));
        self.sum += by * i64::from(mark.filter(|_| present).unwrap_or(0));
        let Some(script) = &share.script else { return };
        step(&mut self.scripts, true);
        step(&mut self.marked, script.marked || mark.is_some());
        step(&mut self.by_marker, script.by_marker);
        step(&mut self.explicitly_missing, present && script.marked && mark.is_none());
        step(&mut self.clear, present && script.damaged == 0);
        self.pages = self.pages.saturating_add_signed(by * script.pages);
        let accepted = if present { script.accepted } else { 0 };
        self.accepted_pages = self.accepted_pages.saturating_add_signed(by * accepted);
    }

    /// Takes in another group.
    pub fn absorb(&mut self, other: Tally) {
        self.present += other.present;
        self.absent += other.absent;
        self.absent_justified += other.absent_justified;
        self.exempt += other.exempt;
        self.scripts += other.scripts;
        self.pages += other.pages;
        self.marked += other.marked;
        self.by_marker += other.by_marker;
        self.given += other.given;
        self.sum += other.sum;
        self.zeros += other.zeros;
        self.explicitly_missing += other.explicitly_missing;
        self.clear += other.clear;
        self.accepted_pages += other.accepted_pages;
        self.damaged_pages.absorb(other.damaged_pages);
        self.missing.absorb(other.missing);
        self.without_script.absorb(other.without_script);
        self.unbatched.absorb(other.unbatched);
    }

    fn lists(&self) -> [&Few; 4] {
        [&self.damaged_pages, &self.missing, &self.without_script, &self.unbatched]
    }

    /// Whether one of its lists names too few.
    pub(in crate::store) fn is_short(&self) -> bool {
        self.lists().into_iter().any(Few::is_short)
    }

    /// Whether it says the same as one that was just counted.
    pub(in crate::store) fn agrees(&self, counted: &Tally) -> bool {
        let mut numbers = self.clone();
        numbers.damaged_pages.clone_from(&counted.damaged_pages);
        numbers.missing.clone_from(&counted.missing);
        numbers.without_script.clone_from(&counted.without_script);
        numbers.unbatched.clone_from(&counted.unbatched);
        numbers == *counted && self.lists().iter().zip(counted.lists()).all(|(one, other)| one.agrees(other))
    }
}

/// What a candidate counts for.
pub(in crate::store) struct Share {
    attendance: ArchivedAttendance,
    script: Option<ScriptShare>,
}

/// What his script counts for.
struct ScriptShare {
    batched: bool,
    pages: i64,
    marked: bool,
    by_marker: bool,
    mark: Option<i32>,
    damaged: u64,
    accepted: i64,
}

impl Share {
    pub(in crate::store) fn of(attendance: ArchivedAttendance, script: Option<&ArchivedScript>) -> Share {
        let script = script.map(|script| {
            let damaged = || script.pages.iter().filter(|page| page.damage.is_some());
            ScriptShare {
                batched: script.batch.is_some(),
                pages: i64::try_from(script.pages.len()).unwrap_or(i64::MAX),
                marked: script.marked,
                by_marker: script.marker_mark.is_some(),
                mark: script.final_mark().map(|mark| mark.0),
                damaged: damaged().filter(|page| page.accepted.is_none()).count() as u64,
                accepted: i64::try_from(damaged().filter(|page| page.accepted.is_some()).count())
                    .unwrap_or(i64::MAX),
            }
        });
        Share { attendance, script }
    }

    fn present(&self) -> bool {
        self.attendance == ArchivedAttendance::Present
    }

    fn mark(&self) -> Option<i32> {
        self.script.as_ref().and_then(|script| script.mark)
    }

    /// Damaged pages that hold Scanning back: whoever did not come has none.
    fn damaged(&self) -> u64 {
        self.script.as_ref().filter(|_| self.present()).map_or(0, |script| script.damaged)
    }
}

/// What waits for inspection in a span. Not journalled, because inspections are not: a page that is
/// inspected since it was counted, because another page has the same scan, stays in it until inspection
/// comes by.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[rkyv(derive(Debug))]
pub struct Waiting {
    /// Pages of candidates who came.
    pub pages: Few,
    /// Scripts of theirs that wait, and have no damaged page that nobody accepted.
    pub clear: u64,
}

impl Waiting {
    /// Counts so many waiting pages of a candidate's script.
    pub(in crate::store) fn add(&mut self, number: &str, share: &Share, pages: u64) {
        if share.present() {
            self.pages.change(number, 0, pages);
            self.clear += u64::from(pages > 0 && share.damaged() == 0);
        }
    }

    /// Takes in another span.
    pub fn absorb(&mut self, other: Waiting) {
        self.pages.absorb(other.pages);
        self.clear += other.clear;
    }
}
