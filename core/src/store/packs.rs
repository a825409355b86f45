//! Reading records that lie with others in one blob.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};

use super::BlobStore;
use crate::model::Packed;
use crate::rope::BlobSource;

/// How many packs stay open: copies are made in the order their annotations lie in, so threads that work
/// side by side are in the same pack or in two that follow one another.
const OPEN: usize = 4;

/// The largest record that is read from a pack: a thousand times what a record of a script holds.
const LIMIT: u32 = 64 << 20;

/// The packs that were read from last, the newest first.
#[derive(Default)]
pub(super) struct OpenPacks(Mutex<VecDeque<([u8; 32], Arc<File>)>>);

impl OpenPacks {
    /// The bytes of one record. They are checked by whoever reads the record: its envelope has a CRC.
    pub(super) fn read(&self, blobs: &BlobStore, packed: &Packed) -> io::Result<Vec<u8>> {
        if packed.length > LIMIT {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{} bytes, which no record has", packed.length),
            ));
        }
        let file = self.open(blobs, packed)?;
        // Bounded just above.
        let mut bytes = vec![0; usize::try_from(packed.length).unwrap_or(0)];
        file.read_exact_at(&mut bytes, u64::from(packed.offset))?;
        Ok(bytes)
    }

    fn open(&self, blobs: &BlobStore, packed: &Packed) -> io::Result<Arc<File>> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, file)) = open.iter().find(|(pack, _)| *pack == packed.pack.sha256) {
            return Ok(Arc::clone(file));
        }
        let file = Arc::new(blobs.open(&packed.pack)?);
        open.truncate(OPEN - 1);
        open.push_front((packed.pack.sha256, Arc::clone(&file)));
        Ok(file)
    }
}
