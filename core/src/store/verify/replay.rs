//! The journal replayed into a database of its own, and compared record by record.

use std::cmp::Ordering;

use sled::IVec;

use super::{VerifyReport, goes_on};
use crate::model::{Batch, Candidate, Marker, School, Script};
use crate::store::apply::Bench;
use crate::store::generation::Generations;
use crate::store::leaves;
use crate::store::open::{JOURNAL, entries, replay_from};
use crate::store::purges::Purges;
use crate::store::record::{ExamEntry, Export, Hold, Kept, Moments, Record, Tally};
use crate::store::tables::{Keys, Table, Tables, of_exam};
use crate::store::{OpenError, Stop, Store, StoreError};

/// Memory for the second database's cache, in bytes.
const CACHE_BYTES: u64 = 32 << 20;

/// The second database's folder; removed when the comparison ends, or before the next one.
const FOLDER: &str = "verifying";

/// Replays and compares every exam.
pub(super) fn compare(store: &Store, report: &mut VerifyReport, stop: Stop<'_>) -> Result<(), StoreError> {
    let dir = store.dir.join(FOLDER);
    match std::fs::remove_dir_all(&dir) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            return Err(StoreError::Blob { act: format!("clear {}", dir.display()), source });
        }
        _ => {}
    }
    let compared = compare_in(store, &dir, report, stop);
    if let Err(source) = std::fs::remove_dir_all(&dir)
        && source.kind() != std::io::ErrorKind::NotFound
    {
        return Err(StoreError::Blob { act: format!("clear {}", dir.display()), source });
    }
    compared
}

fn compare_in(
    store: &Store,
    dir: &std::path::Path,
    report: &mut VerifyReport,
    stop: Stop<'_>,
) -> Result<(), StoreError> {
    let unopened = |error: OpenError| StoreError::Inconsistent { detail: error.to_string() };
    let tables = Tables::open(dir, CACHE_BYTES, true, None).map_err(unopened)?;
    let generations = Generations::of(&tables, [])?;
    let replayed = Bench { tables: &tables, generations: &generations, stop, ..store.bench() };
    let journal = store.dir.join(JOURNAL);
    let purges = Purges::read(&journal).map_err(|error| unopened(error.into()))?;
    if let Err(error) = replay_from(&replayed, &journal, 0, &purges) {
        goes_on(stop)?;
        report.find("STO-046", error.to_string());
        return Ok(());
    }
    super::people::compare(&tables, &store.tables, report)?;
    let must = entries(&tables)?;
    let Ok(are) = entries(&store.tables) else {
        // Which record it is has been said already.
        return Ok(());
    };
    let id = |entry: &Record<ExamEntry>| entry.get().exam.id.to_string();
    for entry in &must {
        goes_on(stop)?;
        match are.iter().find(|other| id(other) == id(entry)) {
            Some(other) => exam(&tables, entry, &store.tables, other, report)?,
            None => report.find("STO-045", format!("exam {} is missing", id(entry))),
        }
    }
    for entry in are.iter().filter(|entry| must.iter().all(|other| id(other) != id(entry))) {
        report.find("STO-045", format!("exam {} is not in the journal", id(entry)));
    }
    Ok(())
}

/// One exam as it must be and as it is.
fn exam(
    must_be: &Tables,
    must: &Record<ExamEntry>,
    is: &Tables,
    found: &Record<ExamEntry>,
    report: &mut VerifyReport,
) -> Result<(), StoreError> {
    let id = must.get().exam.id.as_str();
    let value = |entry: &Record<ExamEntry>| {
        let value = entry.value().map_err(StoreError::record(format!("exam {id}")))?;
        Ok::<ExamEntry, StoreError>(ExamEntry { generation: 0, ..value })
    };
    let mut differences = Vec::new();
    if value(must)? != value(found)? {
        differences.push("its own record".to_owned());
    }
    let (from, to) = (must.get().generation.to_native(), found.get().generation.to_native());
    let mut look = |what: &str, keys: Option<Keys>, left: Entries<'_>, right: Entries<'_>, read: Read| {
        let (count, first) = differing(left, right, read)?;
        match (first, keys) {
            (Some(first), Some(keys)) => {
                differences.push(format!("{count} of its {what}, the first {}", keys.named(&first)));
            }
            (Some(_), None) => differences.push(format!("{count} entries of its {what}")),
            (None, _) => {}
        }
        Ok::<(), StoreError>(())
    };
    let (names, places) = (Some(Keys::Names), Some(Keys::Places));
    look("schools", names, values(&must_be.schools, from), values(&is.schools, to), present::<School>)?;
    look("markers", names, values(&must_be.markers, from), values(&is.markers, to), present::<Marker>)?;
    look("batches", names, values(&must_be.batches, from), values(&is.batches, to), present::<Batch>)?;
    look("scripts", places, values(&must_be.scripts, from), values(&is.scripts, to), present::<Script>)?;
    look(
        "moments of transmission",
        None,
        values(&must_be.moments, from),
        values(&is.moments, to),
        present::<Moments>,
    )?;
    // What waits for inspection is left out: inspections are not journalled.
    look("tallies", names, values(&must_be.tallies, from), values(&is.tallies, to), present::<Tally>)?;
    let (left, right) = (small(&must_be.candidates, from)?, small(&is.candidates, to)?);
    look("candidates", places, left, right, present::<Candidate>)?;
    look("candidates' places", names, small(&must_be.places, from)?, small(&is.places, to)?, Some)?;
    // Its keys are made of names, which no report repeats.
    look("search index", None, small(&must_be.search, from)?, small(&is.search, to)?, Some)?;
    let (left, right) = (beside(&must_be.exports, id), beside(&is.exports, id));
    look("exports", None, left, right, present::<Export>)?;
    look("holds", names, beside(&must_be.holds, id), beside(&is.holds, id), present::<Hold>)?;
    if !differences.is_empty() {
        report
            .find("STO-045", format!("exam {id} is not what the journal gives: {}", differences.join("; ")));
    }
    Ok(())
}

/// A value in the shape that is compared; none when it cannot be read.
pub(super) type Read = fn(IVec) -> Option<IVec>;

/// A record brought to the present schema, so that its age makes no difference.
pub(super) fn present<T: Kept>(value: IVec) -> Option<IVec> {
    Record::<T>::read(value).ok().map(|record| record.envelope().clone())
}

/// Keys without what they have in common, and values, in order.
pub(super) type Entries<'a> = Box<dyn Iterator<Item = Result<(IVec, IVec), StoreError>> + 'a>;

/// Those that are a value each.
fn values(table: &Table, generation: u32) -> Entries<'_> {
    let prefix = generation.to_be_bytes();
    Box::new(table.scan_prefix(prefix).map(move |entry| {
        let (key, value) = entry?;
        table.make_room(&key, value.len())?;
        Ok((key.subslice(prefix.len(), key.len() - prefix.len()), value))
    }))
}

/// Those that lie in leaves.
fn small(table: &Table, generation: u32) -> Result<Entries<'_>, StoreError> {
    Ok(Box::new(leaves::from(table, generation, b"")?))
}

/// What an exam has beside its generations.
fn beside<'a>(table: &'a Table, exam: &str) -> Entries<'a> {
    let prefix = of_exam(exam);
    Box::new(table.scan_prefix(&prefix).map(move |entry| {
        let (key, value) = entry?;
        Ok((key.subslice(prefix.len(), key.len() - prefix.len()), value))
    }))
}

/// How many keys are on one side only or have different values, and the first of them.
pub(super) fn differing(
    mut left: Entries<'_>,
    mut right: Entries<'_>,
    read: Read,
) -> Result<(u64, Option<IVec>), StoreError> {
    let (mut a, mut b) = (left.next().transpose()?, right.next().transpose()?);
    let (mut count, mut first) = (0, None);
    loop {
        let (order, key) = match (&a, &b) {
            (None, None) => return Ok((count, first)),
            (Some((key, _)), None) => (Ordering::Less, key.clone()),
            (None, Some((key, _))) => (Ordering::Greater, key.clone()),
            (Some((key, _)), Some((other, _))) => (key.cmp(other), key.min(other).clone()),
        };
        let same = match (&a, &b) {
            (Some((_, value)), Some((_, other))) if order == Ordering::Equal => {
                let (value, other) = (read(value.clone()), read(other.clone()));
                value.is_some() && value == other
            }
            _ => false,
        };
        if !same {
            count += 1;
            first.get_or_insert(key);
        }
        if order != Ordering::Greater {
            a = left.next().transpose()?;
        }
        if order != Ordering::Less {
            b = right.next().transpose()?;
        }
    }
}
