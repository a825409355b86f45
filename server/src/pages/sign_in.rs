//! *Connexion*, and a password of one's own.

use std::sync::Arc;

use askama::Template;

use super::frame::{Frame, page, redirect};
use crate::api::app::App;
use crate::api::session::peer;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::identity::{no_cookie, set_cookie};
use crate::http::problem::Problem;
use crate::http::routes::Found;
use crate::people::PeopleError;

#[derive(Template)]
#[template(path = "connexion.html")]
struct SignIn {
    frame: Frame,
    fault: Option<String>,
    login: String,
    to: String,
}

/// `GET /connexion?vers=`.
pub(crate) fn show(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let to = within(call.parameter("vers").unwrap_or("/")).to_owned();
    let frame = Frame { user: None, ..Frame::of(app, found, "") };
    page(200, &SignIn { frame, fault: None, login: String::new(), to })
}

/// `POST /connexion`.
pub(crate) fn sign_in(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    comes_from_here(call)?;
    let field = |name: &str| call.form_field(name).unwrap_or_default();
    let (login, password, to) = (field("login"), field("password"), field("vers"));
    let had = found.cookie.as_deref();
    match app.people.sign_in(login.trim(), &password, peer(call), had, (app.now)()) {
        Ok(signed) => {
            let to = if signed.who.must_change_password() { "/mot-de-passe" } else { within(&to) };
            let answer = redirect(to);
            Ok(match &signed.cookie {
                Some(cookie) => answer.with("Set-Cookie", set_cookie(call, cookie)),
                None => answer,
            })
        }
        Err(error) => {
            let (status, fault) = told(&error).ok_or_else(|| Problem::from(error))?;
            let frame = Frame { user: None, ..Frame::of(app, found, "") };
            page(status, &SignIn { frame, fault: Some(fault), login, to: within(&to).to_owned() })
        }
    }
}

/// `POST /deconnexion`.
pub(crate) fn sign_out(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    if let Some(cookie) = &found.cookie {
        app.people.sign_out(cookie, (app.now)())?;
    }
    Ok(redirect("/connexion").with("Set-Cookie", no_cookie(call)))
}

#[derive(Template)]
#[template(path = "mot-de-passe.html")]
struct Password {
    frame: Frame,
    fault: Option<String>,
    /// Whether it was given by somebody else.
    must: bool,
}

/// `GET /mot-de-passe`.
pub(crate) fn show_password(app: &Arc<App>, _: &Call, found: &Found) -> Result<Answer, Problem> {
    let must = found.who()?.must_change_password();
    page(200, &Password { frame: Frame::of(app, found, ""), fault: None, must })
}

/// `POST /mot-de-passe`.
pub(crate) fn change_password(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let who = found.who()?;
    let field = |name: &str| call.form_field(name).unwrap_or_default();
    let Some(cookie) = &found.cookie else { return Err(Problem::not_found()) };
    let (old, new, again) = (field("old"), field("new"), field("again"));
    let fault = if new == again {
        match app.people.change_password(who, cookie, (&old, &new), peer(call), (app.now)()) {
            Ok(Some(cookie)) => return Ok(redirect("/").with("Set-Cookie", set_cookie(call, &cookie))),
            Ok(None) => return Ok(redirect("/connexion").with("Set-Cookie", no_cookie(call))),
            Err(error) => told(&error).ok_or_else(|| Problem::from(error))?,
        }
    } else {
        (422, "Les deux saisies du nouveau mot de passe diffèrent. Rien n’a été changé.".to_owned())
    };
    let must = who.must_change_password();
    page(fault.0, &Password { frame: Frame::of(app, found, ""), fault: Some(fault.1), must })
}

/// What somebody is told who does not come in; none for what is a fault of ours.
fn told(error: &PeopleError) -> Option<(u16, String)> {
    Some(match error {
        PeopleError::WrongCredentials => (401, "Identifiant ou mot de passe incorrect.".to_owned()),
        PeopleError::Wait { wait_s } => {
            (429, format!("Trop d’essais ont échoué. Réessayez dans {wait_s} secondes."))
        }
        PeopleError::Busy => {
            (503, "Beaucoup de connexions à cet instant. Réessayez dans une minute.".to_owned())
        }
        PeopleError::PasswordLength => {
            (422, "Un mot de passe a au moins 12 caractères. Rien n’a été changé.".to_owned())
        }
        PeopleError::SamePassword => {
            (422, "Le nouveau mot de passe est l’ancien. Rien n’a été changé.".to_owned())
        }
        _ => return None,
    })
}

/// An address of this site, whoever wrote the link: never another site's.
fn within(to: &str) -> &str {
    let fine = to.starts_with('/')
        && !to.starts_with("//")
        && to.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if fine { to } else { "/" }
}

/// There is no session yet whose token the form could carry: the browser says where it comes from.
fn comes_from_here(call: &Call) -> Result<(), Problem> {
    let Some(origin) = call.header("origin") else { return Ok(()) };
    let host = origin.split_once("://").map(|(_, host)| host);
    if host.is_some() && host == call.header("host") {
        return Ok(());
    }
    let what = "HTT-116 the form comes from another site: load the page again, and repeat it";
    Err(Problem::forbidden(&what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_to_another_site() {
        for (to, led) in [
            ("/epreuves/e1/copies?q=a%20b", "/epreuves/e1/copies?q=a%20b"),
            ("//ailleurs.example", "/"),
            ("/\\ailleurs.example", "/"),
            ("https://ailleurs.example/", "/"),
            ("", "/"),
            ("/a\r\nSet-Cookie: x", "/"),
        ] {
            assert_eq!(within(to), led, "{to}");
        }
    }
}
