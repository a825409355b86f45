//! The listener with clients of its own making.

use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::frame::{self, Kind};
use super::listener::{COMMANDS, Listener};
use super::request::Request;
use super::socket;
use super::wire::Wire;

/// A listener of a scratch folder that runs commands as `run` says, while `client` talks to it.
fn with_server(run: &(dyn Fn(&Request, &Arc<Wire>) -> u8 + Sync), client: impl FnOnce(&Path)) {
    let dir = tempfile::tempdir().unwrap();
    let (listener, ender) = Listener::open(dir.path()).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| listener.serve(run));
        // The server must end for this test to end, also when the client's part fails.
        let talked = catch_unwind(AssertUnwindSafe(|| client(dir.path())));
        assert!(ender.end() && !ender.end());
        talked.unwrap();
    });
    assert!(socket::connect(dir.path()).is_none());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "the socket's name stays");
}

/// Sends a word.
fn asked(dir: &Path, word: &str) -> UnixStream {
    let stream = socket::connect(dir).expect("a server");
    let request = Request::new(&[word.into()], Path::new("/")).encoded().unwrap();
    // A server that takes no command may have closed already: its answer tells.
    let _ = frame::write(&mut &stream, Kind::Request, &request);
    stream
}

/// Sends a word and reads to the exit code.
fn ask(dir: &Path, word: &str) -> (String, u8) {
    heard(&asked(dir, word))
}

fn heard(mut stream: &UnixStream) -> (String, u8) {
    let mut said = Vec::new();
    loop {
        match frame::read(&mut stream, 1 << 20).unwrap().expect("an exit code comes first") {
            (Kind::Exit, code) => return (String::from_utf8(said).unwrap(), code[0]),
            (_, bytes) => said.extend(bytes),
        }
    }
}

fn echo(request: &Request, wire: &Arc<Wire>) -> u8 {
    let word = request.arguments().remove(0).into_string().unwrap();
    assert!(word != "panic", "asked for");
    wire.send(Kind::Stdout, word.as_bytes()).unwrap();
    7
}

#[test]
fn a_panic_costs_its_own_command_and_no_other() {
    with_server(&echo, |dir| {
        let (said, code) = ask(dir, "panic");
        assert!(said.contains("CTL-009") && code == 1, "{said}");
        assert_eq!(ask(dir, "still there"), ("still there".to_owned(), 7));
    });
}

#[test]
fn a_long_answer_comes_in_pieces_and_whole() {
    let long = "é".repeat(100_000);
    with_server(&echo, |dir| assert_eq!(ask(dir, &long), (long.clone(), 7)));
}

#[test]
fn one_command_more_than_the_places_is_refused_and_a_free_place_is_taken_again() {
    let until_cancelled = |_: &Request, wire: &Arc<Wire>| {
        let cancel = wire.cancel();
        wire.send(Kind::Stdout, b"running").unwrap();
        while !cancel.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(1));
        }
        3
    };
    with_server(&until_cancelled, |dir| {
        let running: Vec<UnixStream> = (0..COMMANDS)
            .map(|_| {
                let stream = asked(dir, "wait");
                assert!(frame::read(&mut &stream, 100).unwrap().is_some());
                stream
            })
            .collect();
        let (said, code) = ask(dir, "one more");
        assert!(said.contains("CTL-006") && code == 1, "{said}");
        running[0].shutdown(Shutdown::Write).unwrap();
        assert_eq!(heard(&running[0]).1, 3, "closing the writing half cancels");
        // Its place is free a moment after its exit code.
        let mut again = ("CTL-006".to_owned(), 0);
        while again.0.contains("CTL-006") {
            let stream = asked(dir, "wait");
            // It fails where the server has left already.
            let _ = stream.shutdown(Shutdown::Write);
            again = heard(&stream);
        }
        assert_eq!(again, ("running".to_owned(), 3));
        // The end of the server cancels those that still run.
    });
}
