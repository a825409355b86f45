//! The server's side: takes connections, a thread each, and ends in good order.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, Scope};
use std::time::Duration;

use anyhow::Context;
use rustix::event::{PollFd, PollFlags, poll};

use super::frame::Kind;
use super::request::Request;
use super::socket::{self, Bound};
use super::wire::Wire;

/// Commands at a time.
pub(super) const COMMANDS: usize = 16;

/// Pause after a connection could not be taken, for want of file descriptors for instance.
const BREATH: Duration = Duration::from_millis(100);

/// Listens on the control socket of a data directory.
pub(crate) struct Listener {
    socket: Bound,
    /// Readable when the server is to end.
    woken: UnixStream,
    ending: Arc<AtomicBool>,
    /// Connections that hold a place, by number.
    connected: Mutex<BTreeMap<u64, Arc<Wire>>>,
}

/// Ends a [`Listener`].
pub(crate) struct Ender {
    wake: UnixStream,
    ending: Arc<AtomicBool>,
}

impl Ender {
    /// The server takes no more commands, and cancels those that run. False when it was told before.
    pub(crate) fn end(&self) -> bool {
        let first = !self.ending.swap(true, Ordering::SeqCst);
        // It cannot fail while the listener is there to be woken.
        let _ = self.wake.shutdown(Shutdown::Both);
        first
    }
}

impl Listener {
    /// Makes the socket of a data directory whose lock this process holds, and listens.
    ///
    /// # Errors
    /// `CTL-011` when the file system refuses.
    pub(crate) fn open(dir: &Path) -> anyhow::Result<(Listener, Ender)> {
        let failed = || format!("CTL-011 cannot listen on the control socket of {}", dir.display());
        let socket = Bound::in_directory(dir).with_context(failed)?;
        let (wake, woken) = UnixStream::pair().with_context(failed)?;
        let ending = Arc::new(AtomicBool::new(false));
        let ender = Ender { wake, ending: Arc::clone(&ending) };
        Ok((Listener { socket, woken, ending, connected: Mutex::default() }, ender))
    }

    /// Takes commands and has `run` run them, until [`Ender::end`]; then waits for those that run.
    /// `run` gives the exit code; a panic in it costs its own command and no other.
    pub(crate) fn serve(&self, run: &(dyn Fn(&Request, &Arc<Wire>) -> u8 + Sync)) {
        std::thread::scope(|scope| {
            let mut number = 0;
            while self.wait() {
                number += 1;
                self.take(number, scope, run);
            }
            if let Err(error) = self.socket.remove() {
                tracing::warn!(%error, "the control socket could not be removed; the next server replaces it");
            }
            let connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
            connected.values().for_each(|wire| wire.hear_no_more());
            drop(connected);
            // Whoever connected before the name was gone is told.
            while let Ok((stream, _)) = self.socket.listener.accept() {
                self.refuse(stream, ENDING);
            }
        });
    }

    /// Waits for a connection. False when the server is to end.
    fn wait(&self) -> bool {
        let mut events = [
            PollFd::new(&self.socket.listener, PollFlags::IN),
            PollFd::new(&self.woken, PollFlags::IN | PollFlags::HUP),
        ];
        match poll(&mut events, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => {
                tracing::warn!(%error, "waiting for connections failed; it is tried again");
                std::thread::sleep(BREATH);
            }
        }
        !self.ending.load(Ordering::SeqCst)
    }

    /// Takes one connection, if one is there, and gives it a thread.
    fn take<'s>(
        &'s self,
        number: u64,
        scope: &'s Scope<'s, '_>,
        run: &'s (dyn Fn(&Request, &Arc<Wire>) -> u8 + Sync),
    ) {
        let stream = match self.socket.listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if [ErrorKind::WouldBlock, ErrorKind::Interrupted].contains(&error.kind()) => return,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                std::thread::sleep(BREATH);
                return;
            }
        };
        match socket::is_ours(&stream) {
            Ok(true) => {}
            Ok(false) => return self.refuse(stream, STRANGER),
            Err(error) => return tracing::warn!(%error, "a connection does not tell whose it is"),
        }
        let Ok(wire) = Wire::new(stream, Arc::clone(&self.ending)).map(Arc::new) else { return };
        let mut connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
        if connected.len() >= COMMANDS {
            drop(connected);
            return dismiss(&wire, &crowded());
        }
        connected.insert(number, Arc::clone(&wire));
        drop(connected);
        let serving = Arc::clone(&wire);
        let thread = Builder::new().name(format!("command-{number}"));
        let spawned = thread.spawn_scoped(scope, move || {
            self.converse(&serving, run);
            self.forget(number);
        });
        if let Err(error) = spawned {
            tracing::warn!(%error, "a command got no thread");
            self.forget(number);
            dismiss(&wire, &crowded());
        }
    }

    fn forget(&self, number: u64) {
        self.connected.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
    }

    /// Tells a connection that holds no place why it is not served.
    fn refuse(&self, stream: UnixStream, why: &str) {
        if let Ok(wire) = Wire::new(stream, Arc::clone(&self.ending)) {
            dismiss(&wire, why);
        }
    }

    /// From the request to the exit code.
    fn converse(&self, wire: &Arc<Wire>, run: &(dyn Fn(&Request, &Arc<Wire>) -> u8 + Sync)) {
        let request = match wire.request() {
            _ if self.ending.load(Ordering::SeqCst) => Err(ENDING.to_owned()),
            Ok(Some((Kind::Request, bytes))) => Request::decoded(&bytes),
            // Somebody looked whether anyone is there.
            Ok(None) => return,
            Ok(Some(_)) => Err(strange(&"not a request")),
            Err(error) => Err(strange(&error)),
        };
        let request = match request {
            Ok(request) => request,
            Err(why) => return dismiss(wire, &why),
        };
        std::thread::scope(|scope| {
            let watched = Arc::clone(wire);
            let watching = Builder::new().spawn_scoped(scope, move || watched.watch());
            match watching {
                Ok(_) => wire.exit(guarded(wire, || run(&request, wire))),
                Err(_) => dismiss(wire, &crowded()),
            }
            wire.hear_no_more();
        });
    }
}

const ENDING: &str = "CTL-007 the running server is ending and takes no more commands; nothing was changed; \
                      repeat the command in a moment";

const STRANGER: &str = "CTL-005 the running server belongs to another user and takes no command from this one; \
                        nothing was changed; run the command as that user";

fn crowded() -> String {
    format!(
        "CTL-006 the running server has {COMMANDS} commands to do and takes no more; nothing was changed; \
         repeat the command when one of them has ended"
    )
}

fn strange(what: &dyn std::fmt::Display) -> String {
    format!("CTL-003 what was sent is not a request ({what}); nothing was changed")
}

fn dismiss(wire: &Wire, why: &str) {
    wire.complain(why);
    wire.exit(1);
}

/// Runs a command; a panic becomes a text for the client and exit code 1.
fn guarded(wire: &Wire, run: impl FnOnce() -> u8) -> u8 {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        wire.complain(
            "CTL-009 the command ended in a fault of copiste itself; the server goes on; what is in the \
             journal is kept: look at `copiste status`, let `copiste verify` check the rest, and repeat the command",
        );
        1
    })
}
