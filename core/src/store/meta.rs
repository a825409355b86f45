//! What the database knows about itself: its format, its secret's digest, and how far into the
//! journal it is.

use sled::IVec;

use super::StoreError;
use super::tables::Tables;

/// The layout of trees and keys. Raised when an older program could not read it. Formats 1 and 2 were never
/// released: in the first exams had no life beyond their import, in the second no script was found by its id.
const FORMAT: u32 = 3;

const FORMAT_KEY: &[u8] = b"format";
const SECRET_KEY: &[u8] = b"secret";
/// Where [`Applied`] is; the transaction of a commit writes it.
pub(super) const APPLIED_KEY: &[u8] = b"applied";

/// Where [`Forgetting`] is; a purge writes it.
pub(super) const FORGETTING_KEY: &[u8] = b"forgetting";

/// What of a purge is still to do: the records are gone, the disk may still hold what they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forgetting {
    /// The database has to be made anew, and blobs have to go.
    All,
    /// Some blobs could not be removed yet.
    Blobs,
}

impl Forgetting {
    pub(super) fn bytes(self) -> [u8; 1] {
        match self {
            Forgetting::All => [2],
            Forgetting::Blobs => [1],
        }
    }

    /// What a database says.
    pub(super) fn read(tables: &Tables) -> Result<Option<Forgetting>, StoreError> {
        match tables.meta.get(FORGETTING_KEY)?.as_deref() {
            None => Ok(None),
            Some([1]) => Ok(Some(Forgetting::Blobs)),
            // When in doubt everything is done once more.
            Some(_) => Ok(Some(Forgetting::All)),
        }
    }
}

/// The journal line applied last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Applied {
    /// Its number; 0 before the first.
    pub(super) line: u64,
    /// Its SHA-256; zeros before the first.
    pub(super) head: [u8; 32],
}

impl Applied {
    pub(super) fn bytes(&self) -> Vec<u8> {
        [self.line.to_le_bytes().as_slice(), &self.head].concat()
    }
}

/// What a database was found to be.
pub(super) enum State {
    /// Nothing was ever written into it.
    New,
    /// One that was in use.
    Used(Applied),
}

/// Reads how far a database is.
///
/// # Errors
/// A format, a secret or a number that does not fit.
pub(super) fn read(tables: &Tables, secret: &[u8; 32]) -> Result<State, StoreError> {
    let inconsistent = |detail: &str| StoreError::Inconsistent { detail: detail.to_owned() };
    let Some(format) = tables.meta.get(FORMAT_KEY)? else {
        // Without its first key a database must be empty, or that key was lost.
        let empty = tables.meta.is_empty()
            && tables.exams.is_empty()
            && tables.exports.is_empty()
            && tables.holds.is_empty()
            && tables.accounts.is_empty()
            && tables.of_generations().iter().all(|tree| tree.is_empty());
        return if empty { Ok(State::New) } else { Err(inconsistent("its format is not said")) };
    };
    if format.as_ref() != FORMAT.to_le_bytes() {
        return Err(inconsistent(
            "it has a format that this version does not know; `copiste rebuild` makes it again",
        ));
    }
    if tables.meta.get(SECRET_KEY)?.as_deref() != Some(secret.as_slice()) {
        return Err(inconsistent("its script ids were made with another secret"));
    }
    let applied = tables.meta.get(APPLIED_KEY)?;
    let applied = applied.ok_or_else(|| inconsistent("how far it is in the journal is not said"))?;
    let Some((line, head)) = applied.split_first_chunk::<8>() else {
        return Err(inconsistent("how far it is in the journal is cut short"));
    };
    let head = head.try_into().map_err(|_| inconsistent("how far it is in the journal is cut short"))?;
    Ok(State::Used(Applied { line: u64::from_le_bytes(*line), head }))
}

/// Makes an empty database one in use, durably: before the first line is journalled, so that a
/// journal beside a database without this is a database that was lost.
pub(super) fn found(tables: &Tables, secret: &[u8; 32]) -> Result<(), StoreError> {
    let mut batch = sled::Batch::default();
    batch.insert(FORMAT_KEY, IVec::from(&FORMAT.to_le_bytes()));
    batch.insert(SECRET_KEY, IVec::from(secret));
    batch.insert(APPLIED_KEY, Applied { line: 0, head: [0; 32] }.bytes());
    tables.meta.apply_batch(batch)?;
    tables.commit()
}
