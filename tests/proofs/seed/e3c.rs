//! *Closing and download of an E3C* [seed].

use std::collections::BTreeMap;

use copiste_tests::academy::{Academy, lines};

use super::{academy, dropped, on_exam, rendered, status};

/// Numbers of the candidates whose scripts are in a batch, in order.
fn in_batch(academy: &Academy, batch: &str) -> Vec<String> {
    let scripts = lines(&academy.bundle(), "scripts.jsonl");
    let mut numbers: Vec<String> = scripts
        .iter()
        .filter(|script| script["batch"] == batch)
        .map(|script| script["candidate"].as_str().expect("a number").to_owned())
        .collect();
    numbers.sort();
    numbers
}

fn sent(text: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes());
    let mut numbers: Vec<String> = reader.records().map(|row| row.expect("a row")[0].to_owned()).collect();
    numbers.sort();
    numbers
}

#[test]
fn there_is_no_closing_button() {
    let academy = academy("common_assessment", "81", &[]);
    let refused = on_exam(&academy, "close", &[]).expect(1);
    assert!(refused.err.contains("CLO-011") && refused.err.contains("validate"), "{}", refused.err);
    assert!(!academy.path("drop/cyclades").exists());
}

#[test]
fn the_coordinator_validates_batches_in_several_goes_and_each_transmits_the_marks_of_their_candidates_for_all_schools()
 {
    let academy = academy("common_assessment", "82", &[&"--schools", &"3"]);
    let (first, second) = (in_batch(&academy, "L001"), in_batch(&academy, "L002"));
    for role in ["exam-office", "school:9740001H"] {
        let refused = on_exam(&academy, "validate", &[&"--batch", &"L001", &"--as", &role]).expect(1);
        assert!(refused.err.contains("ROL-001"), "{}", refused.err);
    }
    on_exam(&academy, "validate", &[&"--batch", &"L001"]).expect(0);
    assert_eq!(sent(&dropped(&academy, "cyclades", 1)), first);
    on_exam(&academy, "validate", &[&"--batch", &"L002"]).expect(0);
    assert_eq!(sent(&dropped(&academy, "cyclades", 2)), second, "only theirs");
    let school_of: BTreeMap<String, String> = lines(&academy.bundle(), "candidates.jsonl")
        .iter()
        .map(|one| (one["number"].as_str().unwrap().to_owned(), one["school"].as_str().unwrap().to_owned()))
        .collect();
    let schools: std::collections::BTreeSet<&String> =
        first.iter().chain(&second).map(|number| &school_of[number]).collect();
    assert!(schools.len() > 1, "one go is for all schools of the ER");
}

#[test]
fn a_script_is_transmitted_when_its_batch_is_locked_and_validated_and_cyclades_accepted_its_mark() {
    let academy = academy("common_assessment", "83", &[]);
    let stand_ins =
        copiste_tests::stand_ins::StandIns::start(&academy.path("stand-ins"), "83", &["reject-rows=2"]);
    let environment = stand_ins.environment("2", "10");
    let exam = academy.exam();
    let validate = |batch: &str, code| {
        copiste_tests::stand_ins::copiste(
            &environment,
            &academy.data(),
            "validate",
            &[&exam, &"--batch", &batch],
        )
        .expect(code)
    };
    on_exam(&academy, "unlock", &[&"--batch", &"L002"]).expect(0);
    let refused = validate("L002", 1);
    assert!(refused.err.contains("BAT-004"), "{}", refused.err);
    assert_eq!(status(&academy)["transmitted"], 0);
    validate("L001", 1);
    let first = in_batch(&academy, "L001");
    assert_eq!(status(&academy)["transmitted"], first.len() as u64 - 2, "two marks were not accepted");
    on_exam(&academy, "render", &[&"--out", &academy.path("accepted")]).expect(0);
    assert_eq!(rendered(&academy, "accepted"), first[2..], "exactly the accepted ones");
    validate("L001", 0);
    assert_eq!(status(&academy)["transmitted"], first.len() as u64);
}

#[test]
fn the_download_opens_as_soon_as_one_script_is_transmitted_even_while_earlier_processes_are_unfinished_the_others_not()
 {
    let academy = academy("common_assessment", "84", &[&"--unfinished"]);
    let out = academy.path("early");
    let refused = on_exam(&academy, "render", &[&"--out", &out]).expect(1);
    assert!(refused.said().contains("validate"), "{}", refused.said());
    let locked = lines(&academy.bundle(), "batches.jsonl");
    let locked = locked.iter().find(|batch| batch["state"] == "locked").expect("a locked batch");
    let batch = locked["id"].as_str().expect("an id");
    on_exam(&academy, "validate", &[&"--batch", &batch]).expect(0);
    let status = status(&academy);
    let process = |name: &str| {
        let all = status["processes"].as_array().expect("processes");
        all.iter().find(|one| one["process"] == name).expect("it is one")["state"].clone()
    };
    assert_eq!(process("marking"), "unfinished");
    assert_eq!(process("scanning"), "unfinished");
    assert_eq!(status["closing"]["done"], true, "the download is open");
    on_exam(&academy, "render", &[&"--out", &academy.path("open")]).expect(0);
    assert_eq!(rendered(&academy, "open"), in_batch(&academy, batch));
    let other = lines(&academy.bundle(), "scripts.jsonl");
    let other = other.iter().find(|script| script["batch"] != *batch).expect("another batch");
    let other = other["candidate"].as_str().expect("a number");
    let said = on_exam(&academy, "render", &[&"--out", &academy.path("one"), &"--candidate", &other]).said();
    assert!(said.contains("GAT-001") && said.contains(other), "{said}");
    assert!(rendered(&academy, "one").is_empty());
}

#[test]
fn a_school_downloads_its_own_transmitted_scripts_only() {
    let academy = academy("common_assessment", "85", &[&"--schools", &"3"]);
    on_exam(&academy, "validate", &[&"--batch", &"L001"]).expect(0);
    let first = in_batch(&academy, "L001");
    let candidates = lines(&academy.bundle(), "candidates.jsonl");
    let school = candidates.iter().find(|one| first.iter().any(|number| one["number"] == **number));
    let school = school.expect("somebody is transmitted")["school"].as_str().expect("a UAI").to_owned();
    let own: Vec<String> = first
        .into_iter()
        .filter(|number| candidates.iter().any(|one| one["number"] == **number && one["school"] == *school))
        .collect();
    let role = format!("school:{school}");
    on_exam(&academy, "render", &[&"--out", &academy.path("own"), &"--as", &role]).expect(0);
    assert_eq!(rendered(&academy, "own"), own);
    let other = candidates.iter().find(|one| one["school"] != *school).expect("another school");
    let other = other["school"].as_str().expect("a UAI");
    let asked = [
        &"--out" as &dyn AsRef<std::ffi::OsStr>,
        &academy.path("other"),
        &"--as",
        &role,
        &"--school",
        &other,
    ];
    let refused = on_exam(&academy, "render", &asked).expect(1);
    assert!(refused.err.contains("ROL-002"), "{}", refused.err);
    assert!(rendered(&academy, "other").is_empty());
}

#[test]
fn the_rendering_settings_of_an_e3c_cannot_be_changed_with_marking_details_with_appreciation_with_annotations()
 {
    let academy = academy("common_assessment", "86", &[]);
    for name in ["render_marking_details", "render_appreciation", "render_annotations", "export_absences"] {
        let refused = on_exam(&academy, "settings", &[&format!("{name}=false")]).expect(1);
        assert!(refused.err.contains("SET-001"), "{}", refused.err);
    }
    academy.released();
    for without in ["marking", "appreciation", "annotations"] {
        let out = academy.path(without);
        let refused = on_exam(&academy, "render", &[&"--out", &out, &"--without", &without]).expect(1);
        assert!(refused.err.contains("CLI-012"), "every `without` is an error: {}", refused.err);
        assert!(!out.exists());
    }
}
