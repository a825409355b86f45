//! Editions: what the house's press makes of a script.

mod archive;
mod bytes;
mod clauses;
mod damage;
mod geometry;
mod hostile;
mod links;
mod sheets;
mod subjects;
#[path = "../../examples/third_party.rs"]
#[expect(dead_code, reason = "its main function belongs to the example")]
mod third_party;
mod tools;
