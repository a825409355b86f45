//! What a person or a program does through nginx, and what is done to it.

use copiste_tests::academy::Academy;
use copiste_tests::needs;
use serde_json::{Value, json};

use super::super::{ENTITY, PASSWORD, Served, account};
use super::{Nginx, trusting};

struct Site {
    nginx: Nginx,
    served: Served,
    academy: Academy,
}

fn site() -> Site {
    let academy = Academy::of("--kind one_off --candidates 3 --mix ccitt --seed 146");
    account(&academy, "office", &format!("exam-office:{ENTITY}"));
    account(&academy, "other", &format!("exam-office:{ENTITY}"));
    let served = Served::start_with(&academy, trusting());
    let nginx = Nginx::before(&served.authority, &academy.path(""));
    Site { nginx, served, academy }
}

impl Site {
    /// Signs in as a program does, from an address; the status, and the head and body that came.
    fn sign_in(&self, from: &str, login: &str, password: &str, more: &[&str]) -> (u16, String) {
        let (body, url) =
            (json!({ "login": login, "password": password }).to_string(), self.nginx.url("/api/v1/session"));
        let kind = "Content-Type: application/json";
        let out =
            self.nginx.curl(from, &[&["-i", "-H", kind, "-d", &body, &url], more].concat()).expect(0).out;
        (out.split_whitespace().nth(1).and_then(|status| status.parse().ok()).expect("a status"), out)
    }
}

#[test]
fn a_cookie_that_came_over_tls_goes_over_tls_alone_and_the_client_is_known_by_his_own_address() {
    needs!(Nginx, OpenSsl, Curl);
    let site = site();
    // Whatever he says of himself, nginx says where he is.
    let forged = [
        "-H",
        "X-Forwarded-For: 203.0.113.9",
        "-H",
        "X-Forwarded-Proto: http",
        "-H",
        "Forwarded: for=203.0.113.9;proto=http",
    ];
    let (status, said) = site.sign_in("127.0.0.3", "office", PASSWORD, &forged);
    assert_eq!(status, 200, "{said}");
    let cookie = said.lines().find(|line| line.to_lowercase().starts_with("set-cookie:")).expect("a cookie");
    assert!(cookie.trim_end().ends_with("; Secure"), "{cookie}");
    let log = site.served.log();
    let line = log.lines().rfind(|line| line.contains("/api/v1/session")).expect("a line");
    assert!(line.contains("127.0.0.3") && !line.contains("203.0.113.9"), "{line}");

    // Numbers are not for whoever comes this way, though nginx is on this machine.
    let numbers =
        site.nginx.curl("127.0.0.3", &["-o", "/dev/null", "-w", "%{http_code}", &site.nginx.url("/metrics")]);
    assert_eq!(numbers.expect(0).out, "401");

    // Who fails too often has to wait, and his neighbour behind the same nginx has not.
    for _ in 0..5 {
        assert_eq!(site.sign_in("127.0.0.4", "nobody", "not this one", &[]).0, 401);
    }
    let (status, said) = site.sign_in("127.0.0.4", "other", PASSWORD, &[]);
    assert_eq!(status, 429, "{said}");
    assert!(said.to_lowercase().contains("\nretry-after: "), "{said}");
    assert_eq!(site.sign_in("127.0.0.5", "other", PASSWORD, &[]).0, 200);
}

#[test]
fn a_person_signs_in_changes_something_and_signs_out() {
    needs!(Nginx, OpenSsl, Curl);
    let site = site();
    let jar = site.academy.path("jar").display().to_string();
    let browse = |arguments: &[&str], target: &str| {
        let url = site.nginx.url(target);
        let all = [&["-i", "-b", &jar, "-c", &jar], arguments, &[&url]].concat();
        site.nginx.curl("127.0.0.3", &all).expect(0).out
    };
    let status = |page: &str| page.split_whitespace().nth(1).map(str::to_owned).unwrap_or_default();
    let led = browse(&[], "/");
    assert!(status(&led) == "303" && led.contains("/connexion"), "{led}");
    let login = format!("password={PASSWORD}");
    let signed = browse(&["--data-urlencode", "login=office", "--data-urlencode", &login], "/connexion");
    assert_eq!(status(&signed), "303", "{signed}");
    let exam = site.academy.exam();
    assert!(browse(&[], "/").contains(&exam), "the dashboard has no exam");
    let settings = format!("/epreuves/{exam}/parametrage");
    let page = browse(&[], &settings);
    let token =
        page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token");
    let token = format!("csrf={token}");
    let form = ["--data-urlencode", "export_absences=true", "--data-urlencode", "question_count=12"];
    assert_eq!(status(&browse(&form, &settings)), "403", "without the token of the page");
    let sent = browse(&[&form[..], &["--data-urlencode", &token]].concat(), &settings);
    assert_eq!(status(&sent), "303", "{sent}");
    assert_eq!(status(&browse(&["--data-urlencode", &token], "/deconnexion")), "303");
    assert_eq!(status(&browse(&[], &settings)), "303", "he is signed out");
    // A body in chunks comes whole from nginx.
    let body = json!({ "login": "other", "password": PASSWORD }).to_string();
    let url = site.nginx.url("/api/v1/session");
    let chunked =
        ["-H", "Content-Type: application/json", "-H", "Transfer-Encoding: chunked", "-d", &body, &url];
    let said: Value = site.nginx.curl("127.0.0.6", &chunked).expect(0).json();
    assert_eq!(said["login"], "other");
}

#[test]
fn hostile_requests_that_nginx_refuses_or_lets_pass_leave_the_server_up() {
    needs!(Nginx, OpenSsl, Curl);
    let site = site();
    let head = |line: &str, more: &str| {
        format!("{line} HTTP/1.1\r\nHost: copies.example.fr\r\n{more}\r\n").into_bytes()
    };
    let post =
        |more: &str, body: &str| [head("POST /api/v1/session", more), body.as_bytes().to_vec()].concat();
    let long = format!("X-Long: {}\r\n", "a".repeat(20_000_000));
    let many: String = (0..300).map(|number| format!("X-{number}: 1\r\n")).collect();
    let deep = "[".repeat(100_000);
    let smuggled = "0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
    for (what, bytes, statuses) in [
        ("seventy terabytes", post("Content-Length: 70000000000000\r\n", ""), &[413][..]),
        ("two to the power of 64", post("Content-Length: 18446744073709551615\r\n", ""), &[400, 413]),
        ("two lengths", post("Content-Length: 4\r\nContent-Length: 5\r\n", "{}{}"), &[400]),
        (
            "a length and chunks",
            post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", smuggled),
            &[400],
        ),
        ("another coding", post("Transfer-Encoding: xchunked\r\n", smuggled), &[400, 501]),
        ("a head of 20 MB", head("GET /", &long), &[400, 431]),
        ("300 header lines", head("GET /", &many), &[431]),
        ("a zero in the path", head("GET /%00", ""), &[400]),
        ("a path that is not UTF-8", head("GET /epreuves/%ff", ""), &[400]),
        ("a path that climbs", head("GET /../../etc/passwd", ""), &[400, 404]),
        ("a query that is not UTF-8", head("GET /connexion?vers=%ff", ""), &[400]),
        (
            "a cookie of nonsense",
            head("GET /api/v1/session", "Cookie: copiste_session=%ff;;=;\"\r\n"),
            &[401],
        ),
        ("another version", b"GET / HTTP/3.7\r\nHost: copies.example.fr\r\n\r\n".to_vec(), &[400, 505]),
        ("no HTTP", b"\x16\x03\x01 hello\r\n\r\n".to_vec(), &[400]),
        ("TRACE", head("TRACE /", ""), &[405]),
        ("BREW", head("BREW /", ""), &[501]),
        (
            "deep JSON",
            post(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", deep.len()), &deep),
            &[422],
        ),
    ] {
        let line = site.nginx.raw(&bytes);
        let status: Option<u16> = line.split_whitespace().nth(1).and_then(|status| status.parse().ok());
        assert!(status.is_some_and(|status| statuses.contains(&status)), "{what}: {line:?}");
        assert_eq!(site.sign_in("127.0.0.3", "office", PASSWORD, &[]).0, 200, "after {what}");
    }
    assert!(!site.served.log().contains("HTT-023"), "{}", site.served.log());
}
