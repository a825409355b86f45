//! What follows a purge: what its records were has to leave the disk.
//!
//! A purge's line is journalled and applied first, and with it the database notes that it has something
//! to forget. Then blobs that nothing refers to any more are removed, and the database is made anew,
//! because sled keeps old values in its file: what is live is copied into `db.new`, which takes the
//! place of `db`. A kill at any instant leaves the note, and the next opening begins again here.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use sled::IVec;

use super::apply::writer::Writer;
use super::execute::Writer as Journalling;
use super::meta::{FORGETTING_KEY, Forgetting};
use super::open::{DATABASE, entries};
use super::tables::{Table, Tables};
use super::verify::{References, references};
use super::{OpenError, OpenOptions, Store, StoreError};
use crate::journal::hex;

const NEW: &str = "db.new";
const PAST: &str = "db.past";

/// Folders that may hold what an import or a verification left when it was killed, the plans of archives,
/// which name everyone, and the copies that were made on the server's disk. Plans and copies of exams that stay
/// are made again when they are wanted.
const LEFT_BEHIND: [&str; 4] = ["staging", "verifying", "plans", "jobs"];

/// What was removed after purges, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Blobs that were removed.
    pub blobs: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Blobs that nothing refers to and that a fresh look at the whole blob store still found.
    pub left: Vec<Left>,
}

/// A blob that could not be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Its SHA-256, as lower-case hexadecimal digits.
    pub sha256: String,
    /// What the file system said.
    pub reason: String,
}

impl Store {
    /// Removes from the disk what no exam has any more: blobs that nothing refers to, the database's
    /// old values, what killed jobs left, plans and copies made for readers. Then looks at the whole blob
    /// store again. Nobody may have a view of the store meanwhile.
    ///
    /// # Errors
    /// [`OpenError`]; what was begun goes on when the data directory is opened next.
    pub fn forget(self, options: &OpenOptions) -> Result<(Store, Forgotten), OpenError> {
        let referenced = references(&self)?;
        self.forget_but(&referenced, options)
    }

    fn forget_but(
        self,
        referenced: &References,
        options: &OpenOptions,
    ) -> Result<(Store, Forgotten), OpenError> {
        let mut forgotten = self.remove_blobs(referenced)?;
        for folder in LEFT_BEHIND {
            let path = self.dir.join(folder);
            gone(fs::remove_dir_all(&path)).map_err(|source| OpenError::Io {
                act: "remove",
                path,
                source,
            })?;
        }
        let note = if forgotten.left.is_empty() { None } else { Some(Forgetting::Blobs) };
        let store = if Forgetting::read(&self.tables)? == Some(Forgetting::Blobs) {
            self.note(note)?;
            self
        } else {
            self.anew(referenced, note, options)?
        };
        // Proof, and not memory: whatever is there now is what is told.
        let reasons = std::mem::take(&mut forgotten.left);
        store.each_unreferenced(referenced, |path, sha256, _| {
            let sha256 = hex::encode(sha256);
            let known = reasons.iter().find(|left| left.sha256 == sha256);
            let reason = known
                .map_or_else(|| format!("{} is still there", path.display()), |left| left.reason.clone());
            forgotten.left.push(Left { sha256, reason });
            Ok(())
        })?;
        Ok((store, forgotten))
    }

    /// Goes on with what an earlier process had to forget, if it had. What cannot be done now stays
    /// noted: a data directory is not locked up for that.
    pub(super) fn forget_what_is_noted(self, options: &OpenOptions) -> Result<Store, OpenError> {
        if Forgetting::read(&self.tables)?.is_none() {
            return Ok(self);
        }
        let referenced = match references(&self) {
            Ok(referenced) => referenced,
            Err(error) => {
                tracing::warn!(%error, "a purge cannot be finished: not every record can be read");
                return Ok(self);
            }
        };
        let (store, forgotten) = self.forget_but(&referenced, options)?;
        tracing::info!(blobs = forgotten.blobs, left = forgotten.left.len(), "a purge was finished");
        Ok(store)
    }

    fn remove_blobs(&self, referenced: &References) -> Result<Forgotten, StoreError> {
        let mut forgotten = Forgotten::default();
        self.each_unreferenced(referenced, |path, sha256, length| {
            fail::fail_point!("forget-blob", |_| Err(failed(io::Error::from_raw_os_error(5))));
            match self.blobs.remove(sha256) {
                Ok(()) => {
                    forgotten.blobs += 1;
                    forgotten.bytes += length;
                }
                Err(error) => {
                    let reason = format!("{}: {error}", path.display());
                    forgotten.left.push(Left { sha256: hex::encode(sha256), reason });
                }
            }
            Ok(())
        })?;
        self.blobs.sync_folders().map_err(failed)?;
        Ok(forgotten)
    }

    fn each_unreferenced(
        &self,
        referenced: &References,
        mut each: impl FnMut(&Path, &[u8; 32], u64) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for file in self.blobs.files().map_err(failed)? {
            let file = file.map_err(failed)?;
            if let Some(sha256) = file.sha256.filter(|sha256| !referenced.has(sha256)) {
                each(&file.path, &sha256, file.length)?;
            }
        }
        Ok(())
    }

    /// Notes what is still to be forgotten.
    fn note(&self, note: Option<Forgetting>) -> Result<(), StoreError> {
        match note {
            Some(note) => self.tables.meta.insert(FORGETTING_KEY, &note.bytes()[..])?,
            None => self.tables.meta.remove(FORGETTING_KEY)?,
        };
        self.tables.commit()
    }

    /// The same store on a database that holds what is live and has never held anything else.
    fn anew(
        self,
        referenced: &References,
        note: Option<Forgetting>,
        options: &OpenOptions,
    ) -> Result<Store, OpenError> {
        let new = self.dir.join(NEW);
        let io = |act, path: &Path| {
            let path = path.to_owned();
            move |source| OpenError::Io { act, path, source }
        };
        gone(fs::remove_dir_all(&new)).map_err(io("remove", &new))?;
        let copy = Tables::open(&new, options.cache_bytes, false, None)?;
        copied(&self.tables, &copy, referenced, note)?;
        copy.commit()?;
        drop(copy);
        released(&new)?;
        durable(&new).map_err(io("make durable", &new))?;
        fail::fail_point!("forget-copied");

        let Store { dir, tables, blobs, packs, secret, load, writer, cut, .. } = self;
        let tables = Arc::into_inner(tables).ok_or_else(|| StoreError::Inconsistent {
            detail: "somebody still looks at records that are to be forgotten".to_owned(),
        })?;
        let lock = tables.close();
        let (db, past) = (dir.join(DATABASE), dir.join(PAST));
        released(&db)?;
        fs::rename(&db, &past).map_err(io("move", &db))?;
        fail::fail_point!("forget-aside");
        fs::rename(&new, &db).map_err(io("move", &new))?;
        File::open(&dir).and_then(|dir| dir.sync_all()).map_err(io("make durable", &dir))?;
        fail::fail_point!("forget-swapped");
        fs::remove_dir_all(&past).map_err(io("remove", &past))?;
        File::open(&dir).and_then(|dir| dir.sync_all()).map_err(io("make durable", &dir))?;

        let tables = Tables::open(&db, options.cache_bytes, false, lock)?;
        let generations = super::open::generations(&tables)?;
        let Journalling { journal, halted } = writer.into_inner().unwrap_or_else(PoisonError::into_inner);
        let writer = std::sync::Mutex::new(Journalling { journal, halted });
        Ok(Store { dir, tables: Arc::new(tables), blobs, packs, generations, secret, load, writer, cut })
    }
}

/// What a kill left of such a change of databases: before the old one's name was taken away the old one
/// stays, after the new one has it the new one. `from_nothing` says that neither is wanted.
pub(super) fn settle(dir: &Path, from_nothing: bool) -> io::Result<()> {
    let (db, past) = (dir.join(DATABASE), dir.join(PAST));
    if past.exists() && !db.exists() && !from_nothing {
        fs::rename(&past, &db)?;
    }
    gone(fs::remove_dir_all(&past))?;
    gone(fs::remove_dir_all(dir.join(NEW)))
}

/// Copies what is live: the present generation of every exam, what stands beside generations, and
/// inspections of scans that somebody still has.
fn copied(
    from: &Tables,
    to: &Tables,
    referenced: &References,
    note: Option<Forgetting>,
) -> Result<(), StoreError> {
    let live: BTreeSet<u32> = entries(from)?.iter().map(|entry| entry.get().generation.to_native()).collect();
    for (from, to) in from.of_generations().into_iter().zip(to.of_generations()) {
        for generation in &live {
            copy_table(from, from.scan_prefix(generation.to_be_bytes()), to, |_| true)?;
        }
    }
    for (from, to) in [
        (&from.exams, &to.exams),
        (&from.exports, &to.exports),
        (&from.holds, &to.holds),
        (&from.accounts, &to.accounts),
    ] {
        copy_table(from, from.iter(), to, |_| true)?;
    }
    let scans = |key: &[u8]| key.try_into().is_ok_and(|sha256: &[u8; 32]| referenced.has(sha256));
    copy_table(&from.inspections, from.inspections.iter(), &to.inspections, scans)?;
    copy_table(&from.meta, from.meta.iter(), &to.meta, |key| key != FORGETTING_KEY)?;
    if let Some(note) = note {
        to.meta.insert(FORGETTING_KEY, &note.bytes()[..])?;
    }
    Ok(())
}

fn copy_table(
    from: &Table,
    values: sled::Iter,
    to: &Table,
    wanted: impl Fn(&[u8]) -> bool,
) -> Result<(), StoreError> {
    let mut writer = Writer::of(to);
    for entry in values {
        let (key, value): (IVec, IVec) = entry?;
        from.make_room(&key, value.len())?;
        if wanted(&key) {
            writer.put(key.to_vec(), &value)?;
        }
    }
    writer.end()
}

/// Waits until nothing of a database that was dropped is at work any more: its threads let go a moment
/// later, and one that writes a file by its path must not write it into the next database.
fn released(dir: &Path) -> Result<(), OpenError> {
    const ATTEMPTS: u32 = 500;
    let path = dir.join("db");
    let failed = |source| OpenError::Io { act: "wait for", path: path.clone(), source };
    let file = File::open(&path).map_err(failed)?;
    for _ in 0..ATTEMPTS {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::WOULDBLOCK) => std::thread::sleep(Duration::from_millis(20)),
            Err(errno) => return Err(failed(errno.into())),
        }
    }
    Err(failed(io::ErrorKind::TimedOut.into()))
}

/// Makes a folder's files and their names durable.
fn durable(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            durable(&entry.path())?;
        } else {
            File::open(entry.path())?.sync_all()?;
        }
    }
    File::open(dir)?.sync_all()
}

fn failed(source: io::Error) -> StoreError {
    StoreError::Blob { act: "remove blobs that no exam has any more".to_owned(), source }
}

/// What was not there need not be removed.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
