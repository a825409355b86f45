//! The pass that makes a sheet.

use std::collections::BTreeSet;

use super::neighbours::Neighbours;
use super::questions::Questions;
use super::services::{Reconciliation, Standing};
use super::sheet::{Finding, Sheet};
use super::tally::Tally;
use super::{Kind, Policy, marks, pages};
use crate::model::{ArchivedAttendance, ArchivedBatchState, ArchivedScript};
use crate::store::{ExamView, StoreError};

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
    let mut locked = BTreeSet::new();
    for batch in view.batches() {
        let batch = batch?;
        if batch.get().state == ArchivedBatchState::Locked {
            locked.insert(batch.get().id.to_string());
        }
    }
    let step = view.exam().mark_step.get();
    let (mut tally, mut neighbours, mut questions) =
        (Tally::default(), Neighbours::default(), Questions::default());
    let mut counts = Reconciliation::default();
    let (mut scripts, mut sheets) = (0_u64, 0_u64);
    for (candidate, place) in view.candidates()?.zip(0..) {
        let (candidate, record) = (candidate?, view.script_at(place)?);
        let (candidate, script) = (candidate.get(), record.as_ref().map(|record| record.get()));
        if !scope.has(script) {
            continue;
        }
        let standing = |script: &ArchivedScript| match script.batch.as_ref() {
            None => Standing::Unbatched,
            Some(batch) if locked.contains(batch.as_str()) => Standing::Locked,
            Some(_) => Standing::Open,
        };
        let present = candidate.attendance == ArchivedAttendance::Present;
        let standing = script.map(|script| (script, standing(script)));
        counts.add(&candidate.number, present, standing, &mut tally);
        let (Some(record), Some((script, standing))) = (&record, standing) else { continue };
        scripts += 1;
        sheets += script.pages.len() as u64;
        pages::look(script, policy, |scan| view.inspection(scan), &mut tally)?;
        pages::annotations(script, view.annotations(record)?.get(), &mut tally);
        neighbours.add(script);
        questions.add(script);
        if present {
            marks::look(script, step, standing == Standing::Locked, &mut tally);
        }
    }
    neighbours.tell(policy, &mut tally);
    questions.tell(&mut tally);
    Ok(Sheet {
        exam: view.id().to_owned(),
        batches: match scope {
            Scope::Exam => None,
            Scope::Batches(batches) => Some(batches.iter().cloned().collect()),
        },
        scripts,
        pages: sheets,
        counts,
        findings: Kind::ALL.into_iter().filter_map(|kind| Finding::of(kind, policy, &mut tally)).collect(),
    })
}
