//! What is said over the pipe between copiste and its decoding processes.
//!
//! A message is the length of its JSON head (32 bits, least significant byte first), the head, and
//! the attachments the head announces, one after another. A process says [`GREETING`] first, so
//! that whatever else a program prints when it starts is not taken for an answer.

use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::intake::scan::found::{Fault, Picture, Sighting};

/// What a decoding process says before anything else.
pub(crate) const GREETING: &[u8] = b"\0copiste decode-worker 1\n";

/// Bytes a message's head may have. The largest names a palette and a long path.
pub(crate) const HEAD_BYTES: u32 = 1 << 20;
/// Bytes all attachments of a message may have together.
pub(crate) const ATTACHED_BYTES: u64 = 1 << 30;
/// Attachments of a message: a picture, its profile or its globals, and to spare.
pub(crate) const ATTACHMENTS: usize = 8;

/// A message's head.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head<T> {
    /// The message.
    pub(crate) body: T,
    /// Bytes of each attachment.
    pub(crate) attached: Vec<u64>,
}

/// A path as its bytes, since names from a ZIP need not be UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RawPath(Vec<u8>);

impl RawPath {
    /// Takes the bytes.
    pub(crate) fn new(path: &Path) -> RawPath {
        RawPath(path.as_os_str().as_bytes().to_vec())
    }

    /// The path again.
    pub(crate) fn path(&self) -> PathBuf {
        PathBuf::from(std::ffi::OsString::from_vec(self.0.clone()))
    }
}

/// What a decoding process is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) enum Request {
    /// First of all: lower your own limits. Bytes of address space, seconds of processor time.
    Limits { memory: u64, processor: u64 },
    /// How many pages has this PDF?
    Outline { path: RawPath },
    /// What is on this page of it (from 1)?
    Page { path: RawPath, page: u32 },
    /// Convert this JPEG file.
    Jpeg { path: RawPath },
    /// Convert this PNG file.
    Png { path: RawPath },
    /// Convert the page of this TIFF file whose directory is at this byte.
    Tiff { path: RawPath, directory: u32 },
    /// Decode this picture, its bytes attached, and say what it is like.
    Inspect { picture: Picture },
    /// Paint the only page of the PDF attached, so many pixels wide and high.
    Show { width: u32, height: u32 },
}

/// What it answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) enum Reply {
    /// The limits hold.
    Ready,
    /// So many pages.
    Pages(u32),
    /// A page, with its bytes attached or named in the file.
    Page(Box<Sighting>),
    /// A converted picture, its bytes attached.
    Converted(Box<Picture>),
    /// A picture that decodes: dark pixels in a thousand.
    Ink(u32),
    /// A page as a PNG file, attached.
    Shown,
    /// It cannot be read.
    Damaged(Fault),
}

/// A message's bytes before its attachments.
pub(crate) fn head<T: Serialize>(body: T, attached: &[&[u8]]) -> io::Result<Vec<u8>> {
    let attached = attached.iter().map(|bytes| bytes.len() as u64).collect();
    let json = serde_json::to_vec(&Head { body, attached })?;
    let length = u32::try_from(json.len()).ok().filter(|length| *length <= HEAD_BYTES);
    let length =
        length.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "DEC-004 a message too long"))?;
    Ok([&length.to_le_bytes()[..], &json].concat())
}

/// Writes a message: the child's side, where blocking is right.
pub(crate) fn write<T: Serialize>(to: &mut impl Write, body: T, attached: &[&[u8]]) -> io::Result<()> {
    to.write_all(&head(body, attached)?)?;
    attached.iter().try_for_each(|bytes| to.write_all(bytes))?;
    to.flush()
}

/// Reads a message, or none when there is no more: the child's side.
pub(crate) fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<(T, Vec<Vec<u8>>)>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let length = checked_head(length)?;
    let head: Head<T> = serde_json::from_slice(&exactly(from, u64::from(length))?)?;
    check_attached(&head.attached)?;
    let attached = head.attached.iter().map(|length| exactly(from, *length)).collect::<io::Result<_>>()?;
    Ok(Some((head.body, attached)))
}

/// Bytes as they come: a length from outside allocates nothing before its bytes are there.
fn exactly(from: &mut impl Read, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// The length of a head, within its bound.
pub(crate) fn checked_head(length: [u8; 4]) -> io::Result<u32> {
    let length = u32::from_le_bytes(length);
    if length <= HEAD_BYTES { Ok(length) } else { Err(rubbish("a head beyond its bound")) }
}

/// The announced attachments, within their bounds.
pub(crate) fn check_attached(lengths: &[u64]) -> io::Result<()> {
    let total = lengths.iter().try_fold(0_u64, |sum, length| sum.checked_add(*length));
    if lengths.len() <= ATTACHMENTS && total.is_some_and(|total| total <= ATTACHED_BYTES) {
        Ok(())
    } else {
        Err(rubbish("attachments beyond their bound"))
    }
}

/// What breaks the protocol.
pub(crate) fn rubbish(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
