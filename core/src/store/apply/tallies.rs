//! Tallies, written in the transactions that write what they count.

use std::collections::BTreeMap;

use super::Bench;
use crate::model::{ArchivedAttendance, ArchivedScript, Script};
use crate::store::StoreError;
use crate::store::record::{Record, Share, Tally};
use crate::store::tables::{Tables, key, key_at, read};

/// The group of the candidates who are in no batch, in place of a batch's id.
const NO_BATCH: &str = "";

/// The group a candidate is counted in.
fn group(script: Option<&ArchivedScript>) -> &str {
    script.and_then(|script| script.batch.as_ref()).map_or(NO_BATCH, |batch| batch.as_str())
}

/// How a tally is named in an error.
fn what(group: &str) -> String {
    if group == NO_BATCH {
        "the tally of the candidates in no batch".to_owned()
    } else {
        format!("the tally of batch {group}")
    }
}

/// The tallies of a generation that is written from nothing.
pub(super) struct NewTallies(BTreeMap<String, Tally>);

impl NewTallies {
    /// A tally for each batch, and one for the candidates in none, however few they are: so it is known
    /// how many tallies there must be.
    pub(super) fn of<'b>(batches: impl Iterator<Item = &'b String>) -> NewTallies {
        let groups = batches.cloned().chain([NO_BATCH.to_owned()]);
        NewTallies(groups.map(|group| (group, Tally::default())).collect())
    }

    /// Counts a candidate.
    pub(super) fn add(
        &mut self,
        number: &str,
        attendance: ArchivedAttendance,
        script: Option<&ArchivedScript>,
    ) {
        let share = Share::of(attendance, script);
        let group = group(script);
        if let Some(tally) = self.0.get_mut(group) {
            tally.change(number, None, Some(&share));
        } else {
            // A script of a batch that is not there is `verify`'s business; its candidate counts.
            self.0.entry(group.to_owned()).or_default().change(number, None, Some(&share));
        }
    }

    /// By batch; that of the candidates in none comes first.
    pub(super) fn into_inner(self) -> BTreeMap<String, Tally> {
        self.0
    }
}

/// Tallies that a command changes, each read once and written once.
pub(super) struct ChangedTallies<'b> {
    bench: &'b Bench<'b>,
    generation: u32,
    tallies: BTreeMap<String, Tally>,
    /// The scripts as they will be, by place.
    after: BTreeMap<u32, Record<Script>>,
}

impl<'b> ChangedTallies<'b> {
    pub(super) fn of(bench: &'b Bench<'b>, generation: u32) -> ChangedTallies<'b> {
        ChangedTallies { bench, generation, tallies: BTreeMap::new(), after: BTreeMap::new() }
    }

    /// Counts a script as it will be instead of as it is. Neither its batch nor its candidate's
    /// attendance changes within a generation.
    pub(super) fn change(
        &mut self,
        place: u32,
        before: &Record<Script>,
        after: Record<Script>,
    ) -> Result<(), StoreError> {
        let (tables, generation) = (self.bench.tables, self.generation);
        let number = before.get().candidate.as_str();
        let named = || format!("candidate {number}");
        let Some(candidate) = tables.candidate_at(generation, place, named)? else {
            let detail = format!("the script of candidate {number} has no candidate");
            return Err(StoreError::Inconsistent { detail });
        };
        let attendance = candidate.get().attendance;
        let group = group(Some(before.get()));
        let tally = match self.tallies.get_mut(group) {
            Some(tally) => tally,
            None => {
                let record = read::<Tally>(&tables.tallies, key(generation, group), || what(group))?;
                let record = record.ok_or_else(|| StoreError::Inconsistent {
                    detail: format!("{} is missing", what(group)),
                })?;
                let tally = record.value().map_err(StoreError::record(what(group)))?;
                self.tallies.entry(group.to_owned()).or_insert(tally)
            }
        };
        let of = |script: &Record<Script>| Share::of(attendance, Some(script.get()));
        tally.change(number, Some(&of(before)), Some(&of(&after)));
        self.after.insert(place, after);
        Ok(())
    }

    /// The scripts as they will be, by place.
    pub(super) fn scripts(&self) -> &BTreeMap<u32, Record<Script>> {
        &self.after
    }

    /// The tallies as they will be: key and record.
    pub(super) fn records(mut self) -> Result<Vec<(Vec<u8>, sled::IVec)>, StoreError> {
        if self.tallies.values().any(Tally::is_short) {
            // Seldom: a list had more names than it keeps, and lost most of those.
            let mut counted = counted(self.bench.tables, self.generation, &self.after)?;
            for (group, tally) in &mut self.tallies {
                if let Some(counted) = counted.remove(group).filter(|_| tally.is_short()) {
                    *tally = counted;
                }
            }
        }
        records(self.generation, &self.tallies)
    }
}

/// The keys and records of tallies.
pub(super) fn records(
    generation: u32,
    tallies: &BTreeMap<String, Tally>,
) -> Result<Vec<(Vec<u8>, sled::IVec)>, StoreError> {
    let record = |(group, tally): (&String, &Tally)| {
        let record = Record::of(tally).map_err(StoreError::record(what(group)))?;
        Ok((key(generation, group), record.envelope().clone()))
    };
    tallies.iter().map(record).collect()
}

/// Counts all candidates of a generation, by batch; scripts in `after` are counted as they are there.
pub(in crate::store) fn counted(
    tables: &Tables,
    generation: u32,
    after: &BTreeMap<u32, Record<Script>>,
) -> Result<BTreeMap<String, Tally>, StoreError> {
    let batches = tables.batches.scan_prefix(generation.to_be_bytes()).keys();
    let batches = batches.map(|key| Ok(String::from_utf8_lossy(&key?[4..]).into_owned()));
    let batches = batches.collect::<Result<Vec<String>, StoreError>>()?;
    let mut tallies = NewTallies::of(batches.iter());
    for (candidate, place) in tables.candidates_from(generation, 0)?.zip(0_u32..) {
        let candidate = candidate?;
        let (number, attendance) = (&candidate.get().number, candidate.get().attendance);
        let kept;
        let script = match after.get(&place) {
            Some(script) => Some(script),
            None => {
                let named = || format!("the script of candidate {number}");
                kept = read::<Script>(&tables.scripts, key_at(generation, place), named)?;
                kept.as_ref()
            }
        };
        tallies.add(number, attendance, script.map(Record::get));
    }
    Ok(tallies.into_inner())
}
