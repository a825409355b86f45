//! Whoever has signed in, and problems.

use serde_json::{Value, json};

use super::words::{asked, flag, id, like, maybe, object, text, words};

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("Session", session()),
        ("Ready", object([("ready", json!({ "const": true })), ("exams", super::words::count())], [])),
        ("Problem", problem()),
    ]
}

/// What a request to sign in says.
pub(super) fn signing_in() -> Value {
    asked([("login", text()), ("password", text())], [])
}

/// What a request to change one's password says.
pub(super) fn changing_a_password() -> Value {
    asked([("old", text()), ("new", json!({ "type": "string", "minLength": 12, "maxLength": 1_024 }))], [])
}

fn session() -> Value {
    let roles = ["exam_office_manager", "academic_coordinator", "school", "administrator"];
    object(
        [
            ("account", id()),
            ("login", text()),
            ("name", text()),
            ("role", words(&roles)),
            ("scope", maybe(text())),
            ("must_change_password", flag()),
            ("csrf", maybe(text())),
        ],
        [],
    )
}

fn problem() -> Value {
    object(
        [
            ("type", text()),
            ("title", text()),
            ("status", super::words::between(400, 599)),
            ("code", like("^[A-Z]{3}-[0-9]{3}$")),
            ("detail", text()),
        ],
        [
            ("unmet", json!({ "type": "object", "description": "The processes that are not finished" })),
            ("quality", super::words::named("Quality")),
        ],
    )
}
