//! `copiste accept`: someone takes responsibility for a damaged page, by name and with a reason.

use copiste_core::journal::{PagePlace, Role};
use copiste_core::process::acceptance::{Which, accept};
use copiste_core::process::roles::{Act, allowed};

use super::Ending;
use super::args::Accept;
use super::caller::Caller;
use super::output::{Output, count};
use super::session::{self, Session};

pub(super) fn run(typed: &Accept, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    let session = Session::open(&typed.data, Role::ExamOfficeManager, false, caller)?;
    allowed(&session.actor.role, Act::AcceptDamage)?;
    let which = match (&typed.candidate, typed.page) {
        (Some(candidate), Some(page)) => Which::Page(PagePlace { candidate: candidate.clone(), page }),
        _ => Which::AllDamaged,
    };
    let accepted =
        accept(&session.store, &typed.exam, &which, &typed.reason, &session.actor, session::now())?;
    for place in &accepted.pages {
        output.line(format!("accepted: candidate {} page {}", place.candidate, place.page))?;
    }
    let pages = count(accepted.pages.len() as u64, "damaged page", "damaged pages");
    match accepted.line {
        Some(line) => output.line(format!("{pages} accepted, journal line {line}"))?,
        None => output.line(format!("{pages} to accept: nothing was changed"))?,
    }
    Ok(Ending::Done)
}
