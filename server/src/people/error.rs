//! What can go wrong with people.

use std::io;
use std::path::PathBuf;

use copiste_core::process::acts::ActError;
use copiste_core::store::StoreError;

/// Why somebody does not come in, or why what belongs to people is not kept.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// Too short to be safe, or too long to be one.
    #[error("ACC-020 a password has 12 to 1,024 bytes; nothing was changed; choose another")]
    PasswordLength,
    /// Unknown login, closed account, wrong password: nobody is told which.
    #[error("ACC-021 login or password are wrong; nobody was signed in; try again")]
    WrongCredentials,
    /// Too many failures.
    #[error("ACC-022 too many attempts failed; nobody was signed in; try again in {wait_s} seconds")]
    Wait {
        /// How long, in seconds.
        wait_s: i64,
    },
    /// Too many others sign in.
    #[error("ACC-023 too many people sign in at this moment; nobody was signed in; try again in a minute")]
    Busy,
    /// The library refuses.
    #[error("ACC-024 the password cannot be hashed or compared ({detail}); nothing was changed")]
    Hashing {
        /// What it says; nothing of password or hash.
        detail: String,
    },
    /// The file system refuses.
    #[error("ACC-025 cannot {act} {}: {source}; mend the disk or the rights, and try again", .path.display())]
    Io {
        /// What was tried.
        act: &'static str,
        /// On what.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// The system gives no random bytes.
    #[error("ACC-026 the system gives no random bytes: {0}; nothing was changed")]
    Random(#[source] io::Error),
    /// The new password is the old one.
    #[error("ACC-027 the new password is the old one; nothing was changed; choose another")]
    SamePassword,
    /// Records cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The act was refused or failed.
    #[error(transparent)]
    Act(#[from] ActError),
}

impl PeopleError {
    /// For a file that belongs to people.
    pub(super) fn io(act: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> PeopleError {
        let path = path.into();
        move |source| PeopleError::Io { act, path, source }
    }
}
