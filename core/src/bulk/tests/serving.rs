//! Archives and copies read from any byte, against the file that a job writes.

use std::fs;
use std::io::{self, Write};
use std::ops::Range;
use std::process::Command;
use std::sync::Arc;

use proptest::prelude::*;

use super::invented::{Academy, FAST, entries};
use crate::bulk::error::code;
use crate::bulk::index::STEP;
use crate::bulk::*;
use crate::model::Damage;
use crate::render::Profile;

/// The file that a job writes of the same plan.
fn written(academy: &Academy, plan: Plan) -> Vec<u8> {
    let out = academy.out("reference.zip");
    let never = std::sync::atomic::AtomicBool::new(false);
    write_zip(&academy.job(2, &never, &Quiet), plan, &out, &FAST).expect("a job");
    fs::read(&out).expect("an archive")
}

fn poured(archive: &Archive, range: Range<u64>) -> Vec<u8> {
    let mut bytes = Vec::new();
    archive.pour(range, &mut bytes).expect("what was planned");
    bytes
}

/// An exam with everything that shapes an archive: refused copies, failed ones, damage, many rows.
fn various(count: usize, failing: &[usize]) -> Academy {
    let mut academy = Academy::new();
    for index in 0..count {
        let appreciation = if failing.contains(&index) { "refuse" } else { "Éà" };
        academy.add(index, ["Martin", "=Payet", "d’Hoarau"][index % 3], "Éloïse", appreciation);
    }
    if count > 2 {
        academy.change("0000000002", |script| {
            script.pages[0].damage = Some(Damage { code: "SCN-004".into(), detail: "torn".into() });
            script.marker_mark = None;
        });
        academy.forget_script("0000000003");
    }
    academy
}

/// Every place where something begins in an archive, and its length.
fn boundaries(plan: &Plan) -> Vec<u64> {
    let summary = plan.summary().placed_at(0);
    let (mut found, mut central) = (vec![0, summary.body, summary.end], Vec::new());
    plan.summary().central_header(0, &mut central);
    for copy in plan.copies() {
        let (_, row, placed) = copy.expect("a row");
        found.extend([placed.header, placed.body, placed.end]);
        found.push(plan.outline().directory_offset() + central.len() as u64);
        row.entry().central_header(placed.header, &mut central);
    }
    found.extend([plan.outline().directory_offset() + central.len() as u64, plan.outline().total()]);
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn any_list_of_ranges_put_together_is_the_file_that_a_job_writes(
        count in 0..200_usize,
        failing in prop::collection::vec(0..200_usize, 0..4),
        cuts in prop::collection::vec(0.0..1.0_f64, 0..12),
    ) {
        let academy = various(count, &failing);
        let whole = written(&academy, academy.plan());
        let archive = academy.archive(academy.plan());
        prop_assert_eq!(archive.length(), whole.len() as u64);
        let mut cuts: Vec<u64> = cuts.into_iter().map(|cut| (cut * whole.len() as f64) as u64).collect();
        cuts.extend([0, archive.length()]);
        cuts.sort_unstable();
        let mut together = Vec::new();
        for pair in cuts.windows(2) {
            archive.pour(pair[0]..pair[1], &mut together).expect("what was planned");
            prop_assert_eq!(together.len() as u64, pair[1]);
        }
        prop_assert!(together == whole);
    }
}

#[test]
fn a_range_may_begin_and_end_beside_any_boundary() {
    let academy = various(STEP * 2 + 3, &[5, 6]);
    let plan = academy.plan();
    let boundaries = boundaries(&plan);
    let whole = written(&academy, academy.plan());
    let archive = academy.archive(plan);
    for boundary in boundaries {
        for at in boundary.saturating_sub(2)..=(boundary + 2).min(archive.length()) {
            let long = at..(at + 3000).min(archive.length());
            for range in [at..at, at..(at + 1).min(archive.length()), long, at.saturating_sub(500)..at] {
                let (from, to) = (range.start as usize, range.end as usize);
                assert!(poured(&archive, range) == whole[from..to], "{from}..{to}");
            }
        }
    }
    let third = whole.len() as u64 / 3;
    for range in [0..archive.length(), third..archive.length(), 0..third] {
        let (from, to) = (range.start as usize, range.end as usize);
        assert!(poured(&archive, range) == whole[from..to]);
    }
}

#[test]
fn bytes_that_are_not_there_are_refused() {
    let academy = Academy::of(2);
    let archive = academy.archive(academy.plan());
    let length = archive.length();
    #[expect(clippy::reversed_empty_ranges, reason = "what a reader may ask for")]
    for range in [0..length + 1, length + 1..length + 1, 5..4, u64::MAX..0, 0..u64::MAX] {
        let mut bytes = Vec::new();
        let refused = archive.pour(range.clone(), &mut bytes);
        assert!(matches!(refused, Err(PourError::Range { .. })), "{range:?}");
        assert!(bytes.is_empty());
    }
}

#[test]
fn other_readers_find_a_poured_archive_whole() {
    let academy = various(70, &[4]);
    let archive = academy.archive(academy.plan());
    let out = academy.out("poured.zip");
    fs::write(&out, poured(&archive, 0..archive.length())).expect("a file");
    assert_eq!(entries(&out).len(), 69);
    let run = |program: &str, arguments: &[&str]| {
        let done = Command::new(program).args(arguments).arg(&out).output();
        let done = done.unwrap_or_else(|error| panic!("{program} is needed: {error}"));
        assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stdout));
    };
    run("unzip", &["-tqq"]);
    run(
        "python3",
        &["-c", "import sys, zipfile; sys.exit(zipfile.ZipFile(sys.argv[1]).testzip() is not None)"],
    );
}

#[test]
fn an_empty_selection_is_an_archive_of_its_summary() {
    let academy = Academy::of(3);
    let selection = Selection { until: Some(0), ..Selection::default() };
    let plan = academy.plan_of(&PlanRequest { selection, profile: Profile::FULL });
    let archive = academy.archive(plan);
    assert_eq!((archive.forecast().copies, archive.forecast().selects_nothing()), (0, true));
    let out = academy.out("empty.zip");
    fs::write(&out, poured(&archive, 0..archive.length())).expect("a file");
    assert_eq!(entries(&out).into_keys().collect::<Vec<_>>(), ["sommaire.csv"]);
}

#[test]
fn many_readers_at_once_get_the_same_bytes() {
    let academy = various(300, &[]);
    let archive = academy.archive(academy.plan());
    let whole = poured(&archive, 0..archive.length());
    std::thread::scope(|scope| {
        for reader in 0..6_u64 {
            let (archive, whole) = (&archive, &whole);
            scope.spawn(move || {
                let mut at = reader * 1000;
                while at < archive.length() {
                    let end = (at + 70_000 + reader * 977).min(archive.length());
                    assert!(poured(archive, at..end) == whole[at as usize..end as usize]);
                    at = end;
                }
            });
        }
    });
}

/// What was poured before an error, and the error: always the beginning of what was planned.
fn broken_off(archive: &Archive, whole: &[u8]) -> (usize, PourError) {
    let mut bytes = Vec::new();
    let error = archive.pour(0..archive.length(), &mut bytes).expect_err("a copy that is not there");
    assert!(whole.starts_with(&bytes), "other bytes were given out");
    (bytes.len(), error)
}

#[test]
fn a_copy_that_is_not_what_was_planned_ends_the_pouring_by_its_number() {
    let academy = Academy::of(40);
    let whole = written(&academy, academy.plan());
    type Change = fn(&mut Academy);
    let cases: [(&str, Change); 5] = [
        ("BLK-024", |academy| fs::remove_file(academy.scan_of("0000000020")).expect("a scan")),
        ("BLK-024", |academy| fs::write(academy.scan_of("0000000020"), b"short").expect("a scan")),
        ("BLK-024", |academy| {
            let mut bytes = fs::read(academy.scan_of("0000000020")).expect("a scan");
            bytes[7] ^= 1;
            fs::write(academy.scan_of("0000000020"), bytes).expect("a scan");
        }),
        ("BLK-026", |academy| {
            academy.change("0000000020", |script| script.appreciation = Some("autre".into()));
        }),
        ("BLK-026", |academy| academy.forget_script("0000000020")),
    ];
    for (expected, change) in cases {
        let mut academy = Academy::of(40);
        let plan = academy.plan();
        let rows: Vec<_> = plan.copies().map(|copy| copy.expect("a row")).collect();
        let (_, _, placed) =
            rows.iter().find(|(_, row, _)| row.number == "0000000020").expect("it is planned");
        change(&mut academy);
        let archive = academy.archive(plan);
        let (given, error) = broken_off(&archive, &whole);
        let text = error.to_string();
        let PourError::Copy(failure) = &error else { panic!("{text}") };
        assert_eq!((failure.candidate.as_str(), failure.code.as_str()), ("0000000020", expected));
        assert_eq!(code(&text), "BLK-041");
        assert!(!text.to_lowercase().contains("martin"), "{text}");
        assert!(given as u64 <= placed.end);
        // What lies beside it is there for whoever asks.
        for range in [0..placed.body, placed.end..archive.length()] {
            let (from, to) = (range.start as usize, range.end as usize);
            assert!(poured(&archive, range) == whole[from..to], "{expected}");
        }
    }
}

#[test]
fn a_range_in_a_scan_reads_no_other_scan() {
    use std::sync::atomic::Ordering;
    let academy = Academy::of(200);
    let plan = academy.plan();
    let (_, _, placed) = plan.copies().nth(150).expect("a row").expect("a row");
    let archive = academy.archive(plan);
    academy.blobs.opened.store(0, Ordering::Relaxed);
    poured(&archive, placed.end - 50..placed.end - 49);
    assert_eq!(academy.blobs.opened.load(Ordering::Relaxed), 0, "a byte of the tail");
    poured(&archive, placed.body + 200..placed.body + 300);
    assert_eq!(academy.blobs.opened.load(Ordering::Relaxed), 1);
}

#[test]
fn a_reader_that_goes_away_is_not_the_archives_fault() {
    struct Gone(usize);
    impl Write for Gone {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let academy = various(100, &[]);
    let archive = academy.archive(academy.plan());
    for taken in [0, 10, 200_000] {
        let outcome = archive.pour(0..archive.length(), &mut Gone(taken));
        assert!(matches!(outcome, Err(PourError::Reader(_))), "{taken}");
    }
}

fn copy_of(academy: &Academy, number: &str) -> Result<OneCopy, OneCopyError> {
    let blobs = Arc::clone(&academy.blobs);
    OneCopy::over(&academy.records, blobs, &academy.press, number, Profile::FULL)
}

#[test]
fn one_copy_is_its_entry_in_the_archive_from_any_byte() {
    let academy = various(9, &[]);
    academy.zip(&academy.out("x.zip"), &FAST);
    for (name, whole) in entries(&academy.out("x.zip")).iter().filter(|(name, _)| name.ends_with(".pdf")) {
        let number = &name[name.len() - 14..name.len() - 4];
        let copy = copy_of(&academy, number).expect("a copy");
        assert_eq!(name.split_once('/').expect("a folder").1, copy.file_name());
        assert_eq!((copy.length(), copy.crc32()), (whole.len() as u64, crc32fast::hash(whole)));
        for start in (0..=whole.len()).step_by(37) {
            for end in [start, (start + 40).min(whole.len()), whole.len()] {
                let mut bytes = Vec::new();
                copy.pour(start as u64..end as u64, &mut bytes).expect("a copy");
                assert!(bytes == whole[start..end], "{start}..{end}");
            }
        }
        let past = copy.pour(0..copy.length() + 1, &mut Vec::new());
        assert!(matches!(past, Err(PourError::Range { .. })));
    }
    let (one, other) = (copy_of(&academy, "0000000001"), copy_of(&academy, "0000000002"));
    assert_ne!(one.expect("a copy").etag(), other.expect("a copy").etag());
}

#[test]
fn a_copy_that_there_is_not_is_refused_by_code_and_number() {
    let mut academy = various(6, &[4]);
    academy.take_back("0000000002");
    fs::remove_file(academy.scan_of("0000000004")).expect("a scan");
    for (number, expected) in [
        ("0000000099", "BLK-002"),
        ("0000000003", "BLK-009"),
        ("0000000002", "GAT-001"),
        ("0000000004", "BLK-045"),
        ("0000000005", "BLK-045"),
        ("", "BLK-002"),
    ] {
        let text = copy_of(&academy, number).err().map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(code(&text), expected, "{number}: {text}");
        assert!(!text.to_lowercase().contains("martin") && !text.contains("Payet"), "{text}");
    }
}

#[test]
fn a_scan_lost_while_a_copy_is_read_ends_it() {
    let academy = Academy::of(2);
    let copy = copy_of(&academy, "0000000001").expect("a copy");
    let mut whole = Vec::new();
    copy.pour(0..copy.length(), &mut whole).expect("a copy");
    fs::remove_file(academy.scan_of("0000000001")).expect("a scan");
    let mut bytes = Vec::new();
    let error = copy.pour(0..copy.length(), &mut bytes).expect_err("a scan is missing");
    assert!(matches!(&error, PourError::Copy(failure) if failure.code == "BLK-024"), "{error}");
    assert!(whole.starts_with(&bytes) && bytes.len() < whole.len());
}
