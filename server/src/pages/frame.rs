//! What surrounds every page, and what a page looks like that cannot be shown.

use askama::Template;
use copiste_core::journal::Role;
use copiste_core::store::ExamView;

use super::words;
use crate::api::app::App;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::routes::Found;

/// The frame of a page: who is signed in, where he is.
pub(super) struct Frame {
    pub(super) user: Option<User>,
    /// Whether he has to do with exams, and with accounts.
    pub(super) exams: bool,
    pub(super) accounts: bool,
    pub(super) here: &'static str,
    /// What his forms carry.
    pub(super) csrf: String,
    /// What was just done.
    pub(super) notice: Option<String>,
}

pub(super) struct User {
    pub(super) name: String,
    pub(super) role: String,
}

impl Frame {
    pub(super) fn of(app: &App, found: &Found, here: &'static str) -> Frame {
        let who = found.known();
        let csrf = found.cookie.as_deref().map(|cookie| app.people.sessions.form_token(cookie));
        Frame {
            user: who
                .map(|who| User { name: who.account.display_name.clone(), role: words::role(&who.role()) }),
            exams: who.is_some_and(|who| who.role() != Role::Administrator),
            accounts: who.is_some_and(|who| who.role() == Role::Administrator),
            here,
            csrf: csrf.unwrap_or_default(),
            notice: None,
        }
    }

    pub(super) fn with(self, notice: Option<&str>) -> Frame {
        Frame { notice: notice.map(str::to_owned), ..self }
    }
}

/// What a page says of its exam.
pub(super) struct ExamHead {
    pub(super) id: String,
    pub(super) code: String,
    pub(super) label: String,
    pub(super) kind: &'static str,
    pub(super) date: String,
    pub(super) session: String,
    pub(super) series: String,
    pub(super) wave: String,
}

impl ExamHead {
    pub(super) fn of(view: &ExamView) -> ExamHead {
        let exam = view.exam();
        let series: Vec<&str> = exam.series.iter().map(|series| series.as_str()).collect();
        ExamHead {
            id: view.id().to_owned(),
            code: exam.code.to_string(),
            label: exam.label.to_string(),
            kind: words::kind(exam),
            date: words::moment(&exam.starts_at),
            session: format!("{} {}", exam.session_year.to_native(), exam.session_name.as_str()),
            series: series.join(", "),
            wave: exam.wave.as_ref().map(|wave| wave.to_native().to_string()).unwrap_or_default(),
        }
    }
}

/// A page as an answer.
pub(super) fn page(status: u16, template: &impl Template) -> Result<Answer, Problem> {
    let text = template
        .render()
        .map_err(|error| Problem::internal(&format!("HTT-170 the page cannot be written: {error}")))?;
    Ok(Answer::bytes(status, "text/html; charset=utf-8", text.into_bytes()))
}

/// Sends the browser elsewhere, after a form.
pub(crate) fn redirect(to: &str) -> Answer {
    Answer::empty(303).with("Location", to)
}

#[derive(Template)]
#[template(path = "probleme.html")]
struct ProblemPage {
    frame: Frame,
    title: &'static str,
    text: &'static str,
    code: String,
    detail: String,
}

/// A problem as a page.
pub(crate) fn problem(problem: &Problem) -> Answer {
    let (title, text) = match problem.status {
        400 | 422 => (
            "Demande incomprise",
            "La demande n’est pas de celles que cette page connaît. Rien n’a été changé.",
        ),
        403 => (
            "Pas dans ce rôle",
            "Votre rôle ne permet pas cette action, ou la page est restée ouverte trop longtemps. Rien n’a été changé.",
        ),
        404 => ("Introuvable", "Il n’y a rien à cette adresse, ou rien pour vous."),
        405 => ("Demande incomprise", "Cette adresse ne s’utilise pas ainsi."),
        409 => ("Impossible pour l’instant", "L’état de l’épreuve ne le permet pas. Rien n’a été changé."),
        429 => ("Trop d’essais", "Trop d’essais ont échoué. Réessayez dans quelques minutes."),
        503 => {
            ("Pas disponible", "Le service n’est pas disponible à cet instant. Réessayez dans une minute.")
        }
        _ => (
            "Une erreur de copiste",
            "Ce qui est inscrit au journal est conservé. Regardez où en est l’épreuve avant de recommencer.",
        ),
    };
    let frame =
        Frame { user: None, exams: false, accounts: false, here: "", csrf: String::new(), notice: None };
    let shown =
        ProblemPage { frame, title, text, code: problem.code.clone(), detail: problem.detail.clone() };
    page(problem.status, &shown).unwrap_or_else(|fault| Answer::problem(&fault))
}
