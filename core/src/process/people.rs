//! Accounts and tokens: who may make, change and close them. What one has to be is decided where the
//! store prepares the command.

use serde::Serialize;

use super::acts::{ActError, By};
use super::roles::{Act, allowed};
use crate::journal::{AccountContent, Command, PutAccount, PutToken, TokenContent};
use crate::model::{AccessToken, Account, BlobRef, PasswordHash};
use crate::store::{BlobSink, ExecuteError, Executed, PeopleRefusal, Refusal};

impl From<&Account> for AccountContent {
    fn from(account: &Account) -> AccountContent {
        AccountContent {
            login: account.login.clone(),
            display_name: account.display_name.clone(),
            role: account.role.clone(),
            password: account.password.clone(),
            active: account.active,
            must_change_password: account.must_change_password,
        }
    }
}

impl By<'_> {
    /// Makes an account under an id of 128 random bits.
    ///
    /// # Errors
    /// [`ActError`]; so for all that follow. Those of [`PeopleRefusal`] say what it has to be.
    pub fn create_account(&self, id: &[u8; 16], content: &AccountContent) -> Result<Executed, ActError> {
        allowed(&self.actor.role, Act::ManageAccounts)?;
        if self.store.account(id).map_err(ExecuteError::from)?.is_some() {
            return Err(changed());
        }
        self.put_account(id, content, None)
    }

    /// Gives an account another content, if nobody else did since it was looked at.
    ///
    /// # Errors
    /// [`ActError`].
    pub fn change_account(&self, seen: &Account, content: &AccountContent) -> Result<Executed, ActError> {
        allowed(&self.actor.role, Act::ManageAccounts)?;
        self.put_account(&seen.id, content, Some(seen.line))
    }

    /// Closes an account: nobody signs in with it any more, and its tokens are good for nothing.
    ///
    /// # Errors
    /// [`ActError`].
    pub fn close_account(&self, seen: &Account) -> Result<Executed, ActError> {
        self.change_account(seen, &AccountContent { active: false, ..AccountContent::from(seen) })
    }

    /// Gives an account another password: its owner's own choice, or an administrator's, which the owner
    /// must change when he signs in.
    ///
    /// # Errors
    /// [`ActError`].
    pub fn set_password(&self, seen: &Account, password: PasswordHash) -> Result<Executed, ActError> {
        let own = self.actor.owns(&seen.id);
        if !own {
            allowed(&self.actor.role, Act::ManageAccounts)?;
        }
        let content = AccountContent { password, must_change_password: !own, ..AccountContent::from(seen) };
        self.put_account(&seen.id, &content, Some(seen.line))
    }

    /// Makes a token for an account under an id of 128 random bits: for oneself, or as administrator.
    ///
    /// # Errors
    /// [`ActError`].
    pub fn create_token(
        &self,
        id: &[u8; 16],
        owner: &[u8; 16],
        content: &TokenContent,
    ) -> Result<Executed, ActError> {
        self.put_token(id, owner, content, None)
    }

    /// Takes a token back, for ever: one's own, or as administrator anybody's.
    ///
    /// # Errors
    /// [`ActError`].
    pub fn revoke_token(&self, seen: &AccessToken) -> Result<Executed, ActError> {
        let content = TokenContent {
            label: seen.label.clone(),
            sha256: seen.sha256,
            scopes: seen.scopes,
            expires_at: seen.expires_at,
            revoked: true,
        };
        self.put_token(&seen.id, &seen.account, &content, Some(seen.line))
    }

    fn put_account(
        &self,
        id: &[u8; 16],
        content: &AccountContent,
        seen: Option<u64>,
    ) -> Result<Executed, ActError> {
        let content = self.keep_content(content)?;
        let command = Command::PutAccount(PutAccount { account: *id, content });
        Ok(self.store.execute_on(seen, &command, self.actor, self.at)?)
    }

    fn put_token(
        &self,
        id: &[u8; 16],
        owner: &[u8; 16],
        content: &TokenContent,
        seen: Option<u64>,
    ) -> Result<Executed, ActError> {
        if !self.actor.owns(owner) {
            allowed(&self.actor.role, Act::ManageAccounts)?;
        }
        let content = self.keep_content(content)?;
        let command = Command::PutToken(PutToken { token: *id, account: *owner, content });
        Ok(self.store.execute_on(seen, &command, self.actor, self.at)?)
    }

    /// Puts what is personal where the journal only refers to.
    fn keep_content(&self, content: &impl Serialize) -> Result<BlobRef, ActError> {
        let bytes = serde_json::to_vec(content).map_err(|error| ActError::Keep(error.into()))?;
        let batch = self.store.blobs().begin();
        let content = batch.put(&bytes).map_err(ActError::Keep)?;
        batch.seal().map_err(ActError::Keep)?;
        Ok(content)
    }
}

fn changed() -> ActError {
    ExecuteError::from(Refusal::from(PeopleRefusal::Changed)).into()
}
