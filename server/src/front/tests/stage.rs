//! A front with a backend of a few simple handlers, and a client that knows every byte it sends.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;
use tiny_http::{Header, Request, Response, Server};

use crate::front::{Ender, Front, Handover, Limits, OUTGOING, Options, Outgoing, private_socket};

/// Nobody in these tests waits longer: what hangs fails.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// A running front.
pub(super) struct Stage {
    pub(super) address: SocketAddr,
    pub(super) ender: Ender,
    front: Option<JoinHandle<()>>,
    backend: Option<(Arc<Server>, Vec<JoinHandle<()>>)>,
    /// What deposited bodies were told.
    pub(super) ends: Receiver<(u64, bool)>,
    /// A message for each request that gets no answer until [`Stage::release`].
    pub(super) silent: Receiver<()>,
    held: Arc<Mutex<Vec<Request>>>,
    pub(super) dir: TempDir,
}

/// What the handlers share.
struct Handlers {
    handover: Arc<Handover>,
    ends: Sender<(u64, bool)>,
    silent: Sender<()>,
    held: Arc<Mutex<Vec<Request>>>,
}

impl Stage {
    pub(super) fn new() -> Stage {
        Stage::with(|_| {})
    }

    pub(super) fn with(set: impl FnOnce(&mut Limits)) -> Stage {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("backend.sock");
        let server = Arc::new(Server::from_listener(private_socket(&path).unwrap(), None).unwrap());
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        let (handover, held) = (Arc::new(Handover::default()), Arc::default());
        let (ends, silent) = (channel(), channel());
        let handlers = Arc::new(Handlers {
            handover: Arc::clone(&handover),
            ends: ends.0,
            silent: silent.0,
            held: Arc::clone(&held),
        });
        let threads = (0..4).map(|_| {
            let (server, handlers) = (Arc::clone(&server), Arc::clone(&handlers));
            std::thread::spawn(move || {
                while let Ok(request) = server.recv() {
                    handlers.handle(request);
                }
            })
        });
        let threads = threads.collect();
        let mut stage = Stage::before(path, dir, handover, set);
        (stage.ends, stage.silent, stage.held) = (ends.1, silent.1, held);
        stage.backend = Some((server, threads));
        stage
    }

    /// A front before a backend that somebody else plays, or nobody.
    pub(super) fn before(
        backend: PathBuf,
        dir: TempDir,
        handover: Arc<Handover>,
        set: impl FnOnce(&mut Limits),
    ) -> Stage {
        let mut limits = Limits::default();
        set(&mut limits);
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        // Requests of this machine's second address come through a proxy.
        let trusted_proxies = vec!["127.0.0.2".parse().unwrap()];
        let front = Front::open(Options { listen, backend, limits, trusted_proxies }, handover).unwrap();
        let (address, ender) = (front.address(), front.ender());
        let front = Some(std::thread::spawn(move || front.run()));
        let (ends, silent, held) = (channel().1, channel().1, Arc::default());
        Stage { address, ender, front, backend: None, ends, silent, held, dir }
    }

    pub(super) fn client(&self) -> Client {
        Client::new(TcpStream::connect(self.address).unwrap())
    }

    /// Sends something and reads the answer of a connection of its own.
    pub(super) fn ask(&self, bytes: impl AsRef<[u8]>) -> Reply {
        let mut client = self.client();
        client.send(bytes);
        client.reply()
    }

    pub(super) fn get(&self, target: &str) -> Reply {
        self.ask(get(target))
    }

    /// Answers the requests that were held back.
    pub(super) fn release(&self) {
        for request in self.held.lock().unwrap().drain(..) {
            // Its client may be gone.
            let _ = request.respond(Response::from_string("at last"));
        }
    }

    /// Ends the front and waits for it.
    pub(super) fn end(&mut self, grace: Duration) {
        self.ender.end(grace);
        self.front.take().expect("it runs").join().expect("the front ends in no fault");
    }

    pub(super) fn has_ended(&self) -> bool {
        self.front.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.ender.end(Duration::ZERO);
        let front = self.front.take().map(JoinHandle::join);
        if let Some((server, threads)) = self.backend.take() {
            self.held.lock().unwrap().clear();
            threads.iter().for_each(|_| server.unblock());
            threads.into_iter().for_each(|thread| drop(thread.join()));
        }
        assert!(std::thread::panicking() || front.is_none_or(|front| front.is_ok()), "the front met a fault");
    }
}

/// A plain request.
pub(super) fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: copiste.test\r\n\r\n")
}

impl Handlers {
    fn handle(&self, mut request: Request) {
        let url = request.url().to_owned();
        let words: Vec<&str> = url.split(['/', '?']).filter(|word| !word.is_empty()).collect();
        // A client of these tests may be gone before it is answered.
        let _ = match words[..] {
            ["body"] => {
                let mut body = Vec::new();
                request.as_reader().read_to_end(&mut body).unwrap();
                request.respond(Response::from_data(body))
            }
            ["plain", length] => request.respond(Response::from_data(vec![b'p'; length.parse().unwrap()])),
            ["status", status] => request.respond(
                Response::empty(status.parse::<u16>().unwrap()).with_header(header("ETag", "\"e\"")),
            ),
            ["silent"] => {
                self.held.lock().unwrap().push(request);
                self.silent.send(()).map_err(io::Error::other)
            }
            ["token", token] => request.respond(Response::empty(200).with_header(header(OUTGOING, token))),
            ["deposit", how, length] => {
                let how = How::from_str(how).unwrap();
                let body = Body { how, length: length.parse().unwrap(), ends: self.ends.clone() };
                let token = self.handover.deposit(Box::new(body));
                let status = if how == How::Unwanted { 304 } else { 200 };
                request.respond(Response::empty(status).with_header(header(OUTGOING, &token)))
            }
            _ => {
                let mut told = format!("{} {}\n", request.method(), request.url());
                for line in request.headers() {
                    told.push_str(&format!(
                        "{}: {}\n",
                        line.field.as_str().as_str().to_lowercase(),
                        line.value
                    ));
                }
                request.respond(Response::from_string(told))
            }
        };
    }
}

fn header(name: &str, value: &str) -> Header {
    Header::from_bytes(name, value).unwrap()
}

/// How a deposited body behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Good,
    Short,
    Long,
    Failing,
    Deaf,
    Panicking,
    Unwanted,
}

impl FromStr for How {
    type Err = String;

    fn from_str(name: &str) -> Result<How, String> {
        let all = [How::Good, How::Short, How::Long, How::Failing, How::Deaf, How::Panicking, How::Unwanted];
        all.into_iter()
            .find(|how| format!("{how:?}").eq_ignore_ascii_case(name))
            .ok_or_else(|| name.to_owned())
    }
}

struct Body {
    how: How,
    length: u64,
    ends: Sender<(u64, bool)>,
}

/// The byte at a place of every deposited body.
pub(super) fn byte(at: u64) -> u8 {
    (at % 251) as u8
}

impl Outgoing for Body {
    fn length(&self) -> u64 {
        self.length
    }

    fn pour(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let length = match self.how {
            How::Short => self.length - 1,
            How::Long => self.length + 1,
            How::Failing | How::Panicking => self.length / 2,
            How::Good | How::Deaf | How::Unwanted => self.length,
        };
        let mut at = 0;
        while at < length {
            let piece: Vec<u8> = (at..length.min(at + (128 << 10))).map(byte).collect();
            let done = out.write_all(&piece);
            if self.how != How::Deaf {
                done?;
            }
            at += piece.len() as u64;
        }
        assert!(self.how != How::Panicking, "asked for");
        if self.how == How::Failing { Err(io::Error::other("STO-000 asked for")) } else { Ok(()) }
    }

    fn ended(&mut self, bytes: u64, whole: bool) {
        // The test may be over.
        let _ = self.ends.send((bytes, whole));
    }
}

/// A client's end.
pub(super) struct Client(pub(super) BufReader<TcpStream>);

/// An answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Client {
    pub(super) fn new(stream: TcpStream) -> Client {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Client(BufReader::new(stream))
    }

    /// Sends; a server that has refused and closed may take no more.
    pub(super) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.0.get_mut().write_all(bytes.as_ref());
    }

    pub(super) fn head(&mut self) -> String {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let came = self.0.read_line(&mut head).expect("a head comes");
            assert!(came > 0, "the connection ends in {head:?}");
        }
        head
    }

    /// Reads one answer with the body that its head announces.
    pub(super) fn reply(&mut self) -> Reply {
        let head = self.head();
        let mut reply = Reply { status: head[9..12].parse().unwrap(), head, body: Vec::new() };
        if let Some(length) = reply.header("content-length") {
            reply.body = vec![0; length.parse().unwrap()];
            self.0.read_exact(&mut reply.body).unwrap();
        }
        reply
    }

    /// Reads one answer to a request that has none but a head.
    pub(super) fn bodiless(&mut self) -> Reply {
        let head = self.head();
        Reply { status: head[9..12].parse().unwrap(), head, body: Vec::new() }
    }

    /// Whether the server has closed, and nothing is left to read.
    pub(super) fn is_closed(&mut self) -> bool {
        match self.0.read(&mut [0]) {
            Ok(came) => came == 0,
            // It had not read all that was sent.
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut values = lines.filter(|(named, _)| named.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        let value = values.next();
        assert!(values.next().is_none(), "{name} twice: {}", self.head);
        value
    }

    pub(super) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    /// The code of a problem.
    pub(super) fn code(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.head);
        let problem: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem["status"], self.status);
        problem["code"].as_str().unwrap().to_owned()
    }
}
