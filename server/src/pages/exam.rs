//! *Épreuve*: its processes, for each the end condition and what is missing.

use std::sync::Arc;

use askama::Template;
use copiste_core::journal::{PagePlace, Role};
use copiste_core::model::ArchivedExamKind;
use copiste_core::process::acceptance::{self, Which};
use copiste_core::process::processes::Need;
use copiste_core::process::status::{Status, status};
use copiste_core::store::ExamView;

use super::frame::{ExamHead, Frame, page, redirect};
use super::words;
use crate::api::app::App;
use crate::http::answer::Answer;
use crate::http::call::{Call, escaped};
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
    /// Damaged pages that whoever looks may accept; none for others.
    damaged: Vec<DamagedShown>,
    damaged_count: u64,
}

struct DamagedShown {
    candidate: String,
    page: u32,
    code: String,
    chosen: bool,
}

/// How many damaged pages are offered one by one.
const DAMAGED: usize = 100;

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
    first: Vec<Named>,
    more: bool,
}

/// A candidate or a batch that something is missing of, and where one sees to it.
struct Named {
    name: String,
    to: String,
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
                    first: need.missing.first.iter().map(|name| named(&view, need, name)).collect(),
                    more: need.missing.count > need.missing.first.len() as u64,
                })
                .collect(),
        }
    });
    let office = found.who()?.role() == Role::ExamOfficeManager;
    let accepted = call.parameter("fait").map(|_| "C’est accepté ; le motif est inscrit au journal.");
    let shown = ExamPage {
        frame: Frame::of(app, found, "").with(accepted),
        exam: ExamHead::of(&view),
        links: links(&view),
        indicators: Indicators::of(&status),
        processes: processes.collect(),
        damaged: if office { damaged(&view, &status, call.parameter("candidat"))? } else { Vec::new() },
        damaged_count: status.scanning.damaged_pages.count,
    };
    page(200, &shown)
}

/// Where one sees to what is missing: a damaged page where it can be accepted, a batch among the batches, a
/// candidate in the search.
fn named(view: &ExamView, need: &Need, name: &str) -> Named {
    let (exam, escaped) = (view.id(), escaped(name));
    let to = match (need.what.as_str(), need.of.as_str()) {
        ("damaged pages", _) => format!("/epreuves/{exam}?candidat={escaped}#accepter"),
        (_, "batches") => format!("/epreuves/{exam}/harmonisation#lot-{escaped}"),
        _ => format!("/epreuves/{exam}/copies?q={escaped}"),
    };
    Named { name: name.to_owned(), to }
}

/// The damaged pages that nobody has accepted; those of one candidate alone when somebody comes for his.
fn damaged(view: &ExamView, status: &Status, of: Option<&str>) -> Result<Vec<DamagedShown>, Problem> {
    if status.scanning.damaged_pages.count == 0 {
        return Ok(Vec::new());
    }
    let open = view.damaged()?.into_iter().filter(|page| page.accepted.is_none());
    let his = open.filter(|page| of.is_none_or(|of| of == page.place.candidate)).take(DAMAGED);
    let mut pages: Vec<DamagedShown> = his
        .map(|page| DamagedShown {
            candidate: page.place.candidate,
            page: page.place.page,
            code: page.code,
            chosen: false,
        })
        .collect();
    if let [only] = pages.as_mut_slice() {
        only.chosen = true;
    }
    Ok(pages)
}

fn links(view: &ExamView) -> Vec<Link> {
    let link = |to: &str, name| Link { to: format!("/epreuves/{}/{to}", view.id()), name };
    let mut links =
        vec![link("parametrage", "Paramétrage fonctionnel"), link("harmonisation", "Harmonisation")];
    if view.exam().kind == ArchivedExamKind::OneOff {
        links.push(link("cloture", "Clôture"));
    }
    links.push(link("copies", "Éditer les copies"));
    links.push(link("journal", "Journal"));
    links
}

/// `POST /epreuves/{exam}/pages-acceptees`.
pub(crate) fn accept(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let view = app.exam_of(found.who()?, found.parameter("exam"))?;
    let field = |name: &str| call.form_field(name).unwrap_or_default();
    let chosen = field("page");
    let which = match chosen.split_once('/') {
        _ if chosen == "toutes" => Which::AllDamaged,
        Some((candidate, page)) => {
            let page = page.parse();
            let page = page.map_err(|_| Problem::unprocessable(&"HTT-171 the page is a number from 1"))?;
            Which::Page(PagePlace { candidate: candidate.to_owned(), page })
        }
        None => return Err(Problem::unprocessable(&"HTT-171 no page was chosen; nothing was changed")),
    };
    let actor = found.who()?.as_actor();
    acceptance::accept(&app.store, view.id(), &which, &field("reason"), &actor, (app.now)())?;
    Ok(redirect(&format!("/epreuves/{}?fait=page", view.id())))
}
