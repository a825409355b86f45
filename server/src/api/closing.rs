//! Launching a closing, and what became of it.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use copiste_core::exchange::rows::read_rejected;
use copiste_core::journal::{Actor, Target, instant};
use copiste_core::process::closing::{
    CloseError, CloseReport, ClosingStatus, ExportReport, Unmet, write_csv,
};
use copiste_core::rope::BlobSource as _;
use copiste_core::store::{ExamView, Export, Outcome, Standing};
use serde::Deserialize;
use serde_json::{Value, json};

use super::app::App;
use crate::counter::Counter;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::routes::Found;

/// How long a launch is waited for before it is only said to be under way: what is refused is refused at once.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many rejected rows an answer names of each export; the rest are counted.
const REJECTED_SHOWN: usize = 1_000;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Launching {
    /// Both exports again, in full.
    #[serde(default)]
    again: bool,
    /// Only says what would be sent.
    #[serde(default)]
    dry_run: bool,
}

/// `POST /api/v1/exams/{exam}/closing`: launches or relaunches. 202: it goes on by itself, `GET` says how far;
/// 409 with what is missing when it may not.
pub(crate) fn launch(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    call.only(&[])?;
    let view = app.exam_of(found.who()?, found.parameter("exam"))?;
    let Launching { again, dry_run } = if call.body.is_empty() { Launching::default() } else { call.json()? };
    let (actor, exam) = (found.who()?.as_actor(), view.id().to_owned());
    if dry_run {
        let counter = counter(app)?;
        let scratch = app.scratch();
        let dry = counter.desk(&app.store, &scratch, &actor).dry_run(&exam, again);
        let dry = dry.map_err(|error| problem_of(&error))?;
        return Ok(Answer::json(
            200,
            &json!({
                "unmet": unmet(&dry.unmet),
                "decision": format!("{:?}", dry.decision),
                "cyclades": { "rows": dry.cyclades_rows, "first": dry.cyclades_first, "outcomes": dry.outcomes },
                "imagin": { "rows": dry.imagin_rows },
                "reached": dry.reached.iter().map(|reached| json!({
                    "target": reached.target, "answers": reached.fault.is_none(), "fault": reached.fault,
                })).collect::<Vec<_>>(),
                "quality": dry.quality,
                "quality_blocks": dry.quality_blocks,
            }),
        ));
    }
    begin(app, actor, &exam, again).map(|report| match report {
        Some(report) => Answer::json(202, &report_json(&report)),
        None => Answer::json(202, &json!({ "under_way": true })),
    })
}

/// Begins a launch, which goes on by itself; what became of it when it was over soon.
///
/// # Errors
/// When it was refused.
pub(crate) fn begin(
    app: &Arc<App>,
    actor: Actor,
    exam: &str,
    again: bool,
) -> Result<Option<CloseReport>, Problem> {
    let (shared, exam, counter) = (Arc::clone(app), exam.to_owned(), counter(app)?);
    let (told, outcome) = channel();
    let launch = move || {
        let scratch = shared.scratch();
        let report = counter.desk(&shared.store, &scratch, &actor).close(&exam, again);
        if let Err(error) = &report {
            tracing::info!(exam, error = error.to_string(), "a launch was refused");
        }
        // Whoever asked may have been told already that it goes on.
        let _ = told.send(report);
    };
    let thread = std::thread::Builder::new().name("closing".to_owned());
    thread
        .spawn(launch)
        .map_err(|error| Problem::internal(&format!("HTT-133 no thread to close with: {error}")))?;
    match outcome.recv_timeout(PATIENCE) {
        Ok(Ok(report)) => Ok(Some(report)),
        Ok(Err(error)) => Err(problem_of(&error)),
        Err(RecvTimeoutError::Timeout) => Ok(None),
        Err(RecvTimeoutError::Disconnected) => {
            let what = "HTT-134 the launch ended in a fault of copiste itself; look at the closing before you \
                        repeat it";
            Err(Problem::internal(&what))
        }
    }
}

/// `GET /api/v1/exams/{exam}/closing`; with `rows=cyclades` or `rows=imagin` those rows as CSV.
pub(crate) fn show(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    call.only(&["rows"])?;
    let view = app.exam_of(found.who()?, found.parameter("exam"))?;
    if let Some(target) = call.parameter("rows") {
        let target = match target {
            "cyclades" => Target::Cyclades,
            "imagin" => Target::Imagin,
            _ => return Err(Problem::bad_request("HTT-135", "rows is cyclades or imagin".to_owned())),
        };
        return csv(app, &view, target);
    }
    let mut exports = Vec::new();
    for export in view.exports()? {
        exports.push(export_json(app, &export)?);
    }
    Ok(Answer::json(200, &json!({ "closing": ClosingStatus::of(&view)?, "exports": exports })))
}

fn csv(app: &App, view: &ExamView, target: Target) -> Result<Answer, Problem> {
    let gone = view.is_whole();
    gone.map_err(|error| Problem::conflict(&error))?;
    let broken =
        |error: std::io::Error| Problem::internal(&format!("HTT-136 the rows cannot be written: {error}"));
    let folder = tempfile::Builder::new().prefix("rows-").tempdir_in(app.dir.join("scratch"));
    let folder = match folder {
        Ok(folder) => folder,
        Err(_) => {
            std::fs::create_dir_all(app.scratch()).map_err(broken)?;
            tempfile::Builder::new().prefix("rows-").tempdir_in(app.scratch()).map_err(broken)?
        }
    };
    let path = folder.path().join("rows.csv");
    write_csv(view, &app.settings.outcome_codes(), target, &path).map_err(broken)?;
    let bytes = std::fs::read(&path).map_err(broken)?;
    let name = match target {
        Target::Cyclades => "cyclades",
        Target::Imagin => "imagin",
    };
    // An exam's id has no character that means something in a header.
    let disposition = format!("attachment; filename=\"{}-{name}.csv\"", view.id());
    Ok(Answer::bytes(200, "text/csv; charset=utf-8", bytes).with("Content-Disposition", disposition))
}

/// Reaches both targets.
pub(crate) fn counter(app: &App) -> Result<Counter, Problem> {
    Counter::open(&app.settings, &app.under_way, Arc::clone(&app.ending))
        .map_err(|error| Problem::of(503, "Cyclades or IMAG'IN is not set up", &format!("{error:#}")))
}

/// Why a launch was refused.
pub(crate) fn problem_of(error: &CloseError) -> Problem {
    match error {
        CloseError::NotAllowed(error) => Problem::forbidden(error),
        CloseError::NoSuchExam { .. } => Problem::not_found(),
        CloseError::Unmet { unmet: missing, .. } => Problem::conflict(error).with("unmet", unmet(missing)),
        CloseError::Quality { sheet, .. } => Problem::conflict(error).with("quality", json!(sheet)),
        CloseError::NoTarget { .. } => Problem::of(503, "Cyclades or IMAG'IN is not set up", error),
        CloseError::CommonAssessment { .. }
        | CloseError::UnderWay { .. }
        | CloseError::Final { .. }
        | CloseError::ByHand { .. }
        | CloseError::NothingToValidate { .. } => Problem::conflict(error),
        CloseError::Execute(error) => match error {
            copiste_core::store::ExecuteError::Refused(_)
            | copiste_core::store::ExecuteError::Changed { .. } => Problem::conflict(error),
            _ => Problem::internal(error),
        },
        _ => Problem::internal(error),
    }
}

fn unmet(missing: &Unmet) -> Value {
    json!({
        "processes": missing.processes,
        "missing_marks": missing.missing_marks,
    })
}

fn report_json(report: &CloseReport) -> Value {
    json!({
        "exam": report.exam,
        "exports": report.exports.iter().map(export_report).collect::<Vec<_>>(),
        "quality": report.quality,
        "closing": report.closing,
    })
}

/// What became of one export of a launch.
pub(crate) fn export_report(export: &ExportReport) -> Value {
    json!({
        "target": export.target,
        "export": export.number,
        "rows": export.rows,
        "accepted": export.accepted,
        "standing": standing(export.standing),
        "rejected": export.rejected,
        "fault": export.fault,
        "requests": export.requests,
        "took_ms": export.took_ms,
    })
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Whole => "accepted",
        Standing::Partly { .. } => "partly_accepted",
        Standing::Failed => "failed",
        Standing::Unsettled => "being_settled",
    }
}

/// An export with every attempt that its record keeps, and the rows that were rejected last.
fn export_json(app: &App, export: &Export) -> Result<Value, Problem> {
    let mut rejected = Vec::new();
    let attempts: Vec<Value> = export
        .attempts
        .iter()
        .map(|attempt| {
            let (outcome, fault, counts) = match &attempt.outcome {
                Outcome::Committed { accepted, rejected, .. } => {
                    ("committed", None, Some((accepted, rejected)))
                }
                Outcome::Failed { code, detail } => ("failed", Some(format!("{code} {detail}")), None),
                Outcome::Unknown { code, detail } => ("unknown", Some(format!("{code} {detail}")), None),
            };
            json!({
                "at": instant(attempt.at),
                "journal_line": attempt.line,
                "by": attempt.author,
                "requests": attempt.requests,
                "took_ms": attempt.took_ms,
                "outcome": outcome,
                "fault": fault,
                "accepted": counts.map(|(accepted, _)| accepted),
                "rejected": counts.map(|(_, rejected)| rejected),
            })
        })
        .collect();
    if let Some(Outcome::Committed { list: Some(list), .. }) =
        export.attempts.last().map(|attempt| &attempt.outcome)
    {
        let unreadable = |error: &dyn std::fmt::Display| {
            Problem::internal(&format!("HTT-137 rejected rows cannot be read: {error}"))
        };
        let bytes = app.store.blobs().open(list).and_then(|mut file| {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut file, &mut bytes)?;
            Ok(bytes)
        });
        rejected =
            read_rejected(&bytes.map_err(|error| unreadable(&error))?).map_err(|error| unreadable(&error))?;
        rejected.truncate(REJECTED_SHOWN);
    }
    Ok(json!({
        "target": export.target,
        "export": export.number,
        "prepared_at": instant(export.at),
        "journal_line": export.line,
        "by": export.author,
        "rows": export.count,
        "sha256": copiste_core::journal::hex::encode(&export.rows.sha256),
        "standing": standing(export.standing()),
        "earlier_attempts": export.earlier_attempts,
        "attempts": attempts,
        "rejected": rejected,
    }))
}
