//! The description of the API (OpenAPI 3.1), made from the table of what programs ask for: it cannot forget one.
//!
//! [`described`] says of each route what it takes and answers; the other rooms hold the schemas, by what they are
//! about. A proof asks every route and compares its answers with this.

mod closing;
mod copies;
mod described;
mod exams;
mod people;
mod words;

use serde_json::{Map, Value, json};

use self::described::{Answered, Described, described, parameter, part};
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

fn description() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in PROGRAMS {
        let operations = paths.entry(route.path).or_insert_with(|| json!({}));
        operations[route.method.to_ascii_lowercase()] = operation(route);
    }
    let rooms = [people::schemas(), exams::schemas(), closing::schemas(), copies::schemas()];
    let schemas: Map<String, Value> =
        rooms.into_iter().flatten().map(|(name, schema)| (name.to_owned(), schema)).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "copiste",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Closing dematerialised exams and giving every annotated copy back. HEAD is answered \
                            wherever GET is. A session's changes carry its token as X-CSRF-Token. Any request may be \
                            refused with 400, 408, 411, 413, 414, 417 or 431 before it is looked at.",
            "license": { "name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later" },
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "session": { "type": "apiKey", "in": "cookie", "name": "copiste_session" },
                "token": { "type": "http", "scheme": "bearer" },
            },
            "schemas": schemas,
            "responses": {
                "Problem": {
                    "description": "What is wrong, with its code",
                    "content": { "application/problem+json": { "schema": words::named("Problem") } },
                },
            },
        },
    })
}

fn operation(route: &Route) -> Value {
    let described = described(route.method, route.path).unwrap_or_default();
    let mut operation = json!({
        "summary": route.summary,
        "description": for_whom(route.whom),
        "operationId": operation_id(route),
        "parameters": parameters(route, described.ranged),
        "responses": responses(route, &described),
    });
    if let Some(schema) = described.takes {
        let content = json!({ "application/json": { "schema": schema } });
        operation["requestBody"] = json!({ "required": !described.optional, "content": content });
    }
    if !route.whom.is_empty() {
        operation["security"] = json!([{ "session": [] }, { "token": [] }]);
    }
    operation
}

/// `get_exams_exam_closing`.
fn operation_id(route: &Route) -> String {
    let path = route.path.trim_start_matches("/api/v1").replace(['{', '}'], "").replace(['/', '.', '-'], "_");
    format!("{}{path}", route.method.to_ascii_lowercase())
}

fn parameters(route: &Route, ranged: bool) -> Vec<Value> {
    let parts = parts(route)
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": part(name) }));
    let query = route
        .query
        .iter()
        .map(|name| json!({ "name": name, "in": "query", "required": false, "schema": parameter(name) }));
    let conditions: &[&str] = if ranged { &["Range", "If-Range", "If-None-Match"] } else { &[] };
    let headers = conditions
        .iter()
        .map(|name| json!({ "name": name, "in": "header", "required": false, "schema": words::text() }));
    parts.chain(query).chain(headers).collect()
}

/// The named parts of a route's path.
fn parts(route: &Route) -> impl Iterator<Item = &'static str> {
    let path: &'static str = route.path;
    path.split('/').filter_map(|segment| Some(segment.strip_prefix('{')?.split_once('}')?.0))
}

fn responses(route: &Route, described: &Described) -> Map<String, Value> {
    let mut responses = Map::new();
    // What any route may answer: to a query that it does not know, before anybody is known, in trouble.
    let mut problems = vec![400];
    if !route.whom.is_empty() {
        problems.extend([401, 403]);
    }
    if parts(route).next().is_some() {
        problems.push(404);
    }
    if described.takes.is_some() {
        problems.extend([413, 415, 422]);
    }
    problems.extend(&described.problems);
    for status in problems.into_iter().map(|status: u16| status.to_string()).chain(["5XX".to_owned()]) {
        responses.insert(status, json!({ "$ref": "#/components/responses/Problem" }));
    }
    for Answered { status, what, content, headers } in &described.answers {
        let mut answer = json!({ "description": what });
        for (kind, schema) in content {
            answer["content"][*kind] = json!({ "schema": schema });
        }
        for name in *headers {
            answer["headers"][*name] = json!({ "required": true, "schema": words::text() });
        }
        responses.insert(status.to_string(), answer);
    }
    responses
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_route_is_described_with_an_answer_and_no_operation_has_anothers_name() {
        let mut names = BTreeSet::new();
        for route in PROGRAMS {
            let described = described(route.method, route.path);
            assert!(described.is_some_and(|it| !it.answers.is_empty()), "{} {}", route.method, route.path);
            assert!(names.insert(operation_id(route)), "{} {}", route.method, route.path);
        }
    }

    #[test]
    fn every_schema_that_is_referred_to_is_there() {
        let description = description();
        let text = description.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1) {
            let pointer = reference.split('"').next().unwrap_or_default();
            assert!(description.pointer(pointer).is_some(), "{pointer}");
        }
    }
}
