//! All copies of an exam at once: forecast, written to a directory or a ZIP.
//!
//! An archive is planned first ([`plan`]): every edition is composed once to learn its length, checksum
//! and digest, and no rope is kept; then [`write_zip`] composes each again and writes it straight from
//! the scans to a place known beforehand. Files of a directory need no such plan: [`survey`] reads the
//! records, and [`write_directory`] composes each copy once. Either gives a [`Forecast`] before anything
//! is written. Records are read in the order they lie in, which is that of the entries.
//!
//! Readers need no file: an [`Archive`] and an [`OneCopy`] give out any range of their bytes, and
//! [`planned`] keeps plans, so that an archive starts at once.
//!
//! One bad copy costs one copy; a job may be cancelled at any moment and resumed; what has its name is
//! whole; the bytes depend on the records alone, not on the threads; memory does not grow with the
//! number of copies, since what is known of each is put aside in a file.

mod archive;
mod choosing;
mod desks;
mod directory;
mod error;
mod index;
mod kept;
mod kept_key;
mod making;
mod plan;
mod progress;
mod reader_error;
mod report;
mod room;
mod rows;
mod scans;
mod served;
mod single;
mod source;
mod summary;
mod survey;
#[cfg(test)]
mod tests;
mod turns;
mod unfinished;
mod viewing;
mod window;
mod workshop;
mod writing;

pub use archive::write_zip;
pub use choosing::{PlanRequest, Selection};
pub use directory::write_directory;
pub use error::{BulkError, CopyFault, StopFault};
pub use kept::{is_planned, planned};
pub use plan::{Forecast, Plan, plan};
pub use progress::{Phase, Progress, Quiet};
pub use reader_error::{OneCopyError, PourError};
pub use report::{Ending, Failure, Refusal, Report};
pub use served::Archive;
pub use single::OneCopy;
pub use source::{Source, State};
pub use summary::SUMMARY_NAME;
pub use survey::{Survey, survey};
pub use viewing::{ScanOfPage, annotated};
pub use workshop::Job;
pub use writing::WriteOptions;
