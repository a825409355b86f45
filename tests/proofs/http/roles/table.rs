//! The table: what everybody is answered, on every route, however he comes in.

use std::collections::BTreeSet;

use copiste_tests::http::Ask;

use super::world::{PEOPLE, SCOPES, World};

/// What a request needs besides the right person: what his token must be good for, `-` where anyone may ask, and
/// `in person` where no token will do.
type Needs = &'static str;

/// Method, path, what it is about, what it needs; then what is answered to nobody, the administrator, the exam
/// office, that of another ER, the coordinator, that of another ER, a school, another school of the same exam.
/// A session answers so; if the method changes something, only with the token of its forms, and 403 without. A
/// token answers so when it is good for what is needed, and 403 otherwise.
#[rustfmt::skip]
const TABLE: &[(&str, &str, &str, Needs, [u16; 8])] = &[
    ("GET",    "/healthz",                             "",              "-",        [200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET",    "/readyz",                              "",              "-",        [200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET",    "/metrics",                             "",              "-",        [200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET",    "/api/v1/openapi.json",                 "",              "-",        [200, 200, 200, 200, 200, 200, 200, 200]),
    ("POST",   "/api/v1/session",                      "",              "-",        [422, 422, 422, 422, 422, 422, 422, 422]),
    ("GET",    "/api/v1/session",                      "",              "read",     [401, 200, 200, 200, 200, 200, 200, 200]),
    ("DELETE", "/api/v1/session",                      "",              "read",     [401, 204, 204, 204, 204, 204, 204, 204]),
    ("PUT",    "/api/v1/session/password",             "",              "in person", [401, 422, 422, 422, 422, 422, 422, 422]),
    ("GET",    "/api/v1/exams",                        "",              "read",     [401, 403, 200, 200, 200, 200, 200, 200]),
    ("GET",    "/api/v1/exams/{exam}",                 "one-off",       "read",     [401, 403, 200, 404, 200, 404, 404, 404]),
    ("GET",    "/api/v1/exams/{exam}",                 "e3c",           "read",     [401, 403, 200, 404, 200, 404, 200, 200]),
    ("GET",    "/api/v1/exams/{exam}",                 "e3c?quality=true", "read",  [401, 403, 200, 404, 200, 404, 200, 200]),
    ("GET",    "/api/v1/exams/{exam}",                 "made-up",       "read",     [401, 403, 404, 404, 404, 404, 404, 404]),
    ("PUT",    "/api/v1/exams/{exam}/settings",        "one-off",       "act",      [401, 403, 200, 404, 403, 403, 403, 403]),
    ("PUT",    "/api/v1/exams/{exam}/settings",        "e3c",           "act",      [401, 403, 409, 404, 403, 403, 403, 403]),
    ("PUT",    "/api/v1/exams/{exam}/settings",        "made-up",       "act",      [401, 403, 404, 404, 403, 403, 403, 403]),
    ("POST",   "/api/v1/exams/{exam}/accepted-damage", "one-off",       "act",      [401, 403, 200, 404, 403, 403, 403, 403]),
    ("POST",   "/api/v1/exams/{exam}/accepted-damage", "e3c",           "act",      [401, 403, 200, 404, 403, 403, 403, 403]),
    ("POST",   "/api/v1/exams/{exam}/accepted-damage", "made-up",       "act",      [401, 403, 404, 404, 403, 403, 403, 403]),
    ("POST",   "/api/v1/exams/{exam}/closing",         "one-off",       "act",      [401, 403, 200, 404, 403, 403, 403, 403]),
    ("POST",   "/api/v1/exams/{exam}/closing",         "e3c",           "act",      [401, 403, 409, 404, 403, 403, 403, 403]),
    ("POST",   "/api/v1/exams/{exam}/closing",         "made-up",       "act",      [401, 403, 404, 404, 403, 403, 403, 403]),
    ("GET",    "/api/v1/exams/{exam}/closing",         "one-off",       "read",     [401, 403, 200, 404, 200, 404, 403, 403]),
    ("GET",    "/api/v1/exams/{exam}/closing",         "one-off?rows=cyclades", "read", [401, 403, 200, 404, 200, 404, 403, 403]),
    ("GET",    "/api/v1/exams/{exam}/closing",         "one-off?rows=imagin", "read", [401, 403, 200, 404, 200, 404, 403, 403]),
    ("GET",    "/api/v1/exams/{exam}/closing",         "e3c",           "read",     [401, 403, 200, 404, 200, 404, 403, 403]),
    ("GET",    "/api/v1/exams/{exam}/closing",         "made-up",       "read",     [401, 403, 404, 404, 404, 404, 403, 403]),
    ("POST",   "/api/v1/exams/{exam}/harmonisation",   "one-off",       "act",      [401, 403, 403, 403, 200, 404, 403, 403]),
    ("POST",   "/api/v1/exams/{exam}/harmonisation",   "e3c",           "act",      [401, 403, 403, 403, 200, 404, 403, 403]),
    ("POST",   "/api/v1/exams/{exam}/harmonisation",   "made-up",       "act",      [401, 403, 403, 403, 404, 404, 403, 403]),
    ("GET",    "/api/v1/exams/{exam}/scripts",         "one-off",       "read",     [401, 403, 200, 404, 200, 404, 404, 404]),
    ("GET",    "/api/v1/exams/{exam}/scripts",         "e3c",           "read",     [401, 403, 200, 404, 200, 404, 200, 200]),
    ("GET",    "/api/v1/exams/{exam}/scripts",         "e3c?school",    "read",     [401, 403, 200, 404, 200, 404, 200, 200]),
    ("GET",    "/api/v1/exams/{exam}/scripts",         "made-up",       "read",     [401, 403, 404, 404, 404, 404, 404, 404]),
    ("GET",    "/api/v1/exams/{exam}/scripts.zip",     "one-off",       "download", [401, 403, 200, 404, 200, 404, 404, 404]),
    ("GET",    "/api/v1/exams/{exam}/scripts.zip",     "e3c",           "download", [401, 403, 200, 404, 200, 404, 200, 200]),
    ("GET",    "/api/v1/exams/{exam}/scripts.zip",     "e3c?school",    "download", [401, 403, 200, 404, 200, 404, 200, 404]),
    ("GET",    "/api/v1/exams/{exam}/scripts.zip",     "e3c?without=marking", "download", [401, 403, 422, 404, 422, 404, 422, 422]),
    ("GET",    "/api/v1/exams/{exam}/scripts.zip",     "made-up",       "download", [401, 403, 404, 404, 404, 404, 404, 404]),
    ("GET",    "/api/v1/scripts/{script}.pdf",         "one-off's",     "download", [401, 403, 200, 404, 200, 404, 404, 404]),
    ("GET",    "/api/v1/scripts/{script}.pdf",         "school's",      "download", [401, 403, 200, 404, 200, 404, 200, 404]),
    ("GET",    "/api/v1/scripts/{script}.pdf",         "other's",       "download", [401, 403, 200, 404, 200, 404, 404, 200]),
    ("GET",    "/api/v1/scripts/{script}.pdf",         "untransmitted", "download", [401, 403, 409, 404, 409, 404, 404, 404]),
    ("GET",    "/api/v1/scripts/{script}.pdf",         "made-up",       "download", [401, 403, 404, 404, 404, 404, 404, 404]),
    ("GET",    "/api/v1/scripts/{script}",             "one-off's",     "read",     [401, 403, 200, 404, 200, 404, 404, 404]),
    ("GET",    "/api/v1/scripts/{script}",             "school's",      "read",     [401, 403, 200, 404, 200, 404, 200, 404]),
    ("GET",    "/api/v1/scripts/{script}",             "other's",       "read",     [401, 403, 200, 404, 200, 404, 404, 200]),
    ("GET",    "/api/v1/scripts/{script}",             "untransmitted", "read",     [401, 403, 200, 404, 200, 404, 404, 404]),
    ("GET",    "/api/v1/scripts/{script}",             "made-up",       "read",     [401, 403, 404, 404, 404, 404, 404, 404]),
    ("GET",    "/api/v1/scripts/{script}/pages/{page}", "one-off's",    "read",     [401, 403, 200, 404, 200, 404, 404, 404]),
    ("GET",    "/api/v1/scripts/{script}/pages/{page}", "one-off's?width=60", "read", [401, 403, 200, 404, 200, 404, 404, 404]),
    ("GET",    "/api/v1/scripts/{script}/pages/{page}", "one-off's?width=10", "read", [401, 403, 400, 404, 400, 404, 404, 404]),
    ("GET",    "/api/v1/scripts/{script}/pages/{page}", "school's",     "read",     [401, 403, 200, 404, 200, 404, 200, 404]),
    ("GET",    "/api/v1/scripts/{script}/pages/{page}", "school's?width=60", "read", [401, 403, 200, 404, 200, 404, 200, 404]),
    ("GET",    "/api/v1/scripts/{script}/pages/{page}", "other's",      "read",     [401, 403, 200, 404, 200, 404, 404, 200]),
    ("GET",    "/api/v1/scripts/{script}/pages/{page}", "untransmitted", "read",    [401, 403, 409, 404, 409, 404, 404, 404]),
    ("GET",    "/api/v1/scripts/{script}/pages/{page}", "untransmitted?width=60", "read", [401, 403, 409, 404, 409, 404, 404, 404]),
    ("GET",    "/api/v1/scripts/{script}/pages/{page}", "made-up",      "read",     [401, 403, 404, 404, 404, 404, 404, 404]),
    ("POST",   "/api/v1/jobs",                         "one-off",       "download", [401, 403, 202, 404, 202, 404, 404, 404]),
    ("POST",   "/api/v1/jobs",                         "e3c",           "download", [401, 403, 202, 404, 202, 404, 202, 202]),
    ("POST",   "/api/v1/jobs",                         "made-up",       "download", [401, 403, 404, 404, 404, 404, 404, 404]),
    ("GET",    "/api/v1/jobs/{job}",                   "office's",      "read",     [401, 403, 200, 404, 404, 404, 404, 404]),
    ("GET",    "/api/v1/jobs/{job}",                   "made-up",       "read",     [401, 403, 404, 404, 404, 404, 404, 404]),
    ("DELETE", "/api/v1/jobs/{job}",                   "office's",      "download", [401, 403, 202, 404, 404, 404, 404, 404]),
    ("DELETE", "/api/v1/jobs/{job}",                   "made-up",       "download", [401, 403, 404, 404, 404, 404, 404, 404]),
    ("PUT",    "/api/v1/scripts/{script}/mark",        "one-off's",     "act",      [401, 403, 422, 404, 403, 403, 403, 403]),
    ("PUT",    "/api/v1/scripts/{script}/mark",        "untransmitted", "act",      [401, 403, 422, 404, 403, 403, 403, 403]),
    ("PUT",    "/api/v1/scripts/{script}/mark",        "made-up",       "act",      [401, 403, 404, 404, 403, 403, 403, 403]),
];

/// Every request of the table: method, path, about what, needs.
pub(super) fn rows() -> impl Iterator<Item = (&'static str, &'static str, &'static str, Needs)> {
    TABLE.iter().map(|(method, path, about, needs, _)| (*method, *path, *about, *needs))
}

/// A cell that is asked, and what came of it.
struct Cells<'a> {
    world: &'a World,
    wrong: Vec<String>,
    asked: usize,
    /// What is said of what is not there, or not for whoever asks: it must be one text.
    nothing_here: BTreeSet<String>,
}

impl Cells<'_> {
    fn cell(&mut self, ask: &Ask, method: &str, cell: &str, expected: u16) {
        let reply = self.world.served.send(ask);
        self.asked += 1;
        let same_head = method != "GET" || {
            self.asked += 1;
            self.world.served.send(&ask.clone().into_head()).status == reply.status
        };
        if reply.status != expected || !same_head {
            self.wrong.push(format!("{cell}: {} for {expected}: {}", reply.status, reply.start()));
        }
        if reply.status == 404 {
            self.nothing_here.insert(reply.text());
        }
        let is_problem = reply.header("content-type") == Some("application/problem+json");
        if is_problem != (reply.status >= 400) || reply.header("x-content-type-options") != Some("nosniff") {
            self.wrong.push(format!("{cell}: its form: {}", reply.start()));
        }
    }
}

#[test]
fn the_table_knows_every_route_that_is_served_and_no_other() {
    let academy = copiste_tests::academy::Academy::empty();
    super::super::account(&academy, "office", "exam-office");
    let served = super::super::Served::start(&academy);
    let description = served.send(&Ask::get("/api/v1/openapi.json")).expect(200).value();
    let mut routes = BTreeSet::new();
    for (path, operations) in description["paths"].as_object().expect("paths") {
        for method in operations.as_object().expect("operations").keys() {
            routes.insert((method.to_uppercase(), path.clone()));
        }
    }
    let table: BTreeSet<_> = rows().map(|(method, path, ..)| (method.to_owned(), path.to_owned())).collect();
    assert!(routes.len() > 15, "{routes:?}");
    assert_eq!(routes, table);
}

#[test]
fn every_cell_is_answered_as_the_table_says_and_nobody_learns_what_is_not_for_him() {
    let world = World::new("101");
    let mut sessions = world.sessions.clone();
    let mut cells = Cells { world: &world, wrong: Vec::new(), asked: 0, nothing_here: BTreeSet::new() };
    for (method, path, about, needs, expected) in TABLE {
        let safe = *method == "GET";
        let ask = |login: &str| world.ask(method, path, about, login);
        cells.cell(&ask("nobody"), method, &format!("{method} {path} {about} nobody"), expected[0]);
        for (login, expected) in PEOPLE.into_iter().zip(expected[1..].iter().copied()) {
            let ask = ask(login);
            // Whoever the route is not for is told so first.
            let without = if expected == 403 || safe || *needs == "-" { expected } else { 403 };
            let cell = |how: &str| format!("{method} {path} {about} {login} {how}");
            cells.cell(&ask.clone().cookie(&sessions[login]), method, &cell("without form token"), without);
            cells.cell(&ask.clone().signed(&sessions[login]), method, &cell("with form token"), expected);
            for scope in SCOPES {
                let good = *needs == "-" || *needs == scope;
                let token = &world.tokens[&(login, scope)];
                let expected = if good { expected } else { 403 };
                cells.cell(&ask.clone().bearer(token), method, &cell(scope), expected);
            }
            if *method == "DELETE" && path.ends_with("/session") {
                sessions.insert(login, world.served.sign_in(login));
            }
        }
    }
    let Cells { wrong, asked, nothing_here, .. } = cells;
    assert!(wrong.is_empty(), "{} of {asked}:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(nothing_here.len(), 1, "what is hidden differs from what is not there: {nothing_here:#?}");
    let World { academy, mut served, .. } = world;
    served.stop();
    academy.verified();
}
