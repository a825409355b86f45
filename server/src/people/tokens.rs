//! Tokens: what programs show instead of a cookie.

use super::PeopleError;
use super::random;

/// What a token begins with, so that one that strays is recognised for what it is.
const PREFIX: &str = "cop_";

/// The secret of a token: `cop_` and 43 signs, 256 bits. Shown once, when it is made; kept nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenSecret(String);

impl std::fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenSecret(…)")
    }
}

impl TokenSecret {
    /// Draws a new one.
    ///
    /// # Errors
    /// [`PeopleError::Random`].
    pub fn new() -> Result<TokenSecret, PeopleError> {
        Ok(TokenSecret(format!("{PREFIX}{}", random::secret()?)))
    }

    /// Reads what a program shows; none when it has not the form of one.
    pub fn read(shown: &str) -> Option<TokenSecret> {
        let secret = shown.strip_prefix(PREFIX)?;
        random::is_secret(secret).then(|| TokenSecret(shown.to_owned()))
    }

    /// What is kept of it, and what it is looked up by.
    pub fn sha256(&self) -> [u8; 32] {
        random::digest(&self.0)
    }

    /// For its owner's eyes.
    pub fn shown(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_what_only_looks_like_one_is_not() {
        let secret = TokenSecret::new().unwrap();
        let shown = secret.shown().to_owned();
        assert_eq!(TokenSecret::read(&shown).unwrap().sha256(), secret.sha256());
        assert!(!format!("{secret:?}").contains(&shown[4..]));
        let long = format!("{shown}a");
        for wrong in ["", "cop_", &shown[..46], &long, &shown[4..], &shown.replace("cop_", "COP_"), "cop_é"]
        {
            assert!(TokenSecret::read(wrong).is_none(), "{wrong}");
        }
    }
}
