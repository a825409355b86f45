//! Signing in and out, and knowing somebody again.

use std::net::IpAddr;
use std::sync::Arc;

use copiste_core::journal::Timestamp;
use copiste_core::model::{Account, TokenScopes};
use copiste_core::process::acts::By;
use copiste_core::store::Store;

use super::{AccessLog, Cookie, Passwords, PeopleError, Sessions, Throttle, TokenSecret, Via, Who};

/// Everything that knows people, over one data directory.
pub struct People {
    store: Arc<Store>,
    /// Passwords.
    pub passwords: Passwords,
    /// Sessions.
    pub sessions: Sessions,
    /// Failures to sign in.
    pub throttle: Throttle,
    /// What was looked at.
    pub access: AccessLog,
}

/// Somebody who is known by his cookie.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub who: Who,
    /// The cookie that the browser has to keep from now on; none when it stays the one it has.
    pub cookie: Option<Cookie>,
}

impl People {
    /// Opens what belongs to people in the data directory of a store.
    ///
    /// # Errors
    /// [`PeopleError`]; so for all that follow.
    pub fn open(store: Arc<Store>, now: Timestamp) -> Result<People, PeopleError> {
        let dir = store.dir();
        let (sessions, access) = (Sessions::open(dir, now)?, AccessLog::open(dir)?);
        let (passwords, throttle) = (Passwords::new()?, Throttle::default());
        Ok(People { store, passwords, sessions, throttle, access })
    }

    /// Signs somebody in who comes from an address with a login and a password. The session he had, by
    /// its cookie, ends.
    ///
    /// # Errors
    /// [`PeopleError::WrongCredentials`], [`PeopleError::Wait`], [`PeopleError::Busy`] and what the disk
    /// or the store says.
    pub fn sign_in(
        &self,
        login: &str,
        password: &str,
        peer: IpAddr,
        had: Option<&str>,
        now: Timestamp,
    ) -> Result<SignedIn, PeopleError> {
        let attempt =
            self.throttle.attempt(login, peer, now).map_err(|wait_s| PeopleError::Wait { wait_s })?;
        let known = self.known(login, password).inspect_err(|_| self.throttle.withdrawn(&attempt))?;
        let Some(account) = known else { return Err(PeopleError::WrongCredentials) };
        self.throttle.succeeded(&attempt);
        let cookie = self.sessions.begin(&account, had, now)?;
        let who = Who { account, via: Via::Session, scopes: TokenScopes::ALL };
        Ok(SignedIn { who, cookie: Some(cookie) })
    }

    /// The active account of a login and a password.
    fn known(&self, login: &str, password: &str) -> Result<Option<Account>, PeopleError> {
        let account = self.store.account_by_login(login)?.filter(|account| account.active);
        let hash = account.as_ref().map(|account| &account.password);
        let known = self.passwords.verify(password.as_bytes(), hash)?;
        Ok(account.filter(|_| known))
    }

    /// Who comes with this cookie; none when its session has ended.
    ///
    /// # Errors
    /// [`PeopleError`].
    pub fn by_cookie(&self, cookie: &str, now: Timestamp) -> Result<Option<SignedIn>, PeopleError> {
        let resumed = self.sessions.resume(cookie, |id| self.store.account(id), now)?;
        Ok(resumed.map(|resumed| SignedIn {
            who: Who { account: resumed.account, via: Via::Session, scopes: TokenScopes::ALL },
            cookie: resumed.renewed,
        }))
    }

    /// Who comes with this token (what follows `Bearer `); none when it is none, taken back, over, of a
    /// closed account, or of one that must choose another password first.
    ///
    /// # Errors
    /// [`PeopleError::Store`].
    pub fn by_token(&self, shown: &str, now: Timestamp) -> Result<Option<Who>, PeopleError> {
        let Some(secret) = TokenSecret::read(shown) else { return Ok(None) };
        let token = self.store.token_by_secret(&secret.sha256())?;
        let Some(token) = token.filter(|token| !token.revoked && now < token.expires_at) else {
            return Ok(None);
        };
        let account = self.store.account(&token.account)?;
        let account = account.filter(|account| account.active && !account.must_change_password);
        Ok(account.map(|account| Who { account, via: Via::Token(token.id), scopes: token.scopes }))
    }

    /// Somebody chooses another password, and shows the one he has. His other sessions end, this one has
    /// another cookie from now on; none when it has ended meanwhile. A wrong password counts as a failure to
    /// sign in.
    ///
    /// # Errors
    /// [`PeopleError::WrongCredentials`], [`PeopleError::Wait`], [`PeopleError::PasswordLength`],
    /// [`PeopleError::SamePassword`] and what disk or store say.
    pub fn change_password(
        &self,
        who: &Who,
        cookie: &str,
        (old, new): (&str, &str),
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<Option<Cookie>, PeopleError> {
        let account = &who.account;
        let attempt = self
            .throttle
            .attempt(&account.login, peer, now)
            .map_err(|wait_s| PeopleError::Wait { wait_s })?;
        let known = self.passwords.verify(old.as_bytes(), Some(&account.password));
        if !known.inspect_err(|_| self.throttle.withdrawn(&attempt))? {
            return Err(PeopleError::WrongCredentials);
        }
        self.throttle.succeeded(&attempt);
        if old == new {
            return Err(PeopleError::SamePassword);
        }
        let hash = self.passwords.hash(new.as_bytes())?;
        let actor = who.as_actor();
        By { store: &self.store, actor: &actor, at: now }.set_password(account, hash)?;
        let Some(account) = self.store.account(&account.id)? else { return Ok(None) };
        self.sessions.renew(cookie, &account, now)
    }

    /// Ends the session of a cookie.
    ///
    /// # Errors
    /// [`PeopleError::Io`] when that cannot be written.
    pub fn sign_out(&self, cookie: &str, now: Timestamp) -> Result<(), PeopleError> {
        self.sessions.end(cookie, now)
    }

    /// Writes what could wait: when the server ends.
    ///
    /// # Errors
    /// [`PeopleError::Io`].
    pub fn flush(&self, now: Timestamp) -> Result<(), PeopleError> {
        self.sessions.flush(now)?;
        self.access.sync()
    }
}

#[cfg(test)]
mod tests;
