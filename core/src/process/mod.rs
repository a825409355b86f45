//! An exam's life.

pub mod gate;
