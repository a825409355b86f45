//! What marking sheet and pages say, in the order they say it.

use copiste_core::model::*;
use copiste_core::render::Profile;

use crate::subjects::*;
use crate::tools::{plain, run, text};

#[test]
fn words_are_found_in_their_natural_order_accents_included() {
    let workshop = Workshop::new();
    let mut case = workshop.case();
    case.script.annotations = every_kind(1);
    let file = workshop.write("order", &case, Profile::FULL);
    let Some(words) = text(&file) else { return };
    let flat = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut from = 0;
    for expected in [
        "1ERE VAGUE E3C MATHS BTN",
        "Session Normale 2020 · 3 janvier 2020 à 8 h · Série STMG · Vague 1 · 1TMATHS",
        "HOARAU-L’HÉRITIER Éloïse",
        "0123456789",
        "Détail de la notation",
        "Question Points obtenus Barème",
        "1.a 1 1 1.b 0,75 1 1.c 0 1 1.d 0,5 1",
        "Total 11,25 20",
        "Appréciation",
        "le cœur du raisonnement est là, mais « l’énoncé » n’a pas toujours",
        "attention à √2 ≈ 1,414 et aux unités (€/m²).",
        "Continuez ainsi, Éloïse — l’été sera doux…",
        "Très bien : l’œuvre est bien située,",
    ] {
        let at = flat[from..].find(expected);
        assert!(at.is_some(), "{expected:?} after {:?}", &flat[..from]);
        from += at.unwrap_or(0) + expected.len();
    }
}

#[test]
fn what_is_read_aloud_follows_the_copy_page_by_page() {
    let workshop = Workshop::new();
    let mut case = workshop.case();
    // Made in the opposite order of the pages.
    case.script.annotations = [every_kind(2), every_kind(1)].concat();
    let file = workshop.write("aloud", &case, Profile::FULL);
    let Some((_, tree)) = run("pdfinfo", &["-struct-text", file.to_str().expect("a path")]) else { return };
    let position = |what: &str| tree.find(what).unwrap_or_else(|| panic!("{what}: {tree}"));
    assert!(position("H1") < position("Détail de la notation"));
    assert!(position("Détail de la notation") < position("Appréciation"));
    assert!(position("Appréciation") < position("Figure"));
    assert_eq!(tree.matches("Figure").count(), 2 * (1 + 1 + 5), "scan, drawings, five stamps a page");
    assert_eq!(tree.matches("TH:").count(), 3 + 20 + 1, "{tree}");
}

#[test]
fn every_figure_has_words_and_a_box_within_reach_of_its_page() {
    let workshop = Workshop::new();
    let mut case = workshop.case();
    case.script.annotations = every_kind(1);
    let file = workshop.write("figures", &case, Profile::FULL);
    let Some(bytes) = plain(&file) else { return };
    let text = String::from_utf8_lossy(&bytes);
    let mut figures = 0;
    for object in text.split("endobj").filter(|object| object.contains("/S /Figure\n")) {
        figures += 1;
        assert!(object.contains("/Alt "), "{object}");
        let start = object.find("/BBox [").unwrap_or_else(|| panic!("no box: {object}"));
        let numbers: Vec<f32> =
            object[start + 7..].split_whitespace().map_while(|number| number.parse().ok()).collect();
        let [left, bottom, right, top] = numbers[..] else { panic!("{object}") };
        assert!(0.0 <= left && left < right && right <= 595.0, "{object}");
        assert!(0.0 <= bottom && bottom < top && top <= 842.0, "{object}");
    }
    assert_eq!(figures, 2 + 1 + 5);
}

#[test]
fn a_harmonised_mark_stands_beside_the_markers() {
    let workshop = Workshop::new();
    for (marker, harmonised, expected) in [
        (Some(1250), None, "Note : 12,5 / 20"),
        (Some(0), None, "Note : 0 / 20"),
        (Some(1250), Some(1300), "correcteur : 12,5 / 20"),
        (Some(1250), Some(1300), "Note : 13 / 20"),
        (None, Some(800), "Note : 8 / 20"),
        (None, None, "Pas de note"),
    ] {
        let mut case = workshop.case();
        case.script.marker_mark = marker.map(Hundredths);
        case.script.harmonised = harmonised.map(Hundredths);
        let file = workshop.write("mark", &case, Profile::FULL);
        if let Some(words) = text(&file) {
            assert!(words.contains(expected), "{expected}: {words}");
        }
    }
}
