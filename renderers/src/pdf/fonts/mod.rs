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
//! for font in fonts.embed(&book, &mut next_object, &mut packer)? {
//!     // resources: /F{font.resource} {font.object} 0 R
//!     // file: font.bytes; cross references: font.places
//! }
//! ```
//!
//! Object numbers: the shared blocks take the numbers of [`FontBook::reserved_objects`], a
//! fixed range for each. The numbers of blocks that a copy does not embed are simply absent from
//! its cross-reference stream (`/Index` subsections) or listed there as free.

mod blocks;
mod charset;
mod copy_fonts;
mod faces;
mod line;
mod outlines;
mod program;
mod setting;
mod shaping;
mod truetype;

use std::ops::Range;

use blocks::Blocks;
use faces::Faces;
use setting::{Item, Word};

pub use copiste_core::render::FontRole;
pub use copy_fonts::{CopyFonts, EmbeddedFont, FontBytes, Place};
pub use line::Line;

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
    faces: Faces,
    blocks: Blocks,
}

impl FontBook {
    /// Prepares the shared blocks (some ten milliseconds), whose objects are numbered from
    /// `first_object` upwards.
    ///
    /// # Errors
    /// [`FontError`] when a built-in face cannot be read: never in a sound binary.
    pub fn new(first_object: u32) -> Result<FontBook, FontError> {
        let faces = Faces::new();
        let blocks = Blocks::new(&faces, first_object)?;
        Ok(FontBook { first_object, faces, blocks })
    }

    /// The object numbers that belong to the shared blocks, in every copy.
    pub fn reserved_objects(&self) -> Range<u32> {
        self.first_object..self.first_object + u32::from(blocks::COUNT) * program::OBJECTS
    }

    /// How wide a text is when set on one line, in thousandths of an em: what
    /// [`Line::width`] will be.
    pub fn width(&self, role: FontRole, text: &str) -> f32 {
        let lookup = self.blocks.lookup(role);
        let mut width = 0;
        for ch in text.chars() {
            let entry = lookup.get(ch);
            if !entry.is_shown() && !entry.is_dropped() {
                return setting::set(&self.faces, lookup, role, text).width() as f32;
            }
            width = i32::saturating_add(width, i32::from(entry.width));
        }
        width as f32
    }

    /// Sets one line: chooses glyphs, places them in visual order, and notes in `fonts` what
    /// must be embedded. `line` is replaced.
    ///
    /// Control and format characters are dropped, a tab or a line break is a space. A character
    /// that no face has shows as a box (▯) that reads back as the character itself.
    pub fn set(&self, role: FontRole, text: &str, fonts: &mut CopyFonts, line: &mut Line) {
        line.clear();
        let lookup = self.blocks.lookup(role);
        let mut current = blocks::NONE;
        let mut touched = 0;
        let mut width = 0;
        let mut start = line.open(text.len());
        for ch in text.chars() {
            let entry = lookup.get(ch);
            if entry.block == current {
                line.show_next(&entry.padded, entry.length);
            } else if entry.is_shown() {
                line.close(start);
                current = entry.block;
                touched |= 1 << current;
                line.font(u16::from(current));
                start = line.open(0);
                line.show_next(&entry.padded, entry.length);
            } else if !entry.is_dropped() {
                return self.set_shaped(role, text, fonts, line);
            }
            width = i32::saturating_add(width, i32::from(entry.width));
        }
        line.close(start);
        line.width = width;
        fonts.touch(touched);
    }

    /// The same for a text that the shared blocks alone cannot show.
    fn set_shaped(&self, role: FontRole, text: &str, fonts: &mut CopyFonts, line: &mut Line) {
        line.clear();
        let setting = setting::set(&self.faces, self.blocks.lookup(role), role, text);
        line.width = setting.width();
        line.reads_leftward = setting.reads_leftward;
        for item in &setting.items {
            match item {
                Item::Shared { entry, stands_for } => {
                    fonts.touch(1 << entry.block);
                    line.font(u16::from(entry.block));
                    if stands_for.is_some() {
                        line.begin(stands_for.iter().copied());
                    }
                    line.show(entry.code());
                    if stands_for.is_some() {
                        line.end();
                    }
                }
                Item::Word(word) => set_word(word, &setting.text, fonts, line),
            }
        }
    }
}

fn set_word(word: &Word, text: &str, fonts: &mut CopyFonts, line: &mut Line) {
    let resource = fonts.resource(word.face);
    line.font(resource);
    let mut is_plain = word.shaped.is_plain;
    let mut codes = Vec::with_capacity(word.shaped.glyphs.len());
    for placed in &word.shaped.glyphs {
        let (code, agrees) = fonts.code(resource, placed.glyph, &text[placed.meaning.clone()]);
        is_plain &= agrees;
        codes.push(blocks::escaped(code));
    }
    if !is_plain {
        line.begin(text[word.text.clone()].chars());
    }
    for (placed, (code, length)) in word.shaped.glyphs.iter().zip(codes) {
        line.show_moved(&code[..usize::from(length)], placed.shift, placed.rise);
    }
    line.at_height(0);
    line.shift(word.shaped.tail);
    if !is_plain {
        line.end();
    }
}

#[cfg(test)]
mod tests;
