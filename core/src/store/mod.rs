//! The store: sled tables, rkyv records, scan blobs, search, journal-driven commits.
//!
//! A data directory:
//!
//! | | |
//! |---|---|
//! | `lock` | held by the one process that works in it; carries its number |
//! | `secret` | 32 bytes that script ids are made with (mode 0600) |
//! | `journal.jsonl` | every act, in order: see [`crate::journal`] |
//! | `journal-cut-…` | what a crash left of a line, kept aside |
//! | `blobs/ab/cdef…` | scans and bundle files by SHA-256; `blobs/incoming` while they are written |
//! | `db/` | the sled database, which the journal and the blobs can make again |
//! | `jobs/` | copies made on the server's disk; a purge takes all of them away |
//! | `plans/` | what archives were planned to be; made again when it is missing: see [`crate::bulk`] |
//! | `db.new`, `db.past` | for a moment, while a purge makes the database anew: see [`forget`] |
//!
//! Accounts and tokens lie beside the exams, and no purge touches them.
//!
//! Records have keys that begin with a *generation*. An import writes a new generation beside the
//! old one and then, in one transaction, makes it the exam's own: a reader's [`ExamView`] stays on
//! the generation it began with, and a crash leaves either the old or the new.
//!
//! *Architecture Invariant:* nothing outside this folder names sled or rkyv's archive functions;
//! nothing in here knows what a bundle looks like (that is [`Load`]'s business) or what a PDF is.

mod apply;
mod blobs;
mod consultation;
mod error;
mod execute;
mod forget;
mod generation;
mod history;
mod holdings;
mod inspected;
mod leaves;
mod lock;
mod meta;
mod moments;
mod open;
mod packs;
mod people;
mod people_refusal;
mod purges;
mod record;
mod refusal;
mod search;
mod secret;
mod snapshot;
mod tables;
mod verify;
mod view;

use std::io;
use std::path::Path;

pub use blobs::{BlobBatch, BlobFault, BlobFile, BlobFiles, BlobSink, BlobStore};
pub use consultation::day;
pub use error::{ExecuteError, OpenError, StoreError};
pub use execute::{Executed, Store};
pub use forget::{Forgotten, Left};
pub use history::{History, Told};
pub use holdings::{Holdings, Load, LoadError, Scripts};
pub use inspected::{Inspected, Seen};
pub use moments::Transmissions;
pub use people_refusal::PeopleRefusal;
pub use record::{
    ArchivedExamEntry, ArchivedInspectionRecord, ArchivedTally, ArchivedWaiting, Attempt, ExamEntry, Export,
    Few, Hold, InspectionRecord, Kept, Life, Outcome, Purged, Record, RecordFault, SHOWN, Standing, Tally,
    VALUE_LIMIT, Waiting,
};
pub use refusal::Refusal;
pub use search::{Search, SearchPage};
pub use snapshot::{Nursery, Snapshot};
pub use tables::{Records, Together};
pub use verify::{Finding, VerifyReport, verify, verify_until};
pub use view::{Annotations, DamagedPage, ExamView};

/// Asked, from any thread, whether to stop: whoever waits for a long task wants it no longer.
pub type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

/// Nobody stops it.
pub const NEVER: Stop<'static> = &|| false;

/// How a data directory is opened.
#[derive(Clone)]
pub struct OpenOptions {
    /// Reads an import back from its blobs: `copiste_core::intake::load`.
    pub load: Load,
    /// Draws 32 random bytes for a new data directory's secret.
    pub secret: fn() -> io::Result<[u8; 32]>,
    /// Memory for sled's cache, in bytes. [`OpenOptions::new`] says 1 MiB, since what sled lets go
    /// stays in the page cache, and most of what is read is read once.
    pub cache_bytes: u64,
}

impl OpenOptions {
    /// The usual options.
    pub fn new(load: Load, secret: fn() -> io::Result<[u8; 32]>) -> OpenOptions {
        OpenOptions { load, secret, cache_bytes: 1 << 20 }
    }

    /// For who looks single records up for as long as a data directory is open. What leads to the records of a
    /// large database is some hundredth of it, and has to stay in memory, or each look reads it anew.
    pub fn for_lookups(self, data: &Path) -> OpenOptions {
        // A database that is not there yet is small.
        let held = std::fs::metadata(data.join(open::DATABASE).join("db")).map_or(0, |held| held.len());
        OpenOptions { cache_bytes: (held / 32).clamp(1 << 20, 32 << 20), ..self }
    }
}
