//! Marks harmonised and corrected. The marker's own mark is never touched.

use super::batches::batch_of;
use super::carry_over::moved;
use super::touched::Touched;
use super::transmit::on_the_way;
use super::{Bench, Place, Prepared, not_purged};
use crate::journal::{ChangeMarks, MarkChange};
use crate::model::{
    Adjustment, ArchivedAttendance, Batch, BatchState, Change, ExamKind, Harmonisation, HarmonisationMode,
    Hundredths, Script,
};
use crate::store::record::ExamEntry;
use crate::store::refusal::Refusal;
use crate::store::tables::{Keys, Records, key_at, read};
use crate::store::{ExecuteError, StoreError};

/// Changes the marks that the command names. The same command again changes nothing.
pub(super) fn prepare(
    bench: &Bench<'_>,
    command: &ChangeMarks,
    place: Place<'_>,
) -> Result<Prepared, ExecuteError> {
    let mut touched = Touched::of(bench, &command.exam)?;
    let entry = &touched.entry;
    not_purged(entry)?;
    if entry.life.published_at.is_some() {
        return Err(Refusal::PublishedMarks { exam: command.exam.clone() }.into());
    }
    let adjustment = |change| Adjustment {
        change,
        author: place.actor.name.clone(),
        at: place.at,
        line: place.line,
        reason: command.reason,
    };
    match &command.change {
        MarkChange::Batch { batch, by } => {
            let by = Hundredths(*by);
            if by.0.unsigned_abs() > 2000 || !on_step(by, entry.exam.mark_step) {
                return Err(Refusal::NotAMove { by, step: entry.exam.mark_step }.into());
            }
            harmonised_batch(bench, entry, batch)?;
            for number in numbers_in(bench, entry, batch)? {
                if !touched.is_transmitted(&number)? {
                    touched.script(&number, |script| (by_batch(script, by, &adjustment), ()))?;
                }
            }
        }
        MarkChange::Candidate { batch, candidate, mark } => {
            let mark = a_mark(entry, *mark)?;
            harmonised_batch(bench, entry, batch)?;
            present(bench, entry, candidate)?;
            let transmitted = touched.is_transmitted(candidate)?;
            let changed = touched.script(candidate, |script| {
                if script.batch.as_ref() != Some(batch) {
                    let (candidate, batch) = (candidate.clone(), batch.clone());
                    return (false, Err(Refusal::OtherBatch { candidate, batch }));
                }
                alone(script, transmitted, mark, (Change::Alone, &adjustment))
            })?;
            settled(changed, &command.exam, candidate)?;
        }
        MarkChange::Correction { candidate, mark } => {
            let mark = a_mark(entry, *mark)?;
            present(bench, entry, candidate)?;
            if entry.exam.kind == ExamKind::CommonAssessment
                && on_the_way(bench, &command.exam)?.contains(candidate)
            {
                return Err(Refusal::Transmitted { candidate: candidate.clone() }.into());
            }
            if let Some(batch) = batch_name(bench, entry, candidate)? {
                let locked = match batch {
                    Some(batch) => batch_of(bench, entry, &batch)?.state == BatchState::Locked,
                    None => false,
                };
                if !locked {
                    return Err(Refusal::NotFinal { candidate: candidate.clone() }.into());
                }
            }
            let transmitted = touched.is_transmitted(candidate)?;
            let changed = touched.script(candidate, |script| {
                alone(script, transmitted, mark, (Change::Corrected, &adjustment))
            })?;
            settled(changed, &command.exam, candidate)?;
        }
    }
    touched.prepared(place)
}

/// Changes one mark by itself.
fn alone(
    script: &mut Script,
    transmitted: bool,
    mark: Hundredths,
    (change, adjustment): (Change, &dyn Fn(Change) -> Adjustment),
) -> (bool, Result<(), Refusal>) {
    if transmitted {
        return (false, Err(Refusal::Transmitted { candidate: script.candidate.clone() }));
    }
    let same = script.harmonised == Some(mark)
        && script
            .adjustment
            .as_ref()
            .is_some_and(|before| before.change == change && before.reason == adjustment(change).reason);
    if !same {
        script.harmonised = Some(mark);
        script.adjustment = Some(adjustment(change));
    }
    (!same, Ok(()))
}

/// Moves one mark with its batch, from the marker's.
fn by_batch(script: &mut Script, by: Hundredths, adjustment: &dyn Fn(Change) -> Adjustment) -> bool {
    let by_itself = script
        .adjustment
        .as_ref()
        .is_some_and(|before| matches!(before.change, Change::Alone | Change::Corrected));
    let Some(mark) = script.marker_mark.filter(|_| !by_itself) else {
        return false;
    };
    let harmonised = Some(moved(mark, by));
    let change = Change::ByBatch(by);
    let same = script.harmonised == harmonised
        && script.adjustment.as_ref().is_some_and(|before| before.change == change);
    if !same {
        script.harmonised = harmonised;
        script.adjustment = Some(adjustment(change));
    }
    !same
}

fn settled(changed: Option<Result<(), Refusal>>, exam: &str, candidate: &str) -> Result<(), ExecuteError> {
    match changed {
        Some(result) => Ok(result?),
        None => Err(Refusal::NoScript { exam: exam.to_owned(), candidate: candidate.to_owned() }.into()),
    }
}

fn on_step(value: Hundredths, step: Hundredths) -> bool {
    value.0 % step.0.max(1) == 0
}

/// A mark of the exam: 0 to 20, on its step (DOMAIN, *Marks*).
fn a_mark(entry: &ExamEntry, mark: i32) -> Result<Hundredths, Refusal> {
    let (mark, step) = (Hundredths(mark), entry.exam.mark_step);
    if (0..=Hundredths::TWENTY.0).contains(&mark.0) && on_step(mark, step) {
        Ok(mark)
    } else {
        Err(Refusal::NotAMark { exam: entry.exam.id.clone(), mark, step })
    }
}

/// A batch whose marks are final and not yet decided.
fn harmonised_batch(bench: &Bench<'_>, entry: &ExamEntry, id: &str) -> Result<Batch, ExecuteError> {
    if entry.exam.harmonisation == HarmonisationMode::None {
        return Err(Refusal::NotHarmonised { exam: entry.exam.id.clone() }.into());
    }
    let batch = batch_of(bench, entry, id)?;
    if batch.state != BatchState::Locked {
        return Err(Refusal::NotLocked { batch: batch.id }.into());
    }
    if batch.harmonisation == Harmonisation::Validated {
        return Err(Refusal::Validated { batch: batch.id }.into());
    }
    Ok(batch)
}

/// The numbers of a batch's candidates.
fn numbers_in(bench: &Bench<'_>, entry: &ExamEntry, batch: &str) -> Result<Vec<String>, StoreError> {
    let mut numbers = Vec::new();
    for script in Records::<Script>::of(&bench.tables.scripts, entry.generation, "the script", Keys::Places) {
        let script = script?;
        if script.get().batch.as_ref().is_some_and(|its| its.as_str() == batch) {
            numbers.push(script.get().candidate.to_string());
        }
    }
    Ok(numbers)
}

/// The batch a candidate's script is in; none without a script.
fn batch_name(
    bench: &Bench<'_>,
    entry: &ExamEntry,
    candidate: &str,
) -> Result<Option<Option<String>>, StoreError> {
    let tables = bench.tables;
    let Some(place) = tables.place_of(entry.generation, candidate)? else { return Ok(None) };
    let what = || format!("the script of candidate {candidate}");
    let script = read::<Script>(&tables.scripts, key_at(entry.generation, place), what)?;
    Ok(script.map(|script| script.get().batch.as_ref().map(ToString::to_string)))
}

/// Whoever did not come has no mark.
fn present(bench: &Bench<'_>, entry: &ExamEntry, candidate: &str) -> Result<(), ExecuteError> {
    let tables = bench.tables;
    let Some(place) = tables.place_of(entry.generation, candidate)? else { return Ok(()) };
    let what = || format!("candidate {candidate}");
    let record = tables.candidate_at(entry.generation, place, what)?;
    match record {
        Some(record) if record.get().attendance != ArchivedAttendance::Present => {
            Err(Refusal::NotPresent { candidate: candidate.to_owned() }.into())
        }
        _ => Ok(()),
    }
}
