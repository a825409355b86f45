//! *Comptes*: who may sign in. For the administrator.

use std::sync::Arc;

use askama::Template;
use copiste_core::journal::{AccountContent, hex};
use copiste_core::model::{Account, AccountRole, PasswordHash};
use copiste_core::process::acts::By;

use super::account::shown as account_shown;
use super::frame::{Frame, page};
use super::words;
use crate::api::app::App;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::routes::Found;
use crate::people::{id, one_time_password};

#[derive(Template)]
#[template(path = "comptes.html")]
struct AccountsPage {
    frame: Frame,
    fault: Option<String>,
    accounts: Vec<AccountShown>,
    /// What was typed, so that a refusal loses nothing.
    login: String,
    name: String,
    role: String,
    scope: String,
}

struct AccountShown {
    id: String,
    login: String,
    name: String,
    role: String,
    state: &'static str,
    class: &'static str,
    tokens: usize,
}

/// `GET /comptes`.
pub(crate) fn show(app: &Arc<App>, _: &Call, found: &Found) -> Result<Answer, Problem> {
    shown(app, found, None, ("", "", "", ""))
}

fn shown(
    app: &App,
    found: &Found,
    fault: Option<String>,
    (login, name, role, scope): (&str, &str, &str, &str),
) -> Result<Answer, Problem> {
    let (tokens, now) = (app.store.tokens()?, (app.now)());
    let accounts = app.store.accounts()?.into_iter().map(|account| {
        let (state, class) = standing(&account);
        let good = tokens
            .iter()
            .filter(|token| token.account == account.id && !token.revoked && token.expires_at > now);
        AccountShown {
            id: hex::encode(&account.id),
            role: words::account_role(&account.role),
            state,
            class,
            tokens: good.count(),
            login: account.login,
            name: account.display_name,
        }
    });
    let page_shown = AccountsPage {
        accounts: accounts.collect(),
        frame: Frame::of(app, found, "comptes"),
        login: login.to_owned(),
        name: name.to_owned(),
        role: role.to_owned(),
        scope: scope.to_owned(),
        fault,
    };
    page(if page_shown.fault.is_some() { 422 } else { 200 }, &page_shown)
}

/// Whether somebody can sign in with an account, and how that looks.
pub(super) fn standing(account: &Account) -> (&'static str, &'static str) {
    match (account.active, account.must_change_password) {
        (false, _) => ("fermé", "mal"),
        (true, true) => ("actif, doit choisir son mot de passe", "moyen"),
        (true, false) => ("actif", "bien"),
    }
}

/// `POST /comptes`: makes an account with a password that is shown once.
pub(crate) fn create(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let field = |name: &str| call.form_field(name).unwrap_or_default().trim().to_owned();
    let (login, name, role, scope) = (field("login"), field("name"), field("role"), field("scope"));
    let typed = (login.as_str(), name.as_str(), role.as_str(), scope.as_str());
    let Some(account_role) = role_of(&role, &scope) else {
        let fault = "Choisissez un rôle, et pour un établissement son UAI. Rien n’a été créé.".to_owned();
        return shown(app, found, Some(fault), typed);
    };
    let password = one_time_password()?;
    let content = AccountContent {
        display_name: if name.is_empty() { login.clone() } else { name.clone() },
        login: login.clone(),
        role: account_role,
        password: hashed(app, &password)?,
        active: true,
        must_change_password: true,
    };
    let (id, actor) = (id()?, found.who()?.as_actor());
    let desk = By { store: &app.store, actor: &actor, at: (app.now)() };
    match desk.create_account(&id, &content).map_err(Problem::from) {
        Ok(_) => {
            let told = format!("Le compte {login} est créé.");
            let account = app.store.account(&id)?.ok_or_else(Problem::not_found)?;
            account_shown(app, found, &account, Some(&told), None, Some(password))
        }
        Err(problem) if problem.status < 500 => {
            let fault = format!("Refusé, rien n’a été créé ({} : {}).", problem.code, problem.detail);
            shown(app, found, Some(fault), typed)
        }
        Err(problem) => Err(problem),
    }
}

/// What a password is kept as.
pub(super) fn hashed(app: &App, password: &str) -> Result<PasswordHash, Problem> {
    Ok(app.people.passwords.hash(password.as_bytes())?)
}

/// A role as the form has it.
fn role_of(role: &str, scope: &str) -> Option<AccountRole> {
    let entity = (!scope.is_empty()).then(|| scope.to_owned());
    match (role, entity) {
        ("exam-office", entity) => Some(AccountRole::ExamOfficeManager { entity }),
        ("coordinator", entity) => Some(AccountRole::AcademicCoordinator { entity }),
        ("school", Some(uai)) => Some(AccountRole::School { uai }),
        ("administrator", None) => Some(AccountRole::Administrator),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_school_needs_its_uai_and_an_administrator_has_no_scope() {
        for (role, scope, expected) in [
            ("exam-office", "", true),
            ("exam-office", "ER974", true),
            ("coordinator", "", true),
            ("school", "9740001H", true),
            ("school", "", false),
            ("administrator", "", true),
            ("administrator", "ER974", false),
            ("", "", false),
            ("system", "", false),
        ] {
            assert_eq!(role_of(role, scope).is_some(), expected, "{role} {scope}");
        }
    }
}
