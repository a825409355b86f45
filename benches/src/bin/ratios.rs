//! Whole commands beside the copying of the same scans, `status` beside reading one record a batch, the
//! export of marks beside putting the same bytes: prints medians and ratios.
//!
//! `ratios [COPIES [ROUNDS [WHAT]]]`, by default 600 copies of four grey JPEG pages, 5 rounds; WHAT is
//! part of a line's beginning (`directory`, `ZIP Cached`, `status`, `export`), and only such lines are measured.
#![allow(clippy::print_stdout, reason = "printing is what this program is for")]

use std::fs::File;
use std::hint::black_box;
use std::io;
use std::time::Duration;

use copiste_benches::crowd::Crowd;
use copiste_benches::exam::Exam;
use copiste_benches::export::{Bodies, StandIns, close};
use copiste_benches::floor::{Promise, to_file, to_folder};
use copiste_benches::median::{Medians, alternate, median};
use copiste_core::process::status::status;

/// Scripts of the exam whose status is asked for and whose marks are exported.
const CROWD: u32 = 100_000;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u32| {
        arguments.next().map_or(Ok(default), |argument| argument.parse()).map_err(io::Error::other)
    };
    let (copies, rounds) = (number(600)?, number(5)? as usize);
    let wanted = arguments.next().unwrap_or_default();
    let is_wanted = |what: &str| what.contains(&wanted);
    if is_wanted("status") || is_wanted("export") {
        let crowd = Crowd::of(CROWD)?;
        if is_wanted("status") {
            status_ratio(&crowd, rounds)?;
        }
        if is_wanted("export") {
            export_ratio(&crowd, rounds)?;
        }
    }
    copying_ratios(copies, rounds, &|what, promise| is_wanted(&format!("{what} {promise:?}")))
}

/// What `status` costs, beside reading one record a batch.
fn status_ratio(crowd: &Crowd, rounds: usize) -> io::Result<()> {
    const TIMES: u32 = 10;
    let view = crowd.view()?;
    let medians = alternate(
        rounds,
        || {
            for _ in 0..TIMES {
                let told = status(&view).map_err(io::Error::other)?;
                if told.marks.given != u64::from(CROWD) {
                    return Err(io::Error::other("marks are missing"));
                }
            }
            Ok(())
        },
        || {
            for _ in 0..TIMES {
                for batch in view.batches() {
                    black_box(batch.map_err(io::Error::other)?.get().marker.len());
                }
            }
            Ok(())
        },
        || Ok(()),
    )?;
    println!(
        "status of {CROWD} scripts: {:.2} ms, one record of each of {} batches: {:.2} ms; ratio {:.1} (at most 10)",
        medians.ours.as_secs_f64() * 1e3 / f64::from(TIMES),
        view.counts().batches,
        medians.floor.as_secs_f64() * 1e3 / f64::from(TIMES),
        1.0 / medians.ratio()
    );
    Ok(())
}

/// How fast marks are exported, beside a bare loop that puts the same bytes.
fn export_ratio(crowd: &Crowd, rounds: usize) -> io::Result<()> {
    let stand_ins = StandIns::start(crowd)?;
    let _ = close(crowd, &stand_ins)?;
    let bodies = Bodies::of(crowd)?;
    let mut exports = Vec::new();
    let close = || close(crowd, &stand_ins).map(|took| exports.push(took));
    let medians = alternate(rounds, close, || bodies.put(&stand_ins), || Ok(()))?;
    // The first round is not counted.
    let export = median(exports.split_off(1));
    let speed = |span: Duration| f64::from(CROWD) / span.as_secs_f64();
    println!(
        "export of {CROWD} marks ({:.1} MB): copiste {:.3} s ({:.0} rows/s), bare PUTs {:.3} s ({:.0} rows/s); ratio {:.2} \
         (at least 0.5); the whole closing, with the records read, the quality sheet and IMAG'IN {:.3} s, ratio {:.2}",
        bodies.bytes as f64 / 1e6,
        export.as_secs_f64(),
        speed(export),
        medians.floor.as_secs_f64(),
        speed(medians.floor),
        medians.floor.as_secs_f64() / export.as_secs_f64(),
        medians.ours.as_secs_f64(),
        medians.ratio()
    );
    Ok(())
}

fn copying_ratios(copies: u32, rounds: usize, is_wanted: &dyn Fn(&str, Promise) -> bool) -> io::Result<()> {
    let lines = ["to a directory", "to a ZIP"];
    let promises = [Promise::Cached, Promise::Durable];
    if !lines.iter().any(|what| promises.iter().any(|promise| is_wanted(what, *promise))) {
        return Ok(());
    }
    let exam = Exam::grey(copies, 4)?;
    let bytes = exam.bytes()?;
    println!(
        "{} copies, {:.1} MB of grey JPEG scans, {rounds} rounds in turn, medians; ratio 1 = as fast as copying",
        exam.copies.len(),
        bytes as f64 / 1e6
    );
    for (promise, sync) in [(Promise::Cached, &["--no-sync"][..]), (Promise::Durable, &[][..])] {
        for threads in [1, 2].into_iter().filter(|_| is_wanted("to a directory", promise)) {
            let count = threads.to_string();
            let arguments: Vec<&str> = sync.iter().copied().chain(["--threads", &count]).collect();
            let medians = alternate(
                rounds,
                || exam.render("ours", &arguments),
                || to_folder(&exam.copies, &exam.path("floor"), threads, promise).map(drop),
                || settle(&exam, &["ours", "floor"]),
            )?;
            report("to a directory", promise, threads, bytes, medians);
        }
        if !is_wanted("to a ZIP", promise) {
            continue;
        }
        let arguments: Vec<&str> = sync.iter().copied().chain(["--threads", "2"]).collect();
        let medians = alternate(
            rounds,
            || exam.render("ours.zip", &arguments),
            || to_file(&exam.copies, &exam.path("floor.zip"), promise).map(drop),
            || settle(&exam, &["ours.zip", "floor.zip"]),
        )?;
        report("to a ZIP", promise, 2, bytes, medians);
    }
    Ok(())
}

/// Clears what a side wrote, and lets the disk come to rest before the next.
fn settle(exam: &Exam, names: &[&str]) -> io::Result<()> {
    for name in names.iter().filter(|name| exam.path(name).exists()) {
        exam.clear(name)?;
    }
    Ok(rustix::fs::syncfs(File::open(exam.path("."))?)?)
}

fn report(what: &str, promise: Promise, threads: usize, bytes: u64, medians: Medians) {
    let speed = |span: std::time::Duration| bytes as f64 / 1e6 / span.as_secs_f64();
    println!(
        "{what:14} {promise:?}, {threads} threads: copiste {:7.3} s ({:5.0} MB/s), copying {:7.3} s ({:5.0} MB/s), ratio {:.2}",
        medians.ours.as_secs_f64(),
        speed(medians.ours),
        medians.floor.as_secs_f64(),
        speed(medians.floor),
        medians.ratio()
    );
}
