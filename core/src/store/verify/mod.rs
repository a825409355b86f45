//! Looking at everything: journal, records, blobs, and whether they agree.

mod blobs;
mod people;
mod records;
mod replay;
mod tallies;

use std::collections::BTreeMap;
use std::sync::PoisonError;

use super::meta::Forgetting;
use super::open::JOURNAL;
use super::purges::Purges;
use super::{NEVER, Stop, Store, StoreError};
use crate::journal::{Command, JournalError, Lines};
use crate::model::BlobRef;

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable code: `JRN-002`, or `STO-040` to `STO-049`.
    pub code: &'static str,
    /// What was found where; ids, numbers and digests only.
    pub detail: String,
}

/// What [`verify`] looked at and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Journal lines followed.
    pub lines: u64,
    /// Records read.
    pub records: u64,
    /// Blobs read.
    pub blobs: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Blobs that nothing refers to: harmless, left by imports that were replaced or interrupted.
    pub orphans: u64,
    /// What is wrong; empty when all is well.
    pub findings: Vec<Finding>,
}

impl VerifyReport {
    fn find(&mut self, code: &'static str, detail: impl Into<String>) {
        self.findings.push(Finding { code, detail: detail.into() });
    }
}

/// Blobs that something refers to, with the words that name the first who does.
#[derive(Default)]
pub(super) struct References(BTreeMap<([u8; 32], u64, u32), String>);

impl References {
    /// Whether something refers to a blob.
    pub(super) fn has(&self, sha256: &[u8; 32]) -> bool {
        self.0.range((*sha256, 0, 0)..).next().is_some_and(|((known, ..), _)| known == sha256)
    }

    /// Every blob, and who refers to it.
    pub(super) fn all(&self) -> impl Iterator<Item = (BlobRef, &str)> {
        self.0.iter().map(|((sha256, length, crc32), who)| {
            (BlobRef { sha256: *sha256, length: *length, crc32: *crc32 }, who.as_str())
        })
    }

    fn add(&mut self, blob: &BlobRef, who: impl FnOnce() -> String) {
        self.0.entry((blob.sha256, blob.length, blob.crc32)).or_insert_with(who);
    }
}

/// Checks every blob (length, SHA-256, CRC-32), every record and its references, the journal's
/// chain link by link, and replays the journal beside the database to name every exam that is not
/// what it must be. Commands wait meanwhile; readers do not.
///
/// | code | |
/// |---|---|
/// | `JRN-002` | the journal's chain is broken |
/// | `STO-040` | a blob that something refers to is missing or damaged |
/// | `STO-041` | a blob that nothing refers to is damaged, or is no blob |
/// | `STO-042` | a record cannot be read |
/// | `STO-043` | a record lies under another's key |
/// | `STO-044` | a record refers to nothing |
/// | `STO-045` | an exam is not what the journal gives |
/// | `STO-046` | a line of the journal cannot be replayed |
/// | `STO-047` | the database and the journal's end do not agree |
/// | `STO-048` | a tally is not what its candidates give |
/// | `STO-049` | a purge is not finished |
///
/// # Errors
/// [`StoreError`] when the check itself cannot go on; what it finds is in the report.
pub fn verify(store: &Store) -> Result<VerifyReport, StoreError> {
    verify_until(store, NEVER)
}

/// As [`verify`], unless `stop` says so before the end.
///
/// # Errors
/// [`StoreError::Stopped`] then.
pub fn verify_until(store: &Store, stop: Stop<'_>) -> Result<VerifyReport, StoreError> {
    let writer = store.writer.lock().unwrap_or_else(PoisonError::into_inner);
    let mut report = VerifyReport::default();
    let mut references = References::default();
    let sound = journal(store, &mut report, &mut references, stop)?;
    records::check(store, &mut report, &mut references, stop)?;
    people::check(&store.tables, &mut report, stop)?;
    blobs::check(store, &mut report, &references, stop)?;
    if Forgetting::read(&store.tables)?.is_some() {
        let detail = "a purge is not finished: blobs that no exam has any more could not be removed";
        report.find("STO-049", detail);
    }
    if sound {
        replay::compare(store, &mut report, stop)?;
    }
    drop(writer);
    Ok(report)
}

/// Whether whoever asked still waits for the answer.
fn goes_on(stop: Stop<'_>) -> Result<(), StoreError> {
    if stop() { Err(StoreError::Stopped) } else { Ok(()) }
}

/// Every blob that journal lines and records refer to.
///
/// # Errors
/// [`StoreError`], also when a record or a line cannot be read: what it refers to is not known then.
pub(super) fn references(store: &Store) -> Result<References, StoreError> {
    let _writer = store.writer.lock().unwrap_or_else(PoisonError::into_inner);
    references_of(store)
}

/// The same, for who holds the writer's lock.
pub(super) fn references_of(store: &Store) -> Result<References, StoreError> {
    let (mut report, mut references) = (VerifyReport::default(), References::default());
    journal(store, &mut report, &mut references, NEVER)?;
    records::check(store, &mut report, &mut references, NEVER)?;
    people::check(&store.tables, &mut report, NEVER)?;
    match report.findings.first() {
        Some(Finding { code, detail }) => {
            Err(StoreError::Inconsistent { detail: format!("{code} {detail}") })
        }
        None => Ok(references),
    }
}

/// Follows the chain; false when it breaks. Lines that a purge stands for refer to nothing: their blobs
/// are gone.
fn journal(
    store: &Store,
    report: &mut VerifyReport,
    references: &mut References,
    stop: Stop<'_>,
) -> Result<bool, StoreError> {
    let unreadable = |error: JournalError| StoreError::Blob {
        act: "read the journal".to_owned(),
        source: std::io::Error::other(error),
    };
    let path = store.dir.join(JOURNAL);
    // A chain that breaks is told below.
    let purges = match Purges::read(&path) {
        Ok(purges) => purges,
        Err(JournalError::Broken { .. }) => Purges::default(),
        Err(error) => return Err(unreadable(error)),
    };
    let mut last = super::meta::Applied { line: 0, head: [0; 32] };
    for line in Lines::read(&path).map_err(unreadable)? {
        goes_on(stop)?;
        match line {
            Ok((line, digest)) => {
                report.lines += 1;
                last = super::meta::Applied { line: line.number, head: digest };
                let blobs = if purges.replace(&line) { Vec::new() } else { line.command.blobs() };
                for blob in blobs {
                    references.add(&blob, || match &line.command {
                        Command::Import(_) => format!("line {} (a bundle's file)", line.number),
                        _ => format!("line {}", line.number),
                    });
                }
            }
            Err(error @ JournalError::Broken { .. }) => {
                report.find("JRN-002", error.to_string());
                return Ok(false);
            }
            Err(error) => return Err(unreadable(error)),
        }
    }
    match super::meta::read(&store.tables, &store.secret.digest()) {
        Ok(super::meta::State::Used(applied)) if applied == last => {}
        Ok(_) => report.find(
            "STO-047",
            format!(
                "the journal ends at line {}, which is not the line the database applied last",
                last.line
            ),
        ),
        Err(error) => report.find("STO-047", error.to_string()),
    }
    Ok(true)
}
