//! Ctrl-C, resuming, and a second process.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use copiste_tests::academy::{Academy, lines, pdfs};
use copiste_tests::command::{copiste, signal, start_copiste};
use copiste_tests::size;

/// Waits until a condition holds or the child has ended; whether it holds.
fn until(child: &mut Child, mut holds: impl FnMut() -> bool) -> bool {
    loop {
        if holds() {
            return true;
        }
        if child.try_wait().expect("a child can be waited for").is_some() {
            return holds();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn ctrl_c_keeps_whole_copies_and_resume_does_the_rest() {
    let candidates = size::pick("300", "3000");
    let academy = Academy::of(&format!("--kind one_off --candidates {candidates} --mix grey --seed 15"));
    let reference = academy.rendered("reference", &[]);
    let (exam, data, out, log) = (academy.exam(), academy.data(), academy.path("out"), academy.path("log"));
    let render: [&dyn AsRef<OsStr>; 8] =
        [&"render", &"--data", &data, &exam, &"--out", &out, &"--threads", &"1"];
    let mut child = start_copiste(&render, &log);
    // While the first group of copies is being written, under temporary names.
    let part = out.join(".copiste-part");
    until(&mut child, || fs::read_dir(&part).is_ok_and(|files| files.count() > 2));
    signal(&child, "INT");
    let code = child.wait().expect("a child ends").code();
    let said = fs::read_to_string(&log).expect("a log");
    assert_eq!(code, Some(1), "interrupted, it says so and ends: {said}");
    let whole = pdfs_or_none(&out);
    assert!(whole.len() < pdfs(&reference).len(), "it was not interrupted");
    for path in &whole {
        let name = path.strip_prefix(&out).expect("inside");
        assert!(
            fs::read(path).expect("a copy") == fs::read(reference.join(name)).expect("its twin"),
            "{name:?} is torn"
        );
    }
    let kept = identities(&whole);
    let resumed: Vec<&dyn AsRef<OsStr>> =
        render.iter().copied().chain([&"--resume" as &dyn AsRef<OsStr>]).collect();
    copiste(&resumed).expect(0);
    assert_eq!(pdfs(&out).len(), pdfs(&reference).len());
    assert!(kept == identities(&whole), "what was whole was made again");
    academy.verified();
}

fn pdfs_or_none(folder: &Path) -> Vec<PathBuf> {
    let mut found = if folder.exists() { copiste_tests::sources::files(folder) } else { Vec::new() };
    found.retain(|path| path.extension().is_some_and(|end| end == "pdf"));
    found
}

/// Which file each path is, and when it was written.
fn identities(paths: &[PathBuf]) -> BTreeMap<PathBuf, (u64, i64, i64)> {
    let identity = |path: &PathBuf| {
        let about = fs::metadata(path).expect("a file");
        (about.ino(), about.mtime(), about.mtime_nsec())
    };
    paths.iter().map(|path| (path.clone(), identity(path))).collect()
}

#[test]
fn resume_redoes_only_what_is_missing_or_outdated() {
    let academy = Academy::of("--kind one_off --candidates 40 --mix ccitt --seed 16");
    let out = academy.rendered("out", &[]);
    let copies = pdfs(&out);
    let before = identities(&copies);
    let scripts = lines(&academy.bundle(), "scripts.jsonl");
    let mark = |script: &serde_json::Value| script["mark"]["total"].as_str() == Some("20");
    let corrected = scripts.iter().find(|script| !mark(script)).expect("not all have the best mark");
    let corrected = corrected["candidate"].as_str().expect("a number").to_owned();
    let reason = "réclamation";
    academy
        .copiste("mark", &[&academy.exam(), &"--candidate", &corrected, &"20", &"--reason", &reason])
        .expect(0);
    // One deleted, one cut short, one of the same length but of another content at its end.
    let others: Vec<&PathBuf> =
        copies.iter().filter(|path| !path.to_string_lossy().contains(&corrected)).take(3).collect();
    fs::remove_file(others[0]).expect("it can go");
    let bytes = fs::read(others[1]).expect("a copy");
    fs::write(others[1], &bytes[..bytes.len() / 2]).expect("it can be cut");
    let mut bytes = fs::read(others[2]).expect("a copy");
    let end = bytes.len();
    bytes[end - 40..].fill(b' ');
    fs::write(others[2], bytes).expect("it can be spoiled");

    academy.rendered("out", &[&"--resume"]);
    let after = identities(&copies);
    let redone: Vec<&PathBuf> = copies.iter().filter(|path| before[*path] != after[*path]).collect();
    let wanted = |path: &&PathBuf| others.contains(path) || path.to_string_lossy().contains(&corrected);
    assert!(redone.iter().all(wanted), "{redone:?}");
    assert_eq!(redone.len(), 4, "{redone:?}");
    let fresh = academy.rendered("fresh", &[]);
    for path in &copies {
        let name = path.strip_prefix(&out).expect("inside");
        assert!(fs::read(path).expect("a copy") == fs::read(fresh.join(name)).expect("its twin"), "{name:?}");
    }
}

#[test]
fn a_second_process_on_the_same_data_directory_gets_a_clear_error() {
    let academy = Academy::of("--kind one_off --candidates 400 --mix grey --seed 17");
    academy.released();
    let (exam, data, out, log) = (academy.exam(), academy.data(), academy.path("out"), academy.path("log"));
    let mut first =
        start_copiste(&[&"render", &"--data", &data, &exam, &"--out", &out, &"--threads", &"1"], &log);
    let part = out.join(".copiste-part");
    let begun = || fs::read_dir(&part).is_ok_and(|copies| copies.count() > 2);
    assert!(until(&mut first, begun), "the render never began");
    // Stopped, not ended: it holds the directory for as long as we like.
    signal(&first, "STOP");
    let second = academy.copiste("status", &[]);
    signal(&first, "CONT");
    assert_eq!(second.code, Some(1), "{}", second.said());
    assert!(second.err.contains("STO-001") && second.err.contains("in use"), "{}", second.err);
    assert!(first.wait().expect("a child ends").success());
    academy.copiste("status", &[]).expect(0);
}
