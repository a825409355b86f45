//! The quality sheet of a closing, through the commands that show it and the closings that it holds back.

use std::ffi::OsStr;
use std::path::Path;

use copiste_tests::academy::{Academy, lines, write_lines};
use copiste_tests::bundle::{Bundle, number, painted_png};
use copiste_tests::command::{Outcome, copiste_in};
use serde_json::{Value, json};

const KINDS: [&str; 13] = [
    "damaged_pages",
    "accepted_pages",
    "uninspected_pages",
    "blank_pages",
    "low_resolution",
    "rotated_pages",
    "fewer_pages",
    "annotations_outside",
    "totals",
    "forgotten_totals",
    "forgotten_questions",
    "forgotten_marks",
    "services",
];

/// A page with writing on it: strokes at 150 dots an inch on A4.
fn written(seed: u32) -> Vec<u8> {
    painted_png(1240, 1754, |x, y| if y % 50 < 3 && (x * 7 + y + seed) % 90 < 60 { 20 } else { 245 })
}

/// A bundle whose sheet has nothing to note.
fn clean(candidates: usize) -> Bundle {
    let mut bundle = Bundle::small(candidates);
    bundle.files =
        vec![("scans/recto.png".to_owned(), written(1)), ("scans/verso.png".to_owned(), written(2))];
    bundle
}

fn imported(bundle: &Bundle) -> Academy {
    let academy = Academy::empty();
    bundle.write(&academy.bundle());
    academy.copiste("import", &[&academy.bundle()]).expect(0);
    academy
}

/// The quality sheet as `status --quality --json` has it.
fn sheet(academy: &Academy) -> Value {
    let exam = academy.exam();
    academy.copiste("status", &[&exam, &"--quality", &"--json"]).expect(0).json()[0]["quality"].clone()
}

/// Each kind of a sheet with its weight, its count and its places as `candidate/page`.
fn found(sheet: &Value) -> Vec<(String, String, u64, Vec<String>)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let place = |place: &Value| match place["page"].as_u64() {
        Some(page) => format!("{}/{page}", text(&place["candidate"])),
        None => text(&place["candidate"]),
    };
    let findings = sheet["findings"].as_array().expect("a list of findings");
    findings
        .iter()
        .map(|one| {
            let places = one["first"].as_array().expect("places").iter().map(place).collect();
            (text(&one["kind"]), text(&one["severity"]), one["count"].as_u64().expect("a count"), places)
        })
        .collect()
}

fn kinds(sheet: &Value) -> Vec<String> {
    found(sheet).into_iter().map(|(kind, ..)| kind).collect()
}

/// A command with variables, through file drops.
fn with(
    academy: &Academy,
    variables: &[(&str, &str)],
    name: &str,
    arguments: &[&dyn AsRef<OsStr>],
) -> Outcome {
    let drop = |name: &str| format!("file:{}", academy.path(name).display());
    let (cyclades, imagin) = (drop("drop/cyclades"), drop("drop/imagin"));
    let mut environment: Vec<(&str, &OsStr)> =
        vec![("COPISTE_CYCLADES_URL", cyclades.as_ref()), ("COPISTE_IMAGIN_URL", imagin.as_ref())];
    environment.extend(variables.iter().map(|(name, value)| (*name, OsStr::new(value))));
    let data = academy.data();
    let mut all: Vec<&dyn AsRef<OsStr>> = vec![&name, &"--data", &data];
    all.extend_from_slice(arguments);
    copiste_in(&environment, &all)
}

/// What was sent: the names of the files in the drops.
fn sent(academy: &Academy) -> usize {
    let drop = academy.path("drop");
    if drop.exists() { copiste_tests::sources::files(&drop).len() } else { 0 }
}

fn policy(data: &Path, lines: &str) {
    std::fs::write(data.join("copiste.toml"), format!("[quality]\n{lines}\n")).expect("settings are written");
}

#[test]
fn an_exam_without_flaws_has_a_sheet_with_nothing_to_note_and_reconciled_counts() {
    let mut bundle = clean(5);
    bundle.candidates[4]["attendance"] = json!("absent");
    bundle.scripts.truncate(4);
    bundle.scripts[3]["mark"] = json!({"total": null});
    let academy = imported(&bundle);
    let sheet = sheet(&academy);
    assert_eq!(found(&sheet), []);
    let counts = json!({"present": 4, "marked": 3, "counted": 3, "without_mark": 1, "waiting": 0, "differing": 0,
        "strangers": 0});
    assert_eq!((&sheet["scripts"], &sheet["pages"], &sheet["counts"]), (&json!(4), &json!(8), &counts));
    let said = academy.copiste("status", &[&academy.exam(), &"--quality"]).expect(0).out;
    assert!(said.contains("quality sheet of 4 scripts, 8 pages: nothing to note"), "{said}");
    let plain = academy.copiste("status", &[&academy.exam()]).expect(0).out;
    assert!(!plain.contains("quality sheet"), "the sheet is made when it is asked for: {plain}");
    let plain = academy.copiste("status", &[&academy.exam(), &"--json"]).expect(0).json();
    assert!(plain[0].get("quality").is_none(), "{plain}");
}

#[test]
fn each_kind_of_flaw_appears_at_its_place() {
    let mut bundle = clean(12);
    let blank = painted_png(1240, 1754, |_, _| 250);
    let coarse = painted_png(496, 702, |x, y| if y % 20 < 3 && x % 40 < 30 { 20 } else { 245 });
    let across = painted_png(1754, 1240, |x, y| if y % 50 < 3 && x % 90 < 60 { 20 } else { 245 });
    for (name, bytes) in [
        ("blank", blank),
        ("coarse", coarse),
        ("across", across),
        ("torn", b"\x89PNG\r\n\x1a\n torn".to_vec()),
    ] {
        bundle.files.push((format!("scans/{name}.png"), bytes));
    }
    for script in &mut bundle.scripts {
        script["pages"] = json!(["scans/recto.png", "scans/verso.png", "scans/verso.png"]);
    }
    bundle.scripts[0]["pages"][2] = json!("scans/torn.png");
    bundle.scripts[1]["pages"][1] = json!("scans/torn.png");
    bundle.scripts[2]["pages"][1] = json!("scans/blank.png");
    bundle.scripts[3]["pages"][1] = json!("scans/coarse.png");
    bundle.scripts[4]["pages"][1] = json!({"file": "scans/verso.png", "rotate": 180});
    bundle.scripts[4]["pages"][2] = json!("scans/across.png");
    bundle.scripts[5]["pages"] = json!(["scans/recto.png"]);
    bundle.scripts[6]["annotations"][0]["x"] = json!(1.1);
    bundle.scripts[7]["mark"]["total"] = json!("13.5");
    bundle.scripts[8]["mark"]["total"] = json!(null);
    bundle.scripts[9]["mark"] =
        json!({"total": "12", "questions": [{"label": "1.b", "earned": "12", "maximum": "19"}]});
    bundle.scripts[10].as_object_mut().expect("a script").remove("mark");
    let script = bundle.scripts[11].as_object_mut().expect("a script");
    script.remove("mark");
    script.insert("harmonised".to_owned(), json!("10"));
    let academy = imported(&bundle);
    let (exam, torn) = (academy.exam(), number(1));
    let accepted: [&dyn AsRef<OsStr>; 7] =
        [&exam, &"--candidate", &torn, &"--page", &"2", &"--reason", &"feuille perdue"];
    academy.copiste("accept", &accepted).expect(0);

    let one = |kind: &str, severity: &str, at: usize, page: Option<u32>| {
        let page = page.map_or_else(String::new, |page| format!("/{page}"));
        (kind.to_owned(), severity.to_owned(), 1, vec![format!("{}{page}", number(at))])
    };
    let turned = vec![format!("{}/2", number(4)), format!("{}/3", number(4))];
    let expected = vec![
        one("damaged_pages", "warning", 0, Some(3)),
        one("accepted_pages", "warning", 1, Some(2)),
        one("blank_pages", "warning", 2, Some(2)),
        one("low_resolution", "warning", 3, Some(2)),
        ("rotated_pages".to_owned(), "warning".to_owned(), 2, turned),
        one("fewer_pages", "warning", 5, None),
        one("annotations_outside", "warning", 6, Some(1)),
        one("totals", "warning", 7, None),
        one("forgotten_totals", "warning", 8, None),
        one("forgotten_questions", "warning", 9, None),
        one("forgotten_marks", "blocker", 10, None),
        one("services", "warning", 11, None),
    ];
    let sheet_now = sheet(&academy);
    assert_eq!(found(&sheet_now), expected);
    assert_eq!(sheet(&academy), sheet_now, "the same records give the same sheet");
    let said = academy.copiste("status", &[&exam, &"--quality"]).expect(0).out;
    for (kind, ..) in &expected {
        assert!(said.contains(&format!("({kind})")), "{kind} is not said: {said}");
    }
    assert!(!said.contains("feuille perdue"), "a reason may name a person: {said}");
    let dry = academy.copiste("close", &[&exam, &"--dry-run", &"--json"]).expect(1).json();
    assert_eq!((&dry["quality"], &dry["quality_blocks"]), (&sheet_now, &json!(true)));
}

#[test]
fn pages_that_nobody_has_inspected_are_said_to_be_unknown() {
    let academy = Academy::empty();
    clean(2).write(&academy.bundle());
    academy.copiste("import", &[&academy.bundle(), &"--no-inspect"]).expect(0);
    assert_eq!(kinds(&sheet(&academy)), ["uninspected_pages"]);
    academy.copiste("inspect", &[&academy.exam()]).expect(0);
    assert_eq!(kinds(&sheet(&academy)), [""; 0]);
}

#[test]
fn a_generated_exam_with_flaws_has_one_of_each_kind() {
    let academy = Academy::of("--kind one_off --candidates 40 --mix grey --resolution 110 --flaws");
    let expected: Vec<&str> =
        KINDS.into_iter().filter(|kind| !["accepted_pages", "uninspected_pages"].contains(kind)).collect();
    assert_eq!(kinds(&sheet(&academy)), expected);
}

#[test]
fn a_blocker_refuses_the_closing_before_anything_is_sent_and_a_warning_lets_it_through() {
    let mut bundle = clean(3);
    bundle.scripts[1]["mark"]["total"] = json!("13.5");
    let academy = imported(&bundle);
    let exam = academy.exam();
    let strict = [("COPISTE_QUALITY_TOTALS", "blocker")];
    let journal = || std::fs::read(academy.data().join("journal.jsonl")).expect("a journal");
    let before = journal();

    let refused = with(&academy, &strict, "close", &[&exam]).expect(1);
    let told = [
        "QUA-001",
        "totals that differ from their questions: 1",
        &format!("batch L001 candidate {}", number(1)),
        "`copiste mark` corrects a total",
        "nothing was sent or changed",
        "quality.totals",
    ];
    for words in told {
        assert!(refused.err.contains(words), "{words} is not in: {}", refused.err);
    }
    assert!(!refused.err.contains("13.5"), "an error shows no mark: {}", refused.err);
    assert!(journal() == before, "the refusal left a line in the journal");
    assert_eq!(sent(&academy), 0, "rows were sent");
    let dry = with(&academy, &strict, "close", &[&exam, &"--dry-run"]).expect(1).out;
    assert!(dry.contains("BLOCKER totals") && dry.contains("QUA-001"), "{dry}");

    // The file says the same as the variable, and the variable wins.
    policy(&academy.data(), "totals = \"blocker\"");
    with(&academy, &[], "close", &[&exam]).expect(1);
    let lenient = [("COPISTE_QUALITY_TOTALS", "warning")];
    let dry = with(&academy, &lenient, "close", &[&exam, &"--dry-run"]).expect(0).out;
    assert!(dry.contains("warning totals") && !dry.contains("QUA-001"), "{dry}");
    let closed = with(&academy, &lenient, "close", &[&exam]).expect(0).out;
    assert!(closed.contains("warning totals"), "the closing says what it warns of: {closed}");
    assert!(sent(&academy) > 0);
    // Once it is done, a blocker holds no correction back; it is still shown.
    let again = with(&academy, &[], "close", &[&exam, &"--again"]).expect(0).out;
    assert!(again.contains("BLOCKER totals"), "{again}");
    let config = with(&academy, &[], "config", &[]).expect(0).out;
    assert!(config.contains("quality.totals = blocker   # copiste.toml"), "{config}");
}

#[test]
fn a_script_that_nobody_marked_is_not_sent_as_missing_unless_somebody_decides_so() {
    let mut bundle = clean(3);
    bundle.scripts[2].as_object_mut().expect("a script").remove("mark");
    let academy = imported(&bundle);
    let (exam, forgotten) = (academy.exam(), number(2));
    let refused = academy.copiste("close", &[&exam]).expect(1).err;
    assert!(refused.contains("QUA-001") && refused.contains(&forgotten), "{refused}");
    assert_eq!(sent(&academy), 0);
    let other = imported(&bundle);
    with(&other, &[("COPISTE_QUALITY_FORGOTTEN_MARKS", "warning")], "close", &[&exam]).expect(0);
    let mark: [&dyn AsRef<OsStr>; 6] = [&exam, &"--candidate", &forgotten, &"11", &"--reason", &"vue"];
    academy.copiste("mark", &mark).expect(0);
    academy.copiste("close", &[&exam]).expect(0);
}

#[test]
fn a_validation_of_an_e3c_is_held_back_by_its_own_batches_only() {
    let mut bundle = clean(4);
    bundle.manifest["exam"]["kind"] = json!("common_assessment");
    bundle
        .batches
        .push(json!({"id": "L002", "marker": "M001", "state": "locked", "harmonisation": "pending"}));
    for script in &mut bundle.scripts[2..] {
        script["batch"] = json!("L002");
    }
    bundle.scripts[3]["mark"]["total"] = json!("13.5");
    let academy = imported(&bundle);
    let exam = academy.exam();
    policy(&academy.data(), "totals = \"blocker\"");
    let journal = || std::fs::read(academy.data().join("journal.jsonl")).expect("a journal");
    let before = journal();
    let refused = academy.copiste("validate", &[&exam, &"--batch", &"L001", &"L002"]).expect(1).err;
    assert!(refused.contains("QUA-001") && refused.contains("batch L002"), "{refused}");
    assert!(journal() == before && sent(&academy) == 0, "no batch was validated, no row sent");
    let done = academy.copiste("validate", &[&exam, &"--batch", &"L001", &"--json"]).expect(0).json();
    assert_eq!(done["quality"]["batches"], json!(["L001"]));
    assert_eq!((&done["quality"]["scripts"], found(&done["quality"])), (&json!(2), vec![]));
    let lenient = [("COPISTE_QUALITY_TOTALS", "warning")];
    let done = with(&academy, &lenient, "validate", &[&exam, &"--batch", &"L002"]).expect(0).out;
    assert!(done.contains("warning totals that differ from their questions: 1"), "{done}");
}

#[test]
fn the_places_of_a_sheet_do_not_follow_the_order_of_the_bundle() {
    let academy = Academy::empty();
    let mut bundle = clean(9);
    for script in &mut bundle.scripts {
        script["mark"]["total"] = json!("14");
    }
    bundle.write(&academy.bundle());
    let mut scripts = lines(&academy.bundle(), "scripts.jsonl");
    scripts.reverse();
    write_lines(&academy.bundle(), "scripts.jsonl", &scripts);
    academy.copiste("import", &[&academy.bundle()]).expect(0);
    let numbers: Vec<String> = (0..9).map(number).collect();
    let sheet = sheet(&academy);
    assert_eq!(found(&sheet), [("totals".to_owned(), "warning".to_owned(), 9, numbers)]);
    let said = academy.copiste("status", &[&academy.exam(), &"--quality"]).expect(0).out;
    let line = said.lines().find(|line| line.contains("warning totals")).expect("the line of the totals");
    assert!(line.contains(&number(4)) && !line.contains(&number(5)) && line.ends_with(", …)"), "{line}");
}
