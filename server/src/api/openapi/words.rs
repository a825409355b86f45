//! The words that schemas are written in (JSON Schema 2020-12, the dialect of OpenAPI 3.1).

use serde_json::{Map, Value, json};

/// An exam's identifier.
pub(super) const EXAM: &str = "^[A-Za-z0-9._-]{1,64}$";

/// An id of a script, a job or an account.
pub(super) const ID: &str = "^[0-9a-f]{32}$";

/// A mark as people write it.
const MARK: &str = "^-?[0-9]{1,6}([.,][0-9]{1,2})?$";

/// A reason: something in it, and no control characters but line feeds between its first and last letter.
const REASON: &str =
    r"^\s*[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x09\x0b-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?\s*$";

/// A moment in UTC, to the second; only days that there are.
const INSTANT: &str = concat!(
    "^([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))",
    "|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)",
    "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$"
);

/// What may be left out of a copy.
pub(super) const PARTS: [&str; 3] = ["annotations", "appreciation", "marking"];

pub(super) fn text() -> Value {
    json!({ "type": "string" })
}

pub(super) fn like(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

pub(super) fn words(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

pub(super) fn flag() -> Value {
    json!({ "type": "boolean" })
}

/// A whole number from `least` on.
pub(super) fn count_from(least: u32) -> Value {
    json!({ "type": "integer", "minimum": least })
}

pub(super) fn count() -> Value {
    count_from(0)
}

/// A whole number from `least` to `most`.
pub(super) fn between(least: u32, most: u32) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most })
}

pub(super) fn number() -> Value {
    json!({ "type": "number", "minimum": 0 })
}

/// A final mark or what one earned: `12.50`.
pub(super) fn decimal() -> Value {
    like(r"^-?[0-9]{1,6}\.[0-9]{2}$")
}

pub(super) fn id() -> Value {
    like(ID)
}

/// A mark as it is given by somebody.
pub(super) fn mark() -> Value {
    like(MARK)
}

pub(super) fn reason() -> Value {
    json!({ "type": "string", "pattern": REASON, "maxLength": 2_000 })
}

pub(super) fn instant() -> Value {
    like(INSTANT)
}

pub(super) fn day() -> Value {
    like("^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
}

pub(super) fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

/// That, or nothing.
pub(super) fn maybe(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

pub(super) fn either(schemas: &[Value]) -> Value {
    json!({ "anyOf": schemas })
}

/// One of the schemas that have a name.
pub(super) fn named(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// An object of an answer: these fields always, those sometimes. Later versions may have more.
pub(super) fn object<const R: usize, const O: usize>(
    always: [(&str, Value); R],
    sometimes: [(&str, Value); O],
) -> Value {
    let required: Vec<String> = always.iter().map(|(name, _)| (*name).to_owned()).collect();
    let fields: Map<String, Value> =
        always.into_iter().chain(sometimes).map(|(name, schema)| (name.to_owned(), schema)).collect();
    json!({ "type": "object", "required": required, "properties": fields })
}

/// An object of a request: it has no other fields.
pub(super) fn asked<const R: usize, const O: usize>(
    always: [(&str, Value); R],
    sometimes: [(&str, Value); O],
) -> Value {
    let mut schema = object(always, sometimes);
    schema["additionalProperties"] = json!(false);
    schema
}
