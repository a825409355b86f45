//! Looking back: the last lines, those before a line, and reasons that a purge destroyed.

use copiste_core::journal::{Command, Line};
use copiste_core::store::{Store, Told};
use tempfile::tempdir;

use crate::lives::*;

/// The numbers of the lines that are told, and whether there are older ones.
fn numbers(store: &Store, before: Option<u64>, most: usize, exam: &str) -> (Vec<u64>, bool) {
    let history = store.history(before, most, |line| line.command.exam() == Some(exam)).unwrap();
    (history.lines.iter().map(|line| line.number).collect(), history.older)
}

/// The reasons of the holds of an exam.
fn reasons(store: &Store) -> Vec<Told> {
    let is_hold = |line: &Line| matches!(line.command, Command::HoldCopy(_));
    let lines = store.history(None, 10, is_hold).unwrap().lines;
    let reasons = lines.iter().map(|line| match &line.command {
        Command::HoldCopy(hold) => store.told(&hold.reason).unwrap(),
        other => panic!("{other:?} was not asked for"),
    });
    reasons.collect()
}

#[test]
fn the_last_lines_of_an_exam_come_first_and_the_older_ones_page_by_page() {
    let dir = tempdir().unwrap();
    let store = lived(dir.path());
    // Two imports, an acceptance, another exam's import, a publication, a hold.
    assert_eq!(numbers(&store, None, 10, "GONE"), (vec![6, 5, 3, 2, 1], false));
    assert_eq!(numbers(&store, None, 2, "GONE"), (vec![6, 5], true));
    assert_eq!(numbers(&store, Some(5), 2, "GONE"), (vec![3, 2], true));
    assert_eq!(numbers(&store, Some(2), 2, "GONE"), (vec![1], false));
    assert_eq!(numbers(&store, Some(1), 2, "GONE"), (vec![], false));
    assert_eq!(numbers(&store, None, 10, "STAYS"), (vec![4], false));
    assert_eq!(numbers(&store, None, 10, "NONE"), (vec![], false));
}

#[test]
fn a_reason_is_told_until_a_purge_destroys_it_and_then_that_is_told() {
    let dir = tempdir().unwrap();
    let store = lived(dir.path());
    assert_eq!(reasons(&store), [Told::Text("Mme Zeller002 fait appel".to_owned())]);
    let accepted = store.history(None, 10, |line| matches!(line.command, Command::AcceptDamage(_))).unwrap();
    let Command::AcceptDamage(accepted) = &accepted.lines[0].command else { panic!("not asked for") };
    let reason = accepted.reason;
    assert_eq!(store.told(&reason).unwrap(), Told::Text("Zeller003 knows".to_owned()));
    let (store, _) = purged(store);
    assert_eq!(store.told(&reason).unwrap(), Told::Destroyed);
    // The line itself stays, and so does what was held.
    assert!(numbers(&store, None, 10, "GONE").0.contains(&3));
    assert_eq!(reasons(&store), [Told::Text("Mme Zeller002 fait appel".to_owned())]);
}
