//! `copiste close`: launches or relaunches the closing of a one-off exam.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use anyhow::Context;
use copiste_core::journal::{Role, Target};
use copiste_core::process::closing::{CloseReport, DryRun, ExportReport, write_csv};
use copiste_core::store::Standing;

use super::Ending;
use super::args::Close;
use super::caller::Caller;
use super::output::{Output, count};
use super::session::{self, Session};
use crate::metrics;
use crate::shown;

pub(super) fn run(typed: &Close, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    let session = Session::open(&typed.data, Role::ExamOfficeManager, false, caller)?;
    if let Some(folder) = &typed.csv {
        return rows(typed, folder, &session, output);
    }
    let counter = session.counter()?;
    let desk = counter.desk(&session.store, &session.scratch, &session.actor);
    if typed.dry_run {
        let dry = desk.dry_run(&typed.exam, typed.again)?;
        let answer = dry.reached.iter().all(|reached| reached.fault.is_none());
        let ready = answer && dry.unmet.is_empty() && !dry.quality_blocks;
        if typed.json {
            output.json(&shown::dry_run(&dry))?
        } else {
            tell_dry(&dry, output)?
        }
        return Ok(if ready { Ending::Done } else { Ending::Refused });
    }
    let report = metrics::launch(|| desk.close(&typed.exam, typed.again))?;
    if typed.json {
        output.json(&shown::close_report(&report))?;
    } else {
        tell(&report, output)?;
    }
    Ok(if report.is_whole() { Ending::Done } else { Ending::Refused })
}

/// The rows as CSV, for what must go by hand.
fn rows(typed: &Close, folder: &Path, session: &Session, output: &mut Output) -> anyhow::Result<Ending> {
    let view = session::exam(&session.store, &typed.exam)?;
    view.is_whole()?;
    let codes = session.settings.outcome_codes();
    let place = session.place(folder);
    std::fs::create_dir_all(&place).with_context(|| format!("CLI-020 cannot make {}", folder.display()))?;
    for (target, name) in [(Target::Cyclades, "cyclades.csv"), (Target::Imagin, "imagin.csv")] {
        let path = folder.join(name);
        let written = written(&place.join(name), |out| write_csv(&view, &codes, target, out))
            .with_context(|| format!("CLI-021 cannot write {}", path.display()))?;
        output.line(format!("{}: {}", path.display(), count(written, "row", "rows")))?;
    }
    Ok(Ending::Done)
}

/// Writes a file that is there for good once this has returned.
fn written<T>(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<T>) -> io::Result<T> {
    let mut out = BufWriter::new(File::create(path)?);
    let made = write(&mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(made)
}

fn tell(report: &CloseReport, output: &mut Output) -> anyhow::Result<()> {
    for export in &report.exports {
        tell_export(export, output)?;
    }
    if report.exports.is_empty() {
        output.line("nothing was left to send; --again sends everything again")?;
    }
    output.line(format!("exam {}:", report.exam))?;
    output.line(report.closing.to_string().trim_end())?;
    if let Some(sheet) = &report.quality {
        output.line(sheet.to_string().trim_end())?;
    }
    if report.closing.done && !report.is_whole() {
        output.line("the closing is done; what failed can be relaunched with the same command")?;
    }
    Ok(())
}

pub(super) fn tell_export(export: &ExportReport, output: &mut Output) -> anyhow::Result<()> {
    let name = export.target.name();
    let head = format!("{name}, export {}, {}", export.number, count(export.rows, "row", "rows"));
    let spent =
        format!("{}, {} ms", count(u64::from(export.requests), "request", "requests"), export.took_ms);
    output.line(match export.standing {
        Standing::Whole => format!("{head}: accepted ({spent})"),
        Standing::Partly { rejected } => {
            format!("{head}: {} accepted, {rejected} REJECTED ({spent})", export.accepted)
        }
        Standing::Failed => format!("{head}: FAILED ({spent}): {}", export.fault.as_deref().unwrap_or("?")),
        Standing::Unsettled => format!(
            "{head}: the answer is OPEN ({spent}): {}; the next launch asks {name} what it holds",
            export.fault.as_deref().unwrap_or("?")
        ),
    })?;
    for row in &export.rejected {
        output.line(format!("  rejected: {} {} {}", row.key, row.code, row.reason))?;
    }
    Ok(())
}

fn tell_dry(dry: &DryRun, output: &mut Output) -> anyhow::Result<()> {
    output.line(format!("exam {}: {}", dry.exam, shown::decision(&dry.decision)))?;
    if !dry.unmet.is_empty() {
        output.line(format!("held back: {}", dry.unmet))?;
    }
    let outcomes: Vec<String> =
        dry.outcomes.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
    output.line(format!("Cyclades: {}: {}", count(dry.cyclades_rows, "row", "rows"), outcomes.join(", ")))?;
    for row in &dry.cyclades_first {
        output.line(
            format!("  {} {} {}", row.candidate_number, row.outcome, row.mark.as_deref().unwrap_or(""))
                .trim_end(),
        )?;
    }
    if dry.cyclades_rows > dry.cyclades_first.len() as u64 {
        output.line("  …")?;
    }
    output.line(format!("IMAG'IN: {}", count(dry.imagin_rows.len() as u64, "row", "rows")))?;
    for row in dry.imagin_rows.iter().take(10) {
        output.line(format!(
            "  {}/{} {}, {}, {}",
            row.staff_id,
            row.mission_id,
            if row.service_done { "service done" } else { "service not done" },
            count(row.scripts_marked, "script", "scripts"),
            count(row.batches_marked, "batch", "batches")
        ))?;
    }
    output.line(dry.quality.to_string().trim_end())?;
    if dry.quality_blocks {
        output.line("held back: the quality sheet has a blocker (QUA-001)")?;
    }
    for reached in &dry.reached {
        let name = reached.target.name();
        output.line(match &reached.fault {
            None => format!("{name} answers at {}", reached.place),
            Some(fault) => format!("{name} does NOT answer at {}: {fault}", reached.place),
        })?;
    }
    Ok(())
}
