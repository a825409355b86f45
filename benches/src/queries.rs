//! What people type into the search of an exam, and how long the answer takes.

use std::io;
use std::time::{Duration, Instant};

use copiste_core::store::{ExamView, Search};

use crate::town::{Dice, candidate, schools, uai};

/// Kinds of queries, each of words of two letters or more.
pub const KINDS: [&str; 9] = [
    "two letters of one name",
    "two letters of each name",
    "three letters of each name",
    "both names in full",
    "two letters of two people",
    "beginning of a number",
    "a number and two letters",
    "names of nobody",
    "a later page of them",
];

/// A query with what else is asked for.
pub struct Query {
    /// Which of [`KINDS`].
    pub kind: usize,
    /// As typed.
    pub text: String,
    /// A school, if it is for one.
    pub school: Option<String>,
    /// Go on after the candidate with this number.
    after: Option<String>,
}

/// The nth query over so many candidates; every second one is for a school.
pub fn query(nth: u32, of: u32) -> Query {
    let mut dice = Dice::of(0xC0_FFEE ^ u64::from(nth));
    let kind = (nth / 2) as usize % KINDS.len();
    let somebody = candidate(dice.below(of), of);
    let other = candidate(dice.below(of), of);
    let start = |name: &str, letters: usize| name.chars().take(letters).collect::<String>();
    let (last, first) = (&somebody.last_name, &somebody.first_name);
    let both = |letters| format!("{} {}", start(first, letters), start(last, letters));
    let text = match kind {
        0 => start(if dice.below(2) == 0 { first } else { last }, 2),
        1 | 8 => both(2),
        2 => both(3),
        3 => format!("{first} {last}"),
        4 => format!("{} {}", start(first, 2), start(&other.last_name, 2)),
        5 => start(&somebody.number, 2 + dice.below(9) as usize),
        6 => format!("{} {}", start(&somebody.number, 5), start(last, 2)),
        _ => format!("xq{} wz", start(last, 3)),
    };
    // A school that has somebody whom the query finds, or any.
    let school = match dice.below(2) {
        0 => somebody.school.clone(),
        _ => uai(dice.below(schools(of))),
    };
    let after = (kind == 8).then(|| somebody.number.clone());
    Query { kind, text, school: (nth % 2 == 1).then_some(school), after }
}

/// An answer.
pub struct Answered {
    /// How long it took.
    pub took: Duration,
    /// How long the processor worked at it: what else the machine does is not in it.
    pub worked: Duration,
    /// Rows of the page.
    pub rows: usize,
}

/// How long the processor has worked for this thread.
fn worked() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let (seconds, nanoseconds) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(seconds.unwrap_or_default(), nanoseconds.unwrap_or_default())
}

/// Answers a query as the API does: the first fifty rows with all that they show.
///
/// # Errors
/// When a record cannot be read.
pub fn answer(view: &ExamView, query: &Query) -> io::Result<Answered> {
    let (start, before) = (Instant::now(), worked());
    let fault = io::Error::other;
    let after = match &query.after {
        Some(number) => view.place_of(number).map_err(fault)?,
        None => None,
    };
    let search = Search { query: &query.text, school: query.school.as_deref(), after, limit: 50 };
    let mut transmissions = view.transmissions();
    // As if he who asks were the school.
    let mut is_seen = |place| transmissions.at(place).map(|_| true);
    let mut look = |_| Ok(true);
    let page = match query.school {
        Some(_) => view.find(&search, &mut is_seen),
        None => view.find(&search, &mut look),
    };
    let page = page.map_err(fault)?;
    let page = page.ok_or_else(|| io::Error::other("a query does not find whom it was made of"))?;
    let mut letters = 0;
    for place in &page.places {
        let candidate = view.candidate_at(*place).map_err(fault)?;
        let script = view.script_at(*place).map_err(fault)?;
        let transmitted = transmissions.at(*place).map_err(fault)?;
        letters += candidate.map_or(0, |candidate| candidate.get().last_name.len());
        letters += script.map_or(0, |script| script.get().pages.len()) + usize::from(transmitted.is_some());
    }
    let (took, worked) = (start.elapsed(), worked().saturating_sub(before));
    std::hint::black_box(letters);
    Ok(Answered { took, worked, rows: page.places.len() })
}
