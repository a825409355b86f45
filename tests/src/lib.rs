//! What the proofs stand on: where things are, which outside tools there are, how a command is
//! run, killed and measured, and an academy of generated exams to do it with.
//!
//! The proofs themselves are one integration binary, `tests/proofs/main.rs`. Each runs the real
//! commands `copiste` and `copiste-fixtures` and judges the result with tools that are not ours.
//! `make test` runs all of them at reduced size, `make prove` in full (see [`size`]).

pub mod academy;
pub mod browser;
pub mod bundle;
pub mod closing;
pub mod command;
pub mod expected;
pub mod http;
pub mod ledgers;
pub mod paper;
pub mod place;
pub mod size;
pub mod sources;
pub mod stand_ins;
pub mod tools;
pub mod village;
