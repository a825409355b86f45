//! Looking at everything.

use super::{Store, StoreError};

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable code.
    pub code: &'static str,
    /// What was found where; ids, numbers and digests only.
    pub detail: String,
}

/// What [`verify`] looked at and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Blobs read.
    pub blobs: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Records read.
    pub records: u64,
    /// Journal lines followed.
    pub lines: u64,
    /// Blobs that nothing refers to: harmless, left by imports that were replaced or interrupted.
    pub orphans: u64,
    /// What is wrong; empty when all is well.
    pub findings: Vec<Finding>,
}

/// Checks every blob (length, SHA-256, CRC-32), every record and its references, the journal's
/// chain link by link, and replays the journal to compare each exam with what it must be.
///
/// # Errors
/// [`StoreError`] when the check itself cannot go on; what it finds is in the report.
pub fn verify(_store: &Store) -> Result<VerifyReport, StoreError> {
    unimplemented!()
}
