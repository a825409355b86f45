//! Worked examples: what an exam ends with, computed by hand and written down.

use copiste_tests::academy::Academy;
use copiste_tests::bundle::{Bundle, number};
use serde_json::{Value, json};

/// Twelve candidates, three batches, three markers; what each of them is stands beside it.
fn exam() -> Bundle {
    let mut bundle = Bundle::small(12);
    bundle.manifest["exam"]["harmonisation"] = json!("batches");
    bundle.markers = (1..=3)
        .map(|at| json!({"id": format!("M00{at}"), "name": "Zoé Correctrice", "staff_id": format!("S{at}"), "mission_id": "I1"}))
        .collect();
    let batch = |id: &str, marker: &str| json!({"id": id, "marker": marker, "state": "locked", "harmonisation": "pending"});
    bundle.batches = vec![batch("L001", "M001"), batch("L002", "M002"), batch("L003", "M002")];
    let table: [(Value, &str); 12] = [
        (json!("12.5"), "L001"), // an ordinary mark
        (json!("0"), "L001"),    // zero is a mark
        (Value::Null, "L001"),   // came, and has no mark
        (Value::Null, ""),       // absent
        (Value::Null, ""),       // absent with a valid reason
        (Value::Null, ""),       // exempt
        (json!("19"), "L002"),   // moved by +2 with its batch: 20
        (json!("0.5"), "L003"),  // moved by -1 with its batch: 0
        (json!("10"), "L002"),   // harmonised alone: 14.5, whatever its batch does
        (json!("8"), "L001"),    // corrected after the closing: 9.5
        (json!("11"), "L003"),   // harmonised to 13 by the bundle, then moved from the marker's: 10
        (json!("11"), "L001"),   // harmonised to 13 by the bundle
    ];
    for (at, (total, batch)) in table.into_iter().enumerate() {
        bundle.candidates[at]["school"] = json!("9740001H");
        let script = &mut bundle.scripts[at];
        script["batch"] = json!(batch);
        script["mark"] = json!({"total": total, "questions": []});
        script["appreciation"] = match at {
            0 => json!("Bon travail."),
            1 => json!("=2+2 ; \"dit\""),
            _ => json!(""),
        };
        if at >= 10 {
            script["harmonised"] = json!("13");
        }
    }
    for (at, attendance) in [(3, "absent"), (4, "absent_justified"), (5, "exempt")] {
        bundle.candidates[at]["attendance"] = json!(attendance);
    }
    for script in &mut bundle.scripts {
        if script["appreciation"] == "" {
            script.as_object_mut().expect("an object").remove("appreciation");
        }
    }
    bundle.scripts.retain(|script| script["batch"] != "");
    bundle
}

const FIRST_ROWS: &str = r#"candidate_number;outcome;mark;appreciation
2000000000;mark;12.50;Bon travail.
2000000001;mark;0.00;"=2+2 ; ""dit"""
2000000002;missing;;
2000000005;exempt;;
2000000006;mark;20.00;
2000000007;mark;0.00;
2000000008;mark;14.50;
2000000009;mark;8.00;
2000000010;mark;10.00;
2000000011;mark;13.00;
"#;

const FIRST_SERVICES: &str = "staff_id;mission_id;service_done;scripts_marked;batches_marked
S1;I1;true;4;1
S2;I1;true;4;2
S3;I1;false;0;0
";

/// Absences are sent and appreciations are not, and 2000000009 is corrected.
const SECOND_ROWS: &str = "candidate_number;outcome;mark;appreciation
2000000000;mark;12.50;
2000000001;mark;0.00;
2000000002;missing;;
2000000003;absent;;
2000000004;absent_justified;;
2000000005;exempt;;
2000000006;mark;20.00;
2000000007;mark;0.00;
2000000008;mark;14.50;
2000000009;mark;9.50;
2000000010;mark;10.00;
2000000011;mark;13.00;
";

/// For a spreadsheet: a decimal comma, and no cell that it would run.
const ROWS_BY_HAND: &str = "\u{FEFF}candidate_number;outcome;mark;appreciation
2000000000;mark;12,50;Bon travail.
2000000001;mark;0,00;\"'=2+2 ; \"\"dit\"\"\"
2000000002;missing;;
2000000005;exempt;;
2000000006;mark;20,00;
2000000007;mark;0,00;
2000000008;mark;14,50;
2000000009;mark;8,00;
2000000010;mark;10,00;
2000000011;mark;13,00;
";

#[test]
fn the_mean_the_counts_and_the_exported_rows_are_right() {
    let academy = Academy::empty();
    exam().write(&academy.bundle());
    academy.copiste("import", &[&academy.bundle()]).expect(0);
    let exam = academy.exam();
    let reason: [&dyn AsRef<std::ffi::OsStr>; 2] = [&"--reason", &"jury"];
    let harmonise = |arguments: &[&dyn AsRef<std::ffi::OsStr>]| {
        let all: Vec<_> =
            [&exam as &dyn AsRef<std::ffi::OsStr>].iter().chain(arguments).chain(&reason).copied().collect();
        academy.copiste("harmonise", &all).expect(0);
    };
    harmonise(&[&"--batch", &"L002", &"--candidate", &number(8), &"--mark", &"14.5"]);
    harmonise(&[&"--batch", &"L002", &"--by", &"2"]);
    harmonise(&[&"--batch", &"L003", &"--by=-1"]);
    academy.copiste("validate", &[&exam, &"--all"]).expect(0);

    let status = academy.copiste("status", &[&"--json"]).expect(0).json()[0].clone();
    // 12.50 + 0 + 20 + 0 + 14.50 + 8 + 10 + 13 = 78, by 8.
    assert_eq!(status["marks"]["mean"], "9.75");
    assert_eq!((&status["marks"]["given"], &status["marks"]["missing"]), (&json!(8), &json!(1)));
    assert_eq!(status["marks"]["without"]["first"], json!(["2000000002"]));
    let attendance = json!({"present": 9, "absent": 1, "absent_justified": 1, "exempt": 1});
    assert_eq!(status["attendance"], attendance);

    academy.copiste("close", &[&exam]).expect(0);
    let dropped = |name: &str| std::fs::read_to_string(academy.path("drop").join(name)).expect("a drop");
    assert_eq!(dropped("cyclades/proof_cyclades_1.csv"), FIRST_ROWS);
    assert_eq!(dropped("imagin/proof_imagin_1.csv"), FIRST_SERVICES);
    academy.copiste("close", &[&exam, &"--csv", &academy.path("by-hand")]).expect(0);
    assert_eq!(std::fs::read_to_string(academy.path("by-hand/cyclades.csv")).expect("rows"), ROWS_BY_HAND);

    academy.copiste("mark", &[&exam, &"--candidate", &number(9), &"9.5", &"--reason", &"erreur"]).expect(0);
    academy.copiste("settings", &[&exam, &"export_absences=true", &"export_appreciation=false"]).expect(0);
    let status = academy.copiste("status", &[&"--json"]).expect(0).json()[0].clone();
    // 79.50 by 8 is 9.9375.
    assert_eq!(status["marks"]["mean"], "9.94");
    academy.copiste("close", &[&exam, &"--again"]).expect(0);
    assert_eq!(dropped("cyclades/proof_cyclades_2.csv"), SECOND_ROWS);

    academy.copiste("settings", &[&exam, &"export_missing_marks=false"]).expect(0);
    let refused = academy.copiste("close", &[&exam, &"--again"]).expect(1);
    assert!(refused.err.contains("CLO-012") && refused.err.contains("without a mark: 1"), "{}", refused.err);
}
