//! The threads of a job, their desks, and what stops them.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::ThreadPool;
use rayon::prelude::*;

use super::choosing::Chosen;
use super::error::{BulkError, CopyFault, StopFault};
use super::progress::Progress;
use super::source::Source;
use crate::model::School;
use crate::render::{Desk, Press, Profile, Subject};
use crate::rope::{BlobSource, Rope};
use crate::store::Record;

/// What every job needs. The same for planning and for writing.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// The copies: one consistent view for the whole job.
    pub source: &'a dyn Source,
    /// Where their scans are.
    pub blobs: &'a dyn BlobSource,
    /// What makes editions.
    pub press: &'a Press,
    /// A folder for what a job puts aside, made when it is missing. No other process uses it.
    pub scratch: &'a Path,
    /// How many threads work; at least one does.
    pub threads: usize,
    /// Told how far it is.
    pub progress: &'a dyn Progress,
    /// Set from outside to end the job within one copy a thread.
    pub cancel: &'a AtomicBool,
}

/// A pool of its own (a bulk job must not starve whoever uses rayon's global one) and a desk a
/// thread.
pub(super) struct Workshop<'a> {
    pub job: Job<'a>,
    pool: ThreadPool,
    desks: Vec<Mutex<Desk>>,
    /// Schools met so far: an exam has some hundred, its copies come school by school.
    schools: Mutex<BTreeMap<String, Record<School>>>,
    stopped: AtomicBool,
    stop: Mutex<Option<StopFault>>,
}

impl<'a> Workshop<'a> {
    pub fn open(job: Job<'a>) -> Result<Workshop<'a>, BulkError> {
        let threads = job.threads.max(1);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|index| format!("bulk-{index}"))
            .build()
            .map_err(|error| BulkError::Threads { threads, detail: error.to_string() })?;
        let desks = (0..threads).map(|_| Mutex::default()).collect();
        Ok(Workshop {
            job,
            pool,
            desks,
            schools: Mutex::default(),
            stopped: AtomicBool::new(false),
            stop: Mutex::new(None),
        })
    }

    /// Whether to begin no further copy.
    pub fn halted(&self) -> bool {
        self.job.cancel.load(Ordering::Relaxed) || self.stopped.load(Ordering::Relaxed)
    }

    /// Ends the job for a reason of its own; the first reason is the one reported.
    pub fn stop(&self, fault: StopFault) {
        let mut stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        stop.get_or_insert(fault);
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Why it ended, if it did by itself.
    pub fn take_stop(&self) -> Option<StopFault> {
        self.stopped.store(false, Ordering::Relaxed);
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Does something for each item, in parallel; results in the items' order.
    pub fn each<I: Send, T: Send>(&self, items: Vec<I>, work: impl Fn(I) -> T + Sync) -> Vec<T> {
        self.pool.install(|| items.into_par_iter().map(&work).collect())
    }

    /// The threads themselves.
    pub fn pool(&self) -> &ThreadPool {
        &self.pool
    }

    /// Makes one edition on the present thread's desk and hands it on. A panic, in a renderer
    /// or in what it is handed to, is this copy's fault and no other's.
    pub fn edition<T>(
        &self,
        profile: Profile,
        chosen: &Chosen,
        then: impl FnOnce(&mut Rope) -> Result<T, CopyFault>,
    ) -> Result<T, CopyFault> {
        let place = rayon::current_thread_index().unwrap_or(0) % self.desks.len();
        let mut desk = self.desks[place].lock().unwrap_or_else(PoisonError::into_inner);
        let made = catch_unwind(AssertUnwindSafe(|| {
            fail::fail_point!("bulk-copy");
            let school = self.school(&chosen.candidate.get().school)?;
            let annotations = self.job.source.annotations(&chosen.script)?;
            let subject = Subject {
                exam: self.job.source.exam(),
                school: school.get(),
                candidate: chosen.candidate.get(),
                script: chosen.script.get(),
                annotations: annotations.get(),
                renderable_at: chosen.at,
            };
            then(self.job.press.edition(&subject, profile, &mut desk)?)
        }));
        made.unwrap_or_else(|_| {
            // Half drawn: nothing of it goes into the next copy.
            *desk = Desk::default();
            Err(CopyFault::Panic)
        })
    }

    fn school(&self, uai: &str) -> Result<Record<School>, CopyFault> {
        let mut schools = self.schools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(school) = schools.get(uai) {
            return Ok(school.clone());
        }
        let school = self.job.source.school(uai)?.ok_or(CopyFault::Gone { what: "school" })?;
        schools.insert(uai.to_owned(), school.clone());
        Ok(school)
    }
}
