//! The desk where exams are closed: one closing of an exam at a time.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::close::ExportReport;
use super::error::CloseError;
use super::reading::{put_aside, rows_of};
use super::rows::{OutcomeCodes, imagin};
use crate::exchange::rows::{Chunker, Chunks, RejectedRow};
use crate::exchange::{Adapter, ExportName, Fault, HeldState, Pace, Patience, Sending, Whole, send};
use crate::journal::{Actor, Answer, Command, Launch, Publish, Sent, Target};
use crate::model::ArchivedExamKind;
use crate::process::quality::Policy;
use crate::rope::BlobSource as _;
use crate::store::{BlobSink, ExamView, Export, Standing, Store};

/// Closings under way, by exam, with who is at it. One for all desks of a process.
#[derive(Default)]
pub struct UnderWay(Mutex<BTreeMap<String, String>>);

impl UnderWay {
    /// Who is closing an exam at this moment, if somebody is: an actor's name.
    pub fn by(&self, exam: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(exam).cloned()
    }

    /// How many exams are being closed at this moment.
    pub fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Whoever closes exams, with all he needs.
pub struct ClosingDesk<'a> {
    /// The store.
    pub store: &'a Store,
    /// How Cyclades is reached.
    pub cyclades: &'a dyn Adapter,
    /// How IMAG'IN is reached.
    pub imagin: &'a dyn Adapter,
    /// Clock and chance.
    pub pace: &'a dyn Pace,
    /// How long one export may take, all its requests together.
    pub budget: Duration,
    /// How outcomes are spelt.
    pub codes: &'a OutcomeCodes,
    /// Where rows are put aside before they are kept.
    pub scratch: &'a Path,
    /// Who closes.
    pub actor: &'a Actor,
    /// What in the quality sheet blocks, and what warns.
    pub quality: &'a Policy,
    /// Closings under way in this process.
    pub under_way: &'a UnderWay,
}

/// Holds the place of a closing until it ends.
pub(super) struct Turn<'a>(&'a UnderWay, String);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

/// How many rejected rows a report names.
const REJECTED_SHOWN: usize = 20;

impl<'a> ClosingDesk<'a> {
    /// Takes the turn of closing an exam; whoever comes second is told who was first.
    pub(super) fn turn(&self, exam: &str) -> Result<Turn<'a>, CloseError> {
        let mut under_way = self.under_way.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(by) = under_way.get(exam) {
            return Err(CloseError::UnderWay { exam: exam.to_owned(), by: by.clone() });
        }
        under_way.insert(exam.to_owned(), self.actor.name.clone());
        Ok(Turn(self.under_way, exam.to_owned()))
    }

    pub(super) fn view(&self, exam: &str) -> Result<ExamView, CloseError> {
        self.store.exam(exam)?.ok_or_else(|| CloseError::NoSuchExam { exam: exam.to_owned() })
    }

    pub(super) fn adapter(&self, target: Target) -> &'a dyn Adapter {
        match target {
            Target::Cyclades => self.cyclades,
            Target::Imagin => self.imagin,
        }
    }

    /// Asks Cyclades whether it has published, and records it. Gives the fault when it does not say.
    pub(super) fn learn_publication(&self, exam: &str) -> Result<Option<Fault>, CloseError> {
        let life = self.view(exam)?.life();
        if life.published_at.is_some() && !life.published_by_hand {
            return Ok(None);
        }
        let mut patience = Patience::new(self.pace, self.budget);
        match patience.try_for(|| self.cyclades.publication(exam)) {
            Ok(None) => Ok(None),
            Ok(Some(at)) => {
                let published_at = if at == 0 { self.pace.now() } else { at };
                let command =
                    Command::Publish(Publish { exam: exam.to_owned(), published_at, by_hand: false });
                self.store.execute(&command, self.actor, self.pace.now())?;
                Ok(None)
            }
            Err(fault) => Ok(Some(fault)),
        }
    }

    /// Prepares exports of what the exam holds now and journals them, before anything is sent. `marks` are the
    /// rows for Cyclades when they were made already.
    pub(super) fn launch(
        &self,
        view: &ExamView,
        targets: &[Target],
        mut marks: Option<Chunker>,
    ) -> Result<Vec<Export>, CloseError> {
        let exam = view.id();
        let before = view.exports()?;
        let batch = self.store.blobs().begin();
        let mut exports = Vec::new();
        for target in targets {
            let last = before.iter().rev().find(|export| export.target == *target);
            let number = last.map_or(1, |last| last.number + 1);
            let rows = match (target, marks.take()) {
                (Target::Cyclades, Some(marks)) => marks,
                (Target::Cyclades, None) => rows_of(view, self.codes, self.scratch)?,
                (Target::Imagin, made) => {
                    marks = made;
                    self.services(view)?
                }
            };
            exports.push(rows.keep(*target, number, &batch).map_err(CloseError::Rows)?);
        }
        batch.seal().map_err(CloseError::Rows)?;
        fail::fail_point!("close-before-launch");
        let command = Command::Launch(Launch { exam: exam.to_owned(), exports });
        let executed = self.store.execute_on(Some(view.line()), &command, self.actor, self.pace.now())?;
        fail::fail_point!("close-after-launch");
        let line = executed.line;
        let mut launched = self.view(exam)?.exports()?;
        launched.retain(|export| Some(export.line) == line);
        Ok(launched)
    }

    fn services(&self, view: &ExamView) -> Result<Chunker, CloseError> {
        let mut chunker = put_aside(self.scratch)?;
        for row in imagin(view)? {
            chunker.push(&row).map_err(CloseError::Rows)?;
        }
        Ok(chunker)
    }

    /// Sends an export, or only asks what became of it, and journals the answer before anyone is told.
    /// `barred` is why it cannot be sent at all.
    pub(super) fn carry(
        &self,
        view: &ExamView,
        export: &Export,
        how: Carrying,
    ) -> Result<ExportReport, CloseError> {
        let exam = view.id();
        let adapter = self.adapter(export.target);
        let name = ExportName { exam: exam.to_owned(), number: export.number };
        let mut patience = Patience::new(self.pace, self.budget);
        let sending = match how {
            Carrying::Barred(fault) => Sending::Failed(fault),
            Carrying::AskOnly => match patience.try_for(|| adapter.held(&name)) {
                Ok(held) => match held.state {
                    HeldState::Committed(committed) => Sending::Committed(committed),
                    _ => Sending::Failed(Fault::TooLate),
                },
                Err(fault) => Sending::Unknown(fault),
            },
            Carrying::Send { resumed } => {
                let whole = Whole {
                    chunks: u32::try_from(export.chunks.len()).unwrap_or(u32::MAX),
                    rows: export.count,
                    sha256: export.rows.sha256,
                    replaces_all: view.exam().kind == ArchivedExamKind::OneOff,
                };
                let file = self.store.blobs().open(&export.rows).map_err(CloseError::Rows)?;
                let chunks = Chunks::of(file, &export.chunks);
                send(adapter, &name, &whole, &chunks, resumed, &mut patience).map_err(CloseError::Rows)?
            }
        };
        fail::fail_point!("close-before-answer");
        let (answer, rejected) = self.answer(sending)?;
        let command = Command::Sent(Sent {
            exam: exam.to_owned(),
            target: export.target,
            number: export.number,
            answer: answer.clone(),
            requests: patience.requests(),
            took_ms: u64::try_from(patience.took().as_millis()).unwrap_or(u64::MAX),
        });
        self.store.execute(&command, self.actor, self.pace.now())?;
        fail::fail_point!("close-after-answer");
        Ok(ExportReport::of(export, &answer, rejected, &patience))
    }

    /// An answer as the journal keeps it, its rejected rows in a blob.
    fn answer(&self, sending: Sending) -> Result<(Answer, Vec<RejectedRow>), CloseError> {
        let spelt = |fault: &Fault| {
            let text = fault.to_string();
            let (code, detail) = text.split_once(' ').unwrap_or((&text, ""));
            (code.to_owned(), detail.to_owned())
        };
        Ok(match sending {
            Sending::Failed(fault) => {
                let (code, detail) = spelt(&fault);
                (Answer::Failed { code, detail }, Vec::new())
            }
            Sending::Unknown(fault) => {
                let (code, detail) = spelt(&fault);
                (Answer::Unknown { code, detail }, Vec::new())
            }
            Sending::Committed(committed) => {
                let mut rejected = committed.rejected;
                let count = rejected.len() as u64;
                let list = if rejected.is_empty() {
                    None
                } else {
                    let bytes = serde_json::to_vec(&rejected)
                        .map_err(|error| CloseError::Rows(io::Error::other(error)))?;
                    let batch = self.store.blobs().begin();
                    let blob = batch.put(&bytes).map_err(CloseError::Rows)?;
                    batch.seal().map_err(CloseError::Rows)?;
                    Some(blob)
                };
                rejected.truncate(REJECTED_SHOWN);
                (Answer::Committed { accepted: committed.accepted, rejected: count, list }, rejected)
            }
        })
    }

    /// Settles every export whose answer is open. False when one stays open.
    pub(super) fn settle(
        &self,
        exam: &str,
        targets: &[Target],
        reports: &mut Vec<ExportReport>,
    ) -> Result<bool, CloseError> {
        let mut settled = true;
        for target in targets {
            let view = self.view(exam)?;
            let exports = view.exports()?;
            let open = exports.iter().rev().find(|export| export.target == *target);
            let Some(open) = open.filter(|export| export.standing() == Standing::Unsettled) else { continue };
            let published = view.life().published_at.is_some();
            let how = if published { Carrying::AskOnly } else { Carrying::Send { resumed: true } };
            let report = self.carry(&view, open, how)?;
            settled &= report.standing != Standing::Unsettled;
            reports.push(report);
        }
        Ok(settled)
    }
}

/// What is done with an export.
pub(super) enum Carrying {
    /// It is sent; when `resumed`, it may have been before.
    Send {
        /// Whether it may have been sent before.
        resumed: bool,
    },
    /// The target is only asked what it holds: nothing may be sent any more.
    AskOnly,
    /// It cannot be sent.
    Barred(Fault),
}
