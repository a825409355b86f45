//! What a reader wants of a whole: a range of its bytes, whatever pieces the whole comes in.

use std::ops::Range;

use super::reader_error::PourError;
use crate::rope::{Outlet, slice};

/// A range of a whole on its way to a reader. Pieces come in order.
pub(super) struct Window<'w> {
    pub range: Range<u64>,
    pub out: Outlet<'w>,
}

impl Window<'_> {
    /// Whether the reader wants any of these bytes.
    pub fn meets(&self, bytes: &Range<u64>) -> bool {
        bytes.start < self.range.end && self.range.start < bytes.end
    }

    /// What the reader wants of what lies at `bytes`, counted from its beginning.
    pub fn within(&self, bytes: &Range<u64>) -> Range<u64> {
        let from = |offset: u64| offset.clamp(bytes.start, bytes.end) - bytes.start;
        from(self.range.start)..from(self.range.end)
    }

    /// Takes what is wanted of a piece that lies at `at`. Says whether anything after it is wanted.
    pub fn put(&mut self, at: u64, piece: &[u8]) -> Result<bool, PourError> {
        let end = at + piece.len() as u64;
        let wanted = self.within(&(at..end));
        self.out.put(slice(piece, &wanted)).map_err(PourError::Reader)?;
        Ok(end < self.range.end)
    }
}
