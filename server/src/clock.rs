//! The clock, read here and passed on: nothing further in reads it.

use std::time::{SystemTime, UNIX_EPOCH};

use copiste_core::journal::Timestamp;

/// Seconds since 1970, UTC.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
