//! Intake: what comes in is read, checked, and its scans are probed; then imported, replayed,
//! inspected.

pub mod fault;
pub mod scan;
pub mod source;
pub mod wire;
pub mod worker;
