//! No candidate's name in what the program says, nor in the journal.

use std::fs;

use copiste_tests::academy::Academy;
use copiste_tests::bundle::{Bundle, number};
use serde_json::json;

const LAST: &str = "QUETZALCOATLUS";
const FIRST: &str = "Yggdrasilline";
const MARKER: &str = "Xochimilcotte";
const TYPED: &str = "Appréciation confidentielle";

#[test]
fn no_name_and_no_comment_reaches_the_output_of_any_command_or_the_journal() {
    let academy = Academy::empty();
    let mut bundle = Bundle::small(3);
    for candidate in &mut bundle.candidates {
        candidate["last_name"] = json!(LAST);
        candidate["first_name"] = json!(FIRST);
        candidate["national_id"] = json!("987654321QZ");
    }
    bundle.markers[0]["name"] = json!(MARKER);
    for script in &mut bundle.scripts {
        script["appreciation"] = json!(TYPED);
    }
    // A scan that is named after a candidate, and damaged, so that it is talked about.
    bundle.files.push((format!("scans/{LAST}.png"), b"\x89PNG\r\n\x1a\n torn".to_vec()));
    bundle.scripts[1]["pages"] = json!([format!("scans/{LAST}.png"), "scans/recto.png"]);
    bundle.write(&academy.bundle());

    fs::create_dir_all(academy.data()).expect("a data directory can be made");
    fs::write(academy.data().join("copiste.toml"), "[log]\nlevel = \"trace\"\n")
        .expect("settings can be written");
    let exam = academy.exam();
    let (folder, zip, of) = (academy.path("out"), academy.path("out.zip"), number(1));
    let mut said = String::new();
    said += &academy.copiste("import", &[&academy.bundle()]).expect(0).said();
    said += &academy.copiste("import", &[&academy.bundle(), &"--strict"]).said();
    said += &academy.copiste("inspect", &[&exam]).said();
    said += &academy.copiste("status", &[&exam]).expect(0).said();
    said += &academy.copiste("status", &[&exam, &"--json"]).expect(0).said();
    said += &academy.copiste("status", &[&exam, &"--quality"]).expect(0).said();
    said += &academy.copiste("status", &[&exam, &"--quality", &"--json"]).expect(0).said();
    said += &academy.copiste("accept", &[&exam, &"--all-damaged", &"--reason", &"known"]).expect(0).said();
    said += &academy.copiste("close", &[&exam, &"--dry-run"]).said();
    said += &academy.copiste("close", &[&exam]).expect(0).said();
    said += &academy.copiste("close", &[&exam, &"--again", &"--json"]).expect(0).said();
    said +=
        &academy.copiste("mark", &[&exam, &"--candidate", &of, &"11.5", &"--reason", &LAST]).expect(0).said();
    said += &academy.copiste("settings", &[&exam, &"export_absences=true", &"--json"]).expect(0).said();
    said += &academy.copiste("render", &[&exam, &"--out", &folder, &"--json"]).expect(0).said();
    said += &academy.copiste("render", &[&exam, &"--out", &zip]).expect(0).said();
    said += &academy
        .copiste("accept", &[&exam, &"--candidate", &of, &"--page", &"1", &"--reason", &"perdue"])
        .expect(0)
        .said();
    said += &academy.copiste("verify", &[]).expect(0).said();

    // The same bundle with faults on the very lines that hold names.
    bundle.manifest["exam"]["id"] = json!("other");
    bundle.candidates[0]["attendance"] = json!("late");
    bundle.candidates[1]["number"] = json!(number(0));
    bundle.scripts[2]["batch"] = json!("L999");
    bundle.scripts[0]["mark"]["total"] = json!("-1");
    let spoiled = academy.path("spoiled");
    bundle.write(&spoiled);
    said += &academy.copiste("import", &[&spoiled]).expect(1).said();
    said += &fs::read_to_string(academy.data().join("journal.jsonl")).expect("a journal");

    assert!(said.len() > 500, "the commands said next to nothing: {said}");
    for secret in [LAST, FIRST, MARKER, TYPED, "987654321QZ"] {
        let at = said.find(secret);
        let around = at.map(|at| said[..at].lines().last().unwrap_or_default());
        assert!(at.is_none(), "`{secret}` after {around:?}");
    }
}
