//! Rules of a bulk job, on an exam made up in memory.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::invented::{Academy, CancelAfter, FAST, MORNING, entries, tree};
use crate::bulk::*;
use crate::model::{Acceptance, Damage};
use crate::render::Profile;

const RESUME: WriteOptions = WriteOptions { resume: true, ..FAST };

fn selected(selection: Selection) -> PlanRequest {
    PlanRequest { selection, profile: Profile::FULL }
}

fn planned_names(plan: &Plan) -> Vec<String> {
    plan.copies().map(|copy| copy.expect("a row").1.entry).collect()
}

#[test]
fn a_plan_forecasts_what_is_written() {
    let mut academy = Academy::of(7);
    academy.change("0000000002", |script| {
        script.pages[0].damage = Some(Damage { code: "SCN-004".into(), detail: "torn".into() });
        script.pages[1].damage = script.pages[0].damage.clone();
        script.pages[1].accepted = Some(Acceptance { reason: "lost".into(), at: 0, line: 1 });
    });
    let about = academy.survey().forecast();
    let report = academy.directory(&academy.out("d"), &FAST);
    let files = tree(&academy.out("d"));
    let written: usize =
        files.iter().filter(|(name, _)| name.ends_with(".pdf")).map(|(_, bytes)| bytes.len()).sum();
    // Scans count in whole KiB, what a copy adds to them as a mean.
    assert!(!about.exact && about.bytes.abs_diff(written as u64) < 7 * 1024, "{about:?}");
    assert_eq!((report.made, report.kept, report.bytes), (7, 0, written as u64));
    assert!(report.is_complete());
    let forecast = academy.plan().forecast();
    for forecast in [about, forecast] {
        assert_eq!((forecast.copies, forecast.pages, forecast.damaged, forecast.accepted), (7, 14, 1, 1));
    }
    academy.zip(&academy.out("x.zip"), &FAST);
    assert!(forecast.exact);
    assert_eq!(fs::metadata(academy.out("x.zip")).expect("a file").len(), forecast.bytes);
}

#[test]
fn the_archive_and_the_directory_hold_the_same_files_and_nothing_else() {
    let academy = Academy::of(600);
    academy.directory(&academy.out("d"), &WriteOptions::default());
    academy.zip(&academy.out("x.zip"), &WriteOptions::default());
    let archived = entries(&academy.out("x.zip"));
    assert_eq!(archived.len(), 601);
    assert_eq!(archived, tree(&academy.out("d")));
    let names = planned_names(&academy.plan());
    assert!(names.is_sorted() && names[0] == "9740000H/MARTIN_Éloïse_0000000001.pdf");
    let beside: Vec<_> =
        tree(academy.dir.path()).into_keys().filter(|name| name.contains(".x.zip")).collect();
    assert_eq!(beside, Vec::<String>::new());
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let academy = Academy::of(300);
    let never = AtomicBool::new(false);
    let archive = |threads: usize| {
        let out = academy.out(&format!("{threads}.zip"));
        let job = academy.job(threads, &never, &Quiet);
        let plan = plan(&job, &selected(Selection::default())).expect("a plan");
        write_zip(&job, plan, &out, &FAST).expect("a job");
        fs::read(out).expect("an archive")
    };
    let one = archive(1);
    assert!(one == archive(2) && one == archive(3) && one == archive(2));
}

#[test]
fn one_bad_copy_costs_one_copy_and_is_named_in_report_and_summary() {
    let mut academy = Academy::of(9);
    let refusing = academy.add(9, "Refus", "A", "refuse");
    let panicking = academy.add(10, "Panique", "B", "panic");
    let scanless = academy.add(11, "Perdu", "C", "");
    fs::remove_file(academy.scan_of(&scanless)).expect("a scan");
    let shortened = academy.add(12, "Court", "D", "");
    fs::write(academy.scan_of(&shortened), b"short").expect("a scan");
    let codes =
        [(refusing, "BLK-023"), (panicking, "BLK-025"), (scanless, "BLK-024"), (shortened, "BLK-024")];

    let reports = [academy.zip(&academy.out("x.zip"), &FAST), academy.directory(&academy.out("d"), &FAST)];
    for report in reports {
        let failed: Vec<(String, &str)> =
            report.failed.iter().map(|failure| (failure.candidate.clone(), failure.code.as_str())).collect();
        assert_eq!(failed, codes);
        assert!(report.failed.iter().all(|failure| failure.detail.starts_with(&failure.code)));
        assert_eq!((report.made, report.is_complete()), (9, false));
        assert_eq!(report.ending, Ending::Whole);
    }
    let archived = entries(&academy.out("x.zip"));
    assert_eq!(archived.len(), 10);
    let summary = String::from_utf8(archived["sommaire.csv"].clone()).expect("UTF-8");
    for (number, code) in codes {
        assert!(
            summary.contains(&format!("\"{number}\"")) && summary.contains(&format!("produite ({code})"))
        );
    }
}

#[test]
fn a_scan_lost_after_planning_costs_its_copies_and_pads_nothing() {
    let academy = Academy::of(30);
    let never = AtomicBool::new(false);
    let job = academy.job(2, &never, &Quiet);
    let (for_zip, for_directory) = (academy.plan(), academy.survey());
    fs::remove_file(academy.scan_of("0000000005")).expect("a scan");
    fs::write(academy.scan_of("0000000020"), b"short").expect("a scan");
    let zip = write_zip(&job, for_zip, &academy.out("x.zip"), &FAST).expect("a job");
    let directory = write_directory(&job, for_directory, &academy.out("d"), &FAST).expect("a job");
    for report in [&zip, &directory] {
        let failed: Vec<_> = report.failed.iter().map(|failure| failure.candidate.as_str()).collect();
        assert_eq!(failed, ["0000000005", "0000000020"]);
        assert_eq!((report.made, &report.ending), (28, &Ending::Whole));
    }
    let archived = entries(&academy.out("x.zip"));
    assert_eq!(archived.len(), 29);
    assert_eq!(archived, tree(&academy.out("d")));
}

#[test]
fn the_summary_lists_every_entry_as_it_is() {
    let mut academy = Academy::of(3);
    academy.add(3, "=cmd|' /C calc'!A0", "O\"Neil;\r\n", "");
    academy.change("0000000002", |script| script.marker_mark = None);
    academy.zip(&academy.out("x.zip"), &FAST);
    let archived = entries(&academy.out("x.zip"));
    let summary = archived["sommaire.csv"].strip_prefix("\u{FEFF}".as_bytes()).expect("a byte order mark");
    assert!(summary.ends_with(b"\r\n"));
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(summary);
    assert_eq!(reader.headers().expect("headers").len(), 14);
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row of 14 cells")).collect();
    assert_eq!(rows.len(), 4);
    for row in &rows {
        let content = &archived[&row[4]];
        assert_eq!(row[10], content.len().to_string());
        assert_eq!(row[11], format!("{:08x}", crc32fast::hash(content)));
        assert_eq!((&row[5], &row[9]), ("2", "annotations, appréciation, détails de la notation"));
        assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{row:?}");
    }
    let of = |number: &str| rows.iter().find(|row| &row[1] == number).expect("a row");
    assert_eq!(of("0000000001")[8], *"12,5");
    assert_eq!(of("0000000002")[8], *"");
    assert_eq!(of("0000000004")[2], *"'=cmd|' /C calc'!A0");
}

#[test]
fn a_selection_takes_what_it_says() {
    let mut academy = Academy::of(6);
    academy.forget_script("0000000006");
    let numbers = |selection: Selection| {
        let request = selected(selection);
        let plan = academy.plan_of(&request);
        let mut numbers: Vec<String> = plan.copies().map(|copy| copy.expect("a row").1.number).collect();
        let surveyed = survey(&academy.job(1, &AtomicBool::new(false), &Quiet), &request).expect("a survey");
        assert_eq!(surveyed.forecast().copies, numbers.len() as u64);
        assert_eq!(surveyed.refused(), plan.refused());
        numbers.sort();
        (
            numbers
                .iter()
                .map(|number| number.trim_start_matches('0').to_owned())
                .collect::<Vec<_>>()
                .join(" "),
            plan,
        )
    };
    assert_eq!(numbers(Selection::default()).0, "1 2 3 4 5");
    let school = Selection { school: Some("9740001H".into()), ..Selection::default() };
    assert_eq!(numbers(school).0, "2 5");
    // One moment parts two deliveries: no copy in both, none in neither.
    let since = Selection { since: Some(MORNING + 20), ..Selection::default() };
    assert_eq!(numbers(since).0, "3 4 5");
    let until = Selection { until: Some(MORNING + 20), ..Selection::default() };
    assert_eq!(numbers(until).0, "1 2");
    let named =
        Selection { candidates: vec!["0000000004".into(), "0000000006".into()], ..Selection::default() };
    let (numbers, plan) = numbers(named);
    assert_eq!(numbers, "4");
    assert_eq!(plan.refused()[0].candidate, "0000000006");
    assert!(plan.refused()[0].reason.starts_with("BLK-009"));
}

#[test]
fn a_selection_of_what_is_not_there_is_refused() {
    let academy = Academy::of(3);
    let never = AtomicBool::new(false);
    let refused = |selection| {
        let (job, request) = (academy.job(2, &never, &Quiet), selected(selection));
        let refused = |outcome: Option<BulkError>| outcome.map(|error| error.to_string()).unwrap_or_default();
        let text = refused(plan(&job, &request).err());
        assert_eq!(refused(survey(&job, &request).err()), text);
        text
    };
    let school = refused(Selection { school: Some("9999999X".into()), ..Selection::default() });
    assert!(school.starts_with("BLK-001") && school.contains("9999999X"), "{school}");
    let named = refused(Selection { candidates: vec!["1".into(), "2".into()], ..Selection::default() });
    assert!(named.starts_with("BLK-002") && named.contains("1, 2"), "{named}");
}

#[test]
fn an_exam_without_copies_gives_an_empty_delivery() {
    let academy = Academy::new();
    let report = academy.zip(&academy.out("x.zip"), &FAST);
    assert!(report.is_complete());
    assert_eq!(entries(&academy.out("x.zip")).into_keys().collect::<Vec<_>>(), ["sommaire.csv"]);
    assert!(academy.directory(&academy.out("d"), &FAST).is_complete());
}

#[test]
fn a_directory_resumes_with_what_is_missing_or_outdated() {
    let mut academy = Academy::of(40);
    let out = academy.out("d");
    academy.directory(&out, &FAST);
    let before = tree(&out);

    let again = academy.directory(&out, &RESUME);
    assert_eq!((again.made, again.kept), (0, 40));

    // An appreciation of the same length: only the edition's tail tells.
    academy.change("0000000003", |script| script.appreciation = Some("bien".into()));
    academy.directory(&out, &RESUME);
    academy.change("0000000003", |script| script.appreciation = Some("rien".into()));
    fs::remove_file(out.join("9740001H/MARTIN_Éloïse_0000000005.pdf")).expect("a copy");
    let short = out.join("9740000H/MARTIN_Éloïse_0000000007.pdf");
    fs::write(&short, b"half").expect("a copy");
    let mended = academy.directory(&out, &RESUME);
    assert_eq!((mended.made, mended.kept), (3, 37));

    let after = tree(&out);
    let changed: Vec<&String> =
        before.iter().filter(|(name, bytes)| after[*name] != **bytes).map(|(name, _)| name).collect();
    assert_eq!(changed, ["9740002H/MARTIN_Éloïse_0000000003.pdf", "sommaire.csv"]);
}

#[test]
fn a_cancelled_directory_keeps_whole_files_and_resumes_to_the_same_bytes() {
    let academy = Academy::of(700);
    let reference = academy.out("reference");
    academy.directory(&reference, &FAST);
    let reference = tree(&reference);
    for copies in [1, 200, 256, 300, 600, 700] {
        let out = academy.out(&format!("d{copies}"));
        let cancel = AtomicBool::new(false);
        let progress = CancelAfter { copies, cancel: &cancel, done: AtomicU64::new(0) };
        let job = academy.job(2, &cancel, &progress);
        let report = write_directory(&job, academy.survey(), &out, &FAST).expect("a job");
        let left = tree(&out);
        assert!(left.iter().all(|(name, bytes)| reference[name] == *bytes), "{copies}");
        assert!(report.made >= copies && report.made <= copies + 2, "{} after {copies}", report.made);
        let pdfs = left.keys().filter(|name| name.ends_with(".pdf")).count();
        assert_eq!(report.made, pdfs as u64);
        if report.made < 700 {
            assert_eq!(report.ending, Ending::Cancelled);
            assert!(!left.contains_key("sommaire.csv"));
        }
        let resumed = academy.directory(&out, &RESUME);
        assert_eq!((resumed.kept, resumed.made), (report.made, 700 - report.made));
        assert!(tree(&out) == reference, "{copies}");
    }
}

#[test]
fn a_cancelled_archive_does_not_appear_and_resumes_to_the_same_bytes() {
    let academy = Academy::of(700);
    academy.zip(&academy.out("reference.zip"), &FAST);
    let reference = fs::read(academy.out("reference.zip")).expect("an archive");
    for sync in [true, false] {
        for copies in [1, 200, 256, 300, 512, 600] {
            let out = academy.out(&format!("{sync}{copies}.zip"));
            let cancel = AtomicBool::new(false);
            let progress = CancelAfter { copies, cancel: &cancel, done: AtomicU64::new(0) };
            let job = academy.job(2, &cancel, &progress);
            let options = WriteOptions { sync, ..FAST };
            let report = write_zip(&job, academy.plan(), &out, &options).expect("a job");
            assert_eq!(report.ending, Ending::Cancelled);
            assert!(report.made >= copies && report.made <= copies + 2, "{} after {copies}", report.made);
            assert!(!out.exists());
            let resumed = academy.zip(&out, &WriteOptions { resume: true, ..options });
            assert_eq!((resumed.kept, resumed.made), (report.made, 700 - report.made));
            assert!(fs::read(&out).expect("an archive") == reference, "{sync} {copies}");
        }
    }
}

#[test]
fn an_archive_that_is_there_whole_is_left_and_another_is_replaced() {
    let mut academy = Academy::of(5);
    let out = academy.out("x.zip");
    academy.zip(&out, &FAST);
    let before = fs::read(&out).expect("an archive");
    let again = academy.zip(&out, &RESUME);
    assert_eq!((again.made, again.kept), (0, 5));

    academy.change("0000000002", |script| script.appreciation = Some("mieux".into()));
    let changed = academy.zip(&out, &RESUME);
    assert_eq!((changed.made, changed.kept), (5, 0));
    let after = fs::read(&out).expect("an archive");
    assert!(after != before);

    // Bytes changed behind our back are seen when digests are asked for.
    let mut broken = after.clone();
    let place = broken.windows(7).position(|bytes| bytes == b"scan 1 ").expect("a scan");
    broken[place] = b'S';
    fs::write(&out, &broken).expect("an archive");
    let mended = academy.zip(&out, &WriteOptions { sha256: true, ..RESUME });
    assert_eq!(mended.made, 5);
    assert!(fs::read(&out).expect("an archive") == after);
}

#[test]
fn what_another_plan_left_unfinished_is_not_taken_over() {
    let mut academy = Academy::of(300);
    let out = academy.out("x.zip");
    let cancel = AtomicBool::new(false);
    let progress = CancelAfter { copies: 280, cancel: &cancel, done: AtomicU64::new(0) };
    let job = academy.job(2, &cancel, &progress);
    write_zip(&job, academy.plan(), &out, &FAST).expect("a job");
    academy.change("0000000001", |script| script.appreciation = Some("autre".into()));
    let report = academy.zip(&out, &RESUME);
    assert_eq!((report.kept, report.made), (0, 300));
    academy.zip(&academy.out("fresh.zip"), &FAST);
    assert!(fs::read(&out).expect("an archive") == fs::read(academy.out("fresh.zip")).expect("an archive"));
}

#[test]
fn digests_are_listed_as_sha256sum_reads_them() {
    use sha2::{Digest, Sha256};
    let academy = Academy::of(4);
    let options = WriteOptions { sha256: true, ..FAST };
    academy.directory(&academy.out("d"), &options);
    academy.zip(&academy.out("x.zip"), &options);
    let files = tree(&academy.out("d"));
    let expected: String = files
        .iter()
        .filter(|(name, _)| name.ends_with(".pdf"))
        .map(|(name, bytes)| format!("{}  {name}\n", crate::journal::hex::encode(&Sha256::digest(bytes))))
        .collect();
    assert_eq!(files["SHA256SUMS"], expected.as_bytes());
    assert_eq!(fs::read_to_string(academy.out("x.zip.SHA256SUMS")).expect("a list"), expected);
    // Kept copies are listed as well.
    academy.directory(&academy.out("d"), &WriteOptions { resume: true, ..options });
    assert_eq!(tree(&academy.out("d"))["SHA256SUMS"], expected.as_bytes());
}

#[test]
fn a_scan_whose_bytes_changed_is_seen_when_digests_are_asked_for() {
    let academy = Academy::of(4);
    let scan = academy.scan_of("0000000002");
    let mut bytes = fs::read(&scan).expect("a scan");
    bytes[0] ^= 1;
    fs::write(&scan, bytes).expect("a scan");
    let options = WriteOptions { sha256: true, ..FAST };
    for report in
        [academy.directory(&academy.out("d"), &options), academy.zip(&academy.out("x.zip"), &options)]
    {
        assert_eq!(report.failed.len(), 1);
        assert_eq!(
            (report.failed[0].candidate.as_str(), report.failed[0].code.as_str()),
            ("0000000002", "BLK-028")
        );
        assert_eq!(report.made, 3);
    }
    assert_eq!(entries(&academy.out("x.zip")).len(), 4);
}

#[test]
fn two_jobs_do_not_write_to_one_place() {
    let academy = Academy::of(2);
    let never = AtomicBool::new(false);
    let job = academy.job(1, &never, &Quiet);
    fs::create_dir(academy.out("d")).expect("a folder");
    let folder = fs::File::open(academy.out("d")).expect("a folder");
    folder.try_lock().expect("a lock");
    let refused = write_directory(&job, academy.survey(), &academy.out("d"), &FAST);
    assert!(matches!(refused, Err(BulkError::Busy { .. })));

    let part = fs::File::create(academy.out(".x.zip.part")).expect("a file");
    part.try_lock().expect("a lock");
    let refused = write_zip(&job, academy.plan(), &academy.out("x.zip"), &FAST);
    assert!(matches!(refused, Err(BulkError::Busy { .. })));
}

#[test]
fn a_place_that_cannot_be_written_is_refused_by_code() {
    let academy = Academy::of(2);
    let never = AtomicBool::new(false);
    let job = academy.job(1, &never, &Quiet);
    fs::write(academy.out("file"), b"").expect("a file");
    fs::create_dir(academy.out("folder.zip")).expect("a folder");
    let options = FAST;
    let refused = [
        write_directory(&job, academy.survey(), &academy.out("file"), &options),
        write_zip(&job, academy.plan(), &academy.out("folder.zip"), &options),
        write_zip(&job, academy.plan(), &academy.out("nowhere/x.zip"), &options),
        write_zip(&job, academy.plan(), std::path::Path::new("/"), &options),
    ];
    for outcome in refused {
        let text = outcome.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(text.starts_with("BLK-004"), "{text}");
    }
}

#[test]
fn a_copy_whose_place_is_taken_by_a_folder_fails_alone() {
    let academy = Academy::of(4);
    let out = academy.out("d");
    fs::create_dir_all(out.join("9740001H/MARTIN_Éloïse_0000000002.pdf")).expect("a folder");
    let report = academy.directory(&out, &FAST);
    assert_eq!(report.made, 3);
    assert_eq!(
        (report.failed[0].candidate.as_str(), report.failed[0].code.as_str()),
        ("0000000002", "BLK-027")
    );
}

#[test]
fn files_that_are_not_ours_stay() {
    let academy = Academy::of(2);
    let out = academy.out("d");
    fs::create_dir_all(out.join("9740000H")).expect("a folder");
    fs::write(out.join("notes.txt"), b"mine").expect("a file");
    fs::write(out.join("9740000H/old.pdf"), b"mine").expect("a file");
    academy.directory(&out, &FAST);
    let files = tree(&out);
    assert_eq!((&files["notes.txt"], &files["9740000H/old.pdf"]), (&b"mine".to_vec(), &b"mine".to_vec()));
    assert_eq!(files.len(), 5);
}

#[test]
fn planning_can_be_cancelled_and_shared_scans_are_looked_at_once() {
    let academy = Academy::of(20);
    let cancelled = AtomicBool::new(true);
    let job = academy.job(2, &cancelled, &Quiet);
    let outcome = plan(&job, &selected(Selection::default()));
    assert!(matches!(outcome, Err(BulkError::Cancelled)));

    academy.blobs.opened.store(0, Ordering::Relaxed);
    academy.plan();
    assert_eq!(academy.blobs.opened.load(Ordering::Relaxed), 40);
    let mut sharing = Academy::of(1);
    let page = sharing.page_of("0000000001");
    for number in 2..30 {
        sharing.put(&number.to_string(), "A", "B", "", vec![page.clone(); 3]);
    }
    sharing.blobs.opened.store(0, Ordering::Relaxed);
    let one = AtomicBool::new(false);
    plan(&sharing.job(1, &one, &Quiet), &selected(Selection::default())).expect("a plan");
    assert_eq!(sharing.blobs.opened.load(Ordering::Relaxed), 2);
}

#[test]
fn what_cannot_be_put_aside_is_said_by_code() {
    let academy = Academy::of(2);
    let never = AtomicBool::new(false);
    let scratch = academy.out("file");
    fs::write(&scratch, b"").expect("a file");
    let job = Job { scratch: &scratch, ..academy.job(1, &never, &Quiet) };
    let refused = [
        plan(&job, &selected(Selection::default())).err(),
        write_directory(&job, academy.survey(), &academy.out("d"), &FAST).err(),
    ];
    for error in refused {
        let text = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(text.starts_with("BLK-010"), "{text}");
    }
}
