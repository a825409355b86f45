//! The same for the pages: what everybody is shown at every address that a person can come to.

use std::collections::BTreeSet;
use std::fs;

use copiste_tests::http::{Ask, SignedIn};
use copiste_tests::place;

use super::super::Served;
use super::world::{PEOPLE, World};

/// Method, path, what it is about, the form that is sent; then what is answered to nobody, the administrator, the
/// exam office, that of another ER, the coordinator, that of another ER, a school, another school of the same exam.
/// A form answers so with the token of its page, and 403 without.
#[rustfmt::skip]
const TABLE: &[(&str, &str, &str, &str, [u16; 8])] = &[
    ("GET",  "/",                                "",         "", [303, 303, 200, 200, 200, 200, 200, 200]),
    ("GET",  "/connexion",                       "",         "", [200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET",  "/mot-de-passe",                    "",         "", [303, 200, 200, 200, 200, 200, 200, 200]),
    ("POST", "/mot-de-passe",                    "",         "new=a&again=b", [303, 422, 422, 422, 422, 422, 422, 422]),
    ("GET",  "/aide",                            "",         "", [303, 200, 200, 200, 200, 200, 200, 200]),
    ("GET",  "/style.css",                       "",         "", [200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET",  "/icone.svg",                       "",         "", [200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET",  "/suivre.js",                       "",         "", [200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET",  "/visionneuse.js",                  "",         "", [200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET",  "/recherche.js",                    "",         "", [200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET",  "/comptes",                         "",         "", [303, 200, 403, 403, 403, 403, 403, 403]),
    ("POST", "/comptes",                         "",         "", [303, 422, 403, 403, 403, 403, 403, 403]),
    ("GET",  "/comptes/{account}",               "account",  "", [303, 200, 403, 403, 403, 403, 403, 403]),
    ("GET",  "/comptes/{account}",               "made-up",  "", [303, 404, 403, 403, 403, 403, 403, 403]),
    ("POST", "/comptes/{account}",               "account",  "", [303, 422, 403, 403, 403, 403, 403, 403]),
    ("POST", "/comptes/{account}",               "made-up",  "", [303, 404, 403, 403, 403, 403, 403, 403]),
    ("GET",  "/journal",                         "",         "", [303, 200, 403, 403, 403, 403, 403, 403]),
    ("GET",  "/parametrage",                     "",         "", [303, 403, 200, 200, 200, 200, 403, 403]),
    ("GET",  "/epreuves/{exam}",                 "one-off",  "", [303, 403, 200, 404, 200, 404, 403, 403]),
    ("GET",  "/epreuves/{exam}",                 "e3c",      "", [303, 403, 200, 404, 200, 404, 403, 403]),
    ("GET",  "/epreuves/{exam}",                 "made-up",  "", [303, 403, 404, 404, 404, 404, 403, 403]),
    ("POST", "/epreuves/{exam}/pages-acceptees", "one-off",  "", [303, 403, 422, 404, 403, 403, 403, 403]),
    ("GET",  "/epreuves/{exam}/parametrage",     "one-off",  "", [303, 403, 200, 404, 200, 404, 403, 403]),
    ("GET",  "/epreuves/{exam}/parametrage",     "e3c",      "", [303, 403, 200, 404, 200, 404, 403, 403]),
    ("POST", "/epreuves/{exam}/parametrage",     "one-off",  "", [303, 403, 303, 404, 403, 403, 403, 403]),
    ("POST", "/epreuves/{exam}/parametrage",     "e3c",      "", [303, 403, 409, 404, 403, 403, 403, 403]),
    ("GET",  "/epreuves/{exam}/cloture",         "one-off",  "", [303, 403, 200, 404, 200, 404, 403, 403]),
    ("GET",  "/epreuves/{exam}/cloture",         "e3c",      "", [303, 403, 404, 404, 404, 404, 403, 403]),
    ("POST", "/epreuves/{exam}/cloture",         "one-off",  "", [303, 403, 200, 404, 403, 403, 403, 403]),
    ("POST", "/epreuves/{exam}/cloture/essai",   "one-off",  "", [303, 403, 200, 404, 403, 403, 403, 403]),
    ("POST", "/epreuves/{exam}/cloture/essai",   "e3c",      "", [303, 403, 409, 404, 403, 403, 403, 403]),
    ("GET",  "/epreuves/{exam}/harmonisation",   "one-off",  "", [303, 403, 200, 404, 200, 404, 403, 403]),
    ("GET",  "/epreuves/{exam}/harmonisation",   "e3c",      "", [303, 403, 200, 404, 200, 404, 403, 403]),
    ("POST", "/epreuves/{exam}/harmonisation",   "e3c",      "", [303, 403, 403, 403, 200, 404, 403, 403]),
    ("GET",  "/epreuves/{exam}/journal",         "one-off",  "", [303, 403, 200, 404, 200, 404, 403, 403]),
    ("GET",  "/epreuves/{exam}/journal",         "e3c",      "", [303, 403, 200, 404, 200, 404, 403, 403]),
    ("GET",  "/epreuves/{exam}/consultations",   "one-off",  "", [303, 403, 200, 404, 200, 404, 403, 403]),
    ("GET",  "/epreuves/{exam}/consultations",   "e3c",      "", [303, 403, 200, 404, 200, 404, 403, 403]),
    ("GET",  "/epreuves/{exam}/copies",          "one-off",  "", [303, 403, 200, 404, 200, 404, 404, 404]),
    ("GET",  "/epreuves/{exam}/copies",          "e3c",      "", [303, 403, 200, 404, 200, 404, 200, 200]),
    ("GET",  "/epreuves/{exam}/copies",          "made-up",  "", [303, 403, 404, 404, 404, 404, 404, 404]),
    ("GET",  "/copies/{script}",                 "one-off's", "", [303, 403, 200, 404, 200, 404, 404, 404]),
    ("GET",  "/copies/{script}",                 "school's", "", [303, 403, 200, 404, 200, 404, 200, 404]),
    ("GET",  "/copies/{script}",                 "other's",  "", [303, 403, 200, 404, 200, 404, 404, 200]),
    ("GET",  "/copies/{script}",                 "untransmitted", "", [303, 403, 409, 404, 409, 404, 404, 404]),
    ("GET",  "/copies/{script}",                 "made-up",  "", [303, 403, 404, 404, 404, 404, 404, 404]),
    ("POST", "/copies/{script}/note",            "one-off's", "mark=x&reason=y", [303, 403, 303, 404, 403, 403, 403, 403]),
    ("POST", "/copies/{script}/note",            "untransmitted", "mark=12&reason=y", [303, 403, 303, 404, 403, 403, 403, 403]),
    ("POST", "/deconnexion",                     "",         "", [303, 303, 303, 303, 303, 303, 303, 303]),
];

/// A request with the form of its row; `csrf` is the token of the page.
fn ask(world: &World, method: &str, path: &str, about: &str, form: &str, csrf: Option<&str>) -> Ask {
    let ask = world.ask(method, path, about, "");
    if method == "GET" {
        return ask;
    }
    let token = csrf.map(|csrf| format!("&csrf={csrf}")).unwrap_or_default();
    ask.raw(format!("{form}{token}").as_bytes(), "application/x-www-form-urlencoded")
}

fn signed(ask: Ask, who: &SignedIn) -> Ask {
    ask.cookie(who)
}

/// The addresses of pages that the server has, as its own table of routes spells them.
fn served() -> BTreeSet<(String, String)> {
    let source = fs::read_to_string(place::workspace().join("server/src/http/table.rs")).expect("a file");
    let pages = source.split("const PAGES").nth(1).and_then(|rest| rest.split("};").next()).expect("a table");
    let rows = pages.lines().filter_map(|line| {
        let (method, rest) = line.trim().split_once(" \"")?;
        let (path, _) = rest.split_once('"')?;
        Some((method.to_owned(), path.to_owned()))
    });
    rows.collect()
}

#[test]
fn every_page_and_form_is_answered_as_the_table_says_to_everybody() {
    // Signing in is a subject of its own: whoever fails here would have to wait there.
    let apart = ("POST", "/connexion");
    let table: BTreeSet<_> = TABLE
        .iter()
        .map(|(method, path, ..)| (*method, *path))
        .chain([apart])
        .map(|(method, path)| (method.to_owned(), path.to_owned()))
        .collect();
    assert_eq!(served(), table);
    let world = World::new("102");
    let mut sessions = world.sessions.clone();
    let mut wrong = Vec::new();
    let mut check = |served: &Served, ask: &Ask, cell: &str, expected: u16| {
        let reply = served.send(ask);
        if reply.status != expected {
            wrong.push(format!("{cell}: {} for {expected}: {}", reply.status, reply.start()));
        }
        let kind = reply.header("content-type").unwrap_or("");
        let policy = reply.header("content-security-policy").unwrap_or("");
        if reply.status >= 400 && !kind.starts_with("text/html") || policy.contains("unsafe") {
            wrong.push(format!("{cell}: its form: {kind} {policy}"));
        }
    };
    for (method, path, about, form, expected) in TABLE {
        let cell = format!("{method} {path} {about}");
        let nobody = ask(&world, method, path, about, form, None);
        check(&world.served, &nobody, &format!("{cell} nobody"), expected[0]);
        for (login, expected) in PEOPLE.into_iter().zip(expected[1..].iter().copied()) {
            let cell = format!("{cell} {login}");
            let session = sessions[login].clone();
            if *method == "POST" {
                let forged = signed(ask(&world, method, path, about, form, None), &session);
                check(&world.served, &forged, &format!("{cell}, without token"), 403);
            }
            let own = signed(ask(&world, method, path, about, form, Some(&session.csrf)), &session);
            check(&world.served, &own, &cell, expected);
            if *path == "/deconnexion" {
                let page = signed(Ask::get("/aide"), &session);
                check(&world.served, &page, &format!("{cell}, afterwards"), 303);
                sessions.insert(login, world.served.sign_in(login));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    world.academy.copiste("status", &[]).expect(0);
}
