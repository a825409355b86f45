//! The store: sled tables, rkyv records, scan blobs, search, journal-driven commits.

mod blobs;

pub use blobs::{BlobSink, BlobStore};
