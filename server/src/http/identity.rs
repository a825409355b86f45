//! Who asks: a cookie or a token, and whether what he asks for really comes from his own pages.

use super::call::Call;
use super::problem::Problem;
use super::table::{Need, Whom};
use crate::api::app::App;
use crate::people::{ABSOLUTE_S, Cookie, Via, Who};
use copiste_core::model::AccountRole;

/// The name of the session's cookie.
pub(crate) const COOKIE: &str = "copiste_session";

/// Whoever asks.
#[derive(Default)]
pub(crate) struct Identity {
    pub(crate) who: Option<Who>,
    /// The cookie he came with, when its session goes on.
    pub(crate) cookie: Option<String>,
    /// The cookie he must keep from now on.
    pub(crate) renewed: Option<Cookie>,
}

/// Finds out who asks. A token that is no good is not made up for by a cookie.
///
/// # Errors
/// When records cannot be read.
pub(crate) fn identify(app: &App, call: &Call) -> Result<Identity, Problem> {
    let now = (app.now)();
    if call.header("authorization").is_some() {
        let who = match call.bearer() {
            Some(token) => app.people.by_token(token, now)?,
            None => None,
        };
        return Ok(Identity { who, ..Identity::default() });
    }
    let Some(cookie) = call.cookie(COOKIE) else { return Ok(Identity::default()) };
    Ok(match app.people.by_cookie(cookie, now)? {
        None => Identity::default(),
        Some(signed) => {
            Identity { who: Some(signed.who), cookie: Some(cookie.to_owned()), renewed: signed.cookie }
        }
    })
}

/// Whether somebody may do what a route needs: a token what it was made for, a session everything that comes
/// from its own pages.
///
/// # Errors
/// 403 with the reason.
pub(crate) fn comes_from_himself(
    app: &App,
    call: &Call,
    identity: &Identity,
    need: Need,
) -> Result<(), Problem> {
    let Some(who) = &identity.who else { return Ok(()) };
    match who.via {
        Via::Token(_) => {
            let allowed = match need {
                Need::Read => who.scopes.read,
                Need::Download => who.scopes.download,
                Need::Act => who.scopes.act,
            };
            let what = "HTT-115 the token was not made for this";
            if allowed { Ok(()) } else { Err(Problem::forbidden(&what)) }
        }
        Via::Session => {
            if ["GET", "HEAD", "OPTIONS"].contains(&call.method.as_str()) {
                return Ok(());
            }
            let token = call.header("x-csrf-token").map(str::to_owned).or_else(|| call.form_field("csrf"));
            let (Some(cookie), Some(token)) = (&identity.cookie, token) else {
                return Err(foreign());
            };
            if app.people.sessions.form_holds(cookie, &token) { Ok(()) } else { Err(foreign()) }
        }
    }
}

fn foreign() -> Problem {
    let what =
        "HTT-116 the request does not carry the token of its session: load the page again, and repeat it";
    Problem::forbidden(&what)
}

/// In whose role somebody is.
pub(crate) fn whom(who: &Who) -> Whom {
    match who.account.role {
        AccountRole::ExamOfficeManager { .. } => Whom::Office,
        AccountRole::AcademicCoordinator { .. } => Whom::Coordinator,
        AccountRole::School { .. } => Whom::School,
        AccountRole::Administrator => Whom::Administrator,
    }
}

/// The header that makes a browser keep a cookie: out of reach of scripts, not sent along by other sites' forms,
/// over TLS only where the page came that way.
pub(crate) fn set_cookie(call: &Call, cookie: &Cookie) -> String {
    format!(
        "{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={ABSOLUTE_S}{}",
        cookie.value(),
        secure(call)
    )
}

/// The header that makes a browser forget it.
pub(crate) fn no_cookie(call: &Call) -> String {
    format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{}", secure(call))
}

fn secure(call: &Call) -> &'static str {
    if call.header("x-copiste-proto") == Some("https") { "; Secure" } else { "" }
}
