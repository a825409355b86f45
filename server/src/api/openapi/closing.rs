//! The closing, its exports, the harmonisation.

use serde_json::{Value, json};

use super::words::{
    asked, between, count, either, flag, instant, like, list, mark, maybe, named, object, reason, text, words,
};

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("Closing", object([("closing", named("ClosingState")), ("exports", list(named("Export")))], [])),
        ("ClosingState", state()),
        ("Export", export()),
        ("SentExport", sent()),
        ("RejectedRow", object([("key", text()), ("code", text()), ("reason", text())], [])),
        ("UnderWay", object([("under_way", json!({ "const": true }))], [])),
        ("Launched", report([])),
        ("Validated", report([("validated", list(text())), ("left", list(text()))])),
        (
            "Harmonised",
            object(
                [("journal_lines", list(maybe(count())))],
                [("validation", named("Validated")), ("under_way", json!({ "const": true }))],
            ),
        ),
        ("DryRun", dry_run()),
    ]
}

/// What a request to launch says.
pub(super) fn launching() -> Value {
    asked([], [("again", flag()), ("dry_run", flag())])
}

/// What a request to harmonise says: adjustments come with their reason.
pub(super) fn harmonising() -> Value {
    let nothing = || json!({ "type": "null" });
    let adjustment = either(&[
        asked([("batch", text()), ("by", mark())], [("candidate", nothing()), ("mark", nothing())]),
        asked([("batch", text()), ("candidate", text()), ("mark", mark())], [("by", nothing())]),
    ]);
    let (mut none, mut some) = (list(json!({})), list(adjustment));
    none["maxItems"] = json!(0);
    some["minItems"] = json!(1);
    let batches = || list(text());
    either(&[
        asked(
            [],
            [("batches", batches()), ("adjust", none), ("reason", maybe(text())), ("validate", flag())],
        ),
        asked([("adjust", some), ("reason", reason())], [("batches", batches()), ("validate", flag())]),
    ])
}

fn target() -> Value {
    words(&["cyclades", "imagin"])
}

fn standing() -> Value {
    words(&["accepted", "partly_accepted", "failed", "being_settled"])
}

fn state() -> Value {
    let state = words(&["not_sent", "being_settled", "failed", "partly_accepted", "accepted"]);
    let target = object(
        [
            ("state", state),
            ("export", count()),
            ("rows", count()),
            ("rejected", count()),
            ("attempts", count()),
            ("fault", maybe(text())),
        ],
        [],
    );
    object(
        [
            ("done", flag()),
            ("done_at", maybe(instant())),
            ("published_at", maybe(instant())),
            ("published_by_hand", flag()),
            ("cyclades", target.clone()),
            ("imagin", target),
        ],
        [],
    )
}

/// An export as the closing shows it, with all its attempts.
fn export() -> Value {
    let attempt = object(
        [
            ("at", instant()),
            ("journal_line", count()),
            ("by", text()),
            ("requests", count()),
            ("took_ms", count()),
            ("outcome", words(&["committed", "failed", "unknown"])),
            ("fault", maybe(text())),
            ("accepted", maybe(count())),
            ("rejected", maybe(count())),
        ],
        [],
    );
    object(
        [
            ("target", target()),
            ("export", count()),
            ("prepared_at", instant()),
            ("journal_line", count()),
            ("by", text()),
            ("rows", count()),
            ("sha256", like("^[0-9a-f]{64}$")),
            ("standing", standing()),
            ("earlier_attempts", count()),
            ("attempts", list(attempt)),
            ("rejected", list(named("RejectedRow"))),
        ],
        [],
    )
}

/// An export as the launch that sent it tells it.
fn sent() -> Value {
    object(
        [
            ("target", target()),
            ("export", count()),
            ("rows", count()),
            ("accepted", count()),
            ("standing", standing()),
            ("rejected", list(named("RejectedRow"))),
            ("fault", maybe(text())),
            ("requests", count()),
            ("took_ms", count()),
        ],
        [],
    )
}

fn report<const N: usize>(more: [(&str, Value); N]) -> Value {
    let mut schema = object(
        [
            ("exam", text()),
            ("exports", list(named("SentExport"))),
            ("quality", maybe(named("Quality"))),
            ("closing", named("ClosingState")),
        ],
        [],
    );
    for (name, of) in more {
        if let Some(required) = schema["required"].as_array_mut() {
            required.push(json!(name));
        }
        schema["properties"][name] = of;
    }
    schema
}

fn dry_run() -> Value {
    let mark = object(
        [("candidate_number", text()), ("outcome", text())],
        [("mark", super::words::decimal()), ("appreciation", text())],
    );
    let service = object(
        [
            ("staff_id", text()),
            ("mission_id", text()),
            ("service_done", flag()),
            ("scripts_marked", count()),
            ("batches_marked", count()),
        ],
        [],
    );
    let cyclades = object(
        [
            ("rows", count()),
            ("first", list(mark)),
            ("outcomes", json!({ "type": "object", "additionalProperties": between(0, u32::MAX) })),
        ],
        [],
    );
    let reached = object([("target", target()), ("place", text()), ("fault", maybe(text()))], []);
    object(
        [
            ("exam", text()),
            ("launch", text()),
            ("unmet", list(named("Process"))),
            ("missing_marks", maybe(named("Need"))),
            ("cyclades", cyclades),
            ("imagin", object([("rows", count()), ("first", list(service))], [])),
            ("quality", named("Quality")),
            ("quality_blocks", flag()),
            ("reached", list(reached)),
        ],
        [],
    )
}
