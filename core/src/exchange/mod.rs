//! The exchanges with Cyclades and IMAG'IN, version 1 (CONTRACTS, section 4): rows in chunks, then a
//! commit; nothing counts before it.
//!
//! No public format exists, so this one is ours and stands behind one trait, [`Adapter`]: over HTTP
//! ([`Http`]), or as files that somebody carries over ([`FileDrop`]). [`send`] sends an export through
//! any of them with patience, and asks first whenever it cannot know what the target holds.
//!
//! *Architecture Invariant:* nothing outside this folder opens a connection.

mod adapter;
mod drop;
mod http;
mod patience;
pub mod rows;
mod send;
mod wire;

pub use adapter::{Adapter, Committed, ExportName, Fault, Held, HeldState, Whole};
pub use drop::FileDrop;
pub use http::{Http, HttpOptions, Secret, UnusableOptions};
pub use patience::{Pace, Patience};
pub use send::{Sending, send};
