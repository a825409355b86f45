//! The files of a bundle by path.

use std::collections::{HashMap, HashSet};

use super::path::{composed, folded};
use crate::intake::fault::{Code, Finding, Findings};

/// A file of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

impl FileId {
    /// Its number in the listing.
    pub fn number(self) -> u32 {
        self.0
    }
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A plain file.
    File(FileId),
    /// A link or a special file, or something behind a link.
    Link,
    /// Nothing.
    Missing,
}

/// A plain file, and where it is.
#[derive(Debug)]
pub struct Entry {
    /// Its path as it is written there.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// For a ZIP: which entry.
    pub index: usize,
}

/// All plain files.
#[derive(Default)]
pub struct Listing {
    entries: Vec<Entry>,
    by_path: HashMap<String, u32>,
    folded: HashMap<String, u32>,
    links: HashSet<String>,
    clashes: u64,
}

impl Listing {
    /// Adds a file. A path that clashes with another is counted; [`Listing::finish`] notes it.
    pub fn add(&mut self, entry: Entry) {
        // Bounded by the limit on entries, far below.
        let Ok(number) = u32::try_from(self.entries.len()) else { return };
        let new = self.folded.insert(folded(&entry.path), number).is_none();
        if !new {
            self.clashes += 1;
        }
        self.by_path.insert(composed(&entry.path), number);
        self.entries.push(entry);
    }

    /// Remembers a link or a special file.
    pub fn add_link(&mut self, path: &str) {
        self.links.insert(composed(path));
    }

    /// Notes clashes and frees what only they needed.
    pub fn finish(&mut self, findings: &mut Findings) {
        self.folded = HashMap::new();
        if self.clashes > 0 {
            let message = format!(
                "{} paths are the same as another one, or differ from it only by case or by how accents are encoded; \
                 on other systems they are one file",
                self.clashes
            );
            findings.push(Code::SamePath, Finding::new(Code::SamePath, message));
        }
    }

    /// Looks a composed path up.
    pub fn find(&self, path: &str) -> Found {
        if let Some(number) = self.by_path.get(path) {
            return Found::File(FileId(*number));
        }
        let behind = |end: usize| self.links.contains(&path[..end]);
        let mut ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        if !self.links.is_empty() && ends.any(behind) { Found::Link } else { Found::Missing }
    }

    /// A file that [`Listing::find`] found.
    pub fn entry(&self, file: FileId) -> &Entry {
        &self.entries[file.0 as usize]
    }

    /// How many files.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many links and special files.
    pub fn links(&self) -> usize {
        self.links.len()
    }
}
