//! Signing in, staying, leaving.

use copiste_tests::academy::Academy;
use copiste_tests::http::{Ask, Reply, SignedIn};
use serde_json::json;

use super::{PASSWORD, Served, account};

/// The exam office's account `office`, and the administrator's.
fn served() -> (Academy, Served) {
    let academy = Academy::empty();
    account(&academy, "office", "exam-office");
    account(&academy, "administrator", "administrator");
    let served = Served::start(&academy);
    (academy, served)
}

fn show(served: &Served, who: &SignedIn) -> Reply {
    served.send(&Ask::get("/api/v1/session").cookie(who))
}

#[test]
fn who_signs_in_is_told_who_he_is_and_his_cookie_is_out_of_reach_of_scripts_and_of_other_sites() {
    let (_academy, served) = served();
    let body = json!({ "login": "office", "password": PASSWORD });
    // Nobody but a trusted proxy says that the page came over TLS.
    let ask = Ask::new("POST", "/api/v1/session").json(&body).with("X-Forwarded-Proto", "https");
    let reply = served.send(&ask.with("X-Copiste-Proto", "https")).expect(200);
    let cookie = reply.header("set-cookie").expect("a cookie").to_owned();
    let mut parts = cookie.split("; ");
    let (name, secret) = parts.next().and_then(|pair| pair.split_once('=')).expect("a pair");
    assert_eq!((name, secret.len()), ("copiste_session", 43));
    assert_eq!(parts.collect::<Vec<_>>(), ["Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=43200"]);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let said = reply.value();
    assert_eq!((&said["login"], &said["role"]), (&json!("office"), &json!("exam_office_manager")));
    assert_eq!((&said["scope"], &said["must_change_password"]), (&json!(null), &json!(false)));
    assert_eq!(
        show(&served, &reply.signed_in()).expect(200).value(),
        said,
        "and it is the same when he asks"
    );

    // A second time, with the cookie of the first: that one ends.
    let first = reply.signed_in();
    let second =
        served.send(&Ask::new("POST", "/api/v1/session").json(&body).cookie(&first)).expect(200).signed_in();
    assert_ne!(second.cookie, first.cookie);
    show(&served, &first).expect(401);
    show(&served, &second).expect(200);
    let log = served.log();
    for hidden in [secret, PASSWORD, &second.csrf, second.cookie.split_once('=').expect("a pair").1] {
        assert!(!log.contains(hidden), "a secret is in the log");
    }
    let kept = std::fs::read_to_string(served.folder.join("data/sessions")).expect("sessions");
    assert!(!kept.contains(second.cookie.split_once('=').expect("a pair").1), "a cookie is on the disk");
}

#[test]
fn a_wrong_password_and_a_login_that_is_nobodys_are_told_the_same_and_five_of_them_make_everybody_there_wait()
{
    let (_academy, served) = served();
    let wrong = served.try_password("office", "not this one either");
    let nobody = served.try_password("nobody", PASSWORD);
    assert_eq!((wrong.status, wrong.text()), (401, nobody.text()));
    assert!(wrong.header("set-cookie").is_none());
    // Two so far. A good one makes nothing undone for the others behind this address.
    served.try_password("administrator", PASSWORD).expect(200);
    for _ in 2..5 {
        served.try_password("office", "").expect(401);
    }
    for (login, password) in
        [("office", PASSWORD), ("office", "wrong"), ("administrator", PASSWORD), ("x", "y")]
    {
        let told = served.try_password(login, password).expect(429);
        assert_eq!(told.header("content-type"), Some("application/problem+json"));
        assert!(told.header("set-cookie").is_none());
    }
    // It ends by itself, and asking meanwhile makes it no longer.
    while served.try_password("office", PASSWORD).expect_one_of([200, 429]) == 429 {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

#[test]
fn what_is_no_sign_in_is_refused_before_anything_is_looked_up() {
    let (_academy, served) = served();
    for (body, kind, status) in [
        ("{}", "application/json", 422),
        ("{\"login\":\"office\"}", "application/json", 422),
        ("{\"login\":\"office\",\"password\":1}", "application/json", 422),
        ("{\"login\":\"office\",\"password\":\"p\",\"role\":\"administrator\"}", "application/json", 422),
        ("login=office&password=p", "application/x-www-form-urlencoded", 415),
        ("{\"login\":\"office\",\"password\":\"p\"}", "text/plain", 415),
        ("", "application/json", 422),
    ] {
        let ask = Ask::new("POST", "/api/v1/session").raw(body.as_bytes(), kind);
        served.send(&ask).expect(status);
    }
    let deep = "[".repeat(100_000);
    served.send(&Ask::new("POST", "/api/v1/session").raw(deep.as_bytes(), "application/json")).expect(422);
    // None of that was a failure to sign in.
    served.try_password("office", PASSWORD).expect(200);
}

#[test]
fn a_change_needs_the_token_of_its_own_session() {
    let (_academy, served) = served();
    let (who, other) = (served.sign_in("office"), served.sign_in("office"));
    let leave = || Ask::new("DELETE", "/api/v1/session").cookie(&who);
    for (what, ask) in [
        ("none", leave()),
        ("an empty one", leave().with("X-CSRF-Token", "")),
        ("another session's", leave().with("X-CSRF-Token", &other.csrf)),
        ("one cut", leave().with("X-CSRF-Token", &who.csrf[1..])),
        ("the cookie", leave().with("X-CSRF-Token", &who.cookie)),
        ("one in the query", Ask::new("DELETE", &format!("/api/v1/session?csrf={}", who.csrf)).cookie(&who)),
    ] {
        let refused = served.send(&ask);
        assert_eq!((refused.status, &refused.value()["code"]), (403, &json!("HTT-116")), "{what}");
    }
    show(&served, &who).expect(200);
    let gone = served.send(&Ask::new("DELETE", "/api/v1/session").signed(&who)).expect(204);
    let cookie = gone.header("set-cookie").expect("it is taken back");
    assert!(cookie.starts_with("copiste_session=; ") && cookie.contains("Max-Age=0"), "{cookie}");
    show(&served, &who).expect(401);
    show(&served, &other).expect(200);
}

#[test]
fn a_session_and_its_form_token_outlive_a_kill_of_the_server_and_signing_out_does_too() {
    let (_academy, mut served) = served();
    let (stays, left) = (served.sign_in("office"), served.sign_in("office"));
    served.send(&Ask::new("DELETE", "/api/v1/session").signed(&left)).expect(204);
    served.kill();
    served.again();
    assert_eq!(show(&served, &stays).expect(200).value()["csrf"], stays.csrf);
    show(&served, &left).expect(401);
    served.send(&Ask::new("DELETE", "/api/v1/session").signed(&stays)).expect(204);
}

#[test]
fn the_first_start_tells_a_password_once_that_is_good_for_nothing_but_choosing_another() {
    let academy = Academy::empty();
    copiste_tests::bundle::Bundle::small(2).write(&academy.bundle());
    academy.copiste("import", &[&academy.bundle()]).expect(0);
    let mut served = Served::start(&academy);
    let told = served.told.iter().find(|line| line.starts_with("first start:")).expect("it is told").clone();
    let password = told.split_whitespace().find(|word| word.split('-').count() == 4).expect("a password");
    let password = password.trim_end_matches(',').to_owned();
    assert!(!served.log().contains(&password));
    served.kill();
    served.again();
    assert!(!served.told.iter().any(|line| line.starts_with("first start:")), "it is told once");

    let one = served.try_password("admin", &password).expect(200);
    assert_eq!(one.value()["must_change_password"], true);
    let (one, beside) = (one.signed_in(), served.try_password("admin", &password).expect(200).signed_in());
    let refused = served.send(&Ask::get("/api/v1/exams").cookie(&one)).expect(403);
    assert_eq!(refused.value()["code"], "HTT-114");
    let change = |old: &str, new: &str| {
        let body = json!({ "old": old, "new": new });
        served.send(&Ask::new("PUT", "/api/v1/session/password").signed(&one).json(&body))
    };
    change("not this one", PASSWORD).expect(401);
    change(&password, &password).expect(422);
    change(&password, "short").expect(422);
    let changed = change(&password, PASSWORD).expect(204);
    let cookie =
        changed.header("set-cookie").and_then(|line| line.split(';').next()).expect("another cookie");
    let renewed = SignedIn { cookie: cookie.to_owned(), csrf: String::new() };
    assert_ne!(renewed.cookie, one.cookie);
    for ended in [&one, &beside] {
        show(&served, ended).expect(401);
    }
    assert_eq!(show(&served, &renewed).expect(200).value()["must_change_password"], false);
    // His role is for accounts, not for exams.
    let refused = served.send(&Ask::get("/api/v1/exams").cookie(&renewed)).expect(403);
    assert_eq!(refused.value()["code"], "HTT-113");
    served.try_password("admin", &password).expect(401);
    served.try_password("admin", PASSWORD).expect(200);
}
