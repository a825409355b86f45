//! Content-addressed blobs: scans and the files of bundles, `blobs/ab/cdef…` by SHA-256.
//!
//! A blob never changes. It is written under a temporary name, made durable in a group, renamed,
//! and its folder is made durable: what has its name is whole.

mod batch;
mod check;

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

pub use batch::BlobBatch;
pub use check::{BlobFault, BlobFile, BlobFiles};

use crate::journal::hex;
use crate::model::BlobRef;
use crate::rope::BlobSource;

/// Takes bytes into the blob store.
pub trait BlobSink: Sync {
    /// Stores the bytes, once, whoever brings them. They are durable after the batch they
    /// belong to is sealed.
    ///
    /// # Errors
    /// Whatever the file system says.
    fn put(&self, bytes: &[u8]) -> io::Result<BlobRef>;
}

/// The folder of temporary names. Not two hexadecimal digits, so never a blob's folder.
const INCOMING: &str = "incoming";

/// The blobs of a data directory.
pub struct BlobStore {
    dir: PathBuf,
    /// Blobs that this process has seen durable.
    known: Mutex<HashSet<[u8; 32]>>,
    batches: std::sync::atomic::AtomicU64,
}

impl BlobStore {
    /// Opens the folder, made when it is missing, and removes what a killed process left half
    /// written. The data directory's lock must be held.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn open_in(dir: &Path) -> io::Result<BlobStore> {
        let incoming = dir.join(INCOMING);
        fs::create_dir_all(&incoming)?;
        for entry in fs::read_dir(&incoming)? {
            fs::remove_file(entry?.path())?;
        }
        File::open(dir)?.sync_all()?;
        Ok(BlobStore { dir: dir.to_owned(), known: Mutex::default(), batches: 0.into() })
    }

    /// Begins a batch of new blobs.
    pub fn begin(&self) -> BlobBatch<'_> {
        BlobBatch::new(self)
    }

    /// Where a blob lies.
    pub fn path(&self, sha256: &[u8; 32]) -> PathBuf {
        let name = hex::encode(sha256);
        let (folder, rest) = name.split_at(2);
        self.dir.join(folder).join(rest)
    }

    /// Removes a blob; one that is not there is removed already. See [`BlobStore::sync_folders`].
    ///
    /// # Errors
    /// Whatever the file system says.
    pub(super) fn remove(&self, sha256: &[u8; 32]) -> io::Result<()> {
        // Forgotten first: whoever brings it again must write it.
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(sha256);
        match fs::remove_file(self.path(sha256)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Makes durable which blobs there are.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub(super) fn sync_folders(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                File::open(entry.path())?.sync_all()?;
            }
        }
        File::open(&self.dir)?.sync_all()
    }

    /// Whether this process has seen the blob durable.
    fn is_known(&self, sha256: &[u8; 32]) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).contains(sha256)
    }

    fn note_known(&self, blobs: impl IntoIterator<Item = [u8; 32]>) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).extend(blobs);
    }
}

impl BlobSource for BlobStore {
    fn open(&self, blob: &BlobRef) -> io::Result<File> {
        File::open(self.path(&blob.sha256))
    }
}
