//! The sled database: a fixed set of trees, keys by generation, the commit recipe.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use sled::{IVec, Tree};

use super::lock::Lock;
use super::record::{Kept, Record};
use super::{OpenError, StoreError};

/// The trees of the database and what it takes to commit. The lock goes last.
pub(super) struct Tables {
    db: sled::Db,
    dir: PathBuf,
    /// Few fixed keys; see [`super::meta`].
    pub(super) meta: Tree,
    /// Exam id → `ExamEntry`.
    pub(super) exams: Tree,
    /// Generation, UAI → `School`.
    pub(super) schools: Tree,
    /// Generation, id → `Marker`.
    pub(super) markers: Tree,
    /// Generation, id → `Batch`.
    pub(super) batches: Tree,
    /// Generation, number → `Candidate`.
    pub(super) candidates: Tree,
    /// Generation, candidate number → `Script`.
    pub(super) scripts: Tree,
    /// Generation, word or rank → postings; see [`super::search`].
    pub(super) search: Tree,
    /// SHA-256 of a scan → `InspectionRecord`.
    pub(super) inspections: Tree,
    _lock: Option<Lock>,
}

impl Tables {
    /// Opens the database in `dir`, made when it is missing.
    ///
    /// sled can panic over a damaged file, and that is caught. Nothing is flushed in the
    /// background: a commit is explicit ([`Tables::commit`]).
    pub(super) fn open(
        dir: &Path,
        cache_bytes: u64,
        temporary: bool,
        lock: Option<Lock>,
    ) -> Result<Tables, OpenError> {
        let damaged = |detail: String| OpenError::Database { path: dir.to_owned(), detail };
        let config = sled::Config::new()
            .path(dir)
            .cache_capacity(cache_bytes)
            .flush_every_ms(None)
            .temporary(temporary);
        let opened = catch_unwind(AssertUnwindSafe(|| -> sled::Result<_> {
            let db = open_db(&config)?;
            let tree = |name: &str| db.open_tree(name);
            Ok(Tables {
                meta: tree("meta")?,
                exams: tree("exams")?,
                schools: tree("schools")?,
                markers: tree("markers")?,
                batches: tree("batches")?,
                candidates: tree("candidates")?,
                scripts: tree("scripts")?,
                search: tree("search")?,
                inspections: tree("inspections")?,
                db,
                dir: dir.to_owned(),
                _lock: lock,
            })
        }));
        match opened {
            Ok(Ok(tables)) => Ok(tables),
            Ok(Err(error)) => Err(damaged(error.to_string())),
            Err(_) => Err(damaged("it is damaged past opening".to_owned())),
        }
    }

    /// Makes everything written so far durable. sled's own flush ends in `sync_file_range`, which
    /// leaves the disk's cache and the file's length out (sled #1452).
    pub(super) fn commit(&self) -> Result<(), StoreError> {
        fail::fail_point!("store-flush", |_| Err(StoreError::Database(sled::Error::Io(
            std::io::Error::from_raw_os_error(28)
        ))));
        self.db.flush()?;
        let durable = File::open(self.dir.join("db")).and_then(|file| file.sync_all());
        durable.map_err(|error| StoreError::Database(sled::Error::Io(error)))
    }

    /// The trees whose keys begin with a generation.
    pub(super) fn of_generations(&self) -> [&Tree; 6] {
        [&self.schools, &self.markers, &self.batches, &self.candidates, &self.scripts, &self.search]
    }
}

/// Opens the database. We hold the data directory's lock, so sled's own can only be held by what is
/// left of an earlier database of this very process: its threads let go a moment after it is
/// dropped.
fn open_db(config: &sled::Config) -> sled::Result<sled::Db> {
    const ATTEMPTS: u32 = 100;
    for _ in 1..ATTEMPTS {
        match config.open() {
            Err(sled::Error::Io(error)) if error.to_string().contains("could not acquire lock") => {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            opened => return opened,
        }
    }
    config.open()
}

/// A key within a generation.
pub(super) fn key(generation: u32, name: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(4 + name.len());
    key.extend_from_slice(&generation.to_be_bytes());
    key.extend_from_slice(name.as_bytes());
    key
}

/// The record under a key; `what` names it in an error, without personal data.
pub(super) fn read<T: Kept>(
    tree: &Tree,
    key: impl AsRef<[u8]>,
    what: impl Fn() -> String,
) -> Result<Option<Record<T>>, StoreError> {
    let key = key.as_ref();
    let Some(bytes) = tree.get(key)? else { return Ok(None) };
    make_room(tree, key, bytes.len())?;
    Ok(Some(Record::read(bytes).map_err(|fault| StoreError::Record { what: what(), fault })?))
}

/// Lets sled notice that its cache is full. Call it after reading or writing `length` bytes under
/// `key`.
///
/// sled 0.34 counts what it holds only when 64 accesses have gathered in one of 256 queues, a
/// page belonging to one queue. A page has up to 16 values, so a run through 27,000 scripts, or
/// writing them, passes each page a few times and leaves all of them in memory, whatever the
/// cache's capacity: 130 MB and 600 MB were measured. Looking the key up once for every half KiB of
/// its value makes each page's queue full once for every 32 KiB of it, at half a microsecond a look.
pub(super) fn make_room(tree: &Tree, key: &[u8], length: usize) -> Result<(), StoreError> {
    for _ in 0..(length / 512).min(64) {
        tree.contains_key(key)?;
    }
    Ok(())
}

/// The records of one generation, in the order of their keys.
pub struct Records<T: Kept> {
    tree: Tree,
    iter: sled::Iter,
    what: &'static str,
    kept: std::marker::PhantomData<fn() -> T>,
}

impl<T: Kept> Records<T> {
    pub(super) fn of(tree: &Tree, generation: u32, what: &'static str) -> Records<T> {
        Records {
            tree: tree.clone(),
            iter: tree.scan_prefix(generation.to_be_bytes()),
            what,
            kept: std::marker::PhantomData,
        }
    }

    fn read(&self, (key, value): (IVec, IVec)) -> Result<Record<T>, StoreError> {
        make_room(&self.tree, &key, value.len())?;
        Record::read(value).map_err(|fault| {
            let name = key.get(4..).map(String::from_utf8_lossy).unwrap_or_default();
            StoreError::Record { what: format!("{} {name}", self.what), fault }
        })
    }
}

impl<T: Kept> Iterator for Records<T> {
    type Item = Result<Record<T>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.iter.next()?;
        Some(entry.map_err(StoreError::from).and_then(|entry| self.read(entry)))
    }
}
