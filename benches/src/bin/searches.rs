//! How long a search takes among very many candidates, inside the process: index, rows and all.
//!
//! `searches [CANDIDATES [QUERIES]]`, by default 1,000,000 candidates and 20,000 queries. Making the candidates
//! takes some minutes. A process of its own then opens them and searches, so that its memory is told apart.
#![allow(clippy::print_stdout, reason = "printing is what this program is for")]

use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use copiste_benches::memory::peak;
use copiste_benches::queries::{KINDS, answer, query};
use copiste_benches::town;

/// What tells the process that searches from the one that makes.
const ON: &str = "--on";

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: u32| {
        arguments.get(at).map_or(Ok(default), |argument| argument.parse()).map_err(io::Error::other)
    };
    if let [on, data, ..] = arguments.as_slice()
        && on == ON
    {
        return search(Path::new(data), number(2, 0)?, number(3, 0)?);
    }
    let (candidates, queries) = (number(0, 1_000_000)?, number(1, 20_000)?);
    let running = std::env::current_exe()?;
    let beside = running.parent().unwrap_or(Path::new("."));
    let folder = tempfile::Builder::new().prefix("town-").tempdir_in(beside)?;
    let data = folder.path().join("data");
    town::build(&data, candidates)?;
    let mut searching = Command::new(&running);
    searching.arg(ON).arg(&data).args([candidates.to_string(), queries.to_string()]);
    let status = searching.status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("searching ended with {status}"))) }
}

fn search(data: &Path, candidates: u32, queries: u32) -> io::Result<()> {
    let view = town::open(data)?;
    let opened = peak("self")?;
    let (mut spans, mut worked) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    let mut kinds = vec![[Vec::new(), Vec::new()]; KINDS.len()];
    let mut rows = 0;
    for nth in 0..queries {
        let query = query(nth, candidates);
        let answered = answer(&view, &query)?;
        rows += answered.rows;
        let school = usize::from(query.school.is_some());
        spans[school].push(answered.took);
        worked[school].push(answered.worked);
        kinds[query.kind][school].push(answered.took);
    }
    println!(
        "{queries} searches among {candidates} candidates, the first 50 rows with their records; {:.1} rows each; \
         milliseconds",
        rows as f64 / f64::from(queries.max(1))
    );
    for (kind, name) in kinds.iter_mut().zip(KINDS) {
        let [all, school] = kind;
        println!("  {name:27} {} | in a school {}", told(all), told(school));
    }
    for (name, [all, school]) in [("all of them", &mut spans), ("… of the processor's time", &mut worked)] {
        println!("  {name:27} {} | in a school {} (p99 below 5)", told(all), told(school));
    }
    println!(
        "memory of the process: at most {:.0} MB once opened, {:.0} MB in the end",
        opened as f64 / 1e6,
        peak("self")? as f64 / 1e6
    );
    Ok(())
}

fn told(spans: &mut [Duration]) -> String {
    spans.sort_unstable();
    let at = |permille: usize| {
        let place = (spans.len() * permille / 1000).min(spans.len().saturating_sub(1));
        spans.get(place).map_or(0.0, |span| span.as_secs_f64() * 1e3)
    };
    format!("p50 {:6.3}  p99 {:6.3}  max {:6.3}", at(500), at(990), at(1000))
}
