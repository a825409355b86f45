//! The words of the trade as plain types, and at the same time what a record holds.
//!
//! Every type that is stored derives `rkyv`'s archive traits, so that a renderer reads
//! [`ArchivedScript`] straight out of the database's bytes. These types are **schema version 1**:
//! whoever changes the shape of one of them moves the old shape to a frozen module in `store`
//! first, and raises the version in `store::record`.

mod account;
mod annotation;
mod candidate;
mod exam;
mod mark;
mod page;
mod script;

pub use account::*;
pub use annotation::*;
pub use candidate::*;
pub use exam::*;
pub use mark::*;
pub use page::*;
pub use script::*;
