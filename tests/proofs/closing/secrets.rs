//! Nothing in a log that must not be.

use std::fs;

use copiste_tests::academy::Academy;
use copiste_tests::bundle::{Bundle, number};
use copiste_tests::stand_ins::{StandIns, TOKEN, copiste};
use serde_json::json;

const LAST: &str = "QUETZALCOATLUS";
const FIRST: &str = "Yggdrasilline";
const MARKER: &str = "Xochimilcotte";
const TYPED: &str = "Remarque confidentielle";
const REASON: &str = "Plainte de la famille";

#[test]
fn no_name_token_or_password_is_in_any_log_at_any_level_nor_in_the_journal() {
    let academy = Academy::empty();
    let mut bundle = Bundle::small(3);
    for candidate in &mut bundle.candidates {
        candidate["last_name"] = json!(LAST);
        candidate["first_name"] = json!(FIRST);
    }
    bundle.markers[0]["name"] = json!(MARKER);
    for script in &mut bundle.scripts {
        script["appreciation"] = json!(TYPED);
    }
    bundle.write(&academy.bundle());
    let faults = ["lost-answer@cyclades/chunk", "rubbish@imagin", "reject-rows=1", "503@cyclades/commit"];
    let stand_ins = StandIns::start(&academy.path("stand-ins"), "49", &faults);
    let (data, exam, of) = (academy.data(), academy.exam(), number(1));
    let mut said = String::new();
    for level in ["trace", "debug", "info", "warn", "error"] {
        for format in ["text", "json"] {
            let mut environment = stand_ins.environment("2", "20");
            environment.push(("COPISTE_LOG_LEVEL", level.into()));
            environment.push(("COPISTE_LOG_FORMAT", format.into()));
            environment.push(("RUST_LOG", level.into()));
            let at = |name: &str, arguments: &[&dyn AsRef<std::ffi::OsStr>]| {
                copiste(&environment, &data, name, arguments).said()
            };
            said += &at("import", &[&academy.bundle()]);
            said += &at("close", &[&exam, &"--dry-run"]);
            said += &at("close", &[&exam, &"--again"]);
            stand_ins.fault("401@cyclades/publication");
            said += &at("close", &[&exam, &"--again", &"--json"]);
            stand_ins.fault("400@cyclades/commit");
            said += &at("close", &[&exam, &"--again"]);
            let mark = if format == "text" { "11.5" } else { "12" };
            said += &at("mark", &[&exam, &"--candidate", &of, &mark, &"--reason", &REASON]);
            said += &at("status", &[&exam]);
            said += &at("config", &[]);
        }
    }
    assert!(said.contains("TRACE") || said.contains("DEBUG"), "nothing was logged: {said}");
    said += &fs::read_to_string(data.join("journal.jsonl")).expect("a journal");
    for secret in [LAST, FIRST, MARKER, TYPED, REASON, TOKEN] {
        let at = said.find(secret);
        let around = at.map(|at| said[..at].lines().last().unwrap_or_default());
        assert!(at.is_none(), "`{secret}` after {around:?}");
    }
}
