//! How far a closing has come, for people and programs.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::journal::{Target, instant};
use crate::model::ArchivedExamKind;
use crate::process::words::count;
use crate::store::{ExamView, Export, Outcome, Standing, StoreError};

/// What is known of the last export to a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetState {
    /// Nothing was ever sent.
    #[default]
    NotSent,
    /// Its answer is open.
    BeingSettled,
    /// Nothing of it counts.
    Failed,
    /// It counts, but for some rows.
    PartlyAccepted,
    /// It counts, all of it.
    Accepted,
}

/// The last export to a target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetStatus {
    /// What is known of it.
    pub state: TargetState,
    /// Its number; 0 when nothing was ever sent.
    pub export: u64,
    /// Its rows.
    pub rows: u64,
    /// Rows that were rejected.
    pub rejected: u64,
    /// Attempts to send it.
    pub attempts: u64,
    /// What the last attempt met with, when it did not succeed.
    pub fault: Option<String>,
}

impl TargetStatus {
    /// Of the last of these exports that goes to this target.
    fn of(exports: &[Export], target: Target) -> TargetStatus {
        let Some(last) = exports.iter().rev().find(|export| export.target == target) else {
            return TargetStatus::default();
        };
        let (state, rejected) = match last.standing() {
            Standing::Unsettled => (TargetState::BeingSettled, 0),
            Standing::Failed => (TargetState::Failed, 0),
            Standing::Partly { rejected } => (TargetState::PartlyAccepted, rejected),
            Standing::Whole => (TargetState::Accepted, 0),
        };
        let fault = match last.attempts.last().map(|attempt| &attempt.outcome) {
            Some(Outcome::Failed { code, detail } | Outcome::Unknown { code, detail }) => {
                Some(format!("{code} {detail}"))
            }
            _ => None,
        };
        TargetStatus {
            state,
            export: last.number,
            rows: last.count,
            rejected,
            attempts: u64::from(last.earlier_attempts) + last.attempts.len() as u64,
            fault,
        }
    }

    fn words(&self) -> String {
        match self.state {
            TargetState::NotSent => "not sent".to_owned(),
            TargetState::BeingSettled => format!("export {} is being settled", self.export),
            TargetState::Failed => format!("export {} failed", self.export),
            TargetState::PartlyAccepted => {
                let rows = count(self.rows, "row", "rows");
                format!("export {} accepted but for {} of {rows}", self.export, self.rejected)
            }
            TargetState::Accepted => {
                format!("export {} accepted, {}", self.export, count(self.rows, "row", "rows"))
            }
        }
    }
}

/// How far a closing has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosingStatus {
    /// *Réalisée*: Cyclades has accepted the whole. Of an E3C: some of its scripts are transmitted.
    pub done: bool,
    /// Since when, `2020-01-03T08:00:00Z`.
    pub done_at: Option<String>,
    /// When Cyclades published, `2020-01-03T08:00:00Z`.
    pub published_at: Option<String>,
    /// Whether a person said so.
    pub published_by_hand: bool,
    /// The last export of marks.
    pub cyclades: TargetStatus,
    /// The last export of service statements.
    pub imagin: TargetStatus,
}

impl ClosingStatus {
    /// Of an exam.
    ///
    /// # Errors
    /// [`StoreError`] when a record cannot be read.
    pub fn of(view: &ExamView) -> Result<ClosingStatus, StoreError> {
        let (life, exports) = (view.life(), view.exports()?);
        let done_at = match view.exam().kind {
            ArchivedExamKind::OneOff => life.closed_at,
            ArchivedExamKind::CommonAssessment => life.download_since,
        };
        Ok(ClosingStatus {
            done: done_at.is_some(),
            done_at: done_at.map(instant),
            published_at: life.published_at.map(instant),
            published_by_hand: life.published_by_hand,
            cyclades: TargetStatus::of(&exports, Target::Cyclades),
            imagin: TargetStatus::of(&exports, Target::Imagin),
        })
    }
}

impl fmt::Display for ClosingStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.done_at {
            Some(at) => writeln!(f, "  closing: done since {at}")?,
            None => writeln!(f, "  closing: not done")?,
        }
        for (name, target) in [("Cyclades", &self.cyclades), ("IMAG'IN", &self.imagin)] {
            writeln!(f, "    {name}: {}", target.words())?;
            if let Some(fault) = &target.fault {
                writeln!(f, "      {fault}")?;
            }
        }
        if let Some(at) = &self.published_at {
            let by = if self.published_by_hand { ", as somebody said" } else { "" };
            writeln!(f, "    published by Cyclades on {at}{by}")?;
        }
        Ok(())
    }
}
