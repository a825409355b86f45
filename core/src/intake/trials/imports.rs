//! Whole imports, with a store and decoding processes.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tempfile::TempDir;

use super::Bundle;
use super::bundle::jpeg;
use crate::intake::worker::{Decoder, testing};
use crate::intake::{
    ImportError, ImportOptions, ImportReport, Inspecting, Outcome, Progress, Stage, import, load,
};
use crate::journal::{Actor, Command, PagePlace, Role};
use crate::model::{Hundredths, Script, Shape, Spot};
use crate::process::acceptance::{AcceptError, Which, accept};
use crate::process::status::{Status, status};
use crate::store::{BlobStore, ExecuteError, OpenOptions, Store};

const THREADS: NonZeroUsize = NonZeroUsize::new(2).unwrap();

/// A data directory, and bundles beside it.
struct Place {
    folder: TempDir,
    store: Store,
    decoder: Decoder,
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder.path().join("data"));
        Place { folder, store, decoder: testing::decoder() }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A fresh place for a bundle.
    fn room(&self) -> TempDir {
        tempfile::tempdir_in(self.folder.path()).unwrap()
    }

    fn import_path(&self, path: &Path, strict: bool) -> Result<ImportReport, ImportError> {
        let options = ImportOptions { strict, ..ImportOptions::new(&self.data(), THREADS) };
        import(&self.store, &self.decoder, path, &options, &operator(), 1_600_000_000, &())
    }

    fn import(&self, bundle: &Bundle) -> Result<ImportReport, ImportError> {
        let room = self.room();
        self.import_path(&bundle.directory(room.path()), false)
    }

    fn line(&self) -> Option<u64> {
        self.store.exam("E1").unwrap().map(|view| view.line())
    }

    fn script(&self, candidate: &str) -> Script {
        self.store.exam("E1").unwrap().unwrap().script(candidate).unwrap().unwrap().value().unwrap()
    }

    fn status(&self) -> Status {
        status(&self.store.exam("E1").unwrap().unwrap()).unwrap()
    }

    fn inspecting<'i>(&'i self, actor: &'i Actor) -> Inspecting<'i> {
        let Place { store, decoder, .. } = self;
        Inspecting { store, decoder, threads: THREADS, actor, at: 1_600_000_001, progress: &() }
    }
}

fn open(data: &Path) -> Store {
    Store::open(data, &OpenOptions::new(load, || Ok([7; 32]))).unwrap()
}

fn operator() -> Actor {
    Actor::operator(Role::ExamOfficeManager)
}

fn refused(result: Result<ImportReport, ImportError>) -> ImportReport {
    match result {
        Err(ImportError::Refused(report)) => *report,
        other => panic!("{other:?}"),
    }
}

/// Everything an exam holds, as text that can be compared.
fn contents(store: &Store) -> String {
    let view = store.exam("E1").unwrap().unwrap();
    let mut text = format!("{:?} {:?}\n", view.exam(), view.counts());
    view.schools().for_each(|record| text += &format!("{:?}\n", record.unwrap().value().unwrap()));
    view.markers().for_each(|record| text += &format!("{:?}\n", record.unwrap().value().unwrap()));
    view.batches().for_each(|record| text += &format!("{:?}\n", record.unwrap().value().unwrap()));
    view.candidates()
        .unwrap()
        .for_each(|record| text += &format!("{:?}\n", record.unwrap().value().unwrap()));
    view.scripts().for_each(|record| text += &format!("{:?}\n", record.unwrap().value().unwrap()));
    text
}

#[test]
fn a_bundle_becomes_an_exam_as_it_says() {
    let place = Place::new();
    let report = place.import(&Bundle::good()).unwrap();
    assert_eq!((report.outcome, report.counts.scripts, report.counts.pages), (Outcome::Imported, 2, 3));
    assert_eq!(report.annotations, 2);
    assert_eq!((report.damaged.len(), report.converted.len(), report.warnings.count), (0, 0, 0));
    assert_eq!(report.bytes.scan_files, 3);
    assert_eq!(report.bytes.new_blobs, 3 + 7);
    let script = place.script("001");
    assert_eq!(script.batch.as_deref(), Some("L001"));
    assert_eq!(script.marker_mark, Some(Hundredths(1250)));
    assert_eq!(script.questions[0].earned, Hundredths(75));
    assert_eq!(script.appreciation.as_deref(), Some("Très bien.\nContinuez."));
    assert_eq!(script.pages.iter().map(|page| page.frame.rotate).collect::<Vec<_>>(), [0, 90]);
    assert_eq!(script.pages[1].file, "scans/2.jpg");
    assert!(matches!(
        script.annotations[0].shape,
        Shape::Stamp { at: Spot { x: 50_000, y: 25_000 }, size: 2_000, .. }
    ));
    let Shape::Ink { strokes, width: 150 } = &script.annotations[1].shape else { panic!("{script:?}") };
    assert_eq!(strokes[0][1], Spot { x: 100_000, y: 1 });
    assert_eq!(place.script("002").marker_mark, None);
    // The scan is kept byte for byte.
    let blob = script.pages[0].scan.as_ref().unwrap().image.blob;
    assert_eq!(std::fs::read(place.store.blobs().path(&blob.sha256)).unwrap(), jpeg(10));
    assert!(!place.data().join("staging").exists(), "nothing stays in the staging folder");
    let told = report.to_string();
    assert!(told.contains("2 scripts, 3 pages") && !told.contains("DURAND"), "{told}");
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<ImportReport>(&json).unwrap(), report);
}

#[test]
fn a_zip_and_its_directory_are_the_same_bundle() {
    let place = Place::new();
    place.import(&Bundle::good()).unwrap();
    let line = place.line();
    for top in ["", "E1/"] {
        let room = place.room();
        let report = place.import_path(&Bundle::good().zip(room.path(), top), false).unwrap();
        assert_eq!((report.outcome, report.line, place.line()), (Outcome::Unchanged, None, line));
        assert_eq!((report.bytes.new_blobs, report.bytes.new_bytes), (0, 0));
    }
}

#[test]
fn a_corrected_bundle_replaces_a_one_off_exam() {
    let place = Place::new();
    place.import(&Bundle::good()).unwrap();
    let id = place.script("001").id;
    let corrected = Bundle::good().with("scripts.jsonl", "\"12.5\"", "\"13\"");
    let corrected = corrected.with("candidates.jsonl", "\"number\":\"003\"", "\"number\":\"004\"");
    assert_eq!(place.import(&corrected).unwrap().outcome, Outcome::Imported);
    let view = place.store.exam("E1").unwrap().unwrap();
    assert!(view.candidate("003").unwrap().is_none() && view.candidate("004").unwrap().is_some());
    let script = place.script("001");
    assert_eq!((script.marker_mark, script.id), (Some(Hundredths(1300)), id), "the id stays");
}

#[test]
fn a_bundle_of_a_common_assessment_adds_and_replaces() {
    let place = Place::new();
    place.import(&Bundle::common_assessment()).unwrap();
    let more = Bundle::common_assessment()
        .with("candidates.jsonl", "\"number\":\"001\"", "\"number\":\"101\"")
        .with("scripts.jsonl", "\"candidate\":\"001\"", "\"candidate\":\"101\"")
        .with("scripts.jsonl", "{\"total\":null}", "{\"total\":7}");
    let report = place.import(&more).unwrap();
    assert_eq!(report.counts.candidates, 3, "of the bundle");
    assert_eq!(place.store.exam("E1").unwrap().unwrap().counts().candidates, 4, "of the exam");
    assert_eq!(place.script("001").marker_mark, Some(Hundredths(1250)));
    assert_eq!(place.script("002").marker_mark, Some(Hundredths(700)));
}

#[test]
fn an_exam_does_not_change_its_kind() {
    let place = Place::new();
    place.import(&Bundle::good()).unwrap();
    let before = contents(&place.store);
    let error = place.import(&Bundle::common_assessment()).unwrap_err();
    assert!(matches!(error, ImportError::OtherKind { .. }), "{error}");
    assert!(error.to_string().starts_with("BND-052 "));
    assert_eq!(contents(&place.store), before);
}

#[test]
fn a_bundle_at_fault_changes_nothing_and_says_where() {
    let place = Place::new();
    place.import(&Bundle::good()).unwrap();
    let (before, line) = (contents(&place.store), place.line());
    let faulty = Bundle::good()
        .with("scripts.jsonl", "\"12.5\"", "\"NaN\"")
        .with("scripts.jsonl", "\"page\":2", "\"page\":3")
        .with("scripts.jsonl", "scans/3.jpg", "scans/9.jpg");
    let report = refused(place.import(&faulty));
    let codes: Vec<_> = report.faults.first.iter().map(|fault| fault.code.as_ref()).collect();
    assert_eq!(codes, ["BND-030", "BND-043", "BND-044"]);
    assert_eq!(report.faults.first[2].field.as_deref(), Some("annotations[1].page"));
    assert!(!report.scans_probed);
    // Only what the scans themselves show is wrong.
    let faulty = Bundle::good().with("scripts.jsonl", "\"page\":2", "\"page\":3");
    let report = refused(place.import(&faulty));
    assert_eq!((report.faults.count, report.faults.first[0].code.as_ref()), (1, "BND-044"));
    assert!(report.scans_probed);
    assert_eq!((contents(&place.store), place.line()), (before, line));
}

#[test]
fn a_damaged_scan_stops_nobody_else_unless_strict() {
    let place = Place::new();
    let whole = jpeg(10);
    let damaged = Bundle::good()
        .file("scans/1.jpg", b"")
        .file("scans/2.jpg", &whole[..whole.len() / 2])
        .file("scans/3.jpg", b"hello");
    let room = place.room();
    let path = damaged.zip(room.path(), "");
    let report = refused(place.import_path(&path, true));
    assert!(report.strict && report.faults.count == 0 && report.damaged.len() == 3);
    assert!(ImportError::Refused(Box::new(report)).to_string().starts_with("BND-051 "));
    assert!(place.line().is_none());
    let report = place.import_path(&path, false).unwrap();
    let told: Vec<_> =
        report.damaged.iter().map(|page| (page.candidate.as_str(), page.page, page.code.as_str())).collect();
    assert_eq!(told, [("001", 1, "SCN-001"), ("001", 2, "SCN-003"), ("002", 1, "SCN-002")]);
    assert_eq!(place.script("001").pages.len(), 2, "no page is dropped");
    let scanning = place.status().scanning;
    assert!(!scanning.finished && scanning.damaged_pages.count == 3);
    assert_eq!(scanning.damaged_pages.first, ["001", "002"]);

    // Accepted by name, with a reason; twice is once.
    let one = Which::Page(PagePlace { candidate: "001".to_owned(), page: 1 });
    let accepted = accept(&place.store, "E1", &one, "torn in the scanner", &operator(), 5).unwrap();
    assert!(accepted.line.is_some());
    assert_eq!(accept(&place.store, "E1", &one, "torn in the scanner", &operator(), 6).unwrap().line, None);
    assert_eq!(place.status().scanning.damaged_pages.count, 2);
    let rest = accept(&place.store, "E1", &Which::AllDamaged, "the paper was wet", &operator(), 7).unwrap();
    assert_eq!(rest.pages.len(), 2);
    let scanning = place.status().scanning;
    assert_eq!((scanning.damaged_pages.count, scanning.accepted_pages, scanning.finished), (0, 3, true));
    assert_eq!(accept(&place.store, "E1", &Which::AllDamaged, "again", &operator(), 8).unwrap().pages, []);

    // A new import replaces it.
    place.import(&Bundle::good()).unwrap();
    assert_eq!(place.status().scanning.accepted_pages, 0);
    for reason in ["", "  ", "a\u{7}b", &"x".repeat(2_001)] {
        let error = accept(&place.store, "E1", &one, reason, &operator(), 9).unwrap_err();
        assert!(matches!(error, AcceptError::Reason), "{error}");
    }
    let undamaged = accept(&place.store, "E1", &one, "why not", &operator(), 9).unwrap_err();
    assert!(matches!(undamaged, AcceptError::Execute(ExecuteError::NotDamaged { .. })), "{undamaged}");
    let nowhere = Which::Page(PagePlace { candidate: "001".to_owned(), page: 9 });
    let nowhere = accept(&place.store, "E1", &nowhere, "why not", &operator(), 9).unwrap_err();
    assert!(matches!(nowhere, AcceptError::Execute(ExecuteError::NoSuchPage { .. })), "{nowhere}");
    let no_exam = accept(&place.store, "E2", &one, "why not", &operator(), 9).unwrap_err();
    assert!(matches!(no_exam, AcceptError::Execute(ExecuteError::NoSuchExam { .. })), "{no_exam}");
}

#[test]
fn a_page_that_its_file_does_not_have_is_damaged_by_name() {
    let place = Place::new();
    let bundle = Bundle::good().with("scripts.jsonl", "\"rotate\":90", "\"page\":7").with(
        "scripts.jsonl",
        "\"scans/3.jpg\"",
        "{\"file\":\"scans/2.jpg\",\"page\":1}",
    );
    let report = place.import(&bundle).unwrap();
    let told: Vec<_> = report.damaged.iter().map(|page| (page.page, page.code.as_str())).collect();
    assert_eq!(told, [(2, "SCN-012")]);
    assert!(place.script("002").pages[0].scan.is_some());
}

#[test]
fn inspection_goes_over_each_scan_once_and_finishes_scanning() {
    let place = Place::new();
    let outside = Bundle::good().with("scripts.jsonl", "\"x\":0.5", "\"x\":1.5");
    place.import(&outside).unwrap();
    let before = place.status().scanning;
    assert!(!before.finished && before.uninspected_pages.count == 3 && before.percent == 0);
    let actor = Actor::operator(Role::System);
    let inspecting = place.inspecting(&actor);
    let reports = inspecting.run(Some("E1")).unwrap();
    let [report] = &reports[..] else { panic!("one exam") };
    let report = report.clone();
    assert_eq!((report.pages, report.decoded, report.damaged.len()), (3, 3, 0));
    assert_eq!(report.outside.first[0].candidate, "001");
    assert_eq!((report.outside.count, report.rotated.count), (1, 1));
    assert_eq!(report.blank.count, 3, "even pictures");
    let reports = inspecting.run(None).unwrap();
    let [again] = &reports[..] else { panic!("one exam") };
    assert_eq!((again.decoded, &again.blank), (0, &report.blank), "resumed where it ended");
    let scanning = place.status().scanning;
    assert_eq!((scanning.finished, scanning.percent, scanning.uninspected_pages.count), (true, 100, 0));
    assert!(inspecting.run(Some("nothing")).is_err());
}

#[test]
fn status_counts_people_pages_and_marks() {
    let place = Place::new();
    let bundle = Bundle::good().plus(
        "candidates.jsonl",
        r#"{"number":"005","last_name":"SEUL","first_name":"A","school":"9740001H","attendance":"present"}"#,
    );
    place.import(&bundle).unwrap();
    let status = place.status();
    assert_eq!((status.attendance.present, status.attendance.absent), (3, 1));
    assert_eq!(
        (status.marks.given, status.marks.missing, status.marks.mean.as_deref()),
        (1, 2, Some("12.50"))
    );
    assert_eq!(
        (status.locked_batches, status.unbatched_scripts.first.as_slice()),
        (1, &["002".to_owned()][..])
    );
    assert_eq!(status.scanning.without_script.first, ["005"]);
    let told = status.to_string();
    assert!(told.contains("present candidates without a script: 1 (candidate 005)"), "{told}");
    assert!(!told.contains("SEUL"));
}

/// Ends a task as soon as a stage begins.
struct Ends(Stage, std::sync::atomic::AtomicBool);

impl Progress for Ends {
    fn begin(&self, stage: Stage, _: u64) {
        if stage == self.0 {
            self.1.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    }

    fn advance(&self, _: u64) {}

    fn cancelled(&self) -> bool {
        self.1.load(std::sync::atomic::Ordering::Relaxed)
    }
}

#[test]
fn a_cancelled_import_leaves_nothing() {
    let place = Place::new();
    let room = place.room();
    let path = Bundle::good().zip(room.path(), "");
    let options = ImportOptions::new(&place.data(), THREADS);
    for stage in [Stage::Probing, Stage::Keeping] {
        let ends = Ends(stage, false.into());
        let ended = import(&place.store, &place.decoder, &path, &options, &operator(), 1, &ends);
        assert!(matches!(ended, Err(ImportError::Cancelled)), "{ended:?}");
        assert!(place.line().is_none());
        assert!(!place.data().join("staging").exists());
    }
    place.import_path(&path, false).unwrap();
}

#[test]
fn what_an_import_needs_is_replayed_without_bundle_or_decoder() {
    let place = Place::new();
    place.import(&Bundle::good()).unwrap();
    let before = contents(&place.store);
    let Place { folder, store, .. } = place;
    drop(store);
    std::fs::remove_dir_all(folder.path().join("data/db")).unwrap();
    let options = OpenOptions::new(load, || Ok([9; 32]));
    let store = Store::replay_all(&folder.path().join("data"), &options).unwrap();
    assert_eq!(contents(&store), before);
}

#[test]
fn an_altered_blob_is_not_replayed_as_if_it_were_whole() {
    let place = Place::new();
    place.import(&Bundle::good()).unwrap();
    // The journal names the blobs.
    let journal = std::fs::read_to_string(place.data().join("journal.jsonl")).unwrap();
    let line: serde_json::Value = serde_json::from_str(journal.lines().next().unwrap()).unwrap();
    let command: Command = serde_json::from_value(line["command"].clone()).unwrap();
    let Command::Import(command) = command else { panic!("{command:?}") };
    let blobs: &BlobStore = place.store.blobs();
    let all = |blobs| -> Result<usize, crate::store::LoadError> {
        let mut holdings = load(&command, blobs)?;
        let mut found = 0;
        for candidate in &holdings.candidates {
            found += usize::from(holdings.scripts.script(&candidate.number)?.is_some());
        }
        assert_eq!(holdings.scripts.count(), found as u64);
        Ok(found)
    };
    assert_eq!(all(blobs).unwrap(), 2);
    for blob in command.blobs.all() {
        let path = blobs.path(&blob.sha256);
        let bytes = std::fs::read(&path).unwrap();
        for at in [0, bytes.len() / 2, bytes.len() - 2] {
            let mut spoilt = bytes.clone();
            spoilt[at] ^= 1;
            std::fs::write(&path, &spoilt).unwrap();
            assert!(all(blobs).is_err(), "byte {at}");
        }
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(all(blobs).is_err());
        std::fs::remove_file(&path).unwrap();
        assert!(all(blobs).is_err());
        std::fs::write(&path, &bytes).unwrap();
    }
    assert_eq!(all(blobs).unwrap(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn importing_twice_is_importing_once(
        total in 0_u32..=40,
        comment in "[a-zà-ÿœŒ€«» \\-]{0,40}",
        name in "[A-ZÉÈÇ' -]{1,20}[A-Z]",
        shade in any::<u8>(),
        x in -9.0_f64..9.0,
        kind in any::<bool>(),
    ) {
        let bundle = if kind { Bundle::good() } else { Bundle::common_assessment() };
        let mark = format!("{}.{}", total / 2, total % 2 * 5);
        let bundle = bundle
            .with("scripts.jsonl", "\"12.5\"", &mark)
            .with("scripts.jsonl", "Très bien.", &comment)
            .with("scripts.jsonl", "\"x\":0.5", &format!("\"x\":{x}"))
            .with("candidates.jsonl", "DURAND", &name)
            .file("scans/1.jpg", &jpeg(shade));
        let place = Place::new();
        let first = place.import(&bundle).unwrap();
        let (once, line) = (contents(&place.store), place.line());
        let second = place.import(&bundle).unwrap();
        prop_assert_eq!((first.outcome, second.outcome), (Outcome::Imported, Outcome::Unchanged));
        prop_assert_eq!(contents(&place.store), once);
        prop_assert_eq!(place.line(), line);
        prop_assert_eq!(place.script("001").marker_mark, Some(Hundredths(i32::try_from(total).unwrap() * 50)));
        let appreciation = format!("{comment}\nContinuez.");
        prop_assert_eq!(place.script("001").appreciation, Some(appreciation));
    }
}
