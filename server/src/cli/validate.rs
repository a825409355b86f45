//! `copiste validate`: the harmonisation of batches is decided; for an E3C they are transmitted.

use copiste_core::journal::Role;
use copiste_core::process::closing::{ValidateReport, Which};

use super::Ending;
use super::args::Validate;
use super::caller::Caller;
use super::close::tell_export;
use super::output::{Output, count};
use super::session::Session;
use crate::metrics;
use crate::shown;

pub(super) fn run(typed: &Validate, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    let session = Session::open(&typed.data, Role::AcademicCoordinator, false, caller)?;
    let which = if typed.all { Which::All } else { Which::Batches(typed.batch.clone()) };
    let counter = session.counter()?;
    let desk = counter.desk(&session.store, &session.scratch, &session.actor);
    let report = metrics::launch(|| desk.validate(&typed.exam, &which))?;
    if typed.json {
        output.json(&shown::validate_report(&report))?;
    } else {
        tell(&report, output)?;
    }
    Ok(if report.is_whole() { Ending::Done } else { Ending::Refused })
}

fn tell(report: &ValidateReport, output: &mut Output) -> anyhow::Result<()> {
    let validated = count(report.validated.len() as u64, "batch", "batches");
    let first = named(&report.validated);
    output
        .line(format!("exam {}: {validated} validated: {first}", report.exam).trim_end_matches([':', ' ']))?;
    if !report.left.is_empty() {
        let left = count(report.left.len() as u64, "batch is", "batches are");
        output.line(format!("{left} not locked and left alone: {}", named(&report.left)))?;
    }
    for export in &report.exports {
        tell_export(export, output)?;
    }
    if let Some(sheet) = &report.quality {
        output.line(sheet.to_string().trim_end())?;
    }
    output.line(report.closing.to_string().trim_end())
}

/// The first few of them.
fn named(batches: &[String]) -> String {
    const SHOWN: usize = 10;
    let more = if batches.len() > SHOWN { ", …" } else { "" };
    format!("{}{more}", batches[..batches.len().min(SHOWN)].join(", "))
}
