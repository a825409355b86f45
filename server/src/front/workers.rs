//! Threads that answer requests: as many as there is work for, within bounds, and gone when there is none.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::Builder;
use std::time::Duration;

/// How long a thread waits for more work.
const IDLE: Duration = Duration::from_secs(10);

type Work = Box<dyn FnOnce() + Send>;

/// The threads.
#[derive(Clone, Default)]
pub(super) struct Workers {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Work>,
    idle: usize,
    ending: bool,
}

impl Workers {
    /// Has a thread do some work. How much there may be at once is bounded by [`Places`].
    ///
    /// # Errors
    /// When the system gives no thread; the work is dropped.
    pub(super) fn start(&self, work: Work) -> std::io::Result<()> {
        let mut queue = self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.waiting.push_back(work);
        if queue.idle >= queue.waiting.len() {
            self.shared.changed.notify_one();
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        let spawned = Builder::new().name("answering".to_owned()).spawn(move || shared.serve());
        // Others may take it later, but nobody knows when.
        spawned.map(drop).inspect_err(|_| drop(queue.waiting.pop_back()))
    }

    /// Lets idle threads go.
    pub(super) fn end(&self) {
        self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner).ending = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn serve(&self) {
        while let Some(work) = self.next() {
            if catch_unwind(AssertUnwindSafe(work)).is_err() {
                tracing::error!(
                    "HTT-023 answering a request ended in a fault of copiste itself; the server goes on"
                );
            }
        }
    }

    fn next(&self) -> Option<Work> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(work) = queue.waiting.pop_front() {
                return Some(work);
            }
            if queue.ending {
                return None;
            }
            queue.idle += 1;
            let (woken, slept) =
                self.changed.wait_timeout(queue, IDLE).unwrap_or_else(PoisonError::into_inner);
            queue = woken;
            queue.idle -= 1;
            if slept.timed_out() && queue.waiting.is_empty() {
                return None;
            }
        }
    }
}

/// How many of something may be at once.
#[derive(Clone)]
pub(super) struct Places {
    taken: Arc<AtomicUsize>,
    most: usize,
}

/// One place; free again when it is dropped.
pub(super) struct Place(Arc<AtomicUsize>);

impl Places {
    pub(super) fn new(most: usize) -> Places {
        Places { taken: Arc::default(), most }
    }

    pub(super) fn take(&self) -> Option<Place> {
        let taken = self.taken.fetch_add(1, Ordering::Relaxed);
        // Given back on drop, also when it was one too many.
        let place = Place(Arc::clone(&self.taken));
        (taken < self.most).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn work_is_done_at_once_by_as_many_threads_as_it_takes() {
        let workers = Workers::default();
        let (meet, met) = (Arc::new(std::sync::Barrier::new(9)), channel());
        for number in 0..8 {
            let (meet, met) = (Arc::clone(&meet), met.0.clone());
            let work = move || {
                meet.wait();
                met.send(number).unwrap();
                assert!(number % 2 == 0, "asked for");
            };
            workers.start(Box::new(work)).unwrap();
        }
        // All eight are under way together, or this waits for ever.
        meet.wait();
        let mut numbers: Vec<i32> = met.1.iter().take(8).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..8).collect::<Vec<_>>());
        let done = channel();
        workers.start(Box::new(move || done.0.send(()).unwrap())).unwrap();
        done.1.recv().expect("a thread that met a fault, or another, goes on");
        workers.end();
    }

    #[test]
    fn places_are_given_back() {
        let places = Places::new(2);
        let (one, two) = (places.take(), places.take());
        assert!(one.is_some() && two.is_some() && places.take().is_none());
        drop(one);
        assert!(places.take().is_some());
    }
}
