//! The client's side: sends its command line, shows what the server says.

use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, bail};

use super::frame::{self, Kind, LONGEST_PIECE, LONGEST_REQUEST};
use super::request::Request;
use super::socket;

/// Lets the running server of a data directory do what was typed, and shows its outputs as they come.
/// Gives the exit code; none when no server answers: then the command runs here.
///
/// Ctrl-C asks the server to end the command and goes on showing what it says; a second one leaves.
///
/// # Errors
/// When the command line cannot be sent, the server ends before the command, or the standard output
/// takes nothing.
pub(crate) fn forward(data: &Path, arguments: &[OsString]) -> anyhow::Result<Option<u8>> {
    let Some(stream) = socket::connect(data) else { return Ok(None) };
    let directory = std::env::current_dir()
        .context("CTL-012 the working directory cannot be told; nothing was done; go to one that exists")?;
    let request = Request::new(arguments, &directory).encoded()?;
    if request.len() > LONGEST_REQUEST {
        bail!(
            "CTL-002 the command line has {} bytes, the running server takes {LONGEST_REQUEST}; nothing was \
             done; name fewer things at a time, or stop the server",
            request.len()
        );
    }
    let half = stream.try_clone().context("CTL-001 the connection to the server is lost")?;
    let told = AtomicBool::new(false);
    ctrlc::set_handler(move || {
        if told.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        // It fails where the server has left already: then there is nothing to cancel.
        let _ = half.shutdown(Shutdown::Write);
    })
    .context("CLI-013 cannot listen for Ctrl-C")?;
    // A server that takes no command says why and closes: its answer is read whether or not it took all.
    let _ = frame::write(&mut &stream, Kind::Request, &request);
    show(&stream).map(Some)
}

/// Shows what the server says until it gives the exit code.
fn show(mut stream: &UnixStream) -> anyhow::Result<u8> {
    loop {
        match frame::read(&mut stream, LONGEST_PIECE) {
            Ok(Some((Kind::Stdout, bytes))) => shown(&bytes)?,
            // Nothing is left to tell when standard error itself is gone.
            Ok(Some((Kind::Stderr, bytes))) => drop(io::stderr().write_all(&bytes)),
            Ok(Some((Kind::Exit, code))) if code.len() == 1 => return Ok(code[0]),
            Ok(Some(_)) => {
                bail!("CTL-003 the server's answer is not understood; `copiste status` says how far it came")
            }
            Ok(None) | Err(_) => bail!(
                "CTL-001 the server ended before the command did; what it had confirmed is kept: look at \
                 `copiste status` and repeat the command"
            ),
        }
    }
}

/// A reader that closes the pipe early (`| head`) is not a fault, here as without a server.
fn shown(bytes: &[u8]) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(fault) if fault.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}
