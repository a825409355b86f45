//! `copiste hold` and `copiste purge`: how long copies are kept.

use std::sync::Arc;

use anyhow::{Context, bail};
use copiste_core::intake;
use copiste_core::journal::{Role, parse_instant};
use copiste_core::process::keeping::{self, NeededExam, PurgeReport, PurgedExam};
use copiste_core::store::OpenOptions;
use serde_json::json;

use super::Ending;
use super::acts::{by, done};
use super::args::{Hold, Purge};
use super::caller::Caller;
use super::output::{Output, count, size};
use super::session::{self, Session};

pub(super) fn hold(typed: &Hold, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    let session = Session::open(&typed.data, Role::ExamOfficeManager, false, caller)?;
    let executed = by(&session).hold(&typed.exam, &typed.candidate, &typed.reason, typed.release)?;
    let what = if typed.release { "held no longer" } else { "held: no purge takes it away" };
    done(&format!("the copy of candidate {} is {what}", typed.candidate), executed, output)
}

pub(super) fn purge(typed: &Purge, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    if parse_instant(&format!("{}T00:00:00Z", typed.before)).is_none() {
        bail!("CLI-023 {:?} is not a day such as 2027-07-06; nothing was purged", typed.before);
    }
    let session = Session::open(&typed.data, Role::ExamOfficeManager, false, caller)?;
    let (actor, at) = (session.actor.clone(), session::now());
    let store = Arc::into_inner(session.store)
        .context("CLI-024 somebody else works in this data directory; nothing was purged; try again")?;
    let options = OpenOptions::new(intake::load, session::secret);
    let (_, report) = keeping::purge(store, &options, &actor, &typed.before, at)?;
    if typed.json {
        output.json(&as_json(&report))?
    } else {
        tell(&report, output)?
    }
    let left = report.forgotten.left.len() as u64;
    if left > 0 {
        output.complain(&anyhow::anyhow!(
            "KEP-012 {} could not be removed from the disk; the records are purged; mend what the list says and \
             open the data directory again",
            count(left, "blob", "blobs")
        ));
        return Ok(Ending::Refused);
    }
    Ok(Ending::Done)
}

fn tell(report: &PurgeReport, output: &mut Output) -> anyhow::Result<()> {
    for PurgedExam { exam, consultable_until, gone, held, line } in &report.exams {
        output.line(format!(
            "exam {exam}, consultable until {consultable_until}: {}, {} of {} are gone, {}, journal line {line}",
            count(gone.candidates, "candidate", "candidates"),
            count(gone.scripts, "script", "scripts"),
            count(gone.pages, "page", "pages"),
            count(*held, "copy is held and stays", "copies are held and stay"),
        ))?;
    }
    if report.exams.is_empty() {
        output.line("no exam has copies to purge")?;
    }
    for NeededExam { exam, why } in &report.needed {
        output.line(format!("exam {exam} is NOT purged, although its consultation is over: {why}"))?;
    }
    let forgotten = &report.forgotten;
    for left in &forgotten.left {
        output.line(format!("NOT removed: blob {}: {}", left.sha256, left.reason))?;
    }
    if forgotten.left.is_empty() {
        output.line(format!(
            "{} ({}) removed; a fresh look at the whole blob store found none that no exam has",
            count(forgotten.blobs, "blob", "blobs"),
            size(forgotten.bytes)
        ))?;
    }
    Ok(())
}

fn as_json(report: &PurgeReport) -> serde_json::Value {
    let exam = |one: &PurgedExam| {
        json!({
            "exam": one.exam,
            "consultable_until": one.consultable_until,
            "gone": one.gone,
            "held": one.held,
            "line": one.line,
        })
    };
    let forgotten = &report.forgotten;
    json!({
        "exams": report.exams.iter().map(exam).collect::<Vec<_>>(),
        "needed": report.needed.iter().map(|one| json!({ "exam": one.exam, "why": one.why })).collect::<Vec<_>>(),
        "blobs": forgotten.blobs,
        "bytes": forgotten.bytes,
        "left": forgotten
            .left
            .iter()
            .map(|left| json!({ "sha256": left.sha256, "reason": left.reason }))
            .collect::<Vec<_>>(),
    })
}
