//! Applying commands. The one place that knows what each of them does to the records.
//!
//! A command is *prepared* first: everything that can refuse it happens here, and whatever it
//! needs is written where nobody looks yet (a generation without an exam, blobs). Only then is it
//! journalled, and *applied*: few records, one transaction. So no line of the journal can turn out
//! to be impossible, and replaying a line ends in the same state however often it is done.

mod batches;
mod carry_over;
mod damage;
mod exports;
mod hold;
mod import;
mod marks;
mod packs;
pub(super) mod people;
mod places;
pub(super) mod purge;
pub(super) mod rest;
mod settings;
mod shelf;
mod tallies;
mod touched;
mod transmit;
mod waiting;
pub(super) mod writer;

use sled::transaction::{ConflictableTransactionError, TransactionError};
use sled::{Transactional, Tree};

use super::generation::Generations;
use super::meta::{APPLIED_KEY, Applied, FORGETTING_KEY, Forgetting};
use super::record::{ExamEntry, Record};
use super::refusal::Refusal;
use super::secret::Secret;
use super::tables::{Tables, read};
use super::{BlobStore, ExecuteError, Load, Stop, StoreError};
use crate::journal::{Actor, Command, Counts, Timestamp, instant};
pub(super) use tallies::counted;
pub(super) use waiting::{count_span, scripts_in};

/// What preparing needs.
pub(super) struct Bench<'a> {
    pub(super) tables: &'a Tables,
    pub(super) blobs: &'a BlobStore,
    pub(super) generations: &'a Generations,
    pub(super) secret: &'a Secret,
    pub(super) load: Load,
    /// Ends the writing of a generation before it is anyone's.
    pub(super) stop: Stop<'a>,
}

/// The line a command has, or is about to have.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) line: u64,
    pub(super) at: Timestamp,
    pub(super) actor: &'a Actor,
}

/// A command ready to be applied.
pub(super) struct Prepared {
    /// The exam as it will be.
    pub(super) entry: ExamEntry,
    /// Scripts to be written over, in the exam's generation: key and record.
    pub(super) scripts: Vec<([u8; 8], sled::IVec)>,
    /// Tallies to be written over.
    pub(super) tallies: Vec<(Vec<u8>, sled::IVec)>,
    /// What waits in spans, to be written over.
    pub(super) waiting: Vec<([u8; 8], sled::IVec)>,
    /// Batches to be written over.
    pub(super) batches: Vec<(Vec<u8>, sled::IVec)>,
    /// Exports to be written or written over.
    pub(super) exports: Vec<(Vec<u8>, sled::IVec)>,
    /// Moments of transmission to be written over.
    pub(super) moments: Vec<([u8; 8], sled::IVec)>,
    /// Holds to be written, and those that end.
    pub(super) holds: Vec<(Vec<u8>, Option<sled::IVec>)>,
    /// Whether what it takes away has to leave the disk as well.
    pub(super) purges: bool,
    /// Whether there is anything to do at all.
    pub(super) changes: bool,
    /// A generation that was written for it; given up when it comes to nothing.
    pub(super) staged: Option<u32>,
}

/// What a command is ready to change.
pub(super) enum Ready {
    /// An exam.
    Exam(Box<Prepared>),
    /// An account or a token.
    Person(people::PreparedPerson),
}

impl Ready {
    /// The exam's counts after it; zeros when it is about people.
    pub(super) fn counts(&self) -> Counts {
        match self {
            Ready::Exam(prepared) => prepared.entry.counts,
            Ready::Person(_) => Counts::default(),
        }
    }

    /// Whether there is anything to do at all.
    pub(super) fn changes(&self) -> bool {
        match self {
            Ready::Exam(prepared) => prepared.changes,
            Ready::Person(prepared) => prepared.changes,
        }
    }

    /// A generation that was written for it; given up when it comes to nothing.
    pub(super) fn staged(&self) -> Option<u32> {
        match self {
            Ready::Exam(prepared) => prepared.staged,
            Ready::Person(_) => None,
        }
    }
}

impl Prepared {
    /// An exam as it will be, and nothing else yet.
    fn of(entry: ExamEntry) -> Prepared {
        Prepared {
            entry,
            scripts: Vec::new(),
            tallies: Vec::new(),
            waiting: Vec::new(),
            batches: Vec::new(),
            exports: Vec::new(),
            moments: Vec::new(),
            holds: Vec::new(),
            purges: false,
            changes: true,
            staged: None,
        }
    }
}

/// Prepares a command. `replayed` says that it is in the journal already: then it is done again
/// even when it seems to be done.
pub(super) fn prepare(
    bench: &Bench<'_>,
    command: &Command,
    place: Place<'_>,
    replayed: bool,
) -> Result<Ready, ExecuteError> {
    let exam = match command {
        Command::Import(command) => import::prepare(bench, command, place, replayed),
        Command::AcceptDamage(command) => damage::prepare_accept(bench, command, place),
        Command::FoundDamage(command) => damage::prepare_found(bench, command, place),
        Command::ChangeSettings(command) => settings::prepare(bench, command, place),
        Command::MoveBatches(command) => batches::prepare(bench, command, place),
        Command::ChangeMarks(command) => marks::prepare(bench, command, place),
        Command::Launch(command) => exports::prepare_launch(bench, command, place),
        Command::Sent(command) => exports::prepare_sent(bench, command, place),
        Command::Publish(command) => exports::prepare_publish(bench, command, place),
        Command::HoldCopy(command) => hold::prepare(bench, command, place),
        Command::PurgeExam(command) => purge::prepare(bench, command, place, replayed),
        Command::PutAccount(command) => {
            return people::prepare_account(bench, command, place).map(Ready::Person);
        }
        Command::PutToken(command) => {
            return people::prepare_token(bench, command, place).map(Ready::Person);
        }
    };
    exam.map(|prepared| Ready::Exam(Box::new(prepared)))
}

/// Applies what was prepared, in one go for every reader, and makes it durable. `head` is the
/// digest of the line.
pub(super) fn apply(bench: &Bench<'_>, ready: &Ready, line: u64, head: [u8; 32]) -> Result<(), StoreError> {
    fail::fail_point!("apply-start");
    let applied = Applied { line, head };
    match ready {
        Ready::Exam(prepared) => write_exam(bench, prepared, &applied)?,
        Ready::Person(prepared) => people::write(bench.tables, prepared, &applied)?,
    }
    fail::fail_point!("apply-after-flip");
    bench.tables.commit()?;
    fail::fail_point!("apply-end");
    Ok(())
}

/// Writes what was prepared of an exam, and makes its generation the exam's own.
fn write_exam(bench: &Bench<'_>, prepared: &Prepared, applied: &Applied) -> Result<(), StoreError> {
    let entry = &prepared.entry;
    let exam = entry.exam.id.as_str();
    let record = Record::of(entry).map_err(StoreError::record(format!("exam {exam}")))?;
    fail::fail_point!("apply-before-flip");
    bench.generations.flip(exam, entry.generation, || {
        let Tables { meta, exams, scripts, moments, tallies, .. } = bench.tables;
        let Tables { waiting, batches, exports, holds, .. } = bench.tables;
        let trees: (&Tree, &Tree, &Tree, &Tree, &Tree, &Tree, &Tree, &Tree, &Tree) =
            (meta, exams, scripts, moments, tallies, waiting, batches, exports, holds);
        let written = trees.transaction(|trees| {
            let (meta, exams, scripts, moments, tallies, waiting, batches, exports, holds) = trees;
            for (key, record) in &prepared.scripts {
                scripts.insert(key, record.clone())?;
            }
            for (key, record) in &prepared.moments {
                moments.insert(key, record.clone())?;
            }
            for (key, record) in &prepared.tallies {
                tallies.insert(key.as_slice(), record.clone())?;
            }
            for (key, record) in &prepared.waiting {
                waiting.insert(key, record.clone())?;
            }
            for (key, record) in &prepared.batches {
                batches.insert(key.as_slice(), record.clone())?;
            }
            for (key, record) in &prepared.exports {
                exports.insert(key.as_slice(), record.clone())?;
            }
            for (key, record) in &prepared.holds {
                match record {
                    Some(record) => holds.insert(key.as_slice(), record.clone())?,
                    None => holds.remove(key.as_slice())?,
                };
            }
            if prepared.purges {
                meta.insert(FORGETTING_KEY, &Forgetting::All.bytes()[..])?;
            }
            exams.insert(exam.as_bytes(), record.envelope().clone())?;
            meta.insert(APPLIED_KEY, applied.bytes())?;
            Ok::<(), ConflictableTransactionError<()>>(())
        });
        written.map_err(given_up)
    })
}

fn given_up(error: TransactionError<()>) -> StoreError {
    match error {
        TransactionError::Storage(error) => StoreError::Database(error),
        TransactionError::Abort(()) => {
            StoreError::Inconsistent { detail: "a transaction was given up".to_owned() }
        }
    }
}

/// The exam a command is about, as a value.
fn exam_of(bench: &Bench<'_>, exam: &str) -> Result<ExamEntry, ExecuteError> {
    let Some(entry) = exam_entry(bench.tables, exam)? else {
        return Err(ExecuteError::NoSuchExam { exam: exam.to_owned() });
    };
    Ok(entry.value().map_err(StoreError::record(format!("exam {exam}")))?)
}

/// What a purge has left stays as it is.
fn not_purged(entry: &ExamEntry) -> Result<(), Refusal> {
    let Some(purged) = &entry.life.purged else { return Ok(()) };
    let on = instant(purged.at).chars().take(10).collect();
    Err(Refusal::Purged { exam: entry.exam.id.clone(), on })
}

/// The record of an exam.
pub(super) fn exam_entry(tables: &Tables, exam: &str) -> Result<Option<Record<ExamEntry>>, StoreError> {
    read(&tables.exams, exam, || format!("exam {exam}"))
}
