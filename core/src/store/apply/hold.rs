//! Copies held back from purges.

use super::{Bench, Place, Prepared, exam_of};
use crate::journal::HoldCopy;
use crate::model::Script;
use crate::store::record::{Hold, Record};
use crate::store::refusal::Refusal;
use crate::store::tables::{hold_key, key_at, read};
use crate::store::{ExecuteError, StoreError};

/// Holds a copy, or releases it. Said twice it is refused: whoever says it may be thinking of another
/// candidate.
pub(super) fn prepare(
    bench: &Bench<'_>,
    command: &HoldCopy,
    place: Place<'_>,
) -> Result<Prepared, ExecuteError> {
    let mut entry = exam_of(bench, &command.exam)?;
    let (exam, candidate) = (command.exam.clone(), command.candidate.clone());
    let key = hold_key(&exam, &candidate);
    let what = || format!("the hold of candidate {candidate}");
    let held = read::<Hold>(&bench.tables.holds, &key, what)?.is_some();
    if command.release {
        if !held {
            return Err(Refusal::NotHeld { exam, candidate }.into());
        }
        entry.counts.holds = entry.counts.holds.saturating_sub(1);
    } else {
        if held {
            return Err(Refusal::HeldAlready { exam, candidate }.into());
        }
        if !has_script(bench, entry.generation, &candidate)? {
            let purged = entry.life.purged.is_some();
            return Err(Refusal::NoCopy { exam, candidate, purged }.into());
        }
        entry.counts.holds += 1;
    }
    let record = if command.release {
        None
    } else {
        let hold = Hold {
            candidate: candidate.clone(),
            author: place.actor.name.clone(),
            at: place.at,
            line: place.line,
            reason: command.reason,
        };
        Some(Record::of(&hold).map_err(StoreError::record(what()))?.envelope().clone())
    };
    entry.line = place.line;
    Ok(Prepared { holds: vec![(key, record)], ..Prepared::of(entry) })
}

fn has_script(bench: &Bench<'_>, generation: u32, candidate: &str) -> Result<bool, StoreError> {
    let Some(place) = bench.tables.place_of(generation, candidate)? else { return Ok(false) };
    let what = || format!("the script of candidate {candidate}");
    Ok(read::<Script>(&bench.tables.scripts, key_at(generation, place), what)?.is_some())
}
