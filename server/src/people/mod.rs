//! People: who signs in, with what, for how long, and what they looked at. No HTTP in here.
//!
//! | room | |
//! |---|---|
//! | [`People`] | ties the others together: signing in and out, knowing somebody again |
//! | [`Passwords`] | argon2id, two at a time |
//! | [`Sessions`] | cookies, kept as digests in `DIR/sessions` |
//! | [`Throttle`] | failures to sign in, by login and by address |
//! | [`TokenSecret`] | what programs show instead of a cookie |
//! | [`Who`] | somebody who is known: his account, and how he came in |
//! | [`AccessLog`] | what was looked at and taken away, in `DIR/access/` |
//!
//! Clocks come as arguments: seconds since 1970, UTC. Whoever an error is told to learns no login and
//! no name from it.

mod access;
mod access_entry;
mod error;
mod first;
mod passwords;
mod random;
mod session_file;
mod sessions;
mod sign_in;
#[cfg(test)]
mod testing;
mod throttle;
mod tokens;
mod who;

pub use access::AccessLog;
pub use access_entry::{Access, What};
pub use error::PeopleError;
pub use first::first_administrator;
pub use passwords::{PASSWORD_BYTES, Passwords};
pub use random::{id, one_time_password};
pub use sessions::{ABSOLUTE_S, Cookie, Sessions};
pub use sign_in::People;
pub use throttle::Throttle;
pub use tokens::TokenSecret;
pub use who::{Via, Who};
