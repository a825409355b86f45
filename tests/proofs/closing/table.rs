//! DOMAIN's table of the closing, row by row, between real programs. The rows are the tests' names.

use copiste_tests::command::Outcome;
use serde_json::{Value, json};

use super::Closing;

impl Closing {
    #[track_caller]
    fn close(&self, code: i32) -> Outcome {
        self.copiste("close", &[&"--json"]).expect(code)
    }

    /// Closing done, Cyclades, IMAG'IN.
    fn stands(&self) -> (bool, String, String) {
        let closing = self.status()["closing"].clone();
        let state = |target: &str| closing[target]["state"].as_str().unwrap_or_default().to_owned();
        (closing["done"] == true, state("cyclades"), state("imagin"))
    }

    fn sent(&self) -> (u64, u64) {
        (self.stand_ins.requests("cyclades", "commit"), self.stand_ins.requests("imagin", "commit"))
    }

    /// The rows that `close --csv` writes, without the head.
    fn by_hand(&self, target: &str) -> usize {
        let folder = self.academy.path("by-hand");
        self.copiste("close", &[&"--csv", &folder]).expect(0);
        let text = std::fs::read(folder.join(format!("{target}.csv"))).expect("rows are written");
        let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(&text[..]);
        reader.records().count()
    }
}

/// To whom a report says that something was sent.
fn targets(report: &Value) -> Value {
    report["exports"].as_array().into_iter().flatten().map(|export| export["target"].clone()).collect()
}

fn stands(done: bool, cyclades: &str, imagin: &str) -> (bool, String, String) {
    (done, cyclades.to_owned(), imagin.to_owned())
}

#[test]
fn not_sent_not_sent_not_done_first_launch_both() {
    let closing = Closing::of("20", "51", &[]);
    assert_eq!(closing.stands(), stands(false, "not_sent", "not_sent"));
    assert_eq!(targets(&closing.close(0).json()), json!(["cyclades", "imagin"]));
    assert_eq!(closing.stands(), stands(true, "accepted", "accepted"));
    closing.ledgers_equal_the_records();
}

#[test]
fn failed_any_not_done_the_failed_ones() {
    let closing = Closing::of("20", "52", &["400@cyclades/chunk"]);
    assert_eq!(targets(&closing.close(1).json()), json!(["cyclades", "imagin"]));
    assert_eq!(closing.stands(), stands(false, "failed", "accepted"));
    assert_eq!(targets(&closing.close(0).json()), json!(["cyclades"]), "only what failed");
    assert_eq!(closing.stands(), stands(true, "accepted", "accepted"));

    let closing = Closing::of("20", "53", &["400@cyclades/chunk", "400@imagin/chunk"]);
    closing.close(1);
    assert_eq!(closing.stands(), stands(false, "failed", "failed"));
    assert_eq!(targets(&closing.close(0).json()), json!(["cyclades", "imagin"]));
    closing.ledgers_equal_the_records();

    // Rejected rows are a failure: the closing is done when Cyclades has accepted the whole.
    let closing = Closing::of("20", "54", &["reject-rows=2"]);
    let report = closing.close(1).json();
    assert_eq!(report["exports"][0]["rejected"].as_array().map(Vec::len), Some(2));
    assert_eq!(closing.stands(), stands(false, "partly_accepted", "accepted"));
    closing.close(0);
    closing.ledgers_equal_the_records();
}

#[test]
fn ok_failed_done_imagin_in_failure_imagin() {
    let closing = Closing::of("20", "55", &["400@imagin/chunk"]);
    let report = closing.copiste("close", &[]).expect(1);
    assert!(report.out.contains("the closing is done"), "{}", report.out);
    assert_eq!(closing.stands(), stands(true, "accepted", "failed"));
    let out = closing.academy.path("copies");
    closing.copiste("render", &[&"--out", &out]).expect(0);
    assert_eq!(targets(&closing.close(0).json()), json!(["imagin"]));
    assert_eq!(closing.sent().0, 1, "Cyclades is left alone");
    closing.ledgers_equal_the_records();
}

#[test]
fn ok_ok_done_both_again_in_full_when_asked_to() {
    let closing = Closing::of("20", "56", &[]);
    closing.close(0);
    assert_eq!(targets(&closing.close(0).json()), json!([]), "nothing is left to send");
    assert_eq!(closing.sent(), (1, 1));
    let again = closing.copiste("close", &[&"--again", &"--json"]).expect(0).json();
    assert_eq!(targets(&again), json!(["cyclades", "imagin"]));
    assert_eq!(closing.sent(), (2, 2));
    closing.ledgers_equal_the_records();
}

#[test]
fn answer_unknown_any_being_settled_first_asks_the_target_what_it_holds_then_goes_on_with_the_same_export() {
    let mut closing = Closing::of("20", "57", &["lost-answer@cyclades/commit:1000"]);
    closing.patience = ("2", "1");
    closing.close(1);
    assert_eq!(closing.stands(), stands(false, "being_settled", "accepted"));
    closing.stand_ins.clear_faults();
    let (asked, sent) = (closing.stand_ins.requests("cyclades", "state"), closing.sent());
    let report = closing.close(0).json();
    assert_eq!(report["exports"][0]["export"], 1, "the same export");
    assert_eq!(closing.stand_ins.requests("cyclades", "state"), asked + 1);
    assert_eq!(closing.sent(), sent, "it was held already: nothing is sent");
    assert_eq!(closing.stands(), stands(true, "accepted", "accepted"));

    // It was never held: the same export goes on.
    let mut closing = Closing::of("20", "58", &["lost-request@cyclades/commit:1000"]);
    closing.patience = ("2", "1");
    closing.close(1);
    assert_eq!(closing.stands(), stands(false, "being_settled", "accepted"));
    closing.stand_ins.clear_faults();
    let chunks = closing.stand_ins.requests("cyclades", "chunk");
    assert_eq!(closing.close(0).json()["exports"][0]["export"], 1);
    assert_eq!(closing.stand_ins.requests("cyclades", "chunk"), chunks, "its chunks are there already");
    closing.ledgers_equal_the_records();
}

#[test]
fn ok_published_ok_or_failed_done_final_refused_an_unsent_service_statement_stays_downloadable_as_csv() {
    for (seed, fault) in [("59", None), ("60", Some("400@imagin/chunk"))] {
        let closing = Closing::of("20", seed, fault.as_slice());
        closing.close(if fault.is_some() { 1 } else { 0 });
        closing.stand_ins.publish(&closing.academy.exam());
        let sent = closing.sent();
        for again in [&[][..], &[&"--again" as &dyn AsRef<std::ffi::OsStr>]] {
            let refused = closing.copiste("close", again).expect(1);
            assert!(refused.err.contains("CLO-014"), "{}", refused.err);
        }
        assert_eq!(closing.sent(), sent, "nothing more is sent");
        assert!(closing.stands().0, "it stays done");
        let services = copiste_tests::expected::services(&closing.academy.bundle());
        assert_eq!(closing.by_hand("imagin"), services.len());
    }
}

#[test]
fn failed_or_never_sent_published_any_not_done_refused_marks_must_go_by_hand_and_the_rows_are_offered_as_csv()
{
    for (seed, fault) in [("61", None), ("62", Some("400@cyclades/chunk"))] {
        let closing = Closing::of("20", seed, fault.as_slice());
        if fault.is_some() {
            closing.close(1);
        }
        closing.stand_ins.publish(&closing.academy.exam());
        let refused = closing.copiste("close", &[]).expect(1);
        assert!(refused.err.contains("CLO-015") && refused.err.contains("by hand"), "{}", refused.err);
        assert!(!closing.stands().0);
        assert_eq!(closing.stand_ins.rows("cyclades", &closing.academy.exam()), Vec::<Value>::new());
        let marks = copiste_tests::expected::marks(&closing.academy.bundle());
        assert_eq!(closing.by_hand("cyclades"), marks.len());
    }
}
