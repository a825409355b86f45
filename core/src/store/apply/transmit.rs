//! Scripts of an E3C that Cyclades has accepted.

use std::collections::BTreeSet;

use super::Bench;
use crate::exchange::rows::{Chunks, read_rejected, row_keys};
use crate::journal::{Target, Timestamp};
use crate::model::BlobRef;
use crate::rope::BlobSource as _;
use crate::store::moments::Adding;
use crate::store::record::{ExamEntry, Export};
use crate::store::tables::key_at;
use crate::store::view::{exports, read_blob};
use crate::store::{ExecuteError, Standing, StoreError};

/// The most bytes of a list of rejected rows; an answer of a target has fewer.
const LIST_LIMIT: u64 = 64 << 20;

/// The scripts whose rows Cyclades has just accepted get their moment: exactly those.
pub(super) fn transmitted<'t>(
    bench: &Bench<'t>,
    entry: &ExamEntry,
    export: &Export,
    rejected: Option<&BlobRef>,
    at: Timestamp,
) -> Result<Adding<'t>, ExecuteError> {
    let contradiction = |detail: String| ExecuteError::Contradiction { exam: entry.exam.id.clone(), detail };
    let refused: BTreeSet<String> = match rejected {
        Some(list) => {
            let list = read_blob(bench.blobs, list, LIST_LIMIT)
                .map_err(|error| contradiction(format!("rejected rows cannot be read: {error}")))?;
            let list = read_rejected(&list).map_err(|error| contradiction(error.to_string()))?;
            list.into_iter().map(|rejected| rejected.key).collect()
        }
        None => BTreeSet::new(),
    };
    let mut moments = Adding::to(bench.tables, entry.generation);
    each_number(bench, &entry.exam.id, export, |number| {
        if refused.contains(&number) {
            return Ok(());
        }
        let Some(place) = bench.tables.place_of(entry.generation, &number)? else {
            return Err(contradiction(format!("candidate {number} was exported and is gone")));
        };
        if bench.tables.scripts.contains_key(key_at(entry.generation, place)).map_err(StoreError::from)? {
            moments.add(place, at)?;
        }
        Ok(())
    })?;
    Ok(moments)
}

/// Candidates of an E3C whose rows may be at Cyclades already: those of an export without an answer. Until
/// it is settled nothing of theirs changes, or what it transmits would not be what is kept here.
pub(super) fn on_the_way(bench: &Bench<'_>, exam: &str) -> Result<BTreeSet<String>, ExecuteError> {
    let open =
        |export: &Export| export.target == Target::Cyclades && export.standing() == Standing::Unsettled;
    let mut numbers = BTreeSet::new();
    for export in exports(bench.tables, exam)?.into_iter().filter(open) {
        each_number(bench, exam, &export, |number| {
            numbers.insert(number);
            Ok(())
        })?;
    }
    Ok(numbers)
}

/// Calls `with` with the number of every row of an export.
fn each_number(
    bench: &Bench<'_>,
    exam: &str,
    export: &Export,
    mut with: impl FnMut(String) -> Result<(), ExecuteError>,
) -> Result<(), ExecuteError> {
    let unread = |error: &dyn std::fmt::Display| ExecuteError::Contradiction {
        exam: exam.to_owned(),
        detail: format!("the rows of an export cannot be read: {error}"),
    };
    let file = bench.blobs.open(&export.rows).map_err(|error| unread(&error))?;
    let chunks = Chunks::of(file, &export.chunks);
    for chunk in 1..=chunks.count() {
        let chunk = chunks.body(chunk).map_err(|error| unread(&error))?;
        for number in row_keys(&chunk).map_err(|error| unread(&error))? {
            with(number)?;
        }
    }
    Ok(())
}
