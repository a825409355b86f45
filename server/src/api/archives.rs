//! Archives that are ready to be read.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use copiste_core::bulk::{self, Archive, PlanRequest, Quiet};
use copiste_core::store::ExamView;

use super::app::App;
use crate::http::problem::Problem;

/// Archives that somebody is reading or has just read, the one asked for last at the end.
#[derive(Default)]
pub(crate) struct Archives(Mutex<Vec<(Key, Slot)>>);

/// Where an archive is, once it is planned: one for all its readers, also for those who ask meanwhile.
type Slot = Arc<Mutex<Option<Arc<Archive>>>>;

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
        let slot = self.slot(Key { exam: view.id().to_owned(), line: view.line(), request: request.clone() });
        let mut held = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(archive) = &*held {
            return Ok(Arc::clone(archive));
        }
        let archive = Arc::new(planned(app, view, &request)?);
        *held = Some(Arc::clone(&archive));
        Ok(archive)
    }

    /// The place of an archive, empty when nobody has asked for it lately.
    fn slot(&self, key: Key) -> Slot {
        let mut all = self.all();
        let at = all.iter().position(|(held, _)| *held == key);
        let slot = at.map(|at| all.remove(at).1).unwrap_or_default();
        // What is older than the exam's last change is asked for by nobody new.
        all.retain(|(held, _)| held.exam != key.exam || held.line >= key.line);
        if all.len() >= READY {
            all.remove(0);
        }
        all.push((key, Arc::clone(&slot)));
        slot
    }

    /// Lets go of an exam's archives; whoever reads one reads on.
    pub(super) fn forget(&self, exam: &str) {
        self.all().retain(|(held, _)| held.exam != exam);
    }

    fn all(&self) -> MutexGuard<'_, Vec<(Key, Slot)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn planned(app: &App, view: &ExamView, request: &PlanRequest) -> Result<Archive, Problem> {
    let never = AtomicBool::new(false);
    let plan = bulk::planned(&app.plans(), &app.job(view, &Quiet, &never), request)?;
    Ok(Archive::new(view.clone(), Arc::clone(&app.press), plan))
}
