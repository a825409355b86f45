//! *Épreuve*: its processes, for each the end condition and what is missing.

use std::sync::Arc;

use askama::Template;
use copiste_core::journal::{PagePlace, Role};
use copiste_core::model::ArchivedExamKind;
use copiste_core::process::acceptance::{self, Which};
use copiste_core::process::status::{Status, status};
use copiste_core::store::ExamView;

use super::frame::{ExamHead, Frame, page, redirect};
use super::words;
use crate::api::app::App;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::routes::Found;

#[derive(Template)]
#[template(path = "epreuve.html")]
struct ExamPage {
    frame: Frame,
    exam: ExamHead,
    links: Vec<Link>,
    indicators: Indicators,
    processes: Vec<ProcessShown>,
    accept: bool,
}

struct Link {
    to: String,
    name: &'static str,
}

/// The four indicators that are always shown (DOMAIN, *Closing a one-off exam*).
pub(super) struct Indicators {
    pub(super) closing: String,
    pub(super) candidates: String,
    pub(super) markers: String,
    pub(super) mean: String,
}

impl Indicators {
    pub(super) fn of(status: &Status) -> Indicators {
        let done = status.closing.done;
        Indicators {
            closing: if done { "réalisée" } else { "non réalisée" }.to_owned(),
            candidates: words::grouped(status.counts.candidates),
            markers: words::grouped(status.counts.markers),
            mean: status.marks.mean.as_deref().map_or_else(|| "aucune note".to_owned(), words::mark),
        }
    }
}

struct ProcessShown {
    name: &'static str,
    anchor: &'static str,
    state: String,
    class: &'static str,
    condition: &'static str,
    finished: bool,
    missing: Vec<NeedShown>,
}

struct NeedShown {
    what: String,
    count: String,
    first: String,
    more: bool,
}

/// `GET /epreuves/{exam}`.
pub(crate) fn show(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let view = app.exam_of(found.who()?, found.parameter("exam"))?;
    let status = status(&view)?;
    let processes = status.processes.iter().map(|one| {
        let (state, class) = words::state(one.state, one.percent);
        ProcessShown {
            name: words::process(one.process),
            anchor: words::anchor(one.process),
            state,
            class,
            condition: words::condition(one.process, one.state),
            finished: one.is_over(),
            missing: one
                .missing
                .iter()
                .map(|need| NeedShown {
                    what: words::need(&need.what).to_owned(),
                    count: words::grouped(need.missing.count),
                    first: need.missing.first.join(", "),
                    more: need.missing.count > need.missing.first.len() as u64,
                })
                .collect(),
        }
    });
    let office = found.who()?.role() == Role::ExamOfficeManager;
    let accepted = call.parameter("fait").map(|_| "La page est acceptée ; le motif est inscrit au journal.");
    let shown = ExamPage {
        frame: Frame::of(app, found, "").with(accepted),
        exam: ExamHead::of(&view),
        links: links(&view),
        indicators: Indicators::of(&status),
        processes: processes.collect(),
        accept: office && status.scanning.damaged_pages.count > 0,
    };
    page(200, &shown)
}

fn links(view: &ExamView) -> Vec<Link> {
    let link = |to: &str, name| Link { to: format!("/epreuves/{}/{to}", view.id()), name };
    let mut links =
        vec![link("parametrage", "Paramétrage fonctionnel"), link("harmonisation", "Harmonisation")];
    if view.exam().kind == ArchivedExamKind::OneOff {
        links.push(link("cloture", "Clôture"));
    }
    links.push(link("copies", "Éditer les copies"));
    links
}

/// `POST /epreuves/{exam}/pages-acceptees`.
pub(crate) fn accept(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let view = app.exam_of(found.who()?, found.parameter("exam"))?;
    let field = |name: &str| call.form_field(name).unwrap_or_default();
    let page = field("page").trim().parse();
    let page = page.map_err(|_| Problem::unprocessable(&"HTT-171 the page is a number from 1"))?;
    let which = Which::Page(PagePlace { candidate: field("candidate").trim().to_owned(), page });
    let actor = found.who()?.as_actor();
    acceptance::accept(&app.store, view.id(), &which, &field("reason"), &actor, (app.now)())?;
    Ok(redirect(&format!("/epreuves/{}?fait=page", view.id())))
}
