//! The gate: the one place that decides whether a script may be rendered.

use crate::journal::Timestamp;
use crate::model::{ArchivedExam, ArchivedExamKind};
use crate::store::Life;

/// Why a script may not be rendered yet. English, no personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// DOMAIN, *Closing and download of an E3C*.
    #[error("GAT-001 the script is not transmitted to Cyclades yet: its batch is validated first")]
    NotTransmitted,
    /// DOMAIN, *Closing a one-off exam*.
    #[error("GAT-002 the exam is not closed yet")]
    NotClosed,
}

/// Since when a script may be rendered: since its one-off exam is closed, or since it is transmitted.
/// Seconds since 1970, UTC, as is `transmitted_at`, when Cyclades had accepted the script's mark.
///
/// # Errors
/// [`Closed`] says what is missing.
pub fn renderable_at(
    exam: &ArchivedExam,
    life: &Life,
    transmitted_at: Option<Timestamp>,
) -> Result<Timestamp, Closed> {
    match exam.kind {
        ArchivedExamKind::OneOff => life.closed_at.ok_or(Closed::NotClosed),
        ArchivedExamKind::CommonAssessment => transmitted_at.ok_or(Closed::NotTransmitted),
    }
}
