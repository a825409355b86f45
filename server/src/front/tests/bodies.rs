//! Bodies of requests: whole before anything is passed on, or not at all.

use std::io::Read;
use std::time::{Duration, Instant};

use super::stage::{PATIENCE, Stage};

fn post(length: usize, more: &str) -> String {
    format!("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n{more}\r\n")
}

#[test]
fn a_body_arrives_as_it_was_sent_however_it_was_cut() {
    let stage = Stage::new();
    let body: Vec<u8> = (0..1_u32 << 20).map(|at| (at % 253) as u8).collect();
    let mut client = stage.client();
    for pieces in [1, 7, 200] {
        client.send(post(body.len(), ""));
        for piece in body.chunks(body.len() / pieces) {
            client.send(piece);
        }
        assert!(client.reply().body == body, "{pieces}");
    }
    for piece in format!("{}xyz", post(3, "")).bytes() {
        client.send([piece]);
    }
    assert_eq!(client.reply().text(), "xyz");
    // A handler that answers at length without having read.
    client.send(format!("POST /plain/3000000 HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len()));
    client.send(&body);
    assert_eq!(client.reply().body.len(), 3_000_000);
    client.send("POST /body HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.reply().text(), "");
}

#[test]
fn who_asks_first_is_told_to_go_on_once_the_head_is_good() {
    let stage = Stage::new();
    let mut client = stage.client();
    client.send(post(3, "Expect: 100-Continue\r\n"));
    assert_eq!(client.head(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("abc");
    assert_eq!(client.reply().text(), "abc");
    // It did not wait, so there is nothing to tell it.
    client.send(post(3, "Expect: 100-continue\r\n") + "def");
    assert_eq!(client.reply().text(), "def");
    client.send(post(0, "Expect: 100-continue\r\n"));
    assert_eq!(client.reply().text(), "");
}

#[test]
fn a_body_or_a_head_that_stops_is_refused_and_reaches_no_handler() {
    let stage = Stage::with(|limits| {
        limits.body_deadline = Duration::from_millis(300);
        limits.head_deadline = Duration::from_millis(300);
    });
    let mut client = stage.client();
    client.send("POST /silent HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nonly some");
    let reply = client.reply();
    assert_eq!((reply.status, reply.code().as_str()), (408, "HTT-007"));
    assert!(client.is_closed());
    let reply = stage.ask("GET /silent HTTP/1.1\r\nHost: a\r\nX-Slow");
    assert_eq!((reply.status, reply.code().as_str()), (408, "HTT-006"));
    // The client's own end counts as well.
    let mut client = stage.client();
    client.send("POST /silent HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nonly some");
    client.0.get_ref().shutdown(std::net::Shutdown::Write).unwrap();
    assert!(client.is_closed());
    assert!(stage.silent.try_recv().is_err());
}

#[test]
fn a_head_that_drips_has_no_more_time_than_another() {
    let stage = Stage::with(|limits| limits.head_deadline = Duration::from_millis(500));
    let mut client = stage.client();
    let dripping = client.0.get_ref().try_clone().unwrap();
    let drip = std::thread::spawn(move || {
        let mut drop = std::iter::once(&b"GET / HTTP/1.1\r\nX: "[..]).chain(std::iter::repeat(&b"a"[..]));
        // Until the server has closed.
        while std::io::Write::write_all(&mut &dripping, drop.next().unwrap()).is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    assert_eq!(client.reply().code(), "HTT-006");
    drop(client);
    stage.ender.end(Duration::ZERO);
    drip.join().unwrap();
}

#[test]
fn bodies_that_wait_share_a_bounded_room() {
    // No deadline closes any of them: only want of room does.
    let stage = Stage::with(|limits| (limits.held_bytes, limits.body_deadline) = (4 << 20, PATIENCE * 10));
    let half = post(1 << 20, "") + &"a".repeat(600 << 10);
    let mut waiting: Vec<_> = (0..20)
        .map(|_| {
            let mut client = stage.client();
            client.send(&half);
            client
        })
        .collect();
    // Six of them have room at most. Which ones depends on whose bytes were read last.
    waiting.iter().for_each(|client| client.0.get_ref().set_nonblocking(true).unwrap());
    let began = Instant::now();
    while waiting.len() > 6 {
        assert!(began.elapsed() < PATIENCE, "{} have room", waiting.len());
        waiting.retain_mut(|client| !client.is_closed());
        std::thread::yield_now();
    }
    // Once nothing of the others is on its way any more, they are the ones that make room.
    let whole = half + &"a".repeat((1 << 20) - (600 << 10));
    let answered = (0..100).any(|_| {
        let (mut client, mut start) = (stage.client(), [0; 12]);
        client.send(&whole);
        client.0.read_exact(&mut start).is_ok() && start == *b"HTTP/1.1 200"
    });
    assert!(answered);
    assert_eq!(stage.get("/").status, 200);
}
