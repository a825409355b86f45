//! The threads of a job, their desks, and what stops them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::ThreadPool;
use rayon::prelude::*;

use super::error::{BulkError, CopyFault, StopFault};
use super::progress::Progress;
use super::source::Source;
use crate::model::{ArchivedCandidate, Script};
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
    /// How many threads work; at least one does.
    pub threads: usize,
    /// Told how far it is.
    pub progress: &'a dyn Progress,
    /// Set from outside to end the job within one copy a thread.
    pub cancel: &'a AtomicBool,
}

/// A pool of its own (a bulk job must not starve whoever uses rayon's global one) and a desk a
/// thread, so at most as many ropes are in memory as there are threads.
pub(super) struct Workshop<'a> {
    pub job: Job<'a>,
    pool: ThreadPool,
    desks: Vec<Mutex<Desk>>,
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
        Ok(Workshop { job, pool, desks, stopped: AtomicBool::new(false), stop: Mutex::new(None) })
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

    /// Makes one edition on the present thread's desk and hands it on. A panic, in a renderer
    /// or in what it is handed to, is this copy's fault and no other's.
    pub fn edition<T>(
        &self,
        profile: Profile,
        candidate: &ArchivedCandidate,
        script: &Record<Script>,
        then: impl FnOnce(&Rope) -> Result<T, CopyFault>,
    ) -> Result<T, CopyFault> {
        let place = rayon::current_thread_index().unwrap_or(0) % self.desks.len();
        let mut desk = self.desks[place].lock().unwrap_or_else(PoisonError::into_inner);
        let made = catch_unwind(AssertUnwindSafe(|| {
            fail::fail_point!("bulk-copy");
            let source = self.job.source;
            let school = source.school(&candidate.school)?.ok_or(CopyFault::Gone { what: "school" })?;
            let annotations = source.annotations(script)?;
            let subject = Subject {
                exam: source.exam(),
                school: school.get(),
                candidate,
                script: script.get(),
                annotations: annotations.get(),
            };
            let rope = self.job.press.edition(&subject, profile, &mut desk)?;
            then(rope)
        }));
        made.unwrap_or_else(|_| {
            // Half drawn: nothing of it goes into the next copy.
            *desk = Desk::default();
            Err(CopyFault::Panic)
        })
    }

    /// The same by candidate number.
    pub fn edition_of<T>(
        &self,
        profile: Profile,
        number: &str,
        then: impl FnOnce(&Rope) -> Result<T, CopyFault>,
    ) -> Result<T, CopyFault> {
        let source = self.job.source;
        let candidate = source.candidate(number)?.ok_or(CopyFault::Gone { what: "candidate" })?;
        let script = source.script(number)?.ok_or(CopyFault::Gone { what: "script" })?;
        self.edition(profile, candidate.get(), &script, then)
    }
}
