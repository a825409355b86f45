//! The shared blocks, subset once, and the table that finds a character in them.

use std::sync::Arc;

use copiste_core::rope::Shared;

use super::super::objects::Packer;
use super::charset::{CHARSETS, Charset};
use super::faces::{Face, Faces};
use super::program::{self, Care, Shown};
use super::{FontError, FontRole, Place};

/// How many shared blocks there are.
pub(super) const COUNT: u16 = CHARSETS.len() as u16;

/// A shared block: a subset for certain characters, as PDF objects.
#[derive(Debug)]
pub(super) struct Block {
    /// The number of its font dictionary.
    pub(super) object: u32,
    /// Its objects.
    pub(super) bytes: Arc<Shared>,
    /// Where they are.
    pub(super) places: Vec<(u32, Place)>,
}

/// How a character of a shared block is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Which block; [`ABSENT`] or [`DROPPED`] when none.
    pub(super) block: u8,
    /// How many bytes of `code` there are.
    pub(super) length: u8,
    /// Advance in thousandths of an em.
    pub(super) width: u16,
    /// The glyph's code, ready for a literal string.
    pub(super) padded: [u8; 4],
}

/// No shared block has the character.
const ABSENT: u8 = 0xFF;
/// The character shows nothing.
const DROPPED: u8 = 0xFE;
/// No entry has this block.
pub(super) const NONE: u8 = 0xFD;

impl Entry {
    const ABSENT: Entry = Entry { block: ABSENT, length: 0, width: 0, padded: [0; 4] };
    const DROPPED: Entry = Entry { block: DROPPED, ..Entry::ABSENT };

    /// Whether a shared block shows it.
    pub(super) fn is_shown(self) -> bool {
        self.block < DROPPED
    }

    /// Whether it is dropped from any text.
    pub(super) fn is_dropped(self) -> bool {
        self.block == DROPPED
    }

    /// The code, escaped.
    pub(super) fn code(&self) -> &[u8] {
        &self.padded[..usize::from(self.length)]
    }
}

/// A glyph's code as the bytes of a literal string (ISO 32000-1, 7.3.4.2): the two brackets and the
/// backslash escaped, and the carriage return, which a reader would take for a line feed.
pub(super) fn escaped(code: u16) -> ([u8; 4], u8) {
    let mut bytes = [0; 4];
    let mut length = 0;
    let mut push = |byte: u8| {
        bytes[usize::from(length)] = byte;
        length += 1;
    };
    for byte in code.to_be_bytes() {
        match byte {
            b'(' | b')' | b'\\' => {
                push(b'\\');
                push(byte);
            }
            b'\r' => {
                push(b'\\');
                push(b'r');
            }
            _ => push(byte),
        }
    }
    (bytes, length)
}

/// Which block shows a character, for one weight: pages of 256 entries over the basic plane.
#[derive(Debug)]
pub(super) struct Lookup {
    pages: Vec<u8>,
    entries: Vec<Entry>,
}

impl Lookup {
    fn new() -> Lookup {
        Lookup { pages: vec![0; 256], entries: vec![Entry::ABSENT; 256] }
    }

    /// The entry of a character.
    #[inline]
    pub(super) fn get(&self, ch: char) -> &Entry {
        let code = u32::from(ch) as usize;
        let page = self.pages.get(code >> 8).copied().unwrap_or(0);
        &self.entries[usize::from(page) << 8 | code & 0xFF]
    }

    /// Sets the entry of a character of the basic plane, unless it has one.
    fn set(&mut self, ch: char, entry: Entry) {
        let code = u32::from(ch) as usize;
        let Some(page) = self.pages.get_mut(code >> 8) else { return };
        if *page == 0 {
            *page = u8::try_from(self.entries.len() >> 8).unwrap_or(0);
            self.entries.resize(self.entries.len() + 256, Entry::ABSENT);
        }
        let entry_at = &mut self.entries[usize::from(*page) << 8 | code & 0xFF];
        if !entry_at.is_shown() {
            *entry_at = entry;
        }
    }
}

/// The shared blocks and their tables.
#[derive(Debug)]
pub(super) struct Blocks {
    blocks: Vec<Block>,
    text: Lookup,
    strong: Lookup,
}

impl Blocks {
    /// Subsets every block, objects numbered from `first_object`.
    pub(super) fn new(faces: &Faces, first_object: u32) -> Result<Blocks, FontError> {
        let mut made = Blocks { blocks: Vec::new(), text: Lookup::new(), strong: Lookup::new() };
        for (number, charset) in (0_u8..).zip(&CHARSETS) {
            let face = faces.get(charset.face).ok_or(FontError::Face { face: "DejaVu Sans Condensed" })?;
            made.add(number, charset, face, first_object + u32::from(number) * program::OBJECTS)?;
        }
        for lookup in [&mut made.text, &mut made.strong] {
            let space = *lookup.get(' ');
            "\t\n\u{B}\u{C}\r\u{85}\u{2028}\u{2029}".chars().for_each(|ch| lookup.set(ch, space));
            // What the program never shows: controls, the soft hyphen, zero-width breaks.
            let dropped =
                ('\0'..='\u{1F}').chain('\u{7F}'..='\u{9F}').chain("\u{AD}\u{200B}\u{2060}\u{FEFF}".chars());
            dropped.for_each(|ch| lookup.set(ch, Entry::DROPPED));
        }
        Ok(made)
    }

    fn add(&mut self, number: u8, charset: &Charset, face: &Face, first: u32) -> Result<(), FontError> {
        let mut texts = Vec::new();
        let mut glyphs: Vec<u16> = Vec::new();
        let mut characters: Vec<char> =
            charset.characters().filter(|ch| !self.is_shown_before(charset, *ch)).collect();
        // In rising order, so that the text mapping is mostly ranges.
        characters.sort_unstable();
        for ch in characters {
            // A character the face lacks is shown by another, per copy.
            let Some(glyph) = face.glyph(ch).filter(|glyph| !glyphs.contains(glyph)) else { continue };
            glyphs.push(glyph);
            texts.push(ch.to_string());
            let (padded, length) = escaped(u16::try_from(glyphs.len()).unwrap_or(0));
            let entry = Entry { block: number, length, width: face.width(glyph), padded };
            if charset.text {
                self.text.set(ch, entry);
            }
            if charset.strong {
                self.strong.set(ch, entry);
            }
        }
        let shown: Vec<Shown<'_>> =
            glyphs.iter().zip(&texts).map(|(glyph, text)| Shown { glyph: *glyph, text }).collect();
        let objects = program::objects(face, &shown, first, Care::Shared(&mut Packer::thorough()))?;
        self.blocks.push(Block {
            object: first + program::FONT,
            bytes: Shared::new(objects.bytes),
            places: objects.places,
        });
        Ok(())
    }

    /// Whether every weight that a charset serves has the character already.
    fn is_shown_before(&self, charset: &Charset, ch: char) -> bool {
        (!charset.text || self.text.get(ch).is_shown()) && (!charset.strong || self.strong.get(ch).is_shown())
    }

    /// A block.
    pub(super) fn get(&self, number: u16) -> Option<&Block> {
        self.blocks.get(usize::from(number))
    }

    /// The table of a weight.
    pub(super) fn lookup(&self, role: FontRole) -> &Lookup {
        match role {
            FontRole::Text => &self.text,
            FontRole::Strong => &self.strong,
        }
    }
}
