//! Scripts of an E3C that Cyclades has accepted.

use std::collections::BTreeSet;

use sled::transaction::ConflictableTransactionError;
use sled::{Transactional as _, Tree};

use super::tallies::ChangedTallies;
use super::{Bench, given_up};
use crate::exchange::rows::{Chunks, read_rejected, row_keys};
use crate::journal::Timestamp;
use crate::model::{BlobRef, Script};
use crate::rope::BlobSource as _;
use crate::store::record::{ExamEntry, Export, Record};
use crate::store::tables::{key_at, read};
use crate::store::view::read_blob;
use crate::store::{ExecuteError, StoreError};

/// The most bytes of a list of rejected rows; an answer of a target has fewer.
const LIST_LIMIT: u64 = 64 << 20;

/// Scripts written at once.
const AT_ONCE: usize = 500;

/// Which scripts a commit transmits.
pub(in crate::store) struct Transmission {
    /// The candidates' places, in order.
    places: Vec<u32>,
    at: Timestamp,
}

impl Transmission {
    /// Exactly the scripts whose rows were accepted.
    pub(super) fn of(
        bench: &Bench<'_>,
        entry: &ExamEntry,
        export: &Export,
        rejected: Option<&BlobRef>,
        at: Timestamp,
    ) -> Result<Transmission, ExecuteError> {
        let contradiction =
            |detail: String| ExecuteError::Contradiction { exam: entry.exam.id.clone(), detail };
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
        let mut places = Vec::new();
        for chunk in 1..=chunks.count() {
            let chunk = chunks.body(chunk).map_err(unread)?;
            for number in row_keys(&chunk).map_err(|error| contradiction(error.to_string()))? {
                if refused.contains(&number) {
                    continue;
                }
                let Some(place) = bench.tables.place_of(entry.generation, &number)? else {
                    return Err(contradiction(format!("candidate {number} was exported and is gone")));
                };
                if script_at(bench, entry.generation, place)?.is_some() {
                    places.push(place);
                }
            }
        }
        places.sort_unstable();
        Ok(Transmission { places, at })
    }

    /// Whether it transmits nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Writes the scripts, not all at once: they are many. Whatever is written of it before a crash is
    /// so, Cyclades has said it; the rest is written when the line is replayed.
    pub(super) fn write(&self, bench: &Bench<'_>, generation: u32) -> Result<(), StoreError> {
        let (scripts, tallies) = (&bench.tables.scripts, &bench.tables.tallies);
        for places in self.places.chunks(AT_ONCE) {
            let mut written = Vec::new();
            let mut counted = ChangedTallies::of(bench, generation);
            for place in places {
                let Some(record) = script_at(bench, generation, *place)? else { continue };
                let what = || StoreError::record(format!("the script at place {place}"));
                if record.get().transmitted_at.is_some() {
                    // The first moment counts.
                    continue;
                }
                let mut script = record.value().map_err(what())?;
                script.transmitted_at = Some(self.at);
                let after = Record::of(&script).map_err(what())?;
                let key = key_at(generation, *place);
                scripts.make_room(&key, after.envelope().len())?;
                written.push((key, after.envelope().clone()));
                counted.change(*place, &record, after)?;
            }
            let counted = counted.records()?;
            let trees: (&Tree, &Tree) = (scripts, tallies);
            let done = trees.transaction(|(scripts, tallies)| {
                for (key, record) in &written {
                    scripts.insert(key, record.clone())?;
                }
                for (key, record) in &counted {
                    tallies.insert(key.as_slice(), record.clone())?;
                }
                Ok::<(), ConflictableTransactionError<()>>(())
            });
            done.map_err(given_up)?;
        }
        Ok(())
    }
}

fn script_at(bench: &Bench<'_>, generation: u32, place: u32) -> Result<Option<Record<Script>>, StoreError> {
    let what = || format!("the script of the candidate at place {place}");
    read::<Script>(&bench.tables.scripts, key_at(generation, place), what)
}
