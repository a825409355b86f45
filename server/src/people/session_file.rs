//! The file of sessions: `DIR/sessions`, mode 0600, replaced as a whole.
//!
//! A line each, first the key and then the sessions: 16 hexadecimal digits that check the rest of the
//! line, a space, JSON. It holds digests of cookies, never a cookie. A line that is damaged or cut is
//! left out: somebody signs in once more. Without the first line all do.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use copiste_core::journal::{Timestamp, hex};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The longest line: three times what one has.
const LINE: u64 = 1024;
/// Sessions that are read at most; ten times what is expected.
const SESSIONS: usize = 200_000;

/// A session, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    /// SHA-256 of the cookie.
    #[serde(with = "hex::digest")]
    pub(super) cookie: [u8; 32],
    #[serde(with = "hex::id")]
    pub(super) account: [u8; 16],
    /// When he signed in.
    pub(super) made_at: Timestamp,
    /// When he was seen last.
    pub(super) seen_at: Timestamp,
    /// Tells his password from others, without being of any use to guess it.
    #[serde(with = "hex::digest")]
    pub(super) password: [u8; 32],
    /// Tells his role and scope from others.
    #[serde(with = "hex::digest")]
    pub(super) role: [u8; 32],
}

/// The first line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    format: String,
    version: u32,
    /// What the tokens of forms are made with.
    #[serde(with = "hex::digest")]
    key: [u8; 32],
}

const FORMAT: &str = "copiste-sessions";
const VERSION: u32 = 1;

/// What a file holds.
#[derive(Default)]
pub(super) struct Found {
    /// The key, when its line is whole.
    pub(super) key: Option<[u8; 32]>,
    pub(super) sessions: Vec<Kept>,
    /// Lines that were left out.
    pub(super) damaged: u64,
}

/// Reads a file; a missing one holds nothing.
///
/// # Errors
/// Whatever the file system says.
pub(super) fn read(path: &Path) -> io::Result<Found> {
    let mut found = Found::default();
    let mut lines = match File::open(path) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(error),
    };
    let mut line = Vec::new();
    let mut first = true;
    loop {
        line.clear();
        if (&mut lines).take(LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(found);
        }
        if std::mem::take(&mut first) {
            let head = opened::<Head>(&line).filter(|head| head.format == FORMAT && head.version == VERSION);
            let Some(head) = head else {
                found.damaged += 1;
                return Ok(found);
            };
            found.key = Some(head.key);
            continue;
        }
        match opened(&line) {
            Some(session) if found.sessions.len() < SESSIONS => found.sessions.push(session),
            _ => found.damaged += 1,
        }
    }
}

/// What a file is to hold.
///
/// # Errors
/// None that is known: digests and numbers have their JSON.
pub(super) fn spelt<'k>(key: &[u8; 32], sessions: impl Iterator<Item = &'k Kept>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    seal(&mut bytes, &Head { format: FORMAT.to_owned(), version: VERSION, key: *key })?;
    for session in sessions {
        seal(&mut bytes, session)?;
    }
    Ok(bytes)
}

/// Puts bytes in the place of a file: all of them or none, durably.
///
/// # Errors
/// Whatever the file system says.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

fn check(json: &[u8]) -> String {
    hex::encode(&Sha256::digest(json)[..8])
}

fn seal(bytes: &mut Vec<u8>, value: &impl Serialize) -> io::Result<()> {
    let json = serde_json::to_vec(value)?;
    bytes.extend_from_slice(check(&json).as_bytes());
    bytes.push(b' ');
    bytes.extend_from_slice(&json);
    bytes.push(b'\n');
    Ok(())
}

fn opened<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    let (checked, json) = line.strip_suffix(b"\n")?.split_at_checked(17)?;
    (checked.strip_suffix(b" ")? == check(json).as_bytes()).then(|| serde_json::from_slice(json).ok())?
}
