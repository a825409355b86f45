//! All copies of an exam at once: planned, forecast, written to a directory or a ZIP.
//!
//! [`plan`] composes every edition once to learn its length, checksum and digest, and keeps no
//! rope: about 200 bytes a copy. The plan gives a [`Forecast`], and is then handed to
//! [`write_directory`] or [`write_zip`], which compose each edition again and write it straight
//! from the scans. One bad copy costs one copy; a job may be cancelled at any moment and resumed;
//! what has its name is whole; the bytes depend on the records alone, not on the threads.

mod archive;
mod directory;
mod error;
#[cfg(all(test, feature = "failpoints"))]
mod failing;
mod gathering;
#[cfg(test)]
mod invented;
mod plan;
mod progress;
mod report;
mod room;
mod scans;
mod source;
mod summary;
#[cfg(test)]
mod tests;
mod unfinished;
mod workshop;
mod writing;

pub use archive::write_zip;
pub use directory::write_directory;
pub use error::{BulkError, CopyFault, StopFault};
pub use gathering::plan;
pub use plan::{Forecast, Plan, PlanRequest, Selection};
pub use progress::{Phase, Progress, Quiet};
pub use report::{Ending, Failure, Refusal, Report};
pub use source::{Candidates, Source};
pub use summary::SUMMARY_NAME;
pub use workshop::Job;
pub use writing::WriteOptions;
