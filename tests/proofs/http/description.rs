//! The description of the API is true: every answer that any of these proofs gets is compared with it, and here
//! every way to be answered that it names is met.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, OnceLock, PoisonError};

use copiste_tests::http::{Ask, Reply};
use jsonschema::Validator;
use serde_json::{Value, json};

use super::PASSWORD;
use super::roles::world::World;

/// What the front says before a request is looked at, and what is said of a method that is not there.
const OF_THE_FRONT: [u16; 11] = [400, 405, 408, 411, 413, 414, 417, 431, 501, 503, 505];

/// The served description.
pub(super) struct Description {
    document: Value,
    /// Schemas that are ready, by operation, status and content type.
    ready: Mutex<BTreeMap<String, Validator>>,
}

/// The description, read once from whichever server is asked first: all are of one program.
pub(super) fn of(authority: &str) -> &'static Description {
    static READ: OnceLock<Description> = OnceLock::new();
    READ.get_or_init(|| Description {
        document: strict(Ask::get("/api/v1/openapi.json").send(authority).expect(200).value()),
        ready: Mutex::default(),
    })
}

/// Objects of answers may get more fields in later versions; here none may have a field that is not described.
fn strict(mut schema: Value) -> Value {
    if schema["type"] == "object" && schema.get("properties").is_some() {
        schema["additionalProperties"] = json!(false);
    }
    match schema {
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (name, strict(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(strict).collect()),
        other => other,
    }
}

impl Description {
    /// Asserts that an answer is one of those that are described.
    #[track_caller]
    pub(super) fn check(&self, ask: &Ask, reply: &Reply) {
        let Some((path, _)) = self.path_of(ask.target()) else { return };
        let (what, status) = (format!("{} {path}", ask.method()), reply.status);
        let method = if ask.method() == "HEAD" { "get" } else { &ask.method().to_ascii_lowercase() };
        let Some(operation) = self.document["paths"][path].get(method) else {
            assert!([405, 501].contains(&status), "{what} is not described, and {status}");
            return;
        };
        let exact = operation["responses"].get(status.to_string());
        let range = operation["responses"].get(format!("{}XX", status / 100));
        let Some(answer) = exact.or(range) else {
            assert!(OF_THE_FRONT.contains(&status), "{what}: {status} is not described: {}", reply.start());
            return;
        };
        let answer = self.resolved(answer);
        for name in answer["headers"].as_object().into_iter().flat_map(|headers| headers.keys()) {
            let there = reply.header(&name.to_ascii_lowercase()).is_some();
            assert!(there, "{what}: {status} has no {name}");
        }
        if ask.method() == "HEAD" {
            return;
        }
        let Some(kinds) = answer["content"].as_object() else {
            return assert!(reply.body.is_empty(), "{what}: {status} has a body: {}", reply.start());
        };
        let kind = reply.header("content-type").unwrap_or_default();
        let Some(content) = kinds.get(kind) else {
            panic!("{what}: {status} is {kind:?}, and described as {:?}", kinds.keys())
        };
        if kind.ends_with("json") {
            let key = format!("{what} {status} {kind}");
            self.compare(&key, &content["schema"], &reply.value());
        }
    }

    #[track_caller]
    fn compare(&self, key: &str, schema: &Value, value: &Value) {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = ready.entry(key.to_owned()).or_insert_with(|| {
            let whole = json!({ "allOf": [schema], "components": self.document["components"] });
            jsonschema::draft202012::new(&whole).unwrap_or_else(|fault| panic!("{key}: {fault}"))
        });
        let faults: Vec<String> = validator
            .iter_errors(value)
            .map(|fault| format!("{} at {}", fault, fault.instance_path()))
            .collect();
        drop(ready);
        assert!(faults.is_empty(), "{key} is not as described: {faults:#?}\n{value}");
    }

    fn resolved<'a>(&'a self, answer: &'a Value) -> &'a Value {
        let pointer = answer["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
        pointer.map_or(answer, |pointer| self.document.pointer(pointer).expect("it is there"))
    }

    /// The described path that a target is of, the one with fewest named parts.
    fn path_of(&self, target: &str) -> Option<(&str, usize)> {
        let asked: Vec<&str> = target.split('?').next().unwrap_or_default().split('/').collect();
        let paths = self.document["paths"].as_object().expect("paths").keys();
        let fitting = paths.filter_map(|path| {
            let parts: Vec<&str> = path.split('/').collect();
            let fits =
                parts.len() == asked.len() && parts.iter().zip(&asked).all(|(part, given)| fits(part, given));
            fits.then(|| {
                (
                    path.as_str(),
                    parts.iter().map(|part| part.split('}').next_back().map_or(0, str::len)).sum(),
                )
            })
        });
        fitting.max_by_key(|(_, fixed)| *fixed)
    }

    /// Every answer but problems that the description names: `GET /api/v1/exams 200`.
    fn answers(&self) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for (path, operations) in self.document["paths"].as_object().expect("paths") {
            for (method, operation) in operations.as_object().expect("operations") {
                let statuses = operation["responses"].as_object().expect("responses").keys();
                let good = statuses.filter(|status| status.starts_with(['2', '3']));
                all.extend(good.map(|status| format!("{} {path} {status}", method.to_ascii_uppercase())));
            }
        }
        all
    }
}

fn fits(part: &str, given: &str) -> bool {
    match part.strip_prefix('{').and_then(|named| named.split_once('}')) {
        Some((_, ending)) => given.len() > ending.len() && given.ends_with(ending),
        None => part == given,
    }
}

#[test]
fn every_answer_that_is_described_is_given_and_is_as_described() {
    let world = World::new("141");
    let (served, things) = (&world.served, &world.things);
    let (office, coordinator) = (&world.sessions["office"], &world.sessions["coordinator"]);
    let description = of(&served.authority);
    let exam = |kind: &str, what: &str| format!("/api/v1/exams/{}{what}", things[kind]);
    let script = |whose: &str, what: &str| format!("/api/v1/scripts/{}{what}", things[whose]);
    let tag = |target: &str| {
        let reply = served.send(&Ask::get(target).cookie(office).into_head()).expect(200);
        reply.header("etag").expect("a tag").to_owned()
    };
    let (zip, pdf) = (exam("one-off", "/scripts.zip"), script("one-off's", ".pdf"));
    let login = |login: &str| json!({ "login": login, "password": PASSWORD });
    let change = json!({ "old": PASSWORD, "new": "agrafe pile exact cheval" });
    let put = |target: &str, body: Value| Ask::new("PUT", target).json(&body).signed(office);
    let post = |target: &str, body: Value| Ask::new("POST", target).json(&body).signed(office);
    let get = |target: &str| Ask::get(target).cookie(office);
    let job = format!("/api/v1/jobs/{}", things["office's"]);
    let other = &world.sessions["other-school"];
    let asks = [
        Ask::get("/healthz"),
        Ask::get("/readyz"),
        Ask::get("/metrics"),
        Ask::get("/api/v1/openapi.json"),
        Ask::new("POST", "/api/v1/session").json(&login("office")),
        Ask::new("POST", "/api/v1/session").json(&login("nobody")),
        get("/api/v1/session"),
        get("/api/v1/exams"),
        Ask::get("/api/v1/exams").cookie(other),
        Ask::get("/api/v1/exams"),
        Ask::get("/api/v1/exams?all=1").cookie(office),
        get(&exam("one-off", "?quality=true")),
        get(&exam("e3c", "?quality=false")),
        get(&exam("e3c", "?quality=perhaps")),
        Ask::get(&exam("e3c", "")).cookie(other),
        put(&exam("one-off", "/settings"), json!({ "question_count": 12 })),
        put(&exam("one-off", "/settings"), json!({ "question_count": 0 })),
        put(&exam("e3c", "/settings"), json!({ "question_count": 12 })),
        post(&exam("one-off", "/accepted-damage"), json!({ "all": true, "reason": "vu" })),
        post(&exam("one-off", "/closing"), json!({ "dry_run": true })),
        post(&exam("one-off", "/closing"), json!({ "again": true })),
        post(&exam("e3c", "/closing"), json!({})),
        get(&exam("one-off", "/closing")),
        get(&exam("one-off", "/closing?rows=imagin")),
        get(&exam("e3c", "/closing")),
        Ask::new("POST", &exam("e3c", "/harmonisation"))
            .json(&json!({ "batches": ["L002"], "validate": true }))
            .signed(coordinator),
        Ask::new("POST", &exam("one-off", "/harmonisation")).json(&json!({})).signed(coordinator),
        get(&exam("one-off", "/scripts?limit=200")),
        get(&exam("one-off", "/scripts?limit=201")),
        Ask::get(&exam("e3c", "/scripts")).cookie(other),
        get(&zip),
        get(&zip).with("Range", "bytes=0-9"),
        get(&zip).with("Range", "bytes=999999999-"),
        get(&zip).with("If-None-Match", &tag(&zip)),
        get(&pdf),
        get(&pdf).with("Range", "bytes=0-9"),
        get(&pdf).with("If-None-Match", &tag(&pdf)),
        get(&script("one-off's", "")),
        get(&script("school's", "")),
        get(&script("made-up", "")),
        put(&script("one-off's", "/mark"), json!({ "mark": "3,0", "reason": "erreur de report" })),
        post("/api/v1/jobs", json!({ "exam": things["one-off"], "without": ["marking"] })),
        post("/api/v1/jobs", json!({ "exam": things["one-off"], "without": ["annotations,marking"] })),
        get(&job),
        Ask::new("DELETE", &job).signed(office),
        Ask::new("PUT", "/api/v1/session/password").json(&change).signed(other),
        Ask::new("DELETE", "/api/v1/session").signed(office),
    ];
    let mut met = BTreeSet::new();
    for ask in &asks {
        // What is served is compared with the description there.
        let reply = served.send(ask);
        let path = description.path_of(ask.target()).expect("it is described").0;
        met.insert(format!("{} {path} {}", ask.method(), reply.status));
    }
    let described = description.answers();
    assert!(described.len() > 25, "{described:#?}");
    let missed: Vec<_> = described.difference(&met).collect();
    assert!(missed.is_empty(), "never met: {missed:#?}");
}

#[test]
fn a_method_that_a_route_has_not_is_refused_with_those_that_it_has() {
    let world = World::new("142");
    let session = &world.sessions["office"];
    let asked = |method: &str, target: &str| world.served.send(&Ask::new(method, target).signed(session));
    for (target, allowed) in [
        ("/healthz", "GET, HEAD"),
        ("/api/v1/session", "POST, GET, HEAD, DELETE"),
        ("/api/v1/exams", "GET, HEAD"),
        ("/api/v1/jobs", "POST"),
        ("/", "GET, HEAD"),
        ("/connexion", "GET, HEAD, POST"),
    ] {
        for method in ["PATCH", "OPTIONS", "TRACE", "QUERY"] {
            let reply = asked(method, target);
            assert_eq!((reply.status, reply.header("allow")), (405, Some(allowed)), "{method} {target}");
        }
    }
    for method in ["BREW", "PROPFIND", "CONNECT"] {
        assert_eq!(asked(method, "/api/v1/exams").status, 501, "{method}");
    }
    assert_eq!(asked("TRACE", "/nowhere").status, 404);
}
