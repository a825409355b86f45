//! Why there is no backup, or nothing was restored.

use std::io;
use std::path::PathBuf;

use crate::store::{BlobFault, OpenError, StoreError};
use crate::zip::ZipError;

/// Why there is no backup. No file of its name was left, and the data directory is as it was.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A backup is never written over.
    #[error("KEP-020 {} is there already; nothing was written; choose another name", .0.display())]
    Exists(PathBuf),
    /// Another backup is writing there.
    #[error("KEP-021 another backup is writing to {}; nothing was written; wait for it to end", .0.display())]
    Busy(PathBuf),
    /// What would be needed is not there.
    #[error(
        "KEP-022 blob {blob} of {who}: {fault}; a backup without it would be none, so none was written; restore \
         the blob, or import the exam again; `copiste verify` says what else is wrong"
    )]
    Blob {
        /// Its SHA-256.
        blob: String,
        /// Who needs it, by line or by candidate number.
        who: String,
        /// What is wrong with it.
        fault: BlobFault,
    },
    /// The disk is too small.
    #[error(
        "KEP-023 {needed} bytes are needed for {} and {available} are free; nothing was written; free some \
         space, or choose another place",
        .path.display()
    )]
    DiskShort {
        /// The file.
        path: PathBuf,
        /// Bytes it would have.
        needed: u64,
        /// Bytes there are.
        available: u64,
    },
    /// The file system refuses.
    #[error("KEP-024 cannot {act} {}: {source}; there is no backup", .path.display())]
    Io {
        /// What was tried.
        act: &'static str,
        /// On what.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// Somebody ended it.
    #[error("KEP-025 the backup was interrupted before its end; there is none")]
    Interrupted,
    /// More than a ZIP holds.
    #[error("KEP-026 the backup cannot be laid out: {0}; nothing was written")]
    Layout(#[from] ZipError),
    /// What is needed cannot be told.
    #[error("KEP-027 what a backup needs cannot be told: {0}; nothing was written")]
    Store(#[from] StoreError),
}

/// Why nothing was restored. There is no data directory then where there was none.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// There is something already.
    #[error("KEP-030 {} is there and not empty; nothing was restored; choose another place", .0.display())]
    Exists(PathBuf),
    /// Not one of ours.
    #[error("KEP-031 {} is not a backup of version 1: {detail}; nothing was restored", .path.display())]
    NotABackup {
        /// The file.
        path: PathBuf,
        /// What shows it.
        detail: String,
    },
    /// Bytes have changed.
    #[error(
        "KEP-032 the backup {} is damaged: {what}; nothing was restored; copy it again from where it was kept, \
         or take another backup",
        .path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Which entry, or which part of the archive.
        what: String,
    },
    /// The disk is too small.
    #[error(
        "KEP-033 {needed} bytes are needed in {} and {available} are free; nothing was restored; free some \
         space, or choose another place",
        .path.display()
    )]
    DiskShort {
        /// The folder beside the data directory.
        path: PathBuf,
        /// Bytes of all entries.
        needed: u64,
        /// Bytes there are.
        available: u64,
    },
    /// The file system refuses.
    #[error("KEP-034 cannot {act} {}: {source}; nothing was restored; restore again", .path.display())]
    Io {
        /// What was tried.
        act: &'static str,
        /// On what.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// Somebody ended it.
    #[error("KEP-035 the restoring was interrupted before its end; nothing was restored; restore again")]
    Interrupted,
    /// The database cannot be made of what was restored, or another process is at it.
    #[error("KEP-036 the data directory cannot be made: {0}; nothing was restored")]
    Open(#[from] OpenError),
}
