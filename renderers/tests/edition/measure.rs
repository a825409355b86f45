use copiste_core::model::*;
use copiste_core::render::{Desk, Profile};

use crate::subjects::*;

#[test]
fn an_ordinary_copy_adds_little() {
    let workshop = Workshop::new();
    let mut case = workshop.case();
    case.script.pages.extend(case.script.pages.clone());
    for page in 1..=4 {
        case.script.annotations.extend(every_kind(page).into_iter().take(15));
    }
    let records = case.records();
    let mut desk = Desk::default();
    let scans: u64 = 1331;
    let records0 = records;
    for count in [20, 60] {
        case.script.questions = questions(count);
        let records = case.records();
        let rope = records.edition(&workshop.press, Profile::FULL, &mut desk).unwrap();
        workshop.write_rope(&format!("measured-{count}"), rope);
        eprintln!("{count} questions: {} bytes added", rope.len() - scans);
    }
    let records = records0;
    let rounds = 5_000;
    let mut best = f64::MAX;
    for _ in 0..5 {
        let start = on_cpu();
        for _ in 0..rounds {
            std::hint::black_box(records.edition(&workshop.press, Profile::FULL, &mut desk).unwrap().len());
        }
        best = best.min((on_cpu() - start) / f64::from(rounds) / 1e3);
    }
    eprintln!("{best:.1} us a copy");
    let _ = Hundredths(0);
}

/// Nanoseconds this thread has run: other work on the machine does not count.
fn on_cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0.0)
}
