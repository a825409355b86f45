//! Acts on settings, batches and marks, and publication said by hand. What may be done is decided where
//! the store prepares the command; here is who may, and where the reason is kept.

use std::collections::BTreeMap;
use std::io;

use super::acceptance::REASON_LIMIT;
use super::roles::{Act, NotAllowed, allowed};
use crate::journal::{
    Actor, BatchMove, ChangeMarks, ChangeSettings, Command, MarkChange, MoveBatches, Publish, Setting,
    Timestamp,
};
use crate::model::BlobRef;
use crate::store::{BlobSink, ExecuteError, Executed, Store};

/// Why an act was not done. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// Not in this role.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// No reason, or a novel.
    #[error(
        "ACT-001 a reason of 1 to 2,000 characters without control characters is needed; nothing was changed"
    )]
    Reason,
    /// The reason, or the content of an account or token, cannot be kept.
    #[error("ACT-002 what belongs to the command cannot be kept: {0}; nothing was changed")]
    Keep(#[source] io::Error),
    /// The rules say no, or the store cannot.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
}

/// Somebody who acts, now.
#[derive(Clone, Copy)]
pub struct By<'a> {
    /// The store.
    pub store: &'a Store,
    /// Who.
    pub actor: &'a Actor,
    /// When: seconds since 1970, UTC.
    pub at: Timestamp,
}

impl By<'_> {
    /// Puts a reason where a purge can destroy it.
    pub(super) fn keep_reason(&self, reason: &str) -> Result<BlobRef, ActError> {
        let reason = reason.trim();
        let control = |character: char| character.is_control() && character != '\n';
        if reason.is_empty() || reason.chars().count() > REASON_LIMIT || reason.chars().any(control) {
            return Err(ActError::Reason);
        }
        let batch = self.store.blobs().begin();
        let reason = batch.put(reason.as_bytes()).map_err(ActError::Keep)?;
        batch.seal().map_err(ActError::Keep)?;
        Ok(reason)
    }

    pub(super) fn execute(&self, act: Act, command: &Command) -> Result<Executed, ActError> {
        allowed(&self.actor.role, act)?;
        Ok(self.store.execute(command, self.actor, self.at)?)
    }

    /// Gives settings other values, by name.
    ///
    /// # Errors
    /// [`ActError`]; so for all that follow.
    pub fn change_settings(
        &self,
        exam: &str,
        values: BTreeMap<String, Setting>,
    ) -> Result<Executed, ActError> {
        let command = Command::ChangeSettings(ChangeSettings { exam: exam.to_owned(), values });
        self.execute(Act::ChangeSettings, &command)
    }

    /// Locks batches: their marks are final.
    ///
    /// # Errors
    /// [`ActError`].
    pub fn lock(&self, exam: &str, batches: &[String]) -> Result<Executed, ActError> {
        self.execute(Act::LockBatches, &moved(exam, BatchMove::Lock, batches))
    }

    /// Opens batches again.
    ///
    /// # Errors
    /// [`ActError`].
    pub fn unlock(&self, exam: &str, batches: &[String]) -> Result<Executed, ActError> {
        self.execute(Act::LockBatches, &moved(exam, BatchMove::Unlock, batches))
    }

    /// Validates the harmonisation of batches. For an E3C see [`super::closing`], which also transmits.
    ///
    /// # Errors
    /// [`ActError`].
    pub fn validate(&self, exam: &str, batches: &[String]) -> Result<Executed, ActError> {
        self.execute(Act::Validate, &moved(exam, BatchMove::Validate, batches))
    }

    /// Changes marks: a batch's or a candidate's in a harmonisation, or a final one.
    ///
    /// # Errors
    /// [`ActError`].
    pub fn change_marks(&self, exam: &str, change: MarkChange, reason: &str) -> Result<Executed, ActError> {
        let act = match change {
            MarkChange::Batch { .. } | MarkChange::Candidate { .. } => Act::Harmonise,
            MarkChange::Correction { .. } => Act::CorrectMark,
        };
        allowed(&self.actor.role, act)?;
        let reason = self.keep_reason(reason)?;
        self.execute(act, &Command::ChangeMarks(ChangeMarks { exam: exam.to_owned(), change, reason }))
    }

    /// Records by hand that Cyclades has published.
    ///
    /// # Errors
    /// [`ActError`].
    pub fn publish(&self, exam: &str, published_at: Timestamp) -> Result<Executed, ActError> {
        let command = Command::Publish(Publish { exam: exam.to_owned(), published_at, by_hand: true });
        self.execute(Act::Publish, &command)
    }
}

fn moved(exam: &str, to: BatchMove, batches: &[String]) -> Command {
    Command::MoveBatches(MoveBatches { exam: exam.to_owned(), to, batches: batches.to_vec() })
}
