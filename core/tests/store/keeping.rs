//! How long copies are kept: holds and purges.

use std::fs;

use copiste_core::journal::{Command, HoldCopy};
use copiste_core::process::keeping::{PurgeError, purge};
use copiste_core::store::{BlobSink, Store, verify};
use tempfile::tempdir;

use crate::academy::*;
use crate::lives::*;

/// What a candidate's copy is made of, as text.
fn copy_of(store: &Store, exam: &str, number: &str) -> String {
    let view = store.exam(exam).unwrap().unwrap();
    let candidate = view.candidate(number).unwrap().unwrap().value().unwrap();
    let record = view.script(number).unwrap().unwrap();
    let mut script = record.value().unwrap();
    let annotations = format!("{:?}", view.annotations(&record).unwrap().get());
    script.annotations_apart = None;
    format!("{candidate:?} {script:?} {annotations}")
}

#[track_caller]
fn sound(store: &Store) {
    assert_eq!(verify(store).unwrap().findings, []);
}

#[test]
fn a_copy_is_held_once_and_released_once_and_whoever_asks_twice_is_told() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    let mut bundle = Bundle::of("E1", &["001", "002"]);
    bundle.person("002").pages = None;
    import(&store, &bundle, 1);
    assert_eq!(hold(&store, "E1", "001", false), Ok(Some(2)));
    assert!(hold(&store, "E1", "001", false).unwrap_err().starts_with("KEP-001"));
    assert!(hold(&store, "E1", "002", false).unwrap_err().starts_with("KEP-003"));
    assert!(hold(&store, "E1", "009", false).unwrap_err().starts_with("KEP-003"));
    let view = store.exam("E1").unwrap().unwrap();
    assert_eq!((view.counts().holds, view.holds().unwrap()[0].candidate.as_str()), (1, "001"));
    drop((view, store));
    // It is counted at opening, outlives a new import, and a rebuild.
    let store = open(dir.path());
    import(&store, &Bundle::of("E1", &["001", "003"]), 5);
    assert_eq!(store.exam("E1").unwrap().unwrap().holds().unwrap().len(), 1);
    let command = import_command(&store, &Bundle::of("E1", &["003"]));
    let refused = store.execute(&command, &manager(), 6).unwrap_err().to_string();
    assert!(refused.starts_with("KEP-005") && refused.contains("001"), "{refused}");
    sound(&store);
    drop(store);
    fs::remove_dir_all(dir.path().join("db")).unwrap();
    let store = Store::replay_all(dir.path(), &options()).unwrap();
    assert!(hold(&store, "E1", "001", true).unwrap().is_some());
    assert!(hold(&store, "E1", "001", true).unwrap_err().starts_with("KEP-002"));
    assert_eq!(store.exam("E1").unwrap().unwrap().counts().holds, 0);
    sound(&store);
}

#[test]
fn a_hold_that_the_database_lost_is_noticed_at_opening_before_a_purge_could_use_it() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    import(&store, &Bundle::of("E1", &["001"]), 1);
    hold(&store, "E1", "001", false).unwrap();
    drop(store);
    crate::integrity::meddle(dir.path(), "holds", |holds| holds.clear().unwrap());
    let error = Store::open(dir.path(), &options()).err().unwrap().to_string();
    assert!(error.starts_with("STO-006") && error.contains("holds"), "{error}");
}

#[test]
fn a_purge_takes_every_copy_but_those_held_and_every_trace_of_them_off_the_disk() {
    let dir = tempdir().unwrap();
    let store = lived(dir.path());
    let (held, other) = (copy_of(&store, "GONE", "002"), copy_of(&store, "STAYS", "901"));
    for there in ["Zeller001", "Zeller004", "Comment003", "scan of 001", "Comment of the bundle before"] {
        assert!(!files_with(dir.path(), there).is_empty(), "{there} must be there to be purged");
    }
    let (store, report) = purged(store);
    let exam = &report.exams[0];
    assert_eq!((report.exams.len(), exam.exam.as_str(), exam.held), (1, "GONE", 1));
    assert_eq!(exam.consultable_until, "2027-07-05");
    assert_eq!((exam.gone.candidates, exam.gone.scripts, exam.gone.pages), (2, 2, 3));
    assert!(report.forgotten.blobs > 0 && report.forgotten.left.is_empty(), "{report:?}");
    let view = store.exam("GONE").unwrap().unwrap();
    assert_eq!((view.counts().candidates, view.counts().scripts, view.counts().holds), (1, 1, 1));
    assert_eq!(view.life().purged.unwrap().scripts, 2);
    drop(view);
    assert_eq!(copy_of(&store, "GONE", "002"), held);
    assert_eq!(copy_of(&store, "STAYS", "901"), other);
    sound(&store);
    assert_eq!(verify(&store).unwrap().orphans, 0);
    // What both had stays.
    store.blobs().check(&blob_of(b"a scan of both")).unwrap();
    let after = seen(&store);
    drop(store);
    nothing_left(dir.path());

    // Opened again, and made again from the journal, it is the same.
    let store = open(dir.path());
    assert_eq!(seen(&store), after);
    drop(store);
    fs::remove_dir_all(dir.path().join("db")).unwrap();
    let store = Store::replay_all(dir.path(), &options()).unwrap();
    assert_eq!(seen(&store), after);
    assert_eq!(copy_of(&store, "GONE", "002"), held);
    sound(&store);
    drop(store);
    nothing_left(dir.path());
}

#[test]
fn a_released_copy_goes_with_the_next_purge_and_the_exam_stays_listed() {
    let dir = tempdir().unwrap();
    let (store, _) = purged(lived(dir.path()));
    hold(&store, "GONE", "002", true).unwrap();
    let (store, report) = purged(store);
    assert_eq!((report.exams[0].gone.scripts, report.exams[0].held), (1, 0));
    let view = store.exam("GONE").unwrap().unwrap();
    assert_eq!((view.counts().candidates, view.life().purged.unwrap().scripts), (0, 3));
    drop(view);
    // A third one has nothing to do, and says nothing.
    let lines = store.last_line();
    let (store, report) = purged(store);
    assert_eq!((report.exams, store.last_line()), (vec![], lines));
    sound(&store);
    let after = seen(&store);
    drop(store);
    assert_eq!(files_with(dir.path(), "Zeller00"), Vec::<String>::new());
    fs::remove_dir_all(dir.path().join("db")).unwrap();
    let store = Store::replay_all(dir.path(), &options()).unwrap();
    assert_eq!(seen(&store), after);
    sound(&store);
}

#[test]
fn what_is_purged_is_not_brought_back_and_what_is_left_is_not_changed() {
    let dir = tempdir().unwrap();
    let (store, _) = purged(lived(dir.path()));
    let command = import_command(&store, &Bundle::of("GONE", &["001"]));
    let refused = store.execute(&command, &manager(), later()).unwrap_err().to_string();
    assert!(refused.starts_with("KEP-004") && refused.contains("2027-07-07"), "{refused}");
    // Nor is the very bundle that was there taken for one that changes nothing.
    let command = import_command(&store, &bundle_of_gone());
    let refused = store.execute(&command, &manager(), later()).unwrap_err().to_string();
    assert!(refused.starts_with("KEP-004"), "{refused}");
    let gone = hold(&store, "GONE", "001", false).unwrap_err();
    assert!(gone.starts_with("KEP-003") && gone.contains("purged"), "{gone}");
    assert!(store.exam("GONE").unwrap().unwrap().is_whole().is_err());
    assert!(store.exam("STAYS").unwrap().unwrap().is_whole().is_ok());
}

#[test]
fn nothing_is_purged_before_its_time_or_while_it_is_needed() {
    let dir = tempdir().unwrap();
    let store = lived(dir.path());
    let before = seen(&store);
    // The last day itself is not over before the next.
    let (store, report) = purge(store, &options(), &manager(), "2027-07-05", later()).unwrap();
    assert_eq!((report.exams, seen(&store) == before), (vec![], true));
    let future = purge(store, &options(), &manager(), "2027-07-08", later()).map(|(_, report)| report);
    assert!(matches!(&future, Err(PurgeError::Future { .. })), "{future:?}");
    assert!(future.unwrap_err().to_string().starts_with("KEP-010"));

    // A command that says it is time when it is not is refused by the store itself.
    let store = open(dir.path());
    let view = store.exam("GONE").unwrap().unwrap();
    let early = store.purge_command(&view, "2027-07-05".to_owned()).unwrap();
    let refused = store.execute(&Command::PurgeExam(early), &manager(), published()).unwrap_err().to_string();
    assert!(refused.starts_with("KEP-006"), "{refused}");

    // An export without an answer may still need its rows. It was sent before the publication.
    let needed = tempdir().unwrap();
    let store = open(needed.path());
    import(&store, &Bundle::of("E1", &["001"]), 1);
    let launch = launch(&store, "E1");
    store.execute(&launch, &manager(), 2).unwrap();
    publish(&store, "E1");
    let (store, report) = purged(store);
    assert_eq!((report.exams.len(), report.needed[0].exam.as_str()), (0, "E1"));
    assert_eq!(store.exam("E1").unwrap().unwrap().counts().scripts, 1);
}

#[test]
fn a_purge_that_would_take_a_copy_held_since_is_refused() {
    let dir = tempdir().unwrap();
    let store = lived(dir.path());
    let view = store.exam("GONE").unwrap().unwrap();
    let stale = store.purge_command(&view, "2027-07-05".to_owned()).unwrap();
    let reason = {
        let batch = store.blobs().begin();
        let reason = batch.put("un appel".as_bytes()).unwrap();
        batch.seal().unwrap();
        reason
    };
    let hold = HoldCopy { exam: "GONE".to_owned(), candidate: "001".to_owned(), release: false, reason };
    store.execute(&Command::HoldCopy(hold), &manager(), later()).unwrap();
    let refused = store.execute(&Command::PurgeExam(stale), &manager(), later()).unwrap_err().to_string();
    assert!(refused.starts_with("STO-027"), "{refused}");
    sound(&store);
}

#[test]
fn a_blob_that_cannot_be_removed_is_told_and_goes_when_it_can() {
    let dir = tempdir().unwrap();
    let store = lived(dir.path());
    // Nobody can remove a folder as a file.
    let stuck = store.blobs().path(&blob_of(b"scan of 001").sha256);
    fs::remove_file(&stuck).unwrap();
    fs::create_dir(&stuck).unwrap();
    fs::write(stuck.join("within"), "scan of 001").unwrap();
    let (store, report) = purged(store);
    let left: Vec<&str> = report.forgotten.left.iter().map(|left| left.sha256.as_str()).collect();
    assert_eq!(left, [copiste_core::journal::hex::encode(&blob_of(b"scan of 001").sha256)]);
    let codes: Vec<&str> = verify(&store).unwrap().findings.iter().map(|finding| finding.code).collect();
    assert!(codes.contains(&"STO-049"), "{codes:?}");
    drop(store);
    // Names have left the database all the same.
    assert_eq!(files_with(dir.path(), "Zeller001"), Vec::<String>::new());
    fs::remove_dir_all(&stuck).unwrap();
    fs::write(&stuck, "scan of 001").unwrap();
    let store = open(dir.path());
    assert!(!stuck.exists());
    sound(&store);
}
