//! Passwords: argon2id with the parameters that OWASP names (19 MiB, two passes, one lane).

use std::ops::RangeInclusive;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use argon2::password_hash::{Error as HashError, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use copiste_core::model::PasswordHash;

use super::PeopleError;
use super::random;

/// Bytes that a password may have.
pub const PASSWORD_BYTES: RangeInclusive<usize> = 12..=1024;

/// Memory of one hashing, in KiB.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashings at a time: each takes [`MEMORY_KIB`] and a core.
const AT_A_TIME: usize = 2;
/// Who waits for his turn; whoever comes then is sent away.
const WAITING: usize = 64;

/// Hashes and compares passwords, two at a time.
pub struct Passwords {
    turns: Mutex<Turns>,
    free: Condvar,
    /// What the password of an unknown login is compared with, so that it costs what a known one costs.
    nobody: PasswordHash,
}

#[derive(Default)]
struct Turns {
    working: usize,
    waiting: usize,
}

impl Passwords {
    /// Prepares the hash that belongs to nobody.
    ///
    /// # Errors
    /// [`PeopleError::Random`] and [`PeopleError::Hashing`]; so for all that follow, and
    /// [`PeopleError::Busy`].
    pub fn new() -> Result<Passwords, PeopleError> {
        let nobody = hashed(random::secret()?.as_bytes())?;
        Ok(Passwords { turns: Mutex::default(), free: Condvar::new(), nobody })
    }

    /// Makes a password into what is kept of it.
    ///
    /// # Errors
    /// [`PeopleError::PasswordLength`] too.
    pub fn hash(&self, password: &[u8]) -> Result<PasswordHash, PeopleError> {
        if !PASSWORD_BYTES.contains(&password.len()) {
            return Err(PeopleError::PasswordLength);
        }
        let _turn = self.turn()?;
        hashed(password)
    }

    /// Whether it is somebody's password. Without a hash, that is for an unknown login, it takes as long and
    /// is not.
    ///
    /// # Errors
    /// As above; a hash that cannot be read is one of them.
    pub fn verify(&self, password: &[u8], hash: Option<&PasswordHash>) -> Result<bool, PeopleError> {
        // What is too long was never accepted, and is not worth hashing; how long it is whoever tries knows.
        if password.len() > *PASSWORD_BYTES.end() {
            return Ok(false);
        }
        let _turn = self.turn()?;
        let compared = hasher()?.verify_password(password, hash.unwrap_or(&self.nobody).0.as_str());
        match compared {
            Ok(()) => Ok(hash.is_some()),
            Err(HashError::PasswordInvalid) => Ok(false),
            Err(error) => Err(failed(&error)),
        }
    }

    /// Waits for one of the turns; it ends with the value.
    fn turn(&self) -> Result<Turn<'_>, PeopleError> {
        let mut turns = self.turns();
        if turns.waiting >= WAITING {
            return Err(PeopleError::Busy);
        }
        turns.waiting += 1;
        let mut turns = self
            .free
            .wait_while(turns, |turns| turns.working >= AT_A_TIME)
            .unwrap_or_else(PoisonError::into_inner);
        turns.waiting -= 1;
        turns.working += 1;
        Ok(Turn(self))
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Turn<'p>(&'p Passwords);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.turns().working -= 1;
        self.0.free.notify_one();
    }
}

fn hasher() -> Result<Argon2<'static>, PeopleError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|error| PeopleError::Hashing { detail: error.to_string() })?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hashed(password: &[u8]) -> Result<PasswordHash, PeopleError> {
    let hash =
        hasher()?.hash_password_with_salt(password, &random::salt()?).map_err(|error| failed(&error))?;
    Ok(PasswordHash(hash.to_string()))
}

fn failed(error: &HashError) -> PeopleError {
    PeopleError::Hashing { detail: error.to_string() }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_password_is_known_again_and_no_other_is() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash("cheval exact pile agrafe".as_bytes()).unwrap();
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
        assert_ne!(hash, passwords.hash("cheval exact pile agrafe".as_bytes()).unwrap());
        assert!(passwords.verify("cheval exact pile agrafe".as_bytes(), Some(&hash)).unwrap());
        for wrong in ["", "cheval exact pile agraf", "cheval exact pile agrafe "] {
            assert!(!passwords.verify(wrong.as_bytes(), Some(&hash)).unwrap(), "{wrong:?}");
        }
        assert!(!passwords.verify("cheval exact pile agrafe".as_bytes(), None).unwrap());
        assert!(passwords.verify(b"cheval exact", Some(&PasswordHash("rubbish".to_owned()))).is_err());
    }

    #[test]
    fn a_password_has_12_to_1024_bytes() {
        let passwords = Passwords::new().unwrap();
        for (length, taken) in [(0, false), (11, false), (12, true), (1024, true), (1025, false)] {
            let hash = passwords.hash(&vec![b'a'; length]);
            assert_eq!(hash.is_ok(), taken, "{length}");
        }
        assert!(!passwords.verify(&vec![b'a'; 1 << 20], None).unwrap());
    }

    #[test]
    fn no_more_than_two_work_at_a_time_and_a_crowd_is_sent_away() {
        let passwords = Passwords::new().unwrap();
        let (working, most, sent_away) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let (first, second) = (passwords.turn().unwrap(), passwords.turn().unwrap());
        std::thread::scope(|scope| {
            for _ in 0..WAITING + 10 {
                scope.spawn(|| match passwords.turn() {
                    Ok(_turn) => {
                        most.fetch_max(working.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        working.fetch_sub(1, Ordering::SeqCst);
                    }
                    Err(error) => {
                        assert!(error.to_string().starts_with("ACC-023"), "{error}");
                        sent_away.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
            // Nobody gets a turn, so exactly those beyond the places are sent away.
            while sent_away.load(Ordering::SeqCst) < 10 {
                std::thread::yield_now();
            }
            assert_eq!(working.load(Ordering::SeqCst), 0);
            drop((first, second));
        });
        assert_eq!(sent_away.load(Ordering::SeqCst), 10);
        assert!((1..=AT_A_TIME).contains(&most.load(Ordering::SeqCst)));
        let turns = passwords.turns();
        assert_eq!((turns.working, turns.waiting), (0, 0));
    }
}
