//! What an import brings: the content of a bundle as model types.

use std::collections::BTreeMap;
use std::io;

use super::BlobStore;
use crate::journal::ImportCommand;
use crate::model::{Batch, Candidate, Exam, Marker, School, Script};

/// What a bundle holds, read back from its blobs.
///
/// The store fills in what only it knows: [`Script::id`], [`Script::renderable_at`], and accepted
/// damage of earlier imports. It keeps a batch's state when that is further on than the bundle's.
pub struct Holdings<'a> {
    /// The exam.
    pub exam: Exam,
    /// In any order, each UAI once.
    pub schools: Vec<School>,
    /// In any order, each id once.
    pub markers: Vec<Marker>,
    /// In any order, each id once.
    pub batches: Vec<Batch>,
    /// In any order, each number once.
    pub candidates: Vec<Candidate>,
    /// The scripts.
    pub scripts: Box<dyn Scripts + 'a>,
}

/// The scripts of a bundle, each candidate's at most once: asked for one at a time, never all in memory.
pub trait Scripts {
    /// How many there are.
    fn count(&self) -> u64;

    /// A candidate's script; none when the bundle has none.
    ///
    /// # Errors
    /// [`LoadError`] when it does not read as it did.
    fn script(&mut self, candidate: &str) -> Result<Option<Script>, LoadError>;
}

/// Scripts by candidate, for bundles small enough to be in memory.
impl Scripts for BTreeMap<String, Script> {
    fn count(&self) -> u64 {
        self.len() as u64
    }

    fn script(&mut self, candidate: &str) -> Result<Option<Script>, LoadError> {
        Ok(self.get(candidate).cloned())
    }
}

/// Reads an import's blobs: [`crate::intake`] provides the function, the store calls it when the
/// command is executed, replayed or verified. It must give the same holdings every time, from the
/// command and the blobs alone.
pub type Load = for<'a> fn(&'a ImportCommand, &'a BlobStore) -> Result<Holdings<'a>, LoadError>;

/// Why an import's blobs do not give its holdings. Blobs are checked when they are written, so
/// this means that one was lost or altered since.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A blob cannot be read.
    #[error(
        "STO-030 the bundle's {file}, as kept in the store, cannot be read: {source}; import the bundle again"
    )]
    Blob {
        /// Which of the bundle's files.
        file: &'static str,
        /// What the file system said.
        source: io::Error,
    },
    /// A blob does not read as it did at import.
    #[error(
        "STO-031 line {line} of the bundle's {file}, as kept in the store, cannot be understood: {detail}; \
         import the bundle again"
    )]
    Content {
        /// Which of the bundle's files.
        file: &'static str,
        /// Line, from 1.
        line: u64,
        /// What is wrong, no personal data.
        detail: String,
    },
}
