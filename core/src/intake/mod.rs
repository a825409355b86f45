//! Taking bundles in: reading and checking, probing scans, import, replay, inspection.

pub mod fault;
pub mod source;
pub mod wire;
