//! The heart of copiste: model, store, intake, ropes, ZIP, bulk.
//!
//! Data flows one way: a bundle is taken in ([`intake`]), kept ([`store`]), drawn by renderers
//! ([`render`]), composed into ropes ([`rope`]) and given out in bulk ([`bulk`], [`zip`]).

pub mod bulk;
pub mod intake;
pub mod journal;
pub mod model;
pub mod process;
pub mod render;
pub mod rope;
pub mod store;
pub mod zip;
