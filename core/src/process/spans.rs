//! All candidates of an exam, read on all cores and taken in their order.

use std::ops::Range;

use crate::conveyor;
use crate::store::{ExamView, StoreError};

/// How many places are read in one go, by one core.
const IN_ONE_GO: u32 = 512;

/// Bytes that may wait to be taken.
const ROOM: usize = 32 << 20;

/// Does `work` for all places of an exam, so many at a time, on all cores, and hands what comes out to `take`
/// in the order of the places; `weigh` says how many bytes it is. What comes out depends on the records alone.
///
/// # Errors
/// The first one of `work`, in the order of the places, or of `take`.
pub(super) fn in_order<T: Send, E: Send + From<StoreError>>(
    view: &ExamView,
    work: impl Fn(Range<u32>) -> Result<T, E> + Sync,
    weigh: impl Fn(&T) -> usize + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let candidates = u32::try_from(view.counts().candidates).unwrap_or(u32::MAX);
    let starts = (0..candidates).step_by(IN_ONE_GO as usize);
    let mut goes = starts.map(|start| start..start.saturating_add(IN_ONE_GO).min(candidates));
    // A pool of its own, as many threads as cores, named for who looks at the process.
    let threads = rayon::ThreadPoolBuilder::new().thread_name(|index| format!("closing-{index}")).build();
    let Ok(pool) = threads else {
        // A machine that gives no threads away reads on this one.
        return goes.try_for_each(|places| take(work(places)?));
    };
    let mut done = Ok(());
    let weigh = |made: &Result<T, E>| made.as_ref().map_or(0, &weigh);
    conveyor::in_order(&pool, goes, ROOM, work, weigh, |made| {
        done = made.and_then(&mut take);
        done.is_ok()
    });
    done
}
