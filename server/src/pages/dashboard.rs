//! *Tableau de bord*: the exams as rows, their processes with their state.

use std::sync::Arc;

use askama::Template;
use copiste_core::journal::Role;
use copiste_core::process::status::status;

use super::frame::{ExamHead, Frame, page, redirect};
use super::words;
use crate::api::app::App;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::routes::Found;

#[derive(Template)]
#[template(path = "tableau.html")]
struct Dashboard {
    frame: Frame,
    school: bool,
    columns: [&'static str; 5],
    exams: Vec<Row>,
}

struct Row {
    id: String,
    code: String,
    label: String,
    kind: &'static str,
    date: String,
    session: String,
    series: String,
    wave: String,
    processes: Vec<Cell>,
    /// Whether copies can be had.
    copies: bool,
}

struct Cell {
    name: &'static str,
    anchor: &'static str,
    state: String,
    class: &'static str,
}

/// The processes in their order: the fifth is the one that ends the life of an exam of its kind.
const COLUMNS: [&str; 5] =
    ["Numérisation", "Distribution", "Correction", "Harmonisation", "Clôture ou Téléchargement"];

/// `GET /`.
pub(crate) fn show(app: &Arc<App>, _: &Call, found: &Found) -> Result<Answer, Problem> {
    let who = found.who()?;
    if who.role() == Role::Administrator {
        return Ok(redirect("/comptes"));
    }
    let mut exams = Vec::new();
    for view in app.exams_of(who)? {
        let ExamHead { id, code, label, kind, date, session, series, wave } = ExamHead::of(&view);
        let status = status(&view)?;
        let cell = |one: &copiste_core::process::processes::ProcessStatus| {
            let (state, class) = words::state(one.state, one.percent);
            Cell { name: words::process(one.process), anchor: words::anchor(one.process), state, class }
        };
        let life = view.life();
        exams.push(Row {
            id,
            code,
            label,
            kind,
            date,
            session,
            series,
            wave,
            processes: status.processes.iter().map(cell).collect(),
            copies: life.closed_at.is_some() || life.download_since.is_some(),
        });
    }
    let school = matches!(who.role(), Role::School(_));
    page(200, &Dashboard { frame: Frame::of(app, found, "tableau"), school, columns: COLUMNS, exams })
}
