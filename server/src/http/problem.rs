//! What went wrong with a request: `application/problem+json` (RFC 9457) with our code.

use serde::Serialize;
use serde_json::Value;

/// Why a request is not done. Nothing has changed, unless the text says so.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Problem {
    /// About this kind of problem; there is no page for each, so the code says it.
    #[serde(rename = "type")]
    kind: &'static str,
    pub(crate) title: &'static str,
    pub(crate) status: u16,
    /// Stable: `CLO-003`.
    pub(crate) code: String,
    pub(crate) detail: String,
    /// What more is known, such as the unmet conditions.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    more: Option<Box<serde_json::Map<String, Value>>>,
    /// Headers of the answer that says it, such as `Allow`.
    #[serde(skip)]
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// How programs come in; browsers ask nobody for a password over this.
pub(crate) const CHALLENGE: &str = "Bearer realm=\"copiste\"";

impl Problem {
    pub(crate) fn new(status: u16, code: &str, title: &'static str, detail: String) -> Problem {
        Problem {
            kind: "about:blank",
            title,
            status,
            code: code.to_owned(),
            detail,
            more: None,
            headers: Vec::new(),
        }
    }

    /// Of a text that begins with its code, as all our errors do.
    pub(crate) fn of(status: u16, title: &'static str, error: &dyn std::fmt::Display) -> Problem {
        let text = error.to_string();
        let (code, detail) = text.split_once(' ').unwrap_or(("HTT-100", &text));
        Problem::new(status, code, title, detail.to_owned())
    }

    pub(crate) fn bad_request(code: &str, detail: String) -> Problem {
        Problem::new(400, code, "Bad request", detail)
    }

    /// Not there, or not for whoever asks: nobody learns which.
    pub(crate) fn not_found() -> Problem {
        Problem::new(404, "HTT-110", "Not found", "there is nothing here, or nothing for you".to_owned())
    }

    /// Nobody is known to ask.
    pub(crate) fn not_signed_in() -> Problem {
        let detail = "sign in, or send a token that is still good".to_owned();
        Problem::new(401, "HTT-112", "Not signed in", detail).header("WWW-Authenticate", CHALLENGE)
    }

    pub(crate) fn conflict(error: &dyn std::fmt::Display) -> Problem {
        Problem::of(409, "Not in this state", error)
    }

    pub(crate) fn forbidden(error: &dyn std::fmt::Display) -> Problem {
        Problem::of(403, "Not in this role", error)
    }

    pub(crate) fn unprocessable(error: &dyn std::fmt::Display) -> Problem {
        Problem::of(422, "Not what is asked for here", error)
    }

    /// A fault of ours: told with its code, logged with all of it.
    pub(crate) fn internal(error: &dyn std::fmt::Display) -> Problem {
        Problem::of(500, "The server cannot do it now", error)
    }

    /// The same with one more header in its answer.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Problem {
        self.headers.push((name, value.into()));
        self
    }

    /// The same with more to say.
    pub(crate) fn with(mut self, name: &str, value: Value) -> Problem {
        self.more.get_or_insert_default().insert(name.to_owned(), value);
        self
    }
}

impl From<copiste_core::store::StoreError> for Problem {
    fn from(error: copiste_core::store::StoreError) -> Problem {
        Problem::internal(&error)
    }
}

impl From<copiste_core::process::roles::NotAllowed> for Problem {
    fn from(error: copiste_core::process::roles::NotAllowed) -> Problem {
        Problem::forbidden(&error)
    }
}
