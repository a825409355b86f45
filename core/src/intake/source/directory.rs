//! A bundle in a directory.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::Limits;
use super::listing::{Entry, Listing};
use super::path::{DEPTH_LIMIT, check};
use crate::intake::fault::{Code, Finding, Findings};

/// Lists the plain files under a directory. Links are noted and never followed.
pub fn list(root: &Path, limits: &Limits, findings: &mut Findings) -> io::Result<Listing> {
    let mut listing = Listing::default();
    let mut folders: Vec<(PathBuf, String, usize)> = vec![(root.to_owned(), String::new(), 1)];
    let (mut entries, mut total) = (0_u64, 0_u64);
    while let Some((folder, prefix, depth)) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            entries += 1;
            if entries > limits.entries {
                let message = format!("the directory has more than {} entries", limits.entries);
                findings.push(Code::Bomb, Finding::new(Code::Bomb, message));
                return Ok(listing);
            }
            // What is not UTF-8 cannot be named by a bundle.
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
            let path = format!("{prefix}{name}");
            let kind = entry.file_type()?;
            if kind.is_dir() {
                if depth <= DEPTH_LIMIT {
                    folders.push((entry.path(), format!("{path}/"), depth + 1));
                }
            } else if kind.is_file() {
                let size = entry.metadata()?.len();
                total = total.saturating_add(size);
                // What could not be named (a backslash, a control character) is left aside.
                if check(&path).is_ok() {
                    listing.add(Entry { path, size, index: 0 });
                }
            } else {
                listing.add_link(&path);
            }
        }
    }
    if total > limits.total_bytes {
        let message =
            format!("the directory holds {total} bytes, more than {} are not taken", limits.total_bytes);
        findings.push(Code::Bomb, Finding::new(Code::Bomb, message));
    }
    listing.finish(findings);
    Ok(listing)
}

/// Opens a plain file, not a link that took its place since it was listed.
pub fn open(path: &Path) -> io::Result<File> {
    let flags = i32::try_from(OFlags::NOFOLLOW.bits() | OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is no plain file any more"));
    }
    Ok(file)
}
