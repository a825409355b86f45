//! The heart of copiste: model, store, intake, ropes, ZIP, bulk.
//!
//! Data flows one way: a bundle is taken in ([`intake`]), kept ([`store`]), drawn by renderers
//! ([`render`]), composed into ropes ([`rope`]) and given out in bulk ([`bulk`], [`zip`]). A data
//! directory goes into one file and comes back from it ([`backup`]).
//!
//! ```
//! use copiste_core::model::Hundredths;
//! use copiste_core::rope::Rope;
//!
//! // A mark is read from its characters and never passes through floating point.
//! let mark = Hundredths::parse("12.10")?;
//! // A document knows its length and checksum without being put together.
//! let mut rope = Rope::new();
//! rope.push_owned(b"Note : ");
//! rope.push_owned(mark.french().as_bytes());
//! assert_eq!((rope.len(), rope.crc32()), (11, crc32fast::hash(b"Note : 12,1")));
//! # Ok::<(), copiste_core::model::DecimalFault>(())
//! ```
// Nothing that comes from outside may end the process: where a panic is proven impossible, the place says why.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable))]

pub mod backup;
pub mod bulk;
mod conveyor;
pub mod exchange;
pub mod intake;
pub mod journal;
pub mod model;
pub mod process;
pub mod render;
pub mod rope;
mod scratch;
pub mod store;
pub mod zip;
