//! One decoding process: started, spoken to under a deadline, ended.

use std::ffi::OsString;
use std::io::{self, ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};

use super::protocol::{self, GREETING, Reply, Request};

/// Bytes of greeting noise a program may print before it greets.
const NOISE: usize = 4096;
/// Bytes kept of what a process says on its way out.
const LAST_WORDS: usize = 2048;

/// An answer with its attachments.
pub(crate) type Answer = (Reply, Vec<Vec<u8>>);

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It died; the end of what it wrote to its standard error.
    Died(Vec<u8>),
    /// The deadline passed.
    Slow,
    /// It answered what no decoding process answers.
    Rubbish(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            ErrorKind::InvalidData => Failure::Rubbish(error.to_string()),
            _ => Failure::Died(error.to_string().into_bytes()),
        }
    }
}

/// A running decoding process.
pub(crate) struct Process {
    child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
    stderr: ChildStderr,
    timer: OwnedFd,
    greeted: bool,
    last_words: Vec<u8>,
    /// Requests answered so far.
    pub(crate) served: u32,
}

impl Process {
    /// Starts the program with nothing of our environment.
    ///
    /// # Errors
    /// When it cannot be started: our own failure, not the scan's.
    pub(crate) fn start(program: &Path, args: &[OsString]) -> io::Result<Process> {
        let mut child = Command::new(program)
            .args(args)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::other("DEC-005 a decoding process without its pipes"));
        };
        // A process that hangs leaves its pipe full, and one it started may keep another open:
        // neither writing nor listening may hang with it.
        fcntl_setfl(&stdin, fcntl_getfl(&stdin)? | OFlags::NONBLOCK)?;
        fcntl_setfl(&stderr, fcntl_getfl(&stderr)? | OFlags::NONBLOCK)?;
        let timer = rustix::time::timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)?;
        Ok(Process { child, stdin, stdout, stderr, timer, greeted: false, last_words: Vec::new(), served: 0 })
    }

    /// Asks, and waits for the answer at most as long as `deadline`.
    ///
    /// # Errors
    /// After any [`Failure`] the process is of no more use.
    pub(crate) fn ask(
        &mut self,
        request: Request,
        attached: &[&[u8]],
        deadline: Duration,
    ) -> Result<Answer, Failure> {
        self.arm(deadline)?;
        let head = protocol::head(request, attached)?;
        let mut parts = std::iter::once(head.as_slice()).chain(attached.iter().copied()).peekable();
        let mut written = 0;
        let mut inbox = Inbox::new(self.greeted);
        let mut buffer = vec![0; 64 * 1024];
        let mut stderr_open = true;
        loop {
            while parts.peek().is_some_and(|part| written == part.len()) {
                parts.next();
                written = 0;
            }
            let ready = self.wait(parts.peek().is_some(), stderr_open)?;
            if ready.stderr {
                stderr_open = self.hear(&mut buffer)?;
            }
            if ready.stdin
                && let Some(part) = parts.peek()
            {
                match rustix::io::write(&self.stdin, &part[written..]) {
                    Ok(count) => written += count,
                    Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
                    // It may have died with its last words still to be heard.
                    Err(_) => return Err(self.died(&mut buffer)),
                }
            }
            if ready.stdout {
                match self.stdout.read(&mut buffer) {
                    Ok(0) => return Err(self.died(&mut buffer)),
                    Ok(count) => inbox.take(&buffer[..count])?,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(error.into()),
                }
                if let Some(answer) = inbox.answer()? {
                    self.greeted = true;
                    self.served = self.served.saturating_add(1);
                    return Ok(answer);
                }
            }
            if ready.late {
                return Err(Failure::Slow);
            }
        }
    }

    fn arm(&self, deadline: Duration) -> io::Result<()> {
        let seconds = i64::try_from(deadline.as_secs()).unwrap_or(i64::MAX);
        let value = Timespec { tv_sec: seconds, tv_nsec: i64::from(deadline.subsec_nanos()) };
        let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
        rustix::time::timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once)?;
        Ok(())
    }

    fn wait(&self, writing: bool, listening: bool) -> io::Result<Ready> {
        let nothing = PollFlags::empty();
        let mut fds = [
            PollFd::new(&self.stdout, PollFlags::IN),
            PollFd::new(&self.timer, PollFlags::IN),
            PollFd::new(&self.stderr, if listening { PollFlags::IN } else { nothing }),
            PollFd::new(&self.stdin, if writing { PollFlags::OUT } else { nothing }),
        ];
        loop {
            match poll(&mut fds, None) {
                Ok(_) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        let any = |index: usize| !fds[index].revents().is_empty();
        Ok(Ready { stdout: any(0), late: any(1), stderr: listening && any(2), stdin: writing && any(3) })
    }

    /// Takes in what was said on standard error, and keeps its end. False when it is closed.
    fn hear(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        let count = match self.stderr.read(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(true),
            other => other?,
        };
        self.last_words.extend_from_slice(&buffer[..count]);
        let surplus = self.last_words.len().saturating_sub(LAST_WORDS);
        self.last_words.drain(..surplus);
        Ok(count > 0)
    }

    /// Hears the last words of a process whose pipe is closed: a process that closed it and
    /// lingers has no more to say, and is ended first.
    fn died(&mut self, buffer: &mut [u8]) -> Failure {
        let _ = self.child.kill();
        let _ = self.child.wait();
        while matches!(self.hear(buffer), Ok(true)) {}
        Failure::Died(std::mem::take(&mut self.last_words))
    }

    /// The process's id.
    #[cfg(test)]
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Killing what is dead already fails, and waiting reaps it either way.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a wait ended with.
struct Ready {
    stdout: bool,
    stderr: bool,
    stdin: bool,
    late: bool,
}

/// Puts an answer together from the pieces a pipe brings.
struct Inbox {
    greeted: bool,
    bytes: Vec<u8>,
    head: Option<protocol::Head<Reply>>,
    attached: Vec<Vec<u8>>,
}

impl Inbox {
    fn new(greeted: bool) -> Inbox {
        Inbox { greeted, bytes: Vec::new(), head: None, attached: Vec::new() }
    }

    fn take(&mut self, piece: &[u8]) -> io::Result<()> {
        self.bytes.extend_from_slice(piece);
        if !self.greeted {
            match memchr::memmem::find(&self.bytes, GREETING) {
                Some(at) => {
                    self.bytes.drain(..at + GREETING.len());
                    self.greeted = true;
                }
                None if self.bytes.len() > NOISE => {
                    return Err(protocol::rubbish("the program is not a decoding process"));
                }
                None => {}
            }
        }
        Ok(())
    }

    /// The answer, when it is whole.
    fn answer(&mut self) -> io::Result<Option<Answer>> {
        if !self.greeted {
            return Ok(None);
        }
        if self.head.is_none() {
            let Some(length) = self.bytes.first_chunk::<4>() else { return Ok(None) };
            let end = 4 + protocol::checked_head(*length)? as usize;
            let Some(json) = self.bytes.get(4..end) else { return Ok(None) };
            let head: protocol::Head<Reply> =
                serde_json::from_slice(json).map_err(|_| protocol::rubbish("an answer that is none"))?;
            protocol::check_attached(&head.attached)?;
            self.bytes.drain(..end);
            self.head = Some(head);
        }
        let Some(head) = &self.head else { return Ok(None) };
        while let Some(length) = head.attached.get(self.attached.len()) {
            let length = usize::try_from(*length).map_err(|_| protocol::rubbish("a huge attachment"))?;
            if self.bytes.len() < length {
                return Ok(None);
            }
            let rest = self.bytes.split_off(length);
            self.attached.push(std::mem::replace(&mut self.bytes, rest));
        }
        if !self.bytes.is_empty() {
            return Err(protocol::rubbish("more than an answer"));
        }
        let attached = std::mem::take(&mut self.attached);
        Ok(self.head.take().map(|head| (head.body, attached)))
    }
}
