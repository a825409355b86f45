//! `copiste import`: each bundle all or nothing, then its pages are inspected.

use std::num::NonZeroUsize;
use std::path::Path;

use copiste_core::intake::{ImportError, ImportOptions, ImportReport, import};
use copiste_core::journal::Role;
use serde_json::json;

use super::Ending;
use super::args::Import;
use super::caller::Caller;
use super::inspect;
use super::output::Output;
use super::session::{self, Session};

pub(super) fn run(typed: &Import, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    let session = Session::open(&typed.data, Role::ExamOfficeManager, true, caller)?;
    let decoder = session.decoder()?;
    let threads = NonZeroUsize::new(session.settings.decoder_processes()).unwrap_or(NonZeroUsize::MIN);
    let options = ImportOptions { strict: typed.strict, ..ImportOptions::new(&session.dir, threads) };
    let mut results = Vec::new();
    let mut imported = Vec::new();
    let mut ending = Ending::Done;
    let turn = caller.import_turn()?;
    for bundle in &typed.bundles {
        let meter = session.meter();
        let outcome = import(
            &session.store,
            &decoder,
            &session.place(bundle),
            &options,
            &session.actor,
            session::now(),
            &meter,
        );
        meter.end();
        match outcome {
            Ok(report) => {
                imported.extend(report.exam.clone());
                tell(typed.json, bundle, Ok(&report), &mut results, output)?;
            }
            Err(fault) => {
                ending = Ending::Refused;
                tell(typed.json, bundle, Err(fault), &mut results, output)?;
            }
        }
        output.flush()?;
    }
    drop(turn);
    if !typed.no_inspect {
        for exam in imported {
            for found in inspect::inspect(&session, &decoder, Some(&exam))? {
                if typed.json {
                    results.push(json!({ "inspected": found }));
                } else {
                    inspect::tell(&found, output)?;
                }
            }
        }
    }
    if typed.json {
        output.json(&results)?;
    }
    Ok(ending)
}

/// Says what became of one bundle: its report, also when it was refused.
fn tell(
    as_json: bool,
    bundle: &Path,
    outcome: Result<&ImportReport, ImportError>,
    results: &mut Vec<serde_json::Value>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let bundle_name = bundle.display().to_string();
    match outcome {
        Ok(report) if as_json => results.push(json!({ "bundle": bundle_name, "report": report })),
        Ok(report) => output.line(report.to_string().trim_end())?,
        Err(fault) => {
            let told = fault.to_string();
            if as_json {
                let report = match &fault {
                    ImportError::Refused(report) => Some(report.as_ref()),
                    _ => None,
                };
                results.push(json!({ "bundle": bundle_name, "report": report, "error": told }));
            } else if let ImportError::Refused(report) = &fault {
                output.line(format!("{bundle_name}:"))?;
                output.line(report.to_string().trim_end())?;
                output.flush()?;
            }
            output.complain(&anyhow::Error::from(fault));
        }
    }
    Ok(())
}
