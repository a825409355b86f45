//! `copiste status`: exams, their counts, what is missing.

use copiste_core::journal::Role;
use copiste_core::process::status::status;

use super::Ending;
use super::args::Status;
use super::caller::Caller;
use super::output::Output;
use super::session::{self, Session};

pub(super) fn run(typed: &Status, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    let session = Session::open(&typed.data, Role::ExamOfficeManager, false, caller)?;
    let views = match &typed.exam {
        Some(id) => vec![session::exam(&session.store, id)?],
        None => session.store.exams()?,
    };
    let all = views.iter().map(status).collect::<Result<Vec<_>, _>>()?;
    if typed.json {
        output.json(&all)?;
    } else if all.is_empty() {
        output.line("no exam yet: copiste import brings one")?;
    } else {
        for one in &all {
            output.line(one.to_string().trim_end())?;
        }
    }
    Ok(Ending::Done)
}
