//! Acts on an exam: settings, damaged pages, harmonisation, corrected marks.

use std::collections::BTreeMap;
use std::sync::Arc;

use copiste_core::journal::{Actor, MarkChange, PagePlace, Setting};
use copiste_core::model::Hundredths;
use copiste_core::process::acceptance::{self, AcceptError, Which};
use copiste_core::process::acts::{ActError, By};
use copiste_core::store::{ExecuteError, Executed};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Number, Value, json};

use super::app::App;
use super::launching::validate;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::routes::Found;
use crate::shown;

impl From<ExecuteError> for Problem {
    fn from(error: ExecuteError) -> Problem {
        match error {
            ExecuteError::NoSuchExam { .. } | ExecuteError::NoSuchPage { .. } => {
                Problem::of(404, "Not found", &error)
            }
            ExecuteError::NotDamaged { .. } | ExecuteError::Changed { .. } | ExecuteError::Refused(_) => {
                Problem::conflict(&error)
            }
            _ => Problem::internal(&error),
        }
    }
}

impl From<ActError> for Problem {
    fn from(error: ActError) -> Problem {
        match error {
            ActError::NotAllowed(error) => error.into(),
            ActError::Reason => Problem::unprocessable(&error),
            ActError::Keep(_) => Problem::internal(&error),
            ActError::Execute(error) => error.into(),
        }
    }
}

impl From<AcceptError> for Problem {
    fn from(error: AcceptError) -> Problem {
        match error {
            AcceptError::Reason => Problem::unprocessable(&error),
            AcceptError::Keep(_) => Problem::internal(&error),
            AcceptError::Store(error) => error.into(),
            AcceptError::Execute(error) => error.into(),
        }
    }
}

/// `PUT /api/v1/exams/{exam}/settings`: any of them by name; those that are not named stay.
pub(crate) fn settings(app: &App, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let view = app.exam_of(found.who()?, found.parameter("exam"))?;
    let values: BTreeMap<String, Given> = call.json()?;
    let values = values.into_iter().map(|(name, Given(value))| (name, value)).collect();
    let changed = by(app, &found.who()?.as_actor()).change_settings(view.id(), values);
    changed.map_err(|error| match Problem::from(error) {
        // No such setting, or no value of it: whatever state the exam is in.
        problem if problem.code == "SET-002" => {
            Problem::new(422, "SET-002", "Not what is asked for here", problem.detail)
        }
        problem => problem,
    })?;
    let view = app.exam_of(found.who()?, view.id())?;
    Ok(Answer::json(200, &shown::settings(&view.exam().settings)))
}

/// A setting's value.
struct Given(Setting);

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Given, D::Error> {
        Ok(Given(match Value::deserialize(deserializer)? {
            Value::Bool(flag) => Setting::Flag(flag),
            Value::String(word) => Setting::Word(word),
            Value::Number(number) => Setting::Count(whole(&number).ok_or_else(not_whole)?),
            _ => return Err(D::Error::custom("a setting is a word, a number, true or false")),
        }))
    }
}

/// A whole number as JSON may write it: `12` and `12.0` are the same there.
fn whole(number: &Number) -> Option<u32> {
    let whole = |float: &f64| float.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(float);
    let written = number.as_u64().and_then(|count| u32::try_from(count).ok());
    written.or_else(|| number.as_f64().filter(whole).map(|float| float as u32))
}

fn not_whole<E: serde::de::Error>() -> E {
    E::custom("not a whole number from 0 on")
}

fn page<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let number = Option::<Number>::deserialize(deserializer)?;
    number.map(|number| whole(&number).ok_or_else(not_whole)).transpose()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepting {
    candidate: Option<String>,
    #[serde(default, deserialize_with = "page")]
    page: Option<u32>,
    #[serde(default)]
    all: bool,
    reason: String,
}

/// `POST /api/v1/exams/{exam}/accepted-damage`: `{"candidate","page","reason"}`, or `{"all":true,"reason"}`.
pub(crate) fn accept_damage(app: &App, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let view = app.exam_of(found.who()?, found.parameter("exam"))?;
    let Accepting { candidate, page, all, reason } = call.json()?;
    let which = match (candidate, page, all) {
        (Some(candidate), Some(page), false) => Which::Page(PagePlace { candidate, page }),
        (None, None, true) => Which::AllDamaged,
        _ => {
            let what = "HTT-130 a candidate and a page are needed, or all";
            return Err(Problem::unprocessable(&what));
        }
    };
    let actor = found.who()?.as_actor();
    let accepted = acceptance::accept(&app.store, view.id(), &which, &reason, &actor, (app.now)())?;
    let pages: Vec<_> = accepted
        .pages
        .iter()
        .map(|place| json!({"candidate": place.candidate, "page": place.page}))
        .collect();
    Ok(Answer::json(200, &json!({"accepted": pages, "journal_line": accepted.line})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Harmonising {
    #[serde(default)]
    batches: Vec<String>,
    #[serde(default)]
    adjust: Vec<Adjusting>,
    reason: Option<String>,
    #[serde(default)]
    validate: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Adjusting {
    batch: String,
    /// By so much, such as `-0.5`, for the whole batch.
    by: Option<String>,
    /// This candidate's mark.
    candidate: Option<String>,
    mark: Option<String>,
}

/// `POST /api/v1/exams/{exam}/harmonisation`: adjusts first, then validates these batches, or with `validate`
/// and no batch every locked one. For an E3C the validation transmits.
pub(crate) fn harmonise(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let view = app.exam_of(found.who()?, found.parameter("exam"))?;
    let Harmonising { batches, adjust, reason, validate: validated } = call.json()?;
    let actor = found.who()?.as_actor();
    let mut changes = Vec::new();
    for one in adjust {
        changes.push(match one {
            Adjusting { batch, by: Some(by), candidate: None, mark: None } => {
                MarkChange::Batch { batch, by: hundredths(&by)? }
            }
            Adjusting { batch, by: None, candidate: Some(candidate), mark: Some(mark) } => {
                MarkChange::Candidate { batch, candidate, mark: hundredths(&mark)? }
            }
            _ => {
                let what = "HTT-131 an adjustment has a batch with by, or with a candidate and a mark";
                return Err(Problem::unprocessable(&what));
            }
        });
    }
    let mut lines = Vec::new();
    for change in changes {
        let reason = reason.as_deref().unwrap_or_default();
        lines.push(by(app, &actor).change_marks(view.id(), change, reason)?.line);
    }
    let mut answer = json!({ "journal_lines": lines });
    if validated {
        match validate(app, actor, view.id(), batches)? {
            Some(report) => answer["validation"] = shown::validate_report(&report),
            None => answer["under_way"] = json!(true),
        }
    }
    Ok(Answer::json(200, &answer))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Correcting {
    mark: String,
    reason: String,
}

/// `PUT /api/v1/scripts/{script}/mark`: a final mark corrected after the closing, with a reason.
pub(crate) fn correct(app: &App, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let seen = app.script_of(found.who()?, found.parameter("script"))?;
    let Correcting { mark, reason } = call.json()?;
    let candidate = seen.view.candidate_at(seen.place)?.ok_or_else(Problem::not_found)?;
    let change =
        MarkChange::Correction { candidate: candidate.get().number.to_string(), mark: hundredths(&mark)? };
    let Executed { line, .. } =
        by(app, &found.who()?.as_actor()).change_marks(seen.view.id(), change, &reason)?;
    Ok(Answer::json(200, &json!({ "journal_line": line })))
}

fn by<'a>(app: &'a App, actor: &'a Actor) -> By<'a> {
    By { store: &app.store, actor, at: (app.now)() }
}

/// A mark as people write it, in hundredths.
pub(crate) fn hundredths(text: &str) -> Result<i32, Problem> {
    // French people write a comma.
    let parsed = Hundredths::parse(&text.replace(',', "."));
    parsed
        .map(|Hundredths(value)| value)
        .map_err(|_| Problem::unprocessable(&format!("HTT-132 {text:?} is not a mark such as 12.5")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_is_one_however_json_writes_it() {
        for (written, meant) in [
            ("12", Some(12)),
            ("12.0", Some(12)),
            ("1.2e1", Some(12)),
            ("0", Some(0)),
            ("4294967295", Some(u32::MAX)),
            ("4294967296", None),
            ("-1", None),
            ("12.5", None),
            ("1e400", None),
        ] {
            let number: Number = serde_json::from_str(written).unwrap();
            assert_eq!(whole(&number), meant, "{written}");
        }
    }
}
