//! Deposited bodies: whole, or a connection that breaks; and their ends are told truly.

use std::io::Read;
use std::time::Duration;

use super::stage::{Client, PATIENCE, Stage, byte, get};

const LARGE: u64 = 64 << 20;

impl Stage {
    fn next_end(&self) -> (u64, bool) {
        self.ends.recv_timeout(PATIENCE).expect("the body is told its end")
    }
}

/// Reads a body to its end or to where it breaks, and checks every byte of it.
fn read(client: &mut Client, mut pause: impl FnMut(u64)) -> u64 {
    let (mut at, mut piece) = (0, vec![0; 256 << 10]);
    while let Ok(came @ 1..) = client.0.read(&mut piece) {
        let wrong = piece[..came].iter().zip(at..).find(|(got, at)| **got != byte(*at));
        assert!(wrong.is_none(), "{wrong:?}");
        at += came as u64;
        pause(at);
    }
    at
}

#[test]
fn a_slow_reader_gets_every_byte_and_costs_nobody_else_a_place() {
    let stage = Stage::with(|limits| (limits.busy, limits.sendings) = (1, 1));
    let mut client = stage.client();
    client.send(format!("GET /deposit/good/{LARGE} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    let head = client.head();
    assert!(head.contains(&format!("Content-Length: {LARGE}\r\n")) && !head.contains("Outgoing"), "{head}");
    assert_eq!(stage.get("/meanwhile").status, 200);
    let reply = stage.get("/deposit/good/10");
    assert_eq!((reply.status, reply.code().as_str()), (503, "HTT-017"));
    assert_eq!(stage.next_end(), (0, false), "the body that found no place");
    let read = read(&mut client, |at| {
        if at % (8 << 20) < (256 << 10) {
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    assert_eq!(read, LARGE);
    assert_eq!(stage.next_end(), (LARGE, true));
    assert!(stage.ends.try_recv().is_err());
}

#[test]
fn a_reader_who_goes_away_is_noticed() {
    let stage = Stage::new();
    let mut client = stage.client();
    client.send(get(&format!("/deposit/good/{LARGE}")));
    client.head();
    client.0.read_exact(&mut vec![0; 1 << 20]).unwrap();
    drop(client);
    let (bytes, whole) = stage.next_end();
    assert!(!whole && (1 << 20..LARGE).contains(&bytes), "{bytes}");
    // A body that hears nothing of it goes on pouring into nothing.
    let mut client = stage.client();
    client.send(get(&format!("/deposit/deaf/{LARGE}")));
    client.head();
    drop(client);
    let (bytes, whole) = stage.next_end();
    assert!(!whole && bytes < LARGE, "{bytes}");
    assert_eq!(stage.get("/").status, 200);
}

#[test]
fn a_reader_who_takes_nothing_is_given_up() {
    let stage = Stage::with(|limits| limits.stall = Duration::from_millis(500));
    let mut stalled = stage.client();
    stalled.send(get(&format!("/deposit/good/{LARGE}")));
    let (bytes, whole) = stage.next_end();
    assert!(!whole && bytes < LARGE, "{bytes}");
    // Answers that are not deposited are given up as well.
    let mut stalled = stage.client();
    stalled.send(get("/plain/16000000"));
    assert_eq!(stage.get("/").status, 200);
    std::thread::sleep(Duration::from_secs(2));
    stalled.head();
    assert!(read_any(&mut stalled) < 16_000_000);
}

fn read_any(client: &mut Client) -> usize {
    let mut rest = Vec::new();
    // A connection that was reset keeps what came before.
    let _ = client.0.read_to_end(&mut rest);
    rest.len()
}

#[test]
fn a_reader_who_takes_a_little_now_and_then_is_not() {
    let stage = Stage::with(|limits| limits.stall = Duration::from_secs(2));
    let mut client = stage.client();
    client.send(format!("GET /deposit/good/{LARGE} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    client.head();
    // For longer than a stall may take, less at a time than makes the system call the socket writable.
    for _ in 0..25 {
        client.0.read_exact(&mut vec![0; 128 << 10]).unwrap();
        std::thread::sleep(Duration::from_millis(200));
    }
    let (mut rest, before) = (0, 25 * (128 << 10));
    let mut piece = vec![0; 1 << 20];
    while let Ok(came @ 1..) = client.0.read(&mut piece) {
        rest += came as u64;
    }
    assert_eq!(before + rest, LARGE);
    assert_eq!(stage.next_end(), (LARGE, true));
}

#[test]
fn a_body_that_is_not_as_announced_breaks_the_connection_and_is_never_padded() {
    let stage = Stage::new();
    let length = 1_000_000;
    for (how, most) in
        [("short", length - 1), ("long", length), ("failing", length / 2), ("panicking", length / 2)]
    {
        let mut client = stage.client();
        client.send(get(&format!("/deposit/{how}/{length}")));
        let head = client.head();
        assert!(head.contains("Content-Length: 1000000\r\n"), "{head}");
        let read = read(&mut client, |_| {});
        let (bytes, whole) = stage.next_end();
        assert!(!whole && read <= most && bytes <= most, "{how}: {bytes} said, {read} read");
        if how != "long" {
            assert_eq!((bytes, read), (most, most), "{how}");
        }
        assert_eq!(stage.get("/").status, 200);
    }
}

#[test]
fn a_connection_goes_on_after_a_body_and_one_nobody_asked_for_is_not_sent() {
    let stage = Stage::new();
    let mut client = stage.client();
    for length in [0, 1, 300_000] {
        client.send(get(&format!("/deposit/good/{length}")) + &get("/next"));
        let reply = client.reply();
        assert!(reply.body.iter().zip(0..).all(|(got, at)| *got == byte(at)));
        assert_eq!(reply.body.len() as u64, length);
        assert!(client.reply().text().starts_with("GET /next\n"));
        assert_eq!(stage.next_end(), (length, true));
    }
    client.send("HEAD /deposit/good/5000000000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.bodiless().header("content-length"), Some("5000000000000"));
    assert_eq!(stage.next_end(), (0, false));
    client.send(get("/deposit/unwanted/10"));
    let reply = client.bodiless();
    assert_eq!((reply.status, reply.header("content-length")), (304, None));
    assert_eq!(stage.next_end(), (0, false));
    client.send(get("/next"));
    assert_eq!(client.reply().status, 200);
}

#[test]
fn a_token_of_nothing_is_no_answer() {
    let stage = Stage::new();
    let reply = stage.get("/token/0123456789abcdef0123456789abcdef");
    assert_eq!((reply.status, reply.code().as_str()), (502, "HTT-018"));
}
