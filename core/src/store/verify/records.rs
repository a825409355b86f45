//! Every record: its envelope, its validity, its key, what it refers to.

use std::collections::{BTreeMap, BTreeSet};

use super::{References, VerifyReport, goes_on, tallies};
use crate::journal::Target;
use crate::model::{
    ArchivedCodec, ArchivedColourSpace, ArchivedScript, Batch, Candidate, Marker, School, Script,
};
use crate::store::apply::exam_entry;
use crate::store::leaves;
use crate::store::moments;
use crate::store::record::{ExamEntry, Export, Hold, InspectionRecord, Kept, Moments, Record};
use crate::store::tables::{Table, Tables, export_key, hold_key, key_at, place_in};
use crate::store::{Stop, Store, StoreError};

/// Reads all records of all exams and the inspections.
pub(super) fn check(
    store: &Store,
    report: &mut VerifyReport,
    references: &mut References,
    stop: Stop<'_>,
) -> Result<(), StoreError> {
    let tables = &store.tables;
    for entry in tables.exams.iter() {
        let (key, value) = entry?;
        let exam = String::from_utf8_lossy(&key).into_owned();
        report.records += 1;
        match Record::<ExamEntry>::read(value) {
            Ok(entry) if entry.get().exam.id.as_bytes() == key.as_ref() => {
                let generation = entry.get().generation.to_native();
                Exam { store, exam: &exam, generation, stop }.check(report, references)?;
                tallies::check(store, &exam, generation, report, stop)?;
            }
            Ok(_) => report.find("STO-043", format!("exam {exam} carries another id")),
            Err(fault) => report.find("STO-042", format!("exam {exam}: {fault}")),
        }
    }
    beside::<Export>(store, &tables.exports, export_named, report, |exam, export, _| {
        Some(export_key(exam, export.target, export.number))
    })?;
    beside::<Hold>(store, &tables.holds, hold_named, report, |exam, hold, report| {
        let who = || format!("exam {exam}, the hold of candidate {}", hold.candidate);
        references.add(&hold.reason, who);
        if !holds_something(tables, exam, &hold.candidate) {
            report.find("STO-044", format!("{} has no script", who()));
        }
        Some(hold_key(exam, &hold.candidate))
    })?;
    for inspection in tables.inspections.iter().values() {
        report.records += 1;
        if let Err(fault) = Record::<InspectionRecord>::read(inspection?) {
            report.find("STO-042", format!("an inspection: {fault}"));
        }
    }
    Ok(())
}

/// Reads each record of what exams have beside their generations; `look` gives the key that it must
/// lie under.
fn beside<T: Kept>(
    store: &Store,
    table: &Table,
    name: fn(&str, &[u8]) -> String,
    report: &mut VerifyReport,
    mut look: impl FnMut(&str, &T, &mut VerifyReport) -> Option<Vec<u8>>,
) -> Result<(), StoreError> {
    for entry in table.iter() {
        let (key, value) = entry?;
        report.records += 1;
        let (exam, rest) = match key.iter().position(|byte| *byte == 0) {
            Some(end) => (String::from_utf8_lossy(&key[..end]), &key[end + 1..]),
            None => (String::from_utf8_lossy(&key), &[][..]),
        };
        let what = name(&exam, rest);
        match Record::<T>::read(value).and_then(|record| record.value()) {
            Ok(value) => {
                if look(&exam, &value, report).as_deref() != Some(key.as_ref()) {
                    report.find("STO-043", format!("{what} lies under another's key"));
                }
            }
            Err(fault) => report.find("STO-042", format!("{what}: {fault}")),
        }
        if !store.tables.exams.contains_key(exam.as_bytes())? {
            report.find("STO-044", format!("{what} belongs to no exam"));
        }
    }
    Ok(())
}

/// How a message names an export, by its key after the exam and the zero.
fn export_named(exam: &str, key: &[u8]) -> String {
    let number = key.get(1..).and_then(|number| number.try_into().ok()).map(u64::from_be_bytes);
    let target = Target::ALL
        .into_iter()
        .find(|target| number.is_some_and(|number| export_key(exam, *target, number).ends_with(key)));
    match (target, number) {
        (Some(target), Some(number)) => format!("exam {exam}: export {number} to {}", target.name()),
        _ => format!("exam {exam}: an export without target and number"),
    }
}

fn hold_named(exam: &str, key: &[u8]) -> String {
    format!("exam {exam}: the hold of candidate {}", String::from_utf8_lossy(key))
}

/// Whether a candidate has a script. What cannot be read is told elsewhere.
fn holds_something(tables: &Tables, exam: &str, candidate: &str) -> bool {
    let Ok(Some(entry)) = exam_entry(tables, exam) else { return true };
    let generation = entry.get().generation.to_native();
    match tables.place_of(generation, candidate) {
        Ok(Some(place)) => tables.scripts.contains_key(key_at(generation, place)).unwrap_or(true),
        Ok(None) => false,
        Err(_) => true,
    }
}

/// One exam's records.
struct Exam<'a> {
    store: &'a Store,
    exam: &'a str,
    generation: u32,
    stop: Stop<'a>,
}

impl Exam<'_> {
    fn check(&self, report: &mut VerifyReport, references: &mut References) -> Result<(), StoreError> {
        let tables = &self.store.tables;
        let exam = self.exam;
        let by_name = |key: &[u8]| String::from_utf8_lossy(key).into_owned();
        let mut schools = BTreeSet::new();
        self.each::<School>(&tables.schools, "school", by_name, report, |name, school, _| {
            schools.insert(name.to_owned());
            (school.uai == name).then_some(())
        })?;
        let mut markers = BTreeSet::new();
        self.each::<Marker>(&tables.markers, "marker", by_name, report, |name, marker, _| {
            markers.insert(name.to_owned());
            (marker.id == name).then_some(())
        })?;
        let mut batches = BTreeSet::new();
        self.each::<Batch>(&tables.batches, "batch", by_name, report, |name, batch, report| {
            batches.insert(name.to_owned());
            if !markers.contains(batch.marker.as_str()) {
                report.find("STO-044", format!("exam {exam}: batch {name} has an unknown marker"));
            }
            (batch.id == name).then_some(())
        })?;
        // What lies at a place is named by the candidate whose place it is.
        let numbers = self.numbers(report)?;
        let by_place = |key: &[u8]| match place_in(key).and_then(|place| numbers.get(&place)) {
            Some(number) => number.clone(),
            None => format!("at place {}", place_in(key).unwrap_or(u32::MAX)),
        };
        let mut before = String::new();
        let candidates = leaves::from(&tables.candidates, self.generation, b"")?;
        self.every::<Candidate>(candidates, "candidate", by_place, report, |name, candidate, report| {
            if !schools.contains(candidate.school.as_str()) {
                report.find("STO-044", format!("exam {exam}: candidate {name} has an unknown school"));
            }
            if candidate.number != name || candidate.entry <= before.as_str() {
                return None;
            }
            before = candidate.entry.to_string();
            Some(())
        })?;
        let what = "the script of candidate";
        self.each::<Script>(&tables.scripts, what, by_place, report, |name, script, report| {
            if script.batch.as_ref().is_some_and(|batch| !batches.contains(batch.as_str())) {
                report.find("STO-044", format!("exam {exam}: {what} {name} has an unknown batch"));
            }
            refer(exam, name, script, references);
            let id = self.store.secret.script_id(exam, name);
            (script.candidate == name && script.id == id).then_some(())
        })?;
        self.moments(report)
    }

    /// What is said to be transmitted must have a script.
    fn moments(&self, report: &mut VerifyReport) -> Result<(), StoreError> {
        let (tables, exam) = (&self.store.tables, self.exam);
        let by_group = |key: &[u8]| format!("group {}", place_in(key).unwrap_or(u32::MAX));
        let mut without = Vec::new();
        self.each::<Moments>(&tables.moments, "moments of", by_group, report, |name, moments, _| {
            let group: u32 = name.strip_prefix("group ").and_then(|group| group.parse().ok())?;
            let places = (group.checked_mul(moments::TOGETHER)?..).zip(moments.0.iter());
            without.extend(places.filter(|(_, at)| at.is_some()).map(|(place, _)| place));
            Some(())
        })?;
        for place in without {
            if !tables.scripts.contains_key(key_at(self.generation, place))? {
                let detail =
                    format!("exam {exam}: nothing at place {place} can be transmitted, it has no script");
                report.find("STO-044", detail);
            }
        }
        Ok(())
    }

    /// The candidates' numbers by place.
    fn numbers(&self, report: &mut VerifyReport) -> Result<BTreeMap<u32, String>, StoreError> {
        let mut numbers = BTreeMap::new();
        for entry in self.store.tables.all_places(self.generation)? {
            report.records += 1;
            let (number, place) = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    report.find("STO-042", format!("exam {}: candidates' places: {error}", self.exam));
                    continue;
                }
            };
            let alone = place.is_some_and(|place| numbers.insert(place, number.clone()).is_none());
            if !alone {
                let detail = format!("exam {}: candidate {number} has no place of its own", self.exam);
                report.find("STO-044", detail);
            }
        }
        Ok(numbers)
    }

    /// Reads each record of a table, named by the part of its key after the generation; `look` says
    /// nothing when the record is not the key's.
    fn each<T: Kept>(
        &self,
        table: &Table,
        what: &str,
        name: impl Fn(&[u8]) -> String,
        report: &mut VerifyReport,
        look: impl FnMut(&str, &T::Archived, &mut VerifyReport) -> Option<()>,
    ) -> Result<(), StoreError> {
        let entries = table.scan_prefix(self.generation.to_be_bytes()).map(|entry| {
            let (key, value) = entry?;
            table.make_room(&key, value.len())?;
            let length = key.len().saturating_sub(4);
            Ok((key.subslice(key.len() - length, length), value))
        });
        self.every::<T>(entries, what, name, report, look)
    }

    /// As [`Exam::each`], with the entries given: key without the generation, and record.
    fn every<T: Kept>(
        &self,
        entries: impl Iterator<Item = Result<(sled::IVec, sled::IVec), StoreError>>,
        what: &str,
        name: impl Fn(&[u8]) -> String,
        report: &mut VerifyReport,
        mut look: impl FnMut(&str, &T::Archived, &mut VerifyReport) -> Option<()>,
    ) -> Result<(), StoreError> {
        for entry in entries {
            goes_on(self.stop)?;
            let (key, value) = entry?;
            report.records += 1;
            let name = name(&key);
            match Record::<T>::read(value) {
                Ok(record) => {
                    if look(&name, record.get(), report).is_none() {
                        let detail = format!("exam {}: {what} {name} lies under another's key", self.exam);
                        report.find("STO-043", detail);
                    }
                }
                Err(fault) => {
                    report.find("STO-042", format!("exam {}: {what} {name}: {fault}", self.exam));
                }
            }
        }
        Ok(())
    }
}

/// Notes every blob that a script needs.
fn refer(exam: &str, candidate: &str, script: &ArchivedScript, references: &mut References) {
    for (page, number) in script.pages.iter().zip(1_u32..) {
        let Some(placed) = page.scan.as_ref() else { continue };
        let who = || format!("exam {exam}, candidate {candidate}, page {number}");
        references.add(&placed.image.blob.get(), who);
        if let ArchivedCodec::Jbig2 { globals } = &placed.image.codec
            && let Some(globals) = globals.as_ref()
        {
            references.add(&globals.get(), who);
        }
        match &placed.image.colours {
            ArchivedColourSpace::Icc { profile, .. } => references.add(&profile.get(), who),
            ArchivedColourSpace::Indexed { profile, .. } => {
                if let Some(profile) = profile.as_ref() {
                    references.add(&profile.get(), who);
                }
            }
            ArchivedColourSpace::Grey | ArchivedColourSpace::Rgb => {}
        }
    }
    if let Some(adjustment) = script.adjustment.as_ref() {
        // Its own journal line refers to it as well, until a purge stands for that line.
        let who = || format!("exam {exam}, the changed mark of candidate {candidate}");
        references.add(&adjustment.reason.get(), who);
    }
    if let Some(apart) = script.annotations_apart.as_ref() {
        references
            .add(&apart.pack.get(), || format!("exam {exam}, the annotations of candidate {candidate}"));
    }
}
