//! Searching candidates, and one script as the viewer shows it.

use copiste_core::journal::{Role, hex, instant};
use copiste_core::model::{ArchivedAttendance, ArchivedScript};
use copiste_core::process::gate::renderable_at;
use copiste_core::store::{ExamView, Search, StoreError, Transmissions};
use serde::Serialize;
use serde_json::{Value, json};

use super::annotations::annotation;
use super::app::{App, sees_script};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::routes::Found;
use crate::people::Who;

/// Rows of a page when nobody says how many.
const USUAL: usize = 50;

/// The most rows of a page.
const MOST: usize = 200;

/// `GET /api/v1/exams/{exam}/scripts?q=&after=&limit=&school=`: candidates whose last name, first name or number
/// begin with the words of `q`, by last name, first name and number, after the candidate `after`. A school gets
/// those of its own whose copies are transmitted.
pub(crate) fn list(app: &App, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let view = app.exam_of(found.who()?, found.parameter("exam"))?;
    let limit = match call.parameter("limit") {
        None => USUAL,
        Some(text) => match text.parse() {
            Ok(limit @ 1..=MOST) => limit,
            _ => {
                let what = format!("limit is a number from 1 to {MOST}");
                return Err(Problem::bad_request("HTT-140", what));
            }
        },
    };
    let (query, after) = (call.parameter("q").unwrap_or(""), call.parameter("after"));
    let (rows, more) = find(&view, found.who()?, query, call.parameter("school"), after, limit)?;
    Ok(Answer::json(200, &json!({ "scripts": rows, "more": more })))
}

/// One candidate of a list.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    #[serde(rename = "candidate_number")]
    pub(crate) number: String,
    pub(crate) last_name: String,
    pub(crate) first_name: String,
    pub(crate) school: String,
    attendance: &'static str,
    /// The script's id; none without a script.
    pub(crate) script: Option<String>,
    pub(crate) pages: Option<usize>,
    damaged_pages: Option<usize>,
    pub(crate) mark: Option<String>,
    pub(crate) renderable_since: Option<String>,
}

/// The rows of a page, and whether there are more.
pub(crate) fn find(
    view: &ExamView,
    who: &Who,
    query: &str,
    school: Option<&str>,
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<Row>, bool), Problem> {
    let own = match who.role() {
        Role::School(uai) => Some(uai),
        _ => None,
    };
    if own.as_deref().zip(school).is_some_and(|(own, asked)| own != asked) {
        return Ok((Vec::new(), false));
    }
    let nobody = || {
        let what = "the candidate of after is not among those that q finds".to_owned();
        Problem::bad_request("HTT-141", what)
    };
    let after = match after {
        None => None,
        Some(number) => match view.place_of(number)? {
            // Somebody whom he may not see is nobody, or this would say which numbers have which names.
            Some(place) if sees_script(who, view, place)? => Some(place),
            _ => return Err(nobody()),
        },
    };
    let search = Search { query, school: own.as_deref().or(school), after, limit };
    // A school is shown its own scripts, once they are transmitted: as `sees_script` says of one.
    let mut transmissions = view.transmissions();
    let mut is_seen =
        |place: u32| -> Result<bool, StoreError> { Ok(own.is_none() || transmissions.at(place)?.is_some()) };
    let page = view.find(&search, &mut is_seen)?.ok_or_else(nobody)?;
    let mut rows = Vec::new();
    for place in page.places {
        rows.extend(row(view, place, &mut transmissions)?);
    }
    Ok((rows, page.more))
}

/// One candidate's row.
fn row(view: &ExamView, place: u32, transmissions: &mut Transmissions) -> Result<Option<Row>, Problem> {
    let Some(candidate) = view.candidate_at(place)? else { return Ok(None) };
    let candidate = candidate.get();
    let script = view.script_at(place)?;
    let script = script.as_ref().map(|script| script.get());
    let since = renderable_at(view.exam(), &view.life(), transmissions.at(place)?);
    Ok(Some(Row {
        number: candidate.number.to_string(),
        last_name: candidate.last_name.to_string(),
        first_name: candidate.first_name.to_string(),
        school: candidate.school.to_string(),
        attendance: attendance(&candidate.attendance),
        script: script.map(|script| hex::encode(&script.id)),
        pages: script.map(|script| script.pages.len()),
        damaged_pages: script.map(damaged),
        mark: script.and_then(ArchivedScript::final_mark).map(|mark| mark.to_string()),
        renderable_since: script.and(since.ok()).map(instant),
    }))
}

fn damaged(script: &ArchivedScript) -> usize {
    script.pages.iter().filter(|page| page.damage.is_some()).count()
}

fn attendance(attendance: &ArchivedAttendance) -> &'static str {
    match attendance {
        ArchivedAttendance::Present => "present",
        ArchivedAttendance::Absent => "absent",
        ArchivedAttendance::AbsentJustified => "absent_justified",
        ArchivedAttendance::Exempt => "exempt",
    }
}

/// `GET /api/v1/scripts/{script}`: pages, marks, appreciation; and, once the gate lets it be seen annotated, its
/// annotations.
pub(crate) fn one(app: &App, _: &Call, found: &Found) -> Result<Answer, Problem> {
    let seen = app.script_of(found.who()?, found.parameter("script"))?;
    let (view, place) = (&seen.view, seen.place);
    let candidate = view.candidate_at(place)?.ok_or_else(Problem::not_found)?;
    let record = view.script_at(place)?.ok_or_else(Problem::not_found)?;
    let (candidate, script) = (candidate.get(), record.get());
    let annotations = view.annotations(&record)?;
    let since = renderable_at(view.exam(), &view.life(), view.transmitted_at(place)?);
    let pages: Vec<Value> = script
        .pages
        .iter()
        .zip(1_u32..)
        .map(|(page, number)| {
            let (width, height) = page.frame.get().upright_size();
            let drawn = annotations.get().iter().filter(|one| one.page.to_native() == number).count();
            json!({
                "page": number,
                // In points, upright.
                "width": width,
                "height": height,
                "damage": page.damage.as_ref().map(|damage| damage.code.as_str()),
                "accepted": page.accepted.is_some(),
                "annotations": drawn,
            })
        })
        .collect();
    let questions: Vec<Value> = script
        .questions
        .iter()
        .map(|question| {
            json!({
                "label": question.label.as_str(),
                "earned": question.earned.get().to_string(),
                "maximum": question.maximum.get().to_string(),
            })
        })
        .collect();
    Ok(Answer::json(
        200,
        &json!({
            "id": hex::encode(&script.id),
            "exam": view.id(),
            "candidate_number": candidate.number.as_str(),
            "last_name": candidate.last_name.as_str(),
            "first_name": candidate.first_name.as_str(),
            "school": candidate.school.as_str(),
            "batch": script.batch.as_ref().map(|batch| batch.as_str()),
            "pages": pages,
            "marker_mark": script.marker_mark.as_ref().map(|mark| mark.get().to_string()),
            "harmonised_mark": script.harmonised.as_ref().map(|mark| mark.get().to_string()),
            "mark": script.final_mark().map(|mark| mark.to_string()),
            "questions": questions,
            "appreciation": script.appreciation.as_ref().map(|text| text.as_str()),
            "annotations": since.is_ok().then(|| annotations.get().iter().map(annotation).collect::<Vec<_>>()),
            "renderable_since": since.ok().map(instant),
        }),
    ))
}
