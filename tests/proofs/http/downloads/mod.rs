//! Copies taken away over HTTP: the same bytes as on disk, from any byte, by any program.

mod clients;
mod crowd;
mod cut;
mod parts;
mod planned;

use std::fs;

use copiste_tests::academy::Academy;
use copiste_tests::http::{Ask, SignedIn};
use serde_json::Value;

use super::{ENTITY, Served, account, token};

/// A closed exam that is served, and its archive as `copiste render` makes it.
pub(super) struct Shelf {
    pub(super) served: Served,
    pub(super) academy: Academy,
    office: SignedIn,
    /// Of the office's programs.
    token: String,
    /// Where the archive is served.
    pub(super) zip: String,
    pub(super) reference: Vec<u8>,
}

impl Shelf {
    /// So many copies of four grey pages each, each with scans of its own.
    pub(super) fn of(candidates: &str, seed: &str) -> Shelf {
        Shelf::with(candidates, seed, Vec::new())
    }

    /// The same, served with further variables of the environment.
    pub(super) fn with(candidates: &str, seed: &str, environment: Vec<(&'static str, String)>) -> Shelf {
        let academy = Academy::of(&format!(
            "--kind one_off --candidates {candidates} --mix grey --resolution 200 --distinct --seed {seed}"
        ));
        let reference = fs::read(academy.rendered("reference.zip", &[])).expect("an archive");
        account(&academy, "office", &format!("exam-office:{ENTITY}"));
        let token = token(&academy, "office", "read,download");
        let served = Served::start_with(&academy, environment);
        let office = served.sign_in("office");
        let zip = format!("/api/v1/exams/{}/scripts.zip", academy.exam());
        Shelf { academy, served, office, token, zip, reference }
    }

    fn ask(&self) -> Ask {
        Ask::get(&self.zip).cookie(&self.office)
    }

    /// The address of the archive.
    fn address(&self) -> String {
        format!("http://{}{}", self.served.authority, self.zip)
    }

    /// The header of a program.
    pub(super) fn bearer(&self) -> String {
        format!("Authorization: Bearer {}", self.token)
    }

    /// The access log once it has so many lines: they are written when a transfer has ended.
    fn accesses(&self, count: usize) -> Vec<Value> {
        loop {
            let lines = self.served.accesses();
            if lines.len() >= count {
                assert_eq!(lines.len(), count, "{lines:#?}");
                return lines;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
}

/// Asserts that bytes are those expected, without printing megabytes.
#[track_caller]
pub(super) fn same(got: &[u8], expected: &[u8], what: &str) {
    let other = got.iter().zip(expected).position(|(one, other)| one != other);
    assert!(
        got == expected,
        "{what}: {} bytes for {}, the first other at {other:?}",
        got.len(),
        expected.len()
    );
}
