//! Whether the server is there, and whether it can work.

use std::sync::atomic::Ordering;

use serde_json::json;

use super::app::App;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::routes::Found;
use crate::room;

/// `GET /healthz`: the process answers.
pub(crate) fn alive(_: &App, _: &Call, _: &Found) -> Result<Answer, Problem> {
    Ok(Answer::bytes(200, "text/plain; charset=utf-8", b"alive\n".to_vec()))
}

/// `GET /readyz`: commands are taken, the store can be read, the data directory takes writes and has room for
/// more, and the server is not about to end.
pub(crate) fn ready(app: &App, _: &Call, _: &Found) -> Result<Answer, Problem> {
    let not_ready = |error: &dyn std::fmt::Display| Problem::of(503, "Not ready", error);
    if app.ending.load(Ordering::Relaxed) {
        return Err(not_ready(&"HTT-152 the server is ending"));
    }
    app.store.takes_commands().map_err(|error| not_ready(&error))?;
    let exams = app.store.exams().map_err(|error| not_ready(&error))?;
    let probe = tempfile::tempfile_in(&app.dir).and_then(|file| file.sync_all());
    probe.map_err(|error| not_ready(&format!("HTT-150 the data directory takes no writes: {error}")))?;
    let (free, wanted) = (room::free(&app.dir), app.settings.room_wanted());
    if let Some(free) = free.filter(|free| *free < wanted) {
        let what = format!(
            "HTT-153 the disk of the data directory is nearly full: {} MiB are free, and store.free_mb asks for {}",
            free >> 20,
            wanted >> 20
        );
        return Err(not_ready(&what));
    }
    Ok(Answer::json(200, &json!({ "ready": true, "exams": exams.len() })))
}
