//! Everything that may go wrong on the way does.

use copiste_tests::size;

use super::Closing;

#[test]
fn with_every_fault_at_once_a_closing_ends_and_the_ledgers_equal_the_records_row_for_row() {
    let mut closing = Closing::of(size::pick("500", "20000"), "41", &["all"]);
    closing.patience = ("2", "120");
    let mut launches = 0;
    while closing.copiste("close", &[]).code != Some(0) {
        launches += 1;
        assert!(launches < 20, "it does not end: {}", closing.status()["closing"]);
    }
    let played = closing.stand_ins.ask("GET", "/stand-in/requests", "").1["faults"].as_u64();
    assert!(played > Some(0), "nothing went wrong at all");
    closing.ledgers_equal_the_records();
    let status = closing.status();
    assert_eq!(status["closing"]["done"], true);
    assert_eq!(status["closing"]["cyclades"]["state"], "accepted");
    assert_eq!(status["closing"]["imagin"]["state"], "accepted");
}

#[test]
fn an_e3c_ends_with_every_fault_at_once_as_well() {
    use copiste_tests::academy::Academy;
    use copiste_tests::stand_ins::{StandIns, copiste};
    let academy = Academy::of("--kind common_assessment --candidates 60 --pages 1 --mix ccitt --seed 42");
    let stand_ins = StandIns::start(&academy.path("stand-ins"), "42", &["all"]);
    let (environment, exam) = (stand_ins.environment("2", "120"), academy.exam());
    let mut launches = 0;
    while copiste(&environment, &academy.data(), "validate", &[&exam, &"--all"]).code != Some(0) {
        launches += 1;
        assert!(launches < 20, "it does not end");
    }
    // Of an E3C those who have a script go up; nobody else belongs to a batch.
    let scripts = copiste_tests::academy::lines(&academy.bundle(), "scripts.jsonl");
    let mut expected = copiste_tests::expected::marks(&academy.bundle());
    expected.retain(|row| scripts.iter().any(|script| script["candidate"] == row["candidate_number"]));
    let held = stand_ins.rows("cyclades", &exam);
    let keys = |rows: &[serde_json::Value]| -> Vec<serde_json::Value> {
        rows.iter().map(|row| row["candidate_number"].clone()).collect()
    };
    assert_eq!(keys(&held), keys(&expected), "they are others");
    for (held, expected) in held.iter().zip(&expected) {
        assert_eq!(held, expected);
    }
    // A validation says what the markers of its batches did; it knows nothing of others.
    let mut services = copiste_tests::expected::services(&academy.bundle());
    services.retain(|row| row["batches_marked"] != 0);
    assert_eq!(stand_ins.rows("imagin", &exam), services);
}
