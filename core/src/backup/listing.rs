//! `backup.jsonl`: what a backup is, and what it holds.

use serde::{Deserialize, Serialize};

use super::SETTINGS;
use crate::journal::hex;
use crate::zip::{Entry, Layout, Outline, Placed, ZipError};

/// The first entry.
pub(super) const LISTING: &str = "backup.jsonl";
pub(super) const JOURNAL: &str = "journal.jsonl";
pub(super) const SECRET: &str = "secret";

const FORMAT: &str = "copiste-backup";
const VERSION: u32 = 1;

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    format: String,
    version: u32,
    /// When it was made: seconds since 1970, UTC; the time of every entry.
    pub(super) at: i64,
    /// The journal's last line in it.
    pub(super) line: u64,
    /// SHA-256 of that line.
    #[serde(with = "hex::digest")]
    pub(super) head: [u8; 32],
    /// Lines that follow.
    pub(super) entries: u64,
}

impl Head {
    pub(super) fn new(at: i64, line: u64, head: [u8; 32], entries: u64) -> Head {
        Head { format: FORMAT.to_owned(), version: VERSION, at, line, head, entries }
    }

    /// Whether it is one that this version reads.
    pub(super) fn is_known(&self) -> bool {
        self.format == FORMAT && self.version == VERSION
    }
}

/// A line for an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) length: u64,
    pub(super) crc32: u32,
    #[serde(with = "hex::digest")]
    pub(super) sha256: [u8; 32],
}

impl Item {
    /// Of a blob.
    pub(super) fn blob(sha256: &[u8; 32], length: u64, crc32: u32) -> Item {
        Item { name: blob_name(sha256), length, crc32, sha256: *sha256 }
    }

    pub(super) fn entry(&self, at: i64) -> Entry<'_> {
        Entry { name: &self.name, length: self.length, crc32: self.crc32, at }
    }

    /// What kind of entry it is; none when no backup has such a one.
    pub(super) fn kind(&self) -> Option<Kind> {
        match self.name.as_str() {
            JOURNAL => Some(Kind::Journal),
            SECRET => Some(Kind::Secret),
            SETTINGS => Some(Kind::Settings),
            name => (name == blob_name(&self.sha256)).then_some(Kind::Blob),
        }
    }
}

/// What an entry is, in the order they stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Journal,
    Secret,
    Settings,
    Blob,
}

fn blob_name(sha256: &[u8; 32]) -> String {
    let digits = hex::encode(sha256);
    let (folder, rest) = digits.split_at(2);
    format!("blobs/{folder}/{rest}")
}

/// Where everything lies: the listing and each item, and the archive's outline.
pub(super) fn laid_out(
    listing: &Entry<'_>,
    items: &[Item],
) -> Result<(Placed, Vec<Placed>, Outline), ZipError> {
    let mut layout = Layout::default();
    let first = layout.add(listing, &[0; 32])?;
    let at = listing.at;
    let placed =
        items.iter().map(|item| layout.add(&item.entry(at), &item.sha256)).collect::<Result<_, _>>()?;
    Ok((first, placed, layout.close()))
}
