//! One account: its password, its tokens, whether it is open. For the administrator.

use std::sync::Arc;

use askama::Template;
use copiste_core::journal::{AccountContent, TokenContent, hex, instant};
use copiste_core::model::{AccessToken, Account, TokenScopes};
use copiste_core::process::acts::By;

use super::accounts::{hashed, standing};
use super::frame::{Frame, page};
use super::words;
use crate::api::app::App;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::routes::Found;
use crate::people::{TokenSecret, id, one_time_password};

#[derive(Template)]
#[template(path = "compte.html")]
struct AccountPage {
    frame: Frame,
    fault: Option<String>,
    /// A password or the secret of a token: shown once, on this page.
    secret: Option<String>,
    id: String,
    login: String,
    name: String,
    role: String,
    state: &'static str,
    class: &'static str,
    active: bool,
    created: String,
    tokens: Vec<TokenShown>,
}

struct TokenShown {
    id: String,
    label: String,
    scopes: String,
    until: String,
    state: &'static str,
    good: bool,
}

/// `GET /comptes/{account}`.
pub(crate) fn show(app: &Arc<App>, _: &Call, found: &Found) -> Result<Answer, Problem> {
    let account = of(app, found)?;
    shown(app, found, &account, None, None, None)
}

/// The page of an account, with what was just done to it.
pub(super) fn shown(
    app: &App,
    found: &Found,
    account: &Account,
    notice: Option<&str>,
    fault: Option<String>,
    secret: Option<String>,
) -> Result<Answer, Problem> {
    let now = (app.now)();
    let tokens = app.store.tokens()?.into_iter().filter(|token| token.account == account.id);
    let (state, class) = standing(account);
    let page_shown = AccountPage {
        frame: Frame::of(app, found, "comptes").with(notice),
        secret,
        id: hex::encode(&account.id),
        login: account.login.clone(),
        name: account.display_name.clone(),
        role: words::account_role(&account.role),
        state,
        class,
        active: account.active,
        created: words::moment(&instant(account.created_at)),
        tokens: tokens.map(|token| token_shown(token, now)).collect(),
        fault,
    };
    page(if page_shown.fault.is_some() { 422 } else { 200 }, &page_shown)
}

fn token_shown(token: AccessToken, now: i64) -> TokenShown {
    let (state, good) = match (token.revoked, token.expires_at <= now) {
        (true, _) => ("retiré", false),
        (false, true) => ("expiré", false),
        (false, false) => ("valable", true),
    };
    let TokenScopes { read, download, act } = token.scopes;
    let scopes: Vec<&str> = [(read, "consulter"), (download, "télécharger"), (act, "agir")]
        .into_iter()
        .filter_map(|(has, name)| has.then_some(name))
        .collect();
    TokenShown {
        id: hex::encode(&token.id),
        scopes: scopes.join(", "),
        until: words::moment(&instant(token.expires_at)),
        label: token.label,
        state,
        good,
    }
}

/// `POST /comptes/{account}`: another password, closed, open again, a token made or taken back.
pub(crate) fn act(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let account = of(app, found)?;
    match done(app, call, found, &account) {
        Ok((told, secret)) => {
            let account = of(app, found)?;
            shown(app, found, &account, Some(told), None, secret)
        }
        Err(problem) if problem.status < 500 => {
            let fault = format!("Refusé, rien n’a été changé ({} : {}).", problem.code, problem.detail);
            shown(app, found, &account, None, Some(fault), None)
        }
        Err(problem) => Err(problem),
    }
}

/// What was done, and the secret that is shown once.
fn done(
    app: &App,
    call: &Call,
    found: &Found,
    account: &Account,
) -> Result<(&'static str, Option<String>), Problem> {
    let field = |name: &str| call.form_field(name).unwrap_or_default().trim().to_owned();
    let actor = found.who()?.as_actor();
    let desk = By { store: &app.store, actor: &actor, at: (app.now)() };
    match field("act").as_str() {
        "password" => {
            let password = one_time_password()?;
            // Whoever gives himself another one has to choose it on his own page, with the old one.
            if actor.owns(&account.id) {
                let what = "HTT-174 one's own password is changed on the page of the password";
                return Err(Problem::conflict(&what));
            }
            desk.set_password(account, hashed(app, &password)?)?;
            Ok(("Le compte a un nouveau mot de passe ; ses sessions sont terminées.", Some(password)))
        }
        "close" => {
            desk.close_account(account)?;
            Ok(("Le compte est fermé ; ses sessions sont terminées et ses jetons ne valent plus rien.", None))
        }
        "open" => {
            desk.change_account(account, &AccountContent { active: true, ..AccountContent::from(account) })?;
            Ok(("Le compte est rouvert.", None))
        }
        "token" => {
            let secret = TokenSecret::new()?;
            let ticked = |name: &str| !field(name).is_empty();
            let days: u32 =
                field("days").parse().map_err(|_| Problem::unprocessable(&"HTT-175 days is a number"))?;
            let content = TokenContent {
                label: field("label"),
                sha256: secret.sha256(),
                scopes: TokenScopes {
                    read: ticked("read"),
                    download: ticked("download"),
                    act: ticked("may-act"),
                },
                expires_at: (app.now)().saturating_add(i64::from(days).saturating_mul(86_400)),
                revoked: false,
            };
            desk.create_token(&id()?, &account.id, &content)?;
            Ok(("Le jeton est créé.", Some(secret.shown().to_owned())))
        }
        "revoke" => {
            let wanted = field("token");
            let tokens = app.store.tokens()?;
            let token =
                tokens.iter().find(|token| token.account == account.id && hex::encode(&token.id) == wanted);
            desk.revoke_token(token.ok_or_else(Problem::not_found)?)?;
            Ok(("Le jeton est retiré.", None))
        }
        _ => Err(Problem::unprocessable(&"HTT-176 there is no such act on an account")),
    }
}

fn of(app: &App, found: &Found) -> Result<Account, Problem> {
    let id = hex::decode(found.parameter("account")).ok_or_else(Problem::not_found)?;
    app.store.account(&id)?.ok_or_else(Problem::not_found)
}
