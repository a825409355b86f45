//! The gate: the one place that decides whether a script may be rendered.

use crate::model::{ArchivedExam, ArchivedScript};

/// Why a script may not be rendered yet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("GAT-001 the script may not be rendered yet: {reason}")]
pub struct Closed {
    /// What is missing, in English, no personal data.
    pub reason: String,
}

/// Whether a script may be rendered.
///
/// Until closing exists every imported script may; the rule (its one-off exam is closed, or it is
/// transmitted: DOMAIN, *Closing*) will stand here and nowhere else.
///
/// # Errors
/// [`Closed`] says what is missing.
pub fn may_render(_exam: &ArchivedExam, _script: &ArchivedScript) -> Result<(), Closed> {
    Ok(())
}
