//! Signing in and out.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use copiste_core::journal::{Role, hex};
use serde::Deserialize;
use serde_json::{Value, json};

use super::app::App;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::identity::{self, set_cookie};
use crate::http::problem::{CHALLENGE, Problem};
use crate::http::routes::Found;
use crate::people::{Cookie, PeopleError, Who};

impl From<PeopleError> for Problem {
    fn from(error: PeopleError) -> Problem {
        match error {
            PeopleError::WrongCredentials => {
                Problem::of(401, "Not signed in", &error).header("WWW-Authenticate", CHALLENGE)
            }
            PeopleError::Wait { wait_s } => {
                Problem::of(429, "Too many attempts", &error).header("Retry-After", wait_s.to_string())
            }
            PeopleError::Busy => Problem::of(503, "Too much to do", &error),
            PeopleError::PasswordLength | PeopleError::SamePassword => Problem::unprocessable(&error),
            PeopleError::Act(error) => error.into(),
            _ => Problem::internal(&error),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SigningIn {
    login: String,
    password: String,
}

/// `POST /api/v1/session`: `{"login","password"}`. The answer sets the cookie, and says what the header
/// `X-CSRF-Token` of changes must be.
pub(crate) fn sign_in(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let SigningIn { login, password } = call.json()?;
    let had = found.cookie.as_deref();
    let signed = app.people.sign_in(&login, &password, peer(call), had, (app.now)())?;
    let shown = shown(app, &signed.who, signed.cookie.as_ref().map(Cookie::value));
    Ok(match &signed.cookie {
        Some(cookie) => Answer::json(200, &shown).with("Set-Cookie", set_cookie(call, cookie)),
        None => Answer::json(200, &shown),
    })
}

/// `GET /api/v1/session`.
pub(crate) fn show(app: &Arc<App>, _: &Call, found: &Found) -> Result<Answer, Problem> {
    Ok(Answer::json(200, &shown(app, found.who()?, found.cookie.as_deref())))
}

/// `DELETE /api/v1/session`.
pub(crate) fn sign_out(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    if let Some(cookie) = &found.cookie {
        app.people.sign_out(cookie, (app.now)())?;
    }
    Ok(Answer::empty(204).with("Set-Cookie", identity::no_cookie(call)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changing {
    old: String,
    new: String,
}

/// `PUT /api/v1/session/password`: `{"old","new"}`. Every other session of the account ends.
pub(crate) fn change_password(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let Changing { old, new } = call.json()?;
    let Some(cookie) = &found.cookie else {
        let what = "HTT-151 a password is changed by whoever has signed in with it, not with a token";
        return Err(Problem::of(403, "Not with a token", &what));
    };
    let changed = app.people.change_password(found.who()?, cookie, (&old, &new), peer(call), (app.now)())?;
    Ok(match changed {
        Some(cookie) => Answer::empty(204).with("Set-Cookie", set_cookie(call, &cookie)),
        None => Answer::empty(204).with("Set-Cookie", identity::no_cookie(call)),
    })
}

/// The address of whoever asks, as the front has it.
pub(crate) fn peer(call: &Call) -> IpAddr {
    // The front always says it.
    call.peer.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

fn shown(app: &App, who: &Who, cookie: Option<&str>) -> Value {
    json!({
        "account": hex::encode(&who.account.id),
        "login": who.account.login,
        "name": who.account.display_name,
        "role": match who.role() {
            Role::ExamOfficeManager => "exam_office_manager",
            Role::AcademicCoordinator => "academic_coordinator",
            Role::School(_) => "school",
            Role::Administrator => "administrator",
            Role::System => "system",
        },
        "scope": who.scope(),
        "must_change_password": who.must_change_password(),
        "csrf": cookie.map(|cookie| app.people.sessions.form_token(cookie)),
    })
}
