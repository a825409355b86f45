//! Intake: what comes in is read, checked, and its scans are probed.

pub mod scan;
pub mod worker;
