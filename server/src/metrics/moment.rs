//! What is so at the moment of a scrape, and is counted elsewhere.

use prometheus::proto::MetricFamily;
use prometheus::{IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

use super::sizes;
use crate::front;

/// What only the handlers know.
pub(crate) struct Moment {
    pub(crate) jobs_waiting: u64,
    pub(crate) jobs_working: u64,
    pub(crate) closings_under_way: u64,
    pub(crate) sessions: u64,
    /// The data directory.
    pub(crate) dir: std::path::PathBuf,
}

impl Moment {
    pub(super) fn families(&self) -> prometheus::Result<Vec<MetricFamily>> {
        let registry = Registry::new();
        let gauge = |name: &str, help: &str, value: u64| {
            let made = IntGauge::new(name, help)?;
            made.set(signed(value));
            registry.register(Box::new(made))
        };
        gauge("copiste_connections", "Connections open at this moment", front::COUNTS.connections())?;
        gauge("copiste_downloads_under_way", "Bodies being sent at this moment", front::COUNTS.sendings())?;
        gauge("copiste_closings_under_way", "Closings and validations at work", self.closings_under_way)?;
        gauge("copiste_sessions", "Sessions that have not ended", self.sessions)?;
        let jobs = IntGaugeVec::new(Opts::new("copiste_jobs", "Jobs that have not ended"), &["state"])?;
        jobs.with_label_values(&["waiting"]).set(signed(self.jobs_waiting));
        jobs.with_label_values(&["working"]).set(signed(self.jobs_working));
        registry.register(Box::new(jobs))?;
        let refused = IntCounterVec::new(
            Opts::new(
                "copiste_connections_refused_total",
                "Requests that the front refused, by code; `crowded` are connections closed to make room",
            ),
            &["reason"],
        )?;
        for (reason, count) in front::COUNTS.refused() {
            refused.with_label_values(&[reason]).inc_by(count);
        }
        registry.register(Box::new(refused))?;
        let parts = IntGaugeVec::new(
            Opts::new(
                "copiste_store_bytes",
                "Bytes of the data directory's parts, looked at every ten minutes",
            ),
            &["part"],
        )?;
        for (part, bytes) in sizes::of(&self.dir) {
            parts.with_label_values(&[part]).set(signed(bytes));
        }
        registry.register(Box::new(parts))?;
        if let Some(free) = crate::room::free(&self.dir) {
            gauge("copiste_disk_free_bytes", "Bytes free on the disk of the data directory", free)?;
        }
        if let Some(resident) = resident() {
            gauge("process_resident_memory_bytes", "Resident memory size in bytes", resident)?;
        }
        Ok(registry.gather())
    }
}

/// Gauges are signed; what does not fit is told as the most that does.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Bytes of memory that this process has; none where the system does not say.
fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes << 10)
}
