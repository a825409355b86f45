//! Accounts and tokens: reading them.

use super::record::{Kept, Record};
use super::tables::{ACCOUNTS, TOKENS, Table, Tables, account_key, read, token_key};
use super::{Store, StoreError};
use crate::journal::hex;
use crate::model::{AccessToken, Account};

impl Store {
    /// Every account, closed ones too, by login.
    ///
    /// # Errors
    /// [`StoreError`] when a record cannot be read; so for all that follow.
    pub fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let mut accounts = accounts(&self.tables)?;
        accounts.sort_by(|one, other| (&one.login, one.created_at).cmp(&(&other.login, other.created_at)));
        Ok(accounts)
    }

    /// One account.
    ///
    /// # Errors
    /// [`StoreError`] when the record cannot be read.
    pub fn account(&self, id: &[u8; 16]) -> Result<Option<Account>, StoreError> {
        account(&self.tables, id)
    }

    /// The active account of a login; without one the closed account that had it last. All accounts
    /// are looked at, whether or not one has it.
    ///
    /// # Errors
    /// [`StoreError`] when a record cannot be read.
    pub fn account_by_login(&self, login: &str) -> Result<Option<Account>, StoreError> {
        let accounts = accounts(&self.tables)?;
        let of_login = accounts.into_iter().filter(|account| account.login == login);
        Ok(of_login.max_by_key(|account| (account.active, account.line)))
    }

    /// Every token, also those that are over, in the order they were made.
    ///
    /// # Errors
    /// [`StoreError`] when a record cannot be read.
    pub fn tokens(&self) -> Result<Vec<AccessToken>, StoreError> {
        let mut tokens = tokens(&self.tables)?;
        tokens.sort_by_key(|token| (token.created_at, token.id));
        Ok(tokens)
    }

    /// The token whose secret has this SHA-256, also when it is over.
    ///
    /// # Errors
    /// [`StoreError`] when the record cannot be read.
    pub fn token_by_secret(&self, sha256: &[u8; 32]) -> Result<Option<AccessToken>, StoreError> {
        let Some(record) = read(&self.tables.accounts, token_key(sha256), || "a token".to_owned())? else {
            return Ok(None);
        };
        Ok(Some(record.value().map_err(StoreError::record("a token"))?))
    }
}

/// One account.
pub(super) fn account(tables: &Tables, id: &[u8; 16]) -> Result<Option<Account>, StoreError> {
    let what = || format!("account {}", hex::encode(id));
    let Some(record) = read::<Account>(&tables.accounts, account_key(id), what)? else { return Ok(None) };
    Ok(Some(record.value().map_err(StoreError::record(what()))?))
}

/// All accounts, by id.
pub(super) fn accounts(tables: &Tables) -> Result<Vec<Account>, StoreError> {
    all(&tables.accounts, ACCOUNTS, "an account")
}

/// All tokens, by their secrets' digests.
pub(super) fn tokens(tables: &Tables) -> Result<Vec<AccessToken>, StoreError> {
    all(&tables.accounts, TOKENS, "a token")
}

/// How many accounts and tokens there are.
pub(super) fn count(tables: &Tables) -> (u64, u64) {
    let count = |prefix: &[u8]| tables.accounts.scan_prefix(prefix).count() as u64;
    (count(ACCOUNTS), count(TOKENS))
}

fn all<T: Kept>(table: &Table, prefix: &[u8], what: &'static str) -> Result<Vec<T>, StoreError> {
    let mut found = Vec::new();
    for entry in table.scan_prefix(prefix) {
        let (key, value) = entry?;
        table.make_room(&key, value.len())?;
        let record = Record::<T>::read(value).map_err(StoreError::record(what))?;
        found.push(record.value().map_err(StoreError::record(what))?);
    }
    Ok(found)
}
