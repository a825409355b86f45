//! An export: what was prepared for a target, and what became of it.

use rkyv::{Archive, Deserialize, Serialize};

use crate::journal::{Answer, Target};
use crate::model::BlobRef;

/// One export to one target.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug))]
pub struct Export {
    /// Who it is for.
    pub target: Target,
    /// Its number: from 1, increasing per exam and target, the same over all attempts.
    pub number: u64,
    /// When it was prepared: seconds since 1970, UTC.
    pub at: i64,
    /// The journal line that prepared it; exports of one launch have the same.
    pub line: u64,
    /// Who launched it: the id of an account, or `operator`.
    pub author: String,
    /// How many rows.
    pub count: u64,
    /// The chunks' bodies one after another.
    pub rows: BlobRef,
    /// Bytes of each chunk.
    pub chunks: Vec<u32>,
    /// Attempts to send it that are in [`Export::attempts`] no longer; they are in the journal.
    pub earlier_attempts: u32,
    /// The latest attempts, the last one last.
    pub attempts: Vec<Attempt>,
}

/// How many attempts a record keeps.
pub const ATTEMPTS_KEPT: usize = 100;

/// One attempt to send an export.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug))]
pub struct Attempt {
    /// When it had come to an end: seconds since 1970, UTC.
    pub at: i64,
    /// The journal line that says so.
    pub line: u64,
    /// Who started it: the id of an account, or `operator`.
    pub author: String,
    /// Requests that were made.
    pub requests: u32,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// How it ended.
    pub outcome: Outcome,
}

/// How an attempt ended; see [`Answer`].
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug))]
pub enum Outcome {
    /// Committed.
    Committed {
        /// Rows accepted.
        accepted: u64,
        /// Rows that were not.
        rejected: u64,
        /// Which and why; none when all were accepted.
        list: Option<BlobRef>,
    },
    /// Nothing of it counts, and nothing will.
    Failed {
        /// Stable code.
        code: String,
        /// What happened.
        detail: String,
    },
    /// Its answer was lost.
    Unknown {
        /// Stable code.
        code: String,
        /// What happened.
        detail: String,
    },
}

/// What is known of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Prepared, or sent without an answer: the target is asked before anything else is sent.
    Unsettled,
    /// Nothing of it counts.
    Failed,
    /// It counts, but for so many rows.
    Partly {
        /// Rows that the target rejected.
        rejected: u64,
    },
    /// It counts, all of it.
    Whole,
}

impl Export {
    /// What is known of it.
    pub fn standing(&self) -> Standing {
        match self.attempts.last().map(|attempt| &attempt.outcome) {
            None | Some(Outcome::Unknown { .. }) => Standing::Unsettled,
            Some(Outcome::Failed { .. }) => Standing::Failed,
            Some(Outcome::Committed { rejected: 0, .. }) => Standing::Whole,
            Some(Outcome::Committed { rejected, .. }) => Standing::Partly { rejected: *rejected },
        }
    }
}

impl From<&Answer> for Outcome {
    fn from(answer: &Answer) -> Outcome {
        match answer.clone() {
            Answer::Committed { accepted, rejected, list } => Outcome::Committed { accepted, rejected, list },
            Answer::Failed { code, detail } => Outcome::Failed { code, detail },
            Answer::Unknown { code, detail } => Outcome::Unknown { code, detail },
        }
    }
}
