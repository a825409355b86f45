//! The access log: JSON lines in `DIR/access/2026-11.jsonl`, a file a month, only ever appended to.
//!
//! A line that a crash cut is ended and left where it is; whoever reads passes over it.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use copiste_core::journal::{Timestamp, instant};

use super::{Access, PeopleError, What};

/// The folder in the data directory.
const FOLDER: &str = "access";
/// The longest line that is read: many times what one has.
const LINE: u64 = 64 << 10;

/// Whose last whole download of what.
type Download = ([u8; 16], String, Option<String>);

/// The access log of a data directory.
pub struct AccessLog {
    dir: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The file that was written to last, by its month.
    open: Option<(String, File)>,
    /// When the copies of the last whole download had become renderable at the latest.
    downloads: BTreeMap<Download, Timestamp>,
}

impl AccessLog {
    /// Opens the log of a data directory and reads all of it once.
    ///
    /// # Errors
    /// [`PeopleError::Io`] when a file cannot be read.
    pub fn open(dir: &Path) -> Result<AccessLog, PeopleError> {
        let dir = dir.join(FOLDER);
        DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(PeopleError::io("make", &dir))?;
        let mut state = State::default();
        let mut unread = 0_u64;
        for month in months(&dir).map_err(PeopleError::io("read", &dir))? {
            let path = dir.join(&month);
            unread += scan(&path, |access| state.note(&access)).map_err(PeopleError::io("read", &path))?;
        }
        if unread > 0 {
            tracing::warn!(
                lines = unread,
                "lines of the access log cannot be understood; they are passed over"
            );
        }
        Ok(AccessLog { dir, state: Mutex::new(state) })
    }

    /// Appends a line.
    ///
    /// # Errors
    /// [`PeopleError::Io`] when the disk does not take it: then it is not in the log.
    pub fn append(&self, access: &Access) -> Result<(), PeopleError> {
        let month: String = instant(access.at).chars().take(7).collect();
        let path = self.dir.join(format!("{month}.jsonl"));
        let failed = |error| PeopleError::io("append to", &path)(error);
        let mut line = serde_json::to_vec(access).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        let mut state = self.state();
        let mut file = match state.open.take() {
            Some((open, file)) if open == month => file,
            _ => appendable(&path).map_err(failed)?,
        };
        // When this fails in the middle the file is opened anew, and the piece of a line ended then.
        file.write_all(&line).map_err(failed)?;
        state.open = Some((month, file));
        state.note(access);
        Ok(())
    }

    /// Up to which instant an account has the copies of an exam, or of one of its schools: the `until` of
    /// its last ZIP that reached its last byte. None when there is none.
    pub fn last_whole_download(
        &self,
        account: &[u8; 16],
        exam: &str,
        school: Option<&str>,
    ) -> Option<Timestamp> {
        let key = (*account, exam.to_owned(), school.map(str::to_owned));
        self.state().downloads.get(&key).copied()
    }

    /// The last `most` lines about an exam, the newest first. Files are read from the newest month back, each
    /// from its beginning.
    ///
    /// # Errors
    /// [`PeopleError::Io`] when a file cannot be read.
    pub fn last(&self, exam: &str, most: usize) -> Result<Vec<Access>, PeopleError> {
        let mut last: Vec<Access> = Vec::new();
        for month in months(&self.dir).map_err(PeopleError::io("read", &self.dir))?.iter().rev() {
            let wanted = most - last.len();
            if wanted == 0 {
                break;
            }
            let path = self.dir.join(month);
            let mut of_month = VecDeque::new();
            let read = scan(&path, |access| {
                if access.exam.as_deref() == Some(exam) {
                    if of_month.len() == wanted {
                        of_month.pop_front();
                    }
                    of_month.push_back(access);
                }
            });
            read.map_err(PeopleError::io("read", &path))?;
            last.extend(of_month.into_iter().rev());
        }
        Ok(last)
    }

    /// Makes durable what was appended: when the server ends.
    ///
    /// # Errors
    /// [`PeopleError::Io`].
    pub fn sync(&self) -> Result<(), PeopleError> {
        match &self.state().open {
            Some((_, file)) => file.sync_all().map_err(PeopleError::io("make durable", &self.dir)),
            None => Ok(()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn note(&mut self, access: &Access) {
        if let (What::Zip, true, Some(exam), Some(until)) =
            (access.what, access.whole, &access.exam, access.until)
        {
            self.downloads.insert((access.account, exam.clone(), access.school.clone()), until);
        }
    }
}

/// The files of a log, the oldest first.
fn months(dir: &Path) -> io::Result<Vec<String>> {
    let mut months = Vec::new();
    for entry in fs::read_dir(dir)? {
        if let Ok(name) = entry?.file_name().into_string()
            && let Some(month) = name.strip_suffix(".jsonl")
            && month.len() == 7
        {
            months.push(name);
        }
    }
    months.sort_unstable();
    Ok(months)
}

/// Calls `each` for every line of a file; says how many cannot be understood.
fn scan(path: &Path, mut each: impl FnMut(Access)) -> io::Result<u64> {
    let mut lines = BufReader::with_capacity(256 << 10, File::open(path)?);
    let (mut line, mut unread, mut within) = (Vec::new(), 0, false);
    loop {
        line.clear();
        if (&mut lines).take(LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(unread);
        }
        // What follows the first piece of too long a line belongs to it.
        let belongs = std::mem::replace(&mut within, !line.ends_with(b"\n"));
        match serde_json::from_slice(&line) {
            Ok(access) if !belongs => each(access),
            _ => unread += u64::from(!belongs),
        }
    }
}

/// Opens a file to append whole lines: a cut last one is ended first.
fn appendable(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use copiste_core::journal::{Role, parse_instant};
    use tempfile::tempdir;

    use super::*;

    fn zip(at: &str, until: i64, whole: bool) -> Access {
        Access {
            at: parse_instant(at).unwrap(),
            account: [1; 16],
            role: Role::School("9740001H".to_owned()),
            scope: Some("9740001H".to_owned()),
            what: What::Zip,
            exam: Some("E1".to_owned()),
            script: None,
            page: None,
            school: Some("9740001H".to_owned()),
            until: Some(until),
            bytes: 1 << 40,
            whole,
            request: "r-1".to_owned(),
        }
    }

    fn last(log: &AccessLog) -> Option<i64> {
        log.last_whole_download(&[1; 16], "E1", Some("9740001H"))
    }

    #[test]
    fn the_last_whole_download_counts_also_after_a_restart() {
        let dir = tempdir().unwrap();
        let log = AccessLog::open(dir.path()).unwrap();
        assert_eq!(last(&log), None);
        for (access, expected) in [
            (zip("2026-10-31T23:59:59Z", 10, false), None),
            (zip("2026-10-31T23:59:59Z", 20, true), Some(20)),
            (zip("2026-11-01T00:00:00Z", 30, false), Some(20)),
            (Access { what: What::Pdf, ..zip("2026-11-01T00:00:01Z", 40, true) }, Some(20)),
            (Access { account: [2; 16], ..zip("2026-11-01T00:00:02Z", 50, true) }, Some(20)),
            (Access { exam: Some("E2".to_owned()), ..zip("2026-11-01T00:00:03Z", 60, true) }, Some(20)),
            (Access { school: None, ..zip("2026-11-01T00:00:04Z", 70, true) }, Some(20)),
            (Access { until: None, ..zip("2026-11-01T00:00:05Z", 80, true) }, Some(20)),
            (zip("2026-11-01T00:00:06Z", 90, true), Some(90)),
        ] {
            log.append(&access).unwrap();
            assert_eq!(last(&log), expected, "{access:?}");
            assert_eq!(last(&AccessLog::open(dir.path()).unwrap()), expected, "{access:?}");
        }
        assert_eq!(log.last_whole_download(&[1; 16], "E1", None), Some(70));
        log.sync().unwrap();
        let folder = dir.path().join(FOLDER);
        assert_eq!(months(&folder).unwrap(), ["2026-10.jsonl", "2026-11.jsonl"]);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join("2026-10.jsonl"))), (0o700, 0o600));
    }

    #[test]
    fn the_last_lines_about_an_exam_come_newest_first_over_months() {
        let dir = tempdir().unwrap();
        let log = AccessLog::open(dir.path()).unwrap();
        let instants = ["2026-10-31T23:59:58Z", "2026-10-31T23:59:59Z", "2026-11-01T00:00:00Z"];
        for at in instants {
            log.append(&zip(at, 10, true)).unwrap();
            log.append(&Access { exam: Some("E2".to_owned()), ..zip(at, 10, true) }).unwrap();
        }
        for most in 0..5 {
            let told = log.last("E1", most).unwrap().into_iter().map(|access| instant(access.at));
            let expected: Vec<_> = instants.into_iter().rev().take(most).collect();
            assert_eq!(told.collect::<Vec<_>>(), expected);
        }
        assert_eq!(log.last("E3", 5).unwrap(), []);
    }

    #[test]
    fn a_line_reads_back_as_it_was() {
        let access = Access { script: Some("ab".repeat(16)), ..zip("2026-11-01T00:00:00Z", 1, true) };
        let line = serde_json::to_string(&access).unwrap();
        assert!(line.contains("\"at\":\"2026-11-01T00:00:00Z\"") && !line.contains('\n'), "{line}");
        assert_eq!(serde_json::from_str::<Access>(&line).unwrap(), access);
    }

    #[test]
    fn a_log_cut_at_any_byte_goes_on_and_loses_no_whole_line() {
        let dir = tempdir().unwrap();
        let log = AccessLog::open(dir.path()).unwrap();
        for until in [10, 20] {
            log.append(&zip("2026-11-01T00:00:00Z", until, true)).unwrap();
        }
        let path = dir.path().join(FOLDER).join("2026-11.jsonl");
        let whole = fs::read(&path).unwrap();
        let first = whole.iter().position(|byte| *byte == b'\n').unwrap();
        for length in 0..=whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let log = AccessLog::open(dir.path()).unwrap();
            // A line is whole without its line feed too.
            let expected = if length >= whole.len() - 1 { Some(20) } else { (length >= first).then_some(10) };
            assert_eq!(last(&log), expected, "{length}");
            log.append(&zip("2026-11-01T00:00:00Z", 30, true)).unwrap();
            assert_eq!(last(&AccessLog::open(dir.path()).unwrap()), Some(30), "{length}");
            let mut lines = 0;
            scan(&path, |_| lines += 1).unwrap();
            assert_eq!(lines, 1 + usize::from(length >= first) + usize::from(length >= whole.len() - 1));
        }
    }

    #[test]
    fn what_is_no_line_is_passed_over_whatever_its_length() {
        let dir = tempdir().unwrap();
        drop(AccessLog::open(dir.path()).unwrap());
        let path = dir.path().join(FOLDER).join("2026-11.jsonl");
        let good = serde_json::to_string(&zip("2026-11-01T00:00:00Z", 10, true)).unwrap();
        let long = "x".repeat(200_000);
        for (text, unread) in [
            (format!("{good}\nrubbish\n{good}\n"), 1),
            (format!("{long}{good}\n{good}\n"), 1),
            (format!("\n\u{0}\n{good}"), 2),
            (format!("{{\"at\":\"2026\"}}\n{good}"), 1),
        ] {
            fs::write(&path, text).unwrap();
            let mut seen = 0;
            assert_eq!(scan(&path, |_| seen += 1).unwrap(), unread);
            assert!(seen >= 1);
            assert_eq!(last(&AccessLog::open(dir.path()).unwrap()), Some(10));
        }
    }
}
