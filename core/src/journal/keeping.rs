//! Commands about how long copies are kept: held back from a purge, and purged.

use serde::{Deserialize, Serialize};

use super::{Counts, hex};
use crate::model::BlobRef;

/// A copy is held back from purges, or held no longer: somebody appealed, or the appeal is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldCopy {
    /// The exam's identifier.
    pub exam: String,
    /// The candidate's number.
    pub candidate: String,
    /// Whether the hold ends.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub release: bool,
    /// Why: UTF-8 text, kept in a blob because it may name a person.
    #[serde(with = "hex::blob")]
    pub reason: BlobRef,
}

/// The copies of an exam are destroyed, except those that are held.
///
/// The line is the exam's new beginning: whoever replays the journal passes over all its earlier
/// lines, whose blobs are gone, and takes what `rest` holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurgeExam {
    /// The exam's identifier.
    pub exam: String,
    /// The last day its copies could be consulted, `YYYY-MM-DD`.
    pub consultable_until: String,
    /// How many of each this purge takes away.
    pub gone: Counts,
    /// What stays, complete: the exam's own record, the held copies and what they need.
    #[serde(with = "hex::blob")]
    pub rest: BlobRef,
}
