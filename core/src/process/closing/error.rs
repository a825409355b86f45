//! Why a closing is not launched, or stops.

use std::fmt;
use std::io;

use crate::process::acts::ActError;
use crate::process::processes::{Need, Process, ProcessStatus};
use crate::process::quality::Sheet;
use crate::process::roles::NotAllowed;
use crate::store::{ExecuteError, StoreError};

/// What holds a closing back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unmet {
    /// Processes that are not finished, with what they need.
    pub processes: Vec<ProcessStatus>,
    /// Candidates without a mark, when the settings do not send them.
    pub missing_marks: Option<Need>,
}

impl Unmet {
    /// Whether nothing holds it back.
    pub fn is_empty(&self) -> bool {
        self.processes.is_empty() && self.missing_marks.is_none()
    }
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        let need = |f: &mut fmt::Formatter<'_>, need: &Need| write!(f, "{}: {}", need.what, need.missing);
        for one in &self.processes {
            write!(f, "{between}{} is not finished ({} %)", one.process.name(), one.percent)?;
            for (index, missing) in one.missing.iter().enumerate() {
                f.write_str(if index == 0 { " — " } else { ", " })?;
                need(f, missing)?;
            }
            between = "; ";
        }
        if let Some(missing) = &self.missing_marks {
            f.write_str(between)?;
            need(f, missing)?;
            f.write_str(" (the setting export_missing_marks would send them as missing)")?;
        }
        Ok(())
    }
}

/// Why a closing was not launched, or stopped under way.
#[derive(Debug, thiserror::Error)]
pub enum CloseError {
    /// Not in this role.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// No such exam.
    #[error("CLO-010 there is no exam {exam}; nothing was sent")]
    NoSuchExam {
        /// The identifier that was given.
        exam: String,
    },
    /// An E3C has no closing.
    #[error(
        "CLO-011 exam {exam} is an E3C: it is closed by validating the harmonisation of its batches; nothing was \
         sent; use `copiste validate`"
    )]
    CommonAssessment {
        /// The exam.
        exam: String,
    },
    /// Other processes are not finished.
    #[error("CLO-012 exam {exam} cannot be closed yet: {unmet}; nothing was sent")]
    Unmet {
        /// The exam.
        exam: String,
        /// What is missing.
        unmet: Box<Unmet>,
    },
    /// The quality sheet has a blocker.
    #[error(
        "QUA-001 exam {exam} is held back by its quality sheet: {}; nothing was sent or changed; `copiste status \
         --quality` shows the whole sheet", .sheet.blockers()
    )]
    Quality {
        /// The exam.
        exam: String,
        /// The sheet.
        sheet: Box<Sheet>,
    },
    /// Somebody else is at it.
    #[error(
        "CLO-013 exam {exam} is being closed by {by} at this moment; wait for the answer; nothing was sent"
    )]
    UnderWay {
        /// The exam.
        exam: String,
        /// The other's login.
        by: String,
    },
    /// Published, done.
    #[error(
        "CLO-014 exam {exam} is published by Cyclades: its closing is final; nothing was sent; what IMAG'IN did not \
         get is available as CSV (`copiste close --csv DIR`)"
    )]
    Final {
        /// The exam.
        exam: String,
    },
    /// Published, not done.
    #[error(
        "CLO-015 exam {exam} is published by Cyclades and its closing is not done: marks must go by hand; nothing \
         was sent; the rows are available as CSV (`copiste close --csv DIR`)"
    )]
    ByHand {
        /// The exam.
        exam: String,
    },
    /// Rows cannot be kept.
    #[error(
        "CLO-016 the rows of an export cannot be kept or read: {0}; nothing was committed by this attempt"
    )]
    Rows(#[source] io::Error),
    /// Target not configured.
    #[error(
        "CLO-017 no address is configured for {target}; nothing was sent; set {variable}, or exchange.{setting} in \
         copiste.toml (a file: address is a file drop)"
    )]
    NoTarget {
        /// As people write it.
        target: &'static str,
        /// The variable.
        variable: &'static str,
        /// The setting.
        setting: &'static str,
    },
    /// A one-off exam is validated without sending.
    #[error("CLO-019 exam {exam} has no batch that could be validated: {detail}; nothing was changed")]
    NothingToValidate {
        /// The exam.
        exam: String,
        /// Why.
        detail: String,
    },
    /// A record cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The rules say no, or the store cannot.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// An act on the way failed.
    #[error(transparent)]
    Act(#[from] ActError),
}

/// The process that a closing itself is does not hold it back.
pub(super) fn unfinished(processes: &[ProcessStatus]) -> Vec<ProcessStatus> {
    processes
        .iter()
        .filter(|one| !matches!(one.process, Process::Closing | Process::Download) && !one.is_over())
        .cloned()
        .collect()
}
