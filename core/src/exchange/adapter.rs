//! What can be asked of a target, whichever way it is reached.

use std::time::Duration;

use super::rows::RejectedRow;
use crate::journal::{Target, Timestamp};

/// Names an export at its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportName {
    /// The exam's identifier.
    pub exam: String,
    /// The export's number.
    pub number: u64,
}

/// What a commit says of the whole export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// How many chunks; they are numbered from 1.
    pub chunks: u32,
    /// How many rows.
    pub rows: u64,
    /// SHA-256 of all chunk bodies, one after another.
    pub sha256: [u8; 32],
    /// Whether the rows take the place of all rows of the exam, or of those with the same keys only
    /// (an E3C, whose batches go one after another).
    pub replaces_all: bool,
}

/// What a commit answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Rows that count.
    pub accepted: u64,
    /// Rows that do not.
    pub rejected: Vec<RejectedRow>,
}

/// What a target holds of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// In which state.
    pub state: HeldState,
    /// Which chunks, from 1.
    pub chunks: Vec<u32>,
}

/// In which state a target holds an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldState {
    /// It never heard of it.
    Unheard,
    /// Chunks, and no commit.
    Open,
    /// It counts.
    Committed(Committed),
    /// A later export was committed, so this one never will be.
    Superseded,
}

/// Why one request had no answer that can be used. `detail` is in English and carries no personal data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It may work a little later: no connection, time-out, 429, 5xx, an answer that cannot be read.
    #[error("{code} {detail}")]
    Passing {
        /// `EXC-001` no connection, `EXC-002` no answer in time, `EXC-003` the target is busy or broken,
        /// `EXC-004` an answer that cannot be read.
        code: &'static str,
        /// What happened.
        detail: String,
        /// How long the target asks to be left alone.
        after: Option<Duration>,
    },
    /// It will not work, however often it is tried.
    #[error("{code} {detail}")]
    Final {
        /// `EXC-005` the target refuses, `EXC-006` it does not let us in.
        code: &'static str,
        /// What happened.
        detail: String,
    },
    /// 409: published already, or superseded by a later export; asking says which.
    #[error("EXC-007 the target does not take it any more: it is published, or a later export was committed")]
    TooLate,
    /// 422: what it holds is not what was said of it.
    #[error("EXC-008 the target holds other rows than were sent")]
    Mismatch,
}

/// One way to reach one target. Requests may be repeated: each has the same effect twice as once.
pub trait Adapter: Send + Sync {
    /// Whom it reaches.
    fn target(&self) -> Target;

    /// Where it goes, for people; without secrets.
    fn place(&self) -> String;

    /// Hands over a chunk, from 1.
    ///
    /// # Errors
    /// [`Fault`]; so for all that follow.
    fn put_chunk(&self, export: &ExportName, number: u32, body: &[u8]) -> Result<(), Fault>;

    /// Makes the export count.
    ///
    /// # Errors
    /// [`Fault`].
    fn commit(&self, export: &ExportName, whole: &Whole) -> Result<Committed, Fault>;

    /// What the target holds of an export.
    ///
    /// # Errors
    /// [`Fault`].
    fn held(&self, export: &ExportName) -> Result<Held, Fault>;

    /// When the exam's results were published; none when they are not.
    ///
    /// # Errors
    /// [`Fault`].
    fn publication(&self, exam: &str) -> Result<Option<Timestamp>, Fault>;
}
