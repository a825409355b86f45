//! Whole commands beside the copying of the same scans: prints medians and ratios.
//!
//! `ratios [COPIES [ROUNDS [WHAT]]]`, by default 600 copies of four grey JPEG pages, 5 rounds; WHAT is
//! part of a line's beginning (`directory`, `ZIP Cached`), and only such lines are measured.
#![allow(clippy::print_stdout, reason = "printing is what this program is for")]

use std::fs::File;
use std::io;

use copiste_benches::exam::Exam;
use copiste_benches::floor::{Promise, to_file, to_folder};
use copiste_benches::median::{Medians, alternate};

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u32| {
        arguments.next().map_or(Ok(default), |argument| argument.parse()).map_err(io::Error::other)
    };
    let (copies, rounds) = (number(600)?, number(5)? as usize);
    let wanted = arguments.next().unwrap_or_default();
    let is_wanted = |what: &str, promise: Promise| format!("{what} {promise:?}").contains(&wanted);
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
