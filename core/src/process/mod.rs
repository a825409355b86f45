//! An exam's life: its processes and what they still need, who may do what, acts on batches and marks,
//! the closing with its quality sheet, the gate, how long copies are kept,
//! accounts and tokens.

pub mod acceptance;
pub mod acts;
pub mod closing;
pub mod gate;
pub mod keeping;
pub mod people;
pub mod processes;
pub mod quality;
pub mod roles;
mod spans;
pub mod status;
pub mod words;
