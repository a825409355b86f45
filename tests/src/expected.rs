//! The rows that an exam must end with, computed from the lines of its bundle and nothing else.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::academy::lines;

/// Rows for Cyclades of a one-off exam with the settings of a fresh one, in the order of their keys.
///
/// # Panics
/// When the bundle cannot be read.
pub fn marks(bundle: &Path) -> Vec<Value> {
    let scripts = lines(bundle, "scripts.jsonl");
    let script_of: BTreeMap<&str, &Value> =
        scripts.iter().map(|script| (text(&script["candidate"]), script)).collect();
    let mut rows = BTreeMap::new();
    for candidate in lines(bundle, "candidates.jsonl") {
        let number = text(&candidate["number"]).to_owned();
        let script = script_of.get(number.as_str());
        // The harmonised mark where there is one, else the marker's.
        let total = script
            .and_then(|script| decimal(&script["harmonised"]).or_else(|| decimal(&script["mark"]["total"])));
        let mut row = json!({ "candidate_number": number });
        match (text(&candidate["attendance"]), total) {
            ("absent" | "absent_justified", _) => continue,
            ("exempt", _) => row["outcome"] = json!("exempt"),
            (_, Some(mark)) => {
                row["outcome"] = json!("mark");
                row["mark"] = json!(mark);
            }
            (_, None) => row["outcome"] = json!("missing"),
        }
        let appreciation =
            script.and_then(|script| script["appreciation"].as_str()).filter(|text| !text.is_empty());
        if let ("present", Some(appreciation)) = (text(&candidate["attendance"]), appreciation) {
            row["appreciation"] = json!(appreciation);
        }
        rows.insert(number, row);
    }
    rows.into_values().collect()
}

/// Rows for IMAG'IN of a one-off exam whose batches are locked, in the order of their keys.
///
/// # Panics
/// When the bundle cannot be read.
pub fn services(bundle: &Path) -> Vec<Value> {
    let (batches, scripts) = (lines(bundle, "batches.jsonl"), lines(bundle, "scripts.jsonl"));
    let mut rows = BTreeMap::new();
    for marker in lines(bundle, "markers.jsonl") {
        let his: Vec<&str> = batches
            .iter()
            .filter(|batch| batch["marker"] == marker["id"])
            .map(|batch| text(&batch["id"]))
            .collect();
        let marked = scripts
            .iter()
            .filter(|script| script["batch"].as_str().is_some_and(|batch| his.contains(&batch)))
            .filter(|script| decimal(&script["mark"]["total"]).is_some())
            .count();
        let (staff, mission) = (text(&marker["staff_id"]), text(&marker["mission_id"]));
        let row = json!({"staff_id": staff, "mission_id": mission, "service_done": marked > 0,
            "scripts_marked": marked, "batches_marked": his.len()});
        rows.insert(format!("{staff}/{mission}"), row);
    }
    rows.into_values().collect()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// A decimal of a bundle, a text or a number, with two decimals; none when there is none.
fn decimal(value: &Value) -> Option<String> {
    let spelt = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        number => number.to_string(),
    };
    let (whole, part) = spelt.split_once('.').unwrap_or((&spelt, ""));
    Some(format!("{whole}.{part:0<2}"))
}
