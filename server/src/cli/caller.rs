//! Who asked for a command: someone at this process's own command line, or a client of the server
//! that this process is.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, TryLockError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::bail;

use copiste_core::process::closing::UnderWay;
use copiste_core::render::Press;
use copiste_core::store::Store;

use super::output::Output;
use crate::control::wire::{Kind, Wire};

/// A data directory that this process serves, and what the commands of all clients share.
pub(super) struct Served {
    pub(super) dir: PathBuf,
    pub(super) store: Arc<Store>,
    pub(super) under_way: Arc<UnderWay>,
    /// Held by the one import that has its turn: an import empties the staging folder.
    pub(super) importing: Mutex<()>,
    /// What makes PDFs, prepared when the first command needs it.
    pub(super) press: OnceLock<Arc<Press>>,
}

/// Who asked.
#[derive(Clone)]
pub(super) struct Caller {
    /// What relative paths count from; empty where that cannot be told.
    directory: PathBuf,
    client: Option<Client>,
}

/// One client of the server, and the server's part for it.
#[derive(Clone)]
struct Client {
    served: Arc<Served>,
    wire: Arc<Wire>,
}

impl Caller {
    /// The command line of this process.
    pub(super) fn alone() -> Caller {
        Caller { directory: std::env::current_dir().unwrap_or_default(), client: None }
    }

    /// Someone who typed in `directory` and whose command came through the control socket.
    pub(super) fn client(served: Arc<Served>, wire: Arc<Wire>, directory: PathBuf) -> Caller {
        Caller { directory, client: Some(Client { served, wire }) }
    }

    /// What is served, for a client.
    pub(super) fn served(&self) -> Option<&Arc<Served>> {
        self.client.as_ref().map(|client| &client.served)
    }

    /// What ends a client's command.
    pub(super) fn cancel(&self) -> Option<Arc<AtomicBool>> {
        self.client.as_ref().map(|client| client.wire.cancel())
    }

    /// A path as it was typed, from the root: the server's own working directory is another.
    pub(super) fn place(&self, typed: &Path) -> PathBuf {
        self.directory.join(typed)
    }

    /// Begins to prepare what makes PDFs, unless another command of this server did.
    pub(super) fn prepare(&self, make: fn() -> Press) -> JoinHandle<Arc<Press>> {
        let served = self.served().cloned();
        std::thread::spawn(move || match served {
            Some(served) => Arc::clone(served.press.get_or_init(|| Arc::new(make()))),
            None => Arc::new(make()),
        })
    }

    /// Waits until no other import of this server is going on, or until the client wants to wait no
    /// longer. Without a server there is no other.
    pub(super) fn import_turn(&self) -> anyhow::Result<Option<MutexGuard<'_, ()>>> {
        let Some(Client { served, wire }) = &self.client else { return Ok(None) };
        let cancel = wire.cancel();
        loop {
            match served.importing.try_lock() {
                Ok(turn) => return Ok(Some(turn)),
                // Whoever had it before ended in a panic; what is in the folder is removed.
                Err(TryLockError::Poisoned(turn)) => return Ok(Some(turn.into_inner())),
                Err(TryLockError::WouldBlock) if cancel.load(Ordering::Relaxed) => {
                    bail!("CTL-010 cancelled while another import had its turn; nothing was taken in")
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// Where the command's results go.
    pub(super) fn output(&self) -> Output {
        match &self.client {
            None => Output::new(Box::new(io::stdout().lock()), self.stderr()),
            Some(client) => Output::new(Box::new(ClientStdout(Arc::clone(&client.wire))), self.stderr()),
        }
    }

    /// Where its complaints and progress go.
    pub(super) fn stderr(&self) -> Stderr {
        Stderr(self.client.as_ref().map(|client| Arc::clone(&client.wire)))
    }
}

/// A standard error: this process's own, or a client's.
#[derive(Clone)]
pub(super) struct Stderr(Option<Arc<Wire>>);

impl Stderr {
    /// One line of a complaint.
    pub(super) fn say(&self, text: &str) {
        // Nothing is left to tell when standard error itself is gone.
        let _ = match &self.0 {
            None => writeln!(io::stderr(), "{text}"),
            Some(wire) => wire.send(Kind::Stderr, format!("{text}\n").as_bytes()),
        };
    }

    /// One line of progress, which is a courtesy: without a standard error the work goes on, and for
    /// a client that does not read it does not wait.
    pub(super) fn mention(&self, text: &str) {
        match &self.0 {
            None => self.say(text),
            Some(wire) => wire.mention(text),
        }
    }

    /// Whether a bar can be drawn on it. The server does not draw on other people's terminals.
    pub(super) fn is_terminal(&self) -> bool {
        self.0.is_none() && io::stderr().is_terminal()
    }
}

/// The standard output of a client.
struct ClientStdout(Arc<Wire>);

impl Write for ClientStdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(Kind::Stdout, bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
