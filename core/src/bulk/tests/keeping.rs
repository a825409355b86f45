//! Plans that are kept: used when they hold, never when they do not.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;

use super::invented::{Academy, MORNING, press};
use crate::bulk::*;
use crate::render::{Press, Profile};

static NEVER: AtomicBool = AtomicBool::new(false);

fn whole() -> PlanRequest {
    PlanRequest { selection: Selection::default(), profile: Profile::FULL }
}

fn ask(academy: &Academy, request: &PlanRequest) -> Plan {
    planned(&academy.out("plans"), &academy.job(1, &NEVER, &Quiet), request).expect("a plan")
}

/// Asks, and says how many scans were looked at: planning looks at all, what is kept at none.
fn ask_and_count(academy: &Academy, request: &PlanRequest) -> (Plan, usize) {
    academy.blobs.opened.store(0, Ordering::Relaxed);
    let plan = ask(academy, request);
    (plan, academy.blobs.opened.load(Ordering::Relaxed))
}

/// The files of plans, by name.
fn files(academy: &Academy) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(academy.out("plans"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files
}

fn bytes_of(academy: &Academy, plan: Plan) -> Vec<u8> {
    let archive = academy.archive(plan);
    let mut bytes = Vec::new();
    archive.pour(0..archive.length(), &mut bytes).expect("what was planned");
    bytes
}

fn same(one: &Plan, other: &Plan) {
    assert_eq!((one.outline(), one.forecast()), (other.outline(), other.forecast()));
    assert_eq!((one.refused(), one.failed()), (other.refused(), other.failed()));
}

#[test]
fn what_is_kept_is_what_was_planned_and_nothing_is_made_again() {
    let mut academy = Academy::of(150);
    academy.take_back("0000000004");
    let (made, looked_at) = ask_and_count(&academy, &whole());
    assert_eq!((looked_at, made.refused().len()), (120, 1));
    let (kept, looked_at) = ask_and_count(&academy, &whole());
    assert_eq!(looked_at, 0);
    same(&made, &kept);
    same(&kept, &academy.plan());
    assert!(bytes_of(&academy, kept) == bytes_of(&academy, made));
    let mode = |path: PathBuf| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(files(&academy).remove(0)), mode(academy.out("plans"))), (0o600, 0o700));
}

#[test]
fn a_plan_is_for_one_state_selection_profile_and_press() {
    let mut academy = Academy::of(6);
    ask(&academy, &whole());
    let school = Selection { school: Some("9740001H".into()), ..Selection::default() };
    let named = Selection { candidates: vec!["0000000002".into()], ..Selection::default() };
    let bare = Profile { annotations: false, ..Profile::FULL };
    for request in [
        PlanRequest { selection: school, ..whole() },
        PlanRequest { selection: named, ..whole() },
        PlanRequest { profile: bare, ..whole() },
    ] {
        let (plan, looked_at) = ask_and_count(&academy, &request);
        assert!(looked_at > 0);
        same(&plan, &academy.plan_of(&request));
    }
    let before = files(&academy);
    assert_eq!(before.len(), 4);
    // Another version of a press: beside it.
    let other = press("2", "FAKE");
    let job = Job { press: &other, ..academy.job(1, &NEVER, &Quiet) };
    planned(&academy.out("plans"), &job, &whole()).expect("a plan");
    assert_eq!(files(&academy).len(), 5);
    // Another state: what was kept of the earlier ones goes.
    academy.change("0000000001", |script| script.appreciation = Some("autre".into()));
    let (plan, looked_at) = ask_and_count(&academy, &whole());
    assert!(looked_at > 0);
    same(&plan, &academy.plan());
    let after = files(&academy);
    assert!(after.len() == 1 && !before.contains(&after[0]));
}

#[test]
fn a_damaged_or_foreign_plan_is_never_used() {
    let academy = Academy::of(3);
    let made = ask(&academy, &whole());
    let path = files(&academy).remove(0);
    let good = fs::read(&path).expect("a plan");
    let bare = Profile { annotations: false, ..Profile::FULL };
    ask(&academy, &PlanRequest { profile: bare, ..whole() });
    let other = files(&academy).into_iter().find(|file| *file != path).expect("another plan");
    let mut broken = vec![fs::read(other).expect("a plan"), Vec::new(), [&good[..], b"x"].concat()];
    broken.extend((0..good.len()).step_by(10).map(|length| good[..length].to_vec()));
    broken.extend((0..good.len()).step_by(7).map(|at| {
        let mut flipped = good.clone();
        flipped[at] ^= 1 << (at % 8);
        flipped
    }));
    for (case, bytes) in broken.into_iter().enumerate() {
        fs::write(&path, bytes).expect("a file");
        let (plan, looked_at) = ask_and_count(&academy, &whole());
        assert!(looked_at > 0, "case {case} was believed");
        same(&plan, &made);
        assert!(fs::read(&path).expect("a plan") == good, "case {case} was not replaced");
    }
}

#[test]
fn what_a_kill_left_half_written_is_cleared_up() {
    let academy = Academy::of(2);
    let part = academy.out("plans").join("0123-4567.part");
    fs::create_dir(academy.out("plans")).expect("a folder");
    fs::write(&part, b"MARTIN").expect("a file");
    ask(&academy, &whole());
    assert!(!part.exists());
    // Its own, at the instant before the name.
    let path = files(&academy).remove(0);
    fs::rename(&path, path.with_extension("part")).expect("it can be renamed");
    let (plan, looked_at) = ask_and_count(&academy, &whole());
    assert!(looked_at > 0);
    same(&plan, &academy.plan());
    assert_eq!(files(&academy), [path]);
}

#[test]
fn a_press_that_makes_other_copies_under_the_same_version_is_found_out() {
    let academy = Academy::of(200);
    ask(&academy, &whole());
    let other: Press = press("1", "OTHER");
    let job = Job { press: &other, ..academy.job(1, &NEVER, &Quiet) };
    let plan = planned(&academy.out("plans"), &job, &whole()).expect("a plan");
    same(&plan, &crate::bulk::plan(&job, &whole()).expect("a plan"));
    assert_ne!(plan.outline().etag(), academy.plan().outline().etag());
}

#[test]
fn a_plan_with_failures_is_not_kept_and_one_that_fails_a_reader_goes() {
    let academy = Academy::of(5);
    let plan = ask(&academy, &whole());
    let scan = academy.scan_of("0000000003");
    let bytes = fs::read(&scan).expect("a scan");
    fs::remove_file(&scan).expect("a scan");
    let archive = academy.archive(plan);
    let broken_off = archive.pour(0..archive.length(), &mut Vec::new());
    assert!(matches!(broken_off, Err(PourError::Copy(_))));
    assert_eq!(files(&academy), Vec::<PathBuf>::new());
    // Now the archive says what is missing, as long as it is.
    let plan = ask(&academy, &whole());
    assert_eq!((plan.forecast().copies, plan.failed().len()), (4, 1));
    assert!(!plan.forecast().selects_nothing());
    assert_eq!(files(&academy), Vec::<PathBuf>::new());
    let window = Selection { until: Some(MORNING + 30), ..Selection::default() };
    assert_eq!(ask(&academy, &PlanRequest { selection: window, ..whole() }).failed().len(), 1);
    fs::write(&scan, bytes).expect("a scan");
    assert_eq!(ask(&academy, &whole()).forecast().copies, 5);
    assert_eq!(files(&academy).len(), 1);
}

#[test]
fn no_more_than_some_plans_of_an_exam_are_kept() {
    let academy = Academy::of(70);
    for index in 1..=70 {
        let selection = Selection { candidates: vec![format!("{index:010}")], ..Selection::default() };
        ask(&academy, &PlanRequest { selection, ..whole() });
    }
    assert_eq!(files(&academy).len(), 64);
}

#[test]
fn many_who_ask_at_once_wait_for_one_plan() {
    let academy = Academy::of(120);
    std::thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| ask(&academy, &whole()));
        }
    });
    assert_eq!(academy.blobs.opened.load(Ordering::Relaxed), 120);
    // One who does not want to wait any more is let go.
    let path = academy.out("plans").join("turn");
    let _turn = crate::bulk::turns::Turn::take(&path, &NEVER).expect("a turn");
    let refused = crate::bulk::turns::Turn::take(&path, &AtomicBool::new(true));
    assert!(matches!(refused, Err(BulkError::Cancelled)));
}

#[test]
fn a_folder_that_cannot_be_written_costs_no_archive() {
    let academy = Academy::of(2);
    fs::write(academy.out("plans"), b"a file").expect("a file");
    same(&ask(&academy, &whole()), &academy.plan());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, ..ProptestConfig::default() })]
    #[test]
    fn a_window_is_cut_out_of_the_whole_as_it_would_be_planned(
        count in 0..100_usize,
        since in prop::option::of(-20..1100_i64),
        until in prop::option::of(-20..1100_i64),
    ) {
        let mut academy = Academy::of(count);
        if count > 3 {
            academy.take_back("0000000002");
        }
        let moment = |at: Option<i64>| at.map(|at| MORNING + at);
        let selection =
            Selection { since: moment(since), until: moment(until), ..Selection::default() };
        let request = PlanRequest { selection, ..whole() };
        let cut = ask(&academy, &request);
        same(&cut, &academy.plan_of(&request));
        prop_assert_eq!(files(&academy).len(), 1);
        prop_assert!(bytes_of(&academy, cut) == bytes_of(&academy, academy.plan_of(&request)));
    }
}
