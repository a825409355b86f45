//! Why a reader does not get what it asked for.

use std::io;

use super::error::BulkError;
use super::report::{Failure, Refusal};

/// Why giving out ended before its end. What was given out until then is what was planned; nothing is
/// padded, and nothing else follows.
#[derive(Debug, thiserror::Error)]
pub enum PourError {
    /// A copy is no longer what was planned, or cannot be made, or one of its scans is missing.
    #[error(
        "BLK-041 the copy of candidate {} cannot be given out: {}; what came before it is whole; ask for it \
         anew",
        .0.candidate,
        .0.detail
    )]
    Copy(Failure),
    /// What was put aside when the archive was planned cannot be read back.
    #[error(
        "BLK-042 the list of copies cannot be read back: {0}; what was given out is whole; ask for the \
         archive anew"
    )]
    List(#[from] io::Error),
    /// The reader takes no more.
    #[error("BLK-043 the reader takes no more: {0}; what it has is whole, and it may go on from there")]
    Reader(#[source] io::Error),
    /// There are no such bytes.
    #[error(
        "BLK-044 bytes {start} to {end} were asked for, of {length}; nothing was given out; ask for bytes \
         that there are"
    )]
    Range {
        /// The first byte asked for.
        start: u64,
        /// One past the last.
        end: u64,
        /// Bytes there are.
        length: u64,
    },
}

/// Why there is no copy to be given out. No personal data.
#[derive(Debug, thiserror::Error)]
pub enum OneCopyError {
    /// The exam's copies are not there yet, or not any more, or it has no such candidate.
    #[error(transparent)]
    Exam(#[from] BulkError),
    /// This copy may not be rendered, or there is none.
    #[error("{}; no copy was made", .0.reason)]
    Refused(Refusal),
    /// It cannot be made.
    #[error("BLK-045 the copy of candidate {} cannot be made: {}; nothing was given out", .0.candidate, .0.detail)]
    Failed(Failure),
}
