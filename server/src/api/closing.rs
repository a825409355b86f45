//! Launching a closing, and what became of it.

use std::io::{BufWriter, Read as _};
use std::sync::Arc;

use copiste_core::exchange::rows::{RejectedRow, read_rejected};
use copiste_core::journal::{Target, hex, instant};
use copiste_core::process::closing::{ClosingStatus, write_csv};
use copiste_core::rope::BlobSource as _;
use copiste_core::store::{ExamView, Export, Outcome};
use serde::Deserialize;
use serde_json::{Value, json};

use super::app::App;
use super::downloads;
use super::launching::{close, counter, problem_of};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::routes::Found;
use crate::shown;

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
    let view = app.exam_of(found.who()?, found.parameter("exam"))?;
    let Launching { again, dry_run } = if call.body.is_empty() { Launching::default() } else { call.json()? };
    let actor = found.who()?.as_actor();
    if dry_run {
        let counter = counter(app)?;
        let dry =
            counter.desk(&app.store, &app.scratch, &actor).dry_run(view.id(), again).map_err(problem_of)?;
        return Ok(Answer::json(200, &shown::dry_run(&dry)));
    }
    Ok(match close(app, actor, view.id(), again)? {
        Some(report) => Answer::json(202, &shown::close_report(&report)),
        None => Answer::json(202, &json!({ "under_way": true })),
    })
}

/// `GET /api/v1/exams/{exam}/closing`; with `rows=cyclades` or `rows=imagin` those rows as CSV.
pub(crate) fn show(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let view = app.exam_of(found.who()?, found.parameter("exam"))?;
    if let Some(target) = call.parameter("rows") {
        let target = Target::ALL.into_iter().find(|known| short(*known) == target);
        let wrong = || Problem::bad_request("HTT-135", "rows is cyclades or imagin".to_owned());
        return rows(app, call, found, &view, target.ok_or_else(wrong)?);
    }
    let mut exports = Vec::new();
    for export in view.exports()? {
        exports.push(export_json(app, &export)?);
    }
    Ok(Answer::json(200, &json!({ "closing": ClosingStatus::of(&view)?, "exports": exports })))
}

fn short(target: Target) -> &'static str {
    match target {
        Target::Cyclades => "cyclades",
        Target::Imagin => "imagin",
    }
}

/// The rows of a target as CSV. They may be tens of megabytes, so they go by way of a file without a name.
fn rows(
    app: &Arc<App>,
    call: &Call,
    found: &Found,
    view: &ExamView,
    target: Target,
) -> Result<Answer, Problem> {
    view.is_whole().map_err(|error| Problem::conflict(&error))?;
    let written = std::fs::create_dir_all(&app.scratch).and_then(|()| {
        let mut out = BufWriter::new(tempfile::tempfile_in(&app.scratch)?);
        write_csv(view, &app.settings.outcome_codes(), target, &mut out)?;
        out.into_inner().map_err(std::io::IntoInnerError::into_error)
    });
    let file = written
        .map_err(|error| Problem::internal(&format!("HTT-136 the rows cannot be written: {error}")))?;
    let name = format!("{}-{}.csv", view.id(), short(target));
    downloads::list(app, call, found.who()?, view.id(), file, &name)
}

/// An export with every attempt that its record keeps, and the rows that were rejected last.
fn export_json(app: &App, export: &Export) -> Result<Value, Problem> {
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
    Ok(json!({
        "target": export.target,
        "export": export.number,
        "prepared_at": instant(export.at),
        "journal_line": export.line,
        "by": export.author,
        "rows": export.count,
        "sha256": hex::encode(&export.rows.sha256),
        "standing": shown::standing(export.standing()),
        "earlier_attempts": export.earlier_attempts,
        "attempts": attempts,
        "rejected": rejected(app, export)?,
    }))
}

/// The rows of an export that its target rejected last; the first thousand of them.
pub(crate) fn rejected(app: &App, export: &Export) -> Result<Vec<RejectedRow>, Problem> {
    let last = export.attempts.last().map(|attempt| &attempt.outcome);
    let Some(Outcome::Committed { list: Some(list), .. }) = last else { return Ok(Vec::new()) };
    let unreadable = |error: &dyn std::fmt::Display| {
        Problem::internal(&format!("HTT-137 rejected rows cannot be read: {error}"))
    };
    let mut bytes = Vec::new();
    let read = app.store.blobs().open(list).and_then(|mut file| file.read_to_end(&mut bytes));
    read.map_err(|error| unreadable(&error))?;
    let mut rejected = read_rejected(&bytes).map_err(|error| unreadable(&error))?;
    rejected.truncate(REJECTED_SHOWN);
    Ok(rejected)
}
