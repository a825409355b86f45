//! Work done by several threads, handed on by one in the order it was given.
//!
//! A file takes bytes from one writer at a time, however many there are (the kernel locks it), so an
//! archive has one: it copies scans all the time, while the others compose ahead of it.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rayon::ThreadPool;

/// How many pieces may be ahead of the one that is handed on next: enough that the one who takes never
/// waits for a piece that is harder than others.
const AHEAD: usize = 16;

/// Takes each item, does the work on any of the pool's threads, hands on what comes of it in the items'
/// order, on the present thread. Of what waits to be handed on there are at most 16 pieces, and at most
/// `room` bytes as `weigh` gives them, or one piece. When `take` says false, nothing more is begun and
/// nothing more is handed on.
///
/// # Panics
/// When the work does: then the others end and the panic goes on.
pub(crate) fn in_order<I: Send, T: Send>(
    pool: &ThreadPool,
    items: impl Iterator<Item = I> + Send,
    room: usize,
    work: impl Fn(I) -> T + Sync,
    weigh: impl Fn(&T) -> usize + Sync,
    mut take: impl FnMut(T) -> bool,
) {
    let belt = Belt {
        state: Mutex::new(State {
            items,
            begun: 0,
            taken: 0,
            waiting: BTreeMap::new(),
            bytes: 0,
            all_begun: false,
            ended: false,
        }),
        brought: Condvar::new(),
        fetched: Condvar::new(),
    };
    pool.in_place_scope(|scope| {
        for _ in 0..pool.current_num_threads() {
            scope.spawn(|_| {
                // Also when the work panics: whoever waits must not wait for ever.
                let _ended = Ended(&belt);
                while let Some((number, item)) = belt.begin(room) {
                    let made = work(item);
                    let bytes = weigh(&made);
                    belt.bring(number, made, bytes);
                }
                std::mem::forget(_ended);
            });
        }
        let _ended = Ended(&belt);
        while let Some(made) = belt.fetch() {
            if !take(made) {
                break;
            }
        }
    });
}

struct State<I, T> {
    items: I,
    /// Items given out.
    begun: usize,
    /// Pieces handed on.
    taken: usize,
    /// Pieces made, by number, each with its weight.
    waiting: BTreeMap<usize, (T, usize)>,
    /// Weight of those together.
    bytes: usize,
    all_begun: bool,
    ended: bool,
}

struct Belt<I, T> {
    state: Mutex<State<I, T>>,
    /// A piece was brought, or all is over.
    brought: Condvar,
    /// A piece was fetched, or all is over.
    fetched: Condvar,
}

impl<I: Iterator, T> Belt<I, T> {
    fn state(&self) -> MutexGuard<'_, State<I, T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next item, when there is room for what comes of it.
    fn begin(&self, room: usize) -> Option<(usize, I::Item)> {
        let mut state = self.state();
        loop {
            if state.ended || state.all_begun {
                return None;
            }
            let behind = state.begun - state.taken;
            // The piece that is waited for is always made.
            if behind == 0 || (behind < AHEAD && state.bytes < room) {
                break;
            }
            state = self.fetched.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let Some(item) = state.items.next() else {
            state.all_begun = true;
            self.brought.notify_all();
            self.fetched.notify_all();
            return None;
        };
        let number = state.begun;
        state.begun += 1;
        Some((number, item))
    }

    fn bring(&self, number: usize, made: T, bytes: usize) {
        let mut state = self.state();
        state.waiting.insert(number, (made, bytes));
        state.bytes += bytes;
        if number == state.taken {
            self.brought.notify_all();
        }
    }

    /// The next piece in order; none when all were fetched or all is over.
    fn fetch(&self) -> Option<T> {
        let mut state = self.state();
        loop {
            if state.ended {
                return None;
            }
            let next = state.taken;
            if let Some((made, bytes)) = state.waiting.remove(&next) {
                state.taken += 1;
                state.bytes -= bytes;
                self.fetched.notify_all();
                return Some(made);
            }
            if state.all_begun && state.taken == state.begun {
                return None;
            }
            state = self.brought.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Ends everything when it goes.
struct Ended<'b, I: Iterator, T>(&'b Belt<I, T>);

impl<I: Iterator, T> Drop for Ended<'_, I, T> {
    fn drop(&mut self) {
        self.0.state().ended = true;
        self.0.brought.notify_all();
        self.0.fetched.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn pool(threads: usize) -> ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads")
    }

    #[test]
    fn pieces_come_in_order_whoever_is_faster() {
        for (threads, count) in [(1, 0), (1, 1), (1, 500), (2, 500), (3, 2_000)] {
            let mut taken = Vec::new();
            let work = |n: usize| {
                for _ in 0..(n * 7919) % 100 {
                    std::thread::yield_now();
                }
                n * 2
            };
            in_order(
                &pool(threads),
                0..count,
                1 << 20,
                work,
                |_| 1,
                |made| {
                    taken.push(made);
                    true
                },
            );
            assert_eq!(taken, (0..count).map(|n| n * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn no_more_waits_than_there_is_room_for() {
        let (made, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
        for (room, most) in [(0, 3), (10, 13), (usize::MAX, AHEAD + 3)] {
            made.store(0, Ordering::SeqCst);
            taken.store(0, Ordering::SeqCst);
            let work = |n: usize| {
                let ahead = made.fetch_add(1, Ordering::SeqCst) + 1 - taken.load(Ordering::SeqCst);
                assert!(ahead <= most, "{ahead} of {most}");
                n
            };
            in_order(
                &pool(3),
                0..300,
                room,
                work,
                |_| 1,
                |_| {
                    std::thread::sleep(std::time::Duration::from_micros(50));
                    taken.fetch_add(1, Ordering::SeqCst);
                    true
                },
            );
            assert_eq!(taken.load(Ordering::SeqCst), 300);
        }
    }

    #[test]
    fn who_takes_may_end_it() {
        let mut taken = 0;
        in_order(
            &pool(2),
            0..,
            1 << 20,
            |n: usize| n,
            |_| 1,
            |_| {
                taken += 1;
                taken < 10
            },
        );
        assert_eq!(taken, 10);
    }

    #[test]
    fn a_panic_in_the_work_ends_it_and_goes_on() {
        let work = |n: usize| assert!(n < 20, "the twentieth");
        let caught = std::panic::catch_unwind(|| {
            in_order(&pool(2), 0..1000, 1 << 20, work, |()| 1, |()| true);
        });
        assert!(caught.is_err());
    }
}
