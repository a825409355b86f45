//! *Clôture*: what was sent, what became of it, what may be sent now.

use std::sync::Arc;

use askama::Template;
use copiste_core::exchange::rows::RejectedRow;
use copiste_core::journal::{Role, Target, instant};
use copiste_core::model::ArchivedExamKind;
use copiste_core::process::closing::{TargetState, TargetStatus};
use copiste_core::process::processes::Process;
use copiste_core::process::quality::{Finding, Scope, Severity, look};
use copiste_core::process::status::{Status, status};
use copiste_core::store::{ExamView, Outcome};

use super::exam::Indicators;
use super::frame::{ExamHead, Frame, page, redirect};
use super::words;
use crate::api::app::App;
use crate::api::closing::rejected;
use crate::api::launching::close;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::routes::Found;

#[derive(Template)]
#[template(path = "cloture.html")]
struct ClosingPage {
    frame: Frame,
    exam: ExamHead,
    fault: Option<String>,
    indicators: Indicators,
    under_way: bool,
    targets: Vec<TargetShown>,
    /// Whether whoever looks may launch at all.
    act: bool,
    act_title: &'static str,
    act_text: String,
    again: &'static str,
    refused: Option<String>,
    findings: Vec<FindingShown>,
    attempts: Vec<AttemptShown>,
    rejected: Vec<RejectedShown>,
}

struct RejectedShown {
    target: &'static str,
    row: RejectedRow,
}

/// How many rejected rows of each target the page shows.
const REJECTED: usize = 100;

struct TargetShown {
    name: &'static str,
    state: &'static str,
    class: &'static str,
    fault: Option<String>,
    rows: String,
    rejected: String,
    attempts: String,
}

/// A line of the quality sheet.
pub(super) struct FindingShown {
    pub(super) what: &'static str,
    pub(super) severity: &'static str,
    pub(super) class: &'static str,
    pub(super) count: String,
    pub(super) first: String,
}

struct AttemptShown {
    at: String,
    target: &'static str,
    export: u64,
    by: String,
    outcome: String,
    requests: u32,
    took: String,
}

/// `GET /epreuves/{exam}/cloture`.
pub(crate) fn show(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let view = app.exam_of(found.who()?, found.parameter("exam"))?;
    if view.exam().kind == ArchivedExamKind::CommonAssessment {
        return Err(Problem::not_found());
    }
    shown(app, found, &view, call.parameter("fait").is_some(), None)
}

fn shown(
    app: &Arc<App>,
    found: &Found,
    view: &ExamView,
    launched: bool,
    fault: Option<String>,
) -> Result<Answer, Problem> {
    let status = status(view)?;
    let sheet = look(view, Scope::Exam, &app.settings.quality())?;
    let under_way = app.under_way.by(view.id()).is_some();
    let (act_title, act_text, again, refused) = offered(&status, under_way);
    let (mut attempts, mut rejected_rows) = (Vec::new(), Vec::new());
    let exports = view.exports()?;
    for target in Target::ALL {
        // What an earlier export was told no longer matters.
        let last = exports.iter().filter(|export| export.target == target).max_by_key(|export| export.number);
        let rows = last.map(|export| rejected(app, export)).transpose()?.unwrap_or_default();
        let target = words::target_name(target);
        rejected_rows.extend(rows.into_iter().take(REJECTED).map(|row| RejectedShown { target, row }));
    }
    for export in exports {
        for attempt in &export.attempts {
            let outcome = match &attempt.outcome {
                Outcome::Committed { accepted, rejected: 0, .. } => {
                    format!("accepté ({})", words::count(*accepted, "ligne", "lignes"))
                }
                Outcome::Committed { accepted, rejected, .. } => {
                    format!("{} acceptées, {} rejetées", words::grouped(*accepted), words::grouped(*rejected))
                }
                Outcome::Failed { code, .. } => format!("en échec ({code})"),
                Outcome::Unknown { code, .. } => format!("sans réponse ({code})"),
            };
            attempts.push((
                attempt.line,
                AttemptShown {
                    at: words::moment(&instant(attempt.at)),
                    target: words::target_name(export.target),
                    export: export.number,
                    by: by(app, &attempt.author)?,
                    outcome,
                    requests: attempt.requests,
                    took: format!("{},{:01} s", attempt.took_ms / 1000, attempt.took_ms % 1000 / 100),
                },
            ));
        }
    }
    attempts.sort_by_key(|(line, _)| std::cmp::Reverse(*line));
    let notice = launched.then_some(if under_way {
        "L’envoi est lancé."
    } else {
        "L’envoi est terminé ; son résultat est ci-dessous."
    });
    let page_shown = ClosingPage {
        frame: Frame::of(app, found, "").with(notice),
        exam: ExamHead::of(view),
        fault,
        indicators: Indicators::of(&status),
        under_way,
        targets: vec![
            target(Target::Cyclades, &status.closing.cyclades),
            target(Target::Imagin, &status.closing.imagin),
        ],
        act: found.who()?.role() == Role::ExamOfficeManager && !under_way,
        act_title,
        act_text,
        again,
        refused,
        findings: sheet.findings.iter().map(finding).collect(),
        attempts: attempts.into_iter().map(|(_, attempt)| attempt).collect(),
        rejected: rejected_rows,
    };
    page(200, &page_shown)
}

/// What may be launched now: title, what will be sent, whether everything again, and why not.
fn offered(status: &Status, under_way: bool) -> (&'static str, String, &'static str, Option<String>) {
    let closing = &status.closing;
    let both = format!(
        "Les notes de {} partent vers Cyclades, les services faits de {} vers IMAG’IN.",
        words::count(status.counts.candidates, "candidat", "candidats"),
        words::count(status.counts.markers, "correcteur", "correcteurs"),
    );
    if closing.published_at.is_some() {
        let why = "Cyclades a publié : plus rien ne peut être envoyé. Ce qui manque se porte à la main, à partir des fichiers CSV ci-dessus.";
        return ("Relancer", both, "", Some(why.to_owned()));
    }
    if under_way {
        return ("Relancer", both, "", Some("Un envoi est en cours.".to_owned()));
    }
    let unfinished: Vec<&str> = status
        .processes
        .iter()
        .filter(|one| one.process != Process::Closing && !one.is_over())
        .map(|one| words::process(one.process))
        .collect();
    if !closing.done && !unfinished.is_empty() {
        let why = format!(
            "La clôture attend la fin de : {}. La page de l’épreuve dit ce qui manque.",
            unfinished.join(", ")
        );
        return ("Clôturer", both, "", Some(why));
    }
    let accepted = |target: &TargetStatus| target.state == TargetState::Accepted;
    match (accepted(&closing.cyclades), accepted(&closing.imagin)) {
        (true, true) => (
            "Relancer tout",
            format!("Tout est accepté. {both} Le nouvel envoi remplace le précédent."),
            "oui",
            None,
        ),
        (true, false) => {
            ("Relancer IMAG’IN", "Les services faits partent vers IMAG’IN.".to_owned(), "", None)
        }
        (false, true) => ("Relancer Cyclades", "Les notes partent vers Cyclades.".to_owned(), "", None),
        (false, false) if closing.cyclades.state == TargetState::NotSent => ("Clôturer", both, "", None),
        (false, false) => ("Relancer", both, "", None),
    }
}

/// `POST /epreuves/{exam}/cloture`.
pub(crate) fn launch(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let view = app.exam_of(found.who()?, found.parameter("exam"))?;
    let field = |name: &str| call.form_field(name).unwrap_or_default();
    if field("sure") != "oui" {
        let fault = "Cochez la confirmation : rien n’a été envoyé.".to_owned();
        return shown(app, found, &view, false, Some(fault));
    }
    match close(app, found.who()?.as_actor(), view.id(), field("again") == "oui") {
        Ok(_) => Ok(redirect(&format!("/epreuves/{}/cloture?fait=oui", view.id()))),
        Err(problem) if problem.status < 500 || problem.status == 503 => {
            let fault =
                format!("L’envoi est refusé, rien n’a été envoyé ({} : {}).", problem.code, problem.detail);
            shown(app, found, &view, false, Some(fault))
        }
        Err(problem) => Err(problem),
    }
}

/// Who launched an attempt: the name of the account, where it is still known.
fn by(app: &App, author: &str) -> Result<String, Problem> {
    let id = copiste_core::journal::hex::decode(author);
    let account = id.map(|id| app.store.account(&id)).transpose()?.flatten();
    Ok(account.map_or_else(|| author.to_owned(), |account| account.display_name))
}

fn target(which: Target, known: &TargetStatus) -> TargetShown {
    let (state, class) = words::target(known.state);
    TargetShown {
        name: words::target_name(which),
        state,
        class,
        fault: known.fault.clone(),
        rows: words::grouped(known.rows),
        rejected: words::grouped(known.rejected),
        attempts: words::grouped(known.attempts),
    }
}

pub(super) fn finding(finding: &Finding) -> FindingShown {
    let (severity, class) = match finding.severity {
        Severity::Blocker => ("bloque", "mal"),
        Severity::Warning => ("à voir", "moyen"),
    };
    let places: Vec<String> = finding
        .first
        .iter()
        .take(5)
        .map(|place| match place.page {
            Some(page) => format!("{} page {page}", place.candidate),
            None => place.candidate.clone(),
        })
        .collect();
    let more = if finding.count > places.len() as u64 { ", …" } else { "" };
    FindingShown {
        what: words::finding(finding.kind),
        severity,
        class,
        count: words::grouped(finding.count),
        first: format!("candidats {}{more}", places.join(", ")),
    }
}
