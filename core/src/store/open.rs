//! Opening a data directory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::apply::{Bench, Place, apply, prepare};
use super::execute::Writer;
use super::forget;
use super::generation::Generations;
use super::leaves;
use super::lock::Lock;
use super::meta::{self, Applied, State};
use super::people;
use super::purges::Purges;
use super::record::{ExamEntry, Record, SPAN};
use super::secret::Secret;
use super::tables::{Tables, of_exam};
use super::{BlobStore, ExecuteError, NEVER, OpenError, OpenOptions, Store, StoreError, moments};
use crate::journal::{Command, Counts, Journal, Line, Lines};

/// The journal's file within a data directory.
pub(super) const JOURNAL: &str = "journal.jsonl";
pub(super) const DATABASE: &str = "db";
pub(super) const BLOBS: &str = "blobs";

impl Store {
    /// Opens a data directory, made when it is missing: takes its lock, follows the journal's
    /// chain, applies what a crash left between journal and database, and compares the counts of
    /// every exam with the journal's.
    ///
    /// # Errors
    /// [`OpenError`] says what to do next.
    pub fn open(dir: &Path, options: &OpenOptions) -> Result<Store, OpenError> {
        opened(dir, options, false)
    }

    /// Makes the database again: applies every line of the journal to an empty one. The folder
    /// `db` must be empty or missing.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::DatabaseInUse`] when the database is not empty.
    pub fn replay_all(dir: &Path, options: &OpenOptions) -> Result<Store, OpenError> {
        opened(dir, options, true)
    }
}

fn opened(dir: &Path, options: &OpenOptions, from_nothing: bool) -> Result<Store, OpenError> {
    let io = |act, path: &Path| {
        let path = path.to_owned();
        move |source| OpenError::Io { act, path, source }
    };
    // It holds names, scans and what passwords were made into: for its owner alone, unless somebody made it
    // before, for others too.
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(io("make", dir))?;
    let lock = Lock::take(dir)?;
    let blobs_dir = dir.join(BLOBS);
    let blobs = BlobStore::open_in(&blobs_dir).map_err(io("open", &blobs_dir))?;
    let journal_path = dir.join(JOURNAL);
    let journalled = match fs::metadata(&journal_path) {
        Ok(held) => held.len() > 0,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(io("read", &journal_path)(error)),
    };
    let secret = Secret::open(dir, journalled, options.secret)?;
    let db_dir = dir.join(DATABASE);
    forget::settle(dir, from_nothing).map_err(io("put in order", &db_dir))?;
    let tables = Tables::open(&db_dir, options.cache_bytes, false, Some(lock))?;
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(io("make durable", dir))?;

    // Whatever is read from a damaged database can make sled panic.
    let read = catch_unwind(AssertUnwindSafe(|| {
        check_and_replay(&tables, &blobs, &secret, options, Replay { journal: journal_path, from_nothing })
    }));
    let (journal, cut, generations) = match read {
        Ok(read) => read?,
        Err(_) => {
            let detail = "reading it failed".to_owned();
            return Err(OpenError::Database { path: db_dir, detail });
        }
    };
    let store = Store {
        dir: dir.to_owned(),
        tables: Arc::new(tables),
        blobs: Arc::new(blobs),
        packs: Arc::default(),
        generations,
        secret,
        load: options.load,
        writer: Mutex::new(Writer { journal, halted: false }),
        cut,
    };
    store.forget_what_is_noted(options)
}

/// What there is to be replayed.
struct Replay {
    journal: PathBuf,
    from_nothing: bool,
}

type Checked = (Journal, Option<crate::journal::Cut>, Generations);

fn check_and_replay(
    tables: &Tables,
    blobs: &BlobStore,
    secret: &Secret,
    options: &OpenOptions,
    replay: Replay,
) -> Result<Checked, OpenError> {
    let state = meta::read(tables, &secret.digest())?;
    let applied = match state {
        State::Used(_) if replay.from_nothing => return Err(OpenError::DatabaseInUse),
        State::Used(applied) => applied,
        State::New => Applied { line: 0, head: [0; 32] },
    };
    let mut head_then = [0; 32];
    let mut expected = Expected::default();
    let mut purges = Purges::default();
    let (journal, cut) = Journal::open(&replay.journal, applied.line, |line, digest| {
        if line.number == applied.line {
            head_then = *digest;
        }
        purges.note(line);
        expected.note(line);
    })?;
    if applied.line > journal.last() || head_then != applied.head {
        return Err(OpenError::JournalBehind { journal: journal.last(), applied: applied.line });
    }
    if matches!(state, State::New) {
        if journal.last() > 0 && !replay.from_nothing {
            return Err(OpenError::DatabaseMissing { lines: journal.last() });
        }
        meta::found(tables, &secret.digest())?;
    }
    let generations = generations(tables)?;
    let bench = Bench { tables, blobs, generations: &generations, secret, load: options.load, stop: NEVER };
    replay_from(&bench, &replay.journal, applied.line, &purges)?;
    generations.sweep(tables)?;
    compare_counts(tables, &expected.exams)?;
    compare_people(tables, &expected)?;
    Ok((journal, cut, generations))
}

/// What the journal says there must be.
#[derive(Default)]
struct Expected {
    /// Counts of each exam after its last line.
    exams: BTreeMap<String, Counts>,
    accounts: BTreeSet<[u8; 16]>,
    tokens: BTreeSet<[u8; 16]>,
}

impl Expected {
    /// Takes a line into account; they come in order.
    fn note(&mut self, line: &Line) {
        match &line.command {
            Command::PutAccount(command) => {
                self.accounts.insert(command.account);
            }
            Command::PutToken(command) => {
                self.tokens.insert(command.token);
            }
            command => {
                self.exams.extend(command.exam().map(|exam| (exam.to_owned(), line.counts)));
            }
        }
    }
}

/// An account that was lost could be made a second time, by somebody else.
fn compare_people(tables: &Tables, expected: &Expected) -> Result<(), OpenError> {
    let (accounts, tokens) = people::count(tables);
    for (what, expected, found) in
        [("accounts", &expected.accounts, accounts), ("tokens", &expected.tokens, tokens)]
    {
        let expected = expected.len() as u64;
        if found != expected {
            return Err(OpenError::PeopleCounts { what, expected, found });
        }
    }
    Ok(())
}

/// The generations of a database.
pub(super) fn generations(tables: &Tables) -> Result<Generations, StoreError> {
    let present = entries(tables)?.into_iter().map(|entry| {
        let entry = entry.get();
        (entry.exam.id.to_string(), entry.generation.to_native())
    });
    Generations::of(tables, present)
}

/// Applies every line after `applied`, but for those that a later purge stands for: their blobs are
/// gone. The purge's own line makes the exam's records from nothing.
pub(super) fn replay_from(
    bench: &Bench<'_>,
    journal: &Path,
    applied: u64,
    purges: &Purges,
) -> Result<(), OpenError> {
    for line in Lines::read(journal)? {
        let (line, digest) = line?;
        if line.number <= applied || purges.replace(&line) {
            continue;
        }
        let refused =
            |source: ExecuteError| OpenError::Replay { line: line.number, source: Box::new(source) };
        if (bench.stop)() {
            return Err(refused(ExecuteError::Stopped { about: line.command.about() }));
        }
        let place = Place { line: line.number, at: line.at, actor: &line.actor };
        let prepared = prepare(bench, &line.command, place, true).map_err(refused)?;
        if prepared.counts() != line.counts {
            let detail = format!("{}: its counts are not those the journal gives", line.command.about());
            return Err(refused(StoreError::Inconsistent { detail }.into()));
        }
        apply(bench, &prepared, line.number, digest).map_err(|error| refused(error.into()))?;
        bench.generations.sweep(bench.tables)?;
    }
    Ok(())
}

/// The records of all exams, by id.
pub(super) fn entries(tables: &Tables) -> Result<Vec<Record<ExamEntry>>, StoreError> {
    let read = |entry: sled::Result<(sled::IVec, sled::IVec)>| {
        let (key, value) = entry?;
        let what = format!("exam {}", String::from_utf8_lossy(&key));
        let record = Record::<ExamEntry>::read(value).map_err(StoreError::record(what.as_str()))?;
        if record.get().exam.id.as_bytes() != key.as_ref() {
            return Err(StoreError::Inconsistent { detail: format!("{what} carries another id") });
        }
        Ok(record)
    };
    tables.exams.iter().map(read).collect()
}

/// sled 0.34 can lose hundreds of records to one flipped bit without a word (DESIGN, *Durability*):
/// so they are counted.
fn compare_counts(tables: &Tables, expected: &BTreeMap<String, Counts>) -> Result<(), OpenError> {
    let entries = entries(tables)?;
    for entry in &entries {
        let entry = entry.get();
        let exam = entry.exam.id.as_str();
        let expected = expected.get(exam).copied().unwrap_or_default();
        let generation = entry.generation.to_native();
        for (what, table, expected) in [
            ("schools", &tables.schools, expected.schools),
            ("markers", &tables.markers, expected.markers),
            ("batches", &tables.batches, expected.batches),
            ("scripts", &tables.scripts, expected.scripts),
            // One a batch and that of the candidates in none.
            ("tallies", &tables.tallies, expected.batches + 1),
            ("spans", &tables.waiting, expected.candidates.div_ceil(u64::from(SPAN))),
        ] {
            let mut found = 0;
            for entry in table.scan_prefix(generation.to_be_bytes()) {
                let (key, value) = entry.map_err(StoreError::from)?;
                table.make_room(&key, value.len())?;
                found += 1;
            }
            if found != expected {
                return Err(OpenError::Counts { exam: exam.to_owned(), what, expected, found });
            }
        }
    }
    for entry in &entries {
        let exam = entry.get().exam.id.as_str();
        let expected = expected.get(exam).copied().unwrap_or_default();
        for (what, table, expected) in
            [("exports", &tables.exports, expected.exports), ("holds", &tables.holds, expected.holds)]
        {
            let found = table.scan_prefix(of_exam(exam)).count() as u64;
            if found != expected {
                return Err(OpenError::Counts { exam: exam.to_owned(), what, expected, found });
            }
        }
        let found = moments::count(tables, entry.get().generation.to_native())?;
        if found != expected.transmitted {
            let (what, expected) = ("transmitted scripts", expected.transmitted);
            return Err(OpenError::Counts { exam: exam.to_owned(), what, expected, found });
        }
    }
    for entry in &entries {
        let entry = entry.get();
        let exam = entry.exam.id.as_str();
        let expected = expected.get(exam).copied().unwrap_or_default().candidates;
        let found = leaves::from(&tables.candidates, entry.generation.to_native(), b"")?
            .try_fold(0, |count, entry| entry.map(|_| count + 1))?;
        if found != expected {
            return Err(OpenError::Counts { exam: exam.to_owned(), what: "candidates", expected, found });
        }
        let mut found = 0;
        for place in tables.all_places(entry.generation.to_native())? {
            found += u64::from(place?.1.is_some());
        }
        if found != expected {
            return Err(OpenError::Counts { exam: exam.to_owned(), what: "places", expected, found });
        }
    }
    for exam in expected.keys() {
        if entries.iter().all(|entry| entry.get().exam.id.as_str() != exam) {
            return Err(OpenError::Counts { exam: exam.clone(), what: "exams", expected: 1, found: 0 });
        }
    }
    Ok(())
}
