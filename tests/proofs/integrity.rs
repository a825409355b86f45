//! Bytes that changed on the disk are found, named, and mended.

use std::fs;
use std::path::{Path, PathBuf};

use copiste_tests::academy::Academy;
use copiste_tests::sources::files;

/// A small exam that has been closed.
fn closed(seed: &str) -> Academy {
    let academy = Academy::of(&format!("--kind one_off --candidates 24 --pages 1 --mix ccitt --seed {seed}"));
    academy.released();
    academy
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).expect("a file");
    bytes[at] ^= 4;
    fs::write(path, bytes).expect("it can be written");
}

fn blobs(academy: &Academy) -> Vec<PathBuf> {
    let mut found = files(&academy.data().join("blobs"));
    found.retain(|path| fs::metadata(path).is_ok_and(|about| about.len() > 0));
    found
}

#[test]
fn a_changed_byte_in_the_journal_is_found_and_the_line_is_named() {
    let whole = closed("95");
    let journal = fs::read(whole.data().join("journal.jsonl")).expect("a journal");
    let lines = journal.split(|byte| *byte == b'\n').count() - 1;
    assert!(lines > 3, "{lines} lines");
    for part in 1..8 {
        let academy = whole.copied();
        let path = academy.data().join("journal.jsonl");
        let at = journal.len() * part / 8;
        let line = 1 + journal[..at].iter().filter(|byte| **byte == b'\n').count();
        flip(&path, at);
        for command in ["verify", "status"] {
            let refused = academy.copiste(command, &[]).expect(1);
            assert!(
                refused.said().contains("JRN-002") || refused.said().contains("STO-"),
                "{}",
                refused.said()
            );
            // A line is bound to the one before by its digest: the damage shows there or in the next.
            let named = [line, line + 1].iter().any(|line| refused.said().contains(&format!("line {line} ")));
            assert!(named || refused.said().contains("journal"), "{line}: {}", refused.said());
        }
    }
}

#[test]
fn a_changed_byte_in_a_blob_is_found_and_the_file_is_named() {
    let academy = closed("96");
    academy.verified();
    for path in blobs(&academy) {
        let bytes = fs::read(&path).expect("a blob");
        flip(&path, bytes.len() / 2);
        let found = academy.copiste("verify", &[&"--json"]).expect(1).json();
        let findings = found["findings"].as_array().expect("findings");
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        assert!(
            findings.iter().any(|finding| finding["detail"].to_string().contains(name)),
            "{}: {findings:?}",
            path.display()
        );
        fs::write(&path, bytes).expect("it can be mended");
    }
    academy.verified();
}

#[test]
fn a_changed_byte_in_a_live_record_is_found_and_rebuild_mends_it() {
    let whole = closed("97");
    let status = whole.copiste("status", &[&"--json"]).expect(0).out;
    let database = whole.data().join("db/db");
    let bytes = fs::read(&database).expect("a database");
    // In the midst of somebody's records: names stand there as text.
    let candidates = copiste_tests::academy::lines(&whole.bundle(), "candidates.jsonl");
    let mut caught = 0;
    for candidate in candidates.iter().take(6) {
        let number = candidate["number"].as_str().expect("a number").as_bytes();
        let places: Vec<usize> = bytes
            .windows(number.len())
            .enumerate()
            .filter(|(_, window)| *window == number)
            .map(|(at, _)| at)
            .collect();
        assert!(!places.is_empty(), "no record of the candidate in the file");
        let academy = whole.copied();
        for at in &places {
            flip(&academy.data().join("db/db"), at + number.len() - 1);
        }
        let found = academy.copiste("verify", &[]);
        assert_eq!(found.code, Some(1), "it went unnoticed");
        assert!(found.said().contains("STO-0"), "{}", found.said());
        caught += 1;
        // Nothing is exported or rendered meanwhile that the records do not say.
        fs::rename(academy.data().join("db"), academy.path("old")).expect("the database can go");
        academy.copiste("rebuild", &[]).expect(0);
        academy.verified();
        assert_eq!(academy.copiste("status", &[&"--json"]).expect(0).out, status);
    }
    assert_eq!(caught, 6);
}

#[test]
fn a_store_that_lost_records_silently_is_caught_at_opening_before_anything_is_exported_or_served() {
    // What sled 0.34 does after a flipped bit now and then: a record is gone, and it says nothing.
    let academy = closed("98");
    let status = academy.copiste("status", &[&"--json"]).expect(0).out;
    let db = academy.data().join("db");
    {
        let lost = sled::open(&db).expect("nobody else has it");
        let scripts = lost.open_tree("scripts").expect("a tree");
        assert!(scripts.pop_max().expect("it reads").is_some(), "nothing was taken");
        lost.flush().expect("it can be written");
    }
    let out = academy.path("out");
    let exam = academy.exam();
    for (name, arguments) in [
        ("close", vec![exam.clone(), "--again".to_owned()]),
        ("render", vec![exam.clone(), "--out".to_owned(), out.display().to_string()]),
        ("status", vec![]),
        ("serve", vec![]),
    ] {
        let arguments: Vec<&dyn AsRef<std::ffi::OsStr>> =
            arguments.iter().map(|argument| argument as &dyn AsRef<std::ffi::OsStr>).collect();
        let refused = academy.copiste(name, &arguments).expect(1);
        assert!(refused.err.contains("STO-") && refused.err.contains(&exam), "{name}: {}", refused.err);
        assert!(refused.err.contains("rebuild"), "{name}: {}", refused.err);
    }
    assert!(!out.exists());
    let drops = fs::read_dir(academy.path("drop/cyclades")).expect("a drop");
    assert_eq!(
        drops
            .filter(|file| file
                .as_ref()
                .is_ok_and(|file| file.path().extension().is_some_and(|end| end == "csv")))
            .count(),
        1
    );
    fs::rename(&db, academy.path("old")).expect("the database can go");
    academy.copiste("rebuild", &[]).expect(0);
    assert_eq!(academy.copiste("status", &[&"--json"]).expect(0).out, status);
    academy.verified();
}
