//! Progress: a bar on a terminal, one line every ten seconds otherwise, always on standard error.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::caller::Stderr;
use super::output::{size, span};

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Shows how far a phase is: items, bytes, rate and time left. Shared by all workers.
pub(super) struct Meter {
    stderr: Stderr,
    bar: Option<ProgressBar>,
    phase: Mutex<Phase>,
    done: AtomicU64,
    bytes: AtomicU64,
    /// Ends a client's task; whoever works without a server is killed instead.
    cancel: Option<Arc<AtomicBool>>,
}

/// The phase being shown.
struct Phase {
    name: &'static str,
    total: u64,
    began: Instant,
    told: Instant,
}

impl Meter {
    pub(super) fn new(stderr: Stderr, cancel: Option<Arc<AtomicBool>>) -> Meter {
        let now = Instant::now();
        let bar = stderr.is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.set_style(
                ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len} {msg} {eta}")
                    .unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            bar
        });
        Meter {
            stderr,
            bar,
            phase: Mutex::new(Phase { name: "", total: 0, began: now, told: now }),
            done: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            cancel,
        }
    }

    /// A phase of `total` items begins.
    pub(super) fn begin(&self, name: &'static str, total: u64) {
        let now = Instant::now();
        self.done.store(0, Ordering::Relaxed);
        self.bytes.store(0, Ordering::Relaxed);
        if let Ok(mut phase) = self.phase.lock() {
            *phase = Phase { name, total, began: now, told: now };
        }
        if let Some(bar) = &self.bar {
            bar.reset();
            bar.set_length(total);
            bar.set_prefix(name);
        }
    }

    /// Some more is done.
    pub(super) fn step(&self, items: u64, bytes: u64) {
        let done = self.done.fetch_add(items, Ordering::Relaxed) + items;
        let bytes = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        // Whoever finds another thread telling lets it tell.
        let Ok(mut phase) = self.phase.try_lock() else { return };
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.set_message(rate(&phase, done, bytes));
        } else if phase.told.elapsed() >= LINE_EVERY {
            phase.told = Instant::now();
            let left = match done {
                0 => String::new(),
                _ => {
                    let elapsed = phase.began.elapsed().as_secs_f64();
                    let rest = phase.total.saturating_sub(done) as f64;
                    format!(", {} left", span((elapsed * rest / done as f64) as u64))
                }
            };
            let text = format!("{}: {done}/{} {}{left}", phase.name, phase.total, rate(&phase, done, bytes));
            self.stderr.mention(&text);
        }
    }

    /// Nothing more to show.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// `120/s, 63.00 MB/s`.
fn rate(phase: &Phase, done: u64, bytes: u64) -> String {
    let elapsed = phase.began.elapsed().as_secs_f64().max(0.001);
    let items = format!("{:.0}/s", done as f64 / elapsed);
    if bytes == 0 { items } else { format!("{items}, {}/s", size((bytes as f64 / elapsed) as u64)) }
}

impl copiste_core::bulk::Progress for Meter {
    fn begin(&self, phase: copiste_core::bulk::Phase, copies: u64, _bytes: u64) {
        let name = match phase {
            copiste_core::bulk::Phase::Plan => "planning",
            copiste_core::bulk::Phase::Write => "writing",
        };
        Meter::begin(self, name, copies);
    }

    fn advance(&self, copies: u64, bytes: u64) {
        self.step(copies, bytes);
    }
}

impl copiste_core::backup::Watch for Meter {
    fn begin(&self, entries: u64, _bytes: u64) {
        Meter::begin(self, "copying", entries);
    }

    fn advance(&self, bytes: u64) {
        self.step(1, bytes);
    }
}

impl copiste_core::intake::Progress for Meter {
    fn begin(&self, stage: copiste_core::intake::Stage, total: u64) {
        use copiste_core::intake::Stage;
        let name = match stage {
            Stage::Reading => "reading",
            Stage::Probing => "looking at scans",
            Stage::Keeping => "making durable",
            Stage::Applying => "applying",
            Stage::Inspecting => "inspecting",
        };
        Meter::begin(self, name, total);
    }

    fn advance(&self, steps: u64) {
        self.step(steps, 0);
    }

    fn cancelled(&self) -> bool {
        self.cancel.as_ref().is_some_and(|cancel| cancel.load(Ordering::Relaxed))
    }
}
