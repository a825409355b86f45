//! Intake: what comes in is read, checked, and its scans are probed; then imported, replayed,
//! inspected.

pub mod fault;
mod pages;
pub mod scan;
pub mod source;
mod staged;
mod survey;
pub mod wire;
pub mod worker;
