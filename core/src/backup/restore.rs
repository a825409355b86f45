//! Restoring a backup.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use sha2::{Digest, Sha256};

use super::error::RestoreError;
use super::listing::{Head, Item, Kind, LISTING, laid_out};
use super::{MARGIN, Under, available};
use crate::store::{Nursery, OpenOptions as StoreOptions, Store};
use crate::zip::Entry;

/// What was restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The journal's last line.
    pub line: u64,
    /// When the backup was made: seconds since 1970, UTC.
    pub at: i64,
    /// Exams.
    pub exams: u64,
    /// Blobs.
    pub blobs: u64,
    /// Bytes of all entries.
    pub bytes: u64,
}

/// The longest line of a listing: twice what a line of ours has.
const LINE: u64 = 512;
/// The least bytes that an entry takes in an archive: its two headers.
const LEAST: u64 = 76;

/// Makes a data directory of a backup: beside its place first, with its database made again, and only
/// when all of it is there and right under its name. A kill leaves nothing under that name, and the
/// same command begins again.
///
/// # Errors
/// [`RestoreError`]; there is no data directory then that was not there before.
pub fn restore(
    file: &Path,
    dir: &Path,
    options: &StoreOptions,
    under: &Under<'_>,
) -> Result<Restored, RestoreError> {
    if !is_vacant(dir)? {
        return Err(RestoreError::Exists(dir.to_owned()));
    }
    let archive = Archive::open(file)?;
    let needed = archive.items.iter().map(|item| item.length).fold(0, u64::saturating_add);
    let place = beside(dir);
    let parent = parent_of(dir);
    fs::create_dir_all(parent).map_err(io_error("make", parent))?;
    let free = available(parent).map_err(io_error("ask for the free space of", parent))?;
    if needed.saturating_add(MARGIN) > free {
        return Err(RestoreError::DiskShort { path: parent.to_owned(), needed, available: free });
    }
    under.watch.begin(archive.items.len() as u64, needed);

    let mut builder = fs::DirBuilder::new();
    match builder.mode(0o700).create(&place) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(io_error("make", &place)(error));
        }
        _ => {}
    }
    let nursery = Nursery::open(&place)?;
    let unpacked = archive.unpack(&nursery, &place, under);
    drop(nursery);
    let restored = unpacked.and_then(|()| {
        fail::fail_point!("restore-unpacked");
        archive.rebuilt(&place, options, needed)
    });
    let restored = match restored {
        Ok(restored) => restored,
        Err(error) => {
            // What cannot be removed is cleared when the restoring begins again.
            let _ = fs::remove_dir_all(&place);
            return Err(error);
        }
    };
    fail::fail_point!("restore-rebuilt");
    // Takes the place of an empty folder, and of nothing else.
    fs::rename(&place, dir).map_err(io_error("name", dir))?;
    File::open(parent).and_then(|parent| parent.sync_all()).map_err(io_error("make durable", parent))?;
    Ok(restored)
}

/// Whether a data directory can be made there.
fn is_vacant(dir: &Path) -> Result<bool, RestoreError> {
    match fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(fs::symlink_metadata(dir).is_err()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(false),
        Err(error) => Err(io_error("look into", dir)(error)),
    }
}

/// The folder that becomes the data directory.
fn beside(dir: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(dir.file_name().unwrap_or_default());
    name.push(".restoring");
    parent_of(dir).join(name)
}

fn parent_of(dir: &Path) -> &Path {
    dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A backup that reads as one: its listing is whole, its length is the one that follows from it.
struct Archive<'f> {
    path: &'f Path,
    file: File,
    head: Head,
    items: Vec<Item>,
    /// Length and CRC-32 of the listing.
    listing: (u64, u32),
}

impl<'f> Archive<'f> {
    fn open(path: &'f Path) -> Result<Archive<'f>, RestoreError> {
        let file = File::open(path).map_err(io_error("read", path))?;
        let size = file.metadata().map_err(io_error("read", path))?.len();
        let strange =
            |detail: &str| RestoreError::NotABackup { path: path.to_owned(), detail: detail.to_owned() };
        // Of the first local header: CRC-32 at 14, length at 22, lengths of name and extra at 26 and 28.
        let mut header = [0; 30];
        let read = file.read_exact_at(&mut header, 0);
        if read.is_err() || !header.starts_with(b"PK\x03\x04") {
            return Err(strange("it does not begin as one"));
        }
        let [.., c0, c1, c2, c3, _, _, _, _, l0, l1, l2, l3, n0, n1, e0, e1] = header;
        let (crc32, length) = (u32::from_le_bytes([c0, c1, c2, c3]), u32::from_le_bytes([l0, l1, l2, l3]));
        let name = usize::from(u16::from_le_bytes([n0, n1]));
        let body = 30 + u64::from(u16::from_le_bytes([n0, n1])) + u64::from(u16::from_le_bytes([e0, e1]));
        let mut named = [0; LISTING.len()];
        let read = file.read_exact_at(&mut named, 30);
        if name != LISTING.len() || read.is_err() || named != LISTING.as_bytes() {
            return Err(strange("it does not begin with a listing"));
        }
        let length = u64::from(length);
        if body.saturating_add(length) > size {
            return Err(strange("it ends within its listing"));
        }
        let mut archive = Archive {
            path,
            file,
            head: Head::new(0, 0, [0; 32], 0),
            items: Vec::new(),
            listing: (length, crc32),
        };
        let (first, items) = archive.listed(body, size / LEAST)?;
        (archive.head, archive.items) = (first, items);
        let (_, _, outline) = archive.laid_out()?;
        if outline.total() != size {
            return Err(archive.damaged(format!("it has {size} bytes instead of {}", outline.total())));
        }
        Ok(archive)
    }

    /// Reads the listing, at most so many entries of it.
    fn listed(&self, body: u64, most: u64) -> Result<(Head, Vec<Item>), RestoreError> {
        let unread = |error: io::Error| io_error("read", self.path)(error);
        let wrong = || self.damaged(format!("its entry {LISTING}"));
        let (length, crc32) = self.listing;
        let from = At { file: &self.file, at: body, left: length, crc32: crc32fast::Hasher::new() };
        let mut lines = BufReader::with_capacity(256 << 10, from);
        let mut line = Vec::new();
        let mut next = |line: &mut Vec<u8>| -> Result<bool, RestoreError> {
            line.clear();
            let read = (&mut lines).take(LINE).read_until(b'\n', line).map_err(unread)?;
            match line.pop() {
                None => Ok(false),
                Some(b'\n') => Ok(true),
                Some(_) if read > 0 => Err(wrong()),
                Some(_) => Ok(false),
            }
        };
        if !next(&mut line)? {
            return Err(wrong());
        }
        let head: Head = serde_json::from_slice(&line).map_err(|_| wrong())?;
        if !head.is_known() {
            let detail = "it is of a version that this one does not know".to_owned();
            return Err(RestoreError::NotABackup { path: self.path.to_owned(), detail });
        }
        let mut items: Vec<Item> = Vec::new();
        while next(&mut line)? {
            let item: Item = serde_json::from_slice(&line).map_err(|_| wrong())?;
            let kind = item.kind().ok_or_else(wrong)?;
            // In this order each of them can be there once.
            let follows = items.last().is_none_or(|last| match (last.kind(), kind) {
                (Some(Kind::Blob), Kind::Blob) => last.sha256 < item.sha256,
                (before, kind) => before < Some(kind),
            });
            if !follows || items.len() as u64 >= most {
                return Err(wrong());
            }
            items.push(item);
        }
        let whole = lines.into_inner().crc32.finalize() == crc32 && items.len() as u64 == head.entries;
        let has = |kind| items.iter().take(3).any(|item| item.kind() == Some(kind));
        if !whole || !has(Kind::Journal) || !has(Kind::Secret) {
            return Err(wrong());
        }
        Ok((head, items))
    }

    fn first(&self) -> Entry<'static> {
        let (length, crc32) = self.listing;
        Entry { name: LISTING, length, crc32, at: self.head.at }
    }

    fn laid_out(
        &self,
    ) -> Result<(crate::zip::Placed, Vec<crate::zip::Placed>, crate::zip::Outline), RestoreError> {
        laid_out(&self.first(), &self.items).map_err(|error| self.damaged(error.to_string()))
    }

    /// Puts everything into a folder, comparing every byte of the archive with what it must be.
    fn unpack(&self, nursery: &Nursery, place: &Path, under: &Under<'_>) -> Result<(), RestoreError> {
        let (first, placed, outline) = self.laid_out()?;
        let mut header = Vec::new();
        self.first().local_header(&mut header);
        self.compare(&header, first.header, "the head of its first entry")?;
        let mut at = outline.directory_offset();
        let mut directory = Vec::new();
        self.first().central_header(first.header, &mut directory);
        for (item, placed) in self.items.iter().zip(&placed) {
            item.entry(self.head.at).central_header(placed.header, &mut directory);
            if directory.len() >= 1 << 20 {
                self.compare(&directory, at, "its directory")?;
                at += directory.len() as u64;
                directory.clear();
            }
        }
        outline.end(&mut directory);
        self.compare(&directory, at, "its directory")?;

        let blobs = nursery.blobs().map_err(io_error("make", place))?;
        let batch = blobs.begin();
        for (item, placed) in self.items.iter().zip(&placed) {
            if under.cancel.load(Ordering::Relaxed) {
                return Err(RestoreError::Interrupted);
            }
            fail::fail_point!("restore-entry");
            header.clear();
            item.entry(self.head.at).local_header(&mut header);
            self.compare(&header, placed.header, &format!("the head of its entry {}", item.name))?;
            let wrong = || self.damaged(format!("its entry {}", item.name));
            if item.kind() == Some(Kind::Blob) {
                let blob =
                    batch.put_file(&self.file, placed.body, item.length).map_err(io_error("write", place))?;
                if (blob.sha256, blob.crc32) != (item.sha256, item.crc32) {
                    return Err(wrong());
                }
            } else {
                let path = place.join(&item.name);
                if self.copy(item, placed.body, &path)? != (item.sha256, item.crc32) {
                    return Err(wrong());
                }
            }
            under.watch.advance(item.length);
        }
        batch.seal().map_err(io_error("write", place))?;
        File::open(place).and_then(|place| place.sync_all()).map_err(io_error("make durable", place))
    }

    /// Writes an entry to a file, durably, and says what it was.
    fn copy(&self, item: &Item, body: u64, path: &Path) -> Result<([u8; 32], u32), RestoreError> {
        let failed = io_error("write", path);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        if item.kind() != Some(Kind::Journal) {
            options.mode(0o600);
        }
        let mut out = options.open(path).map_err(&failed)?;
        let mut from = At { file: &self.file, at: body, left: item.length, crc32: crc32fast::Hasher::new() };
        let mut buffer = vec![0; 256 << 10];
        let mut sha256 = Sha256::new();
        loop {
            let read = from.read(&mut buffer).map_err(io_error("read", self.path))?;
            if read == 0 {
                break;
            }
            sha256.update(&buffer[..read]);
            out.write_all(&buffer[..read]).map_err(&failed)?;
        }
        out.sync_all().map_err(&failed)?;
        Ok((sha256.finalize().into(), from.crc32.finalize()))
    }

    /// Whether the archive has these bytes there.
    fn compare(&self, bytes: &[u8], at: u64, what: &str) -> Result<(), RestoreError> {
        let mut held = vec![0; bytes.len()];
        self.file.read_exact_at(&mut held, at).map_err(io_error("read", self.path))?;
        if held == bytes { Ok(()) } else { Err(self.damaged(what.to_owned())) }
    }

    /// Makes the database again of what was unpacked.
    fn rebuilt(&self, place: &Path, options: &StoreOptions, bytes: u64) -> Result<Restored, RestoreError> {
        let store = Store::replay_all(place, options)?;
        if store.last_line() != (self.head.line, self.head.head) {
            return Err(self.damaged("its journal does not end where the listing says".to_owned()));
        }
        let exams = store.exams().map_err(crate::store::OpenError::from)?.len() as u64;
        let blobs = self.items.iter().filter(|item| item.kind() == Some(Kind::Blob)).count() as u64;
        Ok(Restored { line: self.head.line, at: self.head.at, exams, blobs, bytes })
    }

    fn damaged(&self, what: String) -> RestoreError {
        RestoreError::Damaged { path: self.path.to_owned(), what }
    }
}

/// A stretch of a file, read once, with its CRC-32.
struct At<'f> {
    file: &'f File,
    at: u64,
    left: u64,
    crc32: crc32fast::Hasher,
}

impl Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.file.read_at(&mut buffer[..wanted], self.at)?;
        if read == 0 && wanted > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.crc32.update(&buffer[..read]);
        self.at += read as u64;
        self.left -= read as u64;
        Ok(read)
    }
}

fn io_error<'p>(act: &'static str, path: &'p Path) -> impl Fn(io::Error) -> RestoreError + use<'p> {
    move |source| RestoreError::Io { act, path: path.to_owned(), source }
}
