//! Two things measured in turn, so that what the machine does meanwhile falls on both.

use std::io;
use std::time::{Duration, Instant};

/// The medians of both sides.
#[derive(Clone, Copy, Debug)]
pub struct Medians {
    /// Of the first.
    pub ours: Duration,
    /// Of the second.
    pub floor: Duration,
}

impl Medians {
    /// How much of the floor's speed is reached: 1 is as fast as copying.
    pub fn ratio(&self) -> f64 {
        self.floor.as_secs_f64() / self.ours.as_secs_f64()
    }
}

/// Runs both so many times, in turn, after one run of each that is not counted. `between` clears
/// what they leave and is not timed.
///
/// # Errors
/// The first fault of any of them.
pub fn alternate(
    times: usize,
    mut ours: impl FnMut() -> io::Result<()>,
    mut floor: impl FnMut() -> io::Result<()>,
    mut between: impl FnMut() -> io::Result<()>,
) -> io::Result<Medians> {
    let mut spans = [Vec::new(), Vec::new()];
    for round in 0..=times {
        // Who comes first changes each time.
        for turn in [round % 2, 1 - round % 2] {
            let start = Instant::now();
            if turn == 0 {
                ours()?
            } else {
                floor()?
            }
            let span = start.elapsed();
            between()?;
            if round > 0 {
                spans[turn].push(span);
            }
        }
    }
    let [ours, floor] = spans.map(median);
    Ok(Medians { ours, floor })
}

/// The one in the middle; zero of none.
pub fn median(mut spans: Vec<Duration>) -> Duration {
    spans.sort();
    spans.get(spans.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_one_in_the_middle() {
        let second = Duration::from_secs;
        assert_eq!(median(vec![second(9), second(1), second(2)]), second(2));
    }

    #[test]
    fn both_sides_run_as_often_and_the_first_round_does_not_count() {
        let (mut ours, mut floor, mut cleared) = (0, 0, 0);
        let add = |count: &mut i32| -> io::Result<()> {
            *count += 1;
            Ok(())
        };
        alternate(5, || add(&mut ours), || add(&mut floor), || add(&mut cleared)).unwrap();
        assert_eq!((ours, floor, cleared), (6, 6, 12));
    }
}
