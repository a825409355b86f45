//! The decoding process's own side: limits first, then one request after another.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::stdio::{stdin, stdout};

use super::pdf::Documents;
use super::protocol::{self, GREETING, RawPath, Reply, Request};
use super::{convert, inspect};
use crate::intake::scan::damage;
use crate::model::Damage;

/// What a request is answered with: a reply and its attachments.
pub(crate) type Served = Result<(Reply, Vec<Vec<u8>>), Damage>;

/// The decoding process: serves requests from standard input until it ends.
///
/// Standard output belongs to the protocol; what is written to standard error is kept by the
/// other side only to tell a lack of memory from a crash.
pub fn run() -> ExitCode {
    match serve(&mut Pipe, &mut Pipe) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Standard input and output without the buffers and locks of the standard library, which look
/// for line ends in pictures.
struct Pipe;

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(stdin(), buffer)?)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(stdout(), bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn serve(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    to.write_all(GREETING)?;
    let mut documents = Documents::default();
    while let Some((request, attached)) = protocol::read::<Request>(from)? {
        match answer(request, &attached, &mut documents) {
            Ok((reply, attached)) => {
                let attached: Vec<&[u8]> = attached.iter().map(Vec::as_slice).collect();
                protocol::write(to, reply, &attached)?;
            }
            Err(damage) => protocol::write(to, Reply::Damaged(damage.into()), &[])?,
        }
    }
    Ok(())
}

fn answer(request: Request, attached: &[Vec<u8>], documents: &mut Documents) -> Served {
    match request {
        Request::Limits { memory, processor } => {
            lower(memory, processor).map_err(|error| damage::unsupported(error.to_string()))?;
            Ok((Reply::Ready, Vec::new()))
        }
        Request::Jpeg { path } => convert::served(whole(&path).and_then(|file| convert::jpeg(&file))),
        Request::Png { path } => convert::served(whole(&path).and_then(|file| convert::png(&file))),
        Request::Tiff { path, directory } => {
            convert::served(whole(&path).and_then(|file| convert::tiff(&file, directory)))
        }
        Request::Inspect { picture } => inspect::serve(&picture, attached),
        Request::Show { width, height } => show(attached, width, height),
        Request::Outline { path } => documents.outline(&path),
        Request::Page { path, page } => documents.page(&path, page),
    }
}

/// Paints a page for a browser.
fn show(attached: &[Vec<u8>], width: u32, height: u32) -> Served {
    let pdf = attached.first().ok_or_else(|| damage::malformed("no page to show"))?;
    let raster = convert::shown(pdf, width, height)?;
    Ok((Reply::Shown, vec![convert::png_file(&raster)]))
}

/// A picture file, read whole; its length was accepted by the other side.
fn whole(path: &RawPath) -> Result<Vec<u8>, Damage> {
    std::fs::read(path.path()).map_err(|error| damage::unreadable_file(error.kind().to_string()))
}

/// Lowers this process's own limits for good.
fn lower(memory: u64, processor: u64) -> io::Result<()> {
    for (resource, most) in [
        (Resource::As, memory),
        (Resource::Cpu, processor),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nofile, 64),
    ] {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}
