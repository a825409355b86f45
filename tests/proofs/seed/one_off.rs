//! *Closing a one-off exam* [seed], but for its table.

use copiste_tests::academy::lines;
use serde_json::{Value, json};

use super::{academy, dropped, on_exam, status};

#[test]
fn only_the_exam_office_manager_closes_and_only_when_every_other_process_of_the_exam_is_finished() {
    let academy = academy("one_off", "71", &[&"--unfinished"]);
    for role in ["coordinator", "school:9740001H"] {
        let refused = on_exam(&academy, "close", &[&"--as", &role]).expect(1);
        assert!(refused.err.contains("ROL-001"), "{}", refused.err);
    }
    let refused = on_exam(&academy, "close", &[]).expect(1);
    assert!(refused.err.contains("CLO-012"), "{}", refused.err);
    for unfinished in ["scanning is not finished", "distribution is not finished", "marking is not finished"]
    {
        assert!(refused.err.contains(unfinished), "{}", refused.err);
    }
    assert!(!academy.path("drop/cyclades").exists(), "nothing was sent");
    // Each of the three holds it back alone.
    let mut scripts = lines(&academy.bundle(), "scripts.jsonl");
    let mut numbers = Vec::new();
    for script in scripts.iter_mut().filter(|script| script.get("batch").is_none()) {
        script["batch"] = json!("L001");
        numbers.push(script["candidate"].as_str().expect("a number").to_owned());
    }
    copiste_tests::academy::write_lines(&academy.bundle(), "scripts.jsonl", &scripts);
    academy.copiste("import", &[&academy.bundle()]).expect(0);
    let refused = on_exam(&academy, "close", &[]).expect(1);
    assert!(!refused.err.contains("distribution") && refused.err.contains("scanning"), "{}", refused.err);
    on_exam(&academy, "accept", &[&"--all-damaged", &"--reason", &"déchirée"]).expect(0);
    let refused = on_exam(&academy, "close", &[]).expect(1);
    assert!(!refused.err.contains("scanning") && refused.err.contains("marking"), "{}", refused.err);
    for batch in open_batches(&academy) {
        on_exam(&academy, "lock", &[&"--batch", &batch]).expect(0);
    }
    for number in numbers {
        on_exam(&academy, "mark", &[&"--candidate", &number, &"10", &"--reason", &"oubli"]).expect(0);
    }
    on_exam(&academy, "close", &[]).expect(0);
    assert_eq!(status(&academy)["closing"]["done"], true);
}

fn open_batches(academy: &copiste_tests::academy::Academy) -> Vec<String> {
    let first = status(academy)["open_batches"]["first"].clone();
    first.as_array().into_iter().flatten().map(|batch| batch.as_str().expect("an id").to_owned()).collect()
}

#[test]
fn it_says_for_each_process_what_finished_means_and_what_is_still_missing_how_many_which_ones() {
    let academy = academy("one_off", "72", &[&"--unfinished"]);
    let status = status(&academy);
    let processes = status["processes"].as_array().expect("processes");
    let names: Vec<&str> = processes.iter().filter_map(|one| one["process"].as_str()).collect();
    assert_eq!(names, ["scanning", "distribution", "marking", "harmonisation", "closing"]);
    for process in processes {
        assert!(process["end_condition"].as_str().is_some_and(|text| text.len() > 10), "{process}");
        if process["state"] == "unfinished" && process["process"] != "closing" {
            let missing = process["missing"].as_array().expect("needs");
            assert!(!missing.is_empty(), "{process}");
            for need in missing {
                assert!(need["count"].as_u64() > Some(0), "{need}");
                assert!(need["first"].as_array().is_some_and(|first| !first.is_empty()), "{need}");
            }
        }
    }
    let said = academy.copiste("status", &[]).expect(0).out;
    let batch = &open_batches(&academy)[0];
    assert!(said.contains(&format!("batches not locked: 1 (batch {batch})")), "{said}");
}

#[test]
fn indicators_always_shown_are_closing_state_number_of_candidates_number_of_markers_computed_mean_mark() {
    let academy = academy("one_off", "73", &[]);
    for done in [false, true] {
        let said = academy.copiste("status", &[]).expect(0).out;
        let status = status(&academy);
        let (candidates, markers) = (&status["counts"]["candidates"], &status["counts"]["markers"]);
        assert!(said.contains(&format!("{candidates} candidates")), "{said}");
        assert!(said.contains(&format!("{markers} markers")), "{said}");
        let mean = status["marks"]["mean"].as_str().expect("a mean");
        assert!(said.contains(&format!("mean {mean}")), "{said}");
        assert!(said.contains(if done { "closing: done" } else { "closing: not done" }), "{said}");
        // The mean once more, from the bundle.
        let rows = copiste_tests::expected::marks(&academy.bundle());
        let marks: Vec<i64> = rows.iter().filter_map(hundredths).collect();
        let (sum, count) = (marks.iter().sum::<i64>(), marks.len() as i64);
        let half_up = (2 * sum + count) / (2 * count);
        assert_eq!(mean, format!("{}.{:02}", half_up / 100, half_up % 100));
        academy.released();
    }
}

fn hundredths(row: &Value) -> Option<i64> {
    row["mark"].as_str().map(|mark| mark.replace('.', "").parse().expect("digits"))
}

#[test]
fn launching_sends_the_marks_to_cyclades_and_the_services_faits_to_imagin() {
    let academy = academy("one_off", "74", &[]);
    on_exam(&academy, "close", &[]).expect(0);
    let marks = copiste_tests::expected::marks(&academy.bundle());
    let services = copiste_tests::expected::services(&academy.bundle());
    for (target, rows, keys) in [
        ("cyclades", marks, ["candidate_number", "outcome"]),
        ("imagin", services, ["staff_id", "mission_id"]),
    ] {
        let text = dropped(&academy, target, 1);
        let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes());
        let mut sent: Vec<[String; 2]> = reader
            .records()
            .map(|row| {
                let row = row.expect("a row");
                [row[0].to_owned(), row[1].to_owned()]
            })
            .collect();
        sent.sort();
        let due: Vec<[String; 2]> =
            rows.iter().map(|row| keys.map(|key| row[key].as_str().expect("a text").to_owned())).collect();
        assert_eq!(sent, due, "{target}");
    }
}

#[test]
fn a_relaunch_replaces_what_was_sent_before_it_never_adds_to_it() {
    let academy = academy("one_off", "75", &[]);
    let before = copiste_tests::expected::marks(&academy.bundle());
    let reject =
        copiste_tests::stand_ins::StandIns::start(&academy.path("stand-ins"), "75", &["reject-rows=1"]);
    let environment = reject.environment("2", "10");
    let close = |code| {
        let all: [&dyn AsRef<std::ffi::OsStr>; 1] = [&academy.exam()];
        copiste_tests::stand_ins::copiste(&environment, &academy.data(), "close", &all).expect(code);
    };
    close(1);
    // Before the relaunch one candidate is no longer of the exam.
    let mut candidates = lines(&academy.bundle(), "candidates.jsonl");
    let mut scripts = lines(&academy.bundle(), "scripts.jsonl");
    let gone = scripts.pop().expect("a script")["candidate"].clone();
    candidates.retain(|candidate| candidate["number"] != gone);
    copiste_tests::academy::write_lines(&academy.bundle(), "candidates.jsonl", &candidates);
    copiste_tests::academy::write_lines(&academy.bundle(), "scripts.jsonl", &scripts);
    academy.copiste("import", &[&academy.bundle()]).expect(0);
    close(0);
    let held = reject.rows("cyclades", &academy.exam());
    assert_eq!(held, copiste_tests::expected::marks(&academy.bundle()));
    assert_eq!(held.len() + 1, before.len(), "who left is not held any more");
}

#[test]
fn when_either_export_failed_it_can_be_relaunched_any_number_of_times_until_cyclades_has_published_and_every_attempt_is_kept()
 {
    let academy = academy("one_off", "76", &[]);
    let faults = ["400@cyclades/chunk:4", "400@imagin/chunk:7"];
    let stand_ins = copiste_tests::stand_ins::StandIns::start(&academy.path("stand-ins"), "76", &faults);
    let environment = stand_ins.environment("2", "10");
    let close = |code| {
        let all: [&dyn AsRef<std::ffi::OsStr>; 1] = [&academy.exam()];
        copiste_tests::stand_ins::copiste(&environment, &academy.data(), "close", &all).expect(code)
    };
    for _ in 0..5 {
        close(1);
    }
    assert_eq!(status(&academy)["closing"]["done"], true, "Cyclades took the fifth");
    stand_ins.publish(&academy.exam());
    let refused = close(1);
    assert!(refused.err.contains("CLO-014") && refused.err.contains("published"), "{}", refused.err);

    // Who, when, what was sent and what was answered: each launch and each answer has its line.
    let journal = std::fs::read_to_string(academy.data().join("journal.jsonl")).expect("a journal");
    let journal: Vec<Value> = journal.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |what: &str| journal.iter().filter(|line| line.to_string().contains(what)).count();
    let (launches, answers) = (of("\"launch\""), of("\"sent\""));
    assert_eq!((launches, answers), (5, 10));
    for line in &journal {
        assert!(line["actor"]["name"].is_string() && line["at"].is_string(), "{line}");
    }
}

#[test]
fn the_closing_is_done_when_and_only_when_the_cyclades_export_succeeded_whatever_imagin_answered() {
    for (seed, faults, done) in [
        ("77", ["400@imagin/chunk", "slow@imagin/commit"], true),
        ("78", ["400@imagin/chunk", "400@cyclades/chunk"], false),
        ("79", ["slow@imagin/commit", "400@cyclades/commit"], false),
    ] {
        let academy = academy("one_off", seed, &[]);
        let stand_ins = copiste_tests::stand_ins::StandIns::start(&academy.path("stand-ins"), seed, &faults);
        let environment = stand_ins.environment("5", "20");
        let all: [&dyn AsRef<std::ffi::OsStr>; 1] = [&academy.exam()];
        copiste_tests::stand_ins::copiste(&environment, &academy.data(), "close", &all).expect(1);
        assert_eq!(status(&academy)["closing"]["done"], done, "{faults:?}");
    }
}
