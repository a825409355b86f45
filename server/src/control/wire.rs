//! The server's end of one connection: where a command's outputs go, and what cancels it.

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

pub(crate) use super::frame::Kind;
use super::frame::{self, LONGEST_PIECE, LONGEST_REQUEST};

/// How long a client may take to say what it wants.
const REQUEST_PATIENCE: Duration = Duration::from_secs(5);

/// After so long without taking anything a client is given up, if the server is ending. Until then
/// it may take its time: somebody reads page by page.
const FAREWELL_PATIENCE: Duration = Duration::from_secs(2);

/// One connection. Shared by the threads of its command.
pub(crate) struct Wire {
    stream: UnixStream,
    /// Held while a frame is written: frames do not mix.
    writing: Mutex<()>,
    /// The client takes nothing any more.
    gone: AtomicBool,
    /// Set when the client has left or wants the command to end, and when the server ends.
    cancel: Arc<AtomicBool>,
    ending: Arc<AtomicBool>,
}

impl Wire {
    /// A connection of a server; `ending` says that it takes no more commands.
    pub(super) fn new(stream: UnixStream, ending: Arc<AtomicBool>) -> io::Result<Wire> {
        stream.set_write_timeout(Some(FAREWELL_PATIENCE))?;
        Ok(Wire {
            stream,
            writing: Mutex::default(),
            gone: AtomicBool::new(false),
            cancel: Arc::default(),
            ending,
        })
    }

    /// Waits for the request, not for long.
    pub(super) fn request(&self) -> io::Result<Option<(Kind, Vec<u8>)>> {
        let mut prompt = Prompt { stream: &self.stream, until: Instant::now() + REQUEST_PATIENCE };
        let request = frame::read(&mut prompt, LONGEST_REQUEST);
        self.stream.set_read_timeout(None)?;
        request
    }

    /// Waits until the client has closed its end, or [`Wire::hear_no_more`]; then the command is
    /// cancelled.
    pub(super) fn watch(&self) {
        let mut ignored = [0; 512];
        loop {
            match (&self.stream).read(&mut ignored) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        self.cancel.store(true, Ordering::Relaxed);
    }

    /// From now on nothing is read: as if the client had closed its writing half.
    pub(super) fn hear_no_more(&self) {
        // It fails where the client has left already, which comes to the same.
        let _ = self.stream.shutdown(std::net::Shutdown::Read);
    }

    /// Says so when the command is to end: within one copy a thread, or one request.
    pub(crate) fn cancel(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.cancel)
    }

    /// Sends bytes of an output; waits while the client has no room for them.
    ///
    /// # Errors
    /// When the client is gone; its command is cancelled then.
    pub(crate) fn send(&self, kind: Kind, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(LONGEST_PIECE) {
            self.whole_frame(&frame::bytes(kind, piece)?)?;
        }
        Ok(())
    }

    /// A line of progress for the standard error: left out when it would have to wait.
    pub(crate) fn mention(&self, text: &str) {
        let mut room = [PollFd::new(&self.stream, PollFlags::OUT)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        if poll(&mut room, Some(&at_once)).is_ok_and(|ready| ready == 1) {
            // Whoever is gone needs no progress.
            let _ = self.send(Kind::Stderr, format!("{text}\n").as_bytes());
        }
    }

    /// Why a command was not run, or not to its end, on the client's standard error.
    pub(crate) fn complain(&self, text: &str) {
        // Whoever is gone cannot be told.
        let _ = self.send(Kind::Stderr, format!("copiste: {text}\n").as_bytes());
    }

    /// The last frame.
    pub(super) fn exit(&self, code: u8) {
        // Whoever is gone cannot be told.
        let _ = self.send(Kind::Exit, &[code]);
    }

    fn whole_frame(&self, mut frame: &[u8]) -> io::Result<()> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        while !frame.is_empty() {
            if self.gone.load(Ordering::Relaxed) {
                return Err(ErrorKind::BrokenPipe.into());
            }
            let lost = match (&self.stream).write(frame) {
                Ok(0) => true,
                Ok(taken) => {
                    frame = &frame[taken..];
                    false
                }
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => false,
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => self.ending.load(Ordering::Relaxed),
                    _ => true,
                },
            };
            if lost {
                self.gone.store(true, Ordering::Relaxed);
                self.cancel.store(true, Ordering::Relaxed);
            }
        }
        Ok(())
    }
}

/// Reads until a moment, however the bytes drip.
struct Prompt<'a> {
    stream: &'a UnixStream,
    until: Instant,
}

impl Read for Prompt<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        let mut stream = self.stream;
        stream.read(into)
    }
}
