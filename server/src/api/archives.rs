//! Archives that are ready to be read.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use copiste_core::bulk::{self, Archive, PlanRequest, Quiet};
use copiste_core::store::ExamView;

use super::app::App;
use crate::http::problem::Problem;

/// Archives that somebody is reading or has just read, planned.
#[derive(Default)]
pub(crate) struct Archives(Mutex<Vec<(Key, Place)>>);

/// Where an archive is put once it is planned; held by whoever plans it.
type Place = Arc<Mutex<Option<Arc<Archive>>>>;

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
    /// The archive of a request: the one that is ready, or planned now. Whoever asks for the same meanwhile waits
    /// for it.
    pub(crate) fn get(
        &self,
        app: &App,
        view: &ExamView,
        request: PlanRequest,
    ) -> Result<Arc<Archive>, Problem> {
        let key = Key { exam: view.id().to_owned(), line: view.line(), request: request.clone() };
        let place = {
            let mut ready = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // What is older than the exam's last change is asked for by nobody new.
            ready.retain(|(held, _)| held.exam != key.exam || held.line == key.line);
            match ready.iter().position(|(held, _)| *held == key) {
                // The one asked for last stays longest.
                Some(at) => {
                    let found = ready.remove(at);
                    ready.push(found);
                }
                None => {
                    if ready.len() >= READY {
                        ready.remove(0);
                    }
                    ready.push((key, Arc::default()));
                }
            }
            ready.last().map(|(_, place)| Arc::clone(place)).unwrap_or_default()
        };
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(archive) = place.as_ref() {
            return Ok(Arc::clone(archive));
        }
        let archive = Arc::new(planned(app, view, &request)?);
        *place = Some(Arc::clone(&archive));
        Ok(archive)
    }
}

impl Archives {
    /// Lets go of an exam's archives; whoever reads one reads on.
    pub(super) fn forget(&self, exam: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(held, _)| held.exam != exam);
    }
}

fn planned(app: &App, view: &ExamView, request: &PlanRequest) -> Result<Archive, Problem> {
    let never = AtomicBool::new(false);
    let plan = bulk::planned(&app.dir.join("plans"), &app.job(view, &Quiet, &never), request)?;
    Ok(Archive::new(view.clone(), Arc::clone(&app.press), plan))
}
