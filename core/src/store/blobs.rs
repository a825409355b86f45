//! Content-addressed blobs.

use std::io;

use crate::model::BlobRef;

/// Takes bytes into the blob store.
pub trait BlobSink: Sync {
    /// Stores the bytes, once, whoever brings them. They are durable after the batch they
    /// belong to is sealed.
    ///
    /// # Errors
    /// Whatever the file system says.
    fn put(&self, bytes: &[u8]) -> io::Result<BlobRef>;
}

/// The blobs of a data directory.
pub struct BlobStore {}
