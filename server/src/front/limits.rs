//! How long, how large and how many: every bound of the front in one place.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The bounds of a front. The default is meant for an academy behind one reverse proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Limits {
    /// From the first byte of a head to its last, however it drips.
    pub(crate) head_deadline: Duration,
    /// Between connecting or an answer and the next request's first byte.
    pub(crate) idle: Duration,
    /// From the end of the head to the last byte of the body.
    pub(crate) body_deadline: Duration,
    /// What the backend may take to answer whole; a deposited body is not part of that.
    pub(crate) answer_deadline: Duration,
    /// A reader who takes no byte for so long is given up.
    pub(crate) stall: Duration,
    /// Bytes of a head, request line included.
    pub(crate) head_bytes: usize,
    /// Header lines of a request.
    pub(crate) headers: usize,
    /// Bytes of a request's body.
    pub(crate) body_bytes: usize,
    /// Bytes of an answer's body that is not deposited.
    pub(crate) answer_bytes: usize,
    /// Bytes that all waiting connections together may have us hold: heads, bodies, answers not yet taken.
    /// Above that the one stalled longest among them is closed.
    pub(crate) held_bytes: usize,
    /// Connections at once. Above that the one stalled longest is closed.
    pub(crate) connections: usize,
    /// Connections of one address at once, proxies that are trusted apart. Above that the one of that address
    /// that is stalled longest is closed.
    pub(crate) per_address: usize,
    /// Requests at the backend at once; one more is told to come back.
    pub(crate) busy: usize,
    /// Deposited bodies being sent at once: they do not count as `busy`, so that slow readers cost others
    /// nothing.
    pub(crate) sendings: usize,
    /// Requests that one connection may send.
    pub(crate) requests_per_connection: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            head_deadline: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            body_deadline: Duration::from_secs(30),
            answer_deadline: Duration::from_secs(120),
            stall: Duration::from_secs(60),
            head_bytes: 16 << 10,
            headers: 64,
            body_bytes: 1 << 20,
            answer_bytes: 16 << 20,
            held_bytes: 256 << 20,
            connections: 4_096,
            per_address: 2_048,
            busy: 512,
            sendings: 1_024,
            requests_per_connection: 1_000,
        }
    }
}

/// File descriptors that a request at the backend takes: ours, and tiny_http's two. tiny_http stops for good
/// when it can have none, so it never comes to that.
const A_REQUEST: usize = 3;
/// File descriptors that the rest of the process needs: the store, blobs being read, child processes.
const OTHERS: usize = 256;

impl Limits {
    /// These limits, lowered to what the process may open at once. The soft limit of the process is raised to
    /// its hard limit first.
    pub(super) fn within_descriptors(self) -> Limits {
        let now = getrlimit(Resource::Nofile);
        let most = now.maximum.or(now.current);
        if now.current != now.maximum {
            let wanted = Rlimit { current: now.maximum, maximum: now.maximum };
            if let Err(error) = setrlimit(Resource::Nofile, wanted) {
                tracing::warn!(%error, "the limit of open files stays as low as it was");
                return self.within(now.current);
            }
        }
        self.within(most)
    }

    fn within(mut self, descriptors: Option<u64>) -> Limits {
        let Some(descriptors) = descriptors else { return self };
        let descriptors = usize::try_from(descriptors).unwrap_or(usize::MAX);
        let busy = self.busy.min(descriptors / 8).max(1);
        let rest = descriptors.saturating_sub(busy.saturating_mul(A_REQUEST).saturating_add(OTHERS));
        // A body being sent is a connection that has one file open.
        let connections = self.connections.min(rest / 2).max(8);
        if (busy, connections) != (self.busy, self.connections) {
            tracing::warn!(
                descriptors,
                busy,
                connections,
                "the limit of open files allows fewer connections than the settings; raise LimitNOFILE"
            );
            (self.busy, self.connections) = (busy, connections);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_descriptors_allow_few_connections_and_always_some() {
        let plenty = Limits::default().within(Some(1 << 20));
        assert_eq!(plenty, Limits::default());
        assert_eq!(Limits::default().within(None), plenty);
        for descriptors in [0, 64, 256, 1_024, 4_096, 9_000] {
            let few = Limits::default().within(Some(descriptors));
            assert!(few.connections >= 8 && few.busy >= 1, "{descriptors}: {few:?}");
            assert!(few.connections < plenty.connections || few.busy < plenty.busy || descriptors > 8_000);
            if descriptors >= 1_024 {
                let used = few.busy * A_REQUEST + few.connections * 2 + OTHERS;
                assert!(used as u64 <= descriptors, "{descriptors}: {used}");
            }
        }
    }
}
