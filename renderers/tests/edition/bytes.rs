//! Same record, same bytes; no scan byte changed; little added.

use copiste_core::model::*;
use copiste_core::render::{Desk, Profile};
use copiste_core::rope::{Rope, Segment};

use crate::subjects::*;

fn read(workshop: &Workshop, rope: &Rope) -> Vec<u8> {
    std::fs::read(workshop.write_rope("read", rope)).expect("the document")
}

#[test]
fn the_same_record_gives_the_same_bytes_whatever_was_made_before() {
    let workshop = Workshop::new();
    let other = Workshop::new();
    let mut case = workshop.case();
    case.script.annotations = every_kind(2);
    let mut stranger = workshop.case();
    stranger.script.appreciation = Some("Ελληνικά, кириллица, العربية, 漢字, ∫ √".repeat(9));
    stranger.script.questions = questions(77);
    stranger.script.annotations = every_kind(1);
    let mut desk = Desk::default();
    for profile in Profile::all() {
        let first = {
            let records = case.records();
            let rope = records.edition(&workshop.press, profile, &mut desk).expect("an edition");
            (rope.digest(), rope.tail().to_vec(), rope.len(), rope.crc32())
        };
        let records = stranger.records();
        records.edition(&workshop.press, profile, &mut desk).expect("an edition");
        for press in [&workshop.press, &other.press] {
            let records = case.records();
            let rope = records.edition(press, profile, &mut desk).expect("an edition");
            assert_eq!((rope.digest(), rope.tail().to_vec(), rope.len(), rope.crc32()), first, "{profile:?}");
        }
    }
}

#[test]
fn the_tail_tells_editions_apart() {
    let workshop = Workshop::new();
    let case = workshop.case();
    let mut changed = case.clone();
    changed.script.appreciation = Some(APPRECIATION.replace("sérieuse", "sérieusf"));
    let mut desk = Desk::default();
    let mut tail = |case: &Case| {
        let records = case.records();
        let rope = records.edition(&workshop.press, Profile::FULL, &mut desk).expect("an edition");
        (rope.tail().to_vec(), rope.len())
    };
    let (first, second) = (tail(&case), tail(&changed));
    assert_eq!(first.1, second.1, "as long");
    assert_ne!(first.0, second.0);
}

#[test]
fn no_scan_byte_is_changed_and_the_crc_is_that_of_the_file() {
    let workshop = Workshop::new();
    let mut desk = Desk::default();
    for (name, image) in workshop.every_codec() {
        let scan = workshop.bytes(&image.blob);
        let blob = image.blob;
        let case = Case::new(vec![workshop.page(image, A4)]);
        let records = case.records();
        let rope = records.edition(&workshop.press, Profile::FULL, &mut desk).expect("an edition");
        let blobs: Vec<_> = rope
            .segments()
            .iter()
            .filter_map(|segment| match segment {
                Segment::Blob(blob) => Some(*blob),
                _ => None,
            })
            .collect();
        assert_eq!(blobs.last(), Some(&blob), "{name}");
        let bytes = read(&workshop, rope);
        assert_eq!(crc32fast::hash(&bytes), rope.crc32(), "{name}");
        assert_eq!(bytes.windows(scan.len()).filter(|piece| *piece == scan).count(), 1, "{name}");
    }
}

#[test]
fn a_page_that_is_shown_twice_is_kept_once() {
    let workshop = Workshop::new();
    let records = workshop.case().records();
    let mut desk = Desk::default();
    let rope = records.edition(&workshop.press, Profile::FULL, &mut desk).expect("an edition");
    let blobs = rope.segments().iter().filter(|segment| matches!(segment, Segment::Blob(_))).count();
    assert_eq!(blobs, 1, "both pages show the same scan");
}

#[test]
fn large_scans_begin_at_a_multiple_of_4096() {
    let workshop = Workshop::new();
    let mut large = workshop.sample("grey.jpg");
    // What follows the end of a JPEG is ignored by readers.
    large.resize(300_000, 0);
    let image = workshop.image(Codec::Dct { colour_transform: None }, ColourSpace::Grey, 8, &large);
    let mut smaller = workshop.sample("rgb.jpg");
    smaller.resize(100_000, 0);
    let small = workshop.image(Codec::Dct { colour_transform: None }, ColourSpace::Rgb, 8, &smaller);
    let pages = [image.clone(), small, image].map(|image| workshop.page(image, A4));
    let records = Case::new(pages.to_vec()).records();
    let mut desk = Desk::default();
    let rope = records.edition(&workshop.press, Profile::FULL, &mut desk).expect("an edition");
    let mut at = 0;
    for segment in rope.segments() {
        at += match segment {
            Segment::Owned { start, end } => (end - start) as u64,
            Segment::Shared(shared) => shared.bytes().len() as u64,
            Segment::Blob(blob) => {
                assert!(blob.length < 256 * 1024 || at % 4096 == 0, "{at}");
                blob.length
            }
        };
    }
    let file = workshop.write_rope("aligned", rope);
    crate::tools::is_sound(&file);
}

/// CONTRACTS, section 5: up to 20 annotations a page, Latin, Greek and mathematics, 60 questions.
#[test]
fn an_ordinary_copy_adds_at_most_60_kilobytes_to_its_scans() {
    let workshop = Workshop::new();
    let mut desk = Desk::default();
    for (pages, per_page) in [(4, 20), (4, 15), (8, 20)] {
        let image = workshop.grey_jpeg();
        let scan = image.blob.length;
        let mut case = Case::new(vec![workshop.page(image, A4); pages]);
        case.script.questions = questions(60);
        let words = "Le théorème est bien cité : α + β ≤ π, donc √2 ∈ ℝ. ";
        case.script.appreciation = Some(words.repeat(400 / words.chars().count() + 1));
        for page in 1..=pages {
            let kinds = every_kind(u32::try_from(page).expect("few pages"));
            case.script.annotations.extend(kinds.iter().cycle().take(per_page).cloned());
        }
        let records = case.records();
        let rope = records.edition(&workshop.press, Profile::FULL, &mut desk).expect("an edition");
        let added = rope.len() - scan;
        workshop.write_rope(&format!("ordinary-{pages}-{per_page}"), rope);
        eprintln!("{pages} pages, {per_page} annotations a page: {added} bytes added");
        assert!(added <= 60_000, "{pages} pages, {per_page} annotations a page: {added} bytes");
    }
}

#[test]
fn the_fullest_ordinary_copy_adds_at_most_60_kilobytes_to_its_scans() {
    // CONTRACTS, section 5: up to 20 annotations a page, Latin, Greek and mathematics, 60 questions. Four
    // pages of more than 256 KiB each, so that blanks for alignment count too.
    let workshop = Workshop::new();
    let mut picture = workshop.sample("grey.jpg");
    picture.resize(300_000, 0);
    let pages: Vec<Page> = (0..4)
        .map(|page| {
            picture[299_999] = page;
            let image = ScanImage { blob: workshop.blob(&picture), ..workshop.grey_jpeg() };
            workshop.page(image, A4)
        })
        .collect();
    let remarks = [
        "Il fallait distinguer deux cas : Δ < 0 puis Δ ≥ 0, et conclure sur ℝ (voir l’énoncé, question 2).",
        "Rappel : uₙ = u₀ × qⁿ et donc u₅ ≈ 1 738,91 € ; ∑ des fréquences = 1, σ ≈ 2,4 et non µ.",
        "« croissante » sur quel intervalle ? f′(x) ≥ 0 ⇔ x ∈ ]−∞ ; √2] ∪ [π ; +∞[",
        "Où voulez-vous en venir ? L’œuvre citée n’est pas de Kant…",
    ];
    let mut case = Case::new(pages);
    for page in 1..=4 {
        let kinds = every_kind(page);
        let drawn = kinds.into_iter().filter(|one| !matches!(one.shape, Shape::Text { .. }));
        case.script.annotations.extend(drawn.take(12));
        for (row, remark) in (0..8).zip(remarks.iter().cycle()) {
            let shape = Shape::Text {
                area: area(20, 5 + 10 * row, 40, 0),
                text: (*remark).to_owned(),
                size: 1100,
                rotation: if row == 3 { 5 } else { 0 },
            };
            case.script.annotations.push(annotation(page, [0xC8, 0x10, 0x2E], shape));
        }
    }
    assert_eq!(case.script.annotations.len(), 80);
    case.script.questions = questions(60);
    case.script.appreciation = Some(APPRECIATION.repeat(4));
    let records = case.records();
    let mut desk = Desk::default();
    for profile in Profile::all() {
        let rope = records.edition(&workshop.press, profile, &mut desk).expect("an edition");
        let added = rope.len() - 4 * 300_000;
        eprintln!("{profile:?}: {added} bytes");
        assert!(profile != Profile::FULL || added > 30_000, "it is hardly the fullest: {added} bytes");
    }
}
