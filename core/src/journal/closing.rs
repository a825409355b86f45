//! Commands of an exam's life after intake: settings, batches, marks, exports, publication.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Timestamp, hex};
use crate::model::{BlobRef, Hundredths};

/// One of the functional settings, by the name that bundles and commands use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Setting {
    /// *OUI* or *NON*.
    Flag(bool),
    /// A count.
    Count(u32),
    /// A word, such as `simple`.
    Word(String),
}

/// Settings that have other values from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeSettings {
    /// The exam's identifier.
    pub exam: String,
    /// By name, only those that change.
    pub values: BTreeMap<String, Setting>,
}

/// What happens to batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchMove {
    /// *Verrouiller*: their marks are final.
    Lock,
    /// They are open again.
    Unlock,
    /// Their harmonisation is decided.
    Validate,
}

/// Batches that are locked, unlocked or validated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoveBatches {
    /// The exam's identifier.
    pub exam: String,
    /// What happens.
    pub to: BatchMove,
    /// Their ids. *All* is spelt out by whoever asks for it.
    pub batches: Vec<String>,
}

/// Which marks become what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum MarkChange {
    /// Every mark of a batch moves by so many hundredths from the marker's, within 0 and 20; marks that
    /// were changed by themselves stay.
    Batch {
        /// The batch.
        batch: String,
        /// In hundredths, may be negative; 0 takes an earlier move back.
        by: i32,
    },
    /// One candidate's, when his batch is harmonised.
    Candidate {
        /// The batch.
        batch: String,
        /// His number.
        candidate: String,
        /// In hundredths.
        mark: i32,
    },
    /// One candidate's, as a correction of the final mark.
    Correction {
        /// His number.
        candidate: String,
        /// In hundredths.
        mark: i32,
    },
}

/// Marks changed, with one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeMarks {
    /// The exam's identifier.
    pub exam: String,
    /// Which, to what.
    pub change: MarkChange,
    /// Why: UTF-8 text, kept in a blob because it may name a person.
    #[serde(with = "hex::blob")]
    pub reason: BlobRef,
}

/// Who is sent to.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[rkyv(derive(Debug, Clone, Copy, PartialEq, Eq))]
pub enum Target {
    /// Exam management: takes marks.
    Cyclades,
    /// The markers' pay: takes service statements.
    Imagin,
}

impl Target {
    /// Both, in the order they are sent to.
    pub const ALL: [Target; 2] = [Target::Cyclades, Target::Imagin];

    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Target::Cyclades => "Cyclades",
            Target::Imagin => "IMAG'IN",
        }
    }
}

/// An export, whole, before a byte of it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreparedExport {
    /// Who it is for.
    pub target: Target,
    /// Its number: from 1, increasing per exam and target, the same over all attempts.
    pub number: u64,
    /// How many rows.
    pub count: u64,
    /// The chunks' bodies one after another.
    #[serde(with = "hex::blob")]
    pub rows: BlobRef,
    /// Bytes of each chunk.
    pub chunks: Vec<u32>,
}

/// A launch or relaunch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Launch {
    /// The exam's identifier.
    pub exam: String,
    /// One a target at most.
    pub exports: Vec<PreparedExport>,
}

/// How an attempt to send an export ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Answer {
    /// Committed: these rows count.
    Committed {
        /// How many rows were accepted.
        accepted: u64,
        /// How many were not.
        rejected: u64,
        /// Which ones and why, as the target said it; none when all were accepted.
        #[serde(default, with = "hex::optional_blob", skip_serializing_if = "Option::is_none")]
        list: Option<BlobRef>,
    },
    /// Nothing of it counts at the target, and nothing will.
    Failed {
        /// Stable code, such as `EXC-003`.
        code: String,
        /// What happened, in English, no personal data.
        detail: String,
    },
    /// It was sent and its answer was lost: the target is asked before anything else is sent.
    Unknown {
        /// Stable code.
        code: String,
        /// What happened, in English, no personal data.
        detail: String,
    },
}

impl Answer {
    /// The list of rejected rows, when there is one.
    pub fn rejected(&self) -> Option<BlobRef> {
        match self {
            Answer::Committed { list, .. } => *list,
            Answer::Failed { .. } | Answer::Unknown { .. } => None,
        }
    }
}

/// An attempt to send an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// The exam's identifier.
    pub exam: String,
    /// Who it was for.
    pub target: Target,
    /// The export's number.
    pub number: u64,
    /// How it ended.
    pub answer: Answer,
    /// Requests that were made.
    pub requests: u32,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// Cyclades has published the results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publish {
    /// The exam's identifier.
    pub exam: String,
    /// When it published: seconds since 1970, UTC.
    pub published_at: Timestamp,
    /// Whether a person said so, rather than Cyclades.
    pub by_hand: bool,
}

impl MarkChange {
    /// The mark or the move, in hundredths.
    pub fn hundredths(&self) -> Hundredths {
        match self {
            MarkChange::Batch { by, .. } => Hundredths(*by),
            MarkChange::Candidate { mark, .. } | MarkChange::Correction { mark, .. } => Hundredths(*mark),
        }
    }
}
