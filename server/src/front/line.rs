//! One line of the log a request.

use std::net::IpAddr;
use std::time::Instant;

use super::handover::random;
use super::head::Head;

/// What is known of a request; told when its answer has ended.
#[derive(Debug)]
pub(super) struct Line {
    /// `X-Request-Id`: in the log, in what is passed on, in the answer.
    pub(super) id: String,
    method: String,
    /// Without the query, in which people search by name.
    path: String,
    peer: IpAddr,
    began: Instant,
    pub(super) status: u16,
    /// Why the front answered by itself.
    pub(super) code: Option<&'static str>,
}

impl Line {
    /// Of a request whose head was read.
    pub(super) fn of(head: &Head, peer: IpAddr) -> Line {
        Line { method: head.method.clone(), path: head.path().to_owned(), ..Line::unread(peer) }
    }

    /// Of one whose head cannot be read, so that nothing of it is repeated.
    pub(super) fn unread(peer: IpAddr) -> Line {
        Line {
            // Without randomness, which is in the log then, requests cannot be told apart; they are answered.
            id: random().unwrap_or_else(|| "0".repeat(32)),
            method: "-".to_owned(),
            path: "-".to_owned(),
            peer,
            began: Instant::now(),
            status: 0,
            code: None,
        }
    }

    /// Whose request it is.
    pub(super) fn peer(&self) -> IpAddr {
        self.peer
    }

    /// The answer has ended: `bytes` were taken by the system, head included; `whole` when that is all.
    pub(super) fn ended(self, bytes: u64, whole: bool) {
        let Line { id, method, path, peer, began, status, code } = self;
        let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(request = id, method, path, status, code, bytes, whole, ms, %peer, "request");
    }
}
