//! A bundle in a ZIP, which may be hostile.
//!
//! How many entries it claims is read before its directory is, and reading the directory has a
//! budget in bytes. Then each entry is checked before anything is unpacked: path, kind, method,
//! size, ratio, and whether entries share bytes (a bomb that no ratio shows).

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use zip::read::ZipFileEntry;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::listing::{Entry, Listing};
use super::path::check;
use super::{Limits, MANIFEST, StagingError};
use crate::intake::fault::{Code, Finding, Findings};

/// An open ZIP.
pub struct Archive(ZipArchive<FileAt>);

/// Reads a file from a place of its own, so that threads may share it, and within a budget.
#[derive(Clone)]
struct FileAt {
    file: Arc<File>,
    at: u64,
    length: u64,
    budget: Arc<AtomicU64>,
}

impl Read for FileAt {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)? as u64;
        let spend = |left: u64| left.checked_sub(read);
        if self.budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend).is_err() {
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, "the ZIP's directory is too large"));
        }
        self.at += read;
        Ok(usize::try_from(read).unwrap_or(usize::MAX))
    }
}

impl Seek for FileAt {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// Bytes of the ZIP's directory that are read for each entry that is allowed: its path, its sizes
/// and what packers add.
const DIRECTORY_BYTES: u64 = 320;

/// Lists the plain files of a ZIP. None when a fault was noted.
pub fn list(path: &Path, limits: &Limits, findings: &mut Findings) -> io::Result<Option<(Listing, Archive)>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let before = findings.faults.count;
    let mut fault = |code, message: String| findings.push(code, Finding::new(code, message));
    if claimed(&file, length)? > limits.entries {
        fault(Code::Bomb, format!("the ZIP has more than {} entries", limits.entries));
        return Ok(None);
    }
    let budget = Arc::new(AtomicU64::new(limits.entries.saturating_mul(DIRECTORY_BYTES).max(1 << 20)));
    let file = FileAt { file: Arc::new(file), at: 0, length, budget: Arc::clone(&budget) };
    let archive = match ZipArchive::new(file.clone()) {
        Ok(archive) => archive,
        Err(ZipError::Io(error)) if error.kind() == io::ErrorKind::QuotaExceeded => {
            fault(Code::Bomb, error.to_string());
            return Ok(None);
        }
        Err(ZipError::Io(error)) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error),
        Err(error) if begins_as_zip(&file.file) => {
            fault(Code::BrokenZip, format!("the ZIP is broken: {}", told(&error)));
            return Ok(None);
        }
        Err(_) => {
            fault(Code::NotABundle, "the bundle is neither a directory nor a ZIP".to_owned());
            return Ok(None);
        }
    };
    budget.store(u64::MAX, Ordering::Relaxed);
    let mut listing = Listing::default();
    if archive.has_duplicate_names() {
        fault(Code::SamePath, "entries of the ZIP have the same path".to_owned());
    }
    let mut walk = Walk { limits, findings, total: 0, spans: Vec::new() };
    let mut plain = Vec::new();
    let all = archive.metadata();
    for index in 0..all.len() {
        // There is one for each index below the length.
        let Ok(entry) = all.entry(index) else { continue };
        if let Some(path) = walk.one(&entry, index + 1) {
            plain.push(Entry { path, size: entry.size(), index });
        }
    }
    walk.bombs(length);
    if findings.faults.count > before {
        return Ok(None);
    }
    let Some(top) = top_folder(&plain, findings) else { return Ok(None) };
    for entry in plain {
        if let Some(path) = entry.path.strip_prefix(top.as_str()) {
            listing.add(Entry { path: path.to_owned(), ..entry });
        }
    }
    listing.finish(findings);
    Ok(Some((listing, Archive(archive))))
}

/// The most entries that any end record in the last 64 KiB claims (APPNOTE 4.3.14 and 4.3.16).
fn claimed(file: &File, length: u64) -> io::Result<u64> {
    let span = length.min(22 + 65_535);
    let mut tail = vec![0; usize::try_from(span).unwrap_or(0)];
    file.read_exact_at(&mut tail, length - span)?;
    let mut most = 0;
    for at in 0..tail.len().saturating_sub(21) {
        if !tail[at..].starts_with(b"PK\x05\x06") {
            continue;
        }
        let count = u64::from(u16::from_le_bytes([tail[at + 10], tail[at + 11]]));
        most = most.max(count);
        // The locator of a Zip64 end record stands right before.
        let locator =
            at.checked_sub(20).map(|start| &tail[start..at]).filter(|bytes| bytes.starts_with(b"PK\x06\x07"));
        if let Some(offset) = locator.and_then(|bytes| bytes[8..16].try_into().ok()).map(u64::from_le_bytes) {
            let mut record = [0; 40];
            if offset.checked_add(40).is_some_and(|end| end <= length) {
                file.read_exact_at(&mut record, offset)?;
            }
            if let (true, Ok(count)) = (record.starts_with(b"PK\x06\x06"), record[32..40].try_into()) {
                most = most.max(u64::from_le_bytes(count));
            }
        }
    }
    Ok(most)
}

fn begins_as_zip(file: &File) -> bool {
    let mut head = [0; 4];
    file.read_exact_at(&mut head, 0).is_ok() && (head == *b"PK\x03\x04" || head == *b"PK\x05\x06")
}

/// What the reader says, when it is one of its own words: others might quote an entry's name.
fn told(error: &ZipError) -> &'static str {
    match error {
        ZipError::UnsupportedArchive(what) => what,
        ZipError::Io(_) => "it ends too early",
        _ => "its directory cannot be read",
    }
}

struct Walk<'w> {
    limits: &'w Limits,
    findings: &'w mut Findings,
    total: u64,
    /// The least bytes of the ZIP that each entry takes.
    spans: Vec<(u64, u64)>,
}

impl Walk<'_> {
    fn fault(&mut self, code: Code, message: String) {
        self.findings.push(code, Finding::new(code, message));
    }

    /// Checks one entry and answers with its path when it is a plain file.
    fn one(&mut self, entry: &ZipFileEntry<'_>, number: usize) -> Option<String> {
        let least = 30 + entry.name_raw().len() as u64;
        let end = entry.header_start().saturating_add(least).saturating_add(entry.compressed_size());
        self.spans.push((entry.header_start(), end));
        let Ok(name) = std::str::from_utf8(entry.name_raw()) else {
            self.fault(Code::Path, format!("entry {number} of the ZIP: its path is not UTF-8"));
            return None;
        };
        let folder = name.strip_suffix('/');
        if let Err(reason) = check(folder.unwrap_or(name)) {
            self.fault(Code::Path, format!("entry {number} of the ZIP: {reason}"));
            return None;
        }
        // The kind of file as Unix writes it, where the ZIP says; 0 where it does not.
        match entry.unix_mode().unwrap_or(0) & 0o170_000 {
            0 | 0o100_000 if folder.is_none() => {}
            0 | 0o040_000 if folder.is_some() => return None,
            _ => {
                self.fault(Code::Link, format!("entry {number} of the ZIP is a link or a special file"));
                return None;
            }
        }
        if entry.encrypted() {
            self.fault(
                Code::Encrypted,
                format!("entry {number} of the ZIP is encrypted; bundles come unencrypted"),
            );
            return None;
        }
        if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
            let message = format!("entry {number} of the ZIP is compressed in a way other than deflate");
            self.fault(Code::BrokenZip, message);
            return None;
        }
        self.total = self.total.saturating_add(entry.size());
        if entry.size() > self.limits.file_bytes {
            let message =
                format!("entry {number} of the ZIP is larger than {} bytes", self.limits.file_bytes);
            self.fault(Code::Bomb, message);
            return None;
        }
        let allowed = entry.compressed_size().saturating_mul(self.limits.entry_ratio);
        if entry.size() > self.limits.ratio_from && entry.size() > allowed {
            let message = format!(
                "entry {number} of the ZIP unpacks to more than {} times its size",
                self.limits.entry_ratio
            );
            self.fault(Code::Bomb, message);
            return None;
        }
        Some(name.to_owned())
    }

    /// What only shows over the whole ZIP.
    fn bombs(&mut self, length: u64) {
        if self.total > self.limits.total_bytes {
            let message = format!("the ZIP unpacks to more than {} bytes", self.limits.total_bytes);
            self.fault(Code::Bomb, message);
        }
        let from = self.limits.ratio_from.saturating_mul(64);
        if self.total > from && self.total > length.saturating_mul(self.limits.total_ratio) {
            let message = format!("the ZIP unpacks to more than {} times its size", self.limits.total_ratio);
            self.fault(Code::Bomb, message);
        }
        self.spans.sort_unstable();
        if self.spans.windows(2).any(|pair| pair[0].1 > pair[1].0) {
            self.fault(Code::Bomb, "entries of the ZIP share bytes".to_owned());
        }
        self.spans = Vec::new();
    }
}

/// The folder that everything lies in, with its `/`, or nothing. Noted when there is no manifest.
fn top_folder(entries: &[Entry], findings: &mut Findings) -> Option<String> {
    let names = || entries.iter().map(|entry| entry.path.as_str());
    if names().any(|name| name == MANIFEST) {
        return Some(String::new());
    }
    // What macOS adds is beside the folder that was packed.
    let mut tops = names()
        .filter_map(|name| name.strip_suffix(MANIFEST))
        .filter(|top| top.ends_with('/') && top.matches('/').count() == 1 && *top != "__MACOSX/");
    match (tops.next(), tops.next()) {
        (Some(top), None) => Some(top.to_owned()),
        (None, _) => {
            let message = "manifest.json is neither at the top of the ZIP nor in a single folder at its top";
            findings.push(Code::NotABundle, Finding::new(Code::NotABundle, message));
            None
        }
        _ => {
            let message = "the ZIP holds several bundles; import them one by one";
            findings.push(Code::NotABundle, Finding::new(Code::NotABundle, message));
            None
        }
    }
}

impl Archive {
    /// Unpacks an entry and answers with its length.
    pub fn copy(&self, entry: &Entry, to: &mut dyn Write) -> io::Result<u64> {
        match self.copy_noting(entry, to) {
            Ok(()) => Ok(entry.size),
            Err(StagingError::Bundle(error) | StagingError::Staging(error)) => Err(error),
        }
    }

    /// The same, telling whose fault it is when it fails.
    pub fn copy_noting(&self, entry: &Entry, to: &mut dyn Write) -> Result<(), StagingError> {
        let broken = |what: &str| StagingError::Bundle(io::Error::new(io::ErrorKind::InvalidData, what));
        let mut archive = self.0.clone();
        let mut unpacked = archive.by_index(entry.index).map_err(|error| broken(told(&error)))?;
        let mut buffer = vec![0; 128 << 10];
        let mut length = 0_u64;
        loop {
            let read = match unpacked.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(StagingError::Bundle(error)),
            };
            length += read as u64;
            if length > entry.size {
                return Err(broken("it unpacks to more than the ZIP says"));
            }
            to.write_all(&buffer[..read]).map_err(StagingError::Staging)?;
        }
        if length < entry.size {
            return Err(broken("it unpacks to less than the ZIP says"));
        }
        Ok(())
    }
}
