//! copiste

pub mod pdf;
