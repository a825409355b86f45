//! A closing that is killed, at every step it has: a child process aborts there, and whoever comes next
//! ends with the same files as if nothing had happened. Needs the feature `failpoints`.
//!
//! The targets are file drops, because what they hold is on the disk and outlives both processes.

#[path = "../store/academy.rs"]
#[allow(dead_code, reason = "shared with the tests of the store")]
mod academy;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use copiste_core::exchange::{FileDrop, Pace};
use copiste_core::journal::{Actor, Role, Target};
use copiste_core::process::closing::{ClosingDesk, OutcomeCodes, UnderWay, Which};
use copiste_core::process::quality::Policy;
use copiste_core::store::{InspectionRecord, Store, verify};
use tempfile::tempdir;

use academy::*;

/// Every step of a closing: each journal line, each record, each request, each commit, each answer.
const STEPS: [&str; 21] = [
    "validate-after-batches",
    "blobs-put",
    "blobs-sync",
    "blobs-rename",
    "blobs-sync-folders",
    "close-before-launch",
    "close-after-launch",
    "send-before-chunk",
    "send-after-chunk",
    "send-before-commit",
    "send-after-commit",
    "close-before-answer",
    "close-after-answer",
    "execute-prepared",
    "journal-append",
    "journal-sync",
    "execute-journalled",
    "apply-start",
    "apply-before-flip",
    "apply-after-flip",
    "apply-end",
];

/// More rows than one chunk holds.
const CANDIDATES: usize = 1_003;

/// How the child is told what to do, and that it is one.
const DIRECTORY: &str = "COPISTE_CRASH_DIRECTORY";
const STEP: &str = "COPISTE_CRASH_STEP";
const HIT: &str = "COPISTE_CRASH_HIT";

struct Still;

impl Pace for Still {
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
    fn now(&self) -> i64 {
        1_593_000_000
    }
    fn wait(&self, _time: Duration) -> bool {
        true
    }
    fn chance(&self) -> f64 {
        0.5
    }
}

/// An exam that is ready to be closed, with its drops beside it.
fn prepared(dir: &Path, common: bool) {
    let numbers: Vec<String> = (0..CANDIDATES).map(|at| format!("{at:05}")).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let mut bundle = if common { Bundle::common("E1", &numbers) } else { Bundle::of("E1", &numbers) };
    // One scan for all: thousands of files would be copied for every kill.
    bundle.people.iter_mut().for_each(|person| person.pages = Some(vec![Sheet::Scan("scan".to_owned())]));
    bundle.batches[0].locked = true;
    bundle.batches[0].validated = !common;
    let store = open(&dir.join("data"));
    import(&store, &bundle, 1);
    let found = InspectionRecord { blank: false, dpi: 150, ink_permille: 30, damage: None };
    store.record_inspections(&[(blob_of(b"scan"), found)]).unwrap();
    let view = store.exam("E1").unwrap().unwrap();
    (0..view.spans()).for_each(|span| store.count_waiting(&view, span).unwrap());
}

/// Closes the exam as its kind is closed; whether everything was accepted.
fn close(dir: &Path, store: &Store, common: bool) -> bool {
    let role = if common { Role::AcademicCoordinator } else { Role::ExamOfficeManager };
    let desk = ClosingDesk {
        store,
        cyclades: &FileDrop::new(Target::Cyclades, dir.join("drop")),
        imagin: &FileDrop::new(Target::Imagin, dir.join("drop")),
        pace: &Still,
        budget: Duration::from_secs(60),
        codes: &OutcomeCodes::default(),
        quality: &Policy::default(),
        scratch: &dir.join("data/scratch"),
        actor: &Actor::operator(role),
        under_way: &UnderWay::default(),
    };
    if common {
        desk.validate("E1", &Which::All).unwrap().is_whole()
    } else {
        desk.close("E1", false).unwrap().is_whole()
    }
}

/// What the targets hold: every finished file, by name.
fn held(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut held = BTreeMap::new();
    for entry in fs::read_dir(dir.join("drop")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".csv") || name.ends_with(".sha256") {
            held.insert(name, fs::read(&path).unwrap());
        }
    }
    held
}

/// The child: closes, and ends without a word at the step it was told.
#[test]
fn a_child_that_closes_and_is_killed() {
    let Some(dir) = std::env::var_os(DIRECTORY).map(PathBuf::from) else { return };
    let (step, hit) = (std::env::var(STEP).unwrap(), std::env::var(HIT).unwrap());
    let hit: usize = hit.parse().unwrap();
    let store = open(&dir.join("data"));
    let common = store.exam("E1").unwrap().unwrap().exam().kind
        == copiste_core::model::ArchivedExamKind::CommonAssessment;
    let hits = Arc::new(AtomicUsize::new(0));
    fail::cfg_callback(step, move || {
        if hits.fetch_add(1, Ordering::SeqCst) == hit {
            std::process::abort();
        }
    })
    .unwrap();
    assert!(close(&dir, &store, common));
}

/// Whether the child was killed at the step; false when it is not passed so often.
fn child_is_killed(dir: &Path, step: &str, hit: usize) -> bool {
    let ended = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_child_that_closes_and_is_killed", "--test-threads", "1"])
        .env(DIRECTORY, dir)
        .env(STEP, step)
        .env(HIT, hit.to_string())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() || ended.status.code().is_none(), "{step} {hit}: {said}");
    !ended.status.success()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Kills a closing at every step, as often as it is passed; gives the steps that were passed.
fn killed_everywhere(common: bool) -> Vec<&'static str> {
    let ready = tempdir().unwrap();
    prepared(ready.path(), common);
    let calm = tempdir().unwrap();
    copy(ready.path(), calm.path());
    let store = open(&calm.path().join("data"));
    assert!(close(calm.path(), &store, common));
    let expected = held(calm.path());
    assert_eq!(expected.len(), 4, "two files a target: {:?}", expected.keys());

    let mut passed = Vec::new();
    for step in STEPS {
        for hit in 0.. {
            let dir = tempdir().unwrap();
            copy(ready.path(), dir.path());
            if !child_is_killed(dir.path(), step, hit) {
                break;
            }
            if hit == 0 {
                passed.push(step);
            }
            let store = open(&dir.path().join("data"));
            // What was done is done; what was not is done now.
            assert!(close(dir.path(), &store, common), "{step} {hit}");
            assert_eq!(held(dir.path()), expected, "{step} {hit}");
            let view = store.exam("E1").unwrap().unwrap();
            assert_eq!(view.exports().unwrap().len(), 2, "{step} {hit}: an export was begun twice");
            if common {
                assert_eq!(view.counts().transmitted, view.counts().scripts, "{step} {hit}");
            } else {
                assert!(view.life().closed_at.is_some(), "{step} {hit}");
            }
            assert_eq!(verify(&store).unwrap().findings, [], "{step} {hit}");
        }
    }
    passed
}

#[test]
fn a_closing_killed_at_any_step_ends_with_the_same_ledgers_as_an_undisturbed_one() {
    let passed = killed_everywhere(false);
    assert_eq!(passed, STEPS[1..], "a step is not passed by a closing");
}

#[test]
fn a_validation_killed_at_any_step_ends_with_the_same_ledgers_as_an_undisturbed_one() {
    assert_eq!(killed_everywhere(true), STEPS, "a step is not passed by a validation");
}
