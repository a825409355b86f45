//! Answers that are lost, commits that come late, two people at once.

use std::process::Child;

use copiste_tests::command::start_copiste;
use copiste_tests::place;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::Closing;

#[test]
fn a_commit_whose_answer_is_lost_followed_by_publication_ends_as_done() {
    let mut closing = Closing::of("60", "43", &["lost-answer@cyclades/commit:1000"]);
    closing.patience = ("2", "1");
    let first = closing.copiste("close", &[&"--json"]).expect(1).json();
    assert_eq!(first["closing"]["done"], false, "nobody knows yet");
    assert_eq!(first["closing"]["cyclades"]["state"], "being_settled");
    closing.stand_ins.publish(&closing.academy.exam());
    closing.stand_ins.clear_faults();
    let second = closing.copiste("close", &[&"--json"]).expect(0).json();
    assert_eq!(second["closing"]["done"], true);
    assert_eq!(second["closing"]["cyclades"]["state"], "accepted");
    assert_eq!(second["closing"]["published_at"], "2020-07-05T08:00:00Z");
    closing.ledgers_equal_the_records();
    let third = closing.copiste("close", &[&"--again"]).expect(1);
    assert!(third.err.contains("CLO-014"), "{}", third.err);
}

#[test]
fn a_commit_delayed_past_a_newer_export_changes_nothing() {
    let closing = Closing::of("60", "44", &["400@cyclades/commit:1"]);
    let exam = closing.academy.exam();
    let first = closing.copiste("close", &[&"--json"]).expect(1).json();
    assert_eq!(first["closing"]["cyclades"]["state"], "failed");
    // The commit of export 1 as it would arrive when the network held it back.
    let chunk = closing.academy.path(&format!("stand-ins/cyclades-open/{exam}.exam/1/1.json"));
    let chunk = std::fs::read(chunk).expect("the chunk is held");
    let rows: serde_json::Value = serde_json::from_slice(&chunk).expect("it is JSON");
    let rows = rows["rows"].as_array().expect("rows").len();
    let digest: String = Sha256::digest(&chunk).iter().map(|byte| format!("{byte:02x}")).collect();
    let late = json!({"chunks": 1, "rows": rows, "sha256": digest, "scope": "exam"}).to_string();

    // Meanwhile a mark that was in export 1 is another, and export 2 is accepted.
    let number = closing.stand_ins_number();
    closing.copiste("mark", &[&"--candidate", &number, &"3", &"--reason", &"erreur"]).expect(0);
    closing.copiste("close", &[]).expect(0);
    let held = closing.stand_ins.rows("cyclades", &exam);
    assert!(held.iter().any(|row| row["candidate_number"] == json!(number) && row["mark"] == "3.00"));

    let (status, _) =
        closing.stand_ins.ask("POST", &format!("/cyclades/exams/{exam}/exports/1/commit"), &late);
    assert_eq!(status, 409, "it comes too late");
    assert_eq!(closing.stand_ins.rows("cyclades", &exam), held);
    closing.copiste("close", &[]).expect(0);
    assert_eq!(closing.status()["closing"]["cyclades"]["export"], 2);
}

#[test]
fn a_commit_that_arrives_after_its_time_out_counts_once() {
    let closing = Closing::of("60", "45", &["late-commit@cyclades:2"]);
    closing.copiste("close", &[]).expect(0);
    closing.stand_ins.ask("POST", "/stand-in/late", "");
    closing.ledgers_equal_the_records();
    let number = closing.stand_ins_number();
    closing.copiste("mark", &[&"--candidate", &number, &"3", &"--reason", &"erreur"]).expect(0);
    closing.copiste("close", &[&"--again"]).expect(0);
    let held = closing.stand_ins.rows("cyclades", &closing.academy.exam());
    closing.stand_ins.ask("POST", "/stand-in/late", "");
    assert_eq!(closing.stand_ins.rows("cyclades", &closing.academy.exam()), held);
    assert!(held.iter().any(|row| row["candidate_number"] == json!(number) && row["mark"] == "3.00"));
}

/// Killed with the value.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn two_people_closing_at_once_get_one_closing_and_one_clear_answer() {
    // The first one waits for an answer that comes after its time-out, and then goes on.
    let mut closing = Closing::of("60", "46", &["hang@cyclades/commit:1"]);
    closing.patience = ("3", "60");
    let data = closing.academy.data();
    let mut server = std::process::Command::new(place::binary("copiste"));
    server.args(["serve", "--data"]).arg(&data).envs(closing.environment());
    let log = std::fs::File::create(closing.academy.path("server.log")).expect("a log");
    server.stdout(log.try_clone().expect("a log")).stderr(log);
    let _server = Served(server.spawn().expect("copiste starts"));
    while !data.join("control.sock").exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let (exam, said) = (closing.academy.exam(), closing.academy.path("first.log"));
    let mut first = start_copiste(&[&"close", &"--data", &data, &exam], &said);
    while closing.stand_ins.requests("cyclades", "commit") == 0 {
        assert!(first.try_wait().expect("it can be asked").is_none(), "it is over already");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let second = closing.copiste("close", &[]).expect(1);
    assert!(second.err.contains("CLO-013"), "{}", second.said());
    let code = first.wait().expect("a child ends").code();
    assert_eq!(code, Some(0), "{}", std::fs::read_to_string(&said).unwrap_or_default());
    closing.ledgers_equal_the_records();
    assert_eq!(closing.status()["closing"]["cyclades"]["export"], 1, "there was one closing");
    assert_eq!(closing.stand_ins.requests("cyclades", "chunk"), 1);
}

impl Closing {
    /// The number of somebody whose mark is not 3.
    fn stand_ins_number(&self) -> String {
        let rows = copiste_tests::expected::marks(&self.academy.bundle());
        let row = rows.iter().find(|row| row["outcome"] == "mark" && row["mark"] != "3.00");
        row.and_then(|row| row["candidate_number"].as_str()).expect("somebody has a mark").to_owned()
    }
}
