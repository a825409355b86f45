//! How long copies are kept: holds, and purges of what may be consulted no longer (DOMAIN, *What users
//! complain about*).

use super::acts::{ActError, By};
use super::roles::{Act, NotAllowed, allowed};
use crate::journal::{Actor, Command, Counts, HoldCopy, Timestamp};
use crate::store::{
    ExamView, ExecuteError, Executed, Forgotten, OpenError, OpenOptions, Store, StoreError, day,
};

/// Why nothing was purged, or not everything. Each exam that was purged before is, and stays so.
#[derive(Debug, thiserror::Error)]
pub enum PurgeError {
    /// Not in this role.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// Nobody knows yet what may be consulted then.
    #[error("KEP-010 {before} lies in the future, today is {today}; nothing was purged")]
    Future {
        /// The date that was given.
        before: String,
        /// The day it is, in UTC.
        today: String,
    },
    /// An exam cannot be purged.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// Records cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal has it, the disk may still hold it.
    #[error(
        "KEP-011 what is purged could not be removed from the disk: {0}; opening the data directory again, or \
         the next purge, goes on with it"
    )]
    Forget(#[source] OpenError),
}

/// One exam that was purged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurgedExam {
    /// The exam.
    pub exam: String,
    /// The last day its copies could be consulted, `YYYY-MM-DD`.
    pub consultable_until: String,
    /// How many of each are gone.
    pub gone: Counts,
    /// Copies that stay because they are held.
    pub held: u64,
    /// The journal line.
    pub line: u64,
}

/// One exam whose consultation is over and whose copies are needed all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeededExam {
    /// The exam.
    pub exam: String,
    /// Why, in English.
    pub why: &'static str,
}

/// What a purge did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PurgeReport {
    /// Purged now.
    pub exams: Vec<PurgedExam>,
    /// Not purged, although their consultation is over.
    pub needed: Vec<NeededExam>,
    /// What left the disk, and what did not.
    pub forgotten: Forgotten,
}

impl By<'_> {
    /// Holds a copy back from purges; with `release` it is held no longer.
    ///
    /// # Errors
    /// [`ActError`]; so for a copy that is held already, and for a release of one that is not.
    pub fn hold(
        &self,
        exam: &str,
        candidate: &str,
        reason: &str,
        release: bool,
    ) -> Result<Executed, ActError> {
        allowed(&self.actor.role, Act::Hold)?;
        let reason = self.keep_reason(reason)?;
        let (exam, candidate) = (exam.to_owned(), candidate.to_owned());
        self.execute(Act::Hold, &Command::HoldCopy(HoldCopy { exam, candidate, release, reason }))
    }
}

/// Destroys the copies of every exam whose last day of consultation lies before `before`
/// (`YYYY-MM-DD`), except those that are held: in the journal and the records first, then on the disk.
/// The store comes back on a new database. Nobody may have a view of it meanwhile.
///
/// # Errors
/// [`PurgeError`].
pub fn purge(
    store: Store,
    options: &OpenOptions,
    actor: &Actor,
    before: &str,
    at: Timestamp,
) -> Result<(Store, PurgeReport), PurgeError> {
    allowed(&actor.role, Act::Purge)?;
    let today = day(at);
    if before > today.as_str() {
        return Err(PurgeError::Future { before: before.to_owned(), today });
    }
    let mut report = PurgeReport::default();
    for view in store.exams()? {
        let Some(until) = over(&view, before) else { continue };
        if let Some(why) = view.needed()? {
            report.needed.push(NeededExam { exam: view.id().to_owned(), why });
            continue;
        }
        let command = store.purge_command(&view, until)?;
        let (gone, held) = (command.gone, view.counts().holds);
        if gone.candidates == 0 && gone.scripts == 0 {
            // All that is left is held, or there was never anything.
            continue;
        }
        let (exam, consultable_until) = (command.exam.clone(), command.consultable_until.clone());
        let seen = view.line();
        // The view would keep the records it looks at from going.
        drop(view);
        let executed = store.execute_on(Some(seen), &Command::PurgeExam(command), actor, at)?;
        let line = executed.line.unwrap_or_default();
        report.exams.push(PurgedExam { exam, consultable_until, gone, held, line });
        fail::fail_point!("purge-exam-done");
    }
    let (store, forgotten) = store.forget(options).map_err(PurgeError::Forget)?;
    report.forgotten = forgotten;
    Ok((store, report))
}

/// The last day of an exam's consultation, when it lies before a date.
fn over(view: &ExamView, before: &str) -> Option<String> {
    view.consultable_until().filter(|until| until.as_str() < before)
}
