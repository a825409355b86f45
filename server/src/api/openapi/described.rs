//! What each route takes and answers, beside what the table of routes says of it.

use serde_json::{Value, json};

use super::words::{EXAM, ID, between, either, instant, like, named, text, words};
use super::{closing, copies, exams, people};
use crate::metrics;

/// A route's bodies, answers and problems.
#[derive(Default)]
pub(super) struct Described {
    /// The schema of the body, in JSON.
    pub(super) takes: Option<Value>,
    /// The body may be left out.
    pub(super) optional: bool,
    /// It is taken away in parts: `Range` and its kin are understood.
    pub(super) ranged: bool,
    pub(super) answers: Vec<Answered>,
    /// Statuses of the problems that are its own.
    pub(super) problems: Vec<u16>,
}

/// One way to be answered.
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) what: &'static str,
    /// Content types with their schemas; none without a body.
    pub(super) content: Vec<(&'static str, Value)>,
    pub(super) headers: &'static [&'static str],
}

impl Described {
    fn with(mut self, status: u16, what: &'static str, content: Vec<(&'static str, Value)>) -> Described {
        self.answers.push(Answered { status, what, content, headers: &[] });
        self
    }

    fn json(self, status: u16, what: &'static str, schema: Value) -> Described {
        self.with(status, what, vec![("application/json", schema)])
    }

    fn empty(self, status: u16, what: &'static str) -> Described {
        self.with(status, what, Vec::new())
    }

    fn bytes(self, status: u16, what: &'static str, kind: &'static str) -> Described {
        self.with(status, what, vec![(kind, json!({}))])
    }

    /// The last answer has these headers always.
    fn headers(mut self, names: &'static [&'static str]) -> Described {
        if let Some(last) = self.answers.last_mut() {
            last.headers = names;
        }
        self
    }

    /// A file, whole or a part of it.
    fn file(mut self, kind: &'static str) -> Described {
        const HEADERS: &[&str] = &["ETag", "Accept-Ranges", "Content-Disposition"];
        self.ranged = true;
        self.bytes(200, "All of it", kind)
            .headers(HEADERS)
            .bytes(206, "The bytes that were asked for", kind)
            .headers(&["ETag", "Accept-Ranges", "Content-Disposition", "Content-Range"])
            .empty(304, "It is what the client has")
            .headers(&["ETag"])
            .problems(&[416])
    }

    fn takes(mut self, schema: Value) -> Described {
        self.takes = Some(schema);
        self
    }

    fn or_nothing(mut self) -> Described {
        self.optional = true;
        self
    }

    fn problems(mut self, statuses: &[u16]) -> Described {
        self.problems.extend(statuses);
        self
    }
}

/// A route's description; none for one that nobody has described, which a test does not let pass.
pub(super) fn described(method: &str, path: &str) -> Option<Described> {
    const TEXT: &str = "text/plain; charset=utf-8";
    let it = Described::default();
    Some(match (method, path) {
        ("GET", "/healthz") => it.with(200, "It answers", vec![(TEXT, text())]),
        ("GET", "/readyz") => it.json(200, "It can work", named("Ready")).problems(&[503]),
        ("GET", "/metrics") => it.with(200, "They", vec![(metrics::KIND, text())]).problems(&[401, 403]),
        ("GET", "/api/v1/openapi.json") => it.json(200, "It", json!({ "type": "object" })),
        ("POST", "/api/v1/session") => it
            .takes(people::signing_in())
            .json(200, "Signed in; the cookie is in Set-Cookie", named("Session"))
            .headers(&["Set-Cookie"])
            .problems(&[401, 429, 503]),
        ("GET", "/api/v1/session") => it.json(200, "Who it is", named("Session")),
        ("DELETE", "/api/v1/session") => it.empty(204, "Signed out").headers(&["Set-Cookie"]),
        ("PUT", "/api/v1/session/password") => it
            .takes(people::changing_a_password())
            .empty(204, "Changed; every other session of the account has ended")
            .headers(&["Set-Cookie"])
            .problems(&[429, 503]),
        ("GET", "/api/v1/exams") => it.json(200, "They", named("Exams")),
        ("GET", "/api/v1/exams/{exam}") => it.json(200, "It", named("Exam")),
        ("PUT", "/api/v1/exams/{exam}/settings") => it
            .takes(named("ChangedSettings"))
            .json(200, "All settings as they are now", named("Settings"))
            .problems(&[409]),
        ("POST", "/api/v1/exams/{exam}/accepted-damage") => it
            .takes(exams::accepting())
            .json(200, "What was accepted", named("AcceptedDamage"))
            .problems(&[409]),
        ("POST", "/api/v1/exams/{exam}/closing") => it
            .takes(closing::launching())
            .or_nothing()
            .json(200, "What a launch would send", named("DryRun"))
            .json(
                202,
                "Launched: what became of it, or that it goes on",
                either(&[named("Launched"), named("UnderWay")]),
            )
            .problems(&[409, 503]),
        ("GET", "/api/v1/exams/{exam}/closing") => it
            .with(
                200,
                "How far it is; the rows when they are asked for",
                vec![("application/json", named("Closing")), ("text/csv; charset=utf-8", text())],
            )
            .problems(&[409]),
        ("POST", "/api/v1/exams/{exam}/harmonisation") => it
            .takes(closing::harmonising())
            .json(200, "What was done", named("Harmonised"))
            .problems(&[409, 503]),
        ("GET", "/api/v1/exams/{exam}/scripts") => it.json(200, "Some, in order", named("Scripts")),
        ("GET", "/api/v1/exams/{exam}/scripts.zip") => it.file("application/zip").problems(&[409, 422]),
        ("GET", "/api/v1/scripts/{script}.pdf") => it.file("application/pdf").problems(&[409, 422]),
        ("GET", "/api/v1/scripts/{script}") => it.json(200, "It", named("Script")),
        ("PUT", "/api/v1/scripts/{script}/mark") => {
            it.takes(copies::correcting()).json(200, "Corrected", named("Corrected")).problems(&[409])
        }
        ("POST", "/api/v1/jobs") => it
            .takes(copies::beginning_a_job())
            .json(202, "Begun, or gone on with", named("Job"))
            .headers(&["Location"])
            .problems(&[404, 409, 503]),
        ("GET", "/api/v1/jobs/{job}") => it.json(200, "How far it is", named("Job")),
        ("DELETE", "/api/v1/jobs/{job}") => it.json(202, "It ends", named("Job")),
        _ => return None,
    })
}

/// The schema of a named part of a path.
pub(super) fn part(name: &str) -> Value {
    match name {
        "exam" => like(EXAM),
        _ => like(ID),
    }
}

/// The schema of a parameter of the query, whichever route it is of.
pub(super) fn parameter(name: &str) -> Value {
    match name {
        "limit" => between(1, 200),
        "quality" => json!({ "type": "boolean" }),
        "rows" => words(&["cyclades", "imagin"]),
        "since" | "until" => instant(),
        "without" => like("^(annotations|appreciation|marking)?(,(annotations|appreciation|marking)?)*$"),
        // Words of names, candidate numbers, UAI: any text may be asked about, and none has a zero byte.
        _ => like(r"^[^\x00]*$"),
    }
}
