//! Failures to sign in: who fails often waits, longer each time, and never for ever.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use copiste_core::journal::Timestamp;
use sha2::{Digest, Sha256};

/// So many failures cost nothing.
const FREE: u32 = 5;
/// The first wait, in seconds; each further failure doubles it.
const FIRST_WAIT_S: i64 = 5;
/// The longest wait, in seconds. Whoever has not failed for as long after it is forgotten.
const LONGEST_WAIT_S: i64 = 15 * 60;
/// Logins and addresses that are remembered; the one that failed longest ago goes first.
const REMEMBERED: usize = 10_000;

/// What is remembered of a login or an address. No login is kept, only its digest.
type Key = [u8; 32];

/// Counts failures by login and by address.
#[derive(Default)]
pub struct Throttle(Mutex<State>);

#[derive(Default)]
struct State {
    /// Only ever asked for a key.
    failures: HashMap<Key, Failures>,
    /// The same, the oldest failure first.
    oldest: BTreeSet<(Timestamp, Key)>,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
}

/// An attempt that was let through. It counts as a failure until [`Throttle::succeeded`], so that a
/// hundred at once are no way round.
pub struct Attempt {
    login: Key,
    peer: Key,
}

impl Throttle {
    /// Lets an attempt through, or says how many seconds are to be waited. An attempt that is not let
    /// through makes nobody wait longer.
    ///
    /// # Errors
    /// The seconds.
    pub fn attempt(&self, login: &str, peer: IpAddr, now: Timestamp) -> Result<Attempt, i64> {
        let attempt = Attempt { login: key(b"login", login.as_bytes()), peer: key(b"peer", &network(peer)) };
        let mut state = self.state();
        let wait = [&attempt.login, &attempt.peer].into_iter().map(|key| state.wait(key, now)).max();
        match wait {
            Some(wait) if wait > 0 => Err(wait),
            _ => {
                state.note(attempt.login, now);
                state.note(attempt.peer, now);
                Ok(attempt)
            }
        }
    }

    /// The attempt was no failure: the login starts anew. Of its address only this one is taken back: there
    /// may be others behind it.
    pub fn succeeded(&self, attempt: &Attempt) {
        let mut state = self.state();
        state.forget(&attempt.login);
        state.take_back(&attempt.peer);
    }

    /// The attempt came to nothing, and not because of whoever made it: it does not count.
    pub fn withdrawn(&self, attempt: &Attempt) {
        let mut state = self.state();
        state.take_back(&attempt.login);
        state.take_back(&attempt.peer);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Seconds until the next attempt.
    fn wait(&mut self, key: &Key, now: Timestamp) -> i64 {
        let Some(failures) = self.failures.get(key).copied() else { return 0 };
        // A clock that was set back must not make anyone wait longer than that.
        let until = failures.last.saturating_add(failures.wait());
        let wait = until.saturating_sub(now).clamp(0, LONGEST_WAIT_S);
        if wait == 0 && now.saturating_sub(until) >= LONGEST_WAIT_S {
            self.forget(key);
        }
        wait
    }

    fn note(&mut self, key: Key, now: Timestamp) {
        let count = self.forget(&key).map_or(0, |failures| failures.count);
        self.remember(key, Failures { count: count.saturating_add(1), last: now });
    }

    fn take_back(&mut self, key: &Key) {
        if let Some(Failures { count, last }) = self.forget(key)
            && count > 1
        {
            self.remember(*key, Failures { count: count - 1, last });
        }
    }

    fn remember(&mut self, key: Key, failures: Failures) {
        self.failures.insert(key, failures);
        self.oldest.insert((failures.last, key));
        if self.failures.len() > REMEMBERED
            && let Some((_, oldest)) = self.oldest.pop_first()
        {
            self.failures.remove(&oldest);
        }
    }

    fn forget(&mut self, key: &Key) -> Option<Failures> {
        let failures = self.failures.remove(key)?;
        self.oldest.remove(&(failures.last, *key));
        Some(failures)
    }
}

impl Failures {
    /// How long to wait after the last of them, in seconds.
    fn wait(self) -> i64 {
        match self.count.checked_sub(FREE) {
            None => 0,
            Some(over) => {
                FIRST_WAIT_S.checked_shl(over.min(16)).unwrap_or(LONGEST_WAIT_S).min(LONGEST_WAIT_S)
            }
        }
    }
}

/// What counts as one address: in IPv6 everyone has 2^64 of them.
fn network(peer: IpAddr) -> Vec<u8> {
    match peer.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets()[..8].to_vec(),
    }
}

fn key(kind: &[u8], value: &[u8]) -> Key {
    Sha256::new().chain_update(kind).chain_update([0]).chain_update(value).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn five_failures_are_free_and_then_the_wait_grows_to_a_quarter_of_an_hour() {
        let throttle = Throttle::default();
        let mut now = 1_000;
        for _ in 0..FREE {
            throttle.attempt("admin", peer("192.0.2.1"), now).ok().unwrap();
        }
        for wait in [5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900] {
            assert_eq!(throttle.attempt("admin", peer("192.0.2.1"), now).err(), Some(wait));
            // Asking makes it no longer, and a second before its end it is not over.
            assert_eq!(throttle.attempt("admin", peer("192.0.2.1"), now + wait - 1).err(), Some(1));
            now += wait;
            throttle.attempt("admin", peer("192.0.2.1"), now).ok().unwrap();
        }
        // Long after the last wait nothing is held against anyone.
        now += 2 * LONGEST_WAIT_S;
        for _ in 0..FREE {
            throttle.attempt("admin", peer("192.0.2.1"), now).ok().unwrap();
        }
        assert_eq!(throttle.attempt("admin", peer("192.0.2.1"), now).err(), Some(5));
    }

    #[test]
    fn a_login_waits_whatever_the_address_and_an_address_whatever_the_login() {
        for (tried, then, waits) in [
            (("admin", "192.0.2.1"), ("admin", "192.0.2.1"), true),
            (("admin", "192.0.2.1"), ("admin", "198.51.100.7"), true),
            (("admin", "192.0.2.1"), ("other", "192.0.2.1"), true),
            (("admin", "192.0.2.1"), ("other", "198.51.100.7"), false),
            (("admin", "192.0.2.1"), ("other", "::ffff:192.0.2.1"), true),
            (("admin", "2001:db8::1"), ("other", "2001:db8::2:1"), true),
            (("admin", "2001:db8::1"), ("other", "2001:db8:0:1::1"), false),
        ] {
            let throttle = Throttle::default();
            for _ in 0..FREE {
                throttle.attempt(tried.0, peer(tried.1), 0).ok().unwrap();
            }
            assert_eq!(throttle.attempt(then.0, peer(then.1), 0).is_err(), waits, "{tried:?} {then:?}");
        }
    }

    #[test]
    fn a_success_frees_the_login_and_takes_back_one_of_the_address() {
        let throttle = Throttle::default();
        let at = |login: &str| throttle.attempt(login, peer("192.0.2.1"), 0);
        for _ in 1..FREE {
            at("admin").ok().unwrap();
        }
        throttle.succeeded(&at("admin").ok().unwrap());
        at("other").ok().unwrap();
        assert_eq!(at("other").err(), Some(5), "the address has failed five times");
        for _ in 0..FREE {
            throttle.attempt("admin", peer("198.51.100.7"), 0).ok().unwrap();
        }
    }

    #[test]
    fn what_came_to_nothing_counts_for_nobody() {
        let throttle = Throttle::default();
        for _ in 0..3 * FREE {
            throttle.withdrawn(&throttle.attempt("admin", peer("192.0.2.1"), 0).ok().unwrap());
        }
        let state = throttle.state();
        assert!(state.failures.is_empty() && state.oldest.is_empty());
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_nobody_out_for_long() {
        let throttle = Throttle::default();
        for _ in 0..FREE {
            throttle.attempt("admin", peer("192.0.2.1"), 1_000_000).ok().unwrap();
        }
        let wait = throttle.attempt("admin", peer("192.0.2.1"), 0).err().unwrap();
        assert!(wait <= LONGEST_WAIT_S);
    }

    #[test]
    fn ten_thousand_are_remembered_and_the_oldest_goes_first() {
        let throttle = Throttle::default();
        for _ in 0..FREE {
            throttle.attempt("first", peer("192.0.2.1"), 0).ok().unwrap();
        }
        for number in 0..REMEMBERED as u32 {
            let address = IpAddr::from((number | 0x0A00_0000).to_be_bytes());
            throttle.attempt(&format!("login{number}"), address, 1).ok().unwrap();
        }
        let state = throttle.state();
        assert_eq!((state.failures.len(), state.oldest.len()), (REMEMBERED, REMEMBERED));
        drop(state);
        throttle.attempt("first", peer("192.0.2.1"), 1).ok().unwrap();
    }
}
