//! `copiste verify`: everything is looked at; exit 1 and a list when anything is wrong.

use copiste_core::journal::Role;
use copiste_core::store::{Finding, VerifyReport, verify_until};
use serde_json::json;

use super::Ending;
use super::args::Verify;
use super::caller::Caller;
use super::output::{Output, count, size};
use super::session::Session;

pub(super) fn run(typed: &Verify, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    let session = Session::open(&typed.data, Role::ExamOfficeManager, false, caller)?;
    let report = verify_until(&session.store, &session.given_up())?;
    if typed.json {
        output.json(&as_json(&report))?
    } else {
        tell(&report, output)?
    }
    Ok(if report.findings.is_empty() { Ending::Done } else { Ending::Refused })
}

fn as_json(report: &VerifyReport) -> serde_json::Value {
    let finding = |finding: &Finding| json!({ "code": finding.code, "detail": finding.detail });
    json!({
        "clean": report.findings.is_empty(),
        "blobs": report.blobs,
        "bytes": report.bytes,
        "records": report.records,
        "lines": report.lines,
        "orphans": report.orphans,
        "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
    })
}

fn tell(report: &VerifyReport, output: &mut Output) -> anyhow::Result<()> {
    for finding in &report.findings {
        output.line(format!("{} {}", finding.code, finding.detail))?;
    }
    output.line(format!(
        "{}: {} ({}), {}, {}; {} to no record",
        if report.findings.is_empty() { "clean" } else { "NOT clean" },
        count(report.blobs, "blob", "blobs"),
        size(report.bytes),
        count(report.records, "record", "records"),
        count(report.lines, "journal line", "journal lines"),
        count(report.orphans, "blob belongs", "blobs belong"),
    ))
}
