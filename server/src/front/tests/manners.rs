//! Keep-alive, pipelining, HEAD, old clients, proxies, curl.

use std::process::Command;

use super::crowds::from_address;
use super::stage::{Client, Stage, get};

#[test]
fn a_connection_serves_one_request_after_the_other() {
    let stage = Stage::with(|limits| limits.requests_per_connection = 5);
    let mut client = stage.client();
    for number in 1..=5 {
        client.send(get(&format!("/{number}")));
        let reply = client.reply();
        assert!(reply.text().starts_with(&format!("GET /{number}\n")), "{reply:?}");
        assert_eq!(reply.header("connection"), (number == 5).then_some("close"));
        assert!(reply.header("date").is_some() && reply.header("server").is_none());
    }
    assert!(client.is_closed());
}

#[test]
fn requests_sent_ahead_are_answered_in_their_order() {
    let stage = Stage::new();
    let mut client = stage.client();
    let mut ahead = String::new();
    for number in 0..40 {
        let body = "b".repeat(number * 10);
        ahead.push_str(&format!(
            "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}{}",
            body.len(),
            get(&format!("/{number}"))
        ));
        if number % 3 == 0 {
            // A line end too many.
            ahead.push_str("\r\n");
        }
    }
    client.send(ahead);
    for number in 0..40 {
        assert_eq!(client.reply().text(), "b".repeat(number * 10));
        assert!(client.reply().text().starts_with(&format!("GET /{number}\n")));
    }
    client.send(
        "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /never HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    assert!(client.reply().text().starts_with("GET /last\n"));
    assert!(client.is_closed());
}

#[test]
fn answers_without_a_body_leave_the_connection_in_step() {
    let stage = Stage::new();
    let mut client = stage.client();
    client.send("HEAD /plain/1000 HTTP/1.1\r\nHost: a\r\n\r\n");
    let reply = client.bodiless();
    assert_eq!((reply.status, reply.header("content-length")), (200, Some("1000")));
    for status in [204, 304] {
        client.send(get(&format!("/status/{status}")));
        let reply = client.bodiless();
        assert_eq!((reply.status, reply.header("content-length")), (status, None));
        assert_eq!(reply.header("etag"), Some("\"e\""));
    }
    client.send(get("/status/404"));
    assert_eq!(client.reply().status, 404);
    client.send(get("/plain/3000000"));
    let reply = client.reply();
    assert!(reply.body.len() == 3_000_000 && reply.body.iter().all(|byte| *byte == b'p'));
    client.send(get("/still"));
    assert!(client.reply().text().starts_with("GET /still\n"));
}

#[test]
fn an_old_client_is_served_and_kept_when_it_asks() {
    let stage = Stage::new();
    let mut client = stage.client();
    client.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    let reply = client.reply();
    assert_eq!(reply.header("connection"), Some("keep-alive"));
    assert!(reply.text().contains(&format!("host: {}\n", stage.address)), "{}", reply.text());
    client.send("GET /b HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.reply().header("connection"), Some("close"));
    assert!(client.is_closed());
    // One that says no more after its request.
    let mut client = stage.client();
    client.send("GET /c HTTP/1.0\r\n\r\n");
    client.0.get_ref().shutdown(std::net::Shutdown::Write).unwrap();
    assert!(client.reply().text().starts_with("GET /c\n"));
}

#[test]
fn the_target_may_name_the_host_itself() {
    let stage = Stage::new();
    for (target, seen) in [
        ("http://copiste.test/a?b", "/a?b"),
        ("HTTPS://COPISTE.test/a", "/a"),
        ("http://copiste.test", "/"),
        ("http://copiste.test?q", "/?q"),
        ("//copiste.test/a", "//copiste.test/a"),
        ("/a%20b?c=d&e=[1]|2", "/a%20b?c=d&e=[1]|2"),
    ] {
        assert!(stage.get(target).text().starts_with(&format!("GET {seen}\n")), "{target}");
    }
}

#[test]
fn a_trusted_proxy_is_believed_and_nobody_else() {
    let stage = Stage::new();
    let request = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9, 198.51.100.1\r\nX-Forwarded-Proto: https\r\n\r\n";
    let direct = stage.ask(request);
    assert!(
        direct.text().contains("x-copiste-peer: 127.0.0.1\nx-copiste-proto: http\nx-copiste-direct: no\n"),
        "{}",
        direct.text()
    );
    let alone = stage.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(alone.text().contains("x-copiste-direct: yes\n"), "{}", alone.text());
    let mut proxy = Client::new(from_address([127, 0, 0, 2], stage.address));
    proxy.send(request);
    let told = proxy.reply();
    assert!(
        told.text().contains("x-copiste-peer: 198.51.100.1\nx-copiste-proto: https\nx-copiste-direct: no\n"),
        "{}",
        told.text()
    );
}

#[test]
fn curl_gets_puts_and_resumes_connections() {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("skipped: there is no curl");
        return;
    }
    let stage = Stage::new();
    let url = |path: &str| format!("http://{}{path}", stage.address);
    let curl = |arguments: &[&str]| {
        let out = Command::new("curl").args(["-sS", "--max-time", "60"]).args(arguments).output().unwrap();
        assert!(out.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
        out.stdout
    };
    let body = stage.dir.path().join("body");
    std::fs::write(&body, vec![b'u'; 1 << 20]).unwrap();
    let upload = format!("@{}", body.display());
    // A body of this size makes curl wait for the word to go on.
    assert_eq!(curl(&["--data-binary", &upload, "-H", "Expect: 100-continue", &url("/body")]).len(), 1 << 20);
    assert_eq!(curl(&[&url("/deposit/good/5000000")]).len(), 5_000_000);
    let counted =
        curl(&["-o", "/dev/null", "-o", "/dev/null", "-w", "%{num_connects} ", &url("/a"), &url("/b")]);
    assert_eq!(String::from_utf8(counted).unwrap(), "1 0 ");
    let head = String::from_utf8(curl(&["-I", &url("/deposit/good/77")])).unwrap();
    assert!(head.contains("Content-Length: 77\r\n"), "{head}");
    assert!(String::from_utf8(curl(&["--http1.0", &url("/old")])).unwrap().starts_with("GET /old\n"));
}
