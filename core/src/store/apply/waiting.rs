//! What waits for inspection, span by span.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{ArchivedAttendance, ArchivedScript, Script};
use crate::store::StoreError;
use crate::store::record::{InspectionRecord, Record, SPAN, Share, Waiting};
use crate::store::tables::{Tables, key_at, read};

/// How many pages of a script wait: those with a scan, not known to be damaged, that nobody has decoded
/// yet, or whose damage was found and not told.
fn pages(tables: &Tables, script: &ArchivedScript) -> Result<u64, StoreError> {
    let mut waiting = 0;
    for page in script.pages.iter().filter(|page| page.damage.is_none()) {
        let Some(placed) = page.scan.as_ref() else { continue };
        let what = || "an inspection".to_owned();
        let found = read::<InspectionRecord>(&tables.inspections, placed.image.blob.sha256, what)?;
        waiting += u64::from(found.is_none_or(|found| found.get().damage.is_some()));
    }
    Ok(waiting)
}

/// The spans of a generation that is written from nothing, in order.
pub(super) struct NewSpans<'t> {
    tables: &'t Tables,
    /// The span that is being counted.
    span: u32,
    waiting: Waiting,
}

impl<'t> NewSpans<'t> {
    pub(super) fn of(tables: &'t Tables) -> NewSpans<'t> {
        NewSpans { tables, span: 0, waiting: Waiting::default() }
    }

    /// The spans before that of this place that are not written yet.
    pub(super) fn before(&mut self, place: u32) -> Vec<(u32, Waiting)> {
        let mut done = Vec::new();
        while self.span < place / SPAN {
            done.push((self.span, std::mem::take(&mut self.waiting)));
            self.span += 1;
        }
        done
    }

    /// Counts a script. Scripts come by place.
    pub(super) fn add(
        &mut self,
        number: &str,
        attendance: ArchivedAttendance,
        script: &ArchivedScript,
    ) -> Result<(), StoreError> {
        let waiting = pages(self.tables, script)?;
        self.waiting.add(number, &Share::of(attendance, Some(script)), waiting);
        Ok(())
    }

    /// The spans that are left, up to that of the last of so many candidates.
    pub(super) fn rest(mut self, candidates: usize) -> Vec<(u32, Waiting)> {
        let last = u32::try_from(candidates.saturating_sub(1)).unwrap_or(u32::MAX);
        let mut rest = self.before(last);
        if candidates > 0 {
            rest.push((self.span, self.waiting));
        }
        rest
    }
}

/// The key and the record of a span.
pub(super) fn record(
    generation: u32,
    span: u32,
    waiting: &Waiting,
) -> Result<([u8; 8], sled::IVec), StoreError> {
    let record = Record::of(waiting).map_err(StoreError::record(format!("what waits in span {span}")))?;
    Ok((key_at(generation, span), record.envelope().clone()))
}

/// The scripts of a span, with their places.
pub(in crate::store) fn scripts_in(
    tables: &Tables,
    generation: u32,
    span: u32,
) -> Result<Vec<(u32, Record<Script>)>, StoreError> {
    let first = span.saturating_mul(SPAN);
    let mut scripts = Vec::new();
    for place in first..first.saturating_add(SPAN) {
        let what = || format!("the script of the candidate at place {place}");
        if let Some(script) = read::<Script>(&tables.scripts, key_at(generation, place), what)? {
            scripts.push((place, script));
        }
    }
    Ok(scripts)
}

/// Counts what waits in a span now; scripts in `after` are counted as they are there.
pub(in crate::store) fn count_span(
    tables: &Tables,
    generation: u32,
    span: u32,
    after: &BTreeMap<u32, Record<Script>>,
) -> Result<Waiting, StoreError> {
    let mut waiting = Waiting::default();
    for (place, script) in scripts_in(tables, generation, span)? {
        let script = after.get(&place).unwrap_or(&script).get();
        let number = &script.candidate;
        let candidate = tables.candidate_at(generation, place, || format!("candidate {number}"))?;
        // A script without a candidate is `verify`'s business.
        let Some(candidate) = candidate else { continue };
        let pages = pages(tables, script)?;
        waiting.add(number, &Share::of(candidate.get().attendance, Some(script)), pages);
    }
    Ok(waiting)
}

/// The spans of scripts that a command changes, counted again where something waits.
pub(super) fn changed(
    tables: &Tables,
    generation: u32,
    after: &BTreeMap<u32, Record<Script>>,
) -> Result<Vec<([u8; 8], sled::IVec)>, StoreError> {
    let spans: BTreeSet<u32> = after.keys().map(|place| place / SPAN).collect();
    let mut records = Vec::new();
    for span in spans {
        let what = || format!("what waits in span {span}");
        let before = read::<Waiting>(&tables.waiting, key_at(generation, span), what)?;
        let before =
            before.ok_or_else(|| StoreError::Inconsistent { detail: format!("{} is missing", what()) })?;
        // Nothing begins to wait but by an import.
        if before.get().pages.count > 0 {
            records.push(record(generation, span, &count_span(tables, generation, span, after)?)?);
        }
    }
    Ok(records)
}
