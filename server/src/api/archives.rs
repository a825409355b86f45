//! Archives that are ready to be read.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use copiste_core::bulk::{self, Archive, PlanRequest, Quiet};
use copiste_core::store::ExamView;

use super::app::App;
use crate::http::problem::Problem;

/// Archives that somebody is reading or has just read, the one asked for last at the end.
#[derive(Default)]
pub(crate) struct Archives(Mutex<Vec<(Key, Arc<Archive>)>>);

/// How many stay ready: schools come one after another, each for its own.
const READY: usize = 64;

/// All that the bytes of an archive depend on.
#[derive(Clone, PartialEq, Eq)]
struct Key {
    exam: String,
    line: u64,
    request: PlanRequest,
}

impl Archives {
    /// The archive of a request: the one that is ready, or planned now. Whoever asks for the same meanwhile
    /// waits for the plan, which is kept.
    pub(crate) fn get(
        &self,
        app: &App,
        view: &ExamView,
        request: PlanRequest,
    ) -> Result<Arc<Archive>, Problem> {
        let key = Key { exam: view.id().to_owned(), line: view.line(), request };
        let ready = self.all().iter().find(|(held, _)| *held == key).map(|(_, archive)| Arc::clone(archive));
        let archive = match ready {
            Some(archive) => archive,
            None => Arc::new(planned(app, view, &key.request)?),
        };
        let mut all = self.all();
        // What is older than the exam's last change is asked for by nobody new.
        all.retain(|(held, _)| *held != key && (held.exam != key.exam || held.line == key.line));
        if all.len() >= READY {
            all.remove(0);
        }
        all.push((key, Arc::clone(&archive)));
        Ok(archive)
    }

    /// Lets go of an exam's archives; whoever reads one reads on.
    pub(super) fn forget(&self, exam: &str) {
        self.all().retain(|(held, _)| held.exam != exam);
    }

    fn all(&self) -> MutexGuard<'_, Vec<(Key, Arc<Archive>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn planned(app: &App, view: &ExamView, request: &PlanRequest) -> Result<Archive, Problem> {
    let never = AtomicBool::new(false);
    let plan = bulk::planned(&app.dir.join("plans"), &app.job(view, &Quiet, &never), request)?;
    Ok(Archive::new(view.clone(), Arc::clone(&app.press), plan))
}
