//! Whether the disk has room, asked before anything is written.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::error::BulkError;
use super::plan::Plan;

/// What is left free for what a file system needs for itself: directories, its journal.
const MARGIN: u64 = 1 << 20;

/// The unit in which file systems give out room.
const BLOCK: u64 = 4096;

/// Refuses when `needed` bytes do not fit the file system of `place`.
pub(super) fn check(place: &Path, needed: u64) -> Result<(), BulkError> {
    let available = available(place).map_err(|source| BulkError::Place {
        act: "ask for the free space of",
        path: place.to_owned(),
        source,
        kept: "nothing was written",
    })?;
    let needed = needed.saturating_add(MARGIN);
    if needed > available {
        return Err(BulkError::DiskShort { path: place.to_owned(), needed, available });
    }
    Ok(())
}

fn available(place: &Path) -> io::Result<u64> {
    fail::fail_point!("bulk-room", |bytes| Ok(bytes.and_then(|bytes| bytes.parse().ok()).unwrap_or(0)));
    let held = rustix::fs::statvfs(place)?;
    Ok(held.f_bavail.saturating_mul(held.f_frsize))
}

/// Bytes in whole blocks.
pub(super) fn blocks(length: u64) -> u64 {
    length.div_ceil(BLOCK).saturating_mul(BLOCK)
}

/// Bytes that writing into a directory takes: every file in whole blocks, less what files of the
/// same names give back when they are replaced, which each group has to wait for. `files` are the names
/// and about the lengths of what will be written. With `resume` a file of about that length is taken for
/// a copy that is kept.
pub(super) fn for_directory<E>(
    files: impl Iterator<Item = Result<(PathBuf, u64), E>>,
    resume: bool,
    group: u64,
) -> Result<u64, E> {
    let (mut needed, mut given_back) = (0_u64, 0_u64);
    for file in files {
        let (path, length) = file?;
        let held = fs::symlink_metadata(path).ok();
        let near = |held: &fs::Metadata| held.len().abs_diff(length) <= length / 8;
        if resume && held.as_ref().is_some_and(near) {
            continue;
        }
        needed = needed.saturating_add(blocks(length));
        given_back = given_back.saturating_add(held.map_or(0, |held| held.blocks().saturating_mul(512)));
    }
    let waiting = if given_back == 0 { 0 } else { group.min(needed) };
    Ok(needed.saturating_sub(given_back).saturating_add(waiting))
}

/// Bytes that writing an archive takes, less what its unfinished file has already: that is gone on
/// with, or emptied.
pub(super) fn for_archive(plan: &Plan, unfinished: Option<&Path>) -> u64 {
    let held = unfinished.and_then(|path| fs::symlink_metadata(path).ok());
    plan.outline().total().saturating_sub(held.map_or(0, |held| held.blocks().saturating_mul(512)))
}
