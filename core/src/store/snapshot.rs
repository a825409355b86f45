//! What a data directory is made of at one line of its journal: what a backup has to hold.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use super::open::JOURNAL;
use super::secret::FILE as SECRET;
use super::verify::references_of;
use super::{Store, StoreError};
use crate::model::BlobRef;

/// The state of a data directory after one line. The blobs it names stay where they are as long as the
/// store is open: they never change, and a purge needs the store to itself.
pub struct Snapshot {
    /// The journal's file; it is only ever appended to.
    pub journal: PathBuf,
    /// Its bytes up to the line.
    pub journal_bytes: u64,
    /// The line's number; 0 before the first.
    pub line: u64,
    /// The line's SHA-256; zeros before the first.
    pub head: [u8; 32],
    /// The file with the secret.
    pub secret: PathBuf,
    /// Every blob that the lines and the records need, and who needs it, in the order of their digests.
    pub blobs: Vec<(BlobRef, String)>,
}

impl Store {
    /// Takes stock. Commands wait meanwhile; readers do not.
    ///
    /// # Errors
    /// [`StoreError`], also when a record or a line cannot be read: what it needs is not known then.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if writer.halted {
            return Err(StoreError::Inconsistent {
                detail: "a line is in the journal that it could not take".to_owned(),
            });
        }
        let references = references_of(self)?;
        let journal = &writer.journal;
        Ok(Snapshot {
            journal: self.dir.join(JOURNAL),
            journal_bytes: journal.length(),
            line: journal.last(),
            head: journal.head(),
            secret: self.dir.join(SECRET),
            blobs: references.all().map(|(blob, who)| (blob, who.to_owned())).collect(),
        })
    }

    /// The data directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The last line of the journal: its number and its SHA-256.
    pub fn last_line(&self) -> (u64, [u8; 32]) {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        (writer.journal.last(), writer.journal.head())
    }
}

/// A folder that is being filled to become a data directory.
pub struct Nursery {
    dir: PathBuf,
    _lock: super::lock::Lock,
}

impl Nursery {
    /// Makes the folder, empty: what an earlier process left in it is removed.
    ///
    /// # Errors
    /// [`super::OpenError::Locked`] while another process fills it.
    pub fn open(dir: &Path) -> Result<Nursery, super::OpenError> {
        let io = |act| move |source: io::Error| super::OpenError::Io { act, path: dir.to_owned(), source };
        fs::create_dir_all(dir).map_err(io("make"))?;
        let lock = super::lock::Lock::take(dir)?;
        for entry in fs::read_dir(dir).map_err(io("read"))? {
            let entry = entry.map_err(io("read"))?;
            if entry.file_name() == "lock" {
                continue;
            }
            let is_dir = entry.file_type().map_err(io("read"))?.is_dir();
            let removed =
                if is_dir { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
            removed.map_err(io("clear"))?;
        }
        Ok(Nursery { dir: dir.to_owned(), _lock: lock })
    }

    /// Its blobs.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn blobs(&self) -> io::Result<super::BlobStore> {
        super::BlobStore::open_in(&self.dir.join(super::open::BLOBS))
    }
}
