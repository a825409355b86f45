//! Keeping and forgetting: backup, restore, hold, purge.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use copiste_core::zip::{Entry, Layout};
use copiste_tests::academy::{Academy, exam_of, lines, write_lines};
use copiste_tests::command::{Outcome, copiste, run};
use copiste_tests::{size, sources};

use crate::crash::{kill_after, moments, timed};
use crate::serve::{Server, folder, typed};

/// A last name and a comment that stand nowhere else.
const NAME: &str = "Zqxwvkj";
const COMMENT: &str = "Wqzzkvx";

/// An academy with two exams that are closed: the first is published long ago, and everybody's name
/// and every comment in it are such that they are found wherever they are.
fn two_exams(candidates: &str) -> Academy {
    let common: [&dyn AsRef<std::ffi::OsStr>; 4] = [&"--kind", &"one_off", &"--mix", &"ccitt"];
    let with = |seed: &'static &'static str, count| {
        let mut all = common.to_vec();
        all.extend([&"--seed" as &dyn AsRef<std::ffi::OsStr>, seed, &"--candidates", count]);
        all
    };
    let academy = Academy::with_bundle(&with(&"71", &candidates));
    let mut people = lines(&academy.bundle(), "candidates.jsonl");
    for person in &mut people {
        person["last_name"] = format!("{NAME}-{}", person["number"].as_str().expect("a number")).into();
    }
    write_lines(&academy.bundle(), "candidates.jsonl", &people);
    let mut scripts = lines(&academy.bundle(), "scripts.jsonl");
    for script in &mut scripts {
        let comment = format!("{COMMENT} {}", script["candidate"].as_str().expect("a number"));
        script["appreciation"] = comment.clone().into();
        script["annotations"] = serde_json::json!([
            {"page": 1, "kind": "text", "x": 0.1, "y": 0.1, "width": 0.3, "text": comment, "size": 10,
             "colour": "#C8102E", "opacity": 1.0}
        ]);
    }
    write_lines(&academy.bundle(), "scripts.jsonl", &scripts);
    academy.copiste("import", &[&academy.bundle()]).expect(0);
    let other = academy.generate("other", &with(&"72", &"6"));
    let manifest = other.join("manifest.json");
    let mut said: serde_json::Value =
        serde_json::from_slice(&fs::read(&manifest).expect("a manifest")).expect("it is JSON");
    said["exam"]["id"] = "another".into();
    fs::write(&manifest, said.to_string()).expect("it can be written");
    academy.copiste("import", &[&other]).expect(0);
    academy.released();
    academy.copiste("close", &[&exam_of(&other)]).expect(0);
    academy.copiste("publish", &[&academy.exam(), &"--at", &"2024-07-05"]).expect(0);
    academy
}

/// Files of the data directory in which a word stands, in whatever case.
fn files_with(data: &Path, word: &str) -> Vec<String> {
    let word = word.to_ascii_lowercase();
    let has = |path: &Path| {
        let bytes = fs::read(path).expect("a file can be read").to_ascii_lowercase();
        bytes.windows(word.len()).any(|piece| piece == word.as_bytes())
    };
    sources::files(data).iter().filter(|path| has(path)).map(|path| path.display().to_string()).collect()
}

/// The candidates whose copies the exam has.
fn candidates(academy: &Academy) -> Vec<String> {
    let scripts = lines(&academy.bundle(), "scripts.jsonl");
    scripts.iter().map(|script| script["candidate"].as_str().expect("a number").to_owned()).collect()
}

#[track_caller]
fn pdf_of(academy: &Academy, candidate: &str, out: &str) -> Vec<u8> {
    let out = academy.path(out);
    academy.copiste("render", &[&academy.exam(), &"--out", &out, &"--candidate", &candidate]).expect(0);
    let mut found = copiste_tests::academy::pdfs(&out);
    assert_eq!(found.len(), 1);
    fs::read(found.remove(0)).expect("a PDF")
}

#[track_caller]
fn refused(outcome: Outcome, code: &str) -> String {
    let outcome = outcome.expect(1);
    assert!(outcome.err.contains(code), "{code} is not in {}", outcome.err);
    outcome.err
}

#[track_caller]
fn purge(academy: &Academy) -> Outcome {
    academy.copiste("purge", &[&"--before", &"2025-12-01"])
}

#[test]
fn a_backup_of_a_running_server_restores_elsewhere_to_the_same_status_and_the_same_bytes() {
    let academy = two_exams("12");
    let (place, exam) = (folder(&academy), academy.exam());
    let other = exam_of(&academy.path("other"));
    let server = Server::start(&place);
    let (over, mut taken) = (AtomicBool::new(false), Vec::new());
    std::thread::scope(|scope| {
        let working = scope.spawn(|| {
            let mut done = 0;
            while !over.load(Ordering::Relaxed) {
                let value = format!("export_absences={}", done % 2 == 0);
                typed(&place, &[&"settings", &"--data", &"data", &other, &value]).expect(0);
                done += 1;
            }
            done
        });
        for number in 0..4 {
            let name = format!("while-{number}.zip");
            taken.push((typed(&place, &[&"backup", &"--data", &"data", &name]), name));
        }
        over.store(true, Ordering::Relaxed);
        assert!(working.join().expect("the other commands go on") > 3, "nothing happened meanwhile");
    });
    for (outcome, name) in taken {
        outcome.expect(0);
        // Each is whole by itself, whatever ran beside it.
        let data = format!("data-of-{name}");
        typed(&place, &[&"restore", &name, &"--data", &data, &"--no-inspect"]).expect(0);
        typed(&place, &[&"verify", &"--data", &data]).expect(0);
    }

    typed(&place, &[&"backup", &"--data", &"data", &"last.zip"]).expect(0);
    refused(typed(&place, &[&"backup", &"--data", &"data", &"last.zip"]), "KEP-020");
    let mode = fs::metadata(place.join("last.zip")).expect("the backup").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it holds names and the secret");
    run("unzip", &[&"-tq", &place.join("last.zip")]).expect(0);
    let status = typed(&place, &[&"status", &"--data", &"data", &"--json"]).expect(0).out;
    typed(&place, &[&"render", &"--data", &"data", &exam, &"--out", &"here.zip"]).expect(0);
    assert_eq!(server.stop(), Some(0));

    let told = typed(&place, &[&"restore", &"last.zip", &"--data", &"elsewhere"]).expect(0).out;
    assert!(told.contains("2 exams") && told.contains("pages inspected"), "{told}");
    assert_eq!(typed(&place, &[&"status", &"--data", &"elsewhere", &"--json"]).expect(0).out, status);
    typed(&place, &[&"render", &"--data", &"elsewhere", &exam, &"--out", &"there.zip"]).expect(0);
    let (here, there) = (fs::read(place.join("here.zip")), fs::read(place.join("there.zip")));
    assert!(here.expect("a ZIP") == there.expect("a ZIP"), "other bytes after a restore");
    typed(&place, &[&"verify", &"--data", &"elsewhere"]).expect(0);
    // Nothing is written over.
    refused(typed(&place, &[&"restore", &"last.zip", &"--data", &"elsewhere"]), "KEP-030");
}

#[test]
fn a_changed_byte_in_a_backup_is_refused_and_named_and_nothing_is_restored() {
    let academy = two_exams("6");
    let (file, data) = (academy.path("b.zip"), academy.path("restored"));
    academy.copiste("backup", &[&file]).expect(0);
    let whole = fs::read(&file).expect("the backup");
    let restore = || copiste(&[&"restore", &file, &"--data", &data, &"--no-inspect"]);
    let at = |what: &[u8]| whole.windows(what.len()).position(|bytes| bytes == what).expect("it is there");
    let listed = |name: &str| at(format!("{{\"name\":\"{name}\"").as_bytes());
    // Where each part of the archive lies, and how a message names it.
    let mut places = vec![
        (0, "KEP-031"),
        (12, "the head of its first entry"),
        (60, "backup.jsonl"),
        (listed("journal.jsonl") + 30, "backup.jsonl"),
        (at(b"journal.jsonlUT") + 40, "its entry journal.jsonl"),
        (at(b"secretUT") - 16, "the head of its entry secret"),
        (at(b"secretUT") + 20, "its entry secret"),
        (whole.len() - 200, "its directory"),
        (whole.len() - 3, "its directory"),
    ];
    // And bytes all over it.
    let spread = size::pick(12, 200);
    places.extend((1..=spread).map(|part| (whole.len() * part / (spread + 1), "KEP-032")));
    for (at, named) in places {
        let mut changed = whole.clone();
        changed[at] ^= 4;
        fs::write(&file, changed).expect("the file can be written");
        refused(restore(), named);
        assert!(!data.exists(), "something was restored with byte {at} changed");
    }
    for changed in [&whole[..whole.len() - 1], &[&whole[..], b"\0"].concat(), b"PK\x03\x04", b""] {
        fs::write(&file, changed).expect("the file can be written");
        refused(restore(), "KEP-03");
    }
    fs::write(&file, &whole).expect("the file can be written");
    fs::create_dir(&data).expect("an empty folder is no obstacle");
    restore().expect(0);
}

/// A ZIP laid out as ours are, with a listing that claims these entries.
fn forged(entries: &[(&str, &[u8])]) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    let hex = |bytes: &[u8]| copiste_core::journal::hex::encode(&Sha256::digest(bytes));
    let mut listing = format!(
        "{{\"format\":\"copiste-backup\",\"version\":1,\"at\":0,\"line\":0,\"head\":\"{}\",\"entries\":{}}}\n",
        "0".repeat(64),
        entries.len()
    );
    for (name, bytes) in entries {
        let (length, crc) = (bytes.len(), crc32fast::hash(bytes));
        let name = serde_json::Value::from(*name);
        listing.push_str(&format!(
            "{{\"name\":{name},\"length\":{length},\"crc32\":{crc},\"sha256\":\"{}\"}}\n",
            hex(bytes)
        ));
    }
    let mut all = vec![("backup.jsonl", listing.as_bytes())];
    all.extend_from_slice(entries);
    let (mut layout, mut out, mut directory) = (Layout::default(), Vec::new(), Vec::new());
    for (name, bytes) in all {
        let entry = Entry { name, length: bytes.len() as u64, crc32: crc32fast::hash(bytes), at: 0 };
        let placed = layout.add(&entry, &[0; 32]).expect("a small archive");
        entry.local_header(&mut out);
        out.extend_from_slice(bytes);
        entry.central_header(placed.header, &mut directory);
    }
    out.extend(directory);
    layout.close().end(&mut out);
    out
}

/// An entry of a ZIP: name and bytes.
type Named<'a> = (&'a str, &'a [u8]);

#[test]
fn a_forged_backup_writes_nothing_outside_of_its_place_and_nothing_at_all() {
    let academy = Academy::empty();
    let (file, data) = (academy.path("b.zip"), academy.path("deep/restored"));
    let (journal, secret): (Named<'_>, Named<'_>) = (("journal.jsonl", b""), ("secret", &[7; 32]));
    for entries in [
        &[journal, secret, ("../escaped", b"x")][..],
        &[journal, secret, ("/tmp/escaped", b"x")],
        &[journal, secret, ("blobs/aa/../../../escaped", b"x")],
        &[journal, secret, ("db/db", b"x")],
        &[journal, secret, ("control.sock", b"x")],
        // A blob under a name that is not its digest's.
        &[journal, secret, (&format!("blobs/aa/{}", "a".repeat(62)), b"x")],
        &[journal, journal, secret],
        &[secret, journal],
        &[journal],
        &[],
    ] {
        fs::write(&file, forged(entries)).expect("the file can be written");
        refused(copiste(&[&"restore", &file, &"--data", &data]), "KEP-032");
        assert_eq!(sources::files(&academy.path("")), std::slice::from_ref(&file), "{entries:?}");
    }
    // What is forged well is an empty data directory.
    fs::write(&file, forged(&[journal, secret])).expect("the file can be written");
    copiste(&[&"restore", &file, &"--data", &data]).expect(0);
}

#[test]
fn a_backup_without_something_that_is_needed_is_none() {
    let academy = Academy::of("--kind one_off --candidates 3 --mix grey");
    let scan = fs::read(sources::files(&academy.bundle().join("scans")).remove(0)).expect("a scan");
    let blob = sources::files(&academy.data().join("blobs"))
        .into_iter()
        .find(|path| fs::read(path).expect("a blob") == scan)
        .expect("the scan is kept as it is");
    let file = academy.path("b.zip");
    for harm in [Some(vec![0; scan.len()]), Some(scan[1..].to_vec()), None] {
        match harm {
            Some(bytes) => fs::write(&blob, bytes).expect("it can be harmed"),
            None => fs::remove_file(&blob).expect("it can go"),
        }
        let told = refused(academy.copiste("backup", &[&file]), "KEP-022");
        let name = blob.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(told.contains(&name) && told.contains("candidate"), "{told}");
        assert!(!file.exists() && !academy.path(".b.zip.unfinished").exists());
    }
}

#[test]
fn a_purge_leaves_no_name_and_no_comment_and_the_held_copy_as_it_was() {
    let academy = two_exams("8");
    let (exam, data) = (academy.exam(), academy.data());
    let numbers = candidates(&academy);
    let (held, gone) = (&numbers[2], &numbers[3]);
    let reason = format!("{NAME}-{held} appeals");
    refused(
        academy
            .copiste("hold", &[&exam, &"--candidate", &held, &"--reason", &reason, &"--as", &"coordinator"]),
        "ROL-001",
    );
    academy.copiste("hold", &[&exam, &"--candidate", &held, &"--reason", &reason]).expect(0);
    refused(academy.copiste("hold", &[&exam, &"--candidate", &held, &"--reason", &reason]), "KEP-001");
    let not_held = ["--candidate", gone, "--reason", "an error", "--release"];
    let not_held: Vec<&dyn AsRef<std::ffi::OsStr>> = std::iter::once(&exam as &dyn AsRef<_>)
        .chain(not_held.iter().map(|word| word as &dyn AsRef<_>))
        .collect();
    refused(academy.copiste("hold", &not_held), "KEP-002");
    assert!(academy.copiste("status", &[&exam]).expect(0).out.contains("held copies: 1"));
    let before = pdf_of(&academy, held, "before");
    let other = exam_of(&academy.path("other"));
    academy.copiste("render", &[&other, &"--out", &academy.path("other-before.zip")]).expect(0);
    let held_name = format!("{NAME}-{held}");
    for number in &numbers {
        assert!(!files_with(&data, &format!("{NAME}-{number}")).is_empty(), "{number} must be there first");
    }

    refused(academy.copiste("purge", &[&"--before", &"2999-01-01"]), "KEP-010");
    refused(academy.copiste("purge", &[&"--before", &"yesterday"]), "CLI-023");
    let early = academy.copiste("purge", &[&"--before", &"2025-07-05", &"--json"]).expect(0).json();
    assert_eq!(early["exams"], serde_json::json!([]), "its last day is not over yet");
    let report = academy.copiste("purge", &[&"--before", &"2025-07-06", &"--json"]).expect(0).json();
    assert_eq!(report["exams"][0]["exam"], exam.as_str());
    assert_eq!(report["exams"][0]["held"], 1);
    assert_eq!(report["exams"][0]["gone"]["scripts"], numbers.len() as u64 - 1);
    assert_eq!(report["left"], serde_json::json!([]));

    let nothing_left = || {
        for number in numbers.iter().filter(|number| *number != held) {
            assert_eq!(files_with(&data, &format!("{NAME}-{number}")), Vec::<String>::new());
            assert_eq!(files_with(&data, &format!("{COMMENT} {number}")), Vec::<String>::new());
        }
        assert!(!files_with(&data, &held_name).is_empty());
    };
    nothing_left();
    academy.verified();
    assert!(pdf_of(&academy, held, "after") == before, "the held copy has other bytes after the purge");
    let told = refused(
        academy.copiste("render", &[&exam, &"--out", &academy.path("none"), &"--candidate", &gone]),
        "KEP-007",
    );
    assert!(told.contains(gone.as_str()) && !academy.path("none").exists(), "{told}");
    refused(academy.copiste("import", &[&academy.bundle()]), "KEP-004");
    // What was refused has not come back either.
    nothing_left();
    refused(academy.copiste("close", &[&exam, &"--csv", &academy.path("rows")]), "KEP-004");
    let status = academy.copiste("status", &[&exam]).expect(0).out;
    assert!(status.contains("PURGED on") && status.contains("held copies: 1"), "{status}");
    assert!(status.contains("copies may be consulted until 2025-07-05"), "{status}");

    // The other exam knows nothing of it, and a rebuild ends the same.
    let look = || academy.copiste("status", &[&"--json"]).expect(0).out;
    let now = look();
    fs::remove_dir_all(data.join("db")).expect("the database can go");
    academy.copiste("rebuild", &[]).expect(0);
    assert_eq!(look(), now);
    nothing_left();
    academy.verified();
    assert!(pdf_of(&academy, held, "rebuilt") == before, "the held copy has other bytes after a rebuild");
    academy.copiste("render", &[&other, &"--out", &academy.path("other-after.zip")]).expect(0);
    let zip = |name: &str| fs::read(academy.path(name)).expect("a ZIP");
    assert!(zip("other-before.zip") == zip("other-after.zip"), "another exam's copies have changed");

    // So does a backup of it, which holds none of them either.
    let file = academy.path("b.zip");
    academy.copiste("backup", &[&file]).expect(0);
    assert!(
        !fs::read(&file)
            .expect("it")
            .windows(NAME.len() + 1 + gone.len())
            .any(|bytes| { bytes.eq_ignore_ascii_case(format!("{NAME}-{gone}").as_bytes()) })
    );

    // Released, it goes with the next purge, and the exam is listed without a copy.
    academy.copiste("hold", &[&exam, &"--candidate", &held, &"--reason", &"decided", &"--release"]).expect(0);
    purge(&academy).expect(0);
    assert_eq!(files_with(&data, NAME), Vec::<String>::new());
    assert_eq!(files_with(&data, COMMENT), Vec::<String>::new());
    academy.verified();
    refused(academy.copiste("render", &[&exam, &"--out", &academy.path("none")]), "KEP-007");
    assert!(academy.copiste("status", &[]).expect(0).out.contains(&exam));
}

#[test]
fn a_purge_waits_until_no_server_has_the_data_directory() {
    let academy = two_exams("6");
    let server = Server::start(&folder(&academy));
    refused(purge(&academy), "STO-001");
    assert_eq!(server.stop(), Some(0));
    assert!(!files_with(&academy.data(), NAME).is_empty(), "nothing was purged yet");
    purge(&academy).expect(0);
    assert_eq!(files_with(&academy.data(), NAME), Vec::<String>::new());
}

#[test]
fn a_purge_killed_at_any_moment_is_finished_by_the_next() {
    let template = two_exams(size::pick("40", "400"));
    let held = candidates(&template)[0].clone();
    template.copiste("hold", &[&template.exam(), &"--candidate", &held, &"--reason", &"appeal"]).expect(0);
    let before = pdf_of(&template, &held, "before");
    let whole = {
        let academy = template.copied();
        timed(&[&"purge", &"--data", &academy.data(), &"--before", &"2025-12-01"])
    };
    let mut killed = 0;
    for delay in moments(size::pick(8, 50), whole) {
        let academy = template.copied();
        let data = academy.data();
        killed += u32::from(kill_after(
            &[&"purge", &"--data", &data, &"--before", &"2025-12-01"],
            delay,
            &academy.path("log"),
        ));
        academy.verified();
        purge(&academy).expect(0);
        for number in candidates(&academy).iter().filter(|number| **number != held) {
            assert_eq!(files_with(&data, &format!("{NAME}-{number}")), Vec::<String>::new(), "{delay:?}");
        }
        academy.verified();
        assert!(pdf_of(&academy, &held, "after") == before, "the held copy has other bytes after {delay:?}");
    }
    assert!(killed > 0, "no purge was killed before its end");
}
