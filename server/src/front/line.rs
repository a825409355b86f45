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

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::front::limits::Limits;

    /// What was logged.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_tells_what_was_asked_and_never_what_was_searched_for() {
        let head =
            b"GET /api/v1/exams/E1/scripts?q=martin HTTP/1.1\r\nHost: a\r\nReferer: /copies?q=eloise\r\n\r\n";
        let head = Head::parse(head, &Limits::default()).unwrap();
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        let id = tracing::subscriber::with_default(subscriber, || {
            let mut line = Line::of(&head, "192.0.2.7".parse().unwrap());
            line.status = 200;
            let id = line.id.clone();
            line.ended(42, true);
            id
        });
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(log.lines().count(), 1, "{log}");
        for told in [id.as_str(), "GET", "/api/v1/exams/E1/scripts", "192.0.2.7", "42", "200"] {
            assert!(log.contains(told), "{told} is not in {log}");
        }
        for secret in ["martin", "eloise", "?"] {
            assert!(!log.contains(secret), "{secret} is in {log}");
        }
    }
}
