//! `copiste restore`: a data directory is made of a backup.

use copiste_core::backup::{Under, restore};
use copiste_core::intake;
use copiste_core::journal::{Role, instant};
use copiste_core::process::status::status;
use copiste_core::store::OpenOptions;

use super::Ending;
use super::args::Restore;
use super::caller::Caller;
use super::inspect;
use super::output::{Output, count, size};
use super::progress::Meter;
use super::session::{self, Session, cancelled_by_signal};

pub(super) fn run(typed: &Restore, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    let dir = &typed.data.data;
    let cancel = cancelled_by_signal()?;
    let meter = Meter::new(caller.stderr(), None);
    let under = Under { watch: &meter, cancel: &cancel };
    let made = restore(&typed.file, dir, &OpenOptions::new(intake::load, session::secret), &under);
    meter.end();
    let made = made?;
    output.line(format!(
        "{}: restored as of {}, journal line {}: {}, {} ({})",
        dir.display(),
        instant(made.at),
        made.line,
        count(made.exams, "exam", "exams"),
        count(made.blobs, "blob", "blobs"),
        size(made.bytes)
    ))?;
    output.flush()?;
    let session = Session::open(&typed.data, Role::ExamOfficeManager, false, caller)?;
    if !typed.no_inspect {
        // What inspection finds is not journalled, because it can be found again.
        for report in inspect::inspect(&session, &session.decoder()?, None)? {
            inspect::tell(&report, output)?;
        }
    }
    for view in session.store.exams()? {
        output.line(status(&view)?.to_string().trim_end())?;
    }
    Ok(Ending::Done)
}
