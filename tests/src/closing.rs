//! Closing an exam in this process, with a clock of our own.

use std::path::Path;
use std::time::Duration;

use copiste_core::exchange::{FileDrop, Pace};
use copiste_core::journal::{Actor, Role, Target, Timestamp};
use copiste_core::process::closing::{ClosingDesk, OutcomeCodes, UnderWay};
use copiste_core::process::quality::Policy;

use crate::academy::opened;

/// A clock that stands still.
pub struct Still(pub Timestamp);

impl Pace for Still {
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
    fn now(&self) -> Timestamp {
        self.0
    }
    fn wait(&self, _time: Duration) -> bool {
        true
    }
    fn chance(&self) -> f64 {
        0.5
    }
}

/// Closes a one-off exam through file drops in the data directory, as if it were this moment.
///
/// # Panics
/// When it is not closed.
pub fn closed_at(data: &Path, exam: &str, at: Timestamp) {
    let store = opened(data);
    let (cyclades, imagin) = (data.join("drop/cyclades"), data.join("drop/imagin"));
    let desk = ClosingDesk {
        store: &store,
        cyclades: &FileDrop::new(Target::Cyclades, cyclades),
        imagin: &FileDrop::new(Target::Imagin, imagin),
        pace: &Still(at),
        budget: Duration::from_secs(60),
        codes: &OutcomeCodes::default(),
        scratch: &data.join("scratch"),
        actor: &Actor::operator(Role::ExamOfficeManager),
        quality: &Policy::default(),
        under_way: &UnderWay::default(),
    };
    let report = desk.close(exam, false).expect("the exam can be closed");
    assert!(report.is_whole(), "{report:?}");
}
