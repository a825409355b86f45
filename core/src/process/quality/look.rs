//! The pass that makes a sheet: parts of the exam are looked at each on its own, and put together.

use std::collections::BTreeSet;
use std::ops::Range;

use super::neighbours::Neighbours;
use super::questions::Questions;
use super::services::{Reconciliation, Standing};
use super::sheet::{Finding, Sheet};
use super::tally::Tally;
use super::{Kind, Policy, marks, pages};
use crate::model::{
    ArchivedAttendance, ArchivedBatchState, ArchivedCandidate, ArchivedScript, BlobRef, Script,
};
use crate::process::spans;
use crate::store::{ExamView, Inspected, Record, Seen, StoreError};

/// What a sheet is of.
#[derive(Clone, Copy, Debug)]
pub enum Scope<'a> {
    /// The whole exam.
    Exam,
    /// The scripts of these batches, as one validation of an E3C decides them.
    Batches(&'a BTreeSet<String>),
}

impl Scope<'_> {
    fn has(self, script: Option<&ArchivedScript>) -> bool {
        match self {
            Scope::Exam => true,
            Scope::Batches(batches) => script
                .and_then(|script| script.batch.as_ref())
                .is_some_and(|batch| batches.contains(batch.as_str())),
        }
    }
}

/// Makes the quality sheet: reads every candidate and script once, with annotations and inspections. The
/// same records and policy give the same sheet.
///
/// # Errors
/// [`StoreError`] when a record cannot be read.
pub fn look(view: &ExamView, scope: Scope<'_>, policy: &Policy) -> Result<Sheet, StoreError> {
    let looker = Looker::of(view, scope, policy)?;
    let mut whole = Part::default();
    let part = |places| looker.part(places);
    let absorb = |part| {
        whole.absorb(part);
        Ok::<(), StoreError>(())
    };
    spans::in_order(view, part, |_| 0, absorb)?;
    looker.sheet(whole)
}

/// Whoever looks at the candidates and scripts of an exam.
pub(in crate::process) struct Looker<'a> {
    view: &'a ExamView,
    scope: Scope<'a>,
    policy: &'a Policy,
    /// The batches that are locked.
    locked: BTreeSet<String>,
    /// None where so few pages are asked about that each is looked up.
    inspected: Option<Inspected>,
}

/// What was seen at some places; the places of one that is absorbed come after.
#[derive(Default)]
pub(in crate::process) struct Part {
    tally: Tally,
    neighbours: Neighbours,
    questions: Questions,
    counts: Reconciliation,
    scripts: u64,
    pages: u64,
}

impl Part {
    /// Takes in what was seen at the places that follow.
    pub(in crate::process) fn absorb(&mut self, next: Part) {
        self.tally.absorb(next.tally);
        self.neighbours.absorb(next.neighbours);
        self.questions.absorb(next.questions);
        self.counts.absorb(next.counts);
        self.scripts += next.scripts;
        self.pages += next.pages;
    }
}

impl<'a> Looker<'a> {
    /// Gets ready to look.
    ///
    /// # Errors
    /// [`StoreError`] when a record cannot be read; so for all that follow.
    pub(in crate::process) fn of(
        view: &'a ExamView,
        scope: Scope<'a>,
        policy: &'a Policy,
    ) -> Result<Looker<'a>, StoreError> {
        let mut locked = BTreeSet::new();
        for batch in view.batches() {
            let batch = batch?;
            if batch.get().state == ArchivedBatchState::Locked {
                locked.insert(batch.get().id.to_string());
            }
        }
        let inspected = match scope {
            Scope::Exam => Some(view.inspected()?),
            Scope::Batches(_) => None,
        };
        Ok(Looker { view, scope, policy, locked, inspected })
    }

    fn part(&self, places: Range<u32>) -> Result<Part, StoreError> {
        let mut part = Part::default();
        for both in self.view.together(places)? {
            let (place, candidate, script) = both?;
            self.look_at(place, candidate.get(), script.as_ref(), &mut part)?;
        }
        Ok(part)
    }

    /// Looks at one candidate.
    pub(in crate::process) fn look_at(
        &self,
        place: u32,
        candidate: &ArchivedCandidate,
        record: Option<&Record<Script>>,
        part: &mut Part,
    ) -> Result<(), StoreError> {
        let script = record.map(Record::get);
        if !self.scope.has(script) {
            return Ok(());
        }
        let present = candidate.attendance == ArchivedAttendance::Present;
        let standing = script.map(|script| (script, self.standing(script)));
        part.counts.add(&candidate.number, present, standing, &mut part.tally);
        let (Some(record), Some((script, standing))) = (record, standing) else { return Ok(()) };
        part.scripts += 1;
        part.pages += script.pages.len() as u64;
        pages::look(script, self.policy, |scan| self.seen(scan), &mut part.tally)?;
        pages::annotations(script, self.view.annotations(record)?.get(), &mut part.tally);
        part.neighbours.add(place, script);
        part.questions.add(place, script);
        if present {
            let step = self.view.exam().mark_step.get();
            marks::look(script, step, standing == Standing::Locked, &mut part.tally);
        }
        Ok(())
    }

    fn standing(&self, script: &ArchivedScript) -> Standing {
        match script.batch.as_ref() {
            None => Standing::Unbatched,
            Some(batch) if self.locked.contains(batch.as_str()) => Standing::Locked,
            Some(_) => Standing::Open,
        }
    }

    fn seen(&self, scan: &BlobRef) -> Result<Option<Seen>, StoreError> {
        match &self.inspected {
            Some(inspected) => Ok(inspected.of_scan(scan)),
            None => Ok(self.view.inspection(scan)?.map(|found| Seen::from(found.get()))),
        }
    }

    /// The sheet of all that was seen.
    pub(in crate::process) fn sheet(&self, whole: Part) -> Result<Sheet, StoreError> {
        let Part { mut tally, neighbours, questions, counts, scripts, pages } = whole;
        let script = |place| {
            let script = self.view.script_at(place)?;
            let gone = || StoreError::Inconsistent { detail: format!("the script at place {place} is gone") };
            script.ok_or_else(gone)
        };
        neighbours.tell(self.policy, script, &mut tally)?;
        questions.tell(script, &mut tally)?;
        let found = |kind| Finding::of(kind, self.policy, &mut tally);
        Ok(Sheet {
            exam: self.view.id().to_owned(),
            batches: match self.scope {
                Scope::Exam => None,
                Scope::Batches(batches) => Some(batches.iter().cloned().collect()),
            },
            scripts,
            pages,
            counts,
            findings: Kind::ALL.into_iter().filter_map(found).collect(),
        })
    }
}
