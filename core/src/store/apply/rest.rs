//! What a purge leaves of an exam, as one blob: whole records, each after its length.
//!
//! | | |
//! |---|---|
//! | `copiste rest 1\n` | 15 bytes |
//! | length | four bytes, little-endian |
//! | record | in its envelope, which says of what kind it is; the exam's own comes first |
//! | … | length and record, again and again |
//!
//! Records carry their schema version, so a later program reads them as it reads the database.

use std::collections::{BTreeMap, BTreeSet};

use crate::journal::{Counts, Timestamp};
use crate::model::{Batch, Candidate, Marker, School, Script};
use crate::store::record::{ExamEntry, Export, Hold, Kept, Moments, Outcome, Record, RecordFault, kind_of};
use crate::store::{ExamView, StoreError};

const HEAD: &[u8] = b"copiste rest 1\n";

/// An exam's record, the copies that stay, and what these need.
pub(in crate::store) struct Rest {
    pub(super) entry: ExamEntry,
    pub(super) schools: BTreeMap<String, School>,
    pub(super) markers: BTreeMap<String, Marker>,
    pub(super) batches: BTreeMap<String, Batch>,
    /// In the order of their entries.
    pub(super) candidates: Vec<Candidate>,
    /// With their annotations, by candidate.
    pub(super) scripts: BTreeMap<String, Script>,
    /// When scripts were transmitted, by candidate: seconds since 1970, UTC.
    pub(super) transmitted: BTreeMap<String, Timestamp>,
    pub(super) exports: Vec<Export>,
    pub(super) holds: BTreeMap<String, Hold>,
}

impl Rest {
    /// What a purge leaves of an exam: the copies that are held, their candidates with schools, batches
    /// and markers, and of exports what was sent when, with which answer, without their rows.
    pub(in crate::store) fn of(view: &ExamView) -> Result<Rest, StoreError> {
        let wrong = |what: String| move |fault| StoreError::Record { what, fault };
        let id = view.id();
        let mut rest = Rest {
            entry: view.entry.value().map_err(wrong(format!("exam {id}")))?,
            schools: BTreeMap::new(),
            markers: BTreeMap::new(),
            batches: BTreeMap::new(),
            candidates: Vec::new(),
            scripts: BTreeMap::new(),
            transmitted: BTreeMap::new(),
            exports: view.exports()?,
            holds: view.holds()?.into_iter().map(|hold| (hold.candidate.clone(), hold)).collect(),
        };
        let missing =
            |what: String| StoreError::Inconsistent { detail: format!("exam {id}: {what} is missing") };
        let (mut schools, mut batches) = (BTreeSet::new(), BTreeSet::new());
        for number in rest.holds.keys() {
            let of_candidate = || format!("candidate {number}, whose copy is held,");
            let candidate = view.candidate(number)?.ok_or_else(|| missing(of_candidate()))?;
            let candidate = candidate.value().map_err(wrong(format!("candidate {number}")))?;
            let record = view.script(number)?.ok_or_else(|| missing(of_candidate()))?;
            let what = format!("the script of candidate {number}");
            let mut script = record.value().map_err(wrong(what.clone()))?;
            if script.annotations_apart.take().is_some() {
                // They lie among those of copies that go.
                let annotations = match view.annotations(&record)? {
                    crate::store::Annotations::Apart(record) => record.value().map_err(wrong(what))?,
                    crate::store::Annotations::Within(_) => Vec::new(),
                };
                script.annotations = annotations;
            }
            if let Some(place) = view.place_of(number)?
                && let Some(at) = view.transmitted_at(place)?
            {
                rest.transmitted.insert(number.clone(), at);
            }
            schools.insert(candidate.school.clone());
            batches.extend(script.batch.clone());
            rest.candidates.push(candidate);
            rest.scripts.insert(number.clone(), script);
        }
        rest.candidates.sort_unstable_by(|one, other| one.entry.cmp(&other.entry));
        for uai in schools {
            let school = view.school(&uai)?.ok_or_else(|| missing(format!("school {uai}")))?;
            rest.schools.insert(uai.clone(), school.value().map_err(wrong(format!("school {uai}")))?);
        }
        for name in batches {
            let batch = view.batch(&name)?.ok_or_else(|| missing(format!("batch {name}")))?;
            let batch = batch.value().map_err(wrong(format!("batch {name}")))?;
            let marker =
                view.marker(&batch.marker)?.ok_or_else(|| missing(format!("marker {}", batch.marker)))?;
            let marker = marker.value().map_err(wrong(format!("marker {}", batch.marker)))?;
            rest.markers.insert(marker.id.clone(), marker);
            rest.batches.insert(name, batch);
        }
        for attempt in rest.exports.iter_mut().flat_map(|export| &mut export.attempts) {
            if let Outcome::Committed { list, .. } = &mut attempt.outcome {
                // It names candidates with what is wrong about them; how many they were stays.
                *list = None;
            }
        }
        Ok(rest)
    }

    /// How many there are of each.
    pub(in crate::store) fn counts(&self) -> Counts {
        Counts {
            schools: self.schools.len() as u64,
            markers: self.markers.len() as u64,
            batches: self.batches.len() as u64,
            candidates: self.candidates.len() as u64,
            scripts: self.scripts.len() as u64,
            pages: self.scripts.values().map(|script| script.pages.len() as u64).sum(),
            exports: self.exports.len() as u64,
            transmitted: self.transmitted.len() as u64,
            holds: self.holds.len() as u64,
        }
    }

    /// As one blob: the same rest gives the same bytes.
    pub(in crate::store) fn bytes(&self) -> Result<Vec<u8>, StoreError> {
        let mut bytes = HEAD.to_vec();
        put(&mut bytes, &self.entry)?;
        self.schools.values().try_for_each(|one| put(&mut bytes, one))?;
        self.markers.values().try_for_each(|one| put(&mut bytes, one))?;
        self.batches.values().try_for_each(|one| put(&mut bytes, one))?;
        self.candidates.iter().try_for_each(|one| put(&mut bytes, one))?;
        self.scripts.values().try_for_each(|one| put(&mut bytes, one))?;
        let moments = self.scripts.keys().map(|number| self.transmitted.get(number).copied());
        put(&mut bytes, &Moments(moments.collect()))?;
        self.exports.iter().try_for_each(|one| put(&mut bytes, one))?;
        self.holds.values().try_for_each(|one| put(&mut bytes, one))?;
        Ok(bytes)
    }

    /// Reads it back.
    ///
    /// # Errors
    /// A text that says what is wrong, without personal data.
    pub(super) fn read(bytes: &[u8]) -> Result<Rest, String> {
        let mut left = bytes.strip_prefix(HEAD).ok_or("it does not begin as a rest of version 1")?;
        let entry = value::<ExamEntry>(next(&mut left)?.ok_or("it has no exam")?)?;
        let mut moments = Moments::default();
        let mut rest = Rest {
            entry,
            schools: BTreeMap::new(),
            markers: BTreeMap::new(),
            batches: BTreeMap::new(),
            candidates: Vec::new(),
            scripts: BTreeMap::new(),
            transmitted: BTreeMap::new(),
            exports: Vec::new(),
            holds: BTreeMap::new(),
        };
        while let Some(record) = next(&mut left)? {
            let twice = match kind_of(record) {
                Some(School::KIND) => keep(&mut rest.schools, value(record)?, |one: &School| &one.uai),
                Some(Marker::KIND) => keep(&mut rest.markers, value(record)?, |one: &Marker| &one.id),
                Some(Batch::KIND) => keep(&mut rest.batches, value(record)?, |one: &Batch| &one.id),
                Some(Script::KIND) => keep(&mut rest.scripts, value(record)?, |one: &Script| &one.candidate),
                Some(Hold::KIND) => keep(&mut rest.holds, value(record)?, |one: &Hold| &one.candidate),
                Some(Moments::KIND) => !std::mem::replace(&mut moments, value(record)?).0.is_empty(),
                Some(Candidate::KIND) => {
                    rest.candidates.push(value(record)?);
                    false
                }
                Some(Export::KIND) => {
                    rest.exports.push(value(record)?);
                    false
                }
                _ => return Err("it holds something that does not belong there".to_owned()),
            };
            if twice {
                return Err("it holds something twice".to_owned());
            }
        }
        let moments = rest.scripts.keys().zip(moments.0);
        rest.transmitted = moments.filter_map(|(number, at)| Some((number.clone(), at?))).collect();
        Ok(rest)
    }
}

fn keep<T>(into: &mut BTreeMap<String, T>, value: T, name: impl Fn(&T) -> &String) -> bool {
    into.insert(name(&value).clone(), value).is_some()
}

fn put<T: Kept>(bytes: &mut Vec<u8>, value: &T) -> Result<(), StoreError> {
    let what = || "what stays of an exam".to_owned();
    let record = Record::of(value).map_err(StoreError::record(what()))?;
    let length = record.envelope().len();
    let length = u32::try_from(length).map_err(|_| StoreError::Record {
        what: what(),
        fault: RecordFault::TooLarge { kind: T::KIND, length },
    })?;
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(record.envelope());
    Ok(())
}

/// The next record's bytes; none at the end.
fn next<'b>(left: &mut &'b [u8]) -> Result<Option<&'b [u8]>, String> {
    if left.is_empty() {
        return Ok(None);
    }
    let cut = || "it is cut short".to_owned();
    let (length, after) = left.split_first_chunk::<4>().ok_or_else(cut)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    let (record, after) = after.split_at_checked(length).ok_or_else(cut)?;
    *left = after;
    Ok(Some(record))
}

fn value<T: Kept>(record: &[u8]) -> Result<T, String> {
    Record::<T>::read(record).and_then(|record| record.value()).map_err(|fault| fault.to_string())
}
