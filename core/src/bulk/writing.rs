//! What writing to a directory and writing to an archive have in common.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::error::{BulkError, CopyFault, StopFault};
use super::report::{Ending, Failure, Refusal, Report};
use super::rows::Row;
use super::workshop::Workshop;
use crate::journal::hex;
use crate::rope::{BlobSource, Rope, RopeError, RopeReader, write_to_file};

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

/// What one copy's file or entry holds, with the digest of its bytes when asked for.
pub(super) type Sum = Option<[u8; 32]>;

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

/// Asks the disk for the room of a file at once: a file system that is told beforehand how long a file
/// will be needs a tenth less time to write it, and says at once when it has no room. One that does not
/// know the request is not asked again.
pub(super) fn reserve(file: &File, length: u64) -> io::Result<()> {
    use rustix::io::Errno;
    match rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, length) {
        Err(errno @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG | Errno::IO)) => Err(errno.into()),
        _ => Ok(()),
    }
}

/// Hashing is done in pieces of this many bytes.
const PIECE: usize = 256 * 1024;

/// Hashes every byte of an edition, and compares its CRC-32 with the rope's: that shows a scan whose
/// bytes are no longer those that were taken in.
pub(super) fn hash_rope(rope: &Rope, blobs: &dyn BlobSource) -> Result<[u8; 32], CopyFault> {
    let mut reader = RopeReader::new(rope, blobs);
    hash(rope.len(), rope.crc32(), |offset, piece| reader.read_at(offset, piece).map_err(CopyFault::Scan))
}

/// Hashes what was written, and compares its CRC-32 with the planned one.
pub(super) fn hash_written(file: &File, offset: u64, length: u64, crc32: u32) -> Result<[u8; 32], CopyFault> {
    hash(length, crc32, |at, piece| file.read_at(piece, offset + at).map_err(CopyFault::Placing))
}

fn hash(
    length: u64,
    crc32: u32,
    mut read: impl FnMut(u64, &mut [u8]) -> Result<usize, CopyFault>,
) -> Result<[u8; 32], CopyFault> {
    let (mut sha256, mut crc) = (Sha256::new(), crc32fast::Hasher::new());
    let mut buffer = vec![0; PIECE];
    let mut at = 0;
    while at < length {
        let wanted = buffer.len().min(usize::try_from(length - at).unwrap_or(usize::MAX));
        let read = read(at, &mut buffer[..wanted])?;
        if read == 0 {
            return Err(CopyFault::Altered);
        }
        sha256.update(&buffer[..read]);
        crc.update(&buffer[..read]);
        at += read as u64;
    }
    if crc.finalize() == crc32 { Ok(sha256.finalize().into()) } else { Err(CopyFault::Altered) }
}

/// The digests asked for with `sha256`, by the copies' rows.
pub(super) struct Sums(Option<Vec<Sum>>);

impl Sums {
    pub fn new(options: &WriteOptions) -> Sums {
        Sums(options.sha256.then(Vec::new))
    }

    pub fn note(&mut self, index: usize, sum: Sum) {
        if let Some(sums) = &mut self.0 {
            if sums.len() <= index {
                sums.resize(index + 1, None);
            }
            sums[index] = sum;
        }
    }

    pub fn are_asked_for(&self) -> bool {
        self.0.is_some()
    }

    /// As `sha256sum` writes and checks them.
    pub fn write(
        &self,
        rows: impl Iterator<Item = io::Result<(usize, Row)>>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let sums = self.0.as_deref().unwrap_or_default();
        for row in rows {
            let (index, row) = row?;
            if let Some(sum) = sums.get(index).copied().flatten() {
                writeln!(out, "{}  {}", hex::encode(&sum), row.entry)?;
            }
        }
        Ok(())
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
    pub fn report(self, refused: Vec<Refusal>, mut failed: Vec<Failure>, ending: Ending) -> Report {
        failed.sort_by(|one, other| one.candidate.cmp(&other.candidate));
        Report { made: self.made, kept: self.kept, bytes: self.bytes, refused, failed, ending }
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
