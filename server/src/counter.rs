//! How Cyclades and IMAG'IN are reached: adapters from the settings, the clock on the wall.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use copiste_core::exchange::{Adapter, FileDrop, Http, HttpOptions, Pace};
use copiste_core::journal::{Actor, Target, Timestamp};
use copiste_core::process::closing::{CloseError, ClosingDesk, OutcomeCodes, UnderWay};
use copiste_core::process::quality::Policy;
use copiste_core::store::Store;

use crate::clock;
use crate::settings::Settings;

/// Everything a closing needs beside the store and the actor.
pub(crate) struct Counter {
    cyclades: Box<dyn Adapter>,
    imagin: Box<dyn Adapter>,
    pace: Wall,
    budget: Duration,
    codes: OutcomeCodes,
    quality: Policy,
    under_way: Arc<UnderWay>,
}

impl Counter {
    /// Reaches both targets as the settings say; nothing is sent yet. When `cancel` is set, an export ends
    /// within one request.
    pub(crate) fn open(
        settings: &Settings,
        under_way: &Arc<UnderWay>,
        cancel: Arc<AtomicBool>,
    ) -> anyhow::Result<Counter> {
        Ok(Counter {
            cyclades: adapter(settings, Target::Cyclades)?,
            imagin: adapter(settings, Target::Imagin)?,
            pace: Wall { from: Instant::now(), cancel },
            budget: settings.exchange_budget(),
            codes: settings.outcome_codes(),
            quality: settings.quality(),
            under_way: Arc::clone(under_way),
        })
    }

    /// The desk of whoever acts; rows are put aside in `scratch`.
    pub(crate) fn desk<'a>(
        &'a self,
        store: &'a Store,
        scratch: &'a Path,
        actor: &'a Actor,
    ) -> ClosingDesk<'a> {
        ClosingDesk {
            store,
            cyclades: self.cyclades.as_ref(),
            imagin: self.imagin.as_ref(),
            pace: &self.pace,
            budget: self.budget,
            codes: &self.codes,
            scratch,
            actor,
            quality: &self.quality,
            under_way: &self.under_way,
        }
    }
}

fn adapter(settings: &Settings, target: Target) -> anyhow::Result<Box<dyn Adapter>> {
    let Some(address) = settings.address(target) else {
        let (variable, setting) = match target {
            Target::Cyclades => ("COPISTE_CYCLADES_URL", "cyclades_url"),
            Target::Imagin => ("COPISTE_IMAGIN_URL", "imagin_url"),
        };
        return Err(CloseError::NoTarget { target: target.name(), variable, setting }.into());
    };
    if let Some(path) = address.strip_prefix("file:") {
        // file:///folder is file:/folder.
        let path = path.strip_prefix("//").unwrap_or(path);
        return Ok(Box::new(FileDrop::new(target, PathBuf::from(path))));
    }
    let options = HttpOptions {
        base: address.to_owned(),
        token: settings.token(target),
        timeout: settings.exchange_timeout(),
        authorities: settings.authorities(),
    };
    Ok(Box::new(Http::new(target, &options)?))
}

/// The clock on the wall, and chance from the system.
struct Wall {
    from: Instant,
    cancel: Arc<AtomicBool>,
}

impl Pace for Wall {
    fn elapsed(&self) -> Duration {
        self.from.elapsed()
    }

    fn now(&self) -> Timestamp {
        clock::now()
    }

    fn wait(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        loop {
            if self.cancel.load(Ordering::Relaxed) {
                return false;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(Duration::from_millis(50)));
        }
    }

    fn chance(&self) -> f64 {
        let mut bytes = [0; 4];
        // Without chance there is no jitter, which does no harm.
        if getrandom::fill(&mut bytes).is_err() {
            return 0.5;
        }
        f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
    }
}
