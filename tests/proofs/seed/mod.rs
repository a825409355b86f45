//! Every sentence that DOMAIN marks [seed] is a test with that sentence as its name.
//!
//! | chapter of DOMAIN | where |
//! |---|---|
//! | *Closing a one-off exam* | [`one_off`]; its table in `closing::table` |
//! | *Closing and download of an E3C* | [`e3c`] |
//! | *Functional settings* | [`settings`] |
//! | *Editing the copies*: search | `search` (100,000 names) and the store's own tests |
//! | *Editing the copies*: one ZIP | `archive` |
//!
//! What is said of screens holds for the commands here: the pages come later and show the same.

mod e3c;
mod one_off;
mod settings;

use std::ffi::OsStr;

use copiste_tests::academy::Academy;
use copiste_tests::command::Outcome;
use copiste_tests::sources::files;
use serde_json::Value;

/// An exam of 40, one page a script, with these further arguments.
fn academy(kind: &str, seed: &str, further: &[&dyn AsRef<OsStr>]) -> Academy {
    let mut all: Vec<&dyn AsRef<OsStr>> = vec![
        &"--kind",
        &kind,
        &"--candidates",
        &"40",
        &"--pages",
        &"1",
        &"--mix",
        &"ccitt",
        &"--seed",
        &seed,
    ];
    all.extend_from_slice(further);
    Academy::imported(&all)
}

/// Runs a command on the academy's one exam.
#[track_caller]
fn on_exam(academy: &Academy, name: &str, arguments: &[&dyn AsRef<OsStr>]) -> Outcome {
    let exam = academy.exam();
    let mut all: Vec<&dyn AsRef<OsStr>> = vec![&exam];
    all.extend_from_slice(arguments);
    academy.copiste(name, &all)
}

#[track_caller]
fn status(academy: &Academy) -> Value {
    academy.copiste("status", &[&"--json"]).expect(0).json()[0].clone()
}

/// The file drop of an export, as text.
#[track_caller]
fn dropped(academy: &Academy, target: &str, number: u32) -> String {
    let path = academy.path(&format!("drop/{target}/{}_{target}_{number}.csv", academy.exam()));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Candidate numbers of the PDFs in a folder; none when there is no folder.
fn rendered(academy: &Academy, name: &str) -> Vec<String> {
    let folder = academy.path(name);
    let found = if folder.exists() { files(&folder) } else { Vec::new() };
    let mut numbers: Vec<String> = found
        .iter()
        .filter(|path| path.extension().is_some_and(|end| end == "pdf"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.rsplit_once('_')?.1.to_owned()))
        .collect();
    numbers.sort();
    numbers
}
