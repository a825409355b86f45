//! What writing to a directory and writing to an archive have in common.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::error::{BulkError, CopyFault, StopFault};
use super::plan::Plan;
use super::report::{Ending, Report};
use super::workshop::Workshop;
use crate::journal::hex;
use crate::rope::{BlobSource, Rope, RopeError, write_to_file};
use crate::zip::PlannedEntry;

/// How to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteOptions {
    /// Keep what an earlier job left whole and is still current.
    pub resume: bool,
    /// Make every group durable before it counts. Without, a power failure may cost files that
    /// seemed whole; a killed process costs nothing either way.
    pub sync: bool,
    /// Also hash every byte of every PDF, and list the digests.
    pub sha256: bool,
}

impl Default for WriteOptions {
    fn default() -> WriteOptions {
        WriteOptions { resume: false, sync: true, sha256: false }
    }
}

/// A group is made durable at once: an fsync a copy would halve the speed for nothing.
pub(super) const GROUP_COPIES: usize = 256;
/// And never more than this many bytes, so that little is lost and little waits for the disk.
pub(super) const GROUP_BYTES: u64 = 512 << 20;

/// The plan's copies in groups, each in order.
pub(super) fn groups(plan: &Plan) -> impl Iterator<Item = Vec<usize>> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let start = next;
        let mut bytes = 0_u64;
        while next < plan.copies.len() && next - start < GROUP_COPIES && bytes < GROUP_BYTES {
            bytes = bytes.saturating_add(plan.zip.entries()[next + 1].length);
            next += 1;
        }
        (next > start).then(|| (start..next).collect())
    })
}

/// What became of one copy of a group.
pub(super) enum Outcome {
    /// Written, or found whole; with the digest of its bytes when asked for.
    Made(Option<[u8; 32]>),
    Kept(Option<[u8; 32]>),
    Failed(CopyFault),
    /// The job was stopped before this copy was whole.
    Skipped,
}

/// Whether an edition is the one that was planned.
pub(super) fn is_planned(rope: &Rope, entry: &PlannedEntry) -> Result<(), CopyFault> {
    let same = rope.len() == entry.length && rope.crc32() == entry.crc32 && rope.digest() == entry.digest;
    if same { Ok(()) } else { Err(CopyFault::Changed) }
}

/// Writes an edition. A scan that cannot be read is the copy's fault; a target that cannot be
/// written stops the job, and the copy counts as skipped.
pub(super) fn pour(
    shop: &Workshop<'_>,
    rope: &Rope,
    file: &File,
    offset: u64,
) -> Result<Option<()>, CopyFault> {
    match pour_into(rope, file, offset, shop.job.blobs) {
        Ok(_) => Ok(Some(())),
        Err(fault @ RopeError::Scan { .. }) => Err(CopyFault::Scan(fault)),
        Err(RopeError::Target(source)) => {
            shop.stop(StopFault::of(source));
            Ok(None)
        }
    }
}

fn pour_into(rope: &Rope, file: &File, offset: u64, blobs: &dyn BlobSource) -> Result<u64, RopeError> {
    fail::fail_point!("bulk-write", |_| Err(RopeError::Target(io::Error::from_raw_os_error(28))));
    write_to_file(rope, file, offset, blobs)
}

/// Hashes what was written, and compares its CRC-32 with the planned one: that shows a scan whose
/// bytes are no longer those that were taken in.
pub(super) fn hash_written(file: &File, offset: u64, entry: &PlannedEntry) -> Result<[u8; 32], CopyFault> {
    let (mut sha256, mut crc32) = (Sha256::new(), crc32fast::Hasher::new());
    let mut buffer = vec![0; 256 * 1024];
    let mut at = 0;
    while at < entry.length {
        let wanted = buffer.len().min(usize::try_from(entry.length - at).unwrap_or(usize::MAX));
        let piece = &mut buffer[..wanted];
        file.read_exact_at(piece, offset + at).map_err(CopyFault::Placing)?;
        sha256.update(&*piece);
        crc32.update(piece);
        at += wanted as u64;
    }
    if crc32.finalize() == entry.crc32 { Ok(sha256.finalize().into()) } else { Err(CopyFault::Altered) }
}

/// The digests asked for with `sha256`, by copy.
pub(super) struct Sums(Option<Vec<Option<[u8; 32]>>>);

impl Sums {
    pub fn new(plan: &Plan, options: &WriteOptions) -> Sums {
        Sums(options.sha256.then(|| vec![None; plan.copies.len()]))
    }

    pub fn note(&mut self, index: usize, sum: Option<[u8; 32]>) {
        if let Some(slot) = self.0.as_mut().and_then(|sums| sums.get_mut(index)) {
            *slot = sum;
        }
    }

    /// As `sha256sum` writes and checks them; none when they were not asked for.
    pub fn listing(&self, plan: &Plan) -> Option<String> {
        let sums = self.0.as_ref()?;
        let mut listing = String::new();
        for (index, sum) in sums.iter().enumerate() {
            if let Some(sum) = sum {
                listing.push_str(&hex::encode(sum));
                listing.push_str("  ");
                listing.push_str(plan.zip.name(index + 1));
                listing.push('\n');
            }
        }
        Some(listing)
    }
}

/// Counts as the job goes.
#[derive(Default)]
pub(super) struct Tally {
    pub made: u64,
    pub kept: u64,
    pub bytes: u64,
}

impl Tally {
    pub fn report(self, plan: Plan, ending: Ending) -> Report {
        Report {
            made: self.made,
            kept: self.kept,
            bytes: self.bytes,
            refused: plan.refused,
            failed: plan.failed,
            ending,
        }
    }
}

/// How the job ended, once its workers have.
pub(super) fn ending(shop: &Workshop<'_>, cancelled: bool) -> Ending {
    match shop.take_stop() {
        Some(fault) => Ending::stopped(&fault),
        None if cancelled => Ending::Cancelled,
        None => Ending::Whole,
    }
}

/// Writes at a place of a file, wherever the others write.
pub(super) struct At<'a> {
    pub file: &'a File,
    pub offset: u64,
}

impl Write for At<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write_at(bytes, self.offset)?;
        self.offset += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An error on the way, when part of the copies is there already.
pub(super) fn broken<'a>(
    act: &'static str,
    path: &'a Path,
    kept: &'static str,
) -> impl Fn(io::Error) -> BulkError + 'a {
    move |source| BulkError::Place { act, path: path.to_owned(), source, kept }
}
