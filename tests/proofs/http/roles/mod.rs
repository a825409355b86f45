//! Who may what: every route, everybody, every way to come in.

mod dead;
mod hidden;
mod pages;
mod table;
pub(super) mod world;
