//! What no honest client sends, in a table.

use super::stage::{Stage, get};

/// A request with one line of its own.
fn with(line: &str) -> Vec<u8> {
    format!("GET / HTTP/1.1\r\nHost: copiste.test\r\n{line}\r\n\r\n").into_bytes()
}

fn post(line: &str) -> Vec<u8> {
    format!("POST /body HTTP/1.1\r\nHost: copiste.test\r\n{line}\r\n\r\nabc").into_bytes()
}

fn raw(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

#[test]
fn what_is_not_a_clear_request_is_refused_with_its_code_and_the_server_goes_on() {
    let stage = Stage::new();
    let many = (0..65).map(|number| format!("X-{number}: a\r\n")).collect::<String>();
    let table: Vec<(Vec<u8>, u16, &str)> = vec![
        // Not HTTP.
        (raw("hello\r\n\r\n"), 400, "HTT-001"),
        (raw("GET /\r\n\r\n"), 400, "HTT-001"),
        (raw("GET / HTTP/1.1 x\r\nHost: a\r\n\r\n"), 400, "HTT-001"),
        (raw("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "HTT-001"),
        (raw("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "HTT-001"),
        (raw("GET / http/1.1\r\nHost: a\r\n\r\n"), 400, "HTT-001"),
        (raw("G(T / HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "HTT-001"),
        (raw("GET / HTTP/1.1\r\nno colon\r\n\r\n"), 400, "HTT-001"),
        (raw("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), 400, "HTT-001"),
        (raw("GET / HTTP/1.1\r\n: a\r\nHost: a\r\n\r\n"), 400, "HTT-001"),
        (raw("GET / HTTP/1.1\r\nHost: a\r\nX Y: a\r\n\r\n"), 400, "HTT-001"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), 400, "HTT-002"),
        // Line ends, folds, control characters.
        (raw("GET / HTTP/1.1\nHost: a\n\n"), 400, "HTT-002"),
        (raw("GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n"), 400, "HTT-002"),
        (with("X: a\r\n\tb"), 400, "HTT-002"),
        (with("X: a\rTransfer-Encoding: chunked"), 400, "HTT-002"),
        (with("X: a\nTransfer-Encoding: chunked"), 400, "HTT-002"),
        (with("X: a\0b"), 400, "HTT-002"),
        (with("X: \x1b[31m"), 400, "HTT-002"),
        (with("Cookie: sésame"), 400, "HTT-002"),
        (b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), 400, "HTT-002"),
        (raw("\r\n\n"), 400, "HTT-002"),
        // Host.
        (raw("GET / HTTP/1.1\r\n\r\n"), 400, "HTT-003"),
        (raw("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400, "HTT-003"),
        (raw("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"), 400, "HTT-003"),
        (raw("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400, "HTT-003"),
        (raw("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400, "HTT-003"),
        (raw("GET / HTTP/1.1\r\nHost: user@a\r\n\r\n"), 400, "HTT-003"),
        // Targets.
        (raw("GET index HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "HTT-004"),
        (raw("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "HTT-004"),
        (raw("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "HTT-004"),
        (raw("GET file:///etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "HTT-004"),
        (raw("GET gopher://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "HTT-004"),
        (raw("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "HTT-004"),
        (format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(9_000)).into_bytes(), 414, "HTT-010"),
        (format!("GET /{}", "a".repeat(1 << 20)).into_bytes(), 414, "HTT-010"),
        // Framing.
        (post("Content-Length: 3\r\nContent-Length: 3"), 400, "HTT-005"),
        (post("Content-Length: 3\r\nContent-Length: 4"), 400, "HTT-005"),
        (post("Content-Length: 3, 3"), 400, "HTT-005"),
        (post("Content-Length: +3"), 400, "HTT-005"),
        (post("Content-Length: -3"), 400, "HTT-005"),
        (post("Content-Length: 0x3"), 400, "HTT-005"),
        (post("Content-Length: 3.0"), 400, "HTT-005"),
        (post("Content-Length: "), 400, "HTT-005"),
        (post("Content-Length: 3\r\nTransfer-Encoding: chunked"), 400, "HTT-005"),
        (post("Transfer-Encoding: chunked\r\nContent-Length: 3"), 400, "HTT-005"),
        (post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"), 400, "HTT-005"),
        (post("Transfer-Encoding:"), 400, "HTT-005"),
        (post("Transfer-Encoding : chunked"), 400, "HTT-001"),
        (post("Transfer-Encoding: chunked"), 411, "HTT-008"),
        (post("Transfer-Encoding: CHUNKED"), 411, "HTT-008"),
        (post("Transfer-Encoding: gzip, chunked"), 501, "HTT-014"),
        (post("Transfer-Encoding: xchunked"), 501, "HTT-014"),
        (post("Content-Length: 1048577"), 413, "HTT-009"),
        (post("Content-Length: 70000000000000"), 413, "HTT-009"),
        (post("Content-Length: 18446744073709551615"), 413, "HTT-009"),
        (post("Content-Length: 18446744073709551616"), 413, "HTT-009"),
        (post("Content-Length: 99999999999999999999999999999999999999"), 413, "HTT-009"),
        (post("Expect: 100-continue\r\nContent-Length: 70000000000000"), 413, "HTT-009"),
        // The rest.
        (with("Expect: a miracle"), 417, "HTT-011"),
        (format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n").into_bytes(), 431, "HTT-012"),
        (with(&format!("X: {}", "a".repeat(17 << 10))), 431, "HTT-012"),
        (with(&format!("X: {}", "a".repeat(20 << 20))), 431, "HTT-012"),
        (raw("BREW / HTTP/1.1\r\nHost: a\r\n\r\n"), 501, "HTT-013"),
        (raw("get / HTTP/1.1\r\nHost: a\r\n\r\n"), 501, "HTT-013"),
        (raw("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"), 501, "HTT-013"),
        (raw("PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n"), 501, "HTT-013"),
        (raw("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505, "HTT-015"),
        (raw("GET / HTTP/0.9\r\nHost: a\r\n\r\n"), 505, "HTT-015"),
        (raw("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), 505, "HTT-015"),
        (raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505, "HTT-015"),
    ];
    for (request, status, code) in table {
        let shown = String::from_utf8_lossy(&request[..request.len().min(120)]).into_owned();
        let mut client = stage.client();
        client.send(&request);
        // What comes after a refused request is never taken for another.
        client.send(get("/after"));
        let reply = client.reply();
        assert_eq!((reply.status, reply.code().as_str()), (status, code), "{shown:?}: {}", reply.text());
        assert_eq!(reply.header("connection"), Some("close"), "{shown:?}");
        assert_eq!(reply.header("x-request-id").map(str::len), Some(32), "{shown:?}");
        assert!(client.is_closed(), "{shown:?}");
        assert_eq!(stage.get("/").status, 200, "after {shown:?}");
    }
}

#[test]
fn a_person_reads_a_page_and_head_gets_no_body() {
    let stage = Stage::new();
    let bad = "Host: a\r\nExpect: much\r\n";
    let browser = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n";
    let page = stage.ask(format!("GET / HTTP/1.1\r\n{bad}{browser}\r\n"));
    assert_eq!((page.status, page.header("content-type")), (417, Some("text/html; charset=utf-8")));
    assert!(page.text().contains("HTT-011") && page.text().contains("lang=\"fr\""), "{}", page.text());
    for program in
        ["", "Accept: */*\r\n", "Accept: application/json, text/html;q=0.5\r\n", "Accept: text/html;q=0\r\n"]
    {
        assert_eq!(stage.ask(format!("GET / HTTP/1.1\r\n{bad}{program}\r\n")).code(), "HTT-011");
    }
    for head in ["HEAD / HTTP/1.1\r\nHost: a\r\nExpect: much\r\n\r\n", "HEAD / HTTP/1.1\nHost: a\n\n"] {
        let mut client = stage.client();
        client.send(head);
        assert!([400, 417].contains(&client.bodiless().status));
        assert!(client.is_closed());
    }
}

#[test]
fn what_a_client_says_for_the_front_never_reaches_a_handler() {
    let stage = Stage::new();
    let forged = "X-Copiste-Peer: 192.0.2.1\r\nx-copiste-outgoing: t\r\nX-Request-Id: mine\r\nX-Forwarded-For: 192.0.2.1\r\n\
                  X-Forwarded-Proto: https\r\nForwarded: for=192.0.2.1\r\nX-Real-IP: 192.0.2.1\r\nUpgrade: websocket\r\n\
                  TE: chunked\r\nKeep-Alive: 5\r\nConnection: X-Mine, keep-alive, host\r\nX-Mine: secret\r\n\
                  Proxy-Connection: a\r\nCookie: a=b\r\nAuthorization: Bearer c\r\n";
    let reply = stage.ask(format!("GET /told?q=1 HTTP/1.1\r\nHost: copiste.test:8080\r\n{forged}\r\n"));
    let id = reply.header("x-request-id").unwrap();
    let told: Vec<&str> = reply.text().lines().collect();
    let id = format!("x-request-id: {id}");
    let expected = [
        "GET /told?q=1",
        "host: copiste.test:8080",
        "content-length: 0",
        "connection: close",
        "x-copiste-peer: 127.0.0.1",
        "x-copiste-proto: http",
        "x-copiste-direct: no",
        &id,
        "cookie: a=b",
        "authorization: Bearer c",
    ];
    assert_eq!(told, expected);
}
