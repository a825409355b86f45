//! Ways to come in that are good for nothing any more, or never were.

use copiste_tests::academy::Academy;
use copiste_tests::http::{Ask, SignedIn};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::super::{Served, account, token, typed};
use super::table::rows;
use super::world::World;

/// Every session of the file ends as if somebody had not been seen for half an hour, or had signed in twelve hours
/// ago.
fn age(academy: &Academy, field: &str, seconds: i64) {
    let path = academy.path("data/sessions");
    let text = std::fs::read_to_string(&path).expect("sessions");
    let aged = |line: &str| {
        let (_, json) = line.split_once(' ').expect("a check and JSON");
        if !json.contains("\"seen_at\"") {
            return format!("{line}\n");
        }
        // As it stands, but for the one number: the order of the fields is part of what is checked.
        let at = serde_json::from_str::<Value>(json).expect("JSON")[field].as_i64().expect("an instant");
        let json = json.replace(&format!("\"{field}\":{at}"), &format!("\"{field}\":{}", at - seconds));
        let check: String =
            Sha256::digest(json.as_bytes())[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{check} {json}\n")
    };
    let aged: String = text.lines().map(aged).collect();
    assert_ne!(aged, text);
    std::fs::write(path, aged).expect("they can be written");
}

#[test]
fn a_session_ends_half_an_hour_after_it_was_used_and_twelve_hours_after_it_began() {
    let academy = Academy::empty();
    account(&academy, "office", "exam-office");
    let mut served = Served::start(&academy);
    let show = |served: &Served, who: &SignedIn| served.send(&Ask::get("/api/v1/session").cookie(who)).status;
    for (field, seconds, after) in [
        ("seen_at", 60, 200),
        ("seen_at", 31 * 60, 401),
        ("made_at", 60, 200),
        ("made_at", 12 * 3600 + 60, 401),
    ] {
        let who = served.sign_in("office");
        served.stop();
        age(&academy, field, seconds);
        served.again();
        assert_eq!(show(&served, &who), after, "{field} {seconds}");
    }
}

#[test]
fn whoever_comes_in_with_something_that_is_no_good_is_nobody_on_every_route() {
    let world = World::new("102");
    let World { academy, served, .. } = &world;
    let folder = academy.path("");
    for login in ["closed", "left", "revoked", "told"] {
        account(academy, login, "exam-office");
    }
    let (closed, left, revoked) =
        (served.sign_in("closed"), served.sign_in("left"), token(academy, "revoked", "read,download,act"));
    let closed_token = token(academy, "closed", "read,download,act");
    let told_token = token(academy, "told", "read,download,act");
    for good in [&closed_token, &revoked, &told_token] {
        served.send(&Ask::get("/api/v1/exams").bearer(good)).expect(200);
    }
    typed(&folder, &["account", "close", "--data", "data", "closed"], "").expect(0);
    served.send(&Ask::new("DELETE", "/api/v1/session").signed(&left)).expect(204);
    let list = typed(&folder, &["account", "list", "--data", "data", "--json"], "").expect(0).json();
    let account = list.as_array().expect("accounts").iter().find(|one| one["login"] == "revoked");
    let id = account.expect("it is there")["tokens"][0]["id"].as_str().expect("an id");
    typed(&folder, &["account", "token", "--data", "data", "revoked", "--revoke", id], "").expect(0);
    // Another password, given by somebody else, that must be changed first.
    let given =
        typed(&folder, &["account", "password", "--data", "data", "--generate", "told"], "").expect(0);
    let given =
        served.try_password("told", given.out.lines().last().expect("it is told")).expect(200).signed_in();

    let office = &world.sessions["office"];
    let made_up =
        SignedIn { cookie: format!("copiste_session={}", "A".repeat(43)), csrf: office.csrf.clone() };
    let empty = SignedIn { cookie: "copiste_session=".to_owned(), csrf: String::new() };
    let of_another = format!("cop_{}", "A".repeat(43));
    let ways: [(&str, &dyn Fn(Ask) -> Ask); 11] = [
        ("a closed account's session", &|ask: Ask| ask.signed(&closed)),
        ("a session that was signed out of", &|ask: Ask| ask.signed(&left)),
        ("a cookie made up", &|ask: Ask| ask.signed(&made_up)),
        ("no cookie in the cookie", &|ask: Ask| ask.signed(&empty)),
        ("a closed account's token", &|ask: Ask| ask.bearer(&closed_token)),
        ("a token that was taken back", &|ask: Ask| ask.bearer(&revoked)),
        ("a token of somebody who must choose a password", &|ask: Ask| ask.bearer(&told_token)),
        ("a token made up", &|ask: Ask| ask.bearer(&of_another)),
        ("no token", &|ask: Ask| ask.bearer("")),
        ("a password", &|ask: Ask| ask.with("Authorization", "Basic b2ZmaWNlOm9mZmljZQ==")),
        ("a bad token beside a good session", &|ask: Ask| ask.bearer(&revoked).signed(office)),
    ];
    let mut wrong = Vec::new();
    for (method, path, about, needs) in rows() {
        let ask = world.ask(method, path, about, "nobody");
        let for_everyone = needs == "-";
        for (how, way) in &ways {
            let reply = served.send(&way(ask.clone()));
            if (reply.status == 401) == for_everyone {
                wrong.push(format!("{method} {path} {about}, {how}: {}", reply.status));
            }
        }
        // Nothing is open to him before he has another password, but his session, which he keeps here.
        if method == "DELETE" && path == "/api/v1/session" {
            continue;
        }
        let reply = served.send(&ask.signed(&given));
        let his = for_everyone || path.starts_with("/api/v1/session");
        if (reply.status == 403 && reply.value()["code"] == "HTT-114") == his {
            wrong.push(format!("{method} {path} {about}, a password to change: {}", reply.status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
