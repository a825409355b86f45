//! An exam's life.

pub mod acceptance;
pub mod gate;
pub mod status;
