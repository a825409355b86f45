//! What goes back.

use serde::Serialize;

use super::problem::Problem;
use crate::front::Outgoing;

/// An answer: status, headers, body.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Body,
}

/// What an answer holds.
pub(crate) enum Body {
    /// Nothing.
    Empty,
    /// Bytes in memory.
    Bytes(Vec<u8>),
    /// What the front sends by itself: a PDF, a ZIP, a scan.
    Outgoing(Box<dyn Outgoing>),
}

impl Answer {
    pub(crate) fn empty(status: u16) -> Answer {
        Answer { status, headers: Vec::new(), body: Body::Empty }
    }

    pub(crate) fn bytes(status: u16, kind: &str, body: Vec<u8>) -> Answer {
        let headers = vec![("Content-Type", kind.to_owned())];
        Answer { status, headers, body: Body::Bytes(body) }
    }

    /// An answer in JSON.
    pub(crate) fn json(status: u16, value: &impl Serialize) -> Answer {
        match serde_json::to_vec(value) {
            Ok(body) => Answer::bytes(status, "application/json", body),
            Err(error) => Answer::problem(&Problem::internal(&format!("HTT-109 {error}"))),
        }
    }

    /// What is wrong, for a program.
    pub(crate) fn problem(problem: &Problem) -> Answer {
        // A problem is text and numbers: it has always a form in JSON.
        let body = serde_json::to_vec(problem).unwrap_or_default();
        Answer::bytes(problem.status, "application/problem+json", body)
    }

    pub(crate) fn outgoing(status: u16, kind: &str, body: Box<dyn Outgoing>) -> Answer {
        let headers = vec![("Content-Type", kind.to_owned())];
        Answer { status, headers, body: Body::Outgoing(body) }
    }

    /// One more header.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Answer {
        self.headers.push((name, value.into()));
        self
    }

    /// The headers that every answer has: nothing is kept by caches, guessed at, framed or run inline.
    pub(crate) fn guarded(self) -> Answer {
        let has = |name: &str| self.headers.iter().any(|(own, _)| *own == name);
        let missing: Vec<_> = GUARDS.iter().filter(|(name, _)| !has(name)).collect();
        missing.into_iter().fold(self, |answer, (name, value)| answer.with(name, *value))
    }
}

/// Security headers (OWASP Secure Headers); an answer may have its own instead.
const GUARDS: &[(&str, &str)] = &[
    ("Cache-Control", "no-store"),
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; font-src \
         'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    // Not `no-referrer`: browsers then say `Origin: null` even of our own sign-in form (Fetch, 3.2).
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
];
