use std::fs;
use std::path::Path;

use copiste_core::store::{OpenError, Store, verify};
use tempfile::{TempDir, tempdir};

use crate::academy::*;

/// A data directory with three lines in its journal, and what is seen in it.
fn lived() -> (TempDir, String) {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    let mut bundle = Bundle::of("E1", &["001", "002", "003"]);
    bundle.person("002").pages = Some(vec![Sheet::Damaged("empty".to_owned())]);
    import(&store, &bundle, 1);
    import(&store, &Bundle::common("E2", &["001"]), 2);
    let accept = accept_command(&store, "E1", &[("002", 1)], "raison");
    store.execute(&accept, &manager(), 3).unwrap();
    let seen = seen(&store);
    drop(store);
    (dir, seen)
}

fn refused(dir: &Path) -> String {
    match Store::open(dir, &options()) {
        Ok(_) => panic!("it opened"),
        Err(error) => error.to_string(),
    }
}

fn journal(dir: &Path) -> std::path::PathBuf {
    dir.join("journal.jsonl")
}

#[test]
fn a_second_process_is_told_who_has_the_data_directory() {
    let (dir, _) = lived();
    let store = open(dir.path());
    let error = refused(dir.path());
    assert!(error.starts_with("STO-001"), "{error}");
    assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
    // A view keeps the database open, and so the lock.
    let view = store.exam("E1").unwrap();
    drop(store);
    assert!(refused(dir.path()).starts_with("STO-001"));
    drop(view);
    open(dir.path());
}

#[test]
fn a_line_torn_by_a_crash_is_cut_off_and_kept_aside() {
    let (dir, before) = lived();
    let whole = fs::read(journal(dir.path())).unwrap();
    let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let next = String::from_utf8(whole[last..].to_vec()).unwrap().replace("\"number\":3", "\"number\":4");
    for torn in [&b"{"[..], b"\0\0\0\0", &next.as_bytes()[..next.len() - 1], b"\n"] {
        fs::write(journal(dir.path()), [&whole, torn].concat()).unwrap();
        let store = open(dir.path());
        assert_eq!(seen(&store), before);
        let cut = store.cut().unwrap();
        assert_eq!((cut.line, cut.bytes), (4, torn.len() as u64));
        assert_eq!(fs::read(&cut.kept).unwrap(), torn);
        assert_eq!(fs::read(journal(dir.path())).unwrap(), whole);
    }
    let store = open(dir.path());
    assert!(store.cut().is_none());
    assert_eq!(import(&store, &Bundle::of("E3", &["001"]), 4).line, Some(4));
}

#[test]
fn a_line_changed_or_lost_in_the_middle_is_an_error() {
    let (dir, _) = lived();
    let whole = fs::read_to_string(journal(dir.path())).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let changed = lines[1].replace("\"at\":\"1970-01-01T00:00:02Z\"", "\"at\":\"1970-01-01T00:00:09Z\"");
    assert_ne!(changed, lines[1]);
    let next = whole.clone() + &lines[2].replace("\"number\":3", "\"number\":4") + "\n";
    for (text, code) in [
        ([lines[0], changed.as_str(), lines[2], ""].join("\n"), "JRN-002 line 3"),
        ([lines[0], lines[2], lines[2], ""].join("\n"), "JRN-002 line 2"),
        ([lines[0], "", lines[1], lines[2], ""].join("\n"), "JRN-002 line 2"),
        ([lines[1], lines[0], lines[2], ""].join("\n"), "JRN-002 line 1"),
        (next, "JRN-002 line 4"),
        ([lines[0], lines[1], &lines[2][..50]].join("\n"), "JRN-002 line 3"),
        ([lines[0], lines[1], ""].join("\n"), "STO-005"),
        ([lines[0], lines[1], &lines[2].replace("E1", "E2"), ""].join("\n"), "STO-005"),
        (String::new(), "STO-007"),
    ] {
        if text.is_empty() {
            fs::remove_file(dir.path().join("secret")).unwrap();
            fs::write(journal(dir.path()), &whole).unwrap();
        } else {
            fs::write(journal(dir.path()), text).unwrap();
        }
        let error = refused(dir.path());
        assert!(error.starts_with(code), "{code}: {error}");
    }
}

#[test]
fn a_lost_database_is_reported_and_can_be_made_again() {
    let (dir, before) = lived();
    fs::remove_dir_all(dir.path().join("db")).unwrap();
    for _ in 0..2 {
        let error = refused(dir.path());
        assert!(error.starts_with("STO-004") && error.contains("rebuild"), "{error}");
    }
    assert_eq!(seen(&Store::replay_all(dir.path(), &options()).unwrap()), before);
    assert_eq!(seen(&open(dir.path())), before);
    assert!(matches!(Store::replay_all(dir.path(), &options()), Err(OpenError::DatabaseInUse)));
}

#[test]
fn another_secret_is_refused() {
    let (dir, _) = lived();
    fs::write(dir.path().join("secret"), [8; 32]).unwrap();
    assert!(refused(dir.path()).contains("another secret"));
    fs::write(dir.path().join("secret"), [7; 31]).unwrap();
    assert!(refused(dir.path()).starts_with("STO-007"));
}

/// Works in the database behind the store's back.
pub fn meddle(dir: &Path, tree: &str, with: impl FnOnce(&sled::Tree)) {
    // The store's own threads let go of the file a moment after it is dropped.
    let db = loop {
        match sled::open(dir.join("db")) {
            Ok(db) => break db,
            Err(error) if error.to_string().contains("could not acquire lock") => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    };
    with(&db.open_tree(tree).unwrap());
    db.flush().unwrap();
}

#[test]
fn lost_records_are_noticed_when_the_data_directory_is_opened() {
    for (tree, what) in [
        ("schools", "schools"),
        ("markers", "markers"),
        ("batches", "batches"),
        ("candidates", "candidates"),
        ("places", "places"),
        ("scripts", "scripts"),
        ("tallies", "tallies"),
        ("waiting", "spans"),
        ("exams", "exams"),
    ] {
        let (dir, _) = lived();
        meddle(dir.path(), tree, |tree| {
            tree.pop_min().unwrap();
        });
        let error = refused(dir.path());
        assert!(error.starts_with("STO-006 exam E1"), "{error}");
        assert!(error.contains(what), "{error}");
    }
}

pub fn findings(dir: &Path) -> Vec<String> {
    let report = verify(&open(dir)).unwrap();
    report.findings.iter().map(|finding| format!("{} {}", finding.code, finding.detail)).collect()
}

#[test]
fn verify_finds_nothing_where_nothing_is_wrong() {
    let (dir, _) = lived();
    let report = verify(&open(dir.path())).unwrap();
    assert_eq!(report.findings, []);
    assert_eq!((report.lines, report.orphans), (3, 0));
    assert!(report.records > 10 && report.blobs > 4 && report.bytes > 0);
    assert!(!dir.path().join("verifying").exists());
}

#[test]
fn verify_names_what_is_wrong_with_a_record() {
    type Meddle = fn(&sled::Tree);
    let table: [(&str, Meddle, &[&str]); 6] = [
        (
            "scripts",
            |tree| {
                let (key, value) = tree.first().unwrap().unwrap();
                let mut value = value.to_vec();
                let last = value.len() - 1;
                value[last] ^= 1;
                tree.insert(key, value).unwrap();
            },
            &["STO-042 exam E1: the script of candidate 001", "STO-045 exam E1"],
        ),
        (
            "candidates",
            |tree| {
                // The second candidate's record stands in the first one's place too.
                let (key, leaf) = tree.first().unwrap().unwrap();
                let value_of = |at: usize| {
                    let length = |from: usize, bytes: usize| {
                        leaf[from..from + bytes]
                            .iter()
                            .rev()
                            .fold(0, |sum, byte| sum * 256 + usize::from(*byte))
                    };
                    let start = at + 6 + length(at, 2);
                    start..start + length(at + 2, 4)
                };
                let first = value_of(0);
                let second = value_of(first.end);
                let mut changed = leaf[..2].to_vec();
                changed.extend(u32::try_from(second.len()).unwrap().to_le_bytes());
                changed.extend(&leaf[6..first.start]);
                changed.extend(&leaf[second]);
                changed.extend(&leaf[first.end..]);
                tree.insert(key, changed).unwrap();
            },
            &["STO-043 exam E1: candidate 001", "STO-045 exam E1"],
        ),
        (
            "places",
            |tree| {
                // The places of two candidates change places.
                let (key, leaf) = tree.first().unwrap().unwrap();
                let mut leaf = leaf.to_vec();
                let at = leaf.windows(7).position(|bytes| bytes == b"001\0\0\0\0").unwrap();
                let other = leaf.windows(7).position(|bytes| bytes == b"002\0\0\0\x01").unwrap();
                (leaf[at + 6], leaf[other + 6]) = (1, 0);
                tree.insert(key, leaf).unwrap();
            },
            &[
                "STO-043 exam E1: candidate 002 lies under another's key",
                "STO-043 exam E1: candidate 001 lies under another's key",
                "STO-043 exam E1: the script of candidate 002 lies under another's key",
                "STO-043 exam E1: the script of candidate 001 lies under another's key",
                "STO-045 exam E1",
            ],
        ),
        (
            "places",
            |tree| {
                let (key, leaf) = tree.first().unwrap().unwrap();
                let mut leaf = leaf.to_vec();
                let at = leaf.windows(7).position(|bytes| bytes == b"001\0\0\0\0").unwrap();
                leaf[at + 6] = 1;
                tree.insert(key, leaf).unwrap();
            },
            &[
                "STO-044 exam E1: candidate 002 has no place of its own",
                "STO-043 exam E1: candidate at place 0",
                "STO-043 exam E1: the script of candidate at place 0",
                "STO-045 exam E1",
            ],
        ),
        (
            "search",
            |tree| {
                tree.pop_max().unwrap();
            },
            &["STO-045 exam E2"],
        ),
        (
            "inspections",
            |tree| {
                tree.insert([0; 32], b"rubbish").unwrap();
            },
            &["STO-042 an inspection"],
        ),
    ];
    for (tree, with, expected) in table {
        let (dir, _) = lived();
        meddle(dir.path(), tree, with);
        let found = findings(dir.path());
        assert_eq!(found.len(), expected.len(), "{tree}: {found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "{tree}: {found}");
            assert!(!found.contains("Zeller") && !found.contains("zeller"), "{found}");
        }
    }
}

#[test]
fn verify_names_what_is_wrong_with_a_blob() {
    let (dir, _) = lived();
    let store = open(dir.path());
    let scan = store.blobs().path(&blob_of(b"scan of 003").sha256);
    let orphan = {
        use copiste_core::store::BlobSink;
        let batch = store.blobs().begin();
        let blob = batch.put(b"nobody's").unwrap();
        batch.seal().unwrap();
        store.blobs().path(&blob.sha256)
    };
    assert_eq!(verify(&store).unwrap().orphans, 1);
    assert_eq!(verify(&store).unwrap().findings, []);
    drop(store);
    fs::write(&orphan, b"nobodys'").unwrap();
    fs::write(scan.with_file_name("notes.txt"), b"left here by hand").unwrap();
    fs::write(&scan, b"scan of 00X").unwrap();
    let found = findings(dir.path());
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].starts_with("STO-040") && found[0].contains("candidate 003, page 1"), "{found:?}");
    assert!(found[1..].iter().all(|finding| finding.starts_with("STO-041")), "{found:?}");
    fs::remove_file(&scan).unwrap();
    assert!(findings(dir.path())[0].contains("it is missing"));
}

#[test]
fn a_flipped_bit_in_the_database_never_goes_unnoticed() {
    let (dir, before) = lived();
    let file = dir.path().join("db/db");
    let whole = fs::read(&file).unwrap();
    let used = whole.iter().rposition(|byte| *byte != 0).unwrap();
    let (mut refused, mut found, mut harmless) = (0, 0, 0);
    for n in 0..24 {
        let mut flipped = whole.clone();
        flipped[used * n / 24 + n] ^= 1 << (n % 8);
        fs::write(&file, &flipped).unwrap();
        match Store::open(dir.path(), &options()) {
            Err(error) => {
                assert!(error.to_string().starts_with("STO-0"), "{error}");
                refused += 1;
            }
            Ok(store) => {
                let sound = verify(&store).unwrap().findings.is_empty();
                if sound {
                    assert_eq!(seen(&store), before);
                    harmless += 1;
                } else {
                    found += 1;
                }
            }
        }
    }
    assert_eq!(refused + found + harmless, 24);
    assert!(refused > 0, "not one of 24 flipped bits lay in a record");
}

#[test]
fn verify_names_the_export_and_the_hold_whose_record_is_damaged() {
    for (tree, named) in [
        ("exports", "STO-042 exam E1: export 1 to Cyclades"),
        ("holds", "STO-042 exam E1: the hold of candidate 001"),
    ] {
        let dir = tempdir().unwrap();
        let store = open(dir.path());
        import(&store, &Bundle::of("E1", &["001"]), 1);
        let launch = crate::lives::launch(&store, "E1");
        store.execute(&launch, &manager(), 2).unwrap();
        crate::lives::hold(&store, "E1", "001", false).unwrap();
        drop(store);
        meddle(dir.path(), tree, |tree| {
            let (key, value) = tree.first().unwrap().unwrap();
            let mut value = value.to_vec();
            let last = value.len() - 1;
            value[last] ^= 1;
            tree.insert(key, value).unwrap();
        });
        let found = findings(dir.path());
        assert!(found.iter().any(|finding| finding.starts_with(named)), "{found:?}");
    }
}
