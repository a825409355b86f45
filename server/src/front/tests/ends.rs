//! A backend that dies, a server that ends.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::time::Duration;

use super::stage::{PATIENCE, Stage, get};
use crate::front::private_socket;

/// A front before a backend that answers each connection with fixed bytes and closes.
fn before(answer: &'static [u8], taken: usize) -> Stage {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("backend.sock");
    let listener: UnixListener = private_socket(&path).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().take(taken) {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            stream.write_all(answer).unwrap();
        }
    });
    Stage::before(path, dir, Arc::default(), |limits| limits.answer_deadline = Duration::from_secs(5))
}

#[test]
fn a_backend_that_gives_no_usable_answer_is_said_to() {
    for answer in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive!",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"rubbish\r\n\r\n",
    ] {
        let stage = before(answer, 1);
        let reply = stage.get("/");
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (502, "HTT-018"),
            "{}",
            String::from_utf8_lossy(answer)
        );
        // Now nobody listens any more.
        assert_eq!(stage.get("/").status, 502);
    }
}

#[test]
fn a_backend_that_never_was_is_said_to() {
    let dir = tempfile::tempdir().unwrap();
    let stage = Stage::before(dir.path().join("nobody.sock"), dir, Arc::default(), |_| {});
    assert_eq!(stage.get("/").code(), "HTT-018");
}

#[test]
fn a_backend_that_keeps_silent_is_not_waited_for_for_ever() {
    let stage = Stage::with(|limits| limits.answer_deadline = Duration::from_millis(300));
    let reply = stage.get("/silent");
    assert_eq!((reply.status, reply.code().as_str()), (504, "HTT-019"));
    assert_eq!(stage.get("/").status, 200);
}

#[test]
fn answers_under_way_are_finished_and_nothing_new_is_begun() {
    let mut stage = Stage::new();
    let length = 32 << 20;
    let (mut idle, mut half, mut waiting, mut reading) =
        (stage.client(), stage.client(), stage.client(), stage.client());
    half.send("GET / HT");
    waiting.send("GET /silent HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    stage.silent.recv_timeout(PATIENCE).unwrap();
    // It has sent the next request ahead, which is not begun any more.
    reading.send(get(&format!("/deposit/good/{length}")) + &get("/never"));
    reading.head();
    stage.ender.end(PATIENCE * 10);
    assert!(idle.is_closed() && half.is_closed());
    assert!(TcpStream::connect(stage.address).is_err(), "the door is closed");
    assert!(!stage.has_ended());
    stage.release();
    assert_eq!(waiting.reply().text(), "at last");
    let mut rest = Vec::new();
    reading.0.read_to_end(&mut rest).unwrap();
    assert_eq!(rest.len(), length);
    assert_eq!(stage.ends.recv_timeout(PATIENCE).unwrap(), (length as u64, true));
    drop((waiting, reading));
    stage.end(PATIENCE * 10);
}

#[test]
fn after_its_grace_everything_is_cut() {
    let mut stage = Stage::new();
    let (mut waiting, mut reading) = (stage.client(), stage.client());
    waiting.send(get("/silent"));
    stage.silent.recv_timeout(PATIENCE).unwrap();
    reading.send(get("/deposit/good/67108864"));
    reading.head();
    stage.end(Duration::from_millis(100));
    let (bytes, whole) = stage.ends.recv_timeout(PATIENCE).unwrap();
    assert!(!whole && bytes < 67_108_864);
    let reply = waiting.reply();
    assert_eq!((reply.status, reply.code().as_str()), (503, "HTT-020"));
}

#[test]
fn an_address_that_is_taken_is_said_to_be() {
    let stage = Stage::new();
    let options = crate::front::Options {
        listen: stage.address,
        backend: "nobody.sock".into(),
        limits: crate::front::Limits::default(),
        trusted_proxies: Vec::new(),
    };
    let Err(error) = crate::front::Front::open(options, Arc::default()) else { panic!("it is taken") };
    assert!(error.to_string().starts_with("HTT-024 "), "{error}");
}
