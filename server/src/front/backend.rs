//! The private way to the handlers: a freshly written request goes out, one whole answer comes back.

use std::io::{self, ErrorKind, Read, Write};
use std::net::IpAddr;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::Mode;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use super::answer::Answer;
use super::head::Head;
use super::refusal::Refusal;

/// How long a backend may leave connections untaken.
const CONNECT: Duration = Duration::from_secs(5);
/// Nobody waits longer for an answer.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// Pause before a backend that has too many untaken connections is tried again.
const BREATH: Duration = Duration::from_millis(5);
/// How often it is looked whether the server is ending.
const LOOK: Duration = Duration::from_millis(100);
/// Connections that the backend may leave untaken for a moment.
const UNTAKEN: i32 = 1_024;

/// Makes the private socket for tiny_http to listen on: only the owner of the process may connect. Its folder
/// must be the owner's alone, and its path at most some hundred bytes long.
///
/// # Errors
/// Those of the file system, also when something lies there already.
pub(crate) fn private_socket(path: &Path) -> io::Result<UnixListener> {
    let socket =
        rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    rustix::net::bind(&socket, &SocketAddrUnix::new(path)?)?;
    // Before it listens: nobody could connect any earlier.
    rustix::fs::chmod(path, Mode::RUSR | Mode::WUSR)?;
    rustix::net::listen(&socket, UNTAKEN)?;
    Ok(UnixListener::from(socket))
}

/// Where the handlers are, and what their answers may cost.
pub(super) struct Backend {
    pub(super) path: PathBuf,
    pub(super) deadline: Duration,
    pub(super) body_bytes: usize,
}

/// What a request is passed on with, beside what the client sent.
pub(super) struct Passing<'a> {
    pub(super) peer: IpAddr,
    pub(super) id: &'a str,
    /// For requests of HTTP/1.0 that name no host.
    pub(super) host: &'a str,
    pub(super) https: bool,
    /// It comes from this machine, and through no proxy.
    pub(super) direct: bool,
}

/// Writes a request anew. It is HTTP/1.0, so that the answer has a `Content-Length` and no chunks: what is cut
/// short shows.
pub(super) fn written(head: &Head, body: &[u8], passing: &Passing) -> Vec<u8> {
    let Passing { peer, id, host, https, direct } = passing;
    let mut bytes = format!(
        "{} {} HTTP/1.0\r\nHost: {}\r\nContent-Length: {}\r\nConnection: close\r\nX-Copiste-Peer: {peer}\r\n\
         X-Copiste-Proto: {}\r\nX-Copiste-Direct: {}\r\nX-Request-Id: {id}\r\n",
        head.method,
        head.target,
        head.host.as_deref().unwrap_or(host),
        body.len(),
        if *https { "https" } else { "http" },
        if *direct { "yes" } else { "no" },
    );
    for (name, value) in &head.headers {
        bytes.extend([name.as_str(), ": ", value, "\r\n"]);
    }
    bytes.push_str("\r\n");
    let mut bytes = bytes.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

impl Backend {
    /// Sends a request and reads the answer. `bodiless` says that it has no body whatever its head announces.
    ///
    /// # Errors
    /// The refusal to answer with instead; why is in the log.
    pub(super) fn ask(
        &self,
        id: &str,
        request: &[u8],
        bodiless: bool,
        cut: &AtomicBool,
    ) -> Result<Answer, Refusal> {
        let until = Instant::now() + self.deadline.min(LONGEST);
        let failed = |error: io::Error| match error.kind() {
            _ if cut.load(Ordering::Relaxed) => Refusal::ENDING,
            ErrorKind::TimedOut => {
                tracing::warn!(request = id, "the backend does not answer in time");
                Refusal::ANSWER_LATE
            }
            _ => {
                tracing::warn!(request = id, %error, "the backend gives no usable answer");
                Refusal::NO_ANSWER
            }
        };
        let stream = self.connect(cut).map_err(failed)?;
        self.exchange(&stream, request, bodiless, until, cut).map_err(failed)
    }

    fn connect(&self, cut: &AtomicBool) -> io::Result<UnixStream> {
        let until = Instant::now() + CONNECT.min(self.deadline);
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        let address = SocketAddrUnix::new(&self.path)?;
        loop {
            match rustix::net::connect(&socket, &address) {
                Ok(()) => return Ok(UnixStream::from(socket)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if Instant::now() < until && !cut.load(Ordering::Relaxed) => {
                    std::thread::sleep(BREATH);
                }
                Err(Errno::AGAIN) => return Err(ErrorKind::TimedOut.into()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Writes and reads at the same time: a handler may answer before it has read everything.
    fn exchange(
        &self,
        mut stream: &UnixStream,
        request: &[u8],
        bodiless: bool,
        until: Instant,
        cut: &AtomicBool,
    ) -> io::Result<Answer> {
        let mut unsent = request;
        let mut answer = Reading { bodiless, most: self.body_bytes, got: Vec::new(), head: None };
        let mut scratch = vec![0; 64 << 10];
        loop {
            if cut.load(Ordering::Relaxed) {
                return Err(ErrorKind::Interrupted.into());
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            let wanted = if unsent.is_empty() { PollFlags::IN } else { PollFlags::IN | PollFlags::OUT };
            let ready = wait(stream, wanted, left.min(LOOK))?;
            if ready.intersects(PollFlags::OUT) && !unsent.is_empty() {
                match stream.write(unsent) {
                    Ok(sent) => unsent = &unsent[sent..],
                    Err(error) if is_momentary(&error) => {}
                    // It wants to hear no more; it may have answered all the same.
                    Err(_) => unsent = &[],
                }
            }
            if ready.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
                match stream.read(&mut scratch) {
                    Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                    Ok(came) => {
                        if answer.take(&scratch[..came])? {
                            return answer.done();
                        }
                    }
                    Err(error) if is_momentary(&error) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
}

/// Waits for a socket; no flags when the time is over first.
pub(super) fn wait(
    socket: &impl std::os::fd::AsFd,
    wanted: PollFlags,
    most: Duration,
) -> io::Result<PollFlags> {
    let mut events = [PollFd::new(socket, wanted)];
    let most = Timespec::try_from(most).map_err(|_| ErrorKind::InvalidInput)?;
    match poll(&mut events, Some(&most)) {
        Ok(_) => Ok(events[0].revents()),
        Err(Errno::INTR) => Ok(PollFlags::empty()),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn is_momentary(error: &io::Error) -> bool {
    [ErrorKind::WouldBlock, ErrorKind::Interrupted].contains(&error.kind())
}

/// An answer as far as it has come.
struct Reading {
    bodiless: bool,
    /// Bytes of a body.
    most: usize,
    got: Vec<u8>,
    /// The head, its length in bytes, and the length of the body that comes.
    head: Option<(Answer, usize, usize)>,
}

impl Reading {
    /// Takes what came. True when that was all that is needed.
    fn take(&mut self, came: &[u8]) -> io::Result<bool> {
        self.got.extend_from_slice(came);
        if self.head.is_none() {
            let Some((answer, end)) = Answer::parse(&self.got)? else { return Ok(false) };
            // A deposited body is not in the answer; whatever the handler put there instead is not read.
            let comes = if self.bodiless || answer.outgoing.is_some() || answer.has_no_body() {
                0
            } else {
                usize::try_from(answer.length).ok().filter(|length| *length <= self.most).ok_or_else(
                    || io::Error::new(ErrorKind::InvalidData, "its body is too long to be sent undeposited"),
                )?
            };
            self.head = Some((answer, end, comes));
        }
        Ok(self.head.as_ref().is_some_and(|(_, end, comes)| self.got.len() >= end + comes))
    }

    fn done(self) -> io::Result<Answer> {
        let (mut answer, end, comes) = self.head.ok_or(ErrorKind::UnexpectedEof)?;
        answer.body = self.got;
        answer.body.truncate(end + comes);
        answer.body.drain(..end);
        Ok(answer)
    }
}
