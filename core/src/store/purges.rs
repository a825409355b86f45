//! Which lines of a journal were before the last purge of their exam.

use std::collections::BTreeMap;
use std::path::Path;

use crate::journal::{Command, JournalError, Line, Lines};

/// The line of each exam's last purge. It stands for all of the exam's lines before, whose blobs are
/// gone.
#[derive(Default)]
pub(super) struct Purges(BTreeMap<String, u64>);

impl Purges {
    /// Reads a journal to its end.
    pub(super) fn read(journal: &Path) -> Result<Purges, JournalError> {
        let mut purges = Purges::default();
        for line in Lines::read(journal)? {
            purges.note(&line?.0);
        }
        Ok(purges)
    }

    /// Takes a line into account; they come in order.
    pub(super) fn note(&mut self, line: &Line) {
        if let Command::PurgeExam(command) = &line.command {
            self.0.insert(command.exam.clone(), line.number);
        }
    }

    /// Whether a later line stands for this one.
    pub(super) fn replace(&self, line: &Line) -> bool {
        line.command.exam().and_then(|exam| self.0.get(exam)).is_some_and(|purge| line.number < *purge)
    }
}
