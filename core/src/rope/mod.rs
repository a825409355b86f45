//! The rope: a document as a list of segments, composed without building it.
//!
//! The bytes of a copy are almost all scans that exist already. A [`Rope`] therefore holds a few
//! owned bytes (object headers, page contents, cross references), bytes shared by every copy
//! (fonts, profiles), and references to scan blobs. It knows its length, its CRC-32 and its digest
//! without reading a scan, and can read any byte range.

mod crc;
mod pour;
mod sink;

use std::sync::Arc;

use sha2::{Digest, Sha256};

pub use crc::combine;
pub(crate) use pour::slice;
pub use pour::{Outlet, pour};
pub use sink::{BlobSource, RopeError, RopeReader, write_to_file};

use crate::model::BlobRef;

/// Bytes that many ropes share; hashed once, when they are made.
#[derive(Debug)]
pub struct Shared {
    bytes: Vec<u8>,
    crc32: u32,
    sha256: [u8; 32],
}

impl Shared {
    /// Takes the bytes and hashes them.
    pub fn new(bytes: Vec<u8>) -> Arc<Shared> {
        let crc32 = crc32fast::hash(&bytes);
        let sha256 = Sha256::digest(&bytes).into();
        Arc::new(Shared { bytes, crc32, sha256 })
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// One piece of a rope.
#[derive(Clone, Debug)]
pub enum Segment {
    /// Bytes `start..end` of the rope's own buffer.
    Owned {
        /// First byte.
        start: usize,
        /// One past the last.
        end: usize,
    },
    /// Bytes shared with other ropes.
    Shared(Arc<Shared>),
    /// A whole scan blob.
    Blob(BlobRef),
}

impl Segment {
    /// How many bytes it has; never none.
    #[expect(clippy::len_without_is_empty, reason = "a rope holds no empty segment")]
    pub fn len(&self) -> u64 {
        match self {
            Segment::Owned { start, end } => (end - start) as u64,
            Segment::Shared(shared) => shared.bytes().len() as u64,
            Segment::Blob(blob) => blob.length,
        }
    }
}

/// A document as a list of segments. See the module's text.
///
/// ```
/// use copiste_core::rope::{Rope, Shared};
/// let mut rope = Rope::new();
/// rope.push_shared(&Shared::new(b"%PDF-1.7\n".to_vec()));
/// rope.push_owned(b"%%EOF\n");
/// assert_eq!(rope.len(), 15);
/// assert_eq!(rope.crc32(), crc32fast::hash(b"%PDF-1.7\n%%EOF\n"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Rope {
    segments: Vec<Segment>,
    owned: Vec<u8>,
    length: u64,
    crc32: u32,
    digest: Sha256,
}

impl Rope {
    /// An empty rope.
    pub fn new() -> Rope {
        Rope::default()
    }

    /// Empties the rope and keeps its buffers.
    pub fn clear(&mut self) {
        self.segments.clear();
        self.owned.clear();
        self.length = 0;
        self.crc32 = 0;
        self.digest = Sha256::new();
    }

    /// Appends bytes of the rope's own. Each call makes a segment of its own, and so shapes
    /// the digest: push what belongs together in one call.
    pub fn push_owned(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let start = self.owned.len();
        self.owned.extend_from_slice(bytes);
        self.segments.push(Segment::Owned { start, end: self.owned.len() });
        self.digest.update(bytes);
        self.fold(crc32fast::hash(bytes), bytes.len() as u64);
    }

    /// Appends bytes shared with other ropes.
    pub fn push_shared(&mut self, shared: &Arc<Shared>) {
        if shared.bytes.is_empty() {
            return;
        }
        self.digest.update(shared.sha256);
        self.fold(shared.crc32, shared.bytes.len() as u64);
        self.segments.push(Segment::Shared(Arc::clone(shared)));
    }

    /// Appends a whole scan blob.
    pub fn push_blob(&mut self, blob: BlobRef) {
        if blob.length == 0 {
            return;
        }
        self.digest.update(blob.sha256);
        self.fold(blob.crc32, blob.length);
        self.segments.push(Segment::Blob(blob));
    }

    fn fold(&mut self, crc32: u32, length: u64) {
        self.crc32 = combine(self.crc32, crc32, length);
        self.length += length;
    }

    /// How many bytes the document has.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// CRC-32 (IEEE, as in ZIP) of the whole document.
    pub fn crc32(&self) -> u32 {
        self.crc32
    }

    /// The edition digest: SHA-256 over the segments so far, owned bytes as they are, shared
    /// bytes and scans by their own SHA-256. Costs nothing that was not hashed already.
    pub fn digest(&self) -> [u8; 32] {
        self.digest.clone().finalize().into()
    }

    /// The pieces, in order.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The rope's own bytes in `start..end`, as a [`Segment::Owned`] names them.
    pub fn owned(&self, start: usize, end: usize) -> &[u8] {
        &self.owned[start..end]
    }

    /// The last segment's bytes, when they are the rope's own. A document's tail carries a digest
    /// of all that comes before, so equal tails mean equal documents.
    pub fn tail(&self) -> &[u8] {
        match self.segments.last() {
            Some(Segment::Owned { start, end }) => &self.owned[*start..*end],
            _ => &[],
        }
    }

    /// Bytes held in memory by this rope alone.
    pub fn weight(&self) -> usize {
        self.owned.capacity() + self.segments.capacity() * size_of::<Segment>()
    }
}
