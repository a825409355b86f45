//! Where a handler leaves a large body for the front to send.

use std::collections::HashMap;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The header of a handler's answer that names a deposited body by its token. It never leaves the process.
pub(crate) const OUTGOING: &str = "X-Copiste-Outgoing";

/// How long a deposited body waits to be named.
const WAITS: Duration = Duration::from_secs(60);

/// A body that the front sends, in place of the handler.
pub(crate) trait Outgoing: Send {
    /// Its bytes: neither fewer nor more are poured.
    fn length(&self) -> u64;

    /// Writes it all.
    ///
    /// # Errors
    /// Those of `out`, which is closed for good after the first; and its own. The reader then gets a connection
    /// that breaks off, since its length was already told.
    fn pour(&mut self, out: &mut dyn Write) -> io::Result<()>;

    /// Called once for each deposit, last of all: how many bytes of the body the system took for the reader,
    /// and whether that was all of them. A body of which none was asked for (`HEAD`, a status without a body)
    /// or that nobody named in time is `(0, false)`. Bytes that the system took may still be lost on the way;
    /// a reader who breaks off shortly before the end is not always noticed.
    fn ended(&mut self, bytes: u64, whole: bool);
}

/// Deposited bodies by their tokens.
#[derive(Default)]
pub(crate) struct Handover {
    waiting: Mutex<HashMap<String, (Instant, Deposit)>>,
}

impl Handover {
    /// Leaves a body and gives the token to name it by, once and within a minute: 128 random bits in
    /// hexadecimal. Without randomness the token is empty and names nothing: the request then ends in `HTT-018`.
    pub(crate) fn deposit(&self, outgoing: Box<dyn Outgoing>) -> String {
        let deposit = Deposit(Some(outgoing));
        let Some(token) = random() else { return String::new() };
        self.forget_old();
        self.waiting().insert(token.clone(), (Instant::now(), deposit));
        token
    }

    /// Takes a body out. Nothing when the token names none, or named one already, or is too old.
    pub(super) fn take(&self, token: &str) -> Option<Deposit> {
        self.forget_old();
        self.waiting().remove(token).map(|(_, deposit)| deposit)
    }

    /// Lets go of bodies that nobody named in time.
    pub(super) fn forget_old(&self) {
        let now = Instant::now();
        let old: Vec<_> =
            self.waiting().extract_if(|_, (since, _)| now.duration_since(*since) >= WAITS).collect();
        // Their ends are told when nothing is locked: they may deposit, or take their time.
        drop(old);
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<String, (Instant, Deposit)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes every waiting body older.
    #[cfg(test)]
    pub(super) fn age(&self, by: Duration) {
        for (since, _) in self.waiting().values_mut() {
            *since = since.checked_sub(by).expect("the machine runs for longer");
        }
    }
}

/// A body that is told its end whatever becomes of it.
pub(super) struct Deposit(Option<Box<dyn Outgoing>>);

impl Deposit {
    pub(super) fn length(&self) -> u64 {
        self.0.as_ref().map_or(0, |outgoing| outgoing.length())
    }

    pub(super) fn pour(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.0.as_mut().map_or(Ok(()), |outgoing| outgoing.pour(out))
    }

    pub(super) fn ended(mut self, bytes: u64, whole: bool) {
        self.tell(bytes, whole);
    }

    /// A fault in hearing the end costs nobody else anything.
    fn tell(&mut self, bytes: u64, whole: bool) {
        let Some(mut outgoing) = self.0.take() else { return };
        if catch_unwind(AssertUnwindSafe(|| outgoing.ended(bytes, whole))).is_err() {
            tracing::error!("HTT-023 noting the end of a body ended in a fault of copiste itself");
        }
    }
}

impl Drop for Deposit {
    fn drop(&mut self) {
        self.tell(0, false);
    }
}

/// 128 random bits in hexadecimal; nothing, and a line in the log, when the system has no randomness.
pub(super) fn random() -> Option<String> {
    let mut bytes = [0; 16];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Some(format!("{:032x}", u128::from_be_bytes(bytes))),
        Err(error) => {
            tracing::error!(%error, "the system gives no random bytes");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    type Ends = Arc<Mutex<Vec<(u64, bool)>>>;

    struct Nothing(Ends);

    impl Outgoing for Nothing {
        fn length(&self) -> u64 {
            0
        }

        fn pour(&mut self, _: &mut dyn Write) -> io::Result<()> {
            Ok(())
        }

        fn ended(&mut self, bytes: u64, whole: bool) {
            self.0.lock().unwrap().push((bytes, whole));
        }
    }

    #[test]
    fn a_token_is_good_once_and_for_a_minute_and_every_end_is_told_once() {
        let (handover, ends) = (Handover::default(), Ends::default());
        let token = handover.deposit(Box::new(Nothing(Arc::clone(&ends))));
        assert!(token.len() == 32 && token.bytes().all(|sign| sign.is_ascii_hexdigit()), "{token}");
        assert!(handover.take("").is_none() && handover.take(&token.to_uppercase()[1..]).is_none());
        handover.take(&token).expect("it waits").ended(7, true);
        assert!(handover.take(&token).is_none());
        let late = handover.deposit(Box::new(Nothing(Arc::clone(&ends))));
        assert_ne!(token, late);
        handover.age(WAITS - Duration::from_secs(20));
        handover.forget_old();
        assert_eq!(*ends.lock().unwrap(), [(7, true)]);
        handover.age(Duration::from_secs(20));
        assert!(handover.take(&late).is_none());
        drop(handover);
        assert_eq!(*ends.lock().unwrap(), [(7, true), (0, false)]);
    }
}
