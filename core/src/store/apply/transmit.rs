//! Scripts of an E3C that Cyclades has accepted.

use std::collections::BTreeSet;

use super::Bench;
use crate::exchange::rows::{Chunks, read_rejected, row_keys};
use crate::journal::Timestamp;
use crate::model::BlobRef;
use crate::rope::BlobSource as _;
use crate::store::moments::Adding;
use crate::store::record::{ExamEntry, Export};
use crate::store::tables::key_at;
use crate::store::view::read_blob;
use crate::store::{ExecuteError, StoreError};

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
    let unread =
        |error: std::io::Error| contradiction(format!("the rows of an export cannot be read: {error}"));
    let chunks = Chunks::of(bench.blobs.open(&export.rows).map_err(unread)?, &export.chunks);
    let mut moments = Adding::to(bench.tables, entry.generation);
    for chunk in 1..=chunks.count() {
        let chunk = chunks.body(chunk).map_err(unread)?;
        for number in row_keys(&chunk).map_err(|error| contradiction(error.to_string()))? {
            if refused.contains(&number) {
                continue;
            }
            let Some(place) = bench.tables.place_of(entry.generation, &number)? else {
                return Err(contradiction(format!("candidate {number} was exported and is gone")));
            };
            if bench.tables.scripts.contains_key(key_at(entry.generation, place)).map_err(StoreError::from)? {
                moments.add(place, at)?;
            }
        }
    }
    Ok(moments)
}
