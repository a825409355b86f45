//! How much room a disk has left.

use std::path::Path;

/// Bytes that may still be written where `dir` is; none where the system does not say.
pub(crate) fn free(dir: &Path) -> Option<u64> {
    let held = rustix::fs::statvfs(dir).ok()?;
    Some(held.f_bavail.saturating_mul(held.f_frsize))
}
