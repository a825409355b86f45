//! Whatever was typed, every copy comes out, whole and sound.

use copiste_core::model::*;
use copiste_core::render::{Desk, Profile, RenderError};

use crate::subjects::*;
use crate::tools::{is_sound, keeps_the_standards};

const WORDS: &[&str] = &[
    "",
    " \t\r\n ",
    "\u{0}\u{1}\u{7f}\u{85}\u{feff}\u{fffe}\u{ffff}\u{2028}",
    "(((\\)(\\\\ <</Type/Catalog>> endstream endobj %%EOF",
    "مرحبا بالعالم 123 (نعم)",
    "\u{202e}renversé\u{202c} \u{200f}\u{200e}\u{2066}",
    "漢字かな交じり文。한국어",
    "हिन्दी ภาษาไทย עברית",
    "🧮👩‍🏫🇫🇷 é\u{301}\u{302}\u{303} a\u{20dd}",
    "∀ε>0 ∃δ : |x−a|<δ ⇒ |f(x)−ℓ|<ε, ∑ᵢ₌₁ⁿ ½",
    "\u{10ffff}\u{e000}\u{1f4a9}\u{2fffe}",
    "œŒŸ€’“”«»…—–•ﬁﬂ\u{ad}\u{200b}\u{a0}\u{202f}",
];

fn hostile(workshop: &Workshop, words: &str) -> Case {
    let mut case = workshop.case();
    words.clone_into(&mut case.exam.label);
    words.clone_into(&mut case.exam.code);
    words.clone_into(&mut case.exam.session_name);
    words.clone_into(&mut case.exam.starts_at);
    case.exam.series = vec![words.to_owned(); 3];
    words.clone_into(&mut case.school.name);
    words.clone_into(&mut case.candidate.last_name);
    words.clone_into(&mut case.candidate.first_name);
    words.clone_into(&mut case.candidate.number);
    case.script.questions = questions(3);
    words.clone_into(&mut case.script.questions[1].label);
    case.script.questions[2].earned = Hundredths(i32::MIN);
    case.script.questions[2].maximum = Hundredths(i32::MAX);
    case.script.appreciation = Some(words.to_owned());
    case.script.annotations = every_kind(1);
    for annotation in &mut case.script.annotations {
        annotation.question = Some(words.to_owned());
        match &mut annotation.shape {
            Shape::Text { text, .. } | Shape::Mark { text, .. } => words.clone_into(text),
            _ => {}
        }
    }
    case
}

#[test]
fn any_character_is_drawn_and_archived() {
    let workshop = Workshop::new();
    let mut files = Vec::new();
    for (index, words) in WORDS.iter().enumerate() {
        let file = workshop.write(&format!("words-{index}"), &hostile(&workshop, words), Profile::FULL);
        is_sound(&file);
        files.push(file);
    }
    keeps_the_standards(&files);
}

#[test]
fn words_without_end_still_fit_their_sheets() {
    let workshop = Workshop::new();
    let mut files = Vec::new();
    for (index, words) in
        ["w".repeat(9000), "mot ".repeat(3000), "\n".repeat(4000), "漢".repeat(2500)].iter().enumerate()
    {
        let mut case =
            hostile(&workshop, &words[..words.char_indices().nth(300).map_or(words.len(), |(end, _)| end)]);
        case.script.appreciation = Some(words.clone());
        if let Shape::Mark { text, .. } = &mut case.script.annotations[11].shape {
            words.clone_into(text);
        }
        let file = workshop.write(&format!("endless-{index}"), &case, Profile::FULL);
        is_sound(&file);
        files.push(file);
    }
    keeps_the_standards(&files);
}

#[test]
fn absurd_numbers_stay_numbers() {
    let workshop = Workshop::new();
    let mut case = workshop.case();
    let far = Spot { x: i32::MAX, y: i32::MIN };
    let huge = Area { x: i32::MIN, y: i32::MAX, width: i32::MIN, height: i32::MAX };
    let flat = Area { x: 0, y: 0, width: 0, height: 0 };
    for shape in [
        Shape::Text { area: huge, text: "loin".to_owned(), size: u32::MAX, rotation: i32::MIN },
        Shape::Text { area: flat, text: "rien".to_owned(), size: 0, rotation: 45 },
        Shape::Ink { strokes: vec![vec![], vec![far], vec![far, spot(1, 1)]], width: u32::MAX },
        Shape::Ink { strokes: vec![], width: 0 },
        Shape::Line { from: far, to: far, width: 0 },
        Shape::Arrow { from: far, to: far, width: 100 },
        Shape::Arrow { from: spot(1, 1), to: far, width: 100 },
        Shape::Rectangle { area: huge, line_width: 1, fill: Some([1, 2, 3]) },
        Shape::Ellipse { area: flat, line_width: u32::MAX, fill: None },
        Shape::Highlight { area: huge },
        Shape::Stamp { at: far, size: 0, stamp: Stamp::Read },
        Shape::Stamp { at: spot(1, 1), size: u32::MAX, stamp: Stamp::Question },
        Shape::Mark { at: far, text: "1".to_owned() },
    ] {
        case.script.annotations.push(Annotation { opacity: 255, ..annotation(1, [9; 3], shape) });
    }
    case.renderable_at = i64::MIN;
    let file = workshop.write("absurd", &case, Profile::FULL);
    is_sound(&file);
    keeps_the_standards(&[file]);
}

#[test]
fn a_script_without_pages_or_marks_still_has_a_sheet() {
    let workshop = Workshop::new();
    let mut files = Vec::new();
    for attendance in
        [Attendance::Present, Attendance::Absent, Attendance::AbsentJustified, Attendance::Exempt]
    {
        let mut case = Case::new(Vec::new());
        case.candidate.attendance = attendance;
        case.script.marker_mark = None;
        case.script.questions.clear();
        case.script.appreciation = None;
        let file = workshop.write(&format!("empty-{attendance:?}"), &case, Profile::FULL);
        is_sound(&file);
        files.push(file);
    }
    keeps_the_standards(&files);
}

#[test]
fn an_annotation_on_a_page_that_is_not_there_is_an_error_and_not_lost() {
    let workshop = Workshop::new();
    for page in [0, 3, u32::MAX] {
        let mut case = workshop.case();
        case.script.annotations = every_kind(page);
        let records = case.records();
        let mut desk = Desk::default();
        let refused = records.edition(&workshop.press, Profile::FULL, &mut desk).map(|_| ());
        assert!(matches!(refused, Err(RenderError::Draw { renderer: "annotations", .. })), "page {page}");
    }
}
