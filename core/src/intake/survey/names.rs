//! Names that lines give and other lines refer to.

use std::collections::HashMap;

/// The names of one file, each with its first line.
#[derive(Default)]
pub struct Names {
    first: HashMap<String, u64>,
    lines: u64,
    /// Some line's name could not be made out, so a name that is not here may have been on it.
    blurred: bool,
}

impl Names {
    /// None yet.
    pub fn new() -> Names {
        Names::default()
    }

    /// Adds a name; answers with the line that had it before.
    pub fn add(&mut self, name: &str, line: u64) -> Option<u64> {
        self.lines += 1;
        if let Some(first) = self.first.get(name) {
            return Some(*first);
        }
        self.first.insert(name.to_owned(), line);
        None
    }

    /// Remembers that a line's name could not be made out: one fault must not cause a thousand.
    pub fn blur(&mut self) {
        self.blurred = true;
    }

    /// Whether a reference to this name leads nowhere for certain. Empty names are faults already.
    pub fn lacks(&self, name: &str) -> bool {
        !name.is_empty() && !self.blurred && !self.first.contains_key(name)
    }

    /// How many lines had a name.
    pub fn lines(&self) -> u64 {
        self.lines
    }
}
