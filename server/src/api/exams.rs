//! Exams: those that somebody may see, and one of them with its processes.

use copiste_core::journal::Role;
use copiste_core::model::ArchivedExamKind;
use copiste_core::process::quality::{Scope, look};
use copiste_core::process::status::status;
use copiste_core::store::ExamView;
use serde_json::{Value, json};

use super::app::App;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::routes::Found;
use crate::shown;

/// `GET /api/v1/exams`.
pub(crate) fn list(app: &App, _: &Call, found: &Found) -> Result<Answer, Problem> {
    let mut exams = Vec::new();
    for view in app.exams_of(found.who()?)? {
        let status = status(&view)?;
        let mut exam = head(&view);
        exam["processes"] = status
            .processes
            .iter()
            .map(|one| json!({"process": one.process, "state": one.state, "percent": one.percent}))
            .collect();
        // Whoever sees only his own copies has no business with the others' numbers.
        if !matches!(found.who()?.role(), Role::School(_)) {
            exam["counts"] = json!(status.counts);
        }
        exams.push(exam);
    }
    Ok(Answer::json(200, &json!({ "exams": exams })))
}

/// `GET /api/v1/exams/{exam}`; with `quality=true` its quality sheet as well.
pub(crate) fn one(app: &App, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let view = app.exam_of(found.who()?, found.parameter("exam"))?;
    let quality = match call.parameter("quality") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Problem::bad_request("HTT-138", "quality is true or false".to_owned())),
    };
    let mut exam = head(&view);
    // Whoever sees only his own copies has no business with the others' numbers.
    if !matches!(found.who()?.role(), Role::School(_)) {
        exam["status"] = json!(status(&view)?);
        exam["settings"] = shown::settings(&view.exam().settings);
        if quality {
            exam["quality"] = json!(look(&view, Scope::Exam, &app.settings.quality())?);
        }
    }
    Ok(Answer::json(200, &exam))
}

/// What the dashboard's row says of an exam.
pub(crate) fn head(view: &ExamView) -> Value {
    let exam = view.exam();
    let one_off = exam.kind == ArchivedExamKind::OneOff;
    json!({
        "id": view.id(),
        "code": exam.code.as_str(),
        "label": exam.label.as_str(),
        "kind": if one_off { "one_off" } else { "common_assessment" },
        "session_year": exam.session_year.to_native(),
        "session_name": exam.session_name.as_str(),
        "starts_at": exam.starts_at.as_str(),
        "series": exam.series.iter().map(|series| series.as_str()).collect::<Vec<_>>(),
        "wave": exam.wave.as_ref().map(|wave| wave.to_native()),
        "entity": exam.entity.as_str(),
        "consultable_until": view.consultable_until(),
    })
}
