//! Whether the scans of an edition are there, asked before anything is written.

use std::collections::BTreeSet;
use std::io;
use std::sync::Mutex;

use super::error::CopyFault;
use crate::rope::{BlobSource, Rope, RopeError, Segment};

/// Remembers scans that were seen whole: those that many copies share are looked at once.
pub(super) struct ScanCheck<'a> {
    blobs: &'a dyn BlobSource,
    seen: Mutex<BTreeSet<[u8; 32]>>,
}

/// 4,096 × 32 bytes; the pool of a fixture and the globals of a scanner fit.
const REMEMBERED: usize = 4096;

impl<'a> ScanCheck<'a> {
    pub fn new(blobs: &'a dyn BlobSource) -> ScanCheck<'a> {
        ScanCheck { blobs, seen: Mutex::default() }
    }

    /// Opens every scan of the rope and compares its length.
    pub fn check(&self, rope: &Rope) -> Result<(), CopyFault> {
        for segment in rope.segments() {
            let Segment::Blob(blob) = segment else { continue };
            if self.seen.lock().is_ok_and(|seen| seen.contains(&blob.sha256)) {
                continue;
            }
            let held = self.blobs.open(blob).and_then(|file| file.metadata()).map(|data| data.len());
            let fault = match held {
                Ok(held) if held == blob.length => None,
                Ok(held) => Some(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    format!("{held} bytes instead of {}", blob.length),
                )),
                Err(source) => Some(source),
            };
            if let Some(source) = fault {
                return Err(CopyFault::Scan(RopeError::Scan { blob: *blob, source }));
            }
            if let Ok(mut seen) = self.seen.lock() {
                if seen.len() >= REMEMBERED {
                    seen.clear();
                }
                seen.insert(blob.sha256);
            }
        }
        Ok(())
    }
}
