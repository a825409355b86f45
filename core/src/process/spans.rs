//! All candidates of an exam, read on all cores and taken in their order.

use std::ops::Range;

use rayon::prelude::*;

use crate::store::{ExamView, StoreError};

/// How many places are read in one go, by one core.
const IN_ONE_GO: u32 = 512;

/// How many such goes each core makes before what came out is taken: enough for none to wait long for another,
/// few enough for what they made to take little memory.
const GOES: usize = 8;

/// Does `work` for all places of an exam, so many at a time, on all cores, and hands what comes out to `take`
/// in the order of the places. What comes out depends on the records alone.
///
/// # Errors
/// The first one of `work`, in the order of the places, or of `take`.
pub(super) fn in_order<T: Send, E: Send + From<StoreError>>(
    view: &ExamView,
    work: impl Fn(Range<u32>) -> Result<T, E> + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let candidates = u32::try_from(view.counts().candidates).unwrap_or(u32::MAX);
    let at_once = GOES * rayon::current_num_threads();
    let starts: Vec<u32> = (0..candidates).step_by(IN_ONE_GO as usize).collect();
    for starts in starts.chunks(at_once) {
        let places = |start: &u32| *start..start.saturating_add(IN_ONE_GO).min(candidates);
        let done: Vec<Result<T, E>> = starts.par_iter().map(|start| work(places(start))).collect();
        for part in done {
            take(part?)?;
        }
    }
    Ok(())
}
