//! Closings and validations go on by themselves: an export may take longer than anyone waits for an answer.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use copiste_core::journal::Actor;
use copiste_core::process::closing::{CloseError, CloseReport, ClosingDesk, Unmet, ValidateReport, Which};
use serde_json::{Value, json};

use super::app::App;
use crate::counter::Counter;
use crate::http::problem::Problem;
use crate::metrics;

/// How long what was begun is waited for before it is only said to be under way: what is refused is refused at
/// once.
const PATIENCE: Duration = Duration::from_secs(5);

/// Launches or relaunches a closing; what became of it when it was soon over.
///
/// # Errors
/// When it was refused.
pub(crate) fn close(
    app: &Arc<App>,
    actor: Actor,
    exam: &str,
    again: bool,
) -> Result<Option<CloseReport>, Problem> {
    let exam = exam.to_owned();
    begun(app, actor, move |desk| metrics::launch(|| desk.close(&exam, again)))
}

/// Validates batches, all locked ones when none is named; what became of it when it was soon over.
///
/// # Errors
/// When it was refused.
pub(crate) fn validate(
    app: &Arc<App>,
    actor: Actor,
    exam: &str,
    batches: Vec<String>,
) -> Result<Option<ValidateReport>, Problem> {
    let exam = exam.to_owned();
    let which = if batches.is_empty() { Which::All } else { Which::Batches(batches) };
    begun(app, actor, move |desk| metrics::launch(|| desk.validate(&exam, &which)))
}

fn begun<T: Send + 'static>(
    app: &Arc<App>,
    actor: Actor,
    act: impl FnOnce(&ClosingDesk<'_>) -> Result<T, CloseError> + Send + 'static,
) -> Result<Option<T>, Problem> {
    let (shared, counter) = (Arc::clone(app), counter(app)?);
    let (told, outcome) = channel();
    let act = move || {
        let report = act(&counter.desk(&shared.store, &shared.scratch, &actor));
        if let Err(error) = &report {
            tracing::info!(error = error.to_string(), "a launch was refused");
        }
        shared.planner.wake();
        // Whoever asked may have been told already that it goes on.
        let _ = told.send(report);
    };
    let thread = std::thread::Builder::new().name("closing".to_owned());
    thread
        .spawn(act)
        .map_err(|error| Problem::internal(&format!("HTT-133 no thread to close with: {error}")))?;
    match outcome.recv_timeout(PATIENCE) {
        Ok(report) => report.map(Some).map_err(problem_of),
        Err(RecvTimeoutError::Timeout) => Ok(None),
        Err(RecvTimeoutError::Disconnected) => {
            let what = "HTT-134 the launch ended in a fault of copiste itself; look at the closing before you \
                        repeat it";
            Err(Problem::internal(&what))
        }
    }
}

/// Reaches both targets.
pub(crate) fn counter(app: &App) -> Result<Counter, Problem> {
    Counter::open(&app.settings, &app.under_way, Arc::clone(&app.ending))
        .map_err(|error| Problem::of(503, "Cyclades or IMAG'IN is not set up", &format!("{error:#}")))
}

/// Why a launch was refused.
pub(crate) fn problem_of(error: CloseError) -> Problem {
    match error {
        CloseError::NotAllowed(error) => error.into(),
        CloseError::NoSuchExam { .. } => Problem::not_found(),
        CloseError::Unmet { unmet: ref missing, .. } => {
            Problem::conflict(&error).with("unmet", unmet(missing))
        }
        CloseError::Quality { ref sheet, .. } => Problem::conflict(&error).with("quality", json!(sheet)),
        CloseError::NoTarget { .. } => Problem::of(503, "Cyclades or IMAG'IN is not set up", &error),
        CloseError::CommonAssessment { .. }
        | CloseError::UnderWay { .. }
        | CloseError::Final { .. }
        | CloseError::ByHand { .. }
        | CloseError::NothingToValidate { .. } => Problem::conflict(&error),
        CloseError::Execute(error) => error.into(),
        _ => Problem::internal(&error),
    }
}

fn unmet(missing: &Unmet) -> Value {
    json!({ "processes": missing.processes, "missing_marks": missing.missing_marks })
}
