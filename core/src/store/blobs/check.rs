//! Looking at blobs: one against its reference, or all that there are.

use std::fs::{self, File, ReadDir};
use std::io::{self, Read};
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::BlobStore;
use crate::journal::hex;
use crate::model::BlobRef;

/// Why a blob is not what its reference says.
#[derive(Debug, thiserror::Error)]
pub enum BlobFault {
    /// It is not there.
    #[error("it is missing")]
    Missing,
    /// It has another length.
    #[error("it has {found} bytes instead of {expected}")]
    Length {
        /// Bytes there should be.
        expected: u64,
        /// Bytes there are.
        found: u64,
    },
    /// Its bytes have changed.
    #[error("its bytes have changed (SHA-256 differs)")]
    Digest,
    /// Its bytes are whole, the reference's CRC-32 is not theirs.
    #[error("its CRC-32 is not the reference's")]
    Crc,
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// A file in the blob folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobFile {
    /// Where it lies.
    pub path: PathBuf,
    /// The SHA-256 its name stands for; none when the name is not a blob's.
    pub sha256: Option<[u8; 32]>,
    /// Bytes.
    pub length: u64,
}

impl BlobFile {
    /// Reads it and says whether its bytes are those its name stands for.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn is_whole(&self) -> io::Result<bool> {
        let (found, _) = digests(&mut File::open(&self.path)?)?;
        Ok(self.sha256 == Some(found))
    }
}

impl BlobStore {
    /// Reads a whole blob and compares length, SHA-256 and CRC-32 with its reference.
    ///
    /// # Errors
    /// [`BlobFault`] says what does not hold.
    pub fn check(&self, blob: &BlobRef) -> Result<(), BlobFault> {
        let mut file = match File::open(self.path(&blob.sha256)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(BlobFault::Missing),
            Err(error) => return Err(error.into()),
        };
        let found = file.metadata()?.len();
        if found != blob.length {
            return Err(BlobFault::Length { expected: blob.length, found });
        }
        let (sha256, crc32) = digests(&mut file)?;
        if sha256 != blob.sha256 {
            return Err(BlobFault::Digest);
        }
        if crc32 != blob.crc32 {
            return Err(BlobFault::Crc);
        }
        Ok(())
    }

    /// Every file in the blob folders, folder by folder in order; within a folder in the file
    /// system's own order.
    ///
    /// # Errors
    /// Whatever the file system says, here or at each step.
    pub fn files(&self) -> io::Result<BlobFiles> {
        let mut folders = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            let name = entry.file_name();
            if let Some(name) = name.to_str().filter(|name| hex::decode::<1>(name).is_some()) {
                folders.push((name.to_owned(), entry.path()));
            }
        }
        folders.sort_unstable();
        folders.reverse();
        Ok(BlobFiles { folders, open: None })
    }
}

/// Iterator over [`BlobStore::files`].
pub struct BlobFiles {
    /// Still to be read, the next one last.
    folders: Vec<(String, PathBuf)>,
    open: Option<(String, ReadDir)>,
}

impl Iterator for BlobFiles {
    type Item = io::Result<BlobFile>;

    fn next(&mut self) -> Option<io::Result<BlobFile>> {
        loop {
            if let Some((folder, entries)) = &mut self.open
                && let Some(entry) = entries.next()
            {
                let folder = folder.clone();
                return Some(entry.and_then(|entry| {
                    let name = entry.file_name();
                    let sha256 = name.to_str().and_then(|name| hex::decode(&(folder + name)));
                    Ok(BlobFile { path: entry.path(), sha256, length: entry.metadata()?.len() })
                }));
            }
            let (folder, path) = self.folders.pop()?;
            match fs::read_dir(path) {
                Ok(entries) => self.open = Some((folder, entries)),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// SHA-256 and CRC-32 of what is left of a file.
fn digests(file: &mut File) -> io::Result<([u8; 32], u32)> {
    let mut buffer = vec![0; 256 * 1024];
    let (mut sha256, mut crc32) = (Sha256::new(), crc32fast::Hasher::new());
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok((sha256.finalize().into(), crc32.finalize())),
            Ok(length) => {
                sha256.update(&buffer[..length]);
                crc32.update(&buffer[..length]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
