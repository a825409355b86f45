//! `copiste account …`: who may sign in, and the tokens of their programs.

use anyhow::{Context, bail};
use copiste_core::journal::{AccountContent, Role, TokenContent, hex, instant};
use copiste_core::model::{AccessToken, Account, AccountRole, PasswordHash, TokenScopes};
use copiste_core::store::Store;
use serde_json::json;

use super::Ending;
use super::acts::{by, done};
use super::args::{
    AccountAdd, AccountClose, AccountCommand, AccountList, AccountPassword, AccountToken, Scope,
};
use super::caller::Caller;
use super::output::Output;
use super::session::{self, Session};
use crate::people::id;

pub(super) fn run(typed: &AccountCommand, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    match typed {
        AccountCommand::Add(typed) => add(typed, caller, output),
        AccountCommand::Close(typed) => close(typed, caller, output),
        AccountCommand::Password(typed) => password(typed, caller, output),
        AccountCommand::List(typed) => list(typed, caller, output),
        AccountCommand::Token(typed) => token(typed, caller, output),
    }
}

fn add(typed: &AccountAdd, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    let role = read_role(&typed.account_role)?;
    let content = AccountContent {
        login: typed.login.clone(),
        display_name: typed.name.clone().unwrap_or_else(|| typed.login.clone()),
        role,
        password: hashed(typed.password.hash.as_ref())?,
        active: true,
        must_change_password: !typed.password.keep,
    };
    let session = Session::open(&typed.data, Role::Administrator, true, caller)?;
    let executed = by(&session).create_account(&id()?, &content)?;
    done(&format!("account {} made", typed.login), executed, output)
}

fn close(typed: &AccountClose, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    let session = Session::open(&typed.data, Role::Administrator, false, caller)?;
    let account = of_login(&session.store, &typed.login)?;
    let executed = by(&session).close_account(&account)?;
    done(
        &format!("account {} closed: its sessions end and its tokens are good for nothing", typed.login),
        executed,
        output,
    )
}

fn password(typed: &AccountPassword, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    let hash = hashed(typed.password.hash.as_ref())?;
    let session = Session::open(&typed.data, Role::Administrator, false, caller)?;
    let account = of_login(&session.store, &typed.login)?;
    let executed = if typed.password.keep {
        let content =
            AccountContent { password: hash, must_change_password: false, ..AccountContent::from(&account) };
        by(&session).change_account(&account, &content)?
    } else {
        by(&session).set_password(&account, hash)?
    };
    done(&format!("account {} has another password: its sessions end", typed.login), executed, output)
}

fn token(typed: &AccountToken, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    let session = Session::open(&typed.data, Role::Administrator, false, caller)?;
    let account = of_login(&session.store, &typed.login)?;
    if let Some(revoked) = &typed.revoke {
        let tokens = session.store.tokens()?;
        let token =
            tokens.iter().find(|token| token.account == account.id && hex::encode(&token.id) == *revoked);
        let Some(token) = token else {
            bail!(
                "CLI-027 this account has no token {revoked:?}; nothing was changed; `copiste account list` shows all"
            );
        };
        return done(&format!("token {revoked} taken back"), by(&session).revoke_token(token)?, output);
    }
    let sha256 = typed.secret.as_deref().and_then(hex::decode).context(
        "CLI-025 the secret of a token is drawn where the command is typed; nothing was changed; type it anew",
    )?;
    let scope = |scope| typed.scope.contains(&scope);
    let content = TokenContent {
        label: typed.label.clone().unwrap_or_default(),
        sha256,
        scopes: TokenScopes {
            read: scope(Scope::Read),
            download: scope(Scope::Download),
            act: scope(Scope::Act),
        },
        expires_at: session::now().saturating_add(i64::from(typed.days) * 86_400),
        revoked: false,
    };
    let token = id()?;
    let executed = by(&session).create_token(&token, &account.id, &content)?;
    let what = format!("token {} made, good until {}", hex::encode(&token), instant(content.expires_at));
    done(&what, executed, output)
}

fn list(typed: &AccountList, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    let session = Session::open(&typed.data, Role::Administrator, false, caller)?;
    if session.actor.role != Role::Administrator {
        bail!("CLI-028 only the administrator sees accounts; leave out --as, or give --as administrator");
    }
    let (accounts, tokens) = (session.store.accounts()?, session.store.tokens()?);
    let now = session::now();
    let of =
        |account: &Account| tokens.iter().filter(|token| token.account == account.id).collect::<Vec<_>>();
    if typed.json {
        let all: Vec<_> = accounts.iter().map(|account| account_json(account, &of(account), now)).collect();
        output.json(&all)?;
        return Ok(Ending::Done);
    }
    for account in &accounts {
        let state = match (account.active, account.must_change_password) {
            (false, _) => "closed",
            (true, true) => "active, must choose a password",
            (true, false) => "active",
        };
        output.line(format!(
            "{}  {}  {}  {state}",
            account.login,
            account.display_name,
            role_spelt(&account.role)
        ))?;
        for token in of(account) {
            let (id, end) = (hex::encode(&token.id), instant(token.expires_at));
            let scopes = scopes_of(token).join(",");
            output.line(format!(
                "    token {id}  {}  {scopes}  {}, until {end}",
                token.label,
                standing(token, now)
            ))?;
        }
    }
    if accounts.is_empty() {
        output.line("there is no account; `copiste account add` makes one")?;
    }
    Ok(Ending::Done)
}

fn account_json(account: &Account, tokens: &[&AccessToken], now: i64) -> serde_json::Value {
    let token = |token: &&AccessToken| {
        json!({
            "id": hex::encode(&token.id),
            "label": token.label,
            "scopes": scopes_of(token),
            "created_at": instant(token.created_at),
            "expires_at": instant(token.expires_at),
            "state": standing(token, now),
        })
    };
    json!({
        "id": hex::encode(&account.id),
        "login": account.login,
        "name": account.display_name,
        "role": role_spelt(&account.role),
        "active": account.active,
        "must_change_password": account.must_change_password,
        "created_at": instant(account.created_at),
        "changed_at": instant(account.changed_at),
        "tokens": tokens.iter().map(token).collect::<Vec<_>>(),
    })
}

fn standing(token: &AccessToken, now: i64) -> &'static str {
    match (token.revoked, token.expires_at <= now) {
        (true, _) => "taken back",
        (false, true) => "over",
        (false, false) => "good",
    }
}

fn scopes_of(token: &AccessToken) -> Vec<&'static str> {
    let TokenScopes { read, download, act } = token.scopes;
    [(read, "read"), (download, "download"), (act, "act")]
        .into_iter()
        .filter_map(|(has, name)| has.then_some(name))
        .collect()
}

fn of_login(store: &Store, login: &str) -> anyhow::Result<Account> {
    let account = store.account_by_login(login)?;
    account.with_context(|| {
        format!(
            "CLI-026 there is no account {login:?}; nothing was changed; `copiste account list` shows all"
        )
    })
}

fn hashed(hash: Option<&String>) -> anyhow::Result<PasswordHash> {
    let hash = hash.context(
        "CLI-025 a password is asked for where the command is typed; nothing was changed; type it anew",
    )?;
    Ok(PasswordHash(hash.clone()))
}

/// Reads `--role`.
fn read_role(text: &str) -> anyhow::Result<AccountRole> {
    let (name, scope) = match text.split_once(':') {
        Some((name, scope)) => (name, Some(scope.to_owned())),
        None => (text, None),
    };
    match (name, scope) {
        ("exam-office", entity) => Ok(AccountRole::ExamOfficeManager { entity }),
        ("coordinator", entity) => Ok(AccountRole::AcademicCoordinator { entity }),
        ("school", Some(uai)) => Ok(AccountRole::School { uai }),
        ("administrator", None) => Ok(AccountRole::Administrator),
        _ => bail!(
            "CLI-029 --role takes exam-office, exam-office:ER, coordinator, coordinator:ER, school:UAI or \
             administrator, not {text:?}; nothing was changed"
        ),
    }
}

fn role_spelt(role: &AccountRole) -> String {
    let scoped = |name: &str, entity: &Option<String>| match entity {
        Some(entity) => format!("{name}:{entity}"),
        None => name.to_owned(),
    };
    match role {
        AccountRole::ExamOfficeManager { entity } => scoped("exam-office", entity),
        AccountRole::AcademicCoordinator { entity } => scoped("coordinator", entity),
        AccountRole::School { uai } => format!("school:{uai}"),
        AccountRole::Administrator => "administrator".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_options_of_a_command_have_one_name() {
        <super::super::args::Typed as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn a_role_reads_back_as_it_is_spelt() {
        for text in [
            "exam-office",
            "exam-office:ER974",
            "coordinator",
            "coordinator:ER974",
            "school:9740001H",
            "administrator",
        ] {
            assert_eq!(role_spelt(&read_role(text).unwrap()), text);
        }
        for text in ["", "school", "administrator:ER974", "Administrator", "manager"] {
            assert!(read_role(text).is_err(), "{text}");
        }
    }
}
