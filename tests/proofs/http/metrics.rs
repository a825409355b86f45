//! `/metrics`: what a real parser reads there, for whom it is, and what is never in it.

use std::collections::BTreeMap;
use std::fs;

use copiste_tests::command::run;
use copiste_tests::http::Ask;
use copiste_tests::{needs, place};
use serde_json::Value;

use super::Served;
use super::roles::world::World;

/// Every sample as JSON: name, labels, value; what Prometheus would refuse ends the program.
const PARSER: &str = r#"
import json, sys
from prometheus_client.parser import text_string_to_metric_families
families = list(text_string_to_metric_families(open(sys.argv[1], encoding="utf-8").read()))
assert all(family.documentation and family.type != "unknown" for family in families), families
print(json.dumps([[s.name, s.labels, s.value] for family in families for s in family.samples]))
"#;

/// A scrape, as the parser reads it.
fn scraped(served: &Served, folder: &std::path::Path) -> Vec<(String, BTreeMap<String, String>, f64)> {
    let reply = served.send(&Ask::get("/metrics")).expect(200);
    assert_eq!(reply.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let path = folder.join("metrics.txt");
    fs::write(&path, &reply.body).expect("it can be kept");
    let read: Value = run(place::python_tool("python"), &[&"-c", &PARSER, &path]).expect(0).json();
    let samples = read.as_array().expect("samples").iter().map(|sample| {
        let labels = serde_json::from_value(sample[1].clone()).expect("labels");
        (sample[0].as_str().expect("a name").to_owned(), labels, sample[2].as_f64().expect("a number"))
    });
    samples.collect()
}

#[test]
fn what_happened_is_counted_by_route_and_outcome_and_names_nobody() {
    needs!(PythonTools);
    let world = World::new("144");
    let (served, folder) = (&world.served, world.academy.path(""));
    let (office, coordinator) = (&world.sessions["office"], &world.sessions["coordinator"]);
    let (one_off, common) = (&world.things["one-off"], &world.things["e3c"]);
    let number = &world.candidates[0][0];
    served.send(&Ask::get(&format!("/api/v1/exams/{one_off}/scripts?q={number}")).cookie(office)).expect(200);
    served.send(&Ask::get(&format!("/api/v1/exams/{number}")).cookie(office)).expect(404);
    served.send(&Ask::get(&format!("/nowhere/{number}")).cookie(office)).expect(404);
    served.send(&Ask::new("BREW", "/")).expect(501);
    let zip =
        served.send(&Ask::get(&format!("/api/v1/exams/{one_off}/scripts.zip")).cookie(office)).expect(200);
    let again = serde_json::json!({ "again": true });
    served
        .send(&Ask::new("POST", &format!("/api/v1/exams/{one_off}/closing")).signed(office).json(&again))
        .expect(202);
    let batches = serde_json::json!({ "batches": ["L002"], "validate": true });
    let validate = format!("/api/v1/exams/{common}/harmonisation");
    served.send(&Ask::new("POST", &validate).signed(coordinator).json(&batches)).expect(200);

    let samples = loop {
        let samples = scraped(served, &folder);
        let value =
            |name: &str| samples.iter().find(|sample| sample.0 == name).map_or(0.0, |sample| sample.2);
        // The transfer is counted once its last byte is out, and the store is measured beside.
        let known = samples.iter().any(|(name, ..)| name == "copiste_store_bytes");
        if known && value("copiste_downloads_total") > 0.0 && value("copiste_rendered_copies_total") > 0.0 {
            break samples;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    let of = |name: &str, labels: &[(&str, &str)]| {
        let fits = |sample: &&(String, BTreeMap<String, String>, f64)| {
            sample.0 == name
                && labels.iter().all(|(label, value)| sample.1.get(*label).map(String::as_str) == Some(value))
        };
        samples.iter().find(fits).map_or(0.0, |sample| sample.2)
    };
    let search = "/api/v1/exams/{exam}/scripts";
    assert!(of("copiste_requests_total", &[("route", search), ("method", "GET"), ("status", "200")]) >= 1.0);
    assert!(of("copiste_requests_total", &[("route", "none"), ("status", "404")]) >= 1.0);
    assert!(of("copiste_request_seconds_count", &[("route", search)]) >= 1.0);
    assert!(of("copiste_request_seconds_bucket", &[("route", search), ("le", "+Inf")]) >= 1.0);
    for act in ["close", "validate"] {
        assert_eq!(of("copiste_launches_total", &[("act", act)]), 1.0, "{act}");
        assert_eq!(of("copiste_launches_ended_total", &[("act", act), ("outcome", "done")]), 1.0, "{act}");
    }
    assert_eq!(of("copiste_exports_total", &[("target", "cyclades"), ("outcome", "accepted")]), 2.0);
    assert!(of("copiste_exports_total", &[("target", "imagin"), ("outcome", "accepted")]) >= 1.0);
    assert_eq!(of("copiste_downloads_total", &[("what", "zip"), ("outcome", "whole")]), 1.0);
    assert_eq!(of("copiste_download_bytes_total", &[("what", "zip")]), zip.body.len() as f64);
    assert_eq!(of("copiste_connections_refused_total", &[("reason", "HTT-013")]), 1.0);
    assert!(of("copiste_connections", &[]) >= 1.0, "the one that asks");
    assert!(of("copiste_sessions", &[]) >= 7.0);
    assert!(of("copiste_store_bytes", &[("part", "blobs")]) > 10_000.0);
    for name in ["copiste_jobs", "copiste_closings_under_way", "copiste_downloads_under_way"] {
        assert!(samples.iter().any(|sample| sample.0 == name), "{name}");
    }

    let text = fs::read_to_string(folder.join("metrics.txt")).expect("it was kept");
    for candidate in &world.candidates {
        assert!(!text.contains(&candidate[0]) && !text.contains(&candidate[1]), "{candidate:?} is in it");
    }
    let secrets = world.tokens.values().chain([one_off, common, &office.cookie, &office.csrf]);
    for secret in secrets.chain(&world.schools) {
        assert!(!text.contains(secret.as_str()), "{secret} is in it");
    }
}

#[test]
fn numbers_are_for_this_machine_itself_and_through_a_proxy_for_the_administrator() {
    let world = World::new("145");
    let token = |login: &'static str, scope: &'static str| world.tokens[&(login, scope)].clone();
    let numbers = || Ask::get("/metrics");
    for header in ["X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "Via", "X-Real-IP"] {
        let forwarded = numbers().with(header, "127.0.0.1");
        world.served.send(&forwarded).expect(401);
        world.served.send(&forwarded.clone().bearer(&token("office", "read"))).expect(403);
        world.served.send(&forwarded.clone().bearer(&token("administrator", "download"))).expect(403);
        world.served.send(&forwarded.clone().bearer(&token("administrator", "read"))).expect(200);
        world.served.send(&forwarded.cookie(&world.sessions["administrator"])).expect(200);
    }
    // Nobody says by himself that he comes directly.
    world.served.send(&numbers().with("Via", "1.1 proxy").with("X-Copiste-Direct", "yes")).expect(401);
    world.served.send(&numbers()).expect(200);
}
