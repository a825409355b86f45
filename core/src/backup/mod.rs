//! Backup and restore: a whole data directory in one file.
//!
//! The file is a ZIP, stored, laid out by [`crate::zip`]; any ZIP tool reads it. Its entries, in order:
//!
//! | | |
//! |---|---|
//! | `backup.jsonl` | what this is, then a line for each entry that follows: name, length, CRC-32, SHA-256 |
//! | `journal.jsonl` | the journal up to the line of the backup |
//! | `secret` | what script ids are made with |
//! | `copiste.toml` | settings, where there are any; tokens as well, when they stand there |
//! | `blobs/ab/cdef…` | every blob that the lines and the records need |
//!
//! The database is left out: it is made again. Every byte of the file follows from `backup.jsonl`, or
//! is an entry with a digest there, so a restore compares all of them, reads no path that it did not
//! make itself, and takes nothing from a ZIP that was put together by anything else.

mod error;
mod listing;
mod restore;
mod write;

pub use error::{BackupError, RestoreError};
pub use restore::{Restored, restore};
pub use write::{Backed, backup};

use std::sync::atomic::AtomicBool;

/// What watches a backup or a restore while it runs.
pub trait Watch: Sync {
    /// So many entries and bytes are gone through.
    fn begin(&self, entries: u64, bytes: u64);

    /// One more entry, of so many bytes.
    fn advance(&self, bytes: u64);
}

/// A backup or a restore under way.
#[derive(Clone, Copy)]
pub struct Under<'a> {
    /// Who watches.
    pub watch: &'a dyn Watch,
    /// Ends it within one entry.
    pub cancel: &'a AtomicBool,
}

/// The settings' file of a data directory.
const SETTINGS: &str = "copiste.toml";

/// Bytes that are left free for what a file system needs for itself.
const MARGIN: u64 = 1 << 20;

/// Bytes that are free for us where a file or a folder lies.
fn available(place: &std::path::Path) -> std::io::Result<u64> {
    fail::fail_point!("backup-room", |bytes| Ok(bytes.and_then(|bytes| bytes.parse().ok()).unwrap_or(0)));
    let held = rustix::fs::statvfs(place)?;
    Ok(held.f_bavail.saturating_mul(held.f_frsize))
}
