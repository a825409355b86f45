//! copiste
pub mod pdf;
