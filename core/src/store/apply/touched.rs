//! Scripts that a command changes, each read once and written once.

use std::collections::BTreeMap;

use super::tallies::ChangedTallies;
use super::waiting;
use super::{Bench, Place, Prepared, exam_of};
use crate::model::{Page, Script};
use crate::store::record::{ExamEntry, Record, VALUE_LIMIT};
use crate::store::tables::{key_at, read};
use crate::store::{ExecuteError, StoreError, moments};

/// Scripts that a command changes, each read once and written once.
pub(super) struct Touched<'b> {
    bench: &'b Bench<'b>,
    pub(super) entry: ExamEntry,
    /// By candidate, with the place of the record, the record as it is, and whether it is changed.
    scripts: BTreeMap<String, (u32, Record<Script>, Script, bool)>,
}

impl<'b> Touched<'b> {
    pub(super) fn of(bench: &'b Bench<'b>, exam: &str) -> Result<Touched<'b>, ExecuteError> {
        Ok(Touched { bench, entry: exam_of(bench, exam)?, scripts: BTreeMap::new() })
    }

    /// Lets `change` work on a candidate's script; it says whether it changed anything. None when there
    /// is no such script.
    pub(super) fn script<T>(
        &mut self,
        candidate: &str,
        change: impl FnOnce(&mut Script) -> (bool, T),
    ) -> Result<Option<T>, StoreError> {
        if !self.scripts.contains_key(candidate) {
            let what = || format!("the script of candidate {candidate}");
            let generation = self.entry.generation;
            let Some(place) = self.bench.tables.place_of(generation, candidate)? else { return Ok(None) };
            let key = key_at(generation, place);
            let Some(record) = read::<Script>(&self.bench.tables.scripts, key, what)? else {
                return Ok(None);
            };
            let script = record.value().map_err(StoreError::record(what()))?;
            self.scripts.insert(candidate.to_owned(), (place, record, script, false));
        }
        let Some((_, _, script, changed)) = self.scripts.get_mut(candidate) else { return Ok(None) };
        let (changes, answer) = change(script);
        *changed |= changes;
        Ok(Some(answer))
    }

    /// Whether a candidate's script is transmitted; not when there is none.
    pub(super) fn is_transmitted(&self, candidate: &str) -> Result<bool, StoreError> {
        let (tables, generation) = (self.bench.tables, self.entry.generation);
        let Some(place) = tables.place_of(generation, candidate)? else { return Ok(false) };
        Ok(moments::at(tables, generation, place)?.is_some())
    }

    /// Lets `change` work on a page; it says whether it changed anything. None when there is no
    /// such page.
    pub(super) fn page(
        &mut self,
        candidate: &str,
        page: u32,
        change: impl FnOnce(&mut Page) -> bool,
    ) -> Result<Option<()>, StoreError> {
        let index = usize::try_from(page).ok().and_then(|page| page.checked_sub(1));
        let changed = self.script(candidate, |script| {
            let page = index.and_then(|index| script.pages.get_mut(index));
            let found = page.is_some();
            (page.is_some_and(change), found)
        })?;
        Ok(changed.filter(|found| *found).map(|_| ()))
    }

    pub(super) fn prepared(mut self, place: Place<'_>) -> Result<Prepared, ExecuteError> {
        let exam = self.entry.exam.id.clone();
        let generation = self.entry.generation;
        let mut scripts = Vec::new();
        let mut tallies = ChangedTallies::of(self.bench, generation);
        for (candidate, (at, before, script, changed)) in self.scripts {
            if !changed {
                continue;
            }
            let what = format!("the script of candidate {candidate}");
            let record = Record::of(&script).map_err(StoreError::record(what.as_str()))?;
            let length = record.envelope().len();
            if length > VALUE_LIMIT {
                return Err(ExecuteError::RecordTooLarge { exam, what, length, limit: VALUE_LIMIT });
            }
            scripts.push((key_at(generation, at), record.envelope().clone()));
            tallies.change(at, &before, record)?;
        }
        let waiting = waiting::changed(self.bench.tables, generation, tallies.scripts())?;
        let tallies = tallies.records()?;
        self.entry.line = place.line;
        Ok(Prepared { changes: !scripts.is_empty(), scripts, tallies, waiting, ..Prepared::of(self.entry) })
    }
}
