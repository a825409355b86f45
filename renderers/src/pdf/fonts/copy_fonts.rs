//! The fonts that one copy embeds.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use copiste_core::rope::Shared;

use super::super::objects::Packer;
use super::faces::FaceId;
use super::program::{self, Care, Shown};
use super::{FontBook, FontError, blocks};

/// What one copy's text has touched so far: which shared blocks, and which glyphs of its own.
/// One a worker; [`CopyFonts::clear`] before each copy.
#[derive(Debug, Default)]
pub struct CopyFonts {
    /// A bit for each shared block.
    touched: u32,
    /// In the order of first use, which the text alone decides.
    own: Vec<OwnFont>,
}

/// A font of this copy only.
#[derive(Debug)]
struct OwnFont {
    face: FaceId,
    /// The glyphs, in the order of their codes.
    glyphs: Vec<(u16, String)>,
    /// Code of each glyph.
    codes: BTreeMap<u16, u16>,
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
        self.own.clear();
    }

    /// The fonts to embed, in a fixed order: shared blocks under the numbers the book reserved,
    /// then the copy's own, numbered from `next_object` upwards, which is moved past them. Call
    /// it when all text of the copy is set. `packer` deflates what is this copy's own.
    ///
    /// # Errors
    /// [`FontError`] when a face cannot be subset, which no text should bring about.
    pub fn embed<'b>(
        &self,
        book: &'b FontBook,
        next_object: &mut u32,
        packer: &mut Packer,
    ) -> Result<Vec<EmbeddedFont<'b>>, FontError> {
        let mut fonts = Vec::with_capacity(8);
        for number in (0..blocks::COUNT).filter(|number| self.touched & 1 << number != 0) {
            let Some(block) = book.blocks.get(number) else { continue };
            fonts.push(EmbeddedFont {
                resource: number,
                object: block.object,
                bytes: FontBytes::Shared(&block.bytes),
                places: Cow::Borrowed(&block.places),
            });
        }
        for (resource, own) in (blocks::COUNT..).zip(&self.own) {
            let Some(face) = book.faces.get(own.face) else { continue };
            let shown: Vec<Shown<'_>> =
                own.glyphs.iter().map(|(glyph, text)| Shown { glyph: *glyph, text }).collect();
            let objects = program::objects(face, &shown, *next_object, Care::Own(packer))?;
            fonts.push(EmbeddedFont {
                resource,
                object: *next_object + program::FONT,
                bytes: FontBytes::Owned(objects.bytes),
                places: Cow::Owned(objects.places),
            });
            *next_object += program::OBJECTS;
        }
        Ok(fonts)
    }

    /// Notes that shared blocks are used, a bit for each.
    pub(super) fn touch(&mut self, blocks: u32) {
        self.touched |= blocks;
    }

    /// The number of the resource that will hold this face's glyphs.
    pub(super) fn resource(&mut self, face: FaceId) -> u16 {
        let at = self.own.iter().position(|own| own.face == face).unwrap_or_else(|| {
            self.own.push(OwnFont { face, glyphs: Vec::new(), codes: BTreeMap::new() });
            self.own.len() - 1
        });
        // There are fewer faces than that.
        blocks::COUNT + u16::try_from(at).unwrap_or(0)
    }

    /// The code of a glyph in such a resource, and whether it means `text` wherever it stands:
    /// a glyph means what it meant when it was first used.
    pub(super) fn code(&mut self, resource: u16, glyph: u16, text: &str) -> (u16, bool) {
        let Some(own) = self.own.get_mut(usize::from(resource - blocks::COUNT)) else {
            return (0, false);
        };
        if let Some(code) = own.codes.get(&glyph) {
            let meant = own.glyphs.get(usize::from(*code) - 1);
            return (*code, meant.is_some_and(|(_, meant)| meant == text));
        }
        own.glyphs.push((glyph, text.to_owned()));
        // A face has at most 65,535 glyphs, and each is here once.
        let code = u16::try_from(own.glyphs.len()).unwrap_or(u16::MAX);
        own.codes.insert(glyph, code);
        (code, true)
    }
}
