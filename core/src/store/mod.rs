//! The store: sled tables, rkyv records, scan blobs, search, journal-driven commits.

mod blobs;
mod error;
mod generation;
mod holdings;
mod lock;
mod record;
mod search;
mod secret;
mod tables;
mod verify;
mod view;

use std::io;
use std::path::Path;
use std::sync::Arc;

pub use blobs::{BlobBatch, BlobFault, BlobFile, BlobFiles, BlobSink, BlobStore};
pub use error::{ExecuteError, OpenError, StoreError};
pub use holdings::{Holdings, Load, LoadError};
pub use record::{
    ArchivedExamEntry, ArchivedInspectionRecord, ExamEntry, InspectionRecord, Kept, Record, RecordFault,
    VALUE_LIMIT,
};
pub use tables::Records;
pub use verify::{Finding, VerifyReport, verify};
pub use view::{Annotations, DamagedPage, ExamView};

use crate::journal::{Actor, Command, Counts, Cut, Timestamp};
use crate::model::BlobRef;

/// How a data directory is opened.
#[derive(Clone)]
pub struct OpenOptions {
    /// Reads an import back from its blobs: `copiste_core::intake::load`.
    pub load: Load,
    /// Draws 32 random bytes for a new data directory's secret.
    pub secret: fn() -> io::Result<[u8; 32]>,
    /// Memory for sled's cache, in bytes. [`OpenOptions::new`] says 64 MiB.
    pub cache_bytes: u64,
}

impl OpenOptions {
    /// The usual options.
    pub fn new(load: Load, secret: fn() -> io::Result<[u8; 32]>) -> OpenOptions {
        OpenOptions { load, secret, cache_bytes: 64 << 20 }
    }
}

/// What executing a command did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Executed {
    /// Its journal line; none when everything was so already, and nothing was written.
    pub line: Option<u64>,
    /// The exam's counts now.
    pub counts: Counts,
}

/// A data directory, open.
pub struct Store {
    blobs: Arc<BlobStore>,
}

impl Store {
    /// Opens a data directory, made when it is missing: takes its lock, follows the journal's
    /// chain, applies what a crash left between journal and database, and compares the counts of
    /// every exam with the journal's.
    ///
    /// # Errors
    /// [`OpenError`] says what to do next.
    pub fn open(_dir: &Path, _options: &OpenOptions) -> Result<Store, OpenError> {
        unimplemented!()
    }

    /// Makes the database again: applies every line of the journal to an empty one.
    ///
    /// # Errors
    /// [`OpenError`]; also when the database is there and not empty.
    pub fn replay_all(_dir: &Path, _options: &OpenOptions) -> Result<Store, OpenError> {
        unimplemented!()
    }

    /// What a crash left of a journal line, when opening found such a thing.
    pub fn cut(&self) -> Option<&Cut> {
        unimplemented!()
    }

    /// The blobs.
    pub fn blobs(&self) -> &BlobStore {
        &self.blobs
    }

    /// Every exam, by id.
    ///
    /// # Errors
    /// [`StoreError`] when a record cannot be read.
    pub fn exams(&self) -> Result<Vec<ExamView>, StoreError> {
        unimplemented!()
    }

    /// One exam.
    ///
    /// # Errors
    /// [`StoreError`] when its record cannot be read.
    pub fn exam(&self, _id: &str) -> Result<Option<ExamView>, StoreError> {
        unimplemented!()
    }

    /// Executes a command: prepares it, appends it to the journal, applies it, commits. One at a
    /// time; readers go on meanwhile.
    ///
    /// A command that changes nothing (the same bundle again, a page accepted already) leaves no
    /// line.
    ///
    /// # Errors
    /// [`ExecuteError`]; nothing has changed then, except after [`ExecuteError::Unapplied`].
    pub fn execute(
        &self,
        _command: &Command,
        _actor: &Actor,
        _at: Timestamp,
    ) -> Result<Executed, ExecuteError> {
        unimplemented!()
    }

    /// Keeps what inspection found, all of it at once, durably. Not journalled: it can be found
    /// again.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot take it.
    pub fn record_inspections(&self, _found: &[(BlobRef, InspectionRecord)]) -> Result<(), StoreError> {
        unimplemented!()
    }
}
