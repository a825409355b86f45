//! A published exam and what its purge must leave: shared by the tests of keeping and of crashes.

use std::fs;
use std::path::Path;

use copiste_core::journal::{Command, Launch, PreparedExport, Publish, Target, parse_instant};
use copiste_core::process::acts::By;
use copiste_core::process::keeping::{PurgeReport, purge};
use copiste_core::store::{BlobSink, Store};

use crate::academy::*;

/// When everything is published here, the day after its consultation, and later.
pub fn published() -> i64 {
    parse_instant("2026-07-05T08:00:00Z").unwrap()
}

pub fn later() -> i64 {
    parse_instant("2027-07-07T08:00:00Z").unwrap()
}

pub const BEFORE: &str = "2027-07-06";

pub fn publish(store: &Store, exam: &str) {
    let command =
        Command::Publish(Publish { exam: exam.to_owned(), published_at: published(), by_hand: true });
    store.execute(&command, &manager(), published()).unwrap();
}

/// A first export to Cyclades.
pub fn launch(store: &Store, exam: &str) -> Command {
    let batch = store.blobs().begin();
    let rows = batch.put(b"{}").unwrap();
    batch.seal().unwrap();
    let exports =
        vec![PreparedExport { target: Target::Cyclades, number: 1, count: 1, rows, chunks: vec![2] }];
    Command::Launch(Launch { exam: exam.to_owned(), exports })
}

pub fn hold(store: &Store, exam: &str, candidate: &str, release: bool) -> Result<Option<u64>, String> {
    let by = By { store, actor: &manager(), at: published() };
    let reason = format!("Mme Zeller{candidate} fait appel");
    by.hold(exam, candidate, &reason, release).map(|done| done.line).map_err(|error| error.to_string())
}

/// Files below a folder in which these bytes stand.
pub fn files_with(folder: &Path, wanted: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, wanted));
        } else if fs::read(&path).unwrap().windows(wanted.len()).any(|bytes| bytes == wanted.as_bytes()) {
            found.push(path.display().to_string());
        }
    }
    found
}

/// The bundle that it has in the end.
pub fn bundle_of_gone() -> Bundle {
    let mut bundle = Bundle::of("GONE", &["001", "002", "003"]);
    for number in ["001", "002", "003"] {
        let person = bundle.person(number);
        person.appreciation = format!("Comment{number}");
        // Some in the record, some apart from it, in one pack.
        person.annotations = if number == "001" { 3 } else { 400 };
    }
    let shared = Sheet::Scan("a scan of both".to_owned());
    bundle.person("003").pages = Some(vec![shared, Sheet::Damaged("torn".to_owned())]);
    bundle
}

/// A published exam of three candidates with a corrected bundle, the second of them held; another exam
/// that shares a scan with it and goes on.
pub fn lived(dir: &Path) -> Store {
    let store = open(dir);
    let mut first = Bundle::of("GONE", &["001", "002", "003", "004"]);
    first.person("001").appreciation = "Comment of the bundle before".to_owned();
    import(&store, &first, 1);
    import(&store, &bundle_of_gone(), 2);
    let accept = accept_command(&store, "GONE", &[("003", 2)], "Zeller003 knows");
    store.execute(&accept, &manager(), 3).unwrap();
    let mut other = Bundle::of("STAYS", &["901"]);
    other.person("901").pages = Some(vec![Sheet::Scan("a scan of both".to_owned())]);
    import(&store, &other, 4);
    publish(&store, "GONE");
    hold(&store, "GONE", "002", false).unwrap();
    // As the plan of an archive, which names everyone, and an archive that was made on the server's disk.
    for (folder, file) in [("plans", "0123-4567.plan"), ("jobs", "0123.zip")] {
        fs::create_dir(dir.join(folder)).unwrap();
        fs::write(dir.join(folder).join(file), "Zeller001").unwrap();
    }
    store
}

pub fn purged(store: Store) -> (Store, PurgeReport) {
    purge(store, &options(), &manager(), BEFORE, later()).unwrap()
}

/// Nothing of the copies that went is in any file.
#[track_caller]
pub fn nothing_left(dir: &Path) {
    let gone =
        ["Zeller001", "Zeller003", "Zeller004", "Comment001", "Comment003", "Comment of the bundle before"];
    for gone in gone.into_iter().chain(["scan of 001", "scan of 004"]) {
        assert_eq!(files_with(dir, gone), Vec::<String>::new(), "{gone} is still there");
    }
}
