//! The description of the API (OpenAPI 3.1), made from the table of what programs ask for: it cannot forget one.

use serde_json::{Map, Value, json};

use super::app::App;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::routes::Found;
use crate::http::table::{PROGRAMS, Route, Whom};

/// `GET /api/v1/openapi.json`.
pub(crate) fn show(_: &App, _: &Call, _: &Found) -> Result<Answer, Problem> {
    Ok(Answer::json(200, &description()))
}

pub(crate) fn description() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in PROGRAMS {
        let operations = paths.entry(route.path).or_insert_with(|| json!({}));
        operations[route.method.to_ascii_lowercase()] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "copiste",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Closing dematerialised exams and giving every annotated copy back.",
            "license": { "name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later" },
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "session": { "type": "apiKey", "in": "cookie", "name": "copiste_session" },
                "token": { "type": "http", "scheme": "bearer" },
            },
            "schemas": { "Problem": problem() },
        },
    })
}

fn operation(route: &Route) -> Value {
    let named = route.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.split_once('}'));
    let parts = named.map(
        |(name, _)| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }),
    );
    let query = route.query.iter().map(
        |name| json!({ "name": name, "in": "query", "required": false, "schema": { "type": "string" } }),
    );
    let problem = json!({
        "description": "What is wrong, with its code",
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
    });
    let mut operation = json!({
        "summary": route.summary,
        "description": for_whom(route.whom),
        "parameters": parts.chain(query).collect::<Vec<_>>(),
        "responses": { "default": problem, "200": { "description": "Done" } },
    });
    if !route.whom.is_empty() {
        operation["security"] = json!([{ "session": [] }, { "token": [] }]);
    }
    operation
}

fn for_whom(whom: &[Whom]) -> String {
    if whom.is_empty() {
        return "For everyone, without signing in.".to_owned();
    }
    let names = whom.iter().map(|whom| match whom {
        Whom::Office => "the exam office manager",
        Whom::Coordinator => "the academic coordinator",
        Whom::School => "schools",
        Whom::Administrator => "the administrator",
    });
    format!("For {}.", names.collect::<Vec<_>>().join(", "))
}

fn problem() -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "code": { "type": "string", "pattern": "^[A-Z]{3}-[0-9]{3}$" },
            "detail": { "type": "string" },
        },
    })
}
