//! Whether the server is there, and whether it can work.

use serde_json::json;

use super::app::App;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::routes::Found;

/// `GET /healthz`: the process answers.
pub(crate) fn alive(_: &App, _: &Call, _: &Found) -> Result<Answer, Problem> {
    Ok(Answer::bytes(200, "text/plain; charset=utf-8", b"alive\n".to_vec()))
}

/// `GET /readyz`: the store can be read, and the data directory takes writes.
pub(crate) fn ready(app: &App, _: &Call, _: &Found) -> Result<Answer, Problem> {
    let not_ready = |error: &dyn std::fmt::Display| Problem::of(503, "Not ready", error);
    let exams = app.store.exams().map_err(|error| not_ready(&error))?;
    let probe = tempfile::tempfile_in(&app.dir).and_then(|file| file.sync_all());
    probe.map_err(|error| not_ready(&format!("HTT-150 the data directory takes no writes: {error}")))?;
    Ok(Answer::json(200, &json!({ "ready": true, "exams": exams.len() })))
}
