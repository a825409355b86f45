//! Schemathesis, which is not ours, makes up requests from the description of the API, good ones and bad ones, and
//! holds the answers against it: in every role, on exams that are closed or partly transmitted.

use std::fs;

use copiste_tests::command::{resident_memory, run};
use copiste_tests::http::Ask;
use copiste_tests::{needs, place, size};

use super::roles::world::World;
use super::token;

/// What is right here and looks wrong to a program that knows nothing of exams.
const RULES: &str = r#"
# A candidate to go on after must be one that the search finds.
[[operations]]
include-operation-id = "get_exams_exam_scripts"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "403", "404", "5xx"]

# Bytes past the end; an E3C's copies leave nothing out; a page that there is not, or too long for its width.
[[operations]]
include-operation-id = [
    "get_exams_exam_scripts_zip", "get_scripts_script_pdf", "get_scripts_script_pages_page", "post_jobs",
]
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "304", "401", "403", "404", "409", "416", "422", "5xx"]
"#;

/// The configuration for one role: its token, and ids that are there, so that some requests reach what is behind.
fn configuration(world: &World, token: &str) -> String {
    let things =
        |names: &[&str]| -> Vec<String> { names.iter().map(|name| world.things[name].clone()).collect() };
    let (exams, jobs) = (things(&["one-off", "e3c"]), things(&["office's"]));
    let scripts = things(&["one-off's", "school's", "other's", "untransmitted"]);
    format!(
        "[dictionaries]\nexams.values = {exams:?}\nscripts.values = {scripts:?}\njobs.values = {jobs:?}\n\
         schools.values = {:?}\n\n[parameters]\n\
         \"path.exam\" = {{ dictionary = \"exams\", probability = 0.8 }}\n\
         \"path.script\" = {{ dictionary = \"scripts\", probability = 0.8 }}\n\
         \"path.job\" = {{ dictionary = \"jobs\", probability = 0.5 }}\n\
         \"query.school\" = {{ dictionary = \"schools\", probability = 0.5 }}\n\n\
         [auth.openapi.token]\nbearer = \"{token}\"\n{RULES}",
        world.schools
    )
}

#[test]
fn made_up_requests_are_answered_as_described_in_every_role_and_memory_stays_flat() {
    needs!(PythonTools);
    let world = World::new("149");
    let url = format!("http://{}/api/v1/openapi.json", world.served.authority);
    let report = place::leavings("schemathesis");
    let mut before = None;
    for login in ["office", "coordinator", "school", "administrator"] {
        let scopes = if login == "administrator" { "read" } else { "read,download,act" };
        let path = world.academy.path("schemathesis.toml");
        fs::write(&path, configuration(&world, &token(&world.academy, login, scopes)))
            .expect("it can be written");
        let (examples, seconds) = (size::pick("2", "200"), size::pick("20", "150"));
        let mut arguments: Vec<&dyn AsRef<std::ffi::OsStr>> = vec![
            &"--config-file",
            &path,
            &"--no-color",
            &"run",
            &url,
            &"--checks",
            &"all",
            &"--max-examples",
            &examples,
            &"--seed",
            &"149",
            &"--generation-deterministic",
            &"--continue-on-failure",
            // Threads of CPython before 3.12 disturb each other when it parses its own sources, as Hypothesis does.
            &"--workers",
            &"1",
            // What is deleted by its id is a job, and that ends it: what is known of it is kept.
            &"--exclude-checks",
            &"use_after_free",
        ];
        if size::full() {
            arguments.extend([&"--max-time" as &dyn AsRef<std::ffi::OsStr>, &seconds]);
        }
        let outcome = run(place::python_tool("st"), &arguments);
        fs::write(report.join(format!("{login}.txt")), outcome.said()).expect("it can be kept");
        assert_eq!(outcome.code, Some(0), "as {login}: {}", outcome.said());
        world.served.send(&Ask::get("/healthz")).expect(200);
        before.get_or_insert_with(|| resident_memory(&world.served.child));
    }
    // After the first role, caches and threads are there. What is made up later is at most some ten thousand
    // requests and a thousand jobs that are remembered: 96 MiB are what jemalloc keeps for its arenas, twice.
    let (before, after) = (before.expect("four roles"), resident_memory(&world.served.child));
    assert!(after < before + (96 << 20), "{before} bytes after the first role, {after} after the last");
    let log = world.served.log();
    for fault in ["HTT-023", "HTT-121", "panicked"] {
        assert!(
            !log.contains(fault),
            "{fault}: {}",
            log.lines().rfind(|line| line.contains(fault)).unwrap_or_default()
        );
    }
}
