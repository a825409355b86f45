//! Validating the harmonisation of batches, which closes an E3C batch by batch.

use std::io;

use super::close::ExportReport;
use super::desk::{Carrying, ClosingDesk};
use super::error::CloseError;
use super::rows::{each_cyclades, imagin};
use super::status::ClosingStatus;
use crate::exchange::rows::{Chunks, imagin_rows};
use crate::journal::{BatchMove, Command, MoveBatches, Target};
use crate::model::{ArchivedBatchState, ArchivedExamKind, ArchivedHarmonisation};
use crate::process::quality::{Scope, Sheet, look};
use crate::process::roles::{Act, allowed};
use crate::rope::BlobSource as _;
use crate::store::{ExamView, Export, Standing};

/// Which batches are validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// These.
    Batches(Vec<String>),
    /// All that are locked.
    All,
}

/// What a validation did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidateReport {
    /// The exam.
    pub exam: String,
    /// Batches validated now.
    pub validated: Vec<String>,
    /// With [`Which::All`], batches that are not locked and so were left alone.
    pub left: Vec<String>,
    /// What was sent or settled, in order; nothing for a one-off exam.
    pub exports: Vec<ExportReport>,
    /// The quality sheet of the batches validated now; none for a one-off exam, whose closing has one.
    pub quality: Option<Sheet>,
    /// Where the exam stands now.
    pub closing: ClosingStatus,
}

impl ValidateReport {
    /// Whether everything that was sent was accepted.
    pub fn is_whole(&self) -> bool {
        use super::status::TargetState::{Accepted, NotSent};
        [&self.closing.cyclades, &self.closing.imagin]
            .iter()
            .all(|target| matches!(target.state, Accepted | NotSent))
    }
}

impl ClosingDesk<'_> {
    /// Validates batches. For an E3C this sends the marks of their candidates to Cyclades, with those of
    /// earlier validations that did not arrive, and their markers' services to IMAG'IN; the same command
    /// again sends what failed. Exactly the accepted scripts are transmitted.
    ///
    /// # Errors
    /// [`CloseError`] when nothing may be validated or sent.
    pub fn validate(&self, exam: &str, which: &Which) -> Result<ValidateReport, CloseError> {
        allowed(&self.actor.role, Act::Validate)?;
        let _turn = self.turn(exam)?;
        let view = self.view(exam)?;
        let common = view.exam().kind == ArchivedExamKind::CommonAssessment;
        let mut unknown = None;
        if common {
            unknown = self.learn_publication(exam)?;
            if self.view(exam)?.life().published_at.is_some() {
                self.settle(exam, &Target::ALL, &mut Vec::new())?;
                return Err(CloseError::Final { exam: exam.to_owned() });
            }
        }
        let (chosen, left) = chosen(&view, which)?;
        let validated = self.pending(&view, &chosen)?;
        let quality = if common { self.sheet(&view, &validated)? } else { None };
        if !chosen.is_empty() {
            let batches = chosen.clone();
            let command = MoveBatches { exam: exam.to_owned(), to: BatchMove::Validate, batches };
            self.store.execute(&Command::MoveBatches(command), self.actor, self.pace.now())?;
        }
        fail::fail_point!("validate-after-batches");
        let mut exports = Vec::new();
        if common {
            self.transmit(exam, unknown, &mut exports)?;
        }
        let closing = ClosingStatus::of(&self.view(exam)?)?;
        Ok(ValidateReport { exam: exam.to_owned(), validated, left, exports, quality, closing })
    }

    /// The quality sheet of what is decided now, before anything is. What earlier validations decided is
    /// sent again without being judged again.
    fn sheet(&self, view: &ExamView, validated: &[String]) -> Result<Option<Sheet>, CloseError> {
        if validated.is_empty() {
            return Ok(None);
        }
        let batches = validated.iter().cloned().collect();
        let sheet = look(view, Scope::Batches(&batches), self.quality)?;
        if sheet.blocks() {
            return Err(CloseError::Quality { exam: view.id().to_owned(), sheet: Box::new(sheet) });
        }
        Ok(Some(sheet))
    }

    /// Those of the batches that are not validated yet.
    fn pending(&self, view: &ExamView, batches: &[String]) -> Result<Vec<String>, CloseError> {
        let mut pending = Vec::new();
        for id in batches {
            if let Some(batch) = view.batch(id)?
                && batch.get().harmonisation == ArchivedHarmonisation::Pending
            {
                pending.push(id.clone());
            }
        }
        Ok(pending)
    }

    fn transmit(
        &self,
        exam: &str,
        unknown: Option<crate::exchange::Fault>,
        reports: &mut Vec<ExportReport>,
    ) -> Result<(), CloseError> {
        let settled = self.settle(exam, &Target::ALL, reports)?;
        let view = self.view(exam)?;
        let exports = view.exports()?;
        let last = |target| exports.iter().rev().find(|export| export.target == target).map(Export::standing);
        let mut due = Vec::new();
        let mut rows = 0_u64;
        each_cyclades(&view, self.codes, |_| {
            rows += 1;
            Ok::<(), CloseError>(())
        })?;
        if rows > 0 {
            due.push(Target::Cyclades);
        }
        if self.services_are_due(&view, &exports)? {
            due.push(Target::Imagin);
        }
        // Whose answer is open is not sent anything new.
        due.retain(|target| settled || last(*target) != Some(Standing::Unsettled));
        if due.is_empty() {
            return Ok(());
        }
        for export in self.launch(&view, &due, None)? {
            let barred = unknown.clone().filter(|_| export.target == Target::Cyclades);
            let how = barred.map_or(Carrying::Send { resumed: false }, Carrying::Barred);
            reports.push(self.carry(&view, &export, how)?);
        }
        Ok(())
    }
}

impl ClosingDesk<'_> {
    /// Whether IMAG'IN lacks services: they are compared with what it accepted last, because a crash may
    /// have come between the validation of batches and the launch.
    fn services_are_due(&self, view: &ExamView, exports: &[Export]) -> Result<bool, CloseError> {
        let rows = imagin(view)?;
        let last = exports.iter().rev().find(|export| export.target == Target::Imagin);
        let Some(last) = last.filter(|last| last.standing() == Standing::Whole) else {
            return Ok(!rows.is_empty());
        };
        let file = self.store.blobs().open(&last.rows).map_err(CloseError::Rows)?;
        let chunks = Chunks::of(file, &last.chunks);
        let mut held = Vec::new();
        for number in 1..=chunks.count() {
            let body = chunks.body(number).map_err(CloseError::Rows)?;
            held.extend(imagin_rows(&body).map_err(|error| CloseError::Rows(io::Error::other(error)))?);
        }
        Ok(rows != held)
    }
}

/// The batches that are meant, and those that *all* leaves alone.
fn chosen(view: &ExamView, which: &Which) -> Result<(Vec<String>, Vec<String>), CloseError> {
    let Which::Batches(batches) = which else {
        let (mut locked, mut open) = (Vec::new(), Vec::new());
        for batch in view.batches() {
            let batch = batch?;
            let batch = batch.get();
            let list = if batch.state == ArchivedBatchState::Locked { &mut locked } else { &mut open };
            list.push(batch.id.to_string());
        }
        if locked.is_empty() {
            let (exam, detail) = (view.id().to_owned(), "none of its batches is locked".to_owned());
            return Err(CloseError::NothingToValidate { exam, detail });
        }
        return Ok((locked, open));
    };
    Ok((batches.clone(), Vec::new()))
}
