use copiste_core::journal::PagePlace;
use copiste_core::model::Damage;
use copiste_core::store::{ExamView, InspectionRecord, Store};
use tempfile::tempdir;

use crate::academy::*;

/// Two candidates; the second page of the first cannot be read.
fn torn() -> Bundle {
    let mut bundle = Bundle::of("E1", &["001", "002"]);
    bundle.person("001").pages =
        Some(vec![Sheet::Scan("first".to_owned()), Sheet::Damaged("empty".to_owned())]);
    bundle
}

fn exam(store: &Store) -> ExamView {
    store.exam("E1").unwrap().unwrap()
}

fn accepted(store: &Store) -> Vec<(String, u32, Option<String>)> {
    let damaged = exam(store).damaged().unwrap();
    damaged.into_iter().map(|page| (page.place.candidate, page.place.page, page.accepted)).collect()
}

#[test]
fn a_damaged_page_is_accepted_by_name_with_a_reason() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    import(&store, &torn(), 1);
    assert_eq!(accepted(&store), [("001".to_owned(), 2, None)]);
    let command = accept_command(&store, "E1", &[("001", 2)], "feuille déchirée");
    assert_eq!(store.execute(&command, &manager(), 5).unwrap().line, Some(2));
    assert_eq!(accepted(&store), [("001".to_owned(), 2, Some("feuille déchirée".to_owned()))]);
    let page = exam(&store).script("001").unwrap().unwrap().value().unwrap().pages.remove(1);
    let acceptance = page.accepted.unwrap();
    assert_eq!((acceptance.at, acceptance.line), (5, 2));
    // Once is enough; the first reason stays.
    assert_eq!(store.execute(&command, &manager(), 6).unwrap().line, None);
    let other = accept_command(&store, "E1", &[("001", 2)], "autre");
    assert_eq!(store.execute(&other, &manager(), 7).unwrap().line, None);
    assert_eq!(accepted(&store)[0].2.as_deref(), Some("feuille déchirée"));
}

#[test]
fn only_damaged_pages_that_exist_are_accepted_and_all_of_a_list_or_none() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    import(&store, &torn(), 1);
    for (exam, pages, code) in [
        ("E2", &[("001", 2)][..], "STO-020"),
        ("E1", &[("001", 2), ("003", 1)], "STO-021"),
        ("E1", &[("001", 2), ("001", 3)], "STO-021"),
        ("E1", &[("001", 2), ("001", 0)], "STO-021"),
        ("E1", &[("001", 2), ("001", u32::MAX)], "STO-021"),
        ("E1", &[("001", 2), ("002", 1)], "STO-022"),
    ] {
        let command = accept_command(&store, exam, pages, "raison");
        let error = store.execute(&command, &manager(), 2).unwrap_err().to_string();
        assert!(error.starts_with(code), "{error}");
        assert_eq!(accepted(&store), [("001".to_owned(), 2, None)]);
    }
    let long = accept_command(&store, "E1", &[("001", 2)], &"x".repeat(20_000));
    assert!(store.execute(&long, &manager(), 2).unwrap_err().to_string().starts_with("STO-024"));
}

#[test]
fn an_acceptance_stays_while_the_damage_is_the_same_and_goes_with_it() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    import(&store, &torn(), 1);
    let command = accept_command(&store, "E1", &[("001", 2)], "raison");
    store.execute(&command, &manager(), 2).unwrap();
    // Something else changes: the acceptance stays.
    let mut bundle = torn();
    bundle.person("002").appreciation = "Revu".to_owned();
    import(&store, &bundle, 3);
    assert_eq!(accepted(&store), [("001".to_owned(), 2, Some("raison".to_owned()))]);
    // Another damage is nobody's responsibility yet.
    bundle.person("001").pages =
        Some(vec![Sheet::Scan("first".to_owned()), Sheet::Damaged("truncated".to_owned())]);
    import(&store, &bundle, 4);
    assert_eq!(accepted(&store), [("001".to_owned(), 2, None)]);
    // A good scan ends it.
    bundle.person("001").pages =
        Some(vec![Sheet::Scan("first".to_owned()), Sheet::Scan("second".to_owned())]);
    import(&store, &bundle, 5);
    assert_eq!(accepted(&store), []);
}

#[test]
fn damage_found_by_inspection_stays_with_its_scan_through_imports() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    let mut bundle = Bundle::of("E1", &["001", "002"]);
    import(&store, &bundle, 1);
    let found = found_command("E1", "001", 1, "scan of 001");
    assert_eq!(store.execute(&found, &manager(), 2).unwrap().line, Some(2));
    assert_eq!(store.execute(&found, &manager(), 3).unwrap().line, None);
    let accept = accept_command(&store, "E1", &[("001", 1)], "lisible quand même");
    store.execute(&accept, &manager(), 4).unwrap();
    bundle.person("002").appreciation = "Revu".to_owned();
    import(&store, &bundle, 5);
    assert_eq!(accepted(&store), [("001".to_owned(), 1, Some("lisible quand même".to_owned()))]);
    // A page put in before it moves it, and nothing is lost.
    // (The file's name moves with the page in a real bundle; here the scan alone tells.)
    bundle.person("001").pages = Some(vec![Sheet::Scan("rescanned".to_owned())]);
    import(&store, &bundle, 6);
    assert_eq!(accepted(&store), []);
    // What was inspected is no longer there.
    assert_eq!(store.execute(&found, &manager(), 7).unwrap().line, None);
    let gone = found_command("E1", "404", 1, "scan of 001");
    assert_eq!(store.execute(&gone, &manager(), 8).unwrap().line, None);
    assert_eq!(accepted(&store), []);
}

#[test]
fn what_inspection_found_is_kept_by_scan() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    import(&store, &torn(), 1);
    assert_eq!(exam(&store).uninspected().unwrap(), 2);
    let blank = InspectionRecord { blank: true, dpi: 200, ink_permille: 3, damage: None };
    let damage = Damage { code: "SCN-009".to_owned(), detail: "cannot be decoded".to_owned() };
    let broken = InspectionRecord { blank: false, dpi: 0, ink_permille: 0, damage: Some(damage) };
    let (first, other) = (blob_of(b"first"), blob_of(b"scan of 002"));
    store.record_inspections(&[(first, blank.clone())]).unwrap();
    assert_eq!(exam(&store).uninspected().unwrap(), 1);
    store.record_inspections(&[(first, blank.clone()), (other, broken.clone())]).unwrap();
    drop(store);
    let store = open(dir.path());
    let view = exam(&store);
    assert_eq!(view.uninspected().unwrap(), 0);
    assert_eq!(view.inspection(&first).unwrap().unwrap().value().unwrap(), blank);
    assert_eq!(view.inspection(&other).unwrap().unwrap().value().unwrap(), broken);
    assert!(view.inspection(&blob_of(b"never seen")).unwrap().is_none());
}

#[test]
fn the_journal_names_no_candidate_and_repeats_no_reason() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    import(&store, &torn(), 1);
    let command = accept_command(&store, "E1", &[("001", 2)], "Apolline a renversé son café");
    store.execute(&command, &manager(), 2).unwrap();
    let journal = std::fs::read_to_string(dir.path().join("journal.jsonl")).unwrap();
    assert_eq!(journal.lines().count(), 2);
    for personal in ["Zeller", "Apolline", "Payet", "Leconte", "Bien", "scans/"] {
        assert!(!journal.contains(personal), "{personal}");
    }
    assert!(journal.contains(r#""at":"1970-01-01T00:00:02Z""#));
    assert!(journal.contains(r#""actor":{"name":"operator","role":"exam_office_manager"}"#));
    let place = serde_json::to_string(&PagePlace { candidate: "001".to_owned(), page: 2 }).unwrap();
    assert!(journal.contains(&place));
}
