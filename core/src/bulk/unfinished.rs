//! An archive while it is being written: its file, and the note of what is whole in it.
//!
//! Beside `X.zip` stand `.X.zip.part`, the archive itself, and `.X.zip.part.done`, lines of text:
//! first `copiste-zip-part 1 TAG TOTAL`, which names the plan, then `FIRST LAST` for each run of
//! copies that is durable in the file. A line is only written after the copies' bytes were made
//! durable, so a line that a crash loses costs work, never bytes. Only whole lines count.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::error::BulkError;
use super::plan::Plan;
use super::writing::{broken, reserve};
use crate::journal::hex;

const NOTHING: &str = "nothing was written";

/// The unfinished file and its note, locked.
pub(super) struct Unfinished {
    path: PathBuf,
    note_path: PathBuf,
    pub file: File,
    note: File,
}

impl Unfinished {
    /// The unfinished file of an archive.
    pub fn path_of(out: &Path) -> Option<PathBuf> {
        let mut name = std::ffi::OsString::from(".");
        name.push(out.file_name()?);
        name.push(".part");
        Some(out.with_file_name(name))
    }

    /// Opens or makes the file and takes its lock. What is in it is left as it is.
    pub fn open(out: &Path) -> Result<Unfinished, BulkError> {
        let no_name = || io::Error::new(io::ErrorKind::InvalidFilename, "a path without a file name");
        let path = Unfinished::path_of(out).ok_or_else(no_name).map_err(broken("write", out, NOTHING))?;
        let mut note_path = path.clone().into_os_string();
        note_path.push(".done");
        let note_path = PathBuf::from(note_path);

        let open = |path: &Path| {
            OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)
                .map_err(broken("write", path, NOTHING))
        };
        let file = open(&path)?;
        // A file system without locks leaves it to the operator.
        if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
            return Err(BulkError::Busy { path: out.to_owned() });
        }
        let note = open(&note_path)?;
        Ok(Unfinished { path, note_path, file, note })
    }

    /// Which copies of the plan are whole in the file; none when it belongs to another plan.
    pub fn whole(&self, plan: &Plan) -> io::Result<Vec<bool>> {
        let mut whole = vec![false; plan.rows.told.count];
        if self.file.metadata()?.len() != plan.outline().total() {
            return Ok(whole);
        }
        (&self.note).seek(SeekFrom::Start(0))?;
        // A line has two numbers; whatever is longer than this was not written by us.
        let mut lines = BufReader::new(&self.note).take(64 + 64 * plan.rows.told.count as u64 + 256);
        let mut line = String::new();
        lines.read_line(&mut line)?;
        if line != head(plan) {
            return Ok(whole);
        }
        loop {
            line.clear();
            lines.read_line(&mut line)?;
            let run = line.strip_suffix('\n').and_then(|line| line.split_once(' '));
            let Some((first, last)) = run else { return Ok(whole) };
            let (Ok(first), Ok(last)) = (first.parse::<usize>(), last.parse::<usize>()) else {
                return Ok(whole);
            };
            if let Some(run) = whole.get_mut(first..=last) {
                run.fill(true);
            }
        }
    }

    /// Begins anew for this plan: the note is emptied, the file gets its length. What it holds is not
    /// emptied, since every byte will be written: a file that was once cut to nothing is sent to the disk
    /// when it is closed, whether or not that was asked for (ext4, `auto_da_alloc`).
    pub fn start_over(&mut self, plan: &Plan) -> io::Result<()> {
        self.note.set_len(0)?;
        self.note.seek(SeekFrom::Start(0))?;
        self.note.write_all(head(plan).as_bytes())?;
        self.file.set_len(plan.outline().total())?;
        reserve(&self.file, plan.outline().total())
    }

    /// Goes on with the note as it is; what a crash left half written at its end is cut.
    pub fn go_on(&mut self, plan: &Plan, whole: &[bool]) -> io::Result<()> {
        let mut note = head(plan);
        for (first, last) in runs(whole) {
            note.push_str(&format!("{first} {last}\n"));
        }
        self.note.seek(SeekFrom::Start(0))?;
        self.note.write_all(note.as_bytes())?;
        self.note.set_len(note.len() as u64)
    }

    /// A handle for whoever makes groups durable while others write.
    pub fn noter(&self) -> Noter<'_> {
        Noter { file: &self.file, note: &self.note }
    }

    /// Gives the archive its name: it is whole.
    pub fn finish(self, out: &Path, sync: bool) -> io::Result<()> {
        if sync {
            self.file.sync_all()?;
        }
        fs::rename(&self.path, out)?;
        if sync {
            let folder = out.parent().filter(|parent| !parent.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        }
        fs::remove_file(&self.note_path)
    }
}

/// Makes copies durable and notes them.
pub(super) struct Noter<'a> {
    file: &'a File,
    note: &'a File,
}

impl Noter<'_> {
    /// Makes everything written so far durable, then notes these copies.
    pub fn note(&mut self, group: &Group) -> io::Result<()> {
        fail::fail_point!("bulk-sync", |_| Err(io::Error::from_raw_os_error(28)));
        self.file.sync_data()?;
        let lines: String = group.runs.iter().map(|(first, last)| format!("{first} {last}\n")).collect();
        self.note.write_all(lines.as_bytes())
    }
}

/// Copies that are whole in the file, in order: runs of indices, first and last.
#[derive(Debug, Default)]
pub(super) struct Group {
    runs: Vec<(usize, usize)>,
    /// How many.
    pub copies: u64,
    /// Bytes of their PDFs.
    pub bytes: u64,
}

impl Group {
    pub fn add(&mut self, index: usize, bytes: u64) {
        match self.runs.last_mut() {
            Some((_, last)) if *last + 1 == index => *last = index,
            _ => self.runs.push((index, index)),
        }
        self.copies += 1;
        self.bytes += bytes;
    }
}

fn head(plan: &Plan) -> String {
    format!("copiste-zip-part 1 {} {}\n", hex::encode(&plan.outline().etag()), plan.outline().total())
}

/// Runs of copies that are whole.
fn runs(whole: &[bool]) -> impl Iterator<Item = (usize, usize)> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let first = next + whole.get(next..)?.iter().position(|whole| *whole)?;
        let length = whole[first..].iter().take_while(|whole| **whole).count();
        next = first + length;
        Some((first, first + length - 1))
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn runs_of_whole_copies_are_found() {
        let of = |text: &str| {
            let whole: Vec<bool> = text.chars().map(|c| c == 'x').collect();
            super::runs(&whole).collect::<Vec<_>>()
        };
        assert_eq!(of(""), []);
        assert_eq!(of("..."), []);
        assert_eq!(of("xxx"), [(0, 2)]);
        assert_eq!(of("x.xx..x"), [(0, 0), (2, 3), (6, 6)]);
    }
}
