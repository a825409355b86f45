//! Where an exam stands: counts, scanning and its end condition, marks and their mean.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::closing::ClosingStatus;
use super::processes::{Need, Process, ProcessStatus, State};
use super::words::count;
use crate::journal::{Counts, instant};
use crate::model::{
    ArchivedBatchState, ArchivedExamKind, ArchivedHarmonisation, ArchivedHarmonisationMode, Hundredths,
};
use crate::store::{ExamView, Few, RecordFault, SHOWN, StoreError, Tally, Waiting};

/// Candidates by attendance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendances {
    /// Came.
    pub present: u64,
    /// Did not come.
    pub absent: u64,
    /// Did not come, with a valid reason.
    pub absent_justified: u64,
    /// Did not have to.
    pub exempt: u64,
}

/// What is missing, how many, and the first of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// How many.
    pub count: u64,
    /// The lowest candidate numbers or batch ids, in order.
    pub first: Vec<String>,
}

impl From<Few> for Missing {
    fn from(mut few: Few) -> Missing {
        few.first.truncate(SHOWN);
        Missing { count: few.count, first: few.first }
    }
}

impl Missing {
    pub(super) fn push(&mut self, candidate: &str) {
        self.count += 1;
        if let Err(at) = self.first.binary_search_by(|named| named.as_str().cmp(candidate))
            && at < SHOWN
        {
            self.first.insert(at, candidate.to_owned());
            self.first.truncate(SHOWN);
        }
    }
}

/// *Numérisation*, and what still holds it back (DOMAIN, *Closing a one-off exam*).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scanning {
    /// Every present candidate has a script, its pages are inspected, each damaged page was
    /// replaced or accepted.
    pub finished: bool,
    /// Present candidates of whom that is true, in per cent, rounded down.
    pub percent: u8,
    /// Present candidates without a script.
    pub without_script: Missing,
    /// Damaged pages that nobody accepted.
    pub damaged_pages: Missing,
    /// Pages that wait for an inspection to come by.
    pub uninspected_pages: Missing,
    /// Damaged pages that someone accepted.
    pub accepted_pages: u64,
}

/// The marks, and their mean.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// Final numeric marks of candidates who came.
    pub given: u64,
    /// Candidates who came and have none: *oubli de note*.
    pub missing: u64,
    /// The first of those.
    pub without: Missing,
    /// Their mean with two decimals, half up; none without a mark.
    pub mean: Option<String>,
}

/// Where an exam stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Its identifier.
    pub exam: String,
    /// What people call it.
    pub label: String,
    /// `one_off` or `common_assessment`.
    pub kind: String,
    /// How many there are of each.
    pub counts: Counts,
    /// Candidates by attendance.
    pub attendance: Attendances,
    /// Batches whose marks are final.
    pub locked_batches: u64,
    /// Batches whose marks are not final.
    pub open_batches: Missing,
    /// Batches whose harmonisation is not validated; empty for an exam that is not harmonised.
    pub pending_batches: Missing,
    /// Scripts that are in no batch.
    pub unbatched_scripts: Missing,
    /// Scripts of an E3C that are transmitted.
    pub transmitted: u64,
    /// *Numérisation*.
    pub scanning: Scanning,
    /// Marks.
    pub marks: Marks,
    /// Its processes, in order.
    pub processes: Vec<ProcessStatus>,
    /// How far the closing has come.
    pub closing: ClosingStatus,
    /// The last day on which copies may be consulted, `2027-07-05`; none while nobody knows.
    pub consultable_until: Option<String>,
    /// What purges have taken away. All the rest is about the copies that are still here.
    pub purged: Option<PurgedCopies>,
}

/// What purges have taken away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurgedCopies {
    /// When the last one was, `2027-07-06T08:00:00Z`.
    pub at: String,
    /// Candidates.
    pub candidates: u64,
    /// Scripts.
    pub scripts: u64,
    /// Their pages.
    pub pages: u64,
}

/// The mean of marks in hundredths, exact, half up. None without a mark.
pub fn mean(sum: i64, count: u64) -> Option<Hundredths> {
    let count = i64::try_from(count).ok().filter(|count| *count > 0)?;
    let doubled = sum.checked_mul(2)?.checked_add(count)?;
    i32::try_from(doubled.div_euclid(count * 2)).ok().map(Hundredths)
}

/// Says where an exam stands, from its batches and tallies: no script is read.
///
/// # Errors
/// [`StoreError`] when a record cannot be read.
pub fn status(view: &ExamView) -> Result<Status, StoreError> {
    let exam = view.exam();
    let kind = match exam.kind {
        ArchivedExamKind::OneOff => "one_off",
        ArchivedExamKind::CommonAssessment => "common_assessment",
    };
    let mut status = Status {
        exam: exam.id.to_string(),
        label: exam.label.to_string(),
        kind: kind.to_owned(),
        counts: view.counts(),
        attendance: Attendances::default(),
        locked_batches: 0,
        open_batches: Missing::default(),
        pending_batches: Missing::default(),
        unbatched_scripts: Missing::default(),
        transmitted: view.counts().transmitted,
        scanning: Scanning::default(),
        marks: Marks::default(),
        processes: Vec::new(),
        closing: ClosingStatus::of(view)?,
        consultable_until: view.consultable_until(),
        purged: view.life().purged.map(|purged| PurgedCopies {
            at: instant(purged.at),
            candidates: purged.candidates,
            scripts: purged.scripts,
            pages: purged.pages,
        }),
    };
    let harmonised = exam.harmonisation == ArchivedHarmonisationMode::Batches;
    for batch in view.batches() {
        let batch = batch?;
        let batch = batch.get();
        if batch.state == ArchivedBatchState::Locked {
            status.locked_batches += 1;
        } else {
            status.open_batches.push(&batch.id);
        }
        if harmonised && batch.harmonisation == ArchivedHarmonisation::Pending {
            status.pending_batches.push(&batch.id);
        }
    }
    let (mut all, mut waiting) = (Tally::default(), Waiting::default());
    for tally in view.tallies() {
        all.absorb(tally?.value().map_err(unreadable("a tally"))?);
    }
    for span in view.waiting() {
        let span = span?;
        if span.get().pages.count > 0 {
            waiting.absorb(span.value().map_err(unreadable("what waits for inspection"))?);
        }
    }
    let complete = all.clear.saturating_sub(waiting.clear);
    let Tally { present, absent, absent_justified, exempt, .. } = all;
    status.attendance = Attendances { present, absent, absent_justified, exempt };
    status.unbatched_scripts = all.unbatched.into();
    status.scanning = Scanning {
        without_script: all.without_script.into(),
        damaged_pages: all.damaged_pages.into(),
        uninspected_pages: waiting.pages.into(),
        accepted_pages: all.accepted_pages,
        ..Scanning::default()
    };
    status.marks = Marks {
        given: all.given,
        missing: all.missing.count,
        without: all.missing.into(),
        mean: mean(all.sum, all.given).map(|mean| mean.to_string()),
    };
    status.processes = Process::of(&exam.kind)
        .map(|process| one_process(process, &status, harmonised, (complete, present)))
        .into();
    status.scanning.finished = status.processes[0].is_over();
    status.scanning.percent = status.processes[0].percent;
    Ok(status)
}

/// How far a process has come; `scanned` are present candidates whose scripts are complete, and all of
/// them.
fn one_process(process: Process, status: &Status, harmonised: bool, scanned: (u64, u64)) -> ProcessStatus {
    let Status { counts, scanning, .. } = status;
    match process {
        Process::Scanning => ProcessStatus::of(
            process,
            scanned.0,
            scanned.1,
            &[
                ("present candidates without a script", "candidates", &scanning.without_script),
                ("damaged pages", "candidates", &scanning.damaged_pages),
                ("pages to inspect", "candidates", &scanning.uninspected_pages),
            ],
        ),
        Process::Distribution => ProcessStatus::of(
            process,
            counts.scripts.saturating_sub(status.unbatched_scripts.count),
            counts.scripts,
            &[("scripts in no batch", "candidates", &status.unbatched_scripts)],
        ),
        Process::Marking => ProcessStatus::of(
            process,
            status.locked_batches,
            counts.batches,
            &[("batches not locked", "batches", &status.open_batches)],
        ),
        Process::Harmonisation if !harmonised => ProcessStatus::not_applicable(process),
        Process::Harmonisation => ProcessStatus::of(
            process,
            counts.batches.saturating_sub(status.pending_batches.count),
            counts.batches,
            &[("batches not validated", "batches", &status.pending_batches)],
        ),
        Process::Closing => ProcessStatus::of(process, u64::from(status.closing.done), 1, &[]),
        Process::Download => ProcessStatus::of(process, status.transmitted, counts.scripts, &[]),
    }
}

fn unreadable(what: &str) -> impl FnOnce(RecordFault) -> StoreError {
    let what = what.to_owned();
    move |fault| StoreError::Record { what, fault }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.count)?;
        if !self.first.is_empty() {
            let more = if self.count > self.first.len() as u64 { ", …" } else { "" };
            write!(f, " ({}{more})", self.first.join(", "))?;
        }
        Ok(())
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Status { exam, label, kind, counts, attendance, scanning, marks, .. } = self;
        let Counts { schools, markers, batches, candidates, scripts, pages, .. } = counts;
        let Attendances { present, absent, absent_justified, exempt } = attendance;
        writeln!(f, "exam {exam}: {label} ({kind})")?;
        if let Some(PurgedCopies { at, candidates, scripts, pages }) = &self.purged {
            writeln!(
                f,
                "  PURGED on {at}: {candidates} candidates, {scripts} scripts of {pages} pages are gone; what \
                 follows is about those that stay"
            )?;
        }
        if counts.holds > 0 {
            writeln!(f, "  held copies: {}", counts.holds)?;
        }
        writeln!(
            f,
            "  {}: {present} present, {absent} absent, {absent_justified} absent with a valid reason, {exempt} \
             exempt",
            count(*candidates, "candidate", "candidates")
        )?;
        writeln!(
            f,
            "  {} of {}, {}, {}",
            count(*scripts, "script", "scripts"),
            count(*pages, "page", "pages"),
            count(*schools, "school", "schools"),
            count(*markers, "marker", "markers")
        )?;
        writeln!(f, "  {}, {} of them locked", count(*batches, "batch", "batches"), self.locked_batches)?;
        let mean = marks.mean.as_deref().unwrap_or("none");
        let given = count(marks.given, "mark", "marks");
        writeln!(f, "  {given}, {} missing, mean {mean}", marks.missing)?;
        for one in &self.processes {
            let word = match one.state {
                State::NotApplicable => "not applicable".to_owned(),
                State::Finished => "finished".to_owned(),
                State::Unfinished => format!("not finished, {} %", one.percent),
            };
            writeln!(f, "  {} {word}", one.process.name())?;
            for need in &one.missing {
                let Need { what, of, missing } = need;
                let of = of.strip_suffix(if of == "batches" { "es" } else { "s" });
                let of = of.filter(|_| missing.first.len() == 1).unwrap_or(need.of.as_str());
                let shown = missing.to_string().replacen(" (", &format!(" ({of} "), 1);
                writeln!(f, "    {what}: {shown}")?;
            }
            if one.process == Process::Scanning && scanning.accepted_pages > 0 {
                writeln!(f, "    damaged pages that were accepted: {}", scanning.accepted_pages)?;
            }
            if one.process == Process::Download {
                let all = count(*scripts, "script", "scripts");
                writeln!(f, "    {} of {all} transmitted", self.transmitted)?;
            }
        }
        write!(f, "{}", self.closing)?;
        match &self.consultable_until {
            Some(until) => writeln!(f, "  copies may be consulted until {until}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_exact_and_half_up() {
        for (marks, expected) in [
            (vec![], None),
            (vec![0], Some(0)),
            (vec![1, 2], Some(2)),
            (vec![1000, 1001, 1001], Some(1001)),
            (vec![1000, 1000, 1001], Some(1000)),
            (vec![2000; 27_000], Some(2000)),
            (vec![1, 1, 1, 2], Some(1)),
            (vec![1, 2, 2, 1], Some(2)),
        ] {
            let sum = marks.iter().sum();
            assert_eq!(mean(sum, marks.len() as u64), expected.map(Hundredths), "{} marks", marks.len());
        }
    }
}
