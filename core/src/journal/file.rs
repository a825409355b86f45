//! The journal's file: opening, appending, cutting off a torn end.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fail::fail_point;

use super::line::digest;
use super::{Actor, Command, Counts, Line, Timestamp};

/// The longest line, in bytes: a list of 200,000 pages fits.
const LINE_LIMIT: u64 = 64 << 20;

/// Why the journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system refuses.
    #[error("JRN-001 cannot {act} the journal {}: {source}", .path.display())]
    Io {
        /// What was tried.
        act: &'static str,
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// A line is not one, or does not follow the line before.
    #[error(
        "JRN-002 line {line} of the journal is broken ({detail}); it was changed after it was written, or \
         its disk is failing: restore journal.jsonl from a backup"
    )]
    Broken {
        /// The line, from 1.
        line: u64,
        /// What does not hold.
        detail: String,
    },
    /// A command is too long for one line.
    #[error(
        "JRN-003 the command makes a line of {length} bytes, more than {LINE_LIMIT}; nothing was changed"
    )]
    TooLong {
        /// Bytes of the line.
        length: u64,
    },
    /// An earlier append failed in a way that leaves the file's end unknown.
    #[error("JRN-004 the journal's end is unknown since an earlier failure; open the data directory again")]
    Unknown,
}

/// What a crash left of a line that was being appended, cut off and kept aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The number the line would have had.
    pub line: u64,
    /// How many bytes there were of it.
    pub bytes: u64,
    /// Where they are kept.
    pub kept: PathBuf,
}

/// The journal, open for appending. The data directory's lock must be held.
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Bytes of whole lines.
    length: u64,
    /// The last line's number; 0 when there is none.
    last: u64,
    /// The last line's digest; zeros when there is none.
    head: [u8; 32],
    unknown: bool,
}

impl Journal {
    /// Opens the journal, made when it is missing, and follows its chain from the first line,
    /// giving each line and its digest to `each`. A last line that a crash left incomplete is cut
    /// off and kept in a file beside the journal: it was never answered with success, unless its
    /// number is among the `applied` first.
    ///
    /// # Errors
    /// [`JournalError::Broken`] when the chain does not hold.
    pub fn open(
        path: &Path,
        applied: u64,
        mut each: impl FnMut(&Line, &[u8; 32]),
    ) -> Result<(Journal, Option<Cut>), JournalError> {
        let io = |act| io_error(act, path);
        let file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(io("open"))?;
        let mut lines = Lines::of(file.try_clone().map_err(io("open"))?, path)?;
        for line in &mut lines {
            let (line, digest) = line?;
            each(&line, &digest);
        }
        let Lines { at, last, head, torn, .. } = lines;
        let mut journal = Journal { path: path.to_owned(), file, length: at, last, head, unknown: false };
        let cut = match torn {
            0 => None,
            _ if last < applied => {
                let detail = "it is incomplete, and was whole once".to_owned();
                return Err(JournalError::Broken { line: last + 1, detail });
            }
            bytes => Some(journal.cut(bytes)?),
        };
        // A new file has no name before its folder is durable.
        if let Some(folder) = path.parent() {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(io("make durable"))?;
        }
        Ok((journal, cut))
    }

    /// The last line's number; 0 when there is none.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// The last line's SHA-256; zeros when there is none.
    pub fn head(&self) -> [u8; 32] {
        self.head
    }

    /// Bytes of all lines.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Whether its end is known, so that lines may follow.
    ///
    /// # Errors
    /// [`JournalError::Unknown`].
    pub fn known(&self) -> Result<(), JournalError> {
        if self.unknown { Err(JournalError::Unknown) } else { Ok(()) }
    }

    /// Appends a line and makes it durable. Returns its number.
    ///
    /// # Errors
    /// Then there is no such line, unless [`JournalError::Unknown`] follows at the next attempt:
    /// then opening the data directory again decides.
    pub fn append(
        &mut self,
        at: Timestamp,
        actor: &Actor,
        command: &Command,
        counts: Counts,
    ) -> Result<u64, JournalError> {
        self.known()?;
        let number = self.last + 1;
        let line =
            Line { number, at, actor: actor.clone(), command: command.clone(), counts, previous: self.head };
        let mut bytes = serde_json::to_vec(&line)
            .map_err(|error| io_error("write", &self.path)(io::Error::other(error)))?;
        let head = digest(&bytes);
        bytes.push(b'\n');
        let length = bytes.len() as u64;
        if length > LINE_LIMIT {
            return Err(JournalError::TooLong { length });
        }
        if let Err(source) = self.write(&bytes) {
            // Nothing may follow half a line. When even that fails, only a fresh look can tell.
            let taken_back = self.file.set_len(self.length).and_then(|()| self.file.sync_all());
            self.unknown = taken_back.is_err();
            return Err(io_error("append to", &self.path)(source));
        }
        (self.last, self.head, self.length) = (number, head, self.length + length);
        Ok(number)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        fail_point!("journal-append", |_| Err(io::Error::from_raw_os_error(28)));
        self.file.write_all(bytes)?;
        fail_point!("journal-sync", |_| Err(io::Error::from_raw_os_error(5)));
        self.file.sync_all()
    }

    /// Moves the last `bytes` bytes of the file out of the way.
    fn cut(&mut self, bytes: u64) -> Result<Cut, JournalError> {
        let line = self.last + 1;
        let path = self.path.clone();
        let io = |act| io_error(act, &path);
        let mut attempt = 0_u32;
        let (kept, mut copy) = loop {
            let kept = path.with_file_name(format!("journal-cut-{line}-{attempt}"));
            match OpenOptions::new().write(true).create_new(true).open(&kept) {
                Ok(copy) => break (kept, copy),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => attempt += 1,
                Err(error) => return Err(io("keep the torn end of")(error)),
            }
        };
        let mut torn = File::open(&path).map_err(io("read"))?;
        torn.seek(SeekFrom::Start(self.length)).map_err(io("read"))?;
        io::copy(&mut torn, &mut copy).and_then(|_| copy.sync_all()).map_err(io("keep the torn end of"))?;
        self.file
            .set_len(self.length)
            .and_then(|()| self.file.sync_all())
            .map_err(io("cut the torn end off"))?;
        Ok(Cut { line, bytes, kept })
    }
}

/// In which way a line is not the one that follows.
enum Tear {
    /// It is not a whole line.
    Unreadable,
    /// It is a line from somewhere else.
    Misplaced,
}

/// The lines of a journal, each checked against the one before.
pub struct Lines {
    reader: BufReader<File>,
    path: PathBuf,
    /// Bytes of the lines so far.
    at: u64,
    size: u64,
    last: u64,
    head: [u8; 32],
    /// Bytes after the last whole line.
    torn: u64,
    ended: bool,
}

impl Lines {
    /// Reads the journal at `path` from its first line; a torn end is passed over in silence. A
    /// missing file has no lines.
    ///
    /// # Errors
    /// [`JournalError::Io`] here, [`JournalError::Broken`] at each step.
    pub fn read(path: &Path) -> Result<Lines, JournalError> {
        match File::open(path) {
            Ok(file) => Lines::of(file, path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let nothing = File::open("/dev/null").map_err(io_error("read", path))?;
                Lines::of(nothing, path)
            }
            Err(error) => Err(io_error("read", path)(error)),
        }
    }

    fn of(file: File, path: &Path) -> Result<Lines, JournalError> {
        let size = file.metadata().map_err(io_error("read", path))?.len();
        Ok(Lines {
            reader: BufReader::new(file),
            path: path.to_owned(),
            at: 0,
            size,
            last: 0,
            head: [0; 32],
            torn: 0,
            ended: false,
        })
    }

    fn step(&mut self) -> Result<Option<(Line, [u8; 32])>, JournalError> {
        let mut bytes = Vec::new();
        let limit = LINE_LIMIT.min(self.size.saturating_sub(self.at));
        let read = (&mut self.reader).take(limit).read_until(b'\n', &mut bytes);
        let read = read.map_err(io_error("read", &self.path))? as u64;
        if read == 0 {
            return Ok(None);
        }
        let whole = self.follow(&bytes);
        match whole {
            Ok((line, digest)) => {
                self.at += read;
                (self.last, self.head) = (line.number, digest);
                Ok(Some((line, digest)))
            }
            // Only the end of the file can be torn, and what is torn does not read as a line.
            Err((Tear::Unreadable, _)) if self.at + read == self.size => {
                self.torn = read;
                Ok(None)
            }
            Err((_, detail)) => Err(JournalError::Broken { line: self.last + 1, detail }),
        }
    }

    /// The line that `bytes` are, if they are the one that follows.
    fn follow(&self, bytes: &[u8]) -> Result<(Line, [u8; 32]), (Tear, String)> {
        let Some((b'\n', text)) = bytes.split_last() else {
            return Err((Tear::Unreadable, "it has no end".to_owned()));
        };
        let line: Line = serde_json::from_slice(text).map_err(|error| {
            // The parser's own words may repeat what it read.
            (Tear::Unreadable, format!("it is not a line of the journal, at column {}", error.column()))
        })?;
        if line.number != self.last + 1 {
            return Err((Tear::Misplaced, format!("it has number {}", line.number)));
        }
        if line.previous != self.head {
            let detail = "it does not carry the digest of the line before".to_owned();
            return Err((Tear::Misplaced, detail));
        }
        Ok((line, digest(text)))
    }
}

impl Iterator for Lines {
    type Item = Result<(Line, [u8; 32]), JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let step = self.step().transpose();
        self.ended = !matches!(step, Some(Ok(_)));
        step
    }
}

fn io_error<'p>(act: &'static str, path: &'p Path) -> impl FnOnce(io::Error) -> JournalError + use<'p> {
    move |source| JournalError::Io { act, path: path.to_owned(), source }
}
