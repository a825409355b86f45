//! Accounts and tokens. What is personal comes from the blob that the command names.

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use sled::Transactional;
use sled::transaction::ConflictableTransactionError;

use super::{Bench, Place, given_up};
use crate::journal::{AccountContent, Command, PutAccount, PutToken, TokenContent, hex};
use crate::model::{AccessToken, Account, AccountRole, BlobRef, PasswordHash, TokenScopes, is_uai};
use crate::store::meta::{APPLIED_KEY, Applied};
use crate::store::people::{account, accounts, tokens};
use crate::store::record::{Kept, Record};
use crate::store::tables::{Tables, account_key, token_key};
use crate::store::view::read_blob;
use crate::store::{ExecuteError, PeopleRefusal, Refusal, StoreError};

/// The largest content that is read, in bytes: a hundred times what one has.
const CONTENT_LIMIT: u64 = 64 << 10;
/// The longest displayed name or label, in characters.
const TEXT_LIMIT: usize = 100;
/// The longest hash of a password, in bytes.
const HASH_LIMIT: usize = 512;

/// A record about people, ready to be applied.
pub(in crate::store) struct PreparedPerson {
    key: Vec<u8>,
    record: sled::IVec,
    /// Whether there is anything to do at all.
    pub(in crate::store) changes: bool,
}

/// Prepares the account as its blob says it is.
pub(super) fn prepare_account(
    bench: &Bench<'_>,
    command: &PutAccount,
    place: Place<'_>,
) -> Result<PreparedPerson, ExecuteError> {
    let about = format!("account {}", hex::encode(&command.account));
    let content: AccountContent = content(bench, &about, &command.content)?;
    let before = account(bench.tables, &command.account)?;
    check_account(bench.tables, &command.account, &content, before.as_ref())?;
    let AccountContent { login, display_name, role, password, active, must_change_password } = content;
    let mut after = Account {
        id: command.account,
        login,
        display_name,
        role,
        password,
        active,
        must_change_password,
        created_at: before.as_ref().map_or(place.at, |before| before.created_at),
        changed_at: before.as_ref().map_or(place.at, |before| before.changed_at),
        line: before.as_ref().map_or(place.line, |before| before.line),
    };
    let changes = before.as_ref() != Some(&after);
    (after.changed_at, after.line) = (place.at, place.line);
    prepared(account_key(&command.account), &after, about, changes)
}

/// Prepares the token as its blob says it is.
pub(super) fn prepare_token(
    bench: &Bench<'_>,
    command: &PutToken,
    place: Place<'_>,
) -> Result<PreparedPerson, ExecuteError> {
    let about = format!("token {}", hex::encode(&command.token));
    let content: TokenContent = content(bench, &about, &command.content)?;
    let tokens = tokens(bench.tables)?;
    let same_id = tokens.iter().find(|token| token.id == command.token);
    let before = tokens.iter().find(|token| token.sha256 == content.sha256);
    let TokenContent { label, sha256, scopes, expires_at, revoked } = content;
    let (id, owner, line) = (command.token, command.account, place.line);
    let mut after = AccessToken {
        id,
        account: owner,
        label,
        sha256,
        scopes,
        created_at: place.at,
        expires_at,
        revoked,
        line,
    };
    let changes = match (same_id, before) {
        (None, None) => {
            let Some(account) = account(bench.tables, &owner)? else {
                return Err(refused(PeopleRefusal::NoAccount));
            };
            let named = is_text(&after.label);
            if !named || after.scopes == TokenScopes::default() || after.expires_at <= place.at || revoked {
                return Err(refused(PeopleRefusal::Token));
            }
            if !account.active {
                return Err(refused(PeopleRefusal::Closed));
            }
            true
        }
        (Some(same), Some(before)) if same == before => {
            (after.created_at, after.line) = (before.created_at, before.line);
            let as_before = AccessToken { revoked: before.revoked, ..after.clone() };
            if as_before != *before || (before.revoked && !revoked) {
                return Err(refused(PeopleRefusal::TokenFixed));
            }
            after.line = line;
            before.revoked != revoked
        }
        _ => return Err(refused(PeopleRefusal::TokenFixed)),
    };
    prepared(token_key(&sha256), &after, about, changes)
}

/// Whether what a command is about is still as somebody has seen it: his line is its last then.
pub(in crate::store) fn unchanged(tables: &Tables, command: &Command, seen: u64) -> Result<(), ExecuteError> {
    let line = match command {
        Command::PutAccount(command) => account(tables, &command.account)?.map(|account| account.line),
        Command::PutToken(command) => {
            let tokens = tokens(tables)?;
            tokens.iter().find(|token| token.id == command.token).map(|token| token.line)
        }
        _ => None,
    };
    if line == Some(seen) { Ok(()) } else { Err(refused(PeopleRefusal::Changed)) }
}

/// Applies what was prepared, in one go for every reader.
pub(super) fn write(tables: &Tables, prepared: &PreparedPerson, applied: &Applied) -> Result<(), StoreError> {
    let trees: (&sled::Tree, &sled::Tree) = (&tables.meta, &tables.accounts);
    let written = trees.transaction(|(meta, accounts)| {
        accounts.insert(prepared.key.as_slice(), prepared.record.clone())?;
        meta.insert(APPLIED_KEY, applied.bytes())?;
        Ok::<(), ConflictableTransactionError<()>>(())
    });
    written.map_err(given_up)
}

fn prepared<T: Kept>(
    key: Vec<u8>,
    value: &T,
    about: String,
    changes: bool,
) -> Result<PreparedPerson, ExecuteError> {
    let record = Record::of(value).map_err(StoreError::record(about))?.envelope().clone();
    Ok(PreparedPerson { key, record, changes })
}

fn refused(refusal: PeopleRefusal) -> ExecuteError {
    Refusal::from(refusal).into()
}

/// Reads the blob of a command. What is wrong with it is told without any of it.
fn content<T: DeserializeOwned>(bench: &Bench<'_>, about: &str, blob: &BlobRef) -> Result<T, ExecuteError> {
    let unread =
        |detail: &str| refused(PeopleRefusal::Content { about: about.to_owned(), detail: detail.to_owned() });
    let bytes = read_blob(bench.blobs, blob, CONTENT_LIMIT)
        .map_err(|error| unread(&format!("{:?}", error.kind())))?;
    if Sha256::digest(&bytes)[..] != blob.sha256 {
        return Err(unread("its bytes have changed"));
    }
    serde_json::from_slice(&bytes).map_err(|_| unread("it is not of the form that belongs there"))
}

fn check_account(
    tables: &Tables,
    id: &[u8; 16],
    content: &AccountContent,
    before: Option<&Account>,
) -> Result<(), ExecuteError> {
    if !is_login(&content.login) {
        return Err(refused(PeopleRefusal::Login));
    }
    if !is_text(&content.display_name) {
        return Err(refused(PeopleRefusal::DisplayName));
    }
    check_scope(&content.role).map_err(refused)?;
    if !is_hash(&content.password) {
        return Err(refused(PeopleRefusal::Password));
    }
    let others: Vec<Account> =
        accounts(tables)?.into_iter().filter(|other| other.active && other.id != *id).collect();
    if content.active && others.iter().any(|other| other.login == content.login) {
        return Err(refused(PeopleRefusal::LoginTaken));
    }
    let administers = |active: bool, role: &AccountRole| active && *role == AccountRole::Administrator;
    let administered = before.is_some_and(|before| administers(before.active, &before.role));
    if administered
        && !administers(content.active, &content.role)
        && !others.iter().any(|other| administers(other.active, &other.role))
    {
        return Err(refused(PeopleRefusal::LastAdministrator));
    }
    Ok(())
}

fn is_login(login: &str) -> bool {
    (3..=64).contains(&login.len())
        && login.bytes().all(|sign| matches!(sign, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'@' | b'-'))
}

/// A displayed name or a label.
fn is_text(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= TEXT_LIMIT && !text.chars().any(char::is_control)
}

fn is_hash(hash: &PasswordHash) -> bool {
    let PasswordHash(hash) = hash;
    hash.starts_with("$argon2id$")
        && hash.len() <= HASH_LIMIT
        && hash.bytes().all(|sign| sign.is_ascii_graphic())
}

fn check_scope(role: &AccountRole) -> Result<(), PeopleRefusal> {
    match role {
        AccountRole::School { uai } if !is_uai(uai) => Err(PeopleRefusal::Scope { what: "a UAI" }),
        AccountRole::ExamOfficeManager { entity: Some(entity) }
        | AccountRole::AcademicCoordinator { entity: Some(entity) }
            if !is_text(entity) =>
        {
            Err(PeopleRefusal::Scope { what: "an ER of 1 to 100 characters, or none," })
        }
        _ => Ok(()),
    }
}
