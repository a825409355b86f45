//! A damaged page is never dropped and never passes for a whole one.

use copiste_core::model::*;
use copiste_core::render::Profile;

use crate::subjects::*;
use crate::tools::{is_sound, keeps_the_standards, text};

fn damaged(workshop: &Workshop, scan: bool, accepted: bool, paper: (f32, f32)) -> Case {
    let mut case = workshop.case();
    let mut page = workshop.page(workshop.grey_jpeg(), paper);
    page.damage = Some(Damage { code: "SCN-004".to_owned(), detail: "truncated".to_owned() });
    page.accepted = accepted.then(|| Acceptance {
        reason: "page perdue, confirmé par téléphone".to_owned(),
        at: 1_578_038_400,
        line: 7,
    });
    if !scan {
        page.scan = None;
    }
    case.script.pages.insert(1, page);
    case.script.annotations = every_kind(2);
    case
}

#[test]
fn a_damaged_page_says_so_in_its_place() {
    let workshop = Workshop::new();
    let mut files = Vec::new();
    for paper in [A4, (842.0, 595.0), (1191.0, 842.0), (200.0, 90.0)] {
        for (scan, accepted) in [(true, true), (true, false), (false, true), (false, false)] {
            let case = damaged(&workshop, scan, accepted, paper);
            let file =
                workshop.write(&format!("damaged-{}-{scan}-{accepted}", paper.0), &case, Profile::FULL);
            if let Some(words) = text(&file) {
                let pages: Vec<&str> = words.split('\u{c}').collect();
                assert_eq!(pages.len(), 1 + 3 + 1, "marking sheet, three pages, nothing after the last");
                let flat = pages[2].split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(flat.contains("endommagée") && flat.contains("SCN-004"), "{flat}");
                assert_eq!(flat.contains("3 janvier 2020"), accepted, "{flat}");
                assert_eq!(flat.contains("telle quelle"), scan && accepted, "{flat}");
                assert!(flat.contains("Page 2"), "{flat}");
                assert!(!words.contains("téléphone"), "the reason may name someone");
                for whole in [1, 3] {
                    assert!(!pages[whole].contains("endommagée"));
                }
            }
            is_sound(&file);
            files.push(file);
        }
    }
    keeps_the_standards(&files);
}
