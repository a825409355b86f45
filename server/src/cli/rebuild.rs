//! `copiste rebuild`: the database is made again from the journal and the blobs.

use anyhow::bail;
use copiste_core::intake;
use copiste_core::journal::Role;
use copiste_core::store::{OpenOptions, Store};

use super::Ending;
use super::args::Rebuild;
use super::caller::Caller;
use super::inspect;
use super::output::{Output, count};
use super::session::{self, Session};

pub(super) fn run(typed: &Rebuild, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    let dir = &typed.data.data;
    if !dir.join("journal.jsonl").is_file() {
        bail!("CLI-022 {} has no journal to rebuild from; nothing was changed", dir.display());
    }
    let store = Store::replay_all(dir, &OpenOptions::new(intake::load, session::secret))?;
    let exams = count(store.exams()?.len() as u64, "exam", "exams");
    drop(store);
    output.line(format!("the database was made again: {exams}"))?;
    if !typed.no_inspect {
        output.flush()?;
        // What inspection finds is not journalled, because it can be found again.
        let session = Session::open(&typed.data, Role::ExamOfficeManager, false, caller)?;
        for report in inspect::inspect(&session, &session.decoder()?, None)? {
            inspect::tell(&report, output)?;
        }
    }
    Ok(Ending::Done)
}
