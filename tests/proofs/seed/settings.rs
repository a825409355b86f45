//! *Functional settings* and *Editing the copies* [seed].

use std::collections::BTreeSet;
use std::fs;

use copiste_tests::academy::pdfs;
use serde_json::json;

use super::{academy, dropped, on_exam};

#[test]
fn the_functional_settings_are_engagement_non_questions_20_type_simple_appreciation_oui_oubli_oui_absences_non()
 {
    let academy = copiste_tests::academy::Academy::empty();
    copiste_tests::bundle::Bundle::small(1).write(&academy.bundle());
    academy.copiste("import", &[&academy.bundle()]).expect(0);
    let settings = on_exam(&academy, "settings", &[&"--json"]).expect(0).json();
    let expected = json!({
        "subject_commitment": false, "question_count": 20, "mark_kind": "simple",
        "export_appreciation": true, "export_missing_marks": true, "export_absences": false,
        "render_annotations": true, "render_appreciation": true, "render_marking_details": true});
    assert_eq!(settings, expected);
}

#[test]
fn settings_are_changeable_by_the_exam_office_manager_before_and_after_the_closing() {
    let academy = academy("one_off", "91", &[]);
    for (at, moment) in ["before", "after"].into_iter().enumerate() {
        for role in ["coordinator", "school:9740001H"] {
            let refused = on_exam(&academy, "settings", &[&"export_absences=true", &"--as", &role]).expect(1);
            assert!(refused.err.contains("ROL-001"), "{moment}: {}", refused.err);
        }
        on_exam(&academy, "settings", &[&format!("question_count={}", 7 + at)]).expect(0);
        academy.released();
    }
    assert_eq!(on_exam(&academy, "settings", &[&"--json"]).expect(0).json()["question_count"], 8);
}

#[test]
fn a_change_shapes_the_pdfs_made_from_then_on_earlier_ones_become_outdated_and_the_rows_of_the_next_launch_or_relaunch()
 {
    let academy = academy("one_off", "92", &[]);
    let out = academy.rendered("out", &[]);
    // The last cell of a row is the appreciation.
    let appreciated =
        |number| dropped(&academy, "cyclades", number).lines().skip(1).any(|row| !row.ends_with(';'));
    assert!(appreciated(1));
    let before: Vec<Vec<u8>> = pdfs(&out).iter().map(|path| fs::read(path).expect("a PDF")).collect();
    on_exam(&academy, "settings", &[&"export_appreciation=false", &"render_marking_details=false"]).expect(0);
    on_exam(&academy, "close", &[&"--again"]).expect(0);
    assert!(!appreciated(2), "the relaunch has other rows");
    // Resuming keeps what is current: nothing of it is.
    on_exam(&academy, "render", &[&"--out", &out, &"--resume"]).expect(0);
    for (path, before) in pdfs(&out).iter().zip(&before) {
        assert!(fs::read(path).expect("a PDF") != *before, "{} is outdated and was kept", path.display());
    }
}

#[test]
fn after_publication_exports_no_longer_change_pdfs_still_do() {
    let academy = academy("one_off", "93", &[]);
    let first = academy.rendered("first", &[]);
    on_exam(&academy, "publish", &[&"--at", &"2020-07-05"]).expect(0);
    on_exam(&academy, "settings", &[&"export_absences=true", &"render_annotations=false"]).expect(0);
    let refused = on_exam(&academy, "close", &[&"--again"]).expect(1);
    assert!(refused.err.contains("CLO-014"), "{}", refused.err);
    let numbers = fs::read_dir(academy.path("drop/cyclades")).expect("a drop");
    let exports = numbers.filter(|file| {
        file.as_ref().is_ok_and(|file| file.path().extension().is_some_and(|end| end == "csv"))
    });
    assert_eq!(exports.count(), 1);
    let second = academy.path("second");
    on_exam(&academy, "render", &[&"--out", &second]).expect(0);
    let (first, second) = (pdfs(&first), pdfs(&second));
    assert_eq!(first.len(), second.len());
    let read = |path| fs::read(path).expect("a PDF");
    assert!(first.iter().zip(&second).any(|(one, other)| read(one) != read(other)), "no PDF has changed");
}

#[test]
fn for_a_one_off_exam_pdfs_can_be_produced_with_or_without_appreciation_annotations_and_marking_details_eight_in_all()
 {
    let academy = academy("one_off", "94", &[]);
    academy.released();
    // Somebody who has all three: eight combinations make eight different copies of his.
    let scripts = copiste_tests::academy::lines(&academy.bundle(), "scripts.jsonl");
    let full = scripts.iter().find(|script| {
        let list = |name: &str| script[name].as_array().is_some_and(|list| !list.is_empty());
        list("annotations") && script["appreciation"].is_string() && script["mark"]["total"].is_string()
    });
    let number = full.expect("somebody has everything")["candidate"].as_str().expect("a number");
    let choices = ["annotations", "appreciation", "marking"];
    let mut seen = BTreeSet::new();
    for combination in 0..8 {
        let left_out: Vec<&str> = choices
            .iter()
            .enumerate()
            .filter(|(at, _)| combination >> at & 1 == 1)
            .map(|(_, one)| *one)
            .collect();
        let out = academy.path(&format!("out-{combination}"));
        let without = left_out.join(",");
        if without.is_empty() {
            on_exam(&academy, "render", &[&"--out", &out, &"--candidate", &number]).expect(0);
        } else {
            on_exam(&academy, "render", &[&"--out", &out, &"--candidate", &number, &"--without", &without])
                .expect(0);
        }
        let pdf = &pdfs(&out)[0];
        seen.insert(fs::read(pdf).expect("a PDF"));
    }
    assert_eq!(seen.len(), 8);
}
