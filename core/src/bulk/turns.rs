//! Turns: when many ask for the same plan at once, one makes it and the others wait.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::error::BulkError;

static TAKEN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
static GIVEN_BACK: Condvar = Condvar::new();

/// How often whoever waits asks whether to go on waiting.
const PATIENCE: Duration = Duration::from_millis(50);

/// The turn to make what will have a path, for as long as it lives.
pub(super) struct Turn(PathBuf);

impl Turn {
    /// Waits until nobody else has it.
    ///
    /// # Errors
    /// [`BulkError::Cancelled`] when `cancel` is set meanwhile.
    pub fn take(path: &Path, cancel: &AtomicBool) -> Result<Turn, BulkError> {
        let mut taken = taken();
        while !taken.insert(path.to_owned()) {
            if cancel.load(Ordering::Relaxed) {
                return Err(BulkError::Cancelled);
            }
            taken = GIVEN_BACK.wait_timeout(taken, PATIENCE).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(Turn(path.to_owned()))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        taken().remove(&self.0);
        GIVEN_BACK.notify_all();
    }
}

fn taken() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}
