//! What is counted of a running server, for Prometheus: numbers of a process, which begin at nothing with it.
//!
//! No label holds what comes from outside: routes are patterns of the table, never paths, and nothing names an
//! exam, a candidate or an account.

mod moment;
mod sizes;

use std::sync::OnceLock;
use std::time::Duration;

use copiste_core::journal::Target;
use copiste_core::process::closing::{CloseError, CloseReport, ExportReport, ValidateReport};
use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry, TextEncoder,
};

pub(crate) use self::moment::Moment;
use crate::shown;

/// The media type of a scrape.
pub(crate) const KIND: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Seconds that answers take: a page some milliseconds, the plan of a large archive some seconds.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// There once this process serves HTTP; whatever happens in a process that does not is counted nowhere.
static COUNTED: OnceLock<Metrics> = OnceLock::new();

struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    launches: IntCounterVec,
    launches_ended: IntCounterVec,
    exports: IntCounterVec,
    downloads: IntCounterVec,
    download_bytes: IntCounterVec,
    rendered_copies: IntCounter,
    rendered_bytes: IntCounter,
}

impl Metrics {
    fn new() -> prometheus::Result<Metrics> {
        let registry = Registry::new();
        let counters = |name: &str, help: &str, labels: &[&str]| {
            let made = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(made.clone()))?;
            Ok::<_, prometheus::Error>(made)
        };
        let counter = |name: &str, help: &str| {
            let made = IntCounter::new(name, help)?;
            registry.register(Box::new(made.clone()))?;
            Ok::<_, prometheus::Error>(made)
        };
        let options = HistogramOpts::new(
            "copiste_request_seconds",
            "Seconds until an answer was made, its body not sent yet",
        );
        let seconds = HistogramVec::new(options.buckets(SECONDS.to_vec()), &["route"])?;
        registry.register(Box::new(seconds.clone()))?;
        Ok(Metrics {
            requests: counters(
                "copiste_requests_total",
                "Requests answered, by the pattern of their route",
                &["route", "method", "status"],
            )?,
            seconds,
            launches: counters("copiste_launches_total", "Closings and validations launched", &["act"])?,
            launches_ended: counters(
                "copiste_launches_ended_total",
                "Those that ended: done, failed (an export did not count whole), refused",
                &["act", "outcome"],
            )?,
            exports: counters(
                "copiste_exports_total",
                "Exports, by what became of them",
                &["target", "outcome"],
            )?,
            downloads: counters(
                "copiste_downloads_total",
                "Bodies that readers took to their last byte, or did not",
                &["what", "outcome"],
            )?,
            download_bytes: counters("copiste_download_bytes_total", "Bytes of those bodies", &["what"])?,
            rendered_copies: counter(
                "copiste_rendered_copies_total",
                "Copies that jobs wrote to the server's disk",
            )?,
            rendered_bytes: counter("copiste_rendered_bytes_total", "Bytes of those copies")?,
            registry,
        })
    }
}

/// Begins to count.
///
/// # Errors
/// When the names of what is counted contradict each other.
pub(crate) fn begin() -> prometheus::Result<()> {
    // A second server of one process counts on where the first one does.
    COUNTED.set(Metrics::new()?).or(Ok(()))
}

/// A request was answered: `route` is the pattern that it fits.
pub(crate) fn request(route: &'static str, method: &str, status: u16, took: Duration) {
    let Some(counted) = COUNTED.get() else { return };
    counted.requests.with_label_values(&[route, method, &status.to_string()]).inc();
    counted.seconds.with_label_values(&[route]).observe(took.as_secs_f64());
}

/// What a launch reports.
pub(crate) trait Launched {
    /// The act, in a word.
    const ACT: &'static str;

    /// What was sent.
    fn exports(&self) -> &[ExportReport];

    /// Whether all of it counts.
    fn is_done(&self) -> bool;
}

impl Launched for CloseReport {
    const ACT: &'static str = "close";

    fn exports(&self) -> &[ExportReport] {
        &self.exports
    }

    fn is_done(&self) -> bool {
        self.is_whole()
    }
}

impl Launched for ValidateReport {
    const ACT: &'static str = "validate";

    fn exports(&self) -> &[ExportReport] {
        &self.exports
    }

    fn is_done(&self) -> bool {
        self.is_whole()
    }
}

/// Launches, and counts that and what became of it.
///
/// # Errors
/// Those of the launch.
pub(crate) fn launch<T: Launched>(act: impl FnOnce() -> Result<T, CloseError>) -> Result<T, CloseError> {
    let Some(counted) = COUNTED.get() else { return act() };
    counted.launches.with_label_values(&[T::ACT]).inc();
    let ended = act();
    let outcome = match &ended {
        Ok(report) if report.is_done() => "done",
        Ok(_) => "failed",
        Err(_) => "refused",
    };
    counted.launches_ended.with_label_values(&[T::ACT, outcome]).inc();
    for export in ended.iter().flat_map(Launched::exports) {
        let target = match export.target {
            Target::Cyclades => "cyclades",
            Target::Imagin => "imagin",
        };
        counted.exports.with_label_values(&[target, shown::standing(export.standing)]).inc();
    }
    ended
}

/// A body's sending has ended.
pub(crate) fn download(what: &'static str, bytes: u64, whole: bool) {
    let Some(counted) = COUNTED.get() else { return };
    counted.downloads.with_label_values(&[what, if whole { "whole" } else { "broken" }]).inc();
    counted.download_bytes.with_label_values(&[what]).inc_by(bytes);
}

/// A job has written copies.
pub(crate) fn rendered(copies: u64, bytes: u64) {
    let Some(counted) = COUNTED.get() else { return };
    counted.rendered_copies.inc_by(copies);
    counted.rendered_bytes.inc_by(bytes);
}

/// Everything counted, with what is so at this moment.
///
/// # Errors
/// When it cannot be written down.
pub(crate) fn scrape(moment: &Moment) -> prometheus::Result<Vec<u8>> {
    let mut families = COUNTED.get().map(|counted| counted.registry.gather()).unwrap_or_default();
    families.extend(moment.families()?);
    let mut text = Vec::new();
    TextEncoder::new().encode(&families, &mut text)?;
    Ok(text)
}
