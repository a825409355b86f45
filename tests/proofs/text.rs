//! What a marker typed can be found, selected and searched in the copy.

use std::path::Path;

use copiste_tests::academy::{Academy, pdfs};
use copiste_tests::bundle::Bundle;
use copiste_tests::command::run;
use copiste_tests::needs;
use serde_json::json;

/// The words of a PDF in one line, in the order a reader gives them.
fn words(pdf: &Path) -> String {
    let said = run("pdftotext", &[&"-enc", &"UTF-8", &pdf, &"-"]).expect(0).out;
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One candidate's copy with this appreciation and these text annotations, and its words.
fn copy_of(appreciation: &str, notes: &[&str], arguments: &[&dyn AsRef<std::ffi::OsStr>]) -> String {
    let academy = Academy::empty();
    let mut bundle = Bundle::small(1);
    bundle.scripts[0]["appreciation"] = json!(appreciation);
    let step = 0.8 / notes.len().max(1) as f64;
    bundle.scripts[0]["annotations"] = notes
        .iter()
        .enumerate()
        .map(|(at, note)| {
            let y = 0.05 + step * at as f64;
            json!({"page": 1 + at % 2, "kind": "text", "x": 0.05, "y": y, "width": 0.9, "text": note, "size": 11, "colour": "#C8102E"})
        })
        .collect();
    bundle.write(&academy.bundle());
    academy.copiste("import", &[&academy.bundle()]).expect(0);
    words(&pdfs(&academy.rendered("out", arguments))[0])
}

const APPRECIATION: &str = "Élève sérieux·se : l’œuvre est bien lue, « çà et là » trop brève… Cœur de l’énoncé \
    maîtrisé ; ŒUVRE, Ÿ, naïveté, Noël — 12 € d’écart.";

const NOTES: [&str; 7] = [
    "Très bien, à revoir où ça coince",
    "œ Œ € ’ « guillemets » … – — ‰ № ½",
    "αβγδεζηθ ΑΒΓΔ Ωμέγα φ ψ",
    "∀ε > 0, ∃δ > 0 : |x − a| < δ ⇒ |f(x) − f(a)| < ε",
    "∫ √x dx ≤ ∑ aₙ² ≠ ∞, ℝ ⊂ ℂ, x ∈ ℕ",
    "Příliš žluťoučký kůň, łódź, ğüşıöç",
    "Съешь ещё этих мягких булок",
];

#[test]
fn the_appreciation_and_the_annotations_are_found_whatever_was_typed() {
    needs!(Poppler);
    let words = copy_of(APPRECIATION, &NOTES, &[]);
    for text in NOTES.iter().chain([&APPRECIATION]) {
        assert!(words.contains(text), "`{text}` is not found in: {words}");
    }
}

#[test]
fn the_table_of_questions_and_the_total_are_found() {
    needs!(Poppler);
    let words = copy_of("Bien.", &[], &[]);
    for text in ["1.a", "0,75", "1.b", "11,75", "19", "12,5", "Mathématiques", "Session Normale", "2020"] {
        assert!(words.contains(text), "`{text}` is not found in: {words}");
    }
}

#[test]
fn what_is_left_out_is_not_in_the_copy() {
    needs!(Poppler);
    for (without, gone, there) in [
        ("annotations", "REMARQUE", ["COMMENTAIRE", "11,75"]),
        ("appreciation", "COMMENTAIRE", ["REMARQUE", "11,75"]),
        ("marking", "11,75", ["COMMENTAIRE", "REMARQUE"]),
    ] {
        let words = copy_of("COMMENTAIRE", &["REMARQUE"], &[&"--without", &without]);
        assert!(!words.contains(gone), "{without}: {words}");
        for text in there {
            assert!(words.contains(text), "{without}: {text} is not found in: {words}");
        }
    }
}

#[test]
fn scripts_that_no_built_in_font_holds_are_drawn_too() {
    needs!(Poppler);
    let notes = ["王小明 很好", "こんにちは", "안녕하세요", "नमस्ते", "שלום", "مرحبا"];
    let words = copy_of("学生作文很好。", &notes, &[]);
    // Right-to-left text may come out in either order; it must come out.
    for text in ["王小明", "很好", "こんにちは", "안녕하세요", "学生作文很好"] {
        assert!(words.contains(text), "`{text}` is not found in: {words}");
    }
    for letters in ["שלום", "مرحبا", "नमस्ते"] {
        let found = letters.chars().filter(|letter| words.contains(*letter)).count();
        assert!(found >= 2, "`{letters}` left no trace in: {words}");
    }
}

#[test]
fn neither_the_markers_name_nor_the_candidates_name_stands_where_it_must_not() {
    needs!(Poppler);
    let academy = Academy::empty();
    Bundle::small(1).write(&academy.bundle());
    academy.copiste("import", &[&academy.bundle()]).expect(0);
    let pdf = pdfs(&academy.rendered("out", &[])).remove(0);
    assert!(!words(&pdf).contains("Correctrice"), "the marker's name reached the PDF");
    let about = run("pdfinfo", &[&pdf]).expect(0).out + &run("pdfinfo", &[&"-meta", &pdf]).expect(0).out;
    assert!(!about.contains("ÉLÈVE"), "the candidate's name is in the metadata: {about}");
}

#[test]
fn an_appreciation_of_3_000_characters_goes_on_over_pages_and_loses_nothing() {
    needs!(Poppler);
    let sentences: Vec<String> =
        (0..60).map(|at| format!("Phrase n° {at} : l’œuvre n’est pas assez précisée.")).collect();
    let words = copy_of(&sentences.join(" "), &[], &[]);
    // A sentence may go on over the page, where the foot line stands between its words.
    let tokens: Vec<&str> = words.split(' ').collect();
    for at in 0..60 {
        assert!(tokens.contains(&at.to_string().as_str()), "sentence {at} is lost: {words}");
    }
    for word in ["Phrase", "l’œuvre", "précisée."] {
        assert_eq!(tokens.iter().filter(|token| **token == word).count(), 60, "{word}: {words}");
    }
}
