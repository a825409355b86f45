//! Every document is sound and keeps the standards it claims: PDF/A-2b, PDF/A-2a, PDF/UA-1.

use std::path::PathBuf;

use copiste_core::model::*;
use copiste_core::render::{Desk, Profile, Registration};

use crate::subjects::*;
use crate::tools::{is_sound, keeps_the_standards, plain, text};

/// Checks each by itself, all of them in one run of the validator.
fn check(files: &[PathBuf]) {
    files.iter().for_each(|file| is_sound(file));
    keeps_the_standards(files);
}

#[test]
fn every_annotation_kind_is_archived_on_every_paper() {
    let workshop = Workshop::new();
    let mut files = Vec::new();
    for (name, paper) in
        [("a4", A4), ("landscape", (842.0, 595.0)), ("a3", (1191.0, 842.0)), ("slip", (200.0, 90.0))]
    {
        for rotate in [0, 90, 180, 270] {
            let mut case = Case::new(vec![workshop.page(workshop.grey_jpeg(), paper)]);
            case.script.pages[0].frame.rotate = rotate;
            case.script.annotations = every_kind(1);
            files.push(workshop.write(&format!("{name}-{rotate}"), &case, Profile::FULL));
        }
    }
    check(&files);
}

#[test]
fn every_profile_shows_what_it_names_and_nothing_else() {
    let workshop = Workshop::new();
    let mut case = workshop.case();
    case.script.annotations = every_kind(1);
    let mut files = Vec::new();
    for profile in Profile::all() {
        let name =
            format!("profile-{}{}{}", profile.annotations, profile.appreciation, profile.marking_details);
        let file = workshop.write(&name, &case, profile);
        if let Some(words) = text(&file) {
            let sheet = profile.appreciation || profile.marking_details;
            for (shown, expected) in [
                (profile.annotations, "manque le cœur du sujet"),
                (profile.appreciation, "Copie sérieuse et soignée"),
                (sheet, "Note : 12,5 / 20"),
                (profile.marking_details, "Points obtenus"),
                (sheet, "HOARAU-L’HÉRITIER Éloïse"),
            ] {
                assert_eq!(words.contains(expected), shown, "{name}: {expected}");
            }
            assert_eq!(words.matches("HOARAU").count(), usize::from(sheet), "{name}: one header");
            assert_eq!(words.matches('\u{c}').count(), 2 + usize::from(sheet), "{name}: pages");
        }
        files.push(file);
    }
    check(&files);
}

#[test]
fn every_scan_format_is_archived_as_it_is() {
    let workshop = Workshop::new();
    let mut files = Vec::new();
    for (name, image) in workshop.every_codec() {
        let case = Case::new(vec![workshop.page(image, A4)]);
        files.push(workshop.write(name, &case, Profile::FULL));
    }
    check(&files);
}

#[test]
fn any_number_of_questions_and_words_finds_its_sheets() {
    let workshop = Workshop::new();
    let mut files = Vec::new();
    for (count, words) in [(0, 0), (1, 30), (29, 400), (30, 400), (60, 3000), (200, 3000)] {
        let mut case = workshop.case();
        case.script.questions = questions(count);
        let sentence = "L’élève a très bien compris la consigne et l’a suivie. ";
        case.script.appreciation =
            Some(sentence.repeat(words / sentence.chars().count() + usize::from(words > 0)));
        case.script.harmonised = Some(Hundredths(1300));
        let file = workshop.write(&format!("questions-{count}-{words}"), &case, Profile::FULL);
        if let Some(said) = text(&file) {
            for question in &case.script.questions {
                assert!(said.contains(&format!(" {} ", question.label)), "{count}: {}", question.label);
            }
            let empty = if words == 0 { "Aucune appréciation" } else { "compris la consigne" };
            assert!(said.contains(empty), "{count} questions, {words} characters");
            assert!(said.contains("Note : 13 / 20") && said.contains("correcteur : 12,5 / 20"), "{said}");
        }
        if let Some(plain) = plain(&file) {
            let count_of = |what: &[u8]| plain.windows(what.len()).filter(|piece| *piece == what).count();
            let rows = if count == 0 { 0 } else { count + 2 };
            assert_eq!(count_of(b"/S /TR\n"), rows, "a header, the questions, the totals");
            assert_eq!(count_of(b"/S /TH\n") + count_of(b"/S /TD\n"), rows * 3, "as many cells in every row");
            assert_eq!(count_of(b"/S /H1\n"), 1);
        }
        files.push(file);
    }
    check(&files);
}

#[test]
fn a_third_partys_renderer_draws_on_the_houses_copies() {
    let workshop = Workshop::new();
    let mut registry = copiste_renderers::registry();
    let renderer = Box::new(crate::third_party::FootNumber);
    registry.register(Registration { name: "foot", choice: None, order: 90, renderer });
    let press = copiste_renderers::press_with(registry);
    let records = workshop.case().records();
    let mut desk = Desk::default();
    let rope = records.edition(&press, Profile::FULL, &mut desk).expect("an edition");
    let file = workshop.write_rope("third-party", rope);
    if let Some(words) = text(&file) {
        assert_eq!(words.matches("6789").count(), 2 + 2, "twice on the marking sheet, once a page");
    }
    check(&[file]);
}

#[test]
fn metadata_names_the_exam_and_no_person() {
    let workshop = Workshop::new();
    let mut case = workshop.case();
    case.exam.label = "Mathématiques <STMG> & co".to_owned();
    let records = case.records();
    let mut desk = Desk::default();
    let rope = records.edition(&workshop.press, Profile::FULL, &mut desk).expect("an edition");
    let file = workshop.write_rope("metadata", rope);
    let bytes = std::fs::read(&file).expect("the document");
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("Mathématiques &lt;STMG&gt; &amp; co – 1TMATHS</rdf:li>"));
    assert!(text.contains("<xmp:CreateDate>2020-01-26T00:53:20Z</xmp:CreateDate>"));
    let start = text.find("<?xpacket begin").expect("metadata");
    let end = text.find("<?xpacket end").expect("metadata");
    assert!(!text[start..end].contains("HOARAU") && !text[start..end].contains("Éloïse"));
    check(&[file]);
}
