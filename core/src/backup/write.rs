//! Writing a backup.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};
use sha2::{Digest, Sha256};

use super::error::BackupError;
use super::listing::{Head, Item, JOURNAL, LISTING, SECRET, laid_out};
use super::{MARGIN, SETTINGS, Under, available};
use crate::journal::{Timestamp, hex};
use crate::rope::BlobSource as _;
use crate::store::{BlobFault, BlobStore, Snapshot, Store};
use crate::zip::Entry;

/// A backup that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backed {
    /// The journal's last line in it.
    pub line: u64,
    /// Blobs.
    pub blobs: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

/// Where the bytes of an entry come from.
enum Content {
    /// So many first bytes of the journal.
    Journal,
    Bytes(Vec<u8>),
    /// The blob with this place in the snapshot.
    Blob(usize),
}

/// Writes everything that a data directory needs into one file, as of this moment. Commands wait for
/// a moment at the beginning, readers never.
///
/// # Errors
/// [`BackupError`]; there is no file of that name then that was not there before.
pub fn backup(store: &Store, file: &Path, at: Timestamp, under: &Under<'_>) -> Result<Backed, BackupError> {
    if fs::symlink_metadata(file).is_ok() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    let snapshot = store.snapshot()?;
    let blobs = store.blobs();
    for (blob, who) in &snapshot.blobs {
        let fault = match fs::metadata(blobs.path(&blob.sha256)) {
            Ok(held) if held.len() == blob.length => continue,
            Ok(held) => BlobFault::Length { expected: blob.length, found: held.len() },
            Err(error) if error.kind() == io::ErrorKind::NotFound => BlobFault::Missing,
            Err(error) => BlobFault::Io(error),
        };
        return Err(damaged(&blob.sha256, who, fault));
    }
    let (items, contents) = entries(store.dir(), &snapshot)?;
    let head = Head::new(at, snapshot.line, snapshot.head, items.len() as u64);
    let listing = listing(&head, &items).map_err(|error| BackupError::Io {
        act: "spell the listing of",
        path: file.to_owned(),
        source: error.into(),
    })?;
    let first = Entry { name: LISTING, length: listing.len() as u64, crc32: crc32fast::hash(&listing), at };
    let (_, placed, outline) = laid_out(&first, &items)?;

    let folder = folder_of(file);
    let total = outline.total();
    let free = available(folder).map_err(io_error("ask for the free space of", folder))?;
    if total.saturating_add(MARGIN) > free {
        return Err(BackupError::DiskShort { path: file.to_owned(), needed: total, available: free });
    }
    under.watch.begin(items.len() as u64, total);

    let unfinished = Unfinished::open(file)?;
    let path = unfinished.path.clone();
    let failed = io_error("write", &path);
    let mut out = BufWriter::with_capacity(1 << 20, &unfinished.file);
    let mut header = Vec::new();
    first.local_header(&mut header);
    out.write_all(&header).and_then(|()| out.write_all(&listing)).map_err(&failed)?;
    for (item, content) in items.iter().zip(&contents) {
        if under.cancel.load(Ordering::Relaxed) {
            return Err(BackupError::Interrupted);
        }
        fail::fail_point!("backup-entry");
        header.clear();
        item.entry(at).local_header(&mut header);
        out.write_all(&header).map_err(&failed)?;
        match content {
            Content::Bytes(bytes) => out.write_all(bytes).map_err(&failed)?,
            Content::Journal => {
                let journal = &snapshot.journal;
                let file = File::open(journal).map_err(io_error("read", journal))?;
                let copied = copy(file, item.length, &mut out).map_err(io_error("copy", journal))?;
                if copied != (item.sha256, item.crc32) {
                    let source = io::Error::new(io::ErrorKind::InvalidData, "it changed while it was read");
                    return Err(io_error("copy", journal)(source));
                }
            }
            Content::Blob(at) => {
                let (blob, who) = &snapshot.blobs[*at];
                let fault = match copied_blob(blobs, item, &mut out) {
                    Ok(true) => None,
                    Ok(false) => Some(BlobFault::Digest),
                    Err(Copying::Reading(error)) => Some(BlobFault::Io(error)),
                    Err(Copying::Writing(error)) => return Err(failed(error)),
                };
                if let Some(fault) = fault {
                    return Err(damaged(&blob.sha256, who, fault));
                }
            }
        }
        under.watch.advance(item.length);
    }
    let mut directory = Vec::new();
    first.central_header(0, &mut directory);
    for (item, placed) in items.iter().zip(&placed) {
        item.entry(at).central_header(placed.header, &mut directory);
    }
    outline.end(&mut directory);
    out.write_all(&directory).and_then(|()| out.flush()).map_err(&failed)?;
    drop(out);
    unfinished.finish(file)?;
    Ok(Backed { line: snapshot.line, blobs: snapshot.blobs.len() as u64, bytes: total })
}

/// What goes in after the listing, in order.
fn entries(dir: &Path, snapshot: &Snapshot) -> Result<(Vec<Item>, Vec<Content>), BackupError> {
    let journal = File::open(&snapshot.journal).map_err(io_error("read", &snapshot.journal))?;
    let (sha256, crc32) = copy(journal, snapshot.journal_bytes, &mut io::sink())
        .map_err(io_error("read", &snapshot.journal))?;
    let mut items = vec![Item { name: JOURNAL.to_owned(), length: snapshot.journal_bytes, crc32, sha256 }];
    let mut contents = vec![Content::Journal];
    let mut small = |name: &str, bytes: Vec<u8>| {
        let (sha256, crc32) = (Sha256::digest(&bytes).into(), crc32fast::hash(&bytes));
        items.push(Item { name: name.to_owned(), length: bytes.len() as u64, crc32, sha256 });
        contents.push(Content::Bytes(bytes));
    };
    small(SECRET, fs::read(&snapshot.secret).map_err(io_error("read", &snapshot.secret))?);
    let settings = dir.join(SETTINGS);
    match fs::read(&settings) {
        Ok(bytes) => small(SETTINGS, bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(io_error("read", &settings)(error)),
    }
    for (at, (blob, _)) in snapshot.blobs.iter().enumerate() {
        items.push(Item::blob(&blob.sha256, blob.length, blob.crc32));
        contents.push(Content::Blob(at));
    }
    Ok((items, contents))
}

fn listing(head: &Head, items: &[Item]) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec(head)?;
    bytes.push(b'\n');
    for item in items {
        serde_json::to_writer(&mut bytes, item)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

/// Copies so many bytes and says what they were.
fn copy(from: impl Read, length: u64, to: &mut impl Write) -> io::Result<([u8; 32], u32)> {
    let mut from = from.take(length);
    let mut buffer = vec![0; 256 << 10];
    let (mut sha256, mut crc32, mut done) = (Sha256::new(), crc32fast::Hasher::new(), 0_u64);
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) if done == length => return Ok((sha256.finalize().into(), crc32.finalize())),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        sha256.update(&buffer[..read]);
        crc32.update(&buffer[..read]);
        to.write_all(&buffer[..read])?;
        done += read as u64;
    }
}

/// Whose fault it is that a blob was not copied.
enum Copying {
    Reading(io::Error),
    Writing(io::Error),
}

/// Copies a blob; false when its bytes are not those that its name stands for.
fn copied_blob(blobs: &BlobStore, item: &Item, to: &mut impl Write) -> Result<bool, Copying> {
    struct Noted<'w, W>(&'w mut W, Option<io::Error>);
    impl<W: Write> Write for Noted<'_, W> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let written = self.0.write(bytes);
            written.map_err(|error| {
                let told = io::Error::from(error.kind());
                self.1 = Some(error);
                told
            })
        }
        fn flush(&mut self) -> io::Result<()> {
            self.0.flush()
        }
    }
    let blob = crate::model::BlobRef { sha256: item.sha256, length: item.length, crc32: item.crc32 };
    let file = blobs.open(&blob).map_err(Copying::Reading)?;
    let mut to = Noted(to, None);
    match copy(file, item.length, &mut to) {
        Ok(found) => Ok(found == (item.sha256, item.crc32)),
        Err(error) => Err(match to.1 {
            Some(error) => Copying::Writing(error),
            None => Copying::Reading(error),
        }),
    }
}

/// The file under its temporary name; removed unless it is finished.
struct Unfinished {
    path: PathBuf,
    file: File,
    finished: bool,
}

impl Unfinished {
    fn open(target: &Path) -> Result<Unfinished, BackupError> {
        let mut name = std::ffi::OsString::from(".");
        name.push(target.file_name().unwrap_or_default());
        name.push(".unfinished");
        let path = folder_of(target).join(name);
        // It holds the secret and every name there is.
        let opened = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = opened.map_err(io_error("make", &path))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(BackupError::Busy(target.to_owned())),
            Err(errno) => return Err(io_error("lock", &path)(errno.into())),
        }
        // What a killed backup left of it.
        file.set_len(0).map_err(io_error("empty", &path))?;
        Ok(Unfinished { path, file, finished: false })
    }

    /// Makes it durable and gives it its name.
    fn finish(mut self, target: &Path) -> Result<(), BackupError> {
        self.file.sync_all().map_err(io_error("make durable", &self.path))?;
        fail::fail_point!("backup-written");
        match renameat_with(CWD, &self.path, CWD, target, RenameFlags::NOREPLACE) {
            Ok(()) => {}
            Err(rustix::io::Errno::EXIST) => return Err(BackupError::Exists(target.to_owned())),
            // A file system that cannot promise it: it is looked again.
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) => {
                if fs::symlink_metadata(target).is_ok() {
                    return Err(BackupError::Exists(target.to_owned()));
                }
                fs::rename(&self.path, target).map_err(io_error("name", target))?;
            }
            Err(errno) => return Err(io_error("name", target)(errno.into())),
        }
        self.finished = true;
        let folder = folder_of(target);
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(io_error("make durable", folder))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.finished {
            // What stays is emptied by the next backup of that name.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn damaged(sha256: &[u8; 32], who: &str, fault: BlobFault) -> BackupError {
    BackupError::Blob { blob: hex::encode(sha256), who: who.to_owned(), fault }
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn io_error<'p>(act: &'static str, path: &'p Path) -> impl Fn(io::Error) -> BackupError + use<'p> {
    move |source| BackupError::Io { act, path: path.to_owned(), source }
}
