//! Scripts, marks, and what is made of copies on the server's disk.

use serde_json::{Value, json};

use super::words::{
    PARTS, asked, count, count_from, decimal, flag, id, instant, like, list, mark, maybe, named, number,
    object, reason, text, words,
};

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("Scripts", object([("scripts", list(named("ScriptRow"))), ("more", flag())], [])),
        ("ScriptRow", row()),
        ("Script", script()),
        ("Annotation", annotation()),
        ("Corrected", object([("journal_line", maybe(count()))], [])),
        ("Job", job()),
        ("JobAsked", asked_of_a_job([("without", parts())])),
    ]
}

fn row() -> Value {
    object(
        [
            ("candidate_number", text()),
            ("last_name", text()),
            ("first_name", text()),
            ("school", text()),
            ("attendance", words(&["present", "absent", "absent_justified", "exempt"])),
            ("script", maybe(id())),
            ("pages", maybe(count())),
            ("damaged_pages", maybe(count())),
            ("mark", maybe(decimal())),
            ("renderable_since", maybe(instant())),
        ],
        [],
    )
}

fn script() -> Value {
    let page = object(
        [
            ("page", count_from(1)),
            ("width", number()),
            ("height", number()),
            ("damage", maybe(text())),
            ("accepted", flag()),
            ("annotations", count()),
        ],
        [],
    );
    let question = object([("label", text()), ("earned", decimal()), ("maximum", decimal())], []);
    object(
        [
            ("id", id()),
            ("exam", text()),
            ("candidate_number", text()),
            ("last_name", text()),
            ("first_name", text()),
            ("school", text()),
            ("batch", maybe(text())),
            ("pages", list(page)),
            ("marker_mark", maybe(decimal())),
            ("harmonised_mark", maybe(decimal())),
            ("mark", maybe(decimal())),
            ("questions", list(question)),
            ("appreciation", maybe(text())),
            ("renderable_since", maybe(instant())),
            ("annotations", maybe(list(named("Annotation")))),
        ],
        [],
    )
}

/// As in a bundle; which of the rest there is depends on the kind.
fn annotation() -> Value {
    const KINDS: [&str; 11] = [
        "text",
        "ink",
        "line",
        "arrow",
        "rectangle",
        "ellipse",
        "highlight",
        "underline",
        "strike",
        "stamp",
        "mark",
    ];
    // Annotations may lie outside of their page.
    let anywhere = || json!({ "type": "number" });
    let spot = || json!({ "type": "array", "items": anywhere(), "minItems": 2, "maxItems": 2 });
    let colour = || like("^#[0-9A-F]{6}$");
    object(
        [("page", count_from(1)), ("kind", words(&KINDS)), ("colour", colour()), ("opacity", number())],
        [
            ("question", text()),
            ("x", anywhere()),
            ("y", anywhere()),
            ("width", number()),
            ("height", number()),
            ("text", text()),
            ("size", number()),
            ("rotation", anywhere()),
            ("strokes", list(list(spot()))),
            ("from", spot()),
            ("to", spot()),
            ("line_width", number()),
            ("fill", colour()),
            ("stamp", words(&["tick", "cross", "question", "circle", "read"])),
        ],
    )
}

/// What a request to correct a mark says.
pub(super) fn correcting() -> Value {
    asked([("mark", mark()), ("reason", reason())], [])
}

fn parts() -> Value {
    list(words(&PARTS))
}

fn form() -> Value {
    words(&["zip", "directory"])
}

/// What a request for a job says.
pub(super) fn beginning_a_job() -> Value {
    asked(
        [("exam", text())],
        [
            ("form", form()),
            ("school", maybe(text())),
            ("without", parts()),
            ("since", maybe(instant())),
            ("until", maybe(instant())),
        ],
    )
}

fn asked_of_a_job<const N: usize>(more: [(&str, Value); N]) -> Value {
    object(
        [
            ("exam", text()),
            ("form", form()),
            ("school", maybe(text())),
            ("since", maybe(instant())),
            ("until", maybe(instant())),
        ],
        more,
    )
}

fn job() -> Value {
    let refused = object([("candidate", text()), ("reason", text())], []);
    let failed = object([("candidate", text()), ("code", text()), ("detail", text())], []);
    let ending =
        object([("how", words(&["whole", "cancelled", "stopped"]))], [("code", text()), ("detail", text())]);
    let report = object(
        [
            ("made", count()),
            ("kept", count()),
            ("bytes", count()),
            ("refused", list(refused)),
            ("failed", list(failed)),
            ("ending", ending),
        ],
        [],
    );
    let mut schema = object(
        [
            ("id", id()),
            ("exam", text()),
            ("asked", named("JobAsked")),
            ("copies", count()),
            ("all_copies", count()),
            ("bytes", count()),
            ("all_bytes", count()),
            ("state", words(&["waiting", "planning", "writing", "done", "stopped", "failed"])),
        ],
        [("report", report), ("problem", named("Problem"))],
    );
    schema["description"] = json!("Asking for the same again goes on where it stopped.");
    schema
}
