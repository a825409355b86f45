//! How the front is woken and told to end.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, eventfd};

/// No grace is longer.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Ends a front, from any thread.
#[derive(Clone)]
pub(crate) struct Ender(pub(super) Arc<Ending>);

impl Ender {
    /// No new connections and no new requests from now on. Answers that are under way get `grace`, then they
    /// are cut. Said again, the earlier end counts.
    pub(crate) fn end(&self, grace: Duration) {
        let wanted = Instant::now() + grace.min(LONGEST);
        let mut until = self.0.until.lock().unwrap_or_else(PoisonError::into_inner);
        *until = Some(until.map_or(wanted, |before| before.min(wanted)));
        drop(until);
        self.0.wake.wake();
    }
}

/// When the front is to be gone.
pub(super) struct Ending {
    until: Mutex<Option<Instant>>,
    wake: Wake,
}

impl Ending {
    pub(super) fn new() -> io::Result<Ending> {
        Ok(Ending { until: Mutex::default(), wake: Wake::new()? })
    }

    /// The moment after which nothing is waited for; nothing while the front is to go on.
    pub(super) fn until(&self) -> Option<Instant> {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wake(&self) -> &Wake {
        &self.wake
    }
}

/// Ends a wait for sockets.
pub(super) struct Wake(OwnedFd);

impl Wake {
    fn new() -> io::Result<Wake> {
        Ok(Wake(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
    }

    pub(super) fn wake(&self) {
        // It fails only when it is full of wakes that nobody has noticed yet: then one more says nothing new.
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }

    /// Notices all wakes so far.
    pub(super) fn drain(&self) {
        // It fails only when there was none.
        let _ = rustix::io::read(&self.0, &mut [0_u8; 8]);
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
