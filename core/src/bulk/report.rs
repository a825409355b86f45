//! What a job did, for people and programs.

use serde::{Deserialize, Serialize};

use super::error::{CopyFault, StopFault, code};

/// A copy that could not be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The candidate's number.
    pub candidate: String,
    /// Stable code, such as `BLK-024`.
    pub code: String,
    /// What happened and what to do, no personal data; begins with the code.
    pub detail: String,
}

impl Failure {
    pub(super) fn new(candidate: &str, fault: &CopyFault) -> Failure {
        let detail = fault.to_string();
        Failure { candidate: candidate.to_owned(), code: code(&detail).to_owned(), detail }
    }
}

/// A copy that may not be rendered yet, or that there is none of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// The candidate's number.
    pub candidate: String,
    /// Why, no personal data; begins with a code.
    pub reason: String,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "how")]
pub enum Ending {
    /// Everything planned was gone through.
    Whole,
    /// Stopped by the user: what was whole is kept, `--resume` goes on.
    Cancelled,
    /// Stopped by the disk: what was whole is kept.
    Stopped {
        /// Stable code.
        code: String,
        /// What happened and what to do; begins with the code.
        detail: String,
    },
}

impl Ending {
    pub(super) fn stopped(fault: &StopFault) -> Ending {
        let detail = fault.to_string();
        Ending::Stopped { code: code(&detail).to_owned(), detail }
    }
}

/// What a job did. Lists are by candidate number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Copies written.
    pub made: u64,
    /// Copies found whole from an earlier job, with `--resume`.
    pub kept: u64,
    /// Bytes of the copies made and kept, without a ZIP's own.
    pub bytes: u64,
    /// Copies that may not be rendered.
    pub refused: Vec<Refusal>,
    /// Copies that could not be made.
    pub failed: Vec<Failure>,
    /// How it ended.
    pub ending: Ending,
}

impl Report {
    /// Whether every copy that may be rendered is there.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.ending == Ending::Whole
    }
}
