//! What stops a job, and what costs it one copy.

use std::io;
use std::path::PathBuf;

use crate::render::RenderError;
use crate::rope::RopeError;
use crate::store::StoreError;
use crate::zip::ZipError;

/// Why a job was not begun. Nothing was written, except after [`BulkError::Write`].
#[derive(Debug, thiserror::Error)]
pub enum BulkError {
    /// None of its scripts may be rendered.
    #[error(
        "BLK-000 exam {exam} has no script that may be rendered yet; nothing was written; `copiste status` says \
         what is missing, `copiste {close_by}` comes next"
    )]
    NotClosed {
        /// The exam.
        exam: String,
        /// The command that makes its scripts renderable.
        close_by: &'static str,
    },
    /// No such school in the exam.
    #[error("BLK-001 no candidate's school has the UAI {school}; nothing was written; check the code")]
    NoSuchSchool {
        /// What was asked for.
        school: String,
    },
    /// Candidates asked for by number that the exam does not have.
    #[error("BLK-002 the exam has no candidate {}; nothing was written; check the numbers", .numbers.join(", "))]
    NoSuchCandidate {
        /// Those that were not found.
        numbers: Vec<String>,
    },
    /// Destroyed, because their consultation was over.
    #[error(
        "KEP-007 exam {exam} was purged on {on}: {} not here any more; nothing was written",
        if .numbers.is_empty() { "its copies are".to_owned() } else {
            format!("of the copies asked for, these are (candidates {})", .numbers.join(", "))
        }
    )]
    Purged {
        /// The exam.
        exam: String,
        /// The day.
        on: String,
        /// Those asked for by number that are gone; empty when no copy is left at all.
        numbers: Vec<String>,
    },
    /// The disk is too small.
    #[error(
        "BLK-003 {needed} bytes are needed in {} and {available} are free: {} more are needed; nothing was \
         written; free some space, or choose another place",
        .path.display(),
        .needed - .available
    )]
    DiskShort {
        /// Where it would have been written.
        path: PathBuf,
        /// Bytes the job needs.
        needed: u64,
        /// Bytes there are.
        available: u64,
    },
    /// The place cannot be written to.
    #[error("BLK-004 cannot {act} {}: {source}; {kept}", .path.display())]
    Place {
        /// What was tried.
        act: &'static str,
        /// On what. Never a copy's own path: that bears a name.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
        /// What there is afterwards.
        kept: &'static str,
    },
    /// Another job is writing there.
    #[error("BLK-005 another render is writing to {}; wait for it to end, or stop it", .path.display())]
    Busy {
        /// Where.
        path: PathBuf,
    },
    /// The system gives no threads.
    #[error("BLK-006 cannot start {threads} threads: {detail}; nothing was written; ask for fewer")]
    Threads {
        /// How many were wanted.
        threads: usize,
        /// What the system said.
        detail: String,
    },
    /// The copies do not fit the ZIP format.
    #[error(
        "BLK-007 the archive cannot be laid out: {0}; nothing was written; choose a directory, or one school"
    )]
    Layout(#[from] ZipError),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is known of the copies cannot be put aside, or not be read back.
    #[error(
        "BLK-010 the list of copies cannot be put aside in {}: {source}; nothing is missing from the store; \
         free some space there and render again, with --resume to keep what is whole",
        .path.display()
    )]
    Aside {
        /// The folder.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// Cancelled before there was anything to keep.
    #[error("BLK-008 cancelled while planning; nothing was written")]
    Cancelled,
}

/// What costs a job one copy; the others go on. The texts name no one: the report puts the
/// candidate's number beside them.
#[derive(Debug, thiserror::Error)]
pub enum CopyFault {
    /// Its record cannot be read.
    #[error("BLK-021 its record cannot be read: {0}")]
    Record(#[from] StoreError),
    /// It refers to a record that is not there.
    #[error("BLK-022 its {what} is not in the store; `copiste verify` says what else is missing")]
    Gone {
        /// Which record.
        what: &'static str,
    },
    /// It cannot be drawn or composed.
    #[error("BLK-023 {0}")]
    Render(#[from] RenderError),
    /// A scan is missing or short.
    #[error("BLK-024 {0}; `copiste verify` says what else is missing")]
    Scan(RopeError),
    /// A renderer panicked.
    #[error("BLK-025 its rendering ended in a panic; this is a fault of copiste: please report it")]
    Panic,
    /// What was composed is not what was planned.
    #[error("BLK-026 its edition is not the one that was planned; render again")]
    Changed,
    /// The finished file cannot be put in its place.
    #[error("BLK-027 its file cannot be put in place: {0}")]
    Placing(io::Error),
    /// What was written does not have the checksum that was planned: a scan's bytes changed.
    #[error("BLK-028 a scan's bytes are not those that were taken in; `copiste verify` says which")]
    Altered,
}

/// What ends a job before its end; what is whole is kept.
#[derive(Debug, thiserror::Error)]
pub enum StopFault {
    /// The disk is full after all.
    #[error(
        "BLK-031 the disk is full; what was whole is kept; free some space and render again with --resume"
    )]
    DiskFull,
    /// The target cannot be written.
    #[error(
        "BLK-032 cannot write: {0}; what was whole is kept; render again with --resume once it is mended"
    )]
    Io(io::Error),
}

impl StopFault {
    /// From what the file system said.
    pub(super) fn of(source: io::Error) -> StopFault {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StopFault::DiskFull,
            _ => StopFault::Io(source),
        }
    }
}

/// The stable code at the start of an error's text.
pub(super) fn code(text: &str) -> &str {
    text.split(' ').next().unwrap_or_default()
}
