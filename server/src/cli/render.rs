//! `copiste render`: says what it will write, then writes it.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use copiste_core::bulk::{
    self, Ending as Ended, Forecast, Job, PlanRequest, Refusal, Report, Selection, WriteOptions,
};
use copiste_core::journal::{Role, Timestamp, parse_instant};
use copiste_core::model::ArchivedExamKind;
use copiste_core::render::Press;
use copiste_core::store::ExamView;
use serde_json::json;

use super::Ending;
use super::args::{Render, Without};
use super::caller::Caller;
use super::output::{Output, count, size, span};
use super::session::{self, Session};
use super::yardstick::Measuring;
use crate::profile::{LeftOut, profile};

pub(super) fn run(
    typed: &Render,
    press: fn() -> Press,
    caller: &Caller,
    output: &mut Output,
) -> anyhow::Result<Ending> {
    // Fonts are prepared while the data directory is opened.
    let press = caller.prepare(press);
    let session = Session::open(&typed.data, Role::ExamOfficeManager, false, caller)?;
    let view = session::exam(&session.store, &typed.exam)?;
    let selection = for_whom(&session.actor.role, &view, selection(typed)?)?;
    let request = PlanRequest { selection, profile: profile(&view, left_out(&typed.without))? };
    let out = session.place(&typed.out);
    let options = WriteOptions { resume: typed.resume, sync: !typed.no_sync, sha256: typed.sha256 };
    let cancel = session.cancelled()?;
    let meter = session.meter();
    let press = press.join().map_err(|_| anyhow!("CLI-014 the renderers could not be prepared"))?;
    // Where few copies were asked for by number, the disk's speed makes no difference to anyone.
    let measuring = (!typed.json && typed.candidate.is_empty()).then(|| Measuring::begin(&out));
    let job = Job {
        source: &view,
        blobs: session.store.blobs(),
        press: &press,
        scratch: &session.scratch,
        threads: typed.threads.map_or(session.settings.render_threads(), usize::from),
        progress: &meter,
        cancel: &cancel,
    };
    let foretell = |forecast: &Forecast, output: &mut Output| {
        if typed.json { Ok(()) } else { foretell(forecast, measuring, output) }
    };
    let archive = typed.out.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("zip"));
    let (forecast, report) = if archive {
        let plan = bulk::plan(&job, &request)?;
        let forecast = plan.forecast();
        foretell(&forecast, output)?;
        (forecast, bulk::write_zip(&job, plan, &out, &options)?)
    } else {
        let survey = bulk::survey(&job, &request)?;
        let forecast = survey.forecast();
        foretell(&forecast, output)?;
        (forecast, bulk::write_directory(&job, survey, &out, &options)?)
    };
    meter.end();
    if typed.json {
        output.json(&json!({ "forecast": forecast_json(&forecast), "report": report }))?;
    } else {
        tell(&report, &typed.out, output)?;
    }
    Ok(if report.is_complete() { Ending::Done } else { Ending::Refused })
}

/// Which copies were asked for.
fn selection(typed: &Render) -> anyhow::Result<Selection> {
    Ok(Selection {
        school: typed.school.clone(),
        candidates: typed.candidate.clone(),
        since: typed.since.as_deref().map(instant).transpose()?,
        until: typed.until.as_deref().map(instant).transpose()?,
    })
}

/// A school gets its own transmitted copies, and nothing else (DOMAIN, glossary).
fn for_whom(role: &Role, view: &ExamView, asked: Selection) -> anyhow::Result<Selection> {
    let Role::School(own) = role else { return Ok(asked) };
    let others = asked.school.as_ref().is_some_and(|school| school != own);
    if others || view.exam().kind != ArchivedExamKind::CommonAssessment {
        bail!(
            "ROL-002 a school gets its own copies of an E3C that are transmitted, and no others; nothing was \
             written; leave out --school, or act as the exam office"
        );
    }
    Ok(Selection { school: Some(own.clone()), ..asked })
}

fn instant(text: &str) -> anyhow::Result<Timestamp> {
    parse_instant(text)
        .with_context(|| format!("CLI-011 {text:?} is not an instant in UTC such as 2026-01-31T12:00:00Z"))
}

/// What was typed.
fn left_out(without: &[Without]) -> LeftOut {
    LeftOut {
        annotations: without.contains(&Without::Annotations),
        appreciation: without.contains(&Without::Appreciation),
        marking_details: without.contains(&Without::Marking),
    }
}

/// Less than this takes any disk a moment.
const SOON_WRITTEN: u64 = 64 << 20;

fn foretell(forecast: &Forecast, measuring: Option<Measuring>, output: &mut Output) -> anyhow::Result<()> {
    let Forecast { bytes, exact, .. } = *forecast;
    let time = if bytes < SOON_WRITTEN {
        "a few seconds at most".to_owned()
    } else {
        match measuring.and_then(Measuring::bytes_per_second) {
            Some(speed) => format!("about {} on this disk", span(bytes.div_ceil(speed.max(1)))),
            None => "time unknown".to_owned(),
        }
    };
    output.line(format!(
        "{}, {}, {}{}: {time}",
        count(forecast.copies, "copy", "copies"),
        count(forecast.pages, "page", "pages"),
        if exact { "" } else { "about " },
        size(bytes)
    ))?;
    if forecast.damaged + forecast.accepted > 0 {
        output.line(format!(
            "{} shown as a placeholder or marked ({} accepted)",
            count(forecast.damaged + forecast.accepted, "damaged page is", "damaged pages are"),
            forecast.accepted
        ))?;
    }
    output.flush()
}

fn forecast_json(forecast: &Forecast) -> serde_json::Value {
    json!({
        "copies": forecast.copies,
        "bytes": forecast.bytes,
        "exact": forecast.exact,
        "pages": forecast.pages,
        "damaged": forecast.damaged,
        "accepted": forecast.accepted,
        "refused": forecast.refused,
        "failed": forecast.failed,
    })
}

/// Why copies were refused, and how a line names those it is true of: the first ten, in their order. A
/// program reads all of them in `--json`.
fn by_reason(refused: &[Refusal]) -> Vec<(&str, String)> {
    const SHOWN: usize = 10;
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for Refusal { candidate, reason } in refused {
        match reasons.iter_mut().find(|(known, _)| known == reason) {
            Some((_, candidates)) => candidates.push(candidate),
            None => reasons.push((reason, vec![candidate])),
        }
    }
    let named = |candidates: Vec<&str>| match candidates.as_slice() {
        [one] => format!("candidate {one}"),
        several => {
            let more = if several.len() > SHOWN { ", …" } else { "" };
            let first = several[..several.len().min(SHOWN)].join(", ");
            format!("{} ({first}{more})", count(several.len() as u64, "candidate", "candidates"))
        }
    };
    reasons.into_iter().map(|(reason, candidates)| (reason, named(candidates))).collect()
}

fn tell(report: &Report, out: &Path, output: &mut Output) -> anyhow::Result<()> {
    for (reason, candidates) in by_reason(&report.refused) {
        output.line(format!("refused: {candidates}: {reason}"))?;
    }
    for failure in &report.failed {
        output.line(format!("FAILED: candidate {}: {}", failure.candidate, failure.detail))?;
    }
    let made = format!(
        "{} made, {} kept, {} refused, {} failed",
        report.made,
        report.kept,
        report.refused.len(),
        report.failed.len()
    );
    match &report.ending {
        Ended::Whole => output.line(format!("{made}: {}", out.display())),
        Ended::Cancelled => output.line(format!(
            "{made}; stopped on request: what is whole was kept, the same command with --resume goes on"
        )),
        Ended::Stopped { detail, .. } => output.line(format!("{made}; {detail}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_reason_by_reason_with_the_first_ten_candidates() {
        let refused = |number: u32, reason: &str| Refusal {
            candidate: format!("{number:03}"),
            reason: reason.to_owned(),
        };
        let mut all: Vec<Refusal> = (1..=53).map(|number| refused(number, "GAT-001 not yet")).collect();
        all.insert(7, refused(900, "BLK-001 nobody"));
        all.push(refused(60, "GAT-002 later"));
        all.push(refused(61, "GAT-002 later"));
        assert_eq!(
            by_reason(&all),
            [
                (
                    "GAT-001 not yet",
                    "53 candidates (001, 002, 003, 004, 005, 006, 007, 008, 009, 010, …)".to_owned()
                ),
                ("BLK-001 nobody", "candidate 900".to_owned()),
                ("GAT-002 later", "2 candidates (060, 061)".to_owned()),
            ]
        );
    }
}
