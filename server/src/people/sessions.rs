//! Sessions: who has signed in, until when.
//!
//! A cookie is 256 random bits; only its SHA-256 is kept. A session ends half an hour after it was
//! used last, twelve hours after it began, when its account is closed, when its password changes. When
//! the role changes it goes on under another cookie.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use copiste_core::journal::Timestamp;
use copiste_core::model::Account;
use copiste_core::store::StoreError;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::session_file::{self, Kept};
use super::{PeopleError, random};

/// A session ends so many seconds after it was used last.
pub const IDLE_S: i64 = 30 * 60;
/// … and so many seconds after it began.
pub const ABSOLUTE_S: i64 = 12 * 3600;

/// That somebody was seen is written once in so many seconds: a crash makes a session that much older.
const WRITE_EVERY_S: i64 = 5;
/// Sessions of one account at a time; the one that was used longest ago goes first.
const OF_ONE_ACCOUNT: usize = 16;
/// The file in the data directory.
const FILE: &str = "sessions";

/// What a browser keeps. Neither it nor a part of it is ever logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Cookie(String);

impl Cookie {
    /// For the browser it belongs to.
    pub fn value(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Cookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cookie(…)")
    }
}

/// A session that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// Its account, as it is now.
    pub account: Account,
    /// Another cookie, which the browser has to keep instead.
    pub renewed: Option<Cookie>,
}

/// All sessions of a data directory.
pub struct Sessions {
    file: PathBuf,
    state: Mutex<State>,
    /// Held while the file is written: what was taken last is written last.
    writing: Mutex<()>,
    /// Whether the disk refused what could wait; said once, until it takes it again.
    refused: AtomicBool,
}

struct State {
    /// What the tokens of forms are made with.
    key: [u8; 32],
    by_cookie: BTreeMap<[u8; 32], Kept>,
    /// When the file was written, or was to be.
    written_at: Timestamp,
}

impl Sessions {
    /// Reads the sessions of a data directory. What cannot be understood of the file is left out.
    ///
    /// # Errors
    /// [`PeopleError::Io`] when it cannot be read, [`PeopleError::Random`].
    pub fn open(dir: &Path, now: Timestamp) -> Result<Sessions, PeopleError> {
        let file = dir.join(FILE);
        let found = session_file::read(&file).map_err(PeopleError::io("read", &file))?;
        if found.damaged > 0 {
            let (lines, kept) = (found.damaged, found.sessions.len());
            tracing::warn!(lines, kept, "the file of sessions is damaged: some people have to sign in again");
        }
        let key = match found.key {
            Some(key) => key,
            None => random::key()?,
        };
        let by_cookie = found.sessions.into_iter().map(|session| (session.cookie, session)).collect();
        let mut state = State { key, by_cookie, written_at: now };
        state.drop_past(now);
        let (state, writing) = (Mutex::new(state), Mutex::default());
        Ok(Sessions { file, state, writing, refused: AtomicBool::new(false) })
    }

    /// Begins a session for somebody who has just shown his password. The one he had, by its cookie, ends:
    /// no cookie from before is worth more afterwards.
    ///
    /// # Errors
    /// [`PeopleError::Random`]; [`PeopleError::Io`] when it cannot be written, and there is none then.
    pub fn begin(&self, account: &Account, had: Option<&str>, now: Timestamp) -> Result<Cookie, PeopleError> {
        let cookie = Cookie(random::secret()?);
        let session = Kept {
            cookie: random::digest(cookie.value()),
            account: account.id,
            made_at: now,
            seen_at: now,
            password: password_of(account),
            role: role_of(account),
        };
        {
            let mut state = self.state();
            state.drop_past(now);
            if let Some(had) = had {
                state.by_cookie.remove(&random::digest(had));
            }
            state.make_room(&account.id);
            state.by_cookie.insert(session.cookie, session.clone());
        }
        if let Err(error) = self.write(now) {
            self.state().by_cookie.remove(&session.cookie);
            return Err(error);
        }
        Ok(cookie)
    }

    /// Goes on with a session, if it has not ended. `account_of` reads its account.
    ///
    /// # Errors
    /// [`PeopleError::Store`] when the account cannot be read, [`PeopleError::Random`]; [`PeopleError::Io`]
    /// when a change of cookie cannot be written.
    pub fn resume(
        &self,
        cookie: &str,
        account_of: impl FnOnce(&[u8; 16]) -> Result<Option<Account>, StoreError>,
        now: Timestamp,
    ) -> Result<Option<Resumed>, PeopleError> {
        let digest = random::digest(cookie);
        let Some(session) = self.living(&digest, now) else { return Ok(None) };
        let account = account_of(&session.account)?
            .filter(|account| account.active && random::same(&password_of(account), &session.password));
        let Some(account) = account else {
            self.state().by_cookie.remove(&digest);
            self.write(now)?;
            return Ok(None);
        };
        if session.role != role_of(&account) {
            let renewed = self.exchanged(&digest, &account, now)?;
            return Ok(renewed.map(|renewed| Resumed { account, renewed: Some(renewed) }));
        }
        self.seen(&digest, now);
        Ok(Some(Resumed { account, renewed: None }))
    }

    /// After somebody has changed his password: his session goes on under another cookie, and all others
    /// of his end. None when the session has ended meanwhile.
    ///
    /// # Errors
    /// [`PeopleError::Random`], [`PeopleError::Io`].
    pub fn renew(
        &self,
        cookie: &str,
        account: &Account,
        now: Timestamp,
    ) -> Result<Option<Cookie>, PeopleError> {
        let digest = random::digest(cookie);
        self.state().by_cookie.retain(|other, session| session.account != account.id || *other == digest);
        self.exchanged(&digest, account, now)
    }

    /// Ends a session; one that has ended stays so.
    ///
    /// # Errors
    /// [`PeopleError::Io`] when that cannot be written: it has ended, until the server starts anew.
    pub fn end(&self, cookie: &str, now: Timestamp) -> Result<(), PeopleError> {
        let ended = self.state().by_cookie.remove(&random::digest(cookie));
        if ended.is_some() { self.write(now) } else { Ok(()) }
    }

    /// What the forms of a session carry, so that no other site can send them.
    pub fn form_token(&self, cookie: &str) -> String {
        random::spelt(&self.form_mac(cookie).finalize().into_bytes())
    }

    /// Whether a form carries the token of its session.
    pub fn form_holds(&self, cookie: &str, token: &str) -> bool {
        random::same(self.form_token(cookie).as_bytes(), token.as_bytes())
    }

    /// How many there are.
    pub fn count(&self, now: Timestamp) -> usize {
        let mut state = self.state();
        state.drop_past(now);
        state.by_cookie.len()
    }

    /// Writes what could wait: when the server ends.
    ///
    /// # Errors
    /// [`PeopleError::Io`].
    pub fn flush(&self, now: Timestamp) -> Result<(), PeopleError> {
        self.write(now)
    }

    #[allow(clippy::unreachable, reason = "HMAC takes a key of any length")]
    fn form_mac(&self, cookie: &str) -> Hmac<Sha256> {
        let key = self.state().key;
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(&key) else {
            unreachable!("HMAC takes a key of any length")
        };
        mac.chain_update(b"form\0").chain_update(random::digest(cookie))
    }

    /// A session that has not ended by its age.
    fn living(&self, digest: &[u8; 32], now: Timestamp) -> Option<Kept> {
        let mut state = self.state();
        let session = state.by_cookie.get(digest)?.clone();
        if session.is_past(now) {
            state.by_cookie.remove(digest);
            return None;
        }
        Some(session)
    }

    /// Gives a session another cookie.
    fn exchanged(
        &self,
        digest: &[u8; 32],
        account: &Account,
        now: Timestamp,
    ) -> Result<Option<Cookie>, PeopleError> {
        let cookie = Cookie(random::secret()?);
        {
            let mut state = self.state();
            let Some(session) = state.by_cookie.remove(digest) else { return Ok(None) };
            let session = Kept {
                cookie: random::digest(cookie.value()),
                seen_at: session.seen_at.max(now),
                password: password_of(account),
                role: role_of(account),
                ..session
            };
            state.by_cookie.insert(session.cookie, session);
        }
        self.write(now)?;
        Ok(Some(cookie))
    }

    fn seen(&self, digest: &[u8; 32], now: Timestamp) {
        {
            let mut state = self.state();
            let Some(session) = state.by_cookie.get_mut(digest) else { return };
            session.seen_at = session.seen_at.max(now);
            if now.saturating_sub(state.written_at).abs() < WRITE_EVERY_S {
                return;
            }
            // Whoever comes next in these seconds leaves it to this one.
            state.written_at = now;
        }
        // Nobody is sent away because of this; a restart makes sessions a little older.
        match self.write(now) {
            Ok(()) => self.refused.store(false, Ordering::Relaxed),
            Err(error) if !self.refused.swap(true, Ordering::Relaxed) => {
                tracing::warn!(%error, "when people were seen last cannot be kept");
            }
            Err(_) => {}
        }
    }

    fn write(&self, now: Timestamp) -> Result<(), PeopleError> {
        let _in_turn = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = {
            let mut state = self.state();
            state.written_at = now;
            state.drop_past(now);
            session_file::spelt(&state.key, state.by_cookie.values())
        };
        let written = bytes.and_then(|bytes| session_file::write(&self.file, &bytes));
        written.map_err(PeopleError::io("write", &self.file))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn drop_past(&mut self, now: Timestamp) {
        self.by_cookie.retain(|_, session| !session.is_past(now));
    }

    /// Ends the oldest sessions of an account that has as many as it may.
    fn make_room(&mut self, account: &[u8; 16]) {
        loop {
            let of_account = self.by_cookie.values().filter(|session| session.account == *account);
            if of_account.clone().count() < OF_ONE_ACCOUNT {
                return;
            }
            let Some(oldest) = of_account.min_by_key(|session| session.seen_at).map(|session| session.cookie)
            else {
                return;
            };
            self.by_cookie.remove(&oldest);
        }
    }
}

impl Kept {
    fn is_past(&self, now: Timestamp) -> bool {
        now.saturating_sub(self.seen_at) >= IDLE_S || now.saturating_sub(self.made_at) >= ABSOLUTE_S
    }
}

fn password_of(account: &Account) -> [u8; 32] {
    Sha256::digest(account.password.0.as_bytes()).into()
}

fn role_of(account: &Account) -> [u8; 32] {
    Sha256::digest(format!("{:?}", account.role)).into()
}

#[cfg(test)]
mod tests;
