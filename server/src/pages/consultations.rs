//! Who looked at copies or took them away: the last lines of the access log about an exam.

use std::sync::Arc;

use askama::Template;
use copiste_core::journal::{hex, instant};
use copiste_core::store::ExamView;

use super::frame::{ExamHead, Frame, page};
use super::journal::names;
use super::words;
use crate::api::app::App;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::routes::Found;
use crate::people::Access;

/// Lines of the page.
const LINES: usize = 200;

#[derive(Template)]
#[template(path = "consultations.html")]
struct ConsultationsPage {
    frame: Frame,
    exam: ExamHead,
    lines: Vec<LineShown>,
}

struct LineShown {
    at: String,
    who: String,
    role: String,
    what: &'static str,
    of: String,
    size: String,
    end: &'static str,
}

/// `GET /epreuves/{exam}/consultations`.
pub(crate) fn show(app: &Arc<App>, _: &Call, found: &Found) -> Result<Answer, Problem> {
    let view = app.exam_of(found.who()?, found.parameter("exam"))?;
    let names = names(app)?;
    let mut lines = Vec::new();
    for access in app.people.access.last(view.id(), LINES)? {
        let id = hex::encode(&access.account);
        lines.push(LineShown {
            at: words::moment(&instant(access.at)),
            who: names.get(&id).cloned().unwrap_or(id),
            role: words::role(&access.role),
            what: words::taken(access.what),
            of: of(&view, &access)?,
            size: words::size(access.bytes),
            end: if access.whole { "entier" } else { "en partie" },
        });
    }
    page(200, &ConsultationsPage { frame: Frame::of(app, found, ""), exam: ExamHead::of(&view), lines })
}

/// Whose copies it was: a candidate's, a school's, or all.
fn of(view: &ExamView, access: &Access) -> Result<String, Problem> {
    if let Some(script) = &access.script {
        let place = hex::decode(script).map(|id| view.place_of_script(&id)).transpose()?.flatten();
        let candidate = place.map(|place| view.candidate_at(place)).transpose()?.flatten();
        let number = candidate.map(|candidate| candidate.get().number.to_string());
        return Ok(number.map_or_else(
            || "une copie qui n’est plus là".to_owned(),
            |number| format!("candidat {number}"),
        ));
    }
    Ok(match &access.school {
        Some(uai) => format!("établissement {uai}"),
        None => "tous les établissements".to_owned(),
    })
}
