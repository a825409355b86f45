//! *Éditer les copies* and *Téléchargement*: search, one PDF, all of them as one ZIP.

use std::sync::Arc;

use askama::Template;
use copiste_core::bulk::{PlanRequest, Selection};
use copiste_core::journal::{Role, Timestamp, instant};
use copiste_core::model::ArchivedExamKind;
use copiste_core::store::ExamView;

use super::frame::{ExamHead, Frame, page};
use super::words;
use crate::api::app::App;
use crate::api::scripts::{Row, find};
use crate::http::answer::Answer;
use crate::http::call::{Call, escaped};
use crate::http::problem::Problem;
use crate::http::routes::Found;
use crate::profile::{LeftOut, profile};

#[derive(Template)]
#[template(path = "copies.html")]
struct CopiesPage {
    frame: Frame,
    exam: ExamHead,
    school: bool,
    /// Why there are no copies yet.
    closed: Option<&'static str>,
    zip: Option<Zip>,
    /// Whether something may be left out.
    options: bool,
    leave_out: Vec<OptionShown>,
    query: String,
    rows: Vec<RowShown>,
    next: Option<String>,
}

struct Zip {
    link: String,
    copies: String,
    size: String,
    damaged: u64,
    since: Option<Since>,
}

struct Since {
    link: String,
    copies: String,
    size: String,
}

struct OptionShown {
    name: &'static str,
    label: &'static str,
    on: bool,
}

struct RowShown {
    last_name: String,
    first_name: String,
    number: String,
    school: String,
    pages: String,
    mark: String,
    /// Where it is looked at.
    look: Option<String>,
    pdf: Option<String>,
    why: &'static str,
}

/// `GET /epreuves/{exam}/copies?q=&apres=&sans-annotations=&sans-appreciation=&sans-marking=`.
pub(crate) fn show(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let who = found.who()?;
    let view = app.exam_of(who, found.parameter("exam"))?;
    let common = view.exam().kind == ArchivedExamKind::CommonAssessment;
    let query = call.parameter("q").unwrap_or("");
    let ticked = |name: &str| !common && call.parameter(name).is_some();
    let left = LeftOut {
        annotations: ticked("sans-annotations"),
        appreciation: ticked("sans-appreciation"),
        marking_details: ticked("sans-marking"),
    };
    let without = &left.spelt();
    let (rows, more) = find(&view, who, query, None, call.parameter("apres"), 50)?;
    let next = more.then(|| rows.last()).flatten().map(|last| {
        format!("/epreuves/{}/copies?q={}&apres={}", view.id(), escaped(query), escaped(&last.number))
    });
    let opened = view.life().closed_at.is_some() || view.life().download_since.is_some();
    let closed = match (opened, common) {
        (true, _) => None,
        (false, true) => {
            Some("Aucune copie n’est encore transmise : le téléchargement ouvre avec la première.")
        }
        (false, false) => {
            Some("L’épreuve n’est pas clôturée : ses copies ne peuvent pas encore être éditées.")
        }
    };
    let shown = CopiesPage {
        frame: Frame::of(app, found, ""),
        exam: ExamHead::of(&view),
        school: matches!(who.role(), Role::School(_)),
        closed,
        zip: if opened { Some(zip(app, found, &view, left, without)?) } else { None },
        options: !common,
        leave_out: vec![
            OptionShown { name: "annotations", label: "les annotations", on: left.annotations },
            OptionShown { name: "appreciation", label: "l’appréciation", on: left.appreciation },
            OptionShown { name: "marking", label: "le détail de la notation", on: left.marking_details },
        ],
        query: query.to_owned(),
        rows: rows.into_iter().map(|row| row_shown(row, without)).collect(),
        next,
    };
    page(200, &shown)
}

/// The archive of what may be had at this moment. Its link says up to which copy, so that it stays the same while
/// it is fetched, and while others go on being transmitted.
fn zip(app: &App, found: &Found, view: &ExamView, left: LeftOut, without: &str) -> Result<Zip, Problem> {
    let who = found.who()?;
    let school = match who.role() {
        Role::School(uai) => Some(uai),
        _ => None,
    };
    let profile = profile(view, left).map_err(|error| Problem::unprocessable(&error))?;
    let archive = |since: Option<Timestamp>| {
        let selection = Selection { school: school.clone(), since, ..Selection::default() };
        app.archives.get(app, view, PlanRequest { selection, profile })
    };
    let whole = archive(None)?;
    let (until, whole) = (whole.plan().latest() + 1, whole.forecast());
    let link = |since: Option<Timestamp>| {
        let mut link = format!("/api/v1/exams/{}/scripts.zip?until={}", view.id(), escaped(&instant(until)));
        if let Some(since) = since {
            link.push_str(&format!("&since={}", escaped(&instant(since))));
        }
        if !without.is_empty() {
            link.push_str(&format!("&without={}", escaped(without)));
        }
        link
    };
    let last = app.people.access.last_whole_download(&who.account.id, view.id(), school.as_deref());
    let since = match last {
        None => None,
        Some(last) => {
            let newer = archive(Some(last))?.forecast();
            (newer.copies > 0 && newer.copies < whole.copies).then(|| Since {
                link: link(Some(last)),
                copies: words::count(newer.copies, "copie", "copies"),
                size: words::size(newer.bytes),
            })
        }
    };
    Ok(Zip {
        link: link(None),
        copies: words::count(whole.copies, "copie", "copies"),
        size: words::size(whole.bytes),
        damaged: whole.damaged + whole.accepted,
        since,
    })
}

fn row_shown(row: Row, without: &str) -> RowShown {
    let ending = if without.is_empty() { String::new() } else { format!("?without={}", escaped(without)) };
    let seen = row.script.as_ref().filter(|_| row.renderable_since.is_some());
    let look = seen.map(|script| format!("/copies/{script}"));
    let pdf = seen.map(|script| format!("/api/v1/scripts/{script}.pdf{ending}"));
    RowShown {
        last_name: row.last_name,
        first_name: row.first_name,
        number: row.number,
        school: row.school,
        pages: row.pages.map(|pages| pages.to_string()).unwrap_or_default(),
        mark: row.mark.as_deref().map(words::mark).unwrap_or_default(),
        look,
        pdf,
        why: if row.script.is_some() { "pas encore" } else { "sans copie" },
    }
}
