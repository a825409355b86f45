//! What the rules on accounts and tokens refuse, whoever asks.

/// Why an account or a token is not what somebody asked for. Nothing has changed then. No text of
/// these repeats a login or a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeopleRefusal {
    /// Not a login.
    #[error("ACC-001 a login has 3 to 64 of the signs a-z 0-9 . _ @ -; nothing was changed; choose another")]
    Login,
    /// Two people cannot sign in alike.
    #[error("ACC-002 another active account has this login; nothing was changed; choose another login")]
    LoginTaken,
    /// Somebody must be able to make accounts.
    #[error(
        "ACC-003 this is the last active administrator: it stays active and administrator; nothing was changed; \
         make another administrator first"
    )]
    LastAdministrator,
    /// Not a name for pages.
    #[error("ACC-004 a displayed name has 1 to 100 characters, no control characters; nothing was changed")]
    DisplayName,
    /// Not a school, or not an entity.
    #[error(
        "ACC-005 {what} is needed for this role; nothing was changed; a UAI is seven digits and a capital letter"
    )]
    Scope {
        /// What it takes.
        what: &'static str,
    },
    /// Not what passwords are made into.
    #[error("ACC-006 the password does not come as an argon2id hash; nothing was changed; set it again")]
    Password,
    /// There is no such account.
    #[error("ACC-007 there is no such account; nothing was changed; `copiste account list` shows all")]
    NoAccount,
    /// Closed accounts have no tokens.
    #[error("ACC-008 the account is closed; nothing was changed; a token needs an active account")]
    Closed,
    /// Not a token.
    #[error(
        "ACC-009 a token has a label of 1 to 100 characters, one scope at least, and an end in the future; nothing \
         was changed"
    )]
    Token,
    /// A token is made once, and taken back for ever.
    #[error("ACC-010 of a token nothing changes but that it is taken back, for ever; nothing was changed")]
    TokenFixed,
    /// Somebody else's command came between.
    #[error("ACC-011 the account or token was changed meanwhile; nothing was changed; look at it again")]
    Changed,
    /// The blob is not what it should be.
    #[error("ACC-012 what the journal refers to for {about} cannot be read: {detail}; nothing was changed")]
    Content {
        /// `account …` or `token …`, by id.
        about: String,
        /// What is wrong with it; none of its content.
        detail: String,
    },
}
