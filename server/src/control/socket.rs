//! Where the socket is, who may use it.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

/// The socket's name in the data directory.
const NAME: &str = "control.sock";
/// Its name until it listens and only its owner may use it.
const UNFINISHED: &str = "control.sock.new";

/// Connections that may wait for a moment until they are taken.
const WAITING: i32 = 64;

/// A data directory by a short path: the name of a socket has room for some hundred bytes, the path
/// of a directory for four thousand.
struct Short(OwnedFd);

impl Short {
    fn open(dir: &Path) -> io::Result<Short> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Short(rustix::fs::open(dir, flags, Mode::empty())?))
    }

    fn join(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}/{name}", self.0.as_raw_fd()))
    }
}

/// A socket that listens, for its owner alone. Its name goes away with the value.
pub(super) struct Bound {
    dir: Short,
    pub(super) listener: UnixListener,
}

impl Bound {
    /// Makes the socket of a data directory whose lock this process holds: what lies there under
    /// its name is a dead server's.
    pub(super) fn in_directory(dir: &Path) -> io::Result<Bound> {
        let dir = Short::open(dir)?;
        let (path, unfinished) = (dir.join(NAME), dir.join(UNFINISHED));
        gone(fs::remove_file(&unfinished))?;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        rustix::net::bind(&socket, &SocketAddrUnix::new(&unfinished)?)?;
        // Before it listens: nobody could connect any earlier.
        rustix::fs::chmod(&unfinished, Mode::RUSR | Mode::WUSR)?;
        rustix::net::listen(&socket, WAITING)?;
        fs::rename(&unfinished, &path)?;
        Ok(Bound { dir, listener: UnixListener::from(socket) })
    }

    /// Takes the socket's name away: whoever comes now finds no server.
    pub(super) fn remove(&self) -> io::Result<()> {
        gone(fs::remove_file(self.dir.join(NAME)))
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        // What stays is replaced by the next server, and answers nobody until then.
        let _ = self.remove();
    }
}

/// What was not there need not be removed.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Connects to the server of a data directory, if one answers.
pub(super) fn connect(dir: &Path) -> Option<UnixStream> {
    let dir = Short::open(dir).ok()?;
    UnixStream::connect(dir.join(NAME)).ok()
}

/// Whether the process at the other end is the same user's.
pub(super) fn is_ours(stream: &UnixStream) -> io::Result<bool> {
    Ok(rustix::net::sockopt::socket_peercred(stream)?.uid == rustix::process::geteuid())
}
