//! The floor: the scans of each copy, one after another, into one file a copy with `std::io::copy`.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// What the measured side promises, and so the floor must promise too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// The bytes are in the system's cache.
    Cached,
    /// The bytes are on the disk: the whole file system is synced once at the end, which is the
    /// cheapest way to be sure.
    Durable,
}

/// Copies the scans of every copy into a file of its own in `folder`.
///
/// # Errors
/// What the file system says.
pub fn to_folder(
    copies: &[Vec<PathBuf>],
    folder: &Path,
    threads: usize,
    promise: Promise,
) -> io::Result<u64> {
    fs::create_dir_all(folder)?;
    let share = copies.len().div_ceil(threads.max(1)).max(1);
    let copied = std::thread::scope(|scope| {
        let workers: Vec<_> = copies
            .chunks(share)
            .enumerate()
            .map(|(worker, copies)| {
                scope.spawn(move || -> io::Result<u64> {
                    let mut copied = 0;
                    for (at, scans) in copies.iter().enumerate() {
                        let mut out = File::create(folder.join(format!("{worker}-{at}.pdf")))?;
                        copied += append(scans, &mut out)?;
                    }
                    Ok(copied)
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_| Err(io::Error::other("a worker died"))))
            .sum()
    });
    settle(folder, promise)?;
    copied
}

/// Copies the scans of all copies into one file.
///
/// # Errors
/// What the file system says.
pub fn to_file(copies: &[Vec<PathBuf>], path: &Path, promise: Promise) -> io::Result<u64> {
    let mut out = File::create(path)?;
    let mut copied = 0;
    for scans in copies {
        copied += append(scans, &mut out)?;
    }
    settle(path, promise)?;
    Ok(copied)
}

fn append(scans: &[PathBuf], out: &mut File) -> io::Result<u64> {
    let mut copied = 0;
    for scan in scans {
        copied += io::copy(&mut File::open(scan)?, out)?;
    }
    Ok(copied)
}

fn settle(path: &Path, promise: Promise) -> io::Result<()> {
    if promise == Promise::Durable {
        rustix::fs::syncfs(File::open(path)?)?;
    }
    Ok(())
}
