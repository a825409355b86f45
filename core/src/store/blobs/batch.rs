//! Writing blobs in groups.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fail::fail_point;
use sha2::{Digest, Sha256};

use super::{BlobSink, BlobStore, INCOMING};
use crate::model::BlobRef;

/// A group is made durable and named once it holds this many bytes: enough to make one sync worth
/// its while, little enough that a killed import has not lost much.
const GROUP_BYTES: u64 = 512 << 20;

/// … or this many blobs.
const GROUP_BLOBS: usize = 16_384;

/// Up to this many files, one fsync each is cheaper than syncing the whole file system.
const FEW: usize = 8;

/// [`BlobBatch::put_file`] reads up to this much into memory.
const IN_MEMORY: u64 = 8 << 20;

/// New blobs on their way in. Threads share it; what they put is durable, and has its name, when
/// [`BlobBatch::seal`] has returned. A batch that is dropped instead leaves nothing half written.
pub struct BlobBatch<'s> {
    store: &'s BlobStore,
    /// Number of this batch, for its temporary names.
    number: u64,
    files: AtomicU64,
    /// Bytes of the blobs that were new.
    written: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What this batch was given, sealed or not.
    seen: HashSet<[u8; 32]>,
    /// Written under a temporary name, not durable yet.
    pending: HashMap<[u8; 32], PathBuf>,
    pending_bytes: u64,
    /// Folders whose entries are not durable yet.
    folders: BTreeSet<u8>,
    /// A blob could not be written, so the batch as a whole cannot be sealed: whoever put the
    /// same bytes at the same time was told that they are here.
    failed: bool,
}

impl<'s> BlobBatch<'s> {
    pub(super) fn new(store: &'s BlobStore) -> BlobBatch<'s> {
        let number = store.batches.fetch_add(1, Ordering::Relaxed);
        BlobBatch {
            store,
            number,
            files: AtomicU64::new(0),
            written: AtomicU64::new(0),
            state: Mutex::default(),
        }
    }

    /// How many blobs were new so far, and their bytes; what was here already is not counted.
    pub fn written(&self) -> (u64, u64) {
        (self.files.load(Ordering::Relaxed), self.written.load(Ordering::Relaxed))
    }

    /// Stores `length` bytes of a file from `offset`, streaming what is large. The file's own
    /// position is not used.
    ///
    /// # Errors
    /// Whatever the file system says; [`io::ErrorKind::UnexpectedEof`] when the file is shorter;
    /// [`io::ErrorKind::InvalidData`] when it changes while being read.
    pub fn put_file(&self, file: &File, offset: u64, length: u64) -> io::Result<BlobRef> {
        if length <= IN_MEMORY {
            // Bounded by IN_MEMORY.
            let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
            file.read_exact_at(&mut bytes, offset)?;
            return self.put(&bytes);
        }
        // Read twice, so that what is here already is not written again.
        let blob = stream(file, offset, length, |_| Ok(()))?;
        self.take(blob, |target| {
            let copied = stream(file, offset, length, |piece| target.write_all(piece))?;
            if copied != blob {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the file changed while it was read"));
            }
            Ok(())
        })?;
        Ok(blob)
    }

    /// Makes everything durable and gives it its names.
    ///
    /// # Errors
    /// Whatever the file system says, now or at an earlier [`BlobSink::put`]. Then some blobs may
    /// have their names and others not; none is half written, and putting them again is right.
    pub fn seal(self) -> io::Result<()> {
        self.seal_group()?;
        let (folders, seen) = {
            let mut state = self.state();
            if state.failed {
                return Err(io::Error::other("an earlier blob of this batch could not be written"));
            }
            (std::mem::take(&mut state.folders), std::mem::take(&mut state.seen))
        };
        fail_point!("blobs-sync-folders", |_| Err(io::Error::from_raw_os_error(28)));
        if folders.len() > FEW {
            rustix::fs::syncfs(File::open(&self.store.dir)?)?;
        } else {
            for folder in folders {
                File::open(self.store.dir.join(format!("{folder:02x}")))?.sync_all()?;
            }
            File::open(&self.store.dir)?.sync_all()?;
        }
        self.store.note_known(seen);
        Ok(())
    }

    /// Puts a blob under a temporary name unless it is here already.
    fn take(&self, blob: BlobRef, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
        if self.store.is_known(&blob.sha256) || !self.state().seen.insert(blob.sha256) {
            return Ok(());
        }
        let taken = self.write(blob, write);
        if taken.is_err() {
            self.state().failed = true;
        }
        if taken? {
            self.seal_group()?;
        }
        Ok(())
    }

    /// Writes a new blob; true when the group is full.
    fn write(&self, blob: BlobRef, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<bool> {
        let folder = blob.sha256[0];
        match fs::metadata(self.store.path(&blob.sha256)) {
            Ok(held) if held.len() == blob.length => {
                // Named already, perhaps a moment ago by another batch: its entry may not be durable.
                self.state().folders.insert(folder);
                return Ok(false);
            }
            // Another length cannot be these bytes: it is damaged, and replaced.
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        let temporary = self.store.dir.join(INCOMING).join(format!("{}-{number}", self.number));
        let written = (|| {
            fail_point!("blobs-put", |_| Err(io::Error::from_raw_os_error(28)));
            let mut file = OpenOptions::new().write(true).create_new(true).open(&temporary)?;
            write(&mut file)
        })();
        if let Err(error) = written {
            // Whatever was written of it is in the way of the next attempt; the error that counts
            // is the first one.
            let _ = fs::remove_file(&temporary);
            return Err(error);
        }
        self.written.fetch_add(blob.length, Ordering::Relaxed);
        let mut state = self.state();
        state.pending.insert(blob.sha256, temporary);
        state.pending_bytes += blob.length;
        state.folders.insert(folder);
        Ok(state.pending_bytes >= GROUP_BYTES || state.pending.len() >= GROUP_BLOBS)
    }

    /// Makes the bytes of what is pending durable, then gives it its names.
    fn seal_group(&self) -> io::Result<()> {
        let pending = {
            let mut state = self.state();
            state.pending_bytes = 0;
            std::mem::take(&mut state.pending)
        };
        let sealed = self.name(&pending);
        if sealed.is_err() {
            self.state().failed = true;
            for temporary in pending.values() {
                // Those that have their names are gone from here; the rest must not stay.
                let _ = fs::remove_file(temporary);
            }
        }
        sealed
    }

    fn name(&self, pending: &HashMap<[u8; 32], PathBuf>) -> io::Result<()> {
        if pending.is_empty() {
            return Ok(());
        }
        fail_point!("blobs-sync", |_| Err(io::Error::from_raw_os_error(28)));
        if pending.len() > FEW {
            rustix::fs::syncfs(File::open(&self.store.dir)?)?;
        } else {
            for temporary in pending.values() {
                File::open(temporary)?.sync_all()?;
            }
        }
        fail_point!("blobs-rename", |_| Err(io::Error::from_raw_os_error(28)));
        for (sha256, temporary) in pending {
            let path = self.store.path(sha256);
            match fs::rename(temporary, &path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    // The first blob of its folder.
                    fs::create_dir_all(path.parent().unwrap_or(&self.store.dir))?;
                    fs::rename(temporary, &path)?;
                }
                other => other?,
            }
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BlobSink for BlobBatch<'_> {
    fn put(&self, bytes: &[u8]) -> io::Result<BlobRef> {
        let blob = BlobRef {
            sha256: Sha256::digest(bytes).into(),
            length: bytes.len() as u64,
            crc32: crc32fast::hash(bytes),
        };
        self.take(blob, |file| file.write_all(bytes))?;
        Ok(blob)
    }
}

impl Drop for BlobBatch<'_> {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        for temporary in state.pending.values() {
            // Best effort: what stays is removed when the data directory is opened next.
            let _ = fs::remove_file(temporary);
        }
    }
}

/// Reads a stretch of a file piece by piece and says what it is.
fn stream(
    file: &File,
    offset: u64,
    length: u64,
    mut each: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<BlobRef> {
    let mut buffer = vec![0; 256 * 1024];
    let (mut sha256, mut crc32) = (Sha256::new(), crc32fast::Hasher::new());
    let mut done = 0;
    while done < length {
        let wanted = buffer.len().min(usize::try_from(length - done).unwrap_or(usize::MAX));
        let piece = &mut buffer[..wanted];
        file.read_exact_at(piece, offset + done)?;
        sha256.update(&*piece);
        crc32.update(piece);
        each(piece)?;
        done += wanted as u64;
    }
    Ok(BlobRef { sha256: sha256.finalize().into(), length, crc32: crc32.finalize() })
}
