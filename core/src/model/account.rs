//! People who use the server, and the tokens of their programs.
#![allow(missing_docs, reason = "the archived twin of an enum with named fields is derived without its docs")]

use std::fmt;

/// What someone may be, and for whom: a role and its scope.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AccountRole {
    /// *Gestionnaire DEC*.
    ExamOfficeManager {
        /// The ER whose exams he sees; every ER's without one.
        entity: Option<String>,
    },
    /// *Coordinateur académique*.
    AcademicCoordinator {
        /// The ER whose exams he sees; every ER's without one.
        entity: Option<String>,
    },
    /// *Établissement*: sees its own transmitted copies.
    School {
        /// Its UAI.
        uai: String,
    },
    /// Makes accounts; sees no copy and closes nothing.
    Administrator,
}

/// Whether a text has the form of a UAI: seven digits and a capital letter. A wrong check letter is told
/// where bundles are taken in, and kept.
pub fn is_uai(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 8 && bytes[..7].iter().all(u8::is_ascii_digit) && bytes[7].is_ascii_uppercase()
}

/// What a password was made into: argon2id in PHC form. Never shown, not even in a debug text.
#[derive(
    Clone,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
)]
#[serde(transparent)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Someone who may sign in.
#[derive(Clone, Debug, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Account {
    /// 128 random bits: what journal and logs say instead of a name.
    pub id: [u8; 16],
    /// What he signs in with: 3 to 64 of `[a-z0-9._@-]`, unlike that of any other active account.
    pub login: String,
    /// What pages call him.
    pub display_name: String,
    /// What he may do, and for whom.
    pub role: AccountRole,
    /// His password.
    pub password: PasswordHash,
    /// Whether he may sign in. A closed account stays: the journal speaks of it.
    pub active: bool,
    /// Whether he must choose another password before anything else.
    pub must_change_password: bool,
    /// Seconds since 1970, UTC.
    pub created_at: i64,
    /// Seconds since 1970, UTC.
    pub changed_at: i64,
    /// The journal line that changed it last.
    pub line: u64,
}

/// What a token is good for, within what its account may do.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct TokenScopes {
    /// Looking at exams and copies.
    pub read: bool,
    /// Taking PDFs and ZIPs.
    pub download: bool,
    /// Changing something.
    pub act: bool,
}

impl TokenScopes {
    /// All of them: what somebody has who is there himself.
    pub const ALL: TokenScopes = TokenScopes { read: true, download: true, act: true };
}

/// A program's way in, in the name of an account.
#[derive(Clone, Debug, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct AccessToken {
    /// 128 random bits, which have nothing to do with its secret.
    pub id: [u8; 16],
    /// Whose it is.
    pub account: [u8; 16],
    /// What it is for, in its owner's words.
    pub label: String,
    /// SHA-256 of the secret; the secret itself is kept nowhere.
    pub sha256: [u8; 32],
    /// What it is good for.
    pub scopes: TokenScopes,
    /// Seconds since 1970, UTC.
    pub created_at: i64,
    /// From this instant on it is good for nothing: seconds since 1970, UTC.
    pub expires_at: i64,
    /// Whether somebody took it back.
    pub revoked: bool,
    /// The journal line that changed it last.
    pub line: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_debug_text_shows_what_a_password_was_made_into() {
        let hash = PasswordHash("$argon2id$v=19$secret".to_owned());
        assert!(!format!("{hash:?}").contains("secret"));
    }
}
