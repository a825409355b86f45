use copiste_core::model::*;
use copiste_core::store::ExecuteError;
use tempfile::tempdir;

use crate::academy::*;

#[test]
fn an_import_gives_every_record_back() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    let done = import(&store, &Bundle::of("E1", &["001", "002"]), 1_578_038_400);
    assert_eq!(done.line, Some(1));
    let exam = store.exam("E1").unwrap().unwrap();
    assert_eq!((exam.id(), exam.line()), ("E1", 1));
    assert_eq!(exam.counts(), done.counts);
    assert_eq!((done.counts.candidates, done.counts.scripts, done.counts.pages), (2, 2, 2));
    assert_eq!(exam.candidate("002").unwrap().unwrap().get().last_name, "Zeller002");
    assert_eq!(exam.school("9740001H").unwrap().unwrap().get().city, "Saint-Denis");
    assert_eq!(exam.batch("L1").unwrap().unwrap().get().marker, "M1");
    assert_eq!(exam.marker("M1").unwrap().unwrap().get().staff_id, "S1");
    let script = exam.script("001").unwrap().unwrap();
    assert_eq!(exam.annotations(&script).unwrap().get().len(), 1);
    assert_eq!(exam.uninspected().unwrap(), 2);
    assert!(exam.candidate("003").unwrap().is_none());
    assert!(store.exam("E2").unwrap().is_none());
    let before = seen(&store);
    drop((exam, store));
    assert_eq!(seen(&open(dir.path())), before);
}

#[test]
fn importing_the_same_bundle_again_changes_nothing() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    let bundle = Bundle::of("E1", &["001"]);
    import(&store, &bundle, 1);
    let before = (seen(&store), std::fs::read(dir.path().join("journal.jsonl")).unwrap());
    assert_eq!(import(&store, &bundle, 2).line, None);
    assert_eq!((seen(&store), std::fs::read(dir.path().join("journal.jsonl")).unwrap()), before);
}

#[test]
fn a_corrected_bundle_of_a_one_off_exam_takes_the_place_of_the_first() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    import(&store, &Bundle::of("E1", &["001", "002"]), 1);
    import(&store, &Bundle::of("E2", &["001"]), 2);
    let first = store.exam("E1").unwrap().unwrap().script("001").unwrap().unwrap();
    let mut corrected = Bundle::of("E1", &["001", "003"]);
    corrected.person("001").appreciation = "Très bien".to_owned();
    import(&store, &corrected, 3);
    let exam = store.exam("E1").unwrap().unwrap();
    assert_eq!(exam.counts().candidates, 2);
    assert!(exam.candidate("002").unwrap().is_none());
    assert!(exam.search("002", 10).unwrap().is_empty());
    let script = exam.script("001").unwrap().unwrap();
    assert_eq!(script.get().appreciation.as_deref(), Some("Très bien"));
    // Its id stays.
    assert_eq!(script.get().id, first.get().id);
    assert_ne!(store.exam("E2").unwrap().unwrap().script("001").unwrap().unwrap().get().id, first.get().id);
}

#[test]
fn a_second_bundle_of_an_e3c_adds_and_replaces() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    import(&store, &Bundle::common("E3C", &["001", "002"]), 1);
    let mut second = Bundle::common("E3C", &["002", "003"]);
    second.person("002").appreciation = "Relu".to_owned();
    let done = import(&store, &second, 2);
    assert_eq!((done.counts.candidates, done.counts.scripts, done.counts.pages), (3, 3, 3));
    let exam = store.exam("E3C").unwrap().unwrap();
    let appreciations: Vec<_> =
        exam.scripts().map(|script| script.unwrap().value().unwrap().appreciation.unwrap()).collect();
    assert_eq!(appreciations, ["Bien", "Relu", "Bien"]);
    assert_eq!(exam.search("zel", 10).unwrap(), ["001", "002", "003"]);
    // The first again is not the same as the last: it is laid over it.
    assert_eq!(import(&store, &Bundle::common("E3C", &["001", "002"]), 3).line, Some(3));
}

#[test]
fn a_later_import_never_unlocks_or_unvalidates_a_batch() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    let mut bundle = Bundle::of("E1", &["001"]);
    let lot = |id: &str, locked, validated| Lot { id: id.to_owned(), locked, validated };
    bundle.batches = vec![lot("L1", true, true), lot("L2", false, false), lot("L3", true, false)];
    import(&store, &bundle, 1);
    bundle.batches = vec![lot("L1", false, false), lot("L2", true, false), lot("L4", false, false)];
    import(&store, &bundle, 2);
    let exam = store.exam("E1").unwrap().unwrap();
    let batches: Vec<_> = exam
        .batches()
        .map(|batch| batch.unwrap().value().unwrap())
        .map(|batch| (batch.id, batch.state, batch.harmonisation))
        .collect();
    use BatchState::*;
    use Harmonisation::*;
    assert_eq!(
        batches,
        [
            ("L1".to_owned(), Locked, Validated),
            ("L2".to_owned(), Locked, Pending),
            ("L4".to_owned(), Open, Pending)
        ]
    );
}

#[test]
fn a_reader_keeps_the_exam_he_began_with_while_others_come() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    import(&store, &Bundle::of("E1", &["001", "002"]), 1);
    let old = store.exam("E1").unwrap().unwrap();
    for (at, number) in [(2, "003"), (3, "004"), (4, "005")] {
        import(&store, &Bundle::of("E1", &[number]), at);
        assert_eq!(old.scripts().count(), 2);
        assert_eq!(old.search("zel", 10).unwrap(), ["001", "002"]);
        assert!(old.script(number).unwrap().is_none());
    }
    drop(old);
    assert_eq!(store.exam("E1").unwrap().unwrap().search("zel", 10).unwrap(), ["005"]);
}

#[test]
fn annotations_too_many_for_a_record_are_kept_apart_and_read_the_same() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    let mut bundle = Bundle::of("E1", &["001", "002"]);
    bundle.person("002").annotations = 2000;
    import(&store, &bundle, 1);
    drop(store);
    let store = open(dir.path());
    let exam = store.exam("E1").unwrap().unwrap();
    for (number, count, apart) in [("001", 1, false), ("002", 2000, true)] {
        let script = exam.script(number).unwrap().unwrap();
        assert_eq!(script.get().annotations_apart.is_some(), apart);
        let annotations = exam.annotations(&script).unwrap();
        assert_eq!(annotations.get().len(), count);
        let ArchivedShape::Mark { text, .. } = &annotations.get()[count - 1].shape else { panic!() };
        assert_eq!(text, &format!("{:0>200}", count - 1));
    }
    assert_eq!(copiste_core::store::verify(&store).unwrap().findings, []);
}

#[test]
fn a_script_that_fits_no_record_is_refused_by_its_number_and_nothing_changes() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    import(&store, &Bundle::of("E1", &["001"]), 1);
    let before = seen(&store);
    let mut bundle = Bundle::of("E1", &["001", "002"]);
    bundle.person("002").appreciation = "x".repeat(70_000);
    let command = import_command(&store, &bundle);
    let error = store.execute(&command, &manager(), 2).unwrap_err();
    assert!(matches!(error, ExecuteError::RecordTooLarge { .. }));
    let text = error.to_string();
    assert!(text.starts_with("STO-023") && text.contains("candidate 002"), "{text}");
    assert!(!text.contains("Zeller"), "{text}");
    assert_eq!(seen(&store), before);
    bundle.person("002").appreciation.clear();
    assert_eq!(import(&store, &bundle, 3).line, Some(2));
}

#[test]
fn a_command_that_contradicts_its_blobs_is_refused() {
    use copiste_core::journal::Command;
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    let Command::Import(right) = import_command(&store, &Bundle::of("E1", &["001"])) else { panic!() };
    let mut counts = right.clone();
    counts.counts.scripts += 1;
    let mut exam = right.clone();
    exam.exam = "E2".to_owned();
    let mut missing = right.clone();
    missing.blobs.manifest.sha256 = [0; 32];
    let mut rubbish = right;
    rubbish.blobs.manifest = rubbish.blobs.schools;
    for (command, code) in
        [(counts, "STO-024"), (exam, "STO-024"), (missing, "STO-030"), (rubbish, "STO-031")]
    {
        let error = store.execute(&Command::Import(command), &manager(), 1).unwrap_err();
        assert!(error.to_string().starts_with(code), "{error}");
    }
    assert!(store.exams().unwrap().is_empty());
    drop(store);
    assert!(open(dir.path()).exams().unwrap().is_empty());
}

#[test]
fn two_exams_do_not_mix() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    import(&store, &Bundle::of("B", &["001"]), 1);
    import(&store, &Bundle::common("A", &["001", "002"]), 2);
    let exams: Vec<_> = store.exams().unwrap().iter().map(|exam| exam.id().to_owned()).collect();
    assert_eq!(exams, ["A", "B"]);
    assert_eq!(store.exam("B").unwrap().unwrap().search("", 10).unwrap(), ["001"]);
}
