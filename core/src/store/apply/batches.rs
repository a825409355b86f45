//! Batches: locked, unlocked, validated.

use std::collections::BTreeSet;

use super::{Bench, Place, Prepared, exam_of, not_purged};
use crate::journal::{BatchMove, MoveBatches};
use crate::model::{Batch, BatchState, ExamKind, Harmonisation, HarmonisationMode, Script};
use crate::store::record::{ExamEntry, Record};
use crate::store::refusal::{Numbers, Refusal};
use crate::store::tables::{Keys, Records, key, read};
use crate::store::view::exports;
use crate::store::{ExecuteError, Standing, StoreError};

/// All of the batches are moved, or none. A batch that is there already is left alone.
pub(super) fn prepare(
    bench: &Bench<'_>,
    command: &MoveBatches,
    place: Place<'_>,
) -> Result<Prepared, ExecuteError> {
    let mut entry = exam_of(bench, &command.exam)?;
    not_purged(&entry)?;
    let mut changed = Vec::new();
    for id in &command.batches {
        let mut batch = batch_of(bench, &entry, id)?;
        let before = batch.clone();
        moved(&entry, &mut batch, command.to)?;
        if batch != before {
            changed.push(batch);
        }
    }
    if !changed.is_empty() {
        match command.to {
            BatchMove::Lock => all_marked(bench, &entry, &changed)?,
            BatchMove::Unlock => may_unlock(bench, &entry)?,
            BatchMove::Validate => {}
        }
        entry.line = place.line;
    }
    let records = changed.iter().map(|batch| {
        let what = format!("batch {}", batch.id);
        let record = Record::of(batch).map_err(StoreError::record(what))?;
        Ok((key(entry.generation, &batch.id), record.envelope().clone()))
    });
    let batches = records.collect::<Result<Vec<_>, StoreError>>()?;
    Ok(Prepared { changes: !batches.is_empty(), batches, ..Prepared::of(entry) })
}

/// A batch of an exam.
pub(super) fn batch_of(bench: &Bench<'_>, entry: &ExamEntry, id: &str) -> Result<Batch, ExecuteError> {
    let what = || format!("batch {id}");
    match read::<Batch>(&bench.tables.batches, key(entry.generation, id), what)? {
        Some(record) => Ok(record.value().map_err(StoreError::record(what()))?),
        None => Err(Refusal::NoSuchBatch { exam: entry.exam.id.clone(), batch: id.to_owned() }.into()),
    }
}

fn moved(entry: &ExamEntry, batch: &mut Batch, to: BatchMove) -> Result<(), Refusal> {
    let id = || batch.id.clone();
    match to {
        BatchMove::Lock => batch.state = BatchState::Locked,
        BatchMove::Unlock if batch.harmonisation == Harmonisation::Validated => {
            return Err(Refusal::UnlockValidated { batch: id() });
        }
        BatchMove::Unlock => batch.state = BatchState::Open,
        BatchMove::Validate if entry.exam.harmonisation == HarmonisationMode::None => {
            return Err(Refusal::NotHarmonised { exam: entry.exam.id.clone() });
        }
        BatchMove::Validate if batch.state != BatchState::Locked => {
            return Err(Refusal::NotLocked { batch: id() });
        }
        BatchMove::Validate => batch.harmonisation = Harmonisation::Validated,
    }
    Ok(())
}

/// Locking a batch needs every script of it marked or explicitly without a mark.
fn all_marked(bench: &Bench<'_>, entry: &ExamEntry, batches: &[Batch]) -> Result<(), ExecuteError> {
    let ids: BTreeSet<&str> = batches.iter().map(|batch| batch.id.as_str()).collect();
    let mut unmarked: Option<(String, Numbers)> = None;
    let scripts = Records::<Script>::of(&bench.tables.scripts, entry.generation, "the script", Keys::Places);
    for script in scripts {
        let script = script?;
        let script = script.get();
        let Some(batch) = script.batch.as_ref().filter(|batch| ids.contains(batch.as_str())) else {
            continue;
        };
        if !script.marked && script.final_mark().is_none() {
            let (first, numbers) = unmarked.get_or_insert_with(|| (batch.to_string(), Numbers::default()));
            if first == batch.as_str() {
                numbers.push(&script.candidate);
            }
        }
    }
    match unmarked {
        Some((batch, numbers)) => Err(Refusal::Unmarked { batch, numbers }.into()),
        None => Ok(()),
    }
}

/// Marks that are with Cyclades, or may be, stay final.
fn may_unlock(bench: &Bench<'_>, entry: &ExamEntry) -> Result<(), ExecuteError> {
    let exam = &entry.exam.id;
    let one_off = entry.exam.kind == ExamKind::OneOff;
    let sent = entry.life.closed_at.is_some()
        || entry.life.published_at.is_some()
        || exports(bench.tables, exam)?.iter().any(|export| export.standing() == Standing::Unsettled);
    if one_off && sent {
        return Err(Refusal::UnlockClosed { exam: exam.clone() }.into());
    }
    Ok(())
}
