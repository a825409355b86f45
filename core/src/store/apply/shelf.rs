//! A generation being written: where each kind of record goes.

use std::collections::BTreeMap;

use super::writer::Writer;
use super::{Bench, tallies, waiting};
use crate::model::{ArchivedAttendance, Attendance, Candidate};
use crate::store::leaves::packed;
use crate::store::record::{Kept, Record, Tally, VALUE_LIMIT, Waiting};
use crate::store::search::{Name, entries};
use crate::store::tables::{Table, key};
use crate::store::{ExecuteError, StoreError};

/// A candidate's number and attendance.
pub(super) type Person = (String, ArchivedAttendance);

fn archived(attendance: Attendance) -> ArchivedAttendance {
    match attendance {
        Attendance::Present => ArchivedAttendance::Present,
        Attendance::Absent => ArchivedAttendance::Absent,
        Attendance::AbsentJustified => ArchivedAttendance::AbsentJustified,
        Attendance::Exempt => ArchivedAttendance::Exempt,
    }
}

/// A generation of an exam's records being written.
#[derive(Clone, Copy)]
pub(super) struct Shelf<'a> {
    pub(super) bench: &'a Bench<'a>,
    pub(super) exam: &'a str,
    pub(super) generation: u32,
}

impl Shelf<'_> {
    /// Writes records by name; gives how many there are.
    pub(super) fn write<'v, T: Kept + 'v>(
        &self,
        table: &Table,
        what: &str,
        values: impl Iterator<Item = (&'v String, &'v T)>,
    ) -> Result<u64, ExecuteError> {
        let mut writer = Writer::of(table);
        let mut count = 0;
        for (name, value) in values {
            let record = Record::of(value).map_err(StoreError::record(format!("{what} {name}")))?;
            self.fits(&record, || format!("{what} {name}"))?;
            writer.put(key(self.generation, name), record.envelope())?;
            count += 1;
        }
        writer.end()?;
        Ok(count)
    }

    /// Writes candidates in their places, where to find them, and the search index; gives their numbers
    /// and attendances by place.
    pub(super) fn candidates(&self, candidates: Vec<Candidate>) -> Result<Vec<Person>, ExecuteError> {
        let tables = self.bench.tables;
        if u32::try_from(candidates.len()).is_err() {
            return Err(self.contradiction("it has more candidates than there are places"));
        }
        let mut fault = None;
        let records = candidates.iter().zip(0_u32..).map_while(|(candidate, place)| {
            let what = || format!("candidate {}", candidate.number);
            let record = Record::of(candidate).map_err(|error| StoreError::record(what())(error).into());
            match record.and_then(|record| self.fits(&record, what).map(|()| record)) {
                Ok(record) => Some((place.to_be_bytes().to_vec(), record.envelope().to_vec())),
                Err(error) => {
                    fault = Some(error);
                    None
                }
            }
        });
        self.write_leaves(&tables.candidates, records)?;
        if let Some(fault) = fault {
            return Err(fault);
        }
        let mut places: Vec<(&str, u32)> =
            candidates.iter().zip(0..).map(|(candidate, place)| (candidate.number.as_str(), place)).collect();
        places.sort_unstable();
        let places = places.into_iter().map(|(number, place)| (number.into(), place.to_be_bytes().to_vec()));
        self.write_leaves(&tables.places, places)?;
        let names = candidates.iter().map(|candidate| Name {
            last_name: &candidate.last_name,
            first_name: &candidate.first_name,
            number: &candidate.number,
            school: &candidate.school,
            script: self.bench.secret.script_id(self.exam, &candidate.number),
        });
        self.write_leaves(&tables.search, entries(names))?;
        Ok(candidates.into_iter().map(|one| (one.number, archived(one.attendance))).collect())
    }

    /// Writes small entries, which come in the order of their keys.
    fn write_leaves(
        &self,
        table: &Table,
        entries: impl Iterator<Item = (Vec<u8>, Vec<u8>)>,
    ) -> Result<(), ExecuteError> {
        let mut writer = Writer::of(table);
        for (first, leaf) in packed(entries) {
            writer.put([self.generation.to_be_bytes().as_slice(), &first].concat(), &leaf.into())?;
        }
        Ok(writer.end()?)
    }

    /// Writes what waits in spans.
    pub(super) fn spans(
        &self,
        writer: &mut Writer<'_>,
        spans: Vec<(u32, Waiting)>,
    ) -> Result<(), StoreError> {
        for (span, waiting) in spans {
            let (key, record) = waiting::record(self.generation, span, &waiting)?;
            writer.put(key.to_vec(), &record)?;
        }
        Ok(())
    }

    /// Writes tallies by batch.
    pub(super) fn tallies(&self, counted: &BTreeMap<String, Tally>) -> Result<(), StoreError> {
        let mut writer = Writer::of(&self.bench.tables.tallies);
        for (key, record) in tallies::records(self.generation, counted)? {
            writer.put(key, &record)?;
        }
        writer.end()
    }

    /// Refuses a record that the database does not take.
    pub(super) fn fits<T: Kept>(
        &self,
        record: &Record<T>,
        what: impl FnOnce() -> String,
    ) -> Result<(), ExecuteError> {
        let length = record.envelope().len();
        if length > VALUE_LIMIT {
            let exam = self.exam.to_owned();
            return Err(ExecuteError::RecordTooLarge { exam, what: what(), length, limit: VALUE_LIMIT });
        }
        Ok(())
    }

    pub(super) fn contradiction(&self, detail: &str) -> ExecuteError {
        ExecuteError::Contradiction { exam: self.exam.to_owned(), detail: detail.to_owned() }
    }
}
