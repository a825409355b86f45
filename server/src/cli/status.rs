//! `copiste status`: exams, their counts, what is missing.

use copiste_core::journal::Role;
use copiste_core::process::quality::{Scope, Sheet, look};
use copiste_core::process::status::{Status as Standing, status};
use serde::Serialize;

use super::Ending;
use super::args::Status;
use super::caller::Caller;
use super::output::Output;
use super::session::{self, Session};

/// An exam as it is shown; with `--quality` its sheet as well.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    status: Standing,
    #[serde(skip_serializing_if = "Option::is_none")]
    quality: Option<Sheet>,
}

pub(super) fn run(typed: &Status, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    let session = Session::open(&typed.data, Role::ExamOfficeManager, false, caller)?;
    let views = match &typed.exam {
        Some(id) => vec![session::exam(&session.store, id)?],
        None => session.store.exams()?,
    };
    let policy = session.settings.quality();
    let mut all = Vec::new();
    for view in &views {
        let quality = if typed.quality { Some(look(view, Scope::Exam, &policy)?) } else { None };
        all.push(Shown { status: status(view)?, quality });
    }
    if typed.json {
        output.json(&all)?;
    } else if all.is_empty() {
        output.line("no exam yet: copiste import brings one")?;
    } else {
        for one in &all {
            output.line(one.status.to_string().trim_end())?;
            if let Some(sheet) = &one.quality {
                output.line(sheet.to_string().trim_end())?;
            }
        }
    }
    Ok(Ending::Done)
}
