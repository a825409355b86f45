//! Two exams, everybody who has an account, and what the requests of the table are about.

use std::collections::BTreeMap;

use copiste_tests::academy::{Academy, lines};
use copiste_tests::http::{Ask, SignedIn};
use serde_json::{Value, json};

use super::super::{ENTITY, Served, account, imported, token};

/// Everybody, in the order of the table's columns.
pub(in super::super) const PEOPLE: [&str; 7] =
    ["administrator", "office", "office-afar", "coordinator", "coordinator-afar", "school", "other-school"];

/// What a token may be good for.
pub(in super::super) const SCOPES: [&str; 3] = ["read", "download", "act"];

/// A served academy: a one-off exam that is closed, and an E3C of which the batch `L001` is transmitted.
pub(in super::super) struct World {
    pub(in super::super) served: Served,
    pub(in super::super) academy: Academy,
    pub(in super::super) sessions: BTreeMap<&'static str, SignedIn>,
    pub(in super::super) tokens: BTreeMap<(&'static str, &'static str), String>,
    /// Ids by what the table calls them.
    pub(in super::super) things: BTreeMap<&'static str, String>,
    /// Schools of the E3C: the one whose account is `school`, and that of `other-school`.
    pub(in super::super) schools: [String; 2],
    /// Candidates of the E3C: number, last name, school, batch.
    pub(in super::super) candidates: Vec<[String; 4]>,
}

/// What no exam, script or job is called.
const MADE_UP: &str = "0123456789abcdef0123456789abcdef";

impl World {
    pub(in super::super) fn new(seed: &str) -> World {
        let academy = Academy::empty();
        let small =
            ["--candidates", "40", "--pages", "1", "--mix", "ccitt", "--schools", "3", "--seed", seed];
        let with = |kind: &'static str| [&["--kind", kind], &small[..]].concat();
        let one_off = imported(&academy, "one-off", &with("one_off"));
        let common = imported(&academy, "common", &with("common_assessment"));
        academy.copiste("close", &[&one_off]).expect(0);
        academy.copiste("validate", &[&common, &"--batch", &"L001"]).expect(0);
        let candidates = candidates(&academy);
        let of = |batch: &str| -> Vec<String> {
            candidates.iter().filter(|one| one[3] == batch).map(|one| one[2].clone()).collect()
        };
        let (first, second) = (of("L001"), of("L002"));
        let school = first.iter().find(|school| second.contains(school)).cloned();
        let school = school.expect("a school with copies in both batches");
        let other = first.iter().find(|other| **other != school).cloned().expect("another school");

        for (login, role) in PEOPLE.into_iter().zip([
            "administrator".to_owned(),
            format!("exam-office:{ENTITY}"),
            "exam-office:ER-ELSEWHERE".to_owned(),
            format!("coordinator:{ENTITY}"),
            "coordinator:ER-ELSEWHERE".to_owned(),
            format!("school:{school}"),
            format!("school:{other}"),
        ]) {
            account(&academy, login, &role);
        }
        let served = Served::start(&academy);
        let sessions: BTreeMap<_, _> = PEOPLE.iter().map(|login| (*login, served.sign_in(login))).collect();
        let mut tokens = BTreeMap::new();
        for login in PEOPLE {
            for scope in SCOPES {
                tokens.insert((login, scope), token(&academy, login, scope));
            }
        }
        let office = &sessions["office"];
        let script = |exam: &str, number: &str| {
            let found = served.get(&format!("/api/v1/exams/{exam}/scripts?q={number}"), office);
            found["scripts"][0]["script"].as_str().expect("a script").to_owned()
        };
        let in_batch = |school: &str, batch: &str| {
            let one = candidates.iter().find(|one| one[2] == school && one[3] == batch).expect("somebody");
            script(&common, &one[0])
        };
        let any = lines(&academy.path("one-off"), "scripts.jsonl")[0].clone();
        let job = Ask::new("POST", "/api/v1/jobs").json(&json!({ "exam": one_off })).signed(office);
        let job = served.send(&job).expect(202).value()["id"].as_str().expect("an id").to_owned();
        let listed = ["account", "list", "--data", "data", "--json"];
        let accounts = super::super::typed(&academy.path(""), &listed, "").expect(0).json();
        let things = BTreeMap::from([
            ("one-off", one_off.clone()),
            ("e3c", common.clone()),
            ("one-off's", script(&one_off, any["candidate"].as_str().expect("a number"))),
            ("school's", in_batch(&school, "L001")),
            ("other's", in_batch(&other, "L001")),
            ("untransmitted", in_batch(&school, "L002")),
            ("office's", job),
            ("account", accounts[0]["id"].as_str().expect("an id").to_owned()),
            ("made-up", MADE_UP.to_owned()),
        ]);
        World { served, sessions, tokens, things, schools: [school, other], candidates, academy }
    }

    /// The request of a row of the table, without anybody's cookie or token.
    pub(in super::super) fn ask(&self, method: &str, path: &str, about: &str, login: &str) -> Ask {
        let (about, query) = about.split_once('?').unwrap_or((about, ""));
        let thing = self.things.get(about).map_or("", String::as_str);
        let open = path.find('{');
        let mut target = match (open, path.find('}')) {
            (Some(open), Some(close)) => format!("{}{thing}{}", &path[..open], &path[close + 1..]),
            _ => path.to_owned(),
        }
        .replace("{page}", "1");
        match query {
            "" => {}
            "school" => target += &format!("?school={}", self.schools[0]),
            other => target += &format!("?{other}"),
        }
        match body(method, path, thing, login) {
            Some(body) => Ask::new(method, &target).json(&body),
            None => Ask::new(method, &target),
        }
    }
}

/// What a change says. Where it can be, it changes nothing when it is made again.
fn body(method: &str, path: &str, exam: &str, login: &str) -> Option<Value> {
    Some(match (method, path.trim_start_matches("/api/v1/")) {
        // Neither login nor password: nobody can sign in with that, and nobody has failed to.
        ("POST", "session") => json!({}),
        // The password he has already.
        ("PUT", "session/password") => {
            json!({ "old": super::super::PASSWORD, "new": super::super::PASSWORD })
        }
        ("PUT", "exams/{exam}/settings") => json!({ "question_count": 12 }),
        ("POST", "exams/{exam}/accepted-damage") => json!({ "all": true, "reason": "vu" }),
        ("POST", "exams/{exam}/closing") => json!({ "dry_run": true }),
        ("POST", "exams/{exam}/harmonisation") => json!({}),
        // Everybody's own: two accounts cannot have the same job done at once.
        ("POST", "jobs") => {
            let second = PEOPLE.iter().position(|other| *other == login);
            let second = second.unwrap_or(PEOPLE.len());
            json!({ "exam": exam, "since": format!("2001-01-01T00:00:{second:02}Z") })
        }
        ("PUT", "scripts/{script}/mark") => json!({ "mark": "no mark", "reason": "erreur" }),
        _ => return None,
    })
}

/// The E3C's candidates who have a script.
fn candidates(academy: &Academy) -> Vec<[String; 4]> {
    let bundle = academy.path("common");
    let text = |line: &Value, field: &str| line[field].as_str().unwrap_or_default().to_owned();
    let batches: BTreeMap<String, String> = lines(&bundle, "scripts.jsonl")
        .iter()
        .map(|script| (text(script, "candidate"), text(script, "batch")))
        .collect();
    let people = lines(&bundle, "candidates.jsonl");
    let people = people.iter().filter_map(|one| {
        let batch = batches.get(&text(one, "number"))?.clone();
        Some([text(one, "number"), text(one, "last_name"), text(one, "school"), batch])
    });
    people.collect()
}
