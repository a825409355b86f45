//! The threads of a job, their desks, and what stops them.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::ThreadPool;
use rayon::prelude::*;

use super::choosing::Chosen;
use super::error::{BulkError, CopyFault, StopFault};
use super::making::{Making, Schools};
use super::progress::Progress;
use super::source::Source;
use crate::render::{Desk, Press, Profile};
use crate::rope::{BlobSource, Rope};

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
    schools: Schools,
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
            schools: Schools::default(),
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

    /// Makes one edition on the present thread's desk and hands it on. See [`Making::edition`].
    pub fn edition<T>(
        &self,
        profile: Profile,
        chosen: &Chosen,
        then: impl FnOnce(&mut Rope) -> Result<T, CopyFault>,
    ) -> Result<T, CopyFault> {
        let place = rayon::current_thread_index().unwrap_or(0) % self.desks.len();
        let mut desk = self.desks[place].lock().unwrap_or_else(PoisonError::into_inner);
        let Job { source, press, .. } = self.job;
        Making { source, press, schools: &self.schools }.edition(profile, chosen, &mut desk, then)
    }
}
