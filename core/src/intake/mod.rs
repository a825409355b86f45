//! Intake: what comes in is read, checked, and its scans are probed; then imported, replayed,
//! inspected.
//!
//! [`import`] is the way in. It lists a bundle ([`source`]), puts its text files aside, reads and
//! checks them line by line and against each other ([`wire`], [`fault`]), has every distinct scan
//! file probed once ([`scan`]; what decodes runs in [`worker`]), makes everything durable, and
//! executes one command. [`load`] reads the same content back from blobs whenever the store applies
//! that command.

mod budget;
pub mod fault;
mod import;
mod inspection;
mod load;
mod pages;
mod picture;
mod probing;
mod progress;
mod report;
pub mod scan;
pub mod source;
mod staged;
mod survey;
#[cfg(test)]
mod trials;
pub mod wire;
pub mod worker;

pub use import::{ImportError, ImportOptions, import};
pub use inspection::{Inspecting, InspectionError, InspectionReport};
pub use load::load;
pub use picture::picture;
pub use progress::{Progress, Stage};
pub use report::{Bytes, ImportReport, Outcome, PageDamage, PageNote};
