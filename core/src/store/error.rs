//! What can go wrong in the store, shaped by operation.

use std::io;
use std::path::PathBuf;

use super::holdings::LoadError;
use super::record::RecordFault;
use super::refusal::Refusal;
use crate::journal::JournalError;

/// Why a data directory cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error(
        "STO-001 the data directory {} is in use by process {}; wait for it to end, or stop it",
        .dir.display(),
        .pid.map_or_else(|| "?".to_owned(), |pid| pid.to_string())
    )]
    Locked {
        /// The data directory.
        dir: PathBuf,
        /// Who holds it, when it says so.
        pid: Option<u32>,
    },
    /// The file system refuses.
    #[error("STO-002 cannot {act} {}: {source}", .path.display())]
    Io {
        /// What was tried.
        act: &'static str,
        /// On what.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// sled cannot open the database, or panicked over it.
    #[error(
        "STO-003 the database {} cannot be read: {detail}; the journal and the scans hold everything it \
         held: `copiste rebuild` makes it again",
        .path.display()
    )]
    Database {
        /// Its folder.
        path: PathBuf,
        /// What sled said.
        detail: String,
    },
    /// There is a journal, and no database.
    #[error(
        "STO-004 the data directory has a journal of {lines} lines and no database; `copiste rebuild` makes \
         it again"
    )]
    DatabaseMissing {
        /// How many lines the journal has.
        lines: u64,
    },
    /// The database knows of more lines than the journal has, or of another line.
    #[error(
        "STO-005 the journal ends at line {journal}, the database had applied line {applied}: lines were lost \
         or changed; restore journal.jsonl from a backup"
    )]
    JournalBehind {
        /// The journal's last line.
        journal: u64,
        /// The last line the database applied.
        applied: u64,
    },
    /// The database does not hold what the journal says it must.
    #[error(
        "STO-006 exam {exam} has {found} {what} in the database, the journal says {expected}: the database \
         is damaged; `copiste verify` says where, `copiste rebuild` makes it again"
    )]
    Counts {
        /// The exam.
        exam: String,
        /// Which records.
        what: &'static str,
        /// How many there must be.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// The database does not hold the accounts or tokens that the journal says it must.
    #[error(
        "STO-006 the database has {found} {what}, the journal says {expected}: the database is damaged; \
         `copiste verify` says where, `copiste rebuild` makes it again"
    )]
    PeopleCounts {
        /// Which records.
        what: &'static str,
        /// How many there must be.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// The data directory has lines or records, and its secret is gone.
    #[error(
        "STO-007 the secret of the data directory is {state}; without it script ids would change: restore \
         the file `secret` from a backup"
    )]
    Secret {
        /// `missing`, or how it is wrong.
        state: &'static str,
    },
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A line that was journalled before a crash cannot be applied.
    #[error("STO-008 line {line} of the journal cannot be applied: {source}")]
    Replay {
        /// The line.
        line: u64,
        /// Why.
        source: Box<ExecuteError>,
    },
    /// There is a database where one is to be made.
    #[error("STO-009 the database is not empty; move the folder db out of the way first")]
    DatabaseInUse,
    /// A record that opening needs cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why records or blobs cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// sled refuses.
    #[error("STO-010 the database refuses: {0}; nothing more is written, start again once that is mended")]
    Database(#[from] sled::Error),
    /// A record is not what it should be.
    #[error(
        "STO-011 {what} cannot be read: {fault}; `copiste verify` says what else, `copiste rebuild` mends"
    )]
    Record {
        /// Which record, by its number or id; no personal data.
        what: String,
        /// What does not hold.
        fault: RecordFault,
    },
    /// A blob that the store itself needs cannot be read or written.
    #[error("STO-012 cannot {act}: {source}")]
    Blob {
        /// What was tried, naming the blob.
        act: String,
        /// What the file system said.
        source: io::Error,
    },
    /// The database does not hold what it promised.
    #[error("STO-013 the database contradicts itself: {detail}; `copiste verify` says where")]
    Inconsistent {
        /// What was found; no personal data.
        detail: String,
    },
    /// Whoever asked wants no answer any more.
    #[error(
        "STO-014 the check was stopped before its end; nothing was changed; `copiste verify` begins anew"
    )]
    Stopped,
}

/// Why a command was not executed. Nothing has changed, except after [`ExecuteError::Unapplied`].
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// There is no such exam.
    #[error("STO-020 there is no exam {exam}; nothing was changed")]
    NoSuchExam {
        /// The identifier that was given.
        exam: String,
    },
    /// There is no such script or page.
    #[error(
        "STO-021 exam {exam}: candidate {candidate} has no script with a page {page}; nothing was changed"
    )]
    NoSuchPage {
        /// The exam.
        exam: String,
        /// The candidate's number.
        candidate: String,
        /// The page, from 1.
        page: u32,
    },
    /// An undamaged page needs no one's acceptance.
    #[error("STO-022 exam {exam}: page {page} of candidate {candidate} is not damaged; nothing was changed")]
    NotDamaged {
        /// The exam.
        exam: String,
        /// The candidate's number.
        candidate: String,
        /// The page, from 1.
        page: u32,
    },
    /// A record does not fit the database.
    #[error(
        "STO-023 exam {exam}: {what} has a record of {length} bytes, more than the {limit} that fit; nothing \
         was changed; shorten its texts or its number of pages"
    )]
    RecordTooLarge {
        /// The exam.
        exam: String,
        /// `the script of candidate …` and the like; no personal data.
        what: String,
        /// Bytes of the record without its annotations.
        length: usize,
        /// Bytes that fit.
        limit: usize,
    },
    /// The command and the blobs it names contradict each other.
    #[error("STO-024 exam {exam}: {detail}; nothing was changed")]
    Contradiction {
        /// The exam.
        exam: String,
        /// What does not agree; no personal data.
        detail: String,
    },
    /// Somebody else's command came between.
    #[error(
        "STO-027 exam {exam} was changed meanwhile; nothing was done: look at it again and repeat the command"
    )]
    Changed {
        /// The exam.
        exam: String,
    },
    /// Whoever gave the command takes it back.
    #[error("STO-028 {about}: the command was stopped before its journal line; nothing was changed")]
    Stopped {
        /// What it was about: `exam …`.
        about: String,
    },
    /// The rules of the trade say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The blobs of an import do not give its content.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The journal cannot take the line.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Reading or staging failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The line is in the journal, the database could not take it.
    #[error(
        "STO-025 line {line} is in the journal, but the database could not take it: {source}; it will be \
         applied when the data directory is opened next, and nothing more is accepted until then"
    )]
    Unapplied {
        /// The line.
        line: u64,
        /// Why.
        source: StoreError,
    },
    /// An earlier command could not be applied.
    #[error("STO-026 an earlier command could not be applied; open the data directory again first")]
    Halted,
}

impl StoreError {
    /// A record that cannot be read, with the words that name it.
    pub(crate) fn record(what: impl Into<String>) -> impl FnOnce(RecordFault) -> StoreError {
        let what = what.into();
        move |fault| StoreError::Record { what, fault }
    }
}
