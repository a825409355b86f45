//! Damage found by inspection, and damage accepted by name.

use std::collections::BTreeMap;

use super::{Bench, Place, Prepared, exam_entry};
use crate::journal::{AcceptDamage, FoundDamage};
use crate::model::{Acceptance, Damage, Page, Script};
use crate::store::record::{ExamEntry, Record, VALUE_LIMIT};
use crate::store::tables::{key_at, read};
use crate::store::view::read_blob;
use crate::store::{ExecuteError, StoreError};

/// The longest reason, in bytes of UTF-8; some 2,000 words.
const REASON_LIMIT: u64 = 16 * 1024;

/// Scripts that a command changes, each read once and written once.
struct Touched<'b> {
    bench: &'b Bench<'b>,
    entry: ExamEntry,
    /// By candidate, with the place of the record and whether it is changed.
    scripts: BTreeMap<String, (u32, Script, bool)>,
}

impl<'b> Touched<'b> {
    fn of(bench: &'b Bench<'b>, exam: &str) -> Result<Touched<'b>, ExecuteError> {
        let Some(entry) = exam_entry(bench.tables, exam)? else {
            return Err(ExecuteError::NoSuchExam { exam: exam.to_owned() });
        };
        let entry = entry.value().map_err(StoreError::record(format!("exam {exam}")))?;
        Ok(Touched { bench, entry, scripts: BTreeMap::new() })
    }

    /// Lets `change` work on a page; it says whether it changed anything. None when there is no
    /// such page.
    fn page(
        &mut self,
        candidate: &str,
        page: u32,
        change: impl FnOnce(&mut Page) -> bool,
    ) -> Result<Option<()>, StoreError> {
        if !self.scripts.contains_key(candidate) {
            let what = || format!("the script of candidate {candidate}");
            let generation = self.entry.generation;
            let Some(place) = self.bench.tables.place_of(generation, candidate)? else { return Ok(None) };
            let key = key_at(generation, place);
            let Some(record) = read::<Script>(&self.bench.tables.scripts, key, what)? else {
                return Ok(None);
            };
            let script = record.value().map_err(StoreError::record(what()))?;
            self.scripts.insert(candidate.to_owned(), (place, script, false));
        }
        let index = usize::try_from(page).ok().and_then(|page| page.checked_sub(1));
        let Some((_, script, changed)) = self.scripts.get_mut(candidate) else { return Ok(None) };
        let Some(page) = index.and_then(|index| script.pages.get_mut(index)) else { return Ok(None) };
        *changed |= change(page);
        Ok(Some(()))
    }

    fn prepared(mut self, place: Place) -> Result<Prepared, ExecuteError> {
        let exam = self.entry.exam.id.clone();
        let mut scripts = Vec::new();
        for (candidate, (place, script, changed)) in self.scripts {
            if !changed {
                continue;
            }
            let what = format!("the script of candidate {candidate}");
            let record = Record::of(&script).map_err(StoreError::record(what.as_str()))?;
            let length = record.envelope().len();
            if length > VALUE_LIMIT {
                return Err(ExecuteError::RecordTooLarge { exam, what, length, limit: VALUE_LIMIT });
            }
            scripts.push((key_at(self.entry.generation, place), record.envelope().clone()));
        }
        self.entry.line = place.line;
        Ok(Prepared { changes: !scripts.is_empty(), entry: self.entry, scripts, staged: None })
    }
}

/// Someone takes responsibility: the pages keep their damage and the reason. A page that was
/// accepted before keeps its first acceptance.
pub(super) fn prepare_accept(
    bench: &Bench<'_>,
    command: &AcceptDamage,
    place: Place,
) -> Result<Prepared, ExecuteError> {
    let mut touched = Touched::of(bench, &command.exam)?;
    let contradiction = |detail: String| ExecuteError::Contradiction { exam: command.exam.clone(), detail };
    let reason = read_blob(bench.blobs, &command.reason, REASON_LIMIT)
        .map_err(|error| contradiction(format!("the reason cannot be read: {error}")))?;
    let reason = String::from_utf8(reason).map_err(|_| contradiction("the reason is not text".to_owned()))?;
    for named in &command.pages {
        let mut damaged = false;
        let found = touched.page(&named.candidate, named.page, |page| {
            damaged = page.damage.is_some();
            let accepts = damaged && page.accepted.is_none();
            if accepts {
                page.accepted = Some(Acceptance { reason: reason.clone(), at: place.at, line: place.line });
            }
            accepts
        })?;
        let (exam, candidate, page) = (command.exam.clone(), named.candidate.clone(), named.page);
        if found.is_none() {
            return Err(ExecuteError::NoSuchPage { exam, candidate, page });
        }
        if !damaged {
            return Err(ExecuteError::NotDamaged { exam, candidate, page });
        }
    }
    touched.prepared(place)
}

/// Inspection could not trust these pages. A page that has another scan by now, is gone, or is
/// known to be damaged already, is left alone.
pub(super) fn prepare_found(
    bench: &Bench<'_>,
    command: &FoundDamage,
    place: Place,
) -> Result<Prepared, ExecuteError> {
    let mut touched = Touched::of(bench, &command.exam)?;
    for item in &command.items {
        // Whether the page is still there is not the inspector's fault.
        let _ = touched.page(&item.candidate, item.page, |page| {
            let same = page.scan.as_ref().is_some_and(|placed| placed.image.blob.sha256 == item.scan);
            let found = same && page.damage.is_none();
            if found {
                page.damage = Some(Damage { code: item.code.clone(), detail: item.detail.clone() });
            }
            found
        })?;
    }
    touched.prepared(place)
}
