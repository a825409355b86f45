//! One connection while it costs no thread: what it sends is collected, what it is owed and does not take yet
//! is kept for it.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::counts::Counted;
use super::head::{Head, Refused};
use super::limits::Limits;
use super::line::Line;
use super::peer::peer;
use super::refusal::Refusal;
use super::scan::Scan;

/// After an answer that closes, what is still coming is read and dropped for so long: closing at once would
/// destroy the answer on its way.
const LINGER: Duration = Duration::from_secs(3);

/// A connection. Its socket never blocks.
pub(super) struct Connection {
    pub(super) stream: Arc<TcpStream>,
    pub(super) address: IpAddr,
    state: State,
    /// When the state began.
    since: Instant,
    /// When a byte last came or went.
    pub(super) progress: Instant,
    /// Read and not used yet: a head as far as it has come, or the next request already.
    buffer: Vec<u8>,
    scan: Scan,
    served: u32,
    _counted: Counted,
}

enum State {
    /// Between requests.
    Idle,
    Head,
    Body(Box<Head>, Vec<u8>),
    Writing(Owed),
    /// Answered for the last time.
    Draining,
}

/// The rest of an answer.
struct Owed {
    bytes: Vec<u8>,
    sent: usize,
    line: Line,
    keep: bool,
}

/// What is to be done with a connection after a step.
pub(super) enum Step {
    /// It waits for its socket.
    Wait,
    /// Its request is there.
    Ready(Box<Head>, Vec<u8>),
    /// It is over.
    Gone,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, address: IpAddr) -> Connection {
        let now = Instant::now();
        Connection {
            stream: Arc::new(stream),
            address,
            state: State::Idle,
            since: now,
            progress: now,
            buffer: Vec::new(),
            scan: Scan::default(),
            served: 0,
            _counted: Counted::connection(),
        }
    }

    /// Whether it waits to write; otherwise it waits to read.
    pub(super) fn writes(&self) -> bool {
        matches!(self.state, State::Writing(_))
    }

    /// Whether an answer is on its way.
    pub(super) fn answers(&self) -> bool {
        matches!(self.state, State::Writing(_) | State::Draining)
    }

    /// Bytes that are kept for it.
    pub(super) fn held(&self) -> usize {
        let more = match &self.state {
            State::Body(_, body) => body.capacity(),
            State::Writing(owed) => owed.bytes.capacity(),
            State::Idle | State::Head | State::Draining => 0,
        };
        self.buffer.capacity() + more
    }

    /// Its socket has something. `scratch` is where it is read to.
    pub(super) fn step(&mut self, scratch: &mut [u8], limits: &Limits, trusted: &[IpAddr]) -> Step {
        let room = match &self.state {
            State::Writing(_) => return self.flush(limits, trusted),
            State::Idle | State::Head => limits.head_bytes.saturating_sub(self.buffer.len()),
            State::Body(head, body) => head.length.saturating_sub(body.len()),
            State::Draining => scratch.len(),
        };
        let room = room.min(scratch.len());
        let came = match (&*self.stream).read(&mut scratch[..room]) {
            Ok(0) => return Step::Gone,
            Ok(came) => &scratch[..came],
            Err(error) if [ErrorKind::WouldBlock, ErrorKind::Interrupted].contains(&error.kind()) => {
                return Step::Wait;
            }
            Err(_) => return Step::Gone,
        };
        match &mut self.state {
            State::Draining => return Step::Wait,
            State::Body(_, body) => body.extend_from_slice(came),
            _ => self.buffer.extend_from_slice(came),
        }
        self.progress = Instant::now();
        self.advance(limits, trusted)
    }

    /// Goes on with what was read.
    pub(super) fn advance(&mut self, limits: &Limits, trusted: &[IpAddr]) -> Step {
        if let State::Idle = self.state {
            // Some clients end a body with a line end too many.
            if self.buffer.starts_with(b"\r\n") {
                self.buffer.drain(..2);
                self.scan = Scan::default();
            }
            if self.buffer.is_empty() {
                self.buffer = Vec::new();
                return Step::Wait;
            }
            if self.buffer != b"\r" {
                self.enter(State::Head);
            }
        }
        if let State::Head | State::Idle = self.state {
            match self.scan.end(&self.buffer) {
                Ok(Some(end)) => return self.begin(end, limits, trusted),
                Ok(None) if self.buffer.len() < limits.head_bytes => return Step::Wait,
                Ok(None) => {
                    let in_target = !self.buffer.contains(&b'\n');
                    let refusal = if in_target { Refusal::TARGET_LONG } else { Refusal::HEAD_LARGE };
                    return self.refuse_unread(refusal, limits, trusted);
                }
                Err(refusal) => return self.refuse_unread(refusal, limits, trusted),
            }
        }
        self.ready()
    }

    /// The head is there.
    fn begin(&mut self, end: usize, limits: &Limits, trusted: &[IpAddr]) -> Step {
        let mut head = match Head::parse(&self.buffer[..end], limits) {
            Ok(head) => head,
            Err(Refused { refusal, page }) => {
                let bodiless = self.buffer.starts_with(b"HEAD ");
                return self.refuse(&refusal, Line::unread(self.address), page, bodiless, limits, trusted);
            }
        };
        self.buffer.drain(..end);
        self.scan = Scan::default();
        self.served = self.served.saturating_add(1);
        head.keep &= self.served < limits.requests_per_connection;
        let here = head.length.min(self.buffer.len());
        let body: Vec<u8> = self.buffer.drain(..here).collect();
        let invited = head.expects && body.is_empty();
        self.enter(State::Body(Box::new(head), body));
        if invited {
            const GO_ON: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
            // A socket that does not take these few bytes at once belongs to nobody who waits for them.
            match (&*self.stream).write(GO_ON) {
                Ok(sent) if sent == GO_ON.len() => {}
                _ => return Step::Gone,
            }
        }
        self.ready()
    }

    /// Gives the request away if its body is whole.
    fn ready(&mut self) -> Step {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Body(head, body) if body.len() == head.length => Step::Ready(head, body),
            state => {
                self.state = state;
                Step::Wait
            }
        }
    }

    fn refuse_unread(&mut self, refusal: Refusal, limits: &Limits, trusted: &[IpAddr]) -> Step {
        let bodiless = self.buffer.starts_with(b"HEAD ");
        self.refuse(&refusal, Line::unread(self.address), false, bodiless, limits, trusted)
    }

    /// Refuses a request whose head was read.
    pub(super) fn turn_away(
        &mut self,
        refusal: &Refusal,
        head: &Head,
        limits: &Limits,
        trusted: &[IpAddr],
    ) -> Step {
        let line = Line::of(head, peer(self.address, &head.forwarded_for, trusted));
        self.refuse(refusal, line, head.page, head.method == "HEAD", limits, trusted)
    }

    /// Answers with a refusal and closes.
    pub(super) fn refuse(
        &mut self,
        refusal: &Refusal,
        mut line: Line,
        page: bool,
        bodiless: bool,
        limits: &Limits,
        trusted: &[IpAddr],
    ) -> Step {
        (line.status, line.code) = (refusal.status, Some(refusal.code));
        let answer = refusal.answer(&line.id, page, bodiless);
        self.owe(answer, line, false);
        self.flush(limits, trusted)
    }

    /// Notes an answer that is to be written.
    pub(super) fn owe(&mut self, bytes: Vec<u8>, line: Line, keep: bool) {
        self.enter(State::Writing(Owed { bytes, sent: 0, line, keep }));
        self.progress = self.since;
    }

    /// Writes what the socket takes of the answer; with the last byte the next request begins.
    pub(super) fn flush(&mut self, limits: &Limits, trusted: &[IpAddr]) -> Step {
        let State::Writing(owed) = &mut self.state else { return Step::Wait };
        while owed.sent < owed.bytes.len() {
            match (&*self.stream).write(&owed.bytes[owed.sent..]) {
                Ok(sent) => {
                    owed.sent += sent;
                    self.progress = Instant::now();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Step::Wait,
                Err(_) => return Step::Gone,
            }
        }
        if self.answered() { self.advance(limits, trusted) } else { Step::Wait }
    }

    /// The answer is written: opens the connection for the next request, or begins its end. True when open.
    fn answered(&mut self) -> bool {
        let State::Writing(owed) = std::mem::replace(&mut self.state, State::Idle) else { return true };
        let keep = owed.keep;
        owed.line.ended(owed.sent as u64, true);
        self.open_or_close(keep);
        keep
    }

    /// After an answer that was written elsewhere.
    pub(super) fn open_or_close(&mut self, keep: bool) {
        self.enter(if keep { State::Idle } else { State::Draining });
        self.progress = self.since;
        if !keep {
            // A socket that cannot be shut is at its end already: the next read tells.
            let _ = self.stream.shutdown(Shutdown::Write);
        }
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.since = Instant::now();
    }

    /// Whether what it does has taken too long.
    pub(super) fn is_late(&self, now: Instant, limits: &Limits) -> bool {
        let (begun, deadline) = match &self.state {
            State::Idle => (self.since, limits.idle),
            State::Head => (self.since, limits.head_deadline),
            State::Body(..) => (self.since, limits.body_deadline),
            State::Writing(_) => (self.progress, limits.stall),
            State::Draining => (self.since, LINGER),
        };
        now.saturating_duration_since(begun) >= deadline
    }

    /// Ends what took too long.
    pub(super) fn late(&mut self, now: Instant, limits: &Limits, trusted: &[IpAddr]) -> Step {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle | State::Draining => Step::Gone,
            State::Head => self.refuse_unread(Refusal::HEAD_LATE, limits, trusted),
            State::Body(head, _) => self.turn_away(&Refusal::BODY_LATE, &head, limits, trusted),
            State::Writing(owed) => {
                // The socket tells that it takes more only when much of it is free: a slow reader may have
                // taken something unseen.
                self.state = State::Writing(owed);
                let step = self.flush(limits, trusted);
                if self.writes() && self.is_late(now, limits) { Step::Gone } else { step }
            }
        }
    }

    /// Whether the rest of an answer is lost with the connection.
    fn cut(&mut self) {
        if let State::Writing(owed) = std::mem::replace(&mut self.state, State::Draining) {
            owed.line.ended(owed.sent as u64, false);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.cut();
    }
}
