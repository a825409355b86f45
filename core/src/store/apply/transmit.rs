//! Scripts of an E3C that Cyclades has accepted.

use std::collections::BTreeSet;

use super::Bench;
use crate::exchange::rows::{Chunks, read_rejected, row_keys};
use crate::journal::{Target, Timestamp};
use crate::model::{BlobRef, Script};
use crate::rope::BlobSource as _;
use crate::store::record::{ExamEntry, Export, Record};
use crate::store::tables::{key_at, read};
use crate::store::view::{exports, read_blob};
use crate::store::{ExecuteError, Standing, StoreError};

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
        let mut places = Vec::new();
        each_number(bench, &entry.exam.id, export, |number| {
            if refused.contains(&number) {
                return Ok(());
            }
            let Some(place) = bench.tables.place_of(entry.generation, &number)? else {
                return Err(contradiction(format!("candidate {number} was exported and is gone")));
            };
            if script_at(bench, entry.generation, place)?.is_some() {
                places.push(place);
            }
            Ok(())
        })?;
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
        let scripts = &bench.tables.scripts;
        for places in self.places.chunks(AT_ONCE) {
            let mut batch = sled::Batch::default();
            for place in places {
                let Some(record) = script_at(bench, generation, *place)? else { continue };
                let what = || StoreError::record(format!("the script at place {place}"));
                let mut script = record.value().map_err(what())?;
                // The first moment counts.
                script.transmitted_at.get_or_insert(self.at);
                let record = Record::of(&script).map_err(what())?;
                let key = key_at(generation, *place);
                scripts.make_room(&key, record.envelope().len())?;
                batch.insert(&key, record.envelope().clone());
            }
            scripts.apply_batch(batch)?;
        }
        Ok(())
    }
}

fn script_at(bench: &Bench<'_>, generation: u32, place: u32) -> Result<Option<Record<Script>>, StoreError> {
    let what = || format!("the script of the candidate at place {place}");
    read::<Script>(&bench.tables.scripts, key_at(generation, place), what)
}
