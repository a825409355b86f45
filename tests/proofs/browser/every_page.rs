//! Every page: without a violation that axe-core knows, on a wide window, on a phone, and at 400 %.

use std::collections::{BTreeSet, VecDeque};

use copiste_tests::academy::Academy;
use copiste_tests::browser::Browser;
use copiste_tests::needs;
use copiste_tests::stand_ins::StandIns;
use serde_json::json;

use super::{accounts, served, signed_in};
use crate::http::{Served, account, imported};

/// The pages that links lead to from the first one, and not what is taken away. Of pages that differ in nothing but
/// a number or a search, one is looked at.
fn walk(browser: &Browser, mut each: impl FnMut(&str)) {
    let mut seen = BTreeSet::new();
    let mut next = VecDeque::from(["/".to_owned()]);
    while let Some(page) = next.pop_front() {
        browser.go(&page);
        each(&page);
        let read = "return [...document.querySelectorAll('a[href]:not([download])')].map(a => a.getAttribute('href'))";
        let links = browser.script(read, &json!([]));
        for link in links.as_array().into_iter().flatten().filter_map(|link| link.as_str()) {
            let link = link.split(['#', '?']).next().unwrap_or_default();
            let kind = match link.split('/').collect::<Vec<_>>().as_slice() {
                ["", "comptes", _] => "/comptes/un".to_owned(),
                ["", "copies", ..] => "/copies/une".to_owned(),
                _ => link.to_owned(),
            };
            if link.starts_with('/') && !link.starts_with("/api/") && seen.insert(kind) {
                next.push_back(link.to_owned());
            }
        }
    }
    assert!(seen.len() > 3, "{seen:?}");
}

/// Whether the page is wider than the window: then a person has to move it to and fro to read a line.
fn overflows(browser: &Browser) -> bool {
    let read = "return document.documentElement.scrollWidth > window.innerWidth";
    browser.script(read, &json!([])) == true
}

fn world() -> (Academy, StandIns, Served) {
    let academy = Academy::empty();
    let small = ["--candidates", "40", "--pages", "2", "--mix", "all", "--schools", "2", "--seed", "331"];
    let one_off = imported(&academy, "one-off", &[&["--kind", "one_off"], &small[..]].concat());
    let unfinished = ["--kind", "one_off", "--id", "unfinished", "--unfinished"];
    imported(&academy, "unfinished", &[&unfinished[..], &small[..8], &["--seed", "332"]].concat());
    let common = imported(&academy, "common", &[&["--kind", "common_assessment"], &small[..]].concat());
    academy.copiste("close", &[&one_off]).expect(0);
    academy.copiste("validate", &[&common, &"--all"]).expect(0);
    accounts(&academy);
    let schools = copiste_tests::academy::lines(&academy.path("common"), "schools.jsonl");
    account(&academy, "school", &format!("school:{}", schools[0]["uai"].as_str().expect("a UAI")));
    let stand_ins = StandIns::start(&academy.path("stand-ins"), "331", &[]);
    let served = served(&academy, &stand_ins);
    (academy, stand_ins, served)
}

#[test]
fn axe_finds_no_violation_on_any_page_of_any_role_and_no_page_is_wider_than_a_phone() {
    needs!(Browser, Axe);
    let (_academy, _stand_ins, served) = world();
    let mut found = Vec::new();
    let anybody = Browser::open(&format!("http://{}", served.authority));
    anybody.go("/connexion");
    anybody.picture("connexion");
    found.extend(anybody.violations().into_iter().map(|one| format!("/connexion: {one}")));
    drop(anybody);
    for login in ["office", "coordinator", "school", "admin"] {
        let browser = signed_in(&served, login);
        walk(&browser, |page| {
            found.extend(browser.violations().into_iter().map(|one| format!("{login} {page}: {one}")));
            // 1280 pixels at 400 % are as many as a small phone has (WCAG 2.2, 1.4.10).
            browser.size(336, 800);
            if overflows(&browser) {
                found.push(format!("{login} {page} is wider than 320 pixels"));
                browser.picture(&format!("trop-large-{login}-{}", page.replace('/', "-")));
            }
            browser.size(1280, 900);
            found.extend(browser.complaints().into_iter().map(|one| format!("{login} {page}: {one}")));
        });
        browser.size(336, 800);
        browser.go("/");
        browser.picture(&format!("telephone-{login}"));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
