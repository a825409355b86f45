//! `copiste backup`: a consistent copy of the data directory in one file.

use copiste_core::backup::{Under, backup};
use copiste_core::journal::Role;
use copiste_core::process::roles::{Act, allowed};
use serde_json::json;

use super::Ending;
use super::args::Backup;
use super::caller::Caller;
use super::output::{Output, count, size};
use super::session::{self, Session};

pub(super) fn run(typed: &Backup, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    let session = Session::open(&typed.data, Role::ExamOfficeManager, false, caller)?;
    allowed(&session.actor.role, Act::Backup)?;
    let cancel = session.cancelled()?;
    let meter = session.meter();
    let under = Under { watch: &meter, cancel: &cancel };
    let made = backup(&session.store, &session.place(&typed.file), session::now(), &under);
    meter.end();
    let made = made?;
    if typed.json {
        output.json(&json!({ "line": made.line, "blobs": made.blobs, "bytes": made.bytes }))?;
    } else {
        output.line(format!(
            "{}: {}, the journal up to line {}, {}; it holds names, the secret and the tokens of copiste.toml: keep \
             it as safe as the data directory",
            typed.file.display(),
            size(made.bytes),
            made.line,
            count(made.blobs, "blob", "blobs")
        ))?;
    }
    Ok(Ending::Done)
}
