//! Where a rope goes: a file, or any reader of byte ranges.

use std::fs::File;
use std::io::{self, IoSlice};
use std::os::unix::fs::FileExt;

use rustix::fs::copy_file_range;

use super::pour::opened;
use super::{Rope, Segment};
use crate::model::BlobRef;

/// Where blobs are opened.
pub trait BlobSource: Sync {
    /// Opens a blob for reading from its start.
    ///
    /// # Errors
    /// Whatever the file system says; a missing blob is [`io::ErrorKind::NotFound`].
    fn open(&self, blob: &BlobRef) -> io::Result<File>;
}

/// Why a rope could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RopeError {
    /// A scan is not in the store, cannot be read, or is shorter than its record says.
    #[error("ROP-001 scan {} cannot be read whole: {source}", short(.blob))]
    Scan {
        /// Which.
        blob: BlobRef,
        /// What the file system said.
        source: io::Error,
    },
    /// The target could not be written.
    #[error("ROP-002 cannot write: {0}")]
    Target(#[source] io::Error),
}

/// The first characters of a blob's address, enough to find it.
fn short(blob: &BlobRef) -> String {
    blob.sha256[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes the whole rope into `file` at `offset` and returns the offset after it.
///
/// Scans are copied by the kernel (`copy_file_range`); the file's own position is not used, so
/// several threads may write different parts of one file.
///
/// # Errors
/// [`RopeError::Scan`] when a blob is missing or short: nothing is padded. [`RopeError::Target`]
/// when the file cannot take it.
pub fn write_to_file(
    rope: &Rope,
    file: &File,
    offset: u64,
    blobs: &dyn BlobSource,
) -> Result<u64, RopeError> {
    let mut at = offset;
    // What lies in memory between two scans is written in one go.
    let mut pieces: Vec<IoSlice<'_>> = Vec::with_capacity(PIECES);
    for segment in rope.segments() {
        let bytes = match segment {
            Segment::Owned { start, end } => rope.owned(*start, *end),
            Segment::Shared(shared) => shared.bytes(),
            Segment::Blob(blob) => {
                at = write_pieces(file, &mut pieces, at)?;
                copy_blob(blob, file, at, blobs)?;
                at += blob.length;
                continue;
            }
        };
        if pieces.len() == PIECES {
            at = write_pieces(file, &mut pieces, at)?;
        }
        pieces.push(IoSlice::new(bytes));
    }
    write_pieces(file, &mut pieces, at)
}

/// How many pieces of memory are written with one call.
const PIECES: usize = 32;

/// Writes pieces of memory one after another and empties the list; gives the offset after them.
fn write_pieces(file: &File, pieces: &mut Vec<IoSlice<'_>>, mut at: u64) -> Result<u64, RopeError> {
    let mut rest = pieces.as_mut_slice();
    while !rest.is_empty() {
        match rustix::io::pwritev(file, rest, at) {
            Ok(0) => return Err(RopeError::Target(io::ErrorKind::WriteZero.into())),
            Ok(written) => {
                at += written as u64;
                IoSlice::advance_slices(&mut rest, written);
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(RopeError::Target(errno.into())),
        }
    }
    pieces.clear();
    Ok(at)
}

fn copy_blob(blob: &BlobRef, file: &File, offset: u64, blobs: &dyn BlobSource) -> Result<(), RopeError> {
    let scan = |source| RopeError::Scan { blob: *blob, source };
    let from = opened(blob, blobs).map_err(scan)?;
    let mut read_at = 0;
    let mut write_at = offset;
    while read_at < blob.length {
        let wanted = usize::try_from(blob.length - read_at).unwrap_or(usize::MAX).min(1 << 30);
        match copy_file_range(&from, Some(&mut read_at), file, Some(&mut write_at), wanted) {
            Ok(0) => return Err(scan(io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => {}
            // Not every pair of file systems can: then by hand.
            Err(
                rustix::io::Errno::XDEV
                | rustix::io::Errno::INVAL
                | rustix::io::Errno::NOSYS
                | rustix::io::Errno::OPNOTSUPP
                | rustix::io::Errno::PERM,
            ) => return copy_by_hand(blob, &from, read_at, file, write_at),
            Err(errno) => return Err(RopeError::Target(errno.into())),
        }
    }
    Ok(())
}

fn copy_by_hand(
    blob: &BlobRef,
    from: &File,
    mut read_at: u64,
    file: &File,
    mut write_at: u64,
) -> Result<(), RopeError> {
    let mut buffer = vec![0; 256 * 1024];
    while read_at < blob.length {
        let wanted = buffer.len().min(usize::try_from(blob.length - read_at).unwrap_or(usize::MAX));
        let piece = &mut buffer[..wanted];
        from.read_exact_at(piece, read_at).map_err(|source| RopeError::Scan { blob: *blob, source })?;
        file.write_all_at(piece, write_at).map_err(RopeError::Target)?;
        read_at += wanted as u64;
        write_at += wanted as u64;
    }
    Ok(())
}

/// Reads any byte range of a rope.
pub struct RopeReader<'a> {
    rope: &'a Rope,
    blobs: &'a dyn BlobSource,
    /// Offset of each segment's first byte, then the rope's length.
    starts: Vec<u64>,
    /// The blob opened last: reading goes forward through one scan at a time.
    open: Option<(usize, File)>,
}

impl<'a> RopeReader<'a> {
    /// Prepares to read.
    pub fn new(rope: &'a Rope, blobs: &'a dyn BlobSource) -> RopeReader<'a> {
        let mut starts = Vec::with_capacity(rope.segments().len() + 1);
        let mut at = 0;
        for segment in rope.segments() {
            starts.push(at);
            at += segment.len();
        }
        starts.push(at);
        RopeReader { rope, blobs, starts, open: None }
    }

    /// Fills as much of `buffer` as one segment allows, from `offset`. 0 means the end.
    ///
    /// # Errors
    /// [`RopeError::Scan`] when a blob is missing or short.
    pub fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, RopeError> {
        if offset >= self.rope.len() || buffer.is_empty() {
            return Ok(0);
        }
        let index = self.starts.partition_point(|start| *start <= offset) - 1;
        let within = offset - self.starts[index];
        let available = self.starts[index + 1] - offset;
        let wanted = buffer.len().min(usize::try_from(available).unwrap_or(usize::MAX));
        let buffer = &mut buffer[..wanted];
        // An owned or shared segment lies in memory, so its offsets fit a usize.
        let slice = |bytes: &[u8], buffer: &mut [u8]| {
            let from = usize::try_from(within).unwrap_or(usize::MAX);
            buffer.copy_from_slice(&bytes[from..from + wanted]);
        };
        match &self.rope.segments()[index] {
            Segment::Owned { start, end } => slice(self.rope.owned(*start, *end), buffer),
            Segment::Shared(shared) => slice(shared.bytes(), buffer),
            Segment::Blob(blob) => {
                let scan = |source| RopeError::Scan { blob: *blob, source };
                if self.open.as_ref().is_none_or(|(open, _)| *open != index) {
                    self.open = Some((index, opened(blob, self.blobs).map_err(scan)?));
                }
                if let Some((_, file)) = &self.open {
                    file.read_exact_at(buffer, within).map_err(scan)?;
                }
            }
        }
        Ok(wanted)
    }
}
