//! What the front counts of itself, for metrics. A process has one front; several, as in tests, count together.

use std::sync::atomic::{AtomicU64, Ordering};

use super::refusal::Refusal;

/// Counted since the process began, or open at this moment.
pub(crate) struct Counts {
    connections: AtomicU64,
    sendings: AtomicU64,
    crowded: AtomicU64,
    refused: [AtomicU64; Refusal::ALL.len()],
}

/// The front's counts.
pub(crate) static COUNTS: Counts = Counts {
    connections: AtomicU64::new(0),
    sendings: AtomicU64::new(0),
    crowded: AtomicU64::new(0),
    refused: [const { AtomicU64::new(0) }; Refusal::ALL.len()],
};

impl Counts {
    /// Connections that are open.
    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Bodies that are being sent.
    pub(crate) fn sendings(&self) -> u64 {
        self.sendings.load(Ordering::Relaxed)
    }

    /// How often each refusal was told, by code, and how many connections were closed to make room.
    pub(crate) fn refused(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let told = Refusal::ALL.iter().zip(&self.refused).map(|(refusal, count)| (refusal.code, count));
        told.chain([("crowded", &self.crowded)]).map(|(code, count)| (code, count.load(Ordering::Relaxed)))
    }

    pub(super) fn refuse(&self, refusal: &Refusal) {
        let known = Refusal::ALL.iter().zip(&self.refused).find(|(known, _)| known.code == refusal.code);
        if let Some((_, count)) = known {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn crowd_out(&self) {
        self.crowded.fetch_add(1, Ordering::Relaxed);
    }
}

/// Counts something as long as it lives.
pub(super) struct Counted(&'static AtomicU64);

impl Counted {
    /// A connection.
    pub(super) fn connection() -> Counted {
        Counted::of(&COUNTS.connections)
    }

    /// A body being sent.
    pub(super) fn sending() -> Counted {
        Counted::of(&COUNTS.sendings)
    }

    fn of(count: &'static AtomicU64) -> Counted {
        count.fetch_add(1, Ordering::Relaxed);
        Counted(count)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
