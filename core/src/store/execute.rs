//! The store itself: views for readers, commands one at a time.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use super::apply::purge::gone;
use super::apply::rest::Rest;
use super::apply::{Bench, Place, apply, count_span, exam_entry, people, prepare};
use super::generation::Generations;
use super::packs::OpenPacks;
use super::record::{InspectionRecord, Record, Waiting};
use super::secret::Secret;
use super::tables::{Tables, key_at, read};
use super::{BlobSink as _, BlobStore, ExamView, ExecuteError, Load, NEVER, Stop, StoreError};
use crate::journal::{Actor, Command, Counts, Cut, Journal, PurgeExam, Timestamp};
use crate::model::BlobRef;

/// What executing a command did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Executed {
    /// Its journal line; none when everything was so already, and nothing was written.
    pub line: Option<u64>,
    /// The exam's counts now.
    pub counts: Counts,
}

/// A data directory, open. Shared by all threads; [`Store::open`] and [`Store::replay_all`] make
/// one.
pub struct Store {
    pub(super) dir: PathBuf,
    pub(super) tables: Arc<Tables>,
    pub(super) blobs: Arc<BlobStore>,
    pub(super) packs: Arc<OpenPacks>,
    pub(super) generations: Generations,
    pub(super) secret: Secret,
    pub(super) load: Load,
    pub(super) writer: Mutex<Writer>,
    pub(super) cut: Option<Cut>,
}

/// What only one command at a time may touch.
pub(super) struct Writer {
    pub(super) journal: Journal,
    /// A line is in the journal that the database could not take.
    pub(super) halted: bool,
}

impl Store {
    /// What a crash left of a journal line, when opening found such a thing.
    pub fn cut(&self) -> Option<&Cut> {
        self.cut.as_ref()
    }

    /// The blobs.
    pub fn blobs(&self) -> &BlobStore {
        &self.blobs
    }

    /// Every exam, by id.
    ///
    /// # Errors
    /// [`StoreError`] when a record cannot be read.
    pub fn exams(&self) -> Result<Vec<ExamView>, StoreError> {
        let mut views = Vec::new();
        for id in self.tables.exams.iter().keys() {
            let id = id?;
            let id = std::str::from_utf8(&id)
                .map_err(|_| StoreError::Inconsistent { detail: "an exam's id is not text".to_owned() })?;
            views.extend(self.exam(id)?);
        }
        Ok(views)
    }

    /// One exam.
    ///
    /// # Errors
    /// [`StoreError`] when its record cannot be read.
    pub fn exam(&self, id: &str) -> Result<Option<ExamView>, StoreError> {
        let held = self.generations.hold(id, || exam_entry(&self.tables, id))?;
        let Some((entry, held)) = held else { return Ok(None) };
        if entry.get().generation != held.generation() {
            return Err(StoreError::Inconsistent { detail: format!("exam {id} is between two imports") });
        }
        let (tables, blobs) = (Arc::clone(&self.tables), Arc::clone(&self.blobs));
        Ok(Some(ExamView { tables, blobs, packs: Arc::clone(&self.packs), entry, held }))
    }

    /// Whether commands are taken: whoever is at work at this moment counts as well.
    ///
    /// # Errors
    /// [`ExecuteError::Halted`] after a line that the database could not take, the journal's own error when its
    /// end is unknown: opening the data directory again helps.
    pub fn takes_commands(&self) -> Result<(), ExecuteError> {
        match self.writer.try_lock() {
            Ok(writer) if writer.halted => Err(ExecuteError::Halted),
            Ok(writer) => Ok(writer.journal.known()?),
            Err(TryLockError::WouldBlock) => Ok(()),
            Err(TryLockError::Poisoned(_)) => Err(ExecuteError::Halted),
        }
    }

    /// Executes a command: prepares it, appends it to the journal, applies it, commits. One at a
    /// time; readers go on meanwhile.
    ///
    /// The blobs that the command names must be sealed before. A command that changes nothing (the
    /// same bundle again, a page accepted already) leaves no line.
    ///
    /// # Errors
    /// [`ExecuteError`]; nothing has changed then, except after [`ExecuteError::Unapplied`].
    pub fn execute(&self, command: &Command, actor: &Actor, at: Timestamp) -> Result<Executed, ExecuteError> {
        self.executed(None, command, actor, at, NEVER)
    }

    /// As [`Store::execute`], unless `stop` says so before the command has its line.
    ///
    /// # Errors
    /// [`ExecuteError::Stopped`] then; nothing has changed.
    pub fn execute_until(
        &self,
        command: &Command,
        actor: &Actor,
        at: Timestamp,
        stop: Stop<'_>,
    ) -> Result<Executed, ExecuteError> {
        self.executed(None, command, actor, at, stop)
    }

    /// As [`Store::execute`], if the exam is still what somebody looked at: `seen` is its
    /// [`ExamView::line`] then, or the line of the account or token.
    ///
    /// # Errors
    /// [`ExecuteError::Changed`] or [`super::PeopleRefusal::Changed`] when it is not; nothing has
    /// changed then.
    pub fn execute_on(
        &self,
        seen: Option<u64>,
        command: &Command,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<Executed, ExecuteError> {
        self.executed(seen, command, actor, at, NEVER)
    }

    fn executed(
        &self,
        seen: Option<u64>,
        command: &Command,
        actor: &Actor,
        at: Timestamp,
        stop: Stop<'_>,
    ) -> Result<Executed, ExecuteError> {
        // Whoever panicked while holding the lock may have left a line that is not applied.
        let mut writer = self.writer.lock().map_err(|_| ExecuteError::Halted)?;
        if writer.halted {
            return Err(ExecuteError::Halted);
        }
        let bench = Bench { stop, ..self.bench() };
        self.generations.sweep(&self.tables)?;
        match (seen, command.exam()) {
            (Some(seen), Some(exam)) => {
                if exam_entry(&self.tables, exam)?.is_some_and(|entry| entry.get().line.to_native() != seen) {
                    return Err(ExecuteError::Changed { exam: exam.to_owned() });
                }
            }
            (Some(seen), None) => people::unchanged(&self.tables, command, seen)?,
            (None, _) => {}
        }
        let place = Place { line: writer.journal.last() + 1, at, actor };
        let prepared = match prepare(&bench, command, place, false) {
            Ok(prepared) => prepared,
            Err(error) => {
                self.sweep_later();
                return Err(error);
            }
        };
        if !prepared.changes() {
            return Ok(Executed { line: None, counts: prepared.counts() });
        }
        fail::fail_point!("execute-prepared");
        if stop() {
            prepared.staged().into_iter().for_each(|generation| self.generations.give_up(generation));
            self.sweep_later();
            return Err(ExecuteError::Stopped { about: command.about() });
        }
        if let Err(error) = writer.journal.append(at, actor, command, prepared.counts()) {
            prepared.staged().into_iter().for_each(|generation| self.generations.give_up(generation));
            self.sweep_later();
            return Err(error.into());
        }
        fail::fail_point!("execute-journalled");
        writer.halted = true;
        let line = writer.journal.last();
        apply(&bench, &prepared, line, writer.journal.head())
            .map_err(|source| ExecuteError::Unapplied { line, source })?;
        writer.halted = false;
        self.sweep_later();
        Ok(Executed { line: Some(line), counts: prepared.counts() })
    }

    /// The command that purges an exam: what stays of it is put together and kept.
    ///
    /// # Errors
    /// [`StoreError`] when a record cannot be read or the rest cannot be kept.
    pub fn purge_command(&self, view: &ExamView, consultable_until: String) -> Result<PurgeExam, StoreError> {
        let rest = Rest::of(view)?;
        let exam = view.id().to_owned();
        let gone = gone(&view.counts(), &rest.counts()).ok_or_else(|| StoreError::Inconsistent {
            detail: format!("exam {exam} has more copies that are held than copies"),
        })?;
        let keep = |bytes: &[u8]| {
            let batch = self.blobs.begin();
            let rest = batch.put(bytes)?;
            batch.seal().map(|()| rest)
        };
        let rest = keep(&rest.bytes()?)
            .map_err(|source| StoreError::Blob { act: format!("keep what stays of exam {exam}"), source })?;
        Ok(PurgeExam { exam, consultable_until, gone, rest })
    }

    /// Keeps what inspection found, all of it at once, durably. Not journalled: it can be found
    /// again.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot take it.
    pub fn record_inspections(&self, found: &[(BlobRef, InspectionRecord)]) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        for (scan, inspection) in found {
            let record = Record::of(inspection).map_err(StoreError::record("an inspection"))?;
            batch.insert(&scan.sha256, record.envelope().clone());
        }
        self.tables.inspections.apply_batch(batch)?;
        self.tables.commit()
    }

    /// Counts again what waits for inspection in a span of a view: its pages were inspected, and the
    /// damage that was found is told. What a crash takes of it waits for one more inspection.
    ///
    /// # Errors
    /// [`StoreError`] when a record cannot be read or written.
    pub fn count_waiting(&self, view: &ExamView, span: u32) -> Result<(), StoreError> {
        let generation = view.held.generation();
        let (tables, key) = (&self.tables, key_at(generation, span));
        let what = || format!("what waits in span {span}");
        let waits = |record: Record<Waiting>| record.get().pages.count > 0;
        if !read::<Waiting>(&tables.waiting, key, what)?.is_some_and(waits) {
            return Ok(());
        }
        // A command that changes these scripts counts what waits among them too.
        let _one_at_a_time = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = count_span(tables, generation, span, &BTreeMap::new())?;
        let record = Record::of(&counted).map_err(StoreError::record(what()))?;
        tables.waiting.insert(key, record.envelope().clone())?;
        tables.commit()
    }

    pub(super) fn bench(&self) -> Bench<'_> {
        Bench {
            tables: &self.tables,
            blobs: &self.blobs,
            generations: &self.generations,
            secret: &self.secret,
            load: self.load,
            stop: NEVER,
        }
    }

    /// Removes what is no longer looked at. The command has its answer whether or not that works
    /// now; it is tried again before the next command and at the next opening.
    fn sweep_later(&self) {
        if let Err(error) = self.generations.sweep(&self.tables) {
            tracing::warn!(%error, "records of an earlier import could not be removed yet");
        }
    }
}
