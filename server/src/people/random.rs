//! What is drawn at random, and how secrets are compared.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::PeopleError;

/// Signs of a password that somebody has to type from paper: none looks like another.
const SIGNS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

fn drawn<const N: usize>() -> Result<[u8; N], PeopleError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| PeopleError::Random(io::Error::other(error)))?;
    Ok(bytes)
}

/// An id for an account or a token: 128 bits.
///
/// # Errors
/// [`PeopleError::Random`]; so for all that follow.
pub fn id() -> Result<[u8; 16], PeopleError> {
    drawn()
}

/// A password of 100 bits in four groups, to be changed at the first opportunity.
///
/// # Errors
/// [`PeopleError::Random`].
pub fn one_time_password() -> Result<String, PeopleError> {
    let bytes: [u8; 20] = drawn()?;
    let mut password = String::with_capacity(23);
    for (at, byte) in bytes.into_iter().enumerate() {
        if at > 0 && at % 5 == 0 {
            password.push('-');
        }
        password.push(char::from(SIGNS[usize::from(byte & 31)]));
    }
    Ok(password)
}

/// A salt for a password.
pub(super) fn salt() -> Result<[u8; 16], PeopleError> {
    drawn()
}

/// 256 bits: a key.
pub(super) fn key() -> Result<[u8; 32], PeopleError> {
    drawn()
}

/// 256 bits in 43 signs: a cookie, a token.
pub(super) fn secret() -> Result<String, PeopleError> {
    Ok(spelt(&drawn::<32>()?))
}

/// Bytes in signs that need no escaping anywhere.
pub(super) fn spelt(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Whether a text has the form of a [`secret`].
pub(super) fn is_secret(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|sign| sign.is_ascii_alphanumeric() || sign == b'-' || sign == b'_')
}

/// What is kept of a secret. Looking it up among others tells nothing of the secret: whoever tries does
/// not choose the digest.
pub(super) fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Compares without telling by its time where two differ.
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_has_its_form_and_is_another_each_time() {
        let (one, other) = (one_time_password().unwrap(), one_time_password().unwrap());
        assert_ne!(one, other);
        assert_eq!((one.len(), one.split('-').count()), (23, 4));
        let (one, other) = (secret().unwrap(), secret().unwrap());
        assert_ne!(one, other);
        assert!(is_secret(&one) && is_secret(&other));
        for wrong in
            ["", &one[1..], &format!("{one}a"), &format!("{}=", &one[1..]), &format!("{}é", &one[2..])]
        {
            assert!(!is_secret(wrong), "{wrong}");
        }
    }
}
