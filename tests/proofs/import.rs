//! Importing: once and twice are the same; a corrected bundle replaces; damage is never dropped.

use std::fs;

use copiste_tests::academy::{Academy, pdfs};
use copiste_tests::bundle::{Bundle, number};
use copiste_tests::command::run;
use copiste_tests::needs;
use serde_json::json;

fn journal(academy: &Academy) -> Vec<u8> {
    fs::read(academy.data().join("journal.jsonl")).expect("a journal")
}

#[test]
fn importing_the_same_bundle_again_changes_nothing() {
    let academy = Academy::of("--kind one_off --candidates 20 --mix all --seed 14");
    let (before, status) = (journal(&academy), academy.copiste("status", &[&"--json"]).expect(0).out);
    academy.copiste("import", &[&academy.bundle()]).expect(0);
    assert!(journal(&academy) == before, "a journal line was added");
    assert_eq!(academy.copiste("status", &[&"--json"]).expect(0).out, status);
    academy.verified();
}

#[test]
fn the_same_seed_makes_the_same_bundle_and_another_seed_another() {
    let academy = Academy::empty();
    let arguments = |seed| -> [&dyn AsRef<std::ffi::OsStr>; 6] {
        [&"--kind", &"one_off", &"--candidates", &"10", &"--seed", seed]
    };
    let read = |name: &str| fs::read(academy.path(name).join("scripts.jsonl")).expect("scripts");
    academy.generate("one", &arguments(&"1"));
    academy.generate("same", &arguments(&"1"));
    academy.generate("other", &arguments(&"2"));
    assert!(read("one") == read("same"));
    assert!(read("one") != read("other"));
}

#[test]
fn a_corrected_bundle_replaces_the_exam() {
    let academy = Academy::empty();
    let mut bundle = Bundle::small(3);
    bundle.write(&academy.bundle());
    academy.copiste("import", &[&academy.bundle()]).expect(0);
    bundle.candidates.truncate(2);
    bundle.scripts.truncate(2);
    bundle.scripts[0]["mark"]["total"] = json!("17");
    bundle.write(&academy.bundle());
    academy.copiste("import", &[&academy.bundle()]).expect(0);
    assert_eq!(pdfs(&academy.rendered("out", &[])).len(), 2);
    academy.verified();
}

#[test]
fn an_absent_candidate_has_no_copy_and_a_zero_is_a_mark() {
    let academy = Academy::empty();
    let mut bundle = Bundle::small(4);
    bundle.candidates[1]["attendance"] = json!("absent");
    bundle.candidates[2]["attendance"] = json!("exempt");
    bundle.scripts.remove(2);
    bundle.scripts.remove(1);
    bundle.scripts[0]["mark"] =
        json!({"total": "0", "questions": [{"label": "1", "earned": "0", "maximum": "20"}]});
    bundle.write(&academy.bundle());
    academy.copiste("import", &[&academy.bundle()]).expect(0);
    let zip = academy.rendered("out.zip", &[]);
    let mut archive =
        zip::ZipArchive::new(fs::File::open(zip).expect("the ZIP is there")).expect("it is a ZIP");
    assert_eq!(archive.len(), 3, "the list and two copies");
    let mut list = String::new();
    std::io::Read::read_to_string(&mut archive.by_index(0).expect("an entry"), &mut list).expect("text");
    let row = list.lines().find(|line| line.contains(&number(0))).expect("the candidate's row");
    assert!(row.split(';').any(|cell| cell == "0" || cell == "0,00"), "the zero is not shown: {row}");
}

#[test]
fn a_damaged_scan_costs_its_page_and_no_other_and_is_named() {
    let academy = Academy::empty();
    let mut bundle = Bundle::small(3);
    bundle.files.push(("scans/torn.png".to_owned(), b"\x89PNG\r\n\x1a\n torn".to_vec()));
    bundle.scripts[1]["pages"] = json!(["scans/recto.png", "scans/torn.png"]);
    bundle.write(&academy.bundle());

    let strict = academy.copiste("import", &[&academy.bundle(), &"--strict"]).expect(1).said();
    assert!(strict.contains(&number(1)), "{strict}");
    let said = academy.copiste("import", &[&academy.bundle()]).expect(0).said();
    assert!(said.contains(&number(1)) && said.contains("SCN-"), "the damaged page is not named: {said}");
    let status = academy.copiste("status", &[&academy.exam()]).expect(0).said();
    assert!(status.contains(&number(1)), "{status}");

    let closed = Academy::empty();
    bundle.write(&closed.bundle());
    closed.copiste("import", &[&closed.bundle()]).expect(0);
    assert_eq!(pdfs(&closed.rendered("out", &[])).len(), 3);

    let exam = academy.exam();
    let of = number(1);
    academy
        .copiste("accept", &[&exam, &"--candidate", &of, &"--page", &"2", &"--reason", &"feuille perdue"])
        .expect(0);
    academy.copiste("accept", &[&exam, &"--candidate", &of, &"--page", &"1", &"--reason", &"rien"]).expect(1);
    academy.verified();

    bundle.scripts[1]["pages"] = json!(["scans/recto.png", "scans/verso.png"]);
    bundle.write(&academy.bundle());
    academy.copiste("import", &[&academy.bundle()]).expect(0);
    let status = academy.copiste("status", &[&exam]).expect(0).said();
    assert!(!status.contains("SCN-"), "the new scan replaced the damaged one: {status}");
}

#[test]
fn a_damaged_page_keeps_its_place_in_the_copy_and_says_so() {
    needs!(Poppler);
    let academy = Academy::empty();
    let mut bundle = Bundle::small(1);
    bundle.files.push(("scans/torn.jpg".to_owned(), Vec::new()));
    bundle.scripts[0]["pages"] = json!(["scans/recto.png", "scans/torn.jpg", "scans/verso.png"]);
    bundle.write(&academy.bundle());
    academy.copiste("import", &[&academy.bundle()]).expect(0);
    let out = academy.rendered("out", &[&"--without", &"appreciation,marking"]);
    let pdf = pdfs(&out).remove(0);
    let said = run("pdfinfo", &[&pdf]).expect(0).out;
    assert!(said.lines().any(|line| line.starts_with("Pages:") && line.trim_end().ends_with(" 3")), "{said}");
    let page = run("pdftotext", &[&"-f", &"2", &"-l", &"2", &pdf, &"-"]).expect(0).out;
    assert!(!page.trim().is_empty(), "the placeholder says nothing");
}
