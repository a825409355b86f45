//! The first start: somebody must be able to make accounts.

use copiste_core::journal::{AccountContent, Actor, Role, Timestamp};
use copiste_core::model::AccountRole;
use copiste_core::process::acts::By;
use copiste_core::store::Store;

use super::{Passwords, PeopleError, random};

/// What the first administrator signs in with.
const LOGIN: &str = "admin";

/// Makes an administrator when there is no account at all: his login and a password that is told once
/// and must be changed at the first login. None when there are accounts.
///
/// # Errors
/// [`PeopleError`]; there is no account then.
pub fn first_administrator(
    store: &Store,
    passwords: &Passwords,
    now: Timestamp,
) -> Result<Option<(String, String)>, PeopleError> {
    if !store.accounts()?.is_empty() {
        return Ok(None);
    }
    let password = random::one_time_password()?;
    let content = AccountContent {
        login: LOGIN.to_owned(),
        display_name: "Administrateur".to_owned(),
        role: AccountRole::Administrator,
        password: passwords.hash(password.as_bytes())?,
        active: true,
        must_change_password: true,
    };
    let actor = Actor::operator(Role::Administrator);
    By { store, actor: &actor, at: now }.create_account(&random::id()?, &content)?;
    Ok(Some((LOGIN.to_owned(), password)))
}
