//! Plans the archive of every exam whose copies may be had, with the exam's own options, before somebody asks for
//! it: when the server starts, and after whatever may have changed an exam. So a download begins at once.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use copiste_core::bulk::{self, BulkError, Job, PlanRequest, Quiet, Selection};
use copiste_core::store::ExamView;

use super::app::App;
use crate::profile::{LeftOut, profile};

/// Wakes whoever plans.
pub(crate) struct Planner {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Something may have changed since he looked last.
    woken: bool,
    ending: bool,
}

impl Default for Planner {
    fn default() -> Planner {
        // The first look is that of the start.
        Planner { state: Mutex::new(State { woken: true, ending: false }), changed: Condvar::new() }
    }
}

impl Planner {
    /// An exam may have changed. Waits for nothing.
    pub(crate) fn wake(&self) {
        self.state().woken = true;
        self.changed.notify_all();
    }

    /// No further plan. One that is being made ends when [`App::ending`] is set.
    pub(crate) fn end(&self) {
        self.state().ending = true;
        self.changed.notify_all();
    }

    /// Plans until [`Planner::end`].
    pub(crate) fn run(&self, app: &App) {
        // The state of each exam that was planned, or could not be: it is not tried twice.
        let mut seen = BTreeMap::new();
        while self.is_woken() {
            let looked = catch_unwind(AssertUnwindSafe(|| look(app, &mut seen)));
            if looked.is_err() {
                tracing::error!(
                    "planning archives ended in a fault of copiste itself; they are planned when asked for"
                );
            }
        }
    }

    /// Waits for something to look at; false when it is over.
    fn is_woken(&self) -> bool {
        let state = self.changed.wait_while(self.state(), |state| !state.woken && !state.ending);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        state.woken = false;
        !state.ending
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Plans what is not planned yet.
fn look(app: &App, seen: &mut BTreeMap<String, u64>) {
    let views = app.store.exams().unwrap_or_else(|error| {
        tracing::warn!(%error, "exams cannot be read: their archives are planned when asked for");
        Vec::new()
    });
    for view in views {
        if app.ending.load(Ordering::Relaxed) {
            return;
        }
        let life = view.life();
        let is_out = life.closed_at.is_some() || life.download_since.is_some();
        // Each answer of a closing under way changes the exam; its end wakes us again.
        if !is_out || app.under_way.by(view.id()).is_some() || seen.get(view.id()) == Some(&view.line()) {
            continue;
        }
        seen.insert(view.id().to_owned(), view.line());
        let start = Instant::now();
        match prepared(app, &view) {
            Ok(false) => {}
            Ok(true) => {
                let took_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
                tracing::info!(exam = view.id(), took_ms, "an archive was planned");
            }
            // The next start goes on.
            Err(BulkError::Cancelled) => return,
            Err(BulkError::Purged { .. }) => {}
            Err(error) => {
                tracing::warn!(exam = view.id(), %error, "an archive could not be planned: it is when asked for");
            }
        }
    }
}

/// Plans an exam's whole archive, unless its plan is kept already; says whether it did.
fn prepared(app: &App, view: &ExamView) -> Result<bool, BulkError> {
    let Ok(profile) = profile(view, LeftOut::default()) else { return Ok(false) };
    let request = PlanRequest { selection: Selection::default(), profile };
    // Half of the threads: whoever waits for an answer meanwhile has the others.
    let all = app.job(view, &Quiet, &app.ending);
    let job = Job { threads: all.threads.div_ceil(2), ..all };
    let folder = app.plans();
    if bulk::is_planned(&folder, &job, &request) {
        return Ok(false);
    }
    bulk::planned(&folder, &job, &request).map(|_| true)
}
