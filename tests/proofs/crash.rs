//! Killed at any moment, then run again: as if nothing had happened.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use copiste_tests::academy::Academy;
use copiste_tests::command::{copiste, start_copiste};
use copiste_tests::{size, sources};
use sha2::{Digest, Sha256};

/// Moments spread over a run of known length by a fixed sequence, so that each run of the test tries the
/// same ones, and none twice.
pub(super) fn moments(count: u32, whole: Duration) -> impl Iterator<Item = Duration> {
    // The golden ratio's multiples modulo one fill an interval evenly, in no order.
    (1..=count).map(move |at| whole.mul_f64((f64::from(at) * 0.618_033_988_75).fract()))
}

/// Runs a command and kills it after a while. Whether it was killed before its end.
pub(super) fn kill_after(arguments: &[&dyn AsRef<OsStr>], delay: Duration, log: &Path) -> bool {
    let mut child = start_copiste(arguments, log);
    std::thread::sleep(delay);
    child.kill().expect("a child can be killed");
    !child.wait().expect("a child ends").success()
}

/// Digests of everything a folder holds, by path.
fn contents(folder: &Path) -> BTreeMap<String, [u8; 32]> {
    let digest = |path: &Path| Sha256::digest(fs::read(path).expect("a file can be read")).into();
    sources::files(folder)
        .into_iter()
        .map(|path| {
            (path.strip_prefix(folder).expect("inside").to_string_lossy().into_owned(), digest(&path))
        })
        .collect()
}

/// What a status says of an import itself. Inspection comes after it and page by page: a kill leaves the
/// rest of it to do, which is no half import.
fn imported(status: &str) -> serde_json::Value {
    let mut exams: serde_json::Value = serde_json::from_str(status).expect("a status is JSON");
    for exam in exams.as_array_mut().expect("a status lists exams") {
        exam.as_object_mut().expect("an exam").remove("scanning").expect("a status tells of the scanning");
        let processes = exam["processes"].as_array_mut().expect("a status lists processes");
        processes.retain(|process| process["process"] != "scanning");
    }
    exams
}

/// The length of every copy.
fn lengths(folder: &Path) -> BTreeMap<String, u64> {
    let length = |path: &Path| fs::metadata(path).expect("a file has a length").len();
    let inside = |path: &Path| path.strip_prefix(folder).expect("inside").to_string_lossy().into_owned();
    sources::files(folder)
        .iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "pdf"))
        .map(|path| (inside(path), length(path)))
        .collect()
}

pub(super) fn timed(arguments: &[&dyn AsRef<OsStr>]) -> Duration {
    let start = Instant::now();
    copiste(arguments).expect(0);
    start.elapsed()
}

#[test]
fn an_import_killed_at_any_moment_is_all_there_or_not_at_all_and_can_be_run_again() {
    let candidates = size::pick("150", "2000");
    let academy = Academy::with_bundle(&[
        &"--kind",
        &"one_off",
        &"--candidates",
        &candidates,
        &"--mix",
        &"all",
        &"--seed",
        &"11",
    ]);
    let (bundle, exam, data, log) = (academy.bundle(), academy.exam(), academy.data(), academy.path("log"));
    let import: [&dyn AsRef<OsStr>; 4] = [&"import", &"--data", &data, &bundle];
    let whole = timed(&import);
    let wanted = academy.copiste("status", &[&"--json", &exam]).expect(0).out;
    let records = imported(&wanted);
    let reference = lengths(&academy.rendered("reference", &[]));
    let mut killed = 0;
    for delay in moments(size::pick(6, 30), whole) {
        fs::remove_dir_all(&data).expect("the data directory can go");
        killed += u32::from(kill_after(&import, delay, &log));
        if data.exists() {
            academy.verified();
            let status = academy.copiste("status", &[&"--json", &exam]);
            assert!(
                status.code == Some(1) || imported(&status.out) == records,
                "half an import after {delay:?}: {}",
                status.out
            );
        }
        academy.copiste("import", &[&bundle]).expect(0);
        assert_eq!(academy.copiste("status", &[&"--json", &exam]).expect(0).out, wanted, "after {delay:?}");
        academy.verified();
    }
    assert!(killed > 0, "no import was killed before its end");
    // A copy's dates are those of its import, so another import gives other bytes of the same lengths.
    assert_eq!(lengths(&academy.rendered("again", &[])), reference, "other copies after the kills");
}

#[test]
fn a_render_killed_at_any_moment_leaves_whole_files_only_and_resumes() {
    let candidates = size::pick("200", "1500");
    let academy = Academy::of(&format!("--kind one_off --candidates {candidates} --mix grey --seed 12"));
    academy.released();
    let (exam, data, log) = (academy.exam(), academy.data(), academy.path("log"));
    for name in ["folder", "all.zip"] {
        let out = academy.path(name);
        let render: [&dyn AsRef<OsStr>; 7] =
            [&"render", &"--data", &data, &exam, &"--out", &out, &"--resume"];
        let whole = timed(&render);
        let reference = academy.path(&format!("reference-{name}"));
        fs::rename(&out, &reference).expect("it was rendered");
        let mut killed = 0;
        for delay in moments(size::pick(6, 30), whole) {
            killed += u32::from(kill_after(&render, delay, &log));
            academy.verified();
            let is_whole = if reference.is_dir() {
                whole_files_only(&out, &reference)
            } else {
                !out.exists() || same(&out, &reference)
            };
            assert!(is_whole, "{name} holds a part of a file after {delay:?}");
            copiste(&render).expect(0);
            assert!(same(&out, &reference), "{name} after {delay:?}");
            if out.is_dir() { fs::remove_dir_all(&out) } else { fs::remove_file(&out) }.expect("it can go");
        }
        assert!(killed > 0, "no render to {name} was killed before its end");
    }
}

/// Whether every copy that is there is one of the reference, whole.
fn whole_files_only(out: &Path, reference: &Path) -> bool {
    if !out.exists() {
        return true;
    }
    sources::files(out).into_iter().filter(|path| path.extension().is_some_and(|end| end == "pdf")).all(
        |path| {
            let name = path.strip_prefix(out).expect("inside");
            fs::read(&path).expect("a copy") == fs::read(reference.join(name)).expect("the same copy")
        },
    )
}

fn same(out: &Path, reference: &Path) -> bool {
    if reference.is_dir() {
        contents(out) == contents(reference)
    } else {
        fs::read(out).expect("the ZIP") == fs::read(reference).expect("the other")
    }
}
