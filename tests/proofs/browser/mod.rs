//! The web pages in a real browser: everything is done by clicking, as a person does it.

mod accounts;
mod closing;
mod copies;
mod every_page;

use copiste_tests::academy::Academy;
use copiste_tests::browser::Browser;
use copiste_tests::stand_ins::StandIns;

use crate::http::{ENTITY, PASSWORD, Served, account};

/// Everybody who has an account in these proofs, but for the schools.
fn accounts(academy: &Academy) {
    account(academy, "office", &format!("exam-office:{ENTITY}"));
    account(academy, "coordinator", &format!("coordinator:{ENTITY}"));
    account(academy, "admin", "administrator");
}

/// Serves an academy that is sent to these stand-ins.
fn served(academy: &Academy, stand_ins: &StandIns) -> Served {
    let environment = stand_ins.environment("2", "2").into_iter();
    let environment = environment.map(|(name, value)| (name, value.into_string().expect("plain text")));
    Served::start_with(academy, environment.collect())
}

/// Opens a browser, and signs somebody in.
#[track_caller]
fn signed_in(served: &Served, login: &str) -> Browser {
    let browser = Browser::open(&format!("http://{}", served.authority));
    browser.go("/");
    sign_in(&browser, login, PASSWORD);
    browser.reads("Se déconnecter");
    browser
}

#[track_caller]
fn sign_in(browser: &Browser, login: &str, password: &str) {
    browser.fill("Identifiant", login);
    browser.fill("Mot de passe", password);
    browser.press("Se connecter");
}
