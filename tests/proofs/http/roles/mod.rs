//! Who may what: every route, everybody, every way to come in.

mod dead;
mod hidden;
mod table;
pub(super) mod world;
