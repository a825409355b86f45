//! The sled database: a fixed set of trees, keys by generation, the commit recipe.

use std::fs::File;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sled::{IVec, Tree};

use super::leaves;
use super::lock::Lock;
use super::record::{Kept, Record};
use super::{OpenError, StoreError};
use crate::journal::Target;
use crate::model::{Candidate, Script};

/// The trees of the database and what it takes to commit. The lock goes last.
pub(super) struct Tables {
    db: sled::Db,
    dir: PathBuf,
    /// Few fixed keys; see [`super::meta`].
    pub(super) meta: Table,
    /// Exam id → `ExamEntry`.
    pub(super) exams: Table,
    /// Generation, UAI → `School`.
    pub(super) schools: Table,
    /// Generation, id → `Marker`.
    pub(super) markers: Table,
    /// Generation, id → `Batch`.
    pub(super) batches: Table,
    /// Generation, place → `Candidate`; in leaves. Places are the order of a delivery's entries: who makes all
    /// copies reads records as they lie.
    pub(super) candidates: Table,
    /// Generation, candidate number → place, four bytes; in leaves.
    pub(super) places: Table,
    /// Generation, the candidate's place → `Script`.
    pub(super) scripts: Table,
    /// Generation, number of a group of places → `Moments`. See [`super::moments`].
    pub(super) moments: Table,
    /// Generation, batch → `Tally`; without a batch, that of the candidates who are in none.
    pub(super) tallies: Table,
    /// Generation, span → `Waiting`. Not journalled.
    pub(super) waiting: Table,
    /// Generation, beginning of words, rank or script id → ranks or places; in leaves. See [`super::search`].
    pub(super) search: Table,
    /// Exam id, zero, target, number → `Export`. Imports leave them alone.
    pub(super) exports: Table,
    /// Exam id, zero, candidate number → `Hold`. Imports leave them alone.
    pub(super) holds: Table,
    /// `a` and id → `Account`; `t` and SHA-256 of the secret → `AccessToken`. See [`super::people`].
    pub(super) accounts: Table,
    /// SHA-256 of a scan → `InspectionRecord`.
    pub(super) inspections: Table,
    lock: Option<Lock>,
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
            let tree = |name: &str| db.open_tree(name).map(Table::of);
            Ok(Tables {
                meta: tree("meta")?,
                exams: tree("exams")?,
                schools: tree("schools")?,
                markers: tree("markers")?,
                batches: tree("batches")?,
                candidates: tree("candidates")?,
                places: tree("places")?,
                scripts: tree("scripts")?,
                moments: tree("moments")?,
                tallies: tree("tallies")?,
                waiting: tree("waiting")?,
                search: tree("search")?,
                exports: tree("exports")?,
                holds: tree("holds")?,
                accounts: tree("accounts")?,
                inspections: tree("inspections")?,
                db,
                dir: dir.to_owned(),
                lock,
            })
        }));
        match opened {
            Ok(Ok(tables)) => Ok(tables),
            Ok(Err(error)) => Err(damaged(error.to_string())),
            Err(_) => Err(damaged("it is damaged past opening".to_owned())),
        }
    }

    /// Closes the database; gives the lock that it was opened with.
    pub(super) fn close(self) -> Option<Lock> {
        self.lock
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

    /// The place of a candidate's records.
    pub(super) fn place_of(&self, generation: u32, number: &str) -> Result<Option<u32>, StoreError> {
        let Some(entry) = leaves::from(&self.places, generation, number.as_bytes())?.next() else {
            return Ok(None);
        };
        let (found, value) = entry?;
        if found != number.as_bytes() {
            return Ok(None);
        }
        let place = place_in(&value).filter(|_| value.len() == 4);
        let wrong = || StoreError::Inconsistent { detail: format!("candidate {number} has no place") };
        place.ok_or_else(wrong).map(Some)
    }

    /// The candidate at a place; none past the last.
    pub(super) fn candidate_at(
        &self,
        generation: u32,
        place: u32,
        what: impl Fn() -> String,
    ) -> Result<Option<Record<Candidate>>, StoreError> {
        let wanted = place.to_be_bytes();
        let Some(entry) = leaves::from(&self.candidates, generation, &wanted)?.next() else {
            return Ok(None);
        };
        let (found, value) = entry?;
        if found != wanted {
            return Ok(None);
        }
        Ok(Some(Record::read(value).map_err(|fault| StoreError::Record { what: what(), fault })?))
    }

    /// The candidates of a generation from a place on.
    pub(super) fn candidates_from(
        &self,
        generation: u32,
        place: u32,
    ) -> Result<Records<Candidate>, StoreError> {
        Ok(Records {
            source: Source::Leaves(leaves::from(&self.candidates, generation, &place.to_be_bytes())?),
            what: ("candidate", Keys::Places),
            kept: std::marker::PhantomData,
        })
    }

    /// The numbers of all candidates and their places, by number.
    pub(super) fn all_places(
        &self,
        generation: u32,
    ) -> Result<impl Iterator<Item = Result<(String, Option<u32>), StoreError>>, StoreError> {
        let entries = leaves::from(&self.places, generation, b"")?;
        Ok(entries.map(|entry| {
            let (number, value) = entry?;
            let place = place_in(&value).filter(|_| value.len() == 4);
            Ok((String::from_utf8_lossy(&number).into_owned(), place))
        }))
    }

    /// The trees whose keys begin with a generation.
    pub(super) fn of_generations(&self) -> [&Table; 10] {
        let Tables { schools, markers, batches, candidates, places, scripts, .. } = self;
        let Tables { moments, tallies, waiting, search, .. } = self;
        [schools, markers, batches, candidates, places, scripts, moments, tallies, waiting, search]
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

/// The key of what stands at a place within a generation.
pub(super) fn key_at(generation: u32, place: u32) -> [u8; 8] {
    let mut key = [0; 8];
    key[..4].copy_from_slice(&generation.to_be_bytes());
    key[4..].copy_from_slice(&place.to_be_bytes());
    key
}

/// What the keys of an exam's exports and holds begin with; ids have no zero byte.
pub(super) fn of_exam(exam: &str) -> Vec<u8> {
    [exam.as_bytes(), &[0]].concat()
}

/// The key of an export.
pub(super) fn export_key(exam: &str, target: Target, number: u64) -> Vec<u8> {
    let target = match target {
        Target::Cyclades => 1,
        Target::Imagin => 2,
    };
    [exam.as_bytes(), &[0, target], &number.to_be_bytes()].concat()
}

/// The key of a hold.
pub(super) fn hold_key(exam: &str, candidate: &str) -> Vec<u8> {
    [exam.as_bytes(), &[0], candidate.as_bytes()].concat()
}

/// The key of an account.
pub(super) fn account_key(id: &[u8; 16]) -> Vec<u8> {
    [ACCOUNTS, id.as_slice()].concat()
}

/// The key of a token: who shows its secret is looked up without a walk through all tokens.
pub(super) fn token_key(sha256: &[u8; 32]) -> Vec<u8> {
    [TOKENS, sha256.as_slice()].concat()
}

/// What the keys of accounts begin with.
pub(super) const ACCOUNTS: &[u8] = b"a";
/// What the keys of tokens begin with.
pub(super) const TOKENS: &[u8] = b"t";

/// The place a key or a value says; none when it says none.
pub(super) fn place_in(bytes: &[u8]) -> Option<u32> {
    bytes.last_chunk().map(|place| u32::from_be_bytes(*place))
}

/// The record under a key; `what` names it in an error, without personal data.
pub(super) fn read<T: Kept>(
    table: &Table,
    key: impl AsRef<[u8]>,
    what: impl Fn() -> String,
) -> Result<Option<Record<T>>, StoreError> {
    let key = key.as_ref();
    let Some(bytes) = table.get(key)? else { return Ok(None) };
    table.make_room(key, bytes.len())?;
    Ok(Some(Record::read(bytes).map_err(|fault| StoreError::Record { what: what(), fault })?))
}

/// A tree of which little stays in memory, however much of it is read or written.
#[derive(Clone)]
pub(super) struct Table {
    tree: Tree,
    /// Bytes read or written so far, all threads together.
    passed: Arc<AtomicUsize>,
}

/// A key is looked up once for so many bytes that were read or written.
const LOOK_EVERY: usize = 256;

/// … or, by who runs through all records of an exam in one go, for so many: 16 MiB wait then.
const LOOK_SELDOM: usize = 1024;

/// Of what a record is in memory beside its bytes: its key, and what points to both.
const AROUND: usize = 96;

impl Table {
    pub(super) fn of(tree: Tree) -> Table {
        Table { tree, passed: Arc::default() }
    }

    /// Lets sled notice that its cache is full. Call it after reading or writing `length` bytes under
    /// `key`.
    ///
    /// sled 0.34 counts what it holds only when 64 accesses have gathered in one of 256 queues, a page
    /// belonging to one queue. A page has up to 16 values, so a run through 27,000 scripts, or writing
    /// them, passes each page a few times and leaves all of them in memory, whatever the cache's
    /// capacity: 130 MB and 600 MB were measured. Looking a key up once for every [`LOOK_EVERY`] bytes
    /// makes a page's queue full once for every 16 KiB, so some 4 MiB wait in all queues together; a
    /// look takes a microsecond.
    pub(super) fn make_room(&self, key: &[u8], length: usize) -> Result<(), StoreError> {
        self.make_room_every(LOOK_EVERY, key, length)
    }

    /// As [`Table::make_room`], with a look for every so many bytes: looks take most of the time of a run
    /// through all records, and whoever is alone at it may leave more in memory.
    fn make_room_every(&self, every: usize, key: &[u8], length: usize) -> Result<(), StoreError> {
        let bytes = length + AROUND;
        let before = self.passed.fetch_add(bytes, Ordering::Relaxed) % every;
        // More than 64 in a row fill no further queue.
        for _ in 0..((before + bytes) / every).min(64) {
            self.tree.contains_key(key)?;
        }
        Ok(())
    }
}

impl std::ops::Deref for Table {
    type Target = Tree;

    fn deref(&self) -> &Tree {
        &self.tree
    }
}

/// What the keys of a table say after the generation.
#[derive(Clone, Copy)]
pub(super) enum Keys {
    /// A name that people know: a number, an id.
    Names,
    /// A place.
    Places,
}

impl Keys {
    /// How a message names what lies under a key.
    pub(super) fn spelt(self, key: &[u8]) -> String {
        self.named(key.get(4..).unwrap_or(key))
    }

    /// As [`Keys::spelt`], of a key without its generation.
    pub(super) fn named(self, key: &[u8]) -> String {
        match self {
            Keys::Names => String::from_utf8_lossy(key).into_owned(),
            Keys::Places => match place_in(key) {
                Some(place) => format!("at place {place}"),
                None => "at no place".to_owned(),
            },
        }
    }
}

/// The records of one generation, in the order of their keys.
pub struct Records<T: Kept> {
    source: Source,
    what: (&'static str, Keys),
    kept: std::marker::PhantomData<fn() -> T>,
}

/// Where records lie: each a value of its own, or several in a leaf.
enum Source {
    Values(Table, sled::Iter),
    Leaves(leaves::Entries),
}

impl<T: Kept> Records<T> {
    pub(super) fn of(table: &Table, generation: u32, what: &'static str, keys: Keys) -> Records<T> {
        Records {
            source: Source::Values(table.clone(), table.scan_prefix(generation.to_be_bytes())),
            what: (what, keys),
            kept: std::marker::PhantomData,
        }
    }

    fn read(&self, (key, value): (IVec, IVec)) -> Result<Record<T>, StoreError> {
        if let Source::Values(table, _) = &self.source {
            table.make_room(&key, value.len())?;
        }
        Record::read(value).map_err(|fault| {
            let (what, keys) = self.what;
            StoreError::Record { what: format!("{what} {}", keys.spelt(&key)), fault }
        })
    }
}

impl<T: Kept> Iterator for Records<T> {
    type Item = Result<Record<T>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = match &mut self.source {
            Source::Values(_, values) => values.next()?.map_err(StoreError::from),
            Source::Leaves(entries) => entries.next()?,
        };
        Some(entry.and_then(|entry| self.read(entry)))
    }
}

/// Places and their candidates in the order of a delivery's entries, each with the script if there is one.
/// Both tables are run through side by side, which takes a fraction of looking scripts up one by one.
pub struct Together {
    candidates: std::iter::Zip<Records<Candidate>, Range<u32>>,
    scripts: std::iter::Peekable<sled::Iter>,
    table: Table,
}

impl Together {
    pub(super) fn of(tables: &Tables, generation: u32, places: Range<u32>) -> Result<Together, StoreError> {
        let table = tables.scripts.clone();
        let (first, end) = (key_at(generation, places.start), key_at(generation, places.end));
        Ok(Together {
            scripts: table.range(first..end).peekable(),
            candidates: tables.candidates_from(generation, places.start)?.zip(places),
            table,
        })
    }

    /// The script at a place; those before it are passed over.
    fn script(&mut self, place: u32) -> Result<Option<Record<Script>>, StoreError> {
        let at = |entry: &sled::Result<(IVec, IVec)>| match entry {
            Ok((key, _)) => place_in(key).is_none_or(|at| at <= place),
            Err(_) => true,
        };
        while let Some(entry) = self.scripts.next_if(at) {
            let (key, value) = entry?;
            self.table.make_room_every(LOOK_SELDOM, &key, value.len())?;
            if place_in(&key) == Some(place) {
                let what = || format!("the script of the candidate at place {place}");
                return Record::read(value).map(Some).map_err(StoreError::record(what()));
            }
        }
        Ok(None)
    }
}

impl Iterator for Together {
    type Item = Result<(u32, Record<Candidate>, Option<Record<Script>>), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (candidate, place) = self.candidates.next()?;
        Some(candidate.and_then(|candidate| Ok((place, candidate, self.script(place)?))))
    }
}
