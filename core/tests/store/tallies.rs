//! What is counted as commands write it is what one finds who walks through everything.

use std::collections::BTreeMap;

use copiste_core::journal::{
    Answer, BatchMove, ChangeMarks, Command, FoundDamage, FoundItem, Launch, MarkChange, MoveBatches,
    PreparedExport, Sent, Target,
};
use copiste_core::model::{ArchivedAttendance, Damage};
use copiste_core::process::status::{Missing, Status, mean, status};
use copiste_core::store::{
    BlobSink, ExamView, InspectionRecord, SHOWN, Standing, Store, Tally, Waiting, verify,
};
use proptest::prelude::*;
use tempfile::tempdir;

use crate::academy::*;

const EXAM: &str = "E1";

/// What may happen to an exam.
#[derive(Clone, Debug)]
enum Act {
    /// A bundle of so many candidates, of kinds that depend on the salt.
    Import {
        size: u8,
        salt: u8,
    },
    /// So many of the damaged pages are accepted, from one on.
    Accept {
        from: u8,
        count: u8,
    },
    /// Some span is inspected; with `torn`, its damage is not told any more.
    Inspect {
        span: u8,
        damage: bool,
        torn: bool,
    },
    /// A candidate without a mark is given one.
    Correct {
        nth: u8,
        mark: u8,
    },
    Harmonise {
        batch: u8,
        by: i8,
    },
    Move {
        batch: u8,
        to: BatchMove,
    },
    /// Marks go to Cyclades, and every so manieth is rejected.
    Transmit {
        reject: u8,
    },
    Reopen,
}

fn act() -> impl Strategy<Value = Act> {
    let to = prop_oneof![
        3 => Just(BatchMove::Lock),
        1 => Just(BatchMove::Unlock),
        1 => Just(BatchMove::Validate)
    ];
    prop_oneof![
        3 => (0..170_u8, 0..12_u8).prop_map(|(size, salt)| Act::Import { size, salt }),
        4 => (0..100_u8, 1..60_u8).prop_map(|(from, count)| Act::Accept { from, count }),
        3 => (0..3_u8, any::<bool>(), prop::bool::weighted(0.2))
            .prop_map(|(span, damage, torn)| Act::Inspect { span, damage, torn }),
        3 => (0..60_u8, 0..41_u8).prop_map(|(nth, mark)| Act::Correct { nth, mark }),
        2 => (0..3_u8, -4..5_i8).prop_map(|(batch, by)| Act::Harmonise { batch, by }),
        3 => (0..3_u8, to).prop_map(|(batch, to)| Act::Move { batch, to }),
        2 => (1..9_u8).prop_map(|reject| Act::Transmit { reject }),
        1 => Just(Act::Reopen),
    ]
}

fn batch_name(batch: u8) -> String {
    format!("L{}", batch + 1)
}

fn bundle(common: bool, size: u8, salt: u8) -> Bundle {
    let mut bundle = if common { Bundle::common(EXAM, &[]) } else { Bundle::of(EXAM, &[]) };
    bundle.batches =
        (0..3).map(|batch| Lot { id: batch_name(batch), locked: false, validated: false }).collect();
    bundle.people = (0..size)
        .map(|n| {
            let mut person = Person::of(&format!("{n:03}"));
            person.batch = Some(batch_name(n % 3));
            let damaged = || Sheet::Damaged("torn".to_owned());
            // Whole crowds without a mark or with damaged pages: more than a list names.
            let kind = match salt % 4 {
                0 if n % 8 != 0 => 2,
                1 if n % 8 != 0 => 5 + n % 2,
                _ => (u32::from(n) * 7 + u32::from(salt) * 13) as u8 % 11,
            };
            match kind {
                0 => person.pages = None,
                1 => (person.pages, person.came) = (None, false),
                2 => person.pages = Some(vec![damaged(), damaged()]),
                3 => person.pages = Some(vec![Sheet::Scan(format!("{n} {salt}")), damaged()]),
                4 => person.pages = Some(vec![Sheet::Scan("shared".to_owned())]),
                5 => (person.mark, person.marked) = (None, false),
                6 => person.mark = None,
                7 => person.mark = Some(0),
                8 => person.batch = None,
                _ => {}
            }
            person
        })
        .collect();
    bundle
}

fn reason(store: &Store) -> copiste_core::model::BlobRef {
    let batch = store.blobs().begin();
    let reason = batch.put(b"parce que").unwrap();
    batch.seal().unwrap();
    reason
}

/// Does it. What is refused changes nothing.
fn perform(store: &Store, common: bool, act: &Act, at: i64) {
    let view = store.exam(EXAM).unwrap();
    let try_to = |command: Command| {
        let _ = store.execute(&command, &manager(), at);
    };
    let change = |change| {
        try_to(Command::ChangeMarks(ChangeMarks { exam: EXAM.to_owned(), change, reason: reason(store) }));
    };
    match (act, &view) {
        (Act::Import { size, salt }, _) => try_to(import_command(store, &bundle(common, *size, *salt))),
        (Act::Accept { from, count }, Some(view)) => {
            let damaged = view.damaged().unwrap();
            let pages: Vec<(&str, u32)> = damaged
                .iter()
                .filter(|page| page.accepted.is_none())
                .skip(usize::from(*from))
                .take(usize::from(*count))
                .map(|page| (page.place.candidate.as_str(), page.place.page))
                .collect();
            try_to(accept_command(store, EXAM, &pages, "connu"));
        }
        (Act::Inspect { span, damage, torn }, Some(view)) => {
            inspect(store, view, u32::from(*span), *damage, *torn, at);
        }
        (Act::Correct { nth, mark }, Some(view)) => {
            let without: Vec<String> = view
                .scripts()
                .map(Result::unwrap)
                .filter(|script| script.get().final_mark().is_none())
                .map(|script| script.get().candidate.to_string())
                .collect();
            if let Some(candidate) = without.get(usize::from(*nth) % without.len().max(1)) {
                change(MarkChange::Correction { candidate: candidate.clone(), mark: i32::from(*mark) * 50 });
            }
        }
        (Act::Harmonise { batch, by }, Some(_)) => {
            change(MarkChange::Batch { batch: batch_name(*batch), by: i32::from(*by) * 50 });
        }
        (Act::Move { batch, to }, Some(_)) => {
            let batches = vec![batch_name(*batch)];
            try_to(Command::MoveBatches(MoveBatches { exam: EXAM.to_owned(), to: *to, batches }));
        }
        (Act::Transmit { reject }, Some(view)) => transmit(store, view, usize::from(*reject), at),
        _ => {}
    }
}

/// What an inspection does with a span.
fn inspect(store: &Store, view: &ExamView, span: u32, damage: bool, torn: bool, at: i64) {
    if span >= view.spans() {
        return;
    }
    let (mut found, mut items) = (BTreeMap::new(), Vec::new());
    for script in view.scripts_in(span).unwrap() {
        let script = script.get();
        for (page, number) in script.pages.iter().zip(1..).filter(|(page, _)| page.damage.is_none()) {
            let Some(placed) = page.scan.as_ref() else { continue };
            let blob = placed.image.blob.get();
            let known = view.inspection(&blob).unwrap().map(|record| record.value().unwrap());
            let record = known.unwrap_or_else(|| InspectionRecord {
                blank: false,
                dpi: 200,
                ink_permille: 1,
                damage: (damage && blob.sha256[0] < 100)
                    .then(|| Damage { code: "SCN-014".to_owned(), detail: "cut".to_owned() }),
            });
            if let Some(Damage { code, detail }) = record.damage.clone() {
                let (candidate, scan) = (script.candidate.to_string(), blob.sha256);
                items.push(FoundItem { candidate, page: number, scan, code, detail });
            }
            found.insert(blob.sha256, (blob, record));
        }
    }
    store.record_inspections(&found.into_values().collect::<Vec<_>>()).unwrap();
    if torn {
        return;
    }
    if !items.is_empty() {
        let command = Command::FoundDamage(FoundDamage { exam: EXAM.to_owned(), items });
        store.execute(&command, &manager(), at).unwrap();
    }
    store.count_waiting(view, span).unwrap();
}

/// Sends the marks of all candidates of an E3C who have one.
fn transmit(store: &Store, view: &ExamView, reject: usize, at: i64) {
    let numbers: Vec<String> = view
        .scripts()
        .map(Result::unwrap)
        .filter(|script| script.get().final_mark().is_some())
        .map(|script| script.get().candidate.to_string())
        .collect();
    let key = |number: &String| serde_json::json!({ "candidate_number": number, "outcome": "mark" });
    let rows = serde_json::json!({ "rows": numbers.iter().map(key).collect::<Vec<_>>() }).to_string();
    let rejected: Vec<_> = numbers
        .iter()
        .step_by(reject)
        .map(|number| serde_json::json!({ "key": number, "code": "unknown", "reason": "unknown" }))
        .collect();
    let batch = store.blobs().begin();
    let kept = batch.put(rows.as_bytes()).unwrap();
    let list = batch.put(serde_json::to_string(&rejected).unwrap().as_bytes()).unwrap();
    batch.seal().unwrap();
    let exam = || EXAM.to_owned();
    let number = view.exports().unwrap().iter().map(|export| export.number).max().unwrap_or(0) + 1;
    let prepared = PreparedExport {
        target: Target::Cyclades,
        number,
        count: numbers.len() as u64,
        rows: kept,
        chunks: vec![u32::try_from(rows.len()).unwrap()],
    };
    let launch = Command::Launch(Launch { exam: exam(), exports: vec![prepared] });
    store.execute(&launch, &manager(), at).unwrap();
    let answer = Answer::Committed {
        accepted: (numbers.len() - rejected.len()) as u64,
        rejected: rejected.len() as u64,
        list: (!rejected.is_empty()).then_some(list),
    };
    let sent = Sent { exam: exam(), target: Target::Cyclades, number, answer, requests: 1, took_ms: 1 };
    store.execute(&Command::Sent(sent), &manager(), at).unwrap();
    let view = store.exam(EXAM).unwrap().unwrap();
    assert!(view.exports().unwrap().iter().all(|export| export.standing() != Standing::Unsettled));
}

/// The lowest numbers and how many things there are.
#[derive(Default)]
struct Walked(BTreeMap<String, u64>);

impl Walked {
    fn add(&mut self, number: &str, count: u64) {
        if count > 0 {
            *self.0.entry(number.to_owned()).or_default() += count;
        }
    }

    fn missing(&self) -> Missing {
        Missing { count: self.0.values().sum(), first: self.0.keys().take(SHOWN).cloned().collect() }
    }
}

/// Walks through everything, and compares.
#[track_caller]
fn compare(view: &ExamView, told: &Status) {
    let (mut without, mut damaged, mut missing, mut unbatched, mut waiting) = Default::default();
    let lists: [&mut Walked; 5] = [&mut without, &mut damaged, &mut missing, &mut unbatched, &mut waiting];
    let [without, damaged, missing, unbatched, waiting] = lists;
    let (mut present, mut given, mut sum, mut transmitted, mut accepted) = (0, 0, 0, 0, 0);
    let (mut complete, mut scanned, mut clear) = (0, 0, 0_u64);
    for (candidate, place) in view.candidates().unwrap().zip(0..) {
        let candidate = candidate.unwrap();
        let (number, came) =
            (candidate.get().number.as_str(), candidate.get().attendance == ArchivedAttendance::Present);
        let script = view.script_at(place).unwrap();
        let script = script.as_ref().map(|script| script.get());
        transmitted += u64::from(view.transmitted_at(place).unwrap().is_some());
        unbatched.add(number, u64::from(script.is_some_and(|script| script.batch.is_none())));
        if !came {
            continue;
        }
        present += 1;
        let mark = script.and_then(|script| script.final_mark());
        missing.add(number, u64::from(mark.is_none()));
        given += u64::from(mark.is_some());
        sum += i64::from(mark.map_or(0, |mark| mark.0));
        let Some(script) = script else {
            without.add(number, 1);
            continue;
        };
        let (mut bad, mut waits) = (0, 0);
        for page in script.pages.iter() {
            match (&page.damage.as_ref(), page.accepted.as_ref(), page.scan.as_ref()) {
                (Some(_), Some(_), _) => accepted += 1,
                (Some(_), None, _) => bad += 1,
                (None, _, Some(scan)) => {
                    scanned += 1;
                    let found = view.inspection(&scan.image.blob.get()).unwrap();
                    waits += u64::from(found.is_none_or(|found| found.get().damage.is_some()));
                }
                (None, _, None) => {}
            }
        }
        damaged.add(number, bad);
        waiting.add(number, waits);
        complete += u64::from(bad == 0 && waits == 0);
        clear += u64::from(bad == 0);
    }
    let scanning = &told.scanning;
    assert_eq!((told.attendance.present, told.transmitted), (present, transmitted));
    assert_eq!(told.unbatched_scripts, unbatched.missing());
    assert_eq!(scanning.without_script, without.missing());
    assert_eq!(scanning.damaged_pages, damaged.missing());
    assert_eq!(scanning.accepted_pages, accepted);
    assert_eq!((told.marks.given, told.marks.missing), (given, missing.missing().count));
    assert_eq!(told.marks.without, missing.missing());
    assert_eq!(told.marks.mean, mean(sum, given).map(|mean| mean.to_string()));
    // A page that another page's inspection has shown already waits until inspection comes by.
    let waits = waiting.missing();
    let told_waits = &scanning.uninspected_pages;
    assert!(told_waits.count >= waits.count && told_waits.count <= scanned, "{told_waits:?} {waits:?}");
    if *told_waits == waits {
        let finished = without.0.is_empty() && complete == present;
        let percent = if finished { 100 } else { (complete * 100 / present.max(1)).min(99) };
        assert_eq!(u64::from(scanning.percent), percent, "{complete} of {present}, {clear} clear");
    }
}

fn kept(store: &Store) -> Vec<Tally> {
    let exams = store.exams().unwrap();
    exams.iter().flat_map(|view| view.tallies().map(|tally| tally.unwrap().value().unwrap())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn tallies_are_what_a_walk_through_all_scripts_finds_whatever_happens(
        common in any::<bool>(),
        size in 60..170_u8,
        salt in 0..12_u8,
        acts in prop::collection::vec(act(), 1..14),
    ) {
        let dir = tempdir().unwrap();
        let mut store = open(dir.path());
        let acts = [Act::Import { size, salt }].into_iter().chain(acts);
        let mut now = 100;
        for act in acts {
            now += 1;
            if matches!(act, Act::Reopen) {
                drop(store);
                store = open(dir.path());
            }
            perform(&store, common, &act, now);
            if let Some(view) = store.exam(EXAM).unwrap() {
                compare(&view, &status(&view).unwrap());
            }
        }
        let view = store.exam(EXAM).unwrap().unwrap();
        for span in 0..view.spans() {
            inspect(&store, &view, span, true, false, now);
        }
        let told = status(&view).unwrap();
        compare(&view, &told);
        prop_assert_eq!(told.scanning.uninspected_pages, Missing::default());
        drop(view);
        let report = verify(&store).unwrap();
        prop_assert!(report.findings.is_empty(), "{:?}", report.findings);
        let lived = kept(&store);
        drop(store);
        std::fs::remove_dir_all(dir.path().join("db")).unwrap();
        let store = Store::replay_all(dir.path(), &options()).unwrap();
        prop_assert_eq!(kept(&store), lived);
    }
}

#[test]
fn verify_names_a_tally_that_is_wrong_and_rebuild_makes_it_right() {
    type Meddle = fn(&mut Tally);
    let table: [(&str, usize, Meddle); 4] = [
        ("the tally of the candidates in no batch", 0, |tally| tally.present += 1),
        ("the tally of batch L1", 1, |tally| tally.sum -= 1),
        ("the tally of batch L2", 2, |tally| tally.damaged_pages.first.swap(0, 1)),
        ("the tally of batch L3", 3, |tally| tally.missing.count = 7),
    ];
    for (named, nth, meddle) in table {
        let dir = tempdir().unwrap();
        let store = open(dir.path());
        store.execute(&import_command(&store, &bundle(false, 100, 0)), &manager(), 1).unwrap();
        let right = kept(&store);
        drop(store);
        crate::integrity::meddle(dir.path(), "tallies", |tree| {
            let (key, _) = tree.iter().nth(nth).unwrap().unwrap();
            let mut tally = right[nth].clone();
            meddle(&mut tally);
            tree.insert(key, copiste_core::store::Record::of(&tally).unwrap().whole()).unwrap();
        });
        let findings = crate::integrity::findings(dir.path());
        let wanted = format!("STO-048 exam E1: {named} is not what its candidates give");
        assert!(findings.contains(&wanted), "{findings:?}");
        let replayed = "STO-045 exam E1 is not what the journal gives: 1 of its tallies, the first ";
        assert!(findings.iter().any(|finding| finding.starts_with(replayed)), "{findings:?}");
        assert_eq!(findings.len(), 2, "{findings:?}");
        std::fs::remove_dir_all(dir.path().join("db")).unwrap();
        let store = Store::replay_all(dir.path(), &options()).unwrap();
        assert_eq!(kept(&store), right);
        assert_eq!(verify(&store).unwrap().findings, []);
    }
}

#[test]
fn verify_names_pages_that_are_said_to_be_inspected_and_are_not() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    store.execute(&import_command(&store, &bundle(false, 100, 2)), &manager(), 1).unwrap();
    assert!(status(&store.exam(EXAM).unwrap().unwrap()).unwrap().scanning.uninspected_pages.count > 9);
    drop(store);
    crate::integrity::meddle(dir.path(), "waiting", |tree| {
        let (key, _) = tree.last().unwrap().unwrap();
        let nothing = copiste_core::store::Record::of(&Waiting::default()).unwrap();
        tree.insert(key, nothing.whole()).unwrap();
    });
    assert_eq!(
        crate::integrity::findings(dir.path()),
        ["STO-048 exam E1: what waits at places 64 and on is less than what its pages give"]
    );
}
