//! An exam's life: its processes and what they still need, who may do what, acts on batches and marks,
//! the closing, the gate.

pub mod acceptance;
pub mod acts;
pub mod closing;
pub mod gate;
pub mod processes;
pub mod roles;
pub mod status;
pub mod words;
