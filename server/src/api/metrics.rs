//! Numbers for whoever watches over the server.

use std::sync::Arc;

use copiste_core::journal::Role;

use super::app::App;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::routes::Found;
use crate::metrics::{self, KIND, Moment};

/// `GET /metrics`: for whoever asks from this very machine and through no proxy, and for an administrator.
pub(crate) fn show(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    if call.header("x-copiste-direct") != Some("yes") {
        let who = found.who()?;
        if who.role() != Role::Administrator || !who.scopes.read {
            let detail = "numbers are for the administrator, and for this machine itself".to_owned();
            return Err(Problem::new(403, "HTT-113", "Not in this role", detail));
        }
    }
    let (jobs_waiting, jobs_working) = app.jobs.at_work();
    let moment = Moment {
        jobs_waiting,
        jobs_working,
        closings_under_way: app.under_way.count() as u64,
        sessions: app.people.sessions.count((app.now)()) as u64,
        dir: app.dir.clone(),
    };
    let text = metrics::scrape(&moment)
        .map_err(|error| Problem::internal(&format!("HTT-155 numbers cannot be told: {error}")))?;
    Ok(Answer::bytes(200, KIND, text))
}
