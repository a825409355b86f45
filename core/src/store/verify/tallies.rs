//! What is counted as commands write it, counted again.

use std::collections::{BTreeMap, BTreeSet};

use super::{VerifyReport, goes_on};
use crate::store::apply::{count_span, counted};
use crate::store::record::{Record, SPAN, Tally, Waiting};
use crate::store::tables::{Keys, key_at};
use crate::store::{Stop, Store, StoreError};

/// Counts an exam's candidates again, and compares. A record that cannot be read has been named before:
/// then nothing can be counted.
pub(super) fn check(
    store: &Store,
    exam: &str,
    generation: u32,
    report: &mut VerifyReport,
    stop: Stop<'_>,
) -> Result<(), StoreError> {
    tallies(store, exam, generation, report)?;
    spans(store, exam, generation, report, stop)
}

fn tallies(store: &Store, exam: &str, generation: u32, report: &mut VerifyReport) -> Result<(), StoreError> {
    let tables = &store.tables;
    let named = |group: &str| match group {
        "" => "the tally of the candidates in no batch".to_owned(),
        batch => format!("the tally of batch {batch}"),
    };
    let mut kept = BTreeMap::new();
    for entry in tables.tallies.scan_prefix(generation.to_be_bytes()) {
        let (key, value) = entry?;
        report.records += 1;
        tables.tallies.make_room(&key, value.len())?;
        let group = Keys::Names.spelt(&key);
        match Record::<Tally>::read(value).and_then(|record| record.value()) {
            Ok(tally) => drop(kept.insert(group, Some(tally))),
            Err(fault) => {
                report.find("STO-042", format!("exam {exam}: {}: {fault}", named(&group)));
                kept.insert(group, None);
            }
        }
    }
    let must = match counted(tables, generation, &BTreeMap::new()) {
        Ok(must) => must,
        Err(StoreError::Record { .. } | StoreError::Inconsistent { .. }) => return Ok(()),
        Err(error) => return Err(error),
    };
    let groups: BTreeSet<&String> = kept.keys().chain(must.keys()).collect();
    for group in groups {
        let right = match (kept.get(group), must.get(group)) {
            (Some(Some(kept)), Some(must)) => kept.agrees(must),
            // It was named already.
            (Some(None), _) => true,
            _ => false,
        };
        if !right {
            let detail = format!("exam {exam}: {} is not what its candidates give", named(group));
            report.find("STO-048", detail);
        }
    }
    Ok(())
}

/// What waits in a span may have been inspected elsewhere since it was counted; what was inspected never
/// waits again.
fn spans(
    store: &Store,
    exam: &str,
    generation: u32,
    report: &mut VerifyReport,
    stop: Stop<'_>,
) -> Result<(), StoreError> {
    let tables = &store.tables;
    for entry in tables.waiting.scan_prefix(generation.to_be_bytes()) {
        goes_on(stop)?;
        let (key, value) = entry?;
        report.records += 1;
        let Some(span) =
            crate::store::tables::place_in(&key).filter(|span| key_at(generation, *span) == *key)
        else {
            report.find("STO-043", format!("exam {exam}: what waits in a span lies under no span's key"));
            continue;
        };
        let named = format!("what waits at places {} and on", span.saturating_mul(SPAN));
        let kept = match Record::<Waiting>::read(value).and_then(|record| record.value()) {
            Ok(kept) => kept,
            Err(fault) => {
                report.find("STO-042", format!("exam {exam}: {named}: {fault}"));
                continue;
            }
        };
        let now = match count_span(tables, generation, span, &BTreeMap::new()) {
            Ok(now) => now,
            Err(StoreError::Record { .. } | StoreError::Inconsistent { .. }) => continue,
            Err(error) => return Err(error),
        };
        let least = kept.pages.count >= now.pages.count
            && kept.pages.candidates >= now.pages.candidates
            && kept.clear >= now.clear;
        if !least {
            report.find("STO-048", format!("exam {exam}: {named} is less than what its pages give"));
        }
    }
    Ok(())
}
