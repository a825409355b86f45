//! How large the parts of the data directory are. A directory of a million scans takes long to walk through, so
//! it is done beside, now and then, and a scrape tells what was found last.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How old a walk may be.
const FRESH: Duration = Duration::from_secs(600);

/// The parts that are told apart; everything else counts as `other`.
const PARTS: [&str; 7] = ["access", "blobs", "db", "jobs", "journal.jsonl", "plans", "scratch"];

struct Walk {
    begun: Option<Instant>,
    found: BTreeMap<&'static str, u64>,
}

static LAST: Mutex<Walk> = Mutex::new(Walk { begun: None, found: BTreeMap::new() });

/// Bytes by part, as found last; none before the first walk has ended.
pub(super) fn of(dir: &Path) -> BTreeMap<&'static str, u64> {
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if last.begun.is_none_or(|begun| begun.elapsed() >= FRESH) {
        last.begun = Some(Instant::now());
        let dir = dir.to_owned();
        let walk = move || {
            let found = walked(&dir);
            LAST.lock().unwrap_or_else(PoisonError::into_inner).found = found;
        };
        if let Err(error) = std::thread::Builder::new().name("sizes".to_owned()).spawn(walk) {
            tracing::warn!(%error, "the size of the data directory is not looked at");
        }
    }
    last.found.clone()
}

fn walked(dir: &Path) -> BTreeMap<&'static str, u64> {
    let mut found: BTreeMap<_, _> = PARTS.into_iter().chain(["other"]).map(|part| (part, 0)).collect();
    // What goes away meanwhile has no size any more.
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let part = PARTS.into_iter().find(|part| name == *part).unwrap_or("other");
        *found.entry(part).or_default() += bytes(&entry.path());
    }
    found
}

/// Bytes of a file, or of all files below a folder.
fn bytes(path: &Path) -> u64 {
    let mut open = vec![path.to_owned()];
    let mut sum = 0_u64;
    while let Some(path) = open.pop() {
        let Ok(about) = std::fs::symlink_metadata(&path) else { continue };
        if about.is_dir() {
            open.extend(std::fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()));
        } else {
            sum = sum.saturating_add(about.len());
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_counts_once_in_its_part() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("blobs/ab")).unwrap();
        for (name, bytes) in [("blobs/ab/cd", 3), ("blobs/e", 4), ("journal.jsonl", 5), ("secret", 32)] {
            std::fs::write(dir.path().join(name), vec![0; bytes]).unwrap();
        }
        let found = walked(dir.path());
        assert_eq!((found["blobs"], found["journal.jsonl"], found["other"], found["db"]), (7, 5, 32, 0));
    }
}
