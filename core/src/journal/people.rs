//! Commands about people: accounts and tokens. A line has ids and a blob; logins, names and what
//! passwords were made into lie in the blob.

use serde::{Deserialize, Serialize};

use super::{Timestamp, hex};
use crate::model::{AccountRole, BlobRef, PasswordHash, TokenScopes};

/// An account is made or changed: from now on it is what the blob says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PutAccount {
    /// The account.
    #[serde(with = "hex::id")]
    pub account: [u8; 16],
    /// An [`AccountContent`] as JSON.
    #[serde(with = "hex::blob")]
    pub content: BlobRef,
}

/// A token is made, or taken back: from now on it is what the blob says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PutToken {
    /// The token.
    #[serde(with = "hex::id")]
    pub token: [u8; 16],
    /// Whose it is.
    #[serde(with = "hex::id")]
    pub account: [u8; 16],
    /// A [`TokenContent`] as JSON.
    #[serde(with = "hex::blob")]
    pub content: BlobRef,
}

/// What an account is, but for its id and its instants. See [`crate::model::Account`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountContent {
    /// What he signs in with.
    pub login: String,
    /// What pages call him.
    pub display_name: String,
    /// What he may do, and for whom.
    pub role: AccountRole,
    /// His password.
    pub password: PasswordHash,
    /// Whether he may sign in.
    pub active: bool,
    /// Whether he must choose another password before anything else.
    pub must_change_password: bool,
}

/// What a token is, but for its id, its account and its first instant. See
/// [`crate::model::AccessToken`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenContent {
    /// What it is for.
    pub label: String,
    /// SHA-256 of the secret.
    #[serde(with = "hex::digest")]
    pub sha256: [u8; 32],
    /// What it is good for.
    pub scopes: TokenScopes,
    /// When it ends: seconds since 1970, UTC.
    pub expires_at: Timestamp,
    /// Whether somebody took it back.
    pub revoked: bool,
}
