//! Where a bundle comes from: a directory, or a ZIP of it.
//!
//! Both become one listing of plain files under composed relative paths, taken once at the start;
//! what is a link, a device, encrypted or a bomb is a fault before a byte of it is read.

mod directory;
mod listing;
mod path;
mod zip;

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

pub use listing::{FileId, Found};
pub use path::{check as check_path, composed};

use super::fault::{Code, Finding, Findings};
use listing::Listing;

/// The exam.
pub const MANIFEST: &str = "manifest.json";
/// One school a line.
pub const SCHOOLS: &str = "schools.jsonl";
/// One marker a line.
pub const MARKERS: &str = "markers.jsonl";
/// One batch a line.
pub const BATCHES: &str = "batches.jsonl";
/// One candidate a line.
pub const CANDIDATES: &str = "candidates.jsonl";
/// One script a line.
pub const SCRIPTS: &str = "scripts.jsonl";

/// How much a bundle may hold.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Files, folders and whatever else.
    pub entries: u64,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes of all files.
    pub total_bytes: u64,
    /// Bytes of an entry of a ZIP for each byte it is compressed to, once it has more than
    /// [`Limits::ratio_from`] bytes. Deflate cannot pass 1,032.
    pub entry_ratio: u64,
    /// Bytes of all entries for each byte of the ZIP, once they have more than 64 times
    /// [`Limits::ratio_from`] bytes.
    pub total_ratio: u64,
    /// Smaller entries are taken whatever their ratio: a white page may be one.
    pub ratio_from: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            entries: 1_000_000,
            file_bytes: 4 << 30,
            total_bytes: 1 << 40,
            entry_ratio: 300,
            total_ratio: 100,
            ratio_from: 16 << 20,
        }
    }
}

/// A bundle whose files are listed.
pub struct Source {
    listing: Listing,
    form: Form,
}

enum Form {
    Directory(PathBuf),
    Zip(zip::Archive),
}

impl Source {
    /// Lists the files of a bundle. None when what was found, noted in `findings`, makes reading
    /// it pointless or dangerous.
    pub fn open(path: &Path, limits: &Limits, findings: &mut Findings) -> Option<Source> {
        let before = findings.faults.count;
        let unreadable =
            |error: io::Error| Finding::new(Code::Unreadable, format!("the bundle cannot be read: {error}"));
        // The bundle itself may be reached through a link: whoever typed it chose it.
        let opened = match std::fs::metadata(path) {
            Ok(found) if found.is_dir() => directory::list(path, limits, findings)
                .map(|listing| Source { listing, form: Form::Directory(path.to_owned()) }),
            Ok(found) if found.is_file() => zip::list(path, limits, findings)
                .map(|listed| listed.map(|(listing, archive)| Source { listing, form: Form::Zip(archive) }))
                .transpose()
                .unwrap_or_else(|| Err(io::ErrorKind::InvalidData.into())),
            Ok(_) => {
                findings.push(
                    Code::NotABundle,
                    Finding::new(Code::NotABundle, "the bundle is neither a directory nor a file"),
                );
                return None;
            }
            Err(error) => Err(error),
        };
        match opened {
            Ok(source) if findings.faults.count == before => Some(source),
            Ok(_) => None,
            Err(error) => {
                if findings.faults.count == before {
                    findings.push(Code::Unreadable, unreadable(error));
                }
                None
            }
        }
    }

    /// Looks a composed path up.
    pub fn find(&self, path: &str) -> Found {
        self.listing.find(path)
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.listing.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.listing.len() == 0
    }

    /// How many links and special files were left aside.
    pub fn links(&self) -> usize {
        self.listing.links()
    }

    /// Bytes of a file, as listed.
    pub fn size(&self, file: FileId) -> u64 {
        self.listing.entry(file).size
    }

    /// Copies a file and answers with its length.
    ///
    /// # Errors
    /// Whatever the file system says; [`io::ErrorKind::InvalidData`] when a ZIP's entry is broken
    /// or longer than it says.
    pub fn copy(&self, file: FileId, to: &mut dyn Write) -> io::Result<u64> {
        let entry = self.listing.entry(file);
        match &self.form {
            Form::Directory(root) => {
                // A file that grows while it is read is not read for ever.
                let mut from = directory::open(&root.join(&entry.path))?.take(entry.size.saturating_add(1));
                let length = io::copy(&mut from, to)?;
                if length > entry.size {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "it grew while it was read"));
                }
                Ok(length)
            }
            Form::Zip(archive) => archive.copy(entry, to),
        }
    }

    /// Lets `look` have the file under a path: the bundle's own in a directory, a temporary one in
    /// `staging` for a ZIP, removed afterwards.
    ///
    /// # Errors
    /// Why a ZIP's entry cannot be read or put aside.
    pub fn with_path<T>(
        &self,
        file: FileId,
        staging: &Path,
        look: impl FnOnce(&Path) -> T,
    ) -> Result<T, StagingError> {
        let entry = self.listing.entry(file);
        let archive = match &self.form {
            Form::Directory(root) => return Ok(look(&root.join(&entry.path))),
            Form::Zip(archive) => archive,
        };
        let path = staging.join(format!("scan-{}{}", file.number(), extension(&entry.path)));
        let removed = Removed(&path);
        let mut target = File::create(&path).map_err(StagingError::Staging)?;
        archive.copy_noting(entry, &mut target)?;
        drop(target);
        let answer = look(&path);
        drop(removed);
        Ok(answer)
    }
}

/// Why a ZIP's entry could not be put aside.
#[derive(Debug)]
pub enum StagingError {
    /// The bundle's side: the entry is broken.
    Bundle(io::Error),
    /// Our side: the disk is full, for example.
    Staging(io::Error),
}

/// Removes a temporary file, however its use ends.
struct Removed<'p>(&'p Path);

impl Drop for Removed<'_> {
    fn drop(&mut self) {
        // What cannot be removed is removed with its folder at the next import.
        let _ = std::fs::remove_file(self.0);
    }
}

/// A short, plain extension, because some decoders look at it.
fn extension(path: &str) -> String {
    match path.rsplit_once('.') {
        Some((_, end))
            if (1..=5).contains(&end.len()) && end.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
        {
            format!(".{}", end.to_ascii_lowercase())
        }
        _ => String::new(),
    }
}
