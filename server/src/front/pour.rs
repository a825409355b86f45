//! Sends a deposited body straight to its reader: as many bytes as were announced, or the connection breaks.

use std::io::{self, ErrorKind, Write};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rustix::event::PollFlags;

use super::backend::{is_momentary, wait};
use super::handover::Deposit;

/// How often a socket that takes nothing is tried. The system calls it writable only when a third of its
/// buffer is free, which a slow reader may need minutes for; a byte may be taken long before.
const TRY: Duration = Duration::from_secs(1);

/// What became of a deposited body.
pub(super) struct Poured {
    /// Bytes of the body that the system took for the reader.
    pub(super) bytes: u64,
    /// Why not all, or that more came than was announced.
    pub(super) fault: Option<Fault>,
}

/// Why a body did not reach its reader whole.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The reader's doing, or the network's.
    #[error("the reader went away or took no byte in time: {0}")]
    Reader(io::Error),
    #[error(
        "HTT-021 a body being sent could not be read: {0}; the connection was closed, nothing was padded; look \
         at what `copiste verify` says of the exam"
    )]
    Source(io::Error),
    #[error(
        "HTT-022 a body being sent was not as long as announced; the connection was closed, nothing was padded; \
         look at what `copiste verify` says of the exam"
    )]
    Length,
    #[error("HTT-023 sending a body ended in a fault of copiste itself; the connection was closed")]
    Panic,
}

/// Sends a head and the body that belongs to it, and tells the body its end.
pub(super) fn pour(stream: &TcpStream, stall: Duration, head: &[u8], mut deposit: Deposit) -> Poured {
    let length = deposit.length();
    let mut pipe = Pipe { stream, stall, left: length, lost: None, overrun: false };
    let poured = match pipe.put_all(head) {
        Err(error) => Poured { bytes: 0, fault: Some(Fault::Reader(error)) },
        Ok(()) => {
            let done = catch_unwind(AssertUnwindSafe(|| deposit.pour(&mut pipe)));
            let Pipe { left, lost, overrun, .. } = pipe;
            let fault = match (done, lost) {
                (Err(_), _) => Some(Fault::Panic),
                (Ok(_), Some(kind)) => Some(Fault::Reader(kind.into())),
                (Ok(_), None) if overrun => Some(Fault::Length),
                (Ok(Err(error)), None) => Some(Fault::Source(error)),
                (Ok(Ok(())), None) => (left > 0).then_some(Fault::Length),
            };
            Poured { bytes: length - left, fault }
        }
    };
    deposit.ended(poured.bytes, poured.fault.is_none());
    poured
}

/// The way to one reader.
struct Pipe<'a> {
    stream: &'a TcpStream,
    stall: Duration,
    /// Bytes that are still to come.
    left: u64,
    /// The reader is lost; nothing more is written.
    lost: Option<ErrorKind>,
    /// Somebody had more to write than was announced.
    overrun: bool,
}

impl Pipe<'_> {
    /// Writes some of it, waiting for the reader as long as he may take.
    fn put(&self, bytes: &[u8]) -> io::Result<usize> {
        let since = Instant::now();
        loop {
            match (&*self.stream).write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Err(error) if is_momentary(&error) => {}
                done => return done,
            }
            let left = self.stall.saturating_sub(since.elapsed());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            wait(self.stream, PollFlags::OUT, left.min(TRY))?;
        }
    }

    fn put_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            bytes = &bytes[self.put(bytes)?..];
        }
        Ok(())
    }
}

impl Write for Pipe<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(kind) = self.lost {
            return Err(kind.into());
        }
        if bytes.is_empty() {
            return Ok(0);
        }
        if bytes.len() as u64 > self.left {
            self.overrun = true;
            return Err(io::Error::new(ErrorKind::InvalidInput, "more bytes than were announced"));
        }
        match self.put(bytes) {
            Ok(taken) => {
                self.left -= taken as u64;
                Ok(taken)
            }
            Err(error) => {
                self.lost = Some(error.kind());
                Err(error)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
