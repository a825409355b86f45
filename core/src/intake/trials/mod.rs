//! Trials of intake as a whole: small bundles, most of them hostile.

mod bundle;
mod imports;
mod texts;
mod zips;

use std::path::Path;

use bundle::Bundle;

use super::fault::{Finding, Findings};
use super::source::{Limits, Source};
use super::staged::Staged;
use super::survey::{Survey, missing, survey};

impl Bundle {
    /// What is found in it, but for its scans.
    pub fn findings(&self) -> Findings {
        let folder = tempfile::tempdir().expect("a folder");
        read(&self.directory(&folder.path().join("bundle"))).0
    }

    /// Its only fault.
    pub fn fault(&self) -> Finding {
        let found = self.findings().faults;
        assert_eq!(found.count, 1, "{:#?}", found.first);
        found.first.into_iter().next().expect("there is one")
    }
}

/// Lists and surveys whatever is at a path.
fn read(path: &Path) -> (Findings, Option<Survey>) {
    let staging = tempfile::tempdir().expect("a folder");
    let mut findings = Findings::default();
    let Some(source) = Source::open(path, &Limits::default(), &mut findings) else { return (findings, None) };
    missing(&source, &mut findings);
    let staged =
        Staged::of(&source, &staging.path().join("s"), &mut findings).expect("text files are copied");
    let found = survey(&source, &staged, &mut findings).expect("copies are read");
    (findings, Some(found))
}
