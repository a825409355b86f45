//! Exams, their processes, their quality sheet.

use copiste_core::process::quality::Kind;
use serde_json::{Value, json};

use super::words::{
    asked, between, count, day, either, flag, instant, like, list, maybe, named, object, reason, text, words,
};

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("Exams", object([("exams", list(named("ExamRow")))], [])),
        ("ExamRow", head([("processes", list(named("Progress")))], [("counts", named("Counts"))])),
        (
            "Exam",
            head(
                [],
                [("status", named("Status")), ("settings", named("Settings")), ("quality", named("Quality"))],
            ),
        ),
        ("Progress", object([("process", process()), ("state", state()), ("percent", between(0, 100))], [])),
        (
            "Process",
            object(
                [
                    ("process", process()),
                    ("state", state()),
                    ("percent", between(0, 100)),
                    ("end_condition", text()),
                    ("missing", list(named("Need"))),
                ],
                [],
            ),
        ),
        ("Need", object([("what", text()), ("of", text()), ("count", count()), ("first", list(text()))], [])),
        ("Missing", object([("count", count()), ("first", list(text()))], [])),
        (
            "Counts",
            object(
                ["schools", "markers", "batches", "candidates", "scripts", "pages"]
                    .map(|name| (name, count())),
                ["exports", "transmitted", "holds"].map(|name| (name, count())),
            ),
        ),
        ("Status", status()),
        ("Settings", object(settings(), [])),
        ("ChangedSettings", asked([], settings())),
        ("AcceptedDamage", accepted()),
        ("Quality", quality()),
    ]
}

/// What every row of an exam says, and more.
fn head<const R: usize, const O: usize>(always: [(&str, Value); R], sometimes: [(&str, Value); O]) -> Value {
    let mut schema = object(
        [
            ("id", like(super::words::EXAM)),
            ("code", text()),
            ("label", text()),
            ("kind", kind()),
            ("session_year", count()),
            ("session_name", text()),
            ("starts_at", text()),
            ("series", list(text())),
            ("wave", maybe(count())),
            ("entity", text()),
            ("consultable_until", maybe(day())),
        ],
        sometimes,
    );
    for (name, of) in always {
        if let Some(required) = schema["required"].as_array_mut() {
            required.push(json!(name));
        }
        schema["properties"][name] = of;
    }
    schema
}

fn kind() -> Value {
    words(&["one_off", "common_assessment"])
}

fn process() -> Value {
    words(&["scanning", "distribution", "marking", "harmonisation", "closing", "download"])
}

fn state() -> Value {
    words(&["not_applicable", "unfinished", "finished"])
}

fn status() -> Value {
    let missing = || named("Missing");
    let scanning = object(
        [
            ("finished", flag()),
            ("percent", between(0, 100)),
            ("without_script", missing()),
            ("damaged_pages", missing()),
            ("uninspected_pages", missing()),
            ("accepted_pages", count()),
        ],
        [],
    );
    let marks = object(
        [
            ("given", count()),
            ("missing", count()),
            ("without", missing()),
            ("mean", maybe(super::words::decimal())),
        ],
        [],
    );
    let attendance = ["present", "absent", "absent_justified", "exempt"].map(|name| (name, count()));
    let purged =
        object([("at", instant()), ("candidates", count()), ("scripts", count()), ("pages", count())], []);
    object(
        [
            ("exam", text()),
            ("label", text()),
            ("kind", kind()),
            ("counts", named("Counts")),
            ("attendance", object(attendance, [])),
            ("locked_batches", count()),
            ("open_batches", missing()),
            ("pending_batches", missing()),
            ("unbatched_scripts", missing()),
            ("transmitted", count()),
            ("scanning", scanning),
            ("marks", marks),
            ("processes", list(named("Process"))),
            ("closing", named("ClosingState")),
            ("consultable_until", maybe(day())),
            ("purged", maybe(purged)),
        ],
        [],
    )
}

fn settings() -> [(&'static str, Value); 9] {
    [
        ("subject_commitment", flag()),
        ("question_count", between(1, 200)),
        ("mark_kind", words(&["simple"])),
        ("export_appreciation", flag()),
        ("export_missing_marks", flag()),
        ("export_absences", flag()),
        ("render_annotations", flag()),
        ("render_appreciation", flag()),
        ("render_marking_details", flag()),
    ]
}

/// What a request to accept damaged pages says: one of them, or all.
pub(super) fn accepting() -> Value {
    let nothing = || json!({ "type": "null" });
    either(&[
        asked(
            [("candidate", text()), ("page", between(0, u32::MAX)), ("reason", reason())],
            [("all", json!({ "const": false }))],
        ),
        asked(
            [("all", json!({ "const": true })), ("reason", reason())],
            [("candidate", nothing()), ("page", nothing())],
        ),
    ])
}

fn accepted() -> Value {
    let page = object([("candidate", text()), ("page", count())], []);
    object([("accepted", list(page)), ("journal_line", maybe(count()))], [])
}

fn quality() -> Value {
    let place = object([("candidate", text())], [("batch", text()), ("page", count()), ("detail", text())]);
    let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    let finding = object(
        [
            ("kind", words(&kinds)),
            ("severity", words(&["warning", "blocker"])),
            ("what", text()),
            ("count", count()),
            ("of", words(&["pages", "scripts", "candidates"])),
            ("first", list(place)),
            ("next", text()),
        ],
        [],
    );
    let counts = ["present", "marked", "counted", "without_mark", "waiting", "differing", "strangers"];
    object(
        [
            ("exam", text()),
            ("batches", maybe(list(text()))),
            ("scripts", count()),
            ("pages", count()),
            ("counts", object(counts.map(|name| (name, count())), [])),
            ("findings", list(finding)),
        ],
        [],
    )
}
