//! Each kind of finding, where it is and where it is not.

use super::neighbours::Neighbours;
use super::questions::Questions;
use super::services::{Reconciliation, Standing};
use super::sheet::{Finding, Sheet};
use super::tally::{KEPT, Tally, Whose};
use super::{Kind, Policy, Severity, marks, pages};
use crate::model::{
    Acceptance, Annotation, ArchivedScript, Area, BlobRef, Codec, ColourSpace, Damage, Frame, Hundredths,
    Page, PlacedScan, Question, ScanImage, Script, Shape, Spot, Stamp,
};
use crate::store::{InspectionRecord, Record, Seen};

const HALF: Hundredths = Hundredths(50);

fn page(width: f32, height: f32) -> Page {
    let blob = BlobRef { sha256: [1; 32], length: 1, crc32: 0 };
    let image = ScanImage {
        blob,
        width: 1654,
        height: 2339,
        bits: 8,
        colours: ColourSpace::Grey,
        codec: Codec::Dct { colour_transform: None },
        decode: vec![],
        mask: false,
    };
    let scan = PlacedScan { image, matrix: [width, 0.0, 0.0, height, 0.0, 0.0], converted: None };
    Page {
        file: "scans/1.jpg".to_owned(),
        file_page: 1,
        frame: Frame::plain(width, height),
        scan: Some(scan),
        damage: None,
        accepted: None,
    }
}

fn a4() -> Page {
    page(595.0, 842.0)
}

/// A marked script of a locked batch with nothing to note.
fn script(candidate: &str) -> Script {
    let question = |label: &str, earned| Question {
        label: label.to_owned(),
        earned: Hundredths(earned),
        maximum: Hundredths(1000),
    };
    Script {
        id: [0; 16],
        candidate: candidate.to_owned(),
        batch: Some("L001".to_owned()),
        pages: vec![a4(), a4(), a4(), a4()],
        marker_mark: Some(Hundredths(1250)),
        questions: vec![question("1", 500), question("2", 750)],
        marked: true,
        harmonised: None,
        adjustment: None,
        appreciation: None,
        annotations: vec![],
        annotations_apart: None,
    }
}

fn inspected(blank: bool, dpi: u32) -> InspectionRecord {
    InspectionRecord { blank, dpi, ink_permille: 20, damage: None }
}

/// What is found in the pages of a script whose scans were all inspected with this result.
fn in_pages(script: &Script, found: Option<&InspectionRecord>, policy: &Policy) -> Tally {
    let record = Record::of(script).unwrap();
    let mut tally = Tally::default();
    let inspection = |_: &BlobRef| Ok(found.map(|found| Seen::from(Record::of(found).unwrap().get())));
    pages::look(record.get(), policy, inspection, &mut tally).unwrap();
    pages::annotations(record.get(), &record.get().annotations, &mut tally);
    tally
}

/// What is taken down of scripts that come in so many parts, each looked at on its own.
fn in_parts<T: Default>(
    scripts: &[Script],
    parts: usize,
    add: impl Fn(&mut T, u32, &ArchivedScript),
    absorb: impl Fn(&mut T, T),
) -> T {
    let mut whole = T::default();
    let size = scripts.len().div_ceil(parts).max(1);
    for (chunk, first) in scripts.chunks(size).zip((0_u32..).step_by(size)) {
        let mut part = T::default();
        for (script, place) in chunk.iter().zip(first..) {
            add(&mut part, place, Record::of(script).unwrap().get());
        }
        absorb(&mut whole, part);
    }
    whole
}

/// What is found in the lengths of scripts, however many parts they come in.
fn among_neighbours(scripts: &[Script], policy: &Policy) -> Tally {
    let in_parts = |parts: usize| {
        let add = |whole: &mut Neighbours, place, script: &_| whole.add(place, script);
        let neighbours = in_parts(scripts, parts, add, Neighbours::absorb);
        let mut tally = Tally::default();
        let script = |place: u32| Ok(Record::of(&scripts[place as usize]).unwrap());
        neighbours.tell(policy, script, &mut tally).unwrap();
        tally
    };
    let whole = in_parts(1);
    for parts in 2..5 {
        assert_eq!(told(&in_parts(parts)), told(&whole), "in {parts} parts");
    }
    whole
}

fn in_marks(script: &Script, locked: bool) -> Tally {
    let mut tally = Tally::default();
    marks::look(Record::of(script).unwrap().get(), HALF, locked, &mut tally);
    tally
}

/// Each kind that was found, with its places as `candidate/page detail`.
fn told(tally: &Tally) -> Vec<(Kind, Vec<String>)> {
    let place = |place: &super::Place| {
        let page = place.page.map_or_else(String::new, |page| format!("/{page}"));
        format!("{}{page} {}", place.candidate, place.detail).trim_end().to_owned()
    };
    let of = |kind: Kind| (kind, tally.of(kind).first.iter().map(place).collect::<Vec<_>>());
    Kind::ALL.into_iter().map(of).filter(|(_, places)| !places.is_empty()).collect()
}

fn alone(kind: Kind, place: &str) -> Vec<(Kind, Vec<String>)> {
    vec![(kind, vec![place.to_owned()])]
}

#[test]
fn a_good_script_has_nothing_to_note() {
    let good = script("001");
    assert_eq!(told(&in_pages(&good, Some(&inspected(false, 200)), &Policy::default())), []);
    for locked in [false, true] {
        assert_eq!(told(&in_marks(&good, locked)), []);
    }
}

#[test]
fn a_damaged_page_is_noted_until_it_is_accepted_and_then_as_accepted_and_as_nothing_else() {
    let mut damaged = script("001");
    // What is known of its scan no longer matters.
    let found = inspected(true, 20);
    damaged.pages.truncate(1);
    damaged.pages[0].damage = Some(Damage { code: "SCN-003".to_owned(), detail: "cut".to_owned() });
    damaged.pages[0].frame.rotate = 90;
    let policy = Policy::default();
    assert_eq!(told(&in_pages(&damaged, Some(&found), &policy)), alone(Kind::DamagedPages, "001/1 SCN-003"));
    let reason = "perdue par Mme Martin".to_owned();
    damaged.pages[0].accepted = Some(Acceptance { reason, at: 1, line: 2 });
    assert_eq!(told(&in_pages(&damaged, Some(&found), &policy)), alone(Kind::AcceptedPages, "001/1 SCN-003"));
}

#[test]
fn a_page_that_was_not_inspected_is_said_to_be_so_rather_than_good() {
    let mut waiting = script("001");
    waiting.pages.truncate(1);
    assert_eq!(told(&in_pages(&waiting, None, &Policy::default())), alone(Kind::UninspectedPages, "001/1"));
    // Damage that was found and is not in the record yet is not lost either.
    let damage = Some(Damage { code: "SCN-014".to_owned(), detail: "cut".to_owned() });
    let found = InspectionRecord { damage, ..inspected(false, 0) };
    assert_eq!(
        told(&in_pages(&waiting, Some(&found), &Policy::default())),
        alone(Kind::DamagedPages, "001/1")
    );
}

#[test]
fn a_blank_page_is_noted() {
    let mut blank = script("001");
    blank.pages.truncate(1);
    let found = inspected(true, 200);
    assert_eq!(told(&in_pages(&blank, Some(&found), &Policy::default())), alone(Kind::BlankPages, "001/1"));
}

#[test]
fn low_resolution_begins_below_the_policys_dots_an_inch() {
    let mut coarse = script("001");
    coarse.pages.truncate(1);
    for (dpi, wanted, noted) in
        [(99, 100, true), (100, 100, false), (149, 150, true), (150, 150, false), (0, 150, false)]
    {
        let policy = Policy { low_resolution_dpi: wanted, ..Policy::default() };
        let found = told(&in_pages(&coarse, Some(&inspected(false, dpi)), &policy));
        let expected =
            if noted { alone(Kind::LowResolution, &format!("001/1 {dpi} dots an inch")) } else { vec![] };
        assert_eq!(found, expected, "{dpi} of {wanted}");
    }
}

#[test]
fn a_page_is_turned_when_it_is_shown_so_or_lies_across_its_neighbours() {
    let across = || page(842.0, 595.0);
    let turned = |pages: Vec<Page>| {
        let script = Script { pages, ..script("001") };
        let tally = in_pages(&script, Some(&inspected(false, 200)), &Policy::default());
        tally.of(Kind::RotatedPages).first.iter().filter_map(|place| place.page).collect::<Vec<_>>()
    };
    let mut by_rotate = a4();
    by_rotate.frame.rotate = 180;
    assert_eq!(turned(vec![a4(), by_rotate]), [2], "shown turned");
    assert_eq!(turned(vec![a4(), a4(), across()]), [3], "landscape among portrait");
    assert_eq!(turned(vec![a4(), across()]), [2], "of as many, landscape");
    assert_eq!(turned(vec![across(), across(), a4()]), [3], "portrait among landscape");
    assert_eq!(turned(vec![across(), across()]), [0_u32; 0], "a script that is all landscape");
    assert_eq!(turned(vec![page(1191.0, 842.0), a4(), a4()]), [0_u32; 0], "a folded A3 sheet");
}

#[test]
fn a_script_is_noted_when_it_is_the_policys_pages_below_its_batchs_lower_median() {
    let noted = |lengths: &[usize], below: u32| {
        let of = |index: usize, pages: usize| Script {
            pages: vec![a4(); pages],
            ..script(&format!("{index:03}"))
        };
        let scripts: Vec<Script> =
            lengths.iter().enumerate().map(|(index, pages)| of(index, *pages)).collect();
        let policy = Policy { pages_below_median: below, ..Policy::default() };
        let tally = among_neighbours(&scripts, &policy);
        tally.of(Kind::FewerPages).first.iter().map(|place| place.candidate.clone()).collect::<Vec<_>>()
    };
    assert_eq!(noted(&[4, 4, 2, 4, 3], 2), ["002"]);
    assert_eq!(noted(&[4, 4, 2, 4, 3], 1), ["002", "004"]);
    assert_eq!(noted(&[4, 4, 4, 8, 12], 1), [""; 0], "more than the others is no fault");
    assert_eq!(noted(&[2, 4], 1), [""; 0], "two scripts have no middle");
    assert_eq!(noted(&[4, 4, 8, 8], 1), [""; 0], "half of a batch is not fewer than the other half");
}

#[test]
fn scripts_are_neighbours_within_their_batch_only() {
    let of = |(batch, pages): (&str, usize)| Script {
        batch: Some(batch.to_owned()),
        pages: vec![a4(); pages],
        ..script("001")
    };
    let batches = [("L001", 8), ("L001", 8), ("L001", 8), ("L002", 4), ("L002", 4), ("L002", 4)];
    let scripts = batches.map(of);
    assert_eq!(told(&among_neighbours(&scripts, &Policy::default())), []);
}

#[test]
fn annotations_that_reach_outside_are_noted_by_page() {
    let at =
        |page: u32, shape: Shape| Annotation { page, colour: [0; 3], opacity: 100, question: None, shape };
    let stamp = |x, y| Shape::Stamp { at: Spot { x, y }, size: 2000, stamp: Stamp::Tick };
    let area = |x, width| Shape::Highlight { area: Area { x, y: 0, width, height: 100 } };
    let mut annotated = script("001");
    annotated.annotations = vec![at(1, stamp(0, 100_000)), at(1, area(50_000, 50_000))];
    let policy = Policy::default();
    assert_eq!(told(&in_pages(&annotated, Some(&inspected(false, 200)), &policy)), [], "the edge is inside");
    annotated.annotations.push(at(3, stamp(100_001, 0)));
    annotated.annotations.push(at(3, area(50_000, 50_001)));
    annotated.annotations.push(at(2, Shape::Ink { strokes: vec![vec![Spot { x: 5, y: -1 }]], width: 100 }));
    let found = told(&in_pages(&annotated, Some(&inspected(false, 200)), &policy));
    let places = vec!["001/2 1 annotation".to_owned(), "001/3 2 annotations".to_owned()];
    assert_eq!(found, [(Kind::AnnotationsOutside, places)]);
}

#[test]
fn a_total_differs_from_its_questions_by_a_step_or_more() {
    for (total, questions, differs) in [
        (1250, vec![500, 750], false),
        (1300, vec![500, 750], true),
        (1200, vec![500, 750], true),
        // Rounded to the step, up or down.
        (1250, vec![500, 725], false),
        (1200, vec![500, 725], false),
        (1300, vec![500, 725], true),
        // More than 20 is 20.
        (2000, vec![1500, 900], false),
        (1950, vec![1500, 900], true),
        (0, vec![0, 0], false),
        // A mark without detail has nothing to differ from.
        (1250, vec![], false),
    ] {
        let questions = questions.into_iter().zip(["1", "2"]);
        let marked = Script {
            marker_mark: Some(Hundredths(total)),
            questions: questions
                .map(|(earned, label)| Question {
                    label: label.to_owned(),
                    earned: Hundredths(earned),
                    maximum: Hundredths(1500),
                })
                .collect(),
            // What became of it later is not the marker's slip.
            harmonised: Some(Hundredths(1500)),
            ..script("001")
        };
        let found = told(&in_marks(&marked, true));
        assert_eq!(
            found.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(),
            vec![Kind::Totals; usize::from(differs)]
        );
    }
}

#[test]
fn a_mark_is_forgotten_when_nobody_decided_and_a_total_when_only_the_questions_are_there() {
    let said_missing = Script { marker_mark: None, questions: vec![], ..script("001") };
    assert_eq!(told(&in_marks(&said_missing, true)), [], "said to have no mark");
    let no_total = Script { marker_mark: None, ..script("001") };
    assert_eq!(told(&in_marks(&no_total, true)), alone(Kind::ForgottenTotals, "001 questions 12.50"));
    let unmarked = Script { marked: false, ..said_missing.clone() };
    assert_eq!(told(&in_marks(&unmarked, true)), alone(Kind::ForgottenMarks, "001"));
    assert_eq!(told(&in_marks(&unmarked, false)), [], "an open batch is being marked");
    let set_later = Script { harmonised: Some(Hundredths(1000)), ..unmarked };
    assert_eq!(told(&in_marks(&set_later, true)), [], "a mark was set afterwards");
    let zero = Script { marker_mark: Some(Hundredths(0)), questions: vec![], ..script("001") };
    assert_eq!(told(&in_marks(&zero, true)), [], "zero is a mark");
}

#[test]
fn a_question_is_forgotten_when_a_usual_set_has_all_the_others_and_that_one() {
    let noted = |sets: &[(&[&str], usize)]| {
        let mut scripts = Vec::new();
        for (labels, count) in sets {
            for _ in 0..*count {
                let of = |label: &&str| Question {
                    label: (*label).to_owned(),
                    earned: Hundredths(0),
                    maximum: Hundredths(100),
                };
                let questions_of = labels.iter().map(of).collect();
                let number = format!("{:03}", scripts.len() + 1);
                scripts.push(Script { questions: questions_of, ..script(&number) });
            }
        }
        let in_parts = |parts: usize| {
            let add = |whole: &mut Questions, place, script: &_| whole.add(place, script);
            let questions = in_parts(&scripts, parts, add, Questions::absorb);
            let mut tally = Tally::default();
            questions.tell(|place| Ok(Record::of(&scripts[place as usize]).unwrap()), &mut tally).unwrap();
            told(&tally)
        };
        let whole = in_parts(1);
        for parts in 2..5 {
            assert_eq!(in_parts(parts), whole, "in {parts} parts");
        }
        whole
    };
    let forgotten = alone(Kind::ForgottenQuestions, "006 1 question");
    assert_eq!(noted(&[(&["1", "2", "3"], 5), (&["3", "1"], 1)]), forgotten);
    assert_eq!(noted(&[(&["1", "2"], 5), (&["A", "B", "C"], 6)]), [], "another subject's questions");
    assert_eq!(noted(&[(&["1", "2"], 5), (&[], 5)]), [], "no detail is no forgotten question");
    assert_eq!(noted(&[(&["1", "2"], 5), (&["1", "2", "3"], 5)]), [], "as usual as the larger set");
    assert_eq!(
        noted(&[(&["1"], 1), (&["2"], 37), (&["1", "3"], 2)]),
        alone(Kind::ForgottenQuestions, "001 1 question")
    );
    assert_eq!(
        noted(&[(&["1"], 1), (&["2"], 38), (&["1", "3"], 1)]),
        [],
        "a larger set that nobody else has"
    );
}

#[test]
fn services_and_presences_reconcile_or_the_candidate_is_named_with_the_reason() {
    let marked = script("001");
    let unmarked = Script { marked: false, marker_mark: None, questions: vec![], ..script("001") };
    let said_missing = Script { marked: true, ..unmarked.clone() };
    let of_nobody = Script { harmonised: Some(Hundredths(1000)), ..unmarked.clone() };
    for (present, held, noted) in [
        (true, Some((&marked, Standing::Locked)), None),
        (true, Some((&marked, Standing::Open)), None),
        (true, Some((&said_missing, Standing::Locked)), None),
        (true, Some((&unmarked, Standing::Locked)), None),
        (true, Some((&unmarked, Standing::Unbatched)), None),
        (false, None, None),
        (true, None, Some("came, and has no script")),
        (
            true,
            Some((&marked, Standing::Unbatched)),
            Some("has a mark and is in no batch, so counts for no marker"),
        ),
        (
            true,
            Some((&of_nobody, Standing::Locked)),
            Some("has a final mark that no marker gave, so counts for no marker"),
        ),
        (
            false,
            Some((&marked, Standing::Locked)),
            Some("did not come, and has a script that counts for a marker"),
        ),
        (false, Some((&unmarked, Standing::Locked)), None),
    ] {
        let (mut counts, mut tally) = (Reconciliation::default(), Tally::default());
        let record = held.map(|(script, standing)| (Record::of(script).unwrap(), standing));
        let read = record.as_ref().map(|(record, standing)| (record.get(), *standing));
        counts.add("001", present, read, &mut tally);
        let expected = noted.map_or(vec![], |why| alone(Kind::Services, &format!("001 {why}")));
        assert_eq!(told(&tally), expected, "present {present}, {held:?}");
        let Reconciliation { present, counted, without_mark, waiting, differing, .. } = counts;
        assert_eq!(present, counted + without_mark + waiting + differing);
    }
}

#[test]
fn the_first_places_are_the_lowest_whatever_the_order_they_come_in_and_all_are_counted() {
    let push = |numbers: &mut dyn Iterator<Item = usize>| {
        let mut tally = Tally::default();
        for number in numbers {
            let (candidate, batch) = (format!("{number:05}"), format!("L{}", number % 3));
            let whose = Whose { batch: Some(&batch), candidate: &candidate };
            tally.push(Kind::BlankPages, whose, Some(2), String::new);
            tally.push(Kind::BlankPages, whose, Some(1), String::new);
        }
        tally.take(Kind::BlankPages)
    };
    let (up, down) = (push(&mut (0..2_000)), push(&mut (0..2_000).rev()));
    assert_eq!((up.count, up.first.len()), (4_000, KEPT));
    assert_eq!(up.first, down.first);
    assert!(up.first.is_sorted());
    assert_eq!((up.first[0].candidate.as_str(), up.first[0].page), ("00000", Some(1)));
}

fn sheet(policy: &Policy) -> Sheet {
    let mut tally = Tally::default();
    for number in 0..7 {
        let candidate = format!("{number:03}");
        let whose = Whose { batch: Some("L001"), candidate: &candidate };
        tally.push(Kind::Totals, whose, None, || "total 12.50, questions 11.00".to_owned());
    }
    tally.push(Kind::BlankPages, Whose { batch: None, candidate: "009" }, Some(4), String::new);
    Sheet {
        exam: "E1".to_owned(),
        batches: None,
        scripts: 10,
        pages: 40,
        counts: Reconciliation::default(),
        findings: Kind::ALL.into_iter().filter_map(|kind| Finding::of(kind, policy, &mut tally)).collect(),
    }
}

#[test]
fn a_sheet_blocks_as_its_policy_has_it_and_names_kind_count_places_and_remedy_but_no_mark() {
    let usual = sheet(&Policy::default());
    assert!(!usual.blocks());
    let strict = sheet(&Policy::default().with(Kind::Totals, Severity::Blocker));
    assert!(strict.blocks());
    let held = strict.blockers().to_string();
    assert_eq!(
        held,
        "totals that differ from their questions: 7 (batch L001 candidate 000, batch L001 candidate 001, batch L001 \
         candidate 002, batch L001 candidate 003, batch L001 candidate 004, …) — ask the marker; `copiste mark` \
         corrects a total, or look at them and let quality.totals be a warning"
    );
    let shown = strict.to_string();
    assert!(shown.contains("blockers 1, warnings 1"), "{shown}");
    assert!(shown.contains("    warning blank pages: 1 (candidate 009 page 4)\n"), "{shown}");
    assert!(
        shown.contains("BLOCKER totals that differ from their questions: 7 (batch L001 candidate 000: total"),
        "{shown}"
    );
    let json = serde_json::to_string(&strict).unwrap();
    assert_eq!(serde_json::from_str::<Sheet>(&json).unwrap(), strict);
}

#[test]
fn only_a_mark_that_nobody_decided_blocks_by_default() {
    let blocking = Kind::ALL.into_iter().filter(|kind| kind.usual() == Severity::Blocker);
    assert_eq!(blocking.collect::<Vec<_>>(), [Kind::ForgottenMarks]);
    for (index, kind) in Kind::ALL.into_iter().enumerate() {
        assert_eq!(kind as usize, index, "the order of a sheet is that of the kinds");
        for severity in [Severity::Warning, Severity::Blocker] {
            assert_eq!(Policy::default().with(kind, severity).of(kind), severity);
            assert_eq!(Severity::parse(severity.name()), Some(severity));
        }
    }
}
