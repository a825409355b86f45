//! The quality sheet of a closing (*feuille de qualité*): what a person wants to see before marks leave.
//!
//! The processes say whether an exam *may* be closed; the sheet says what in it looks wrong. Each kind of
//! finding warns or blocks, as the [`Policy`] has it. A sheet is made by one pass over the scripts, so it is
//! made where someone asks for it or closes, never in passing.

mod kind;
mod look;
mod marks;
mod neighbours;
mod pages;
mod policy;
mod questions;
mod services;
mod sheet;
mod tally;
#[cfg(test)]
mod tests;

pub use kind::{Kind, Severity};
pub(super) use look::{Looker, Part};
pub use look::{Scope, look};
pub use policy::Policy;
pub use services::Reconciliation;
pub use sheet::{Blockers, Finding, Sheet};
pub use tally::Place;
