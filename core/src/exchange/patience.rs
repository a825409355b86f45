//! Trying again: back-off with jitter, within a budget of time.

use std::time::Duration;

use super::adapter::Fault;
use crate::journal::Timestamp;

/// Clock and chance, given by whoever has them: nothing in here reads either.
pub trait Pace: Send + Sync {
    /// Time since some fixed moment.
    fn elapsed(&self) -> Duration;
    /// The clock on the wall: seconds since 1970, UTC.
    fn now(&self) -> Timestamp;
    /// Lets time pass. False when somebody asks to stop.
    fn wait(&self, time: Duration) -> bool;
    /// A number from 0 up to, not including, 1.
    fn chance(&self) -> f64;
}

/// How much time there is for one export, all its requests together.
pub struct Patience<'a> {
    pace: &'a dyn Pace,
    from: Duration,
    budget: Duration,
    requests: u32,
    stopped: bool,
}

/// The first pause, before jitter.
const FIRST: Duration = Duration::from_millis(200);
/// The longest pause, also when a target asks for more.
const LONGEST: Duration = Duration::from_secs(30);

impl<'a> Patience<'a> {
    /// From now on, for so long.
    pub fn new(pace: &'a dyn Pace, budget: Duration) -> Patience<'a> {
        Patience { pace, from: pace.elapsed(), budget, requests: 0, stopped: false }
    }

    /// Repeats a request until it is answered, or fails for good, or the time is over.
    ///
    /// # Errors
    /// The last fault.
    pub fn try_for<T>(&mut self, request: impl Fn() -> Result<T, Fault>) -> Result<T, Fault> {
        let mut pause = FIRST;
        loop {
            self.requests = self.requests.saturating_add(1);
            let fault = match request() {
                Err(fault @ Fault::Passing { .. }) => fault,
                answered => return answered,
            };
            // Full jitter (AWS, "Exponential Backoff And Jitter"): many exporters do not come back at once.
            let jittered = pause.mul_f64(0.5 + self.pace.chance() / 2.0);
            let asked = match &fault {
                Fault::Passing { after, .. } => after.unwrap_or_default(),
                _ => Duration::ZERO,
            };
            let wait = jittered.max(asked).min(LONGEST);
            tracing::debug!(%fault, ?wait, "a request is tried again");
            if self.took() + wait >= self.budget {
                return Err(fault);
            }
            if !self.pace.wait(wait) {
                self.stopped = true;
                return Err(fault);
            }
            pause = (pause * 2).min(LONGEST);
        }
    }

    /// Requests made so far.
    pub fn requests(&self) -> u32 {
        self.requests
    }

    /// Time since it began.
    pub fn took(&self) -> Duration {
        self.pace.elapsed().saturating_sub(self.from)
    }

    /// Whether somebody asked to stop.
    pub fn stopped(&self) -> bool {
        self.stopped
    }
}
