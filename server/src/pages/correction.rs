//! Correcting a final mark, from the page of its copy: an act of its own, with a reason.

use std::sync::Arc;

use copiste_core::journal::MarkChange;
use copiste_core::process::acts::By;

use super::frame::redirect;
use crate::api::acts::hundredths;
use crate::api::app::App;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::routes::Found;

/// `POST /copies/{script}/note`.
pub(crate) fn correct(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let who = found.who()?;
    let seen = app.script_of(who, found.parameter("script"))?;
    let field = |name: &str| call.form_field(name).unwrap_or_default();
    let mark = hundredths(field("mark").trim())?;
    let candidate = seen.view.candidate_at(seen.place)?.ok_or_else(Problem::not_found)?;
    let change = MarkChange::Correction { candidate: candidate.get().number.to_string(), mark };
    let actor = who.as_actor();
    let desk = By { store: &app.store, actor: &actor, at: (app.now)() };
    desk.change_marks(seen.view.id(), change, &field("reason"))?;
    Ok(redirect(&format!("/copies/{}?fait=note", found.parameter("script"))))
}
