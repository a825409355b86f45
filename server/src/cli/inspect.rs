//! `copiste inspect`: decodes what was not decoded yet.

use std::num::NonZeroUsize;

use copiste_core::intake::worker::Decoder;
use copiste_core::intake::{Inspecting, InspectionReport};
use copiste_core::journal::Role;

use super::Ending;
use super::args::Inspect;
use super::caller::Caller;
use super::output::{Output, count};
use super::session::{self, Session};

pub(super) fn run(typed: &Inspect, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    let session = Session::open(&typed.data, Role::ExamOfficeManager, false, caller)?;
    let decoder = session.decoder()?;
    let reports = inspect(&session, &decoder, typed.exam.as_deref())?;
    if typed.json {
        output.json(&reports)?;
    } else {
        for report in &reports {
            tell(report, output)?;
        }
    }
    Ok(Ending::Done)
}

/// Inspects one exam, or all.
pub(super) fn inspect(
    session: &Session,
    decoder: &Decoder,
    exam: Option<&str>,
) -> anyhow::Result<Vec<InspectionReport>> {
    let meter = session.meter();
    let inspecting = Inspecting {
        store: &session.store,
        decoder,
        threads: NonZeroUsize::new(session.settings.decoder_processes()).unwrap_or(NonZeroUsize::MIN),
        actor: &session.actor,
        at: session::now(),
        progress: &meter,
    };
    let reports = inspecting.run(exam);
    meter.end();
    Ok(reports?)
}

/// What was found: damage page by page, the rest as counts with the first of them.
pub(super) fn tell(report: &InspectionReport, output: &mut Output) -> anyhow::Result<()> {
    output.line(format!(
        "exam {}: {} inspected, {} decoded now",
        report.exam,
        count(report.pages, "page", "pages"),
        count(report.decoded, "scan", "scans")
    ))?;
    for page in &report.damaged {
        output.line(format!(
            "  damaged: candidate {} page {}: {} {}",
            page.candidate, page.page, page.code, page.detail
        ))?;
    }
    for (what, notes) in [
        ("blank", &report.blank),
        ("low resolution", &report.low_resolution),
        ("shown turned", &report.rotated),
        ("annotations outside the page", &report.outside),
    ] {
        if notes.count > 0 {
            let places: Vec<_> = notes
                .first
                .iter()
                .take(5)
                .map(|note| format!("candidate {} page {}", note.candidate, note.page))
                .collect();
            let more = if notes.count > places.len() as u64 { ", …" } else { "" };
            output.line(format!("  {what}: {} ({}{more})", notes.count, places.join(", ")))?;
        }
    }
    Ok(())
}
