//! What the journal says, for people who look back: a mark has to be explained years later.

use std::collections::VecDeque;
use std::io::{self, Read as _};

use super::Store;
use crate::journal::{JournalError, Line, Lines};
use crate::model::BlobRef;
use crate::rope::BlobSource as _;

/// The longest text that is read back, in bytes: reasons have 2,000 characters at most.
const TEXT: u64 = 64 << 10;

/// Lines of the journal, the newest first.
#[derive(Debug, Default)]
pub struct History {
    /// At most as many as were asked for.
    pub lines: Vec<Line>,
    /// Whether there are older ones.
    pub older: bool,
}

/// A text that the journal refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// As it was written.
    Text(String),
    /// A purge has destroyed it.
    Destroyed,
}

impl Store {
    /// The last `most` lines that are `wanted`, of those before the line `before`. The journal is read from its
    /// first line to there, and its chain is followed; what is appended meanwhile is not waited for.
    ///
    /// # Errors
    /// [`JournalError::Broken`] when the chain does not hold.
    pub fn history(
        &self,
        before: Option<u64>,
        most: usize,
        wanted: impl Fn(&Line) -> bool,
    ) -> Result<History, JournalError> {
        let mut kept: VecDeque<Line> = VecDeque::new();
        let mut older = false;
        for line in Lines::read(&self.dir().join(super::open::JOURNAL))? {
            let (line, _) = line?;
            if before.is_some_and(|before| line.number >= before) {
                break;
            }
            if !wanted(&line) {
                continue;
            }
            if kept.len() == most {
                kept.pop_front();
                older = true;
            }
            kept.push_back(line);
        }
        Ok(History { lines: kept.into_iter().rev().collect(), older })
    }

    /// A reason that a line refers to.
    ///
    /// # Errors
    /// When its blob cannot be read; that it is gone is no error, purges destroy what is personal.
    pub fn told(&self, text: &BlobRef) -> io::Result<Told> {
        let file = match self.blobs().open(text) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Told::Destroyed),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        file.take(TEXT).read_to_end(&mut bytes)?;
        Ok(Told::Text(String::from_utf8_lossy(&bytes).into_owned()))
    }
}
