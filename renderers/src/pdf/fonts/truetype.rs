//! Taking out of a subset what an embedded font does not need.
//!
//! A PDF asks for `glyf`, `head`, `hhea`, `hmtx`, `loca` and `maxp` of a TrueType program, and
//! shows it without hints (ISO 32000-1, 9.9): instructions and their tables are a third of
//! DejaVu.

use super::outlines::{self, Grid};

/// Tables a PDF needs, in the order they are written.
const NEEDED: [&[u8; 4]; 6] = [b"glyf", b"head", b"hhea", b"hmtx", b"loca", b"maxp"];

/// Units per em of what is written, unless the font has fewer: those of `/W`.
const UNITS: u16 = 1000;

/// The bytes of one table of a font file.
pub(super) fn table<'a>(font: &'a [u8], tag: &[u8; 4]) -> Option<&'a [u8]> {
    let count = usize::from(word(font, 4)?);
    (0..count).map(|at| 12 + 16 * at).find(|at| font.get(*at..at + 4) == Some(tag)).and_then(|at| {
        let start = usize::try_from(double(font, at + 8)?).ok()?;
        let length = usize::try_from(double(font, at + 12)?).ok()?;
        font.get(start..start.checked_add(length)?)
    })
}

/// A TrueType font without hints, names and anything else a PDF does not read, in thousandths of
/// an em; none when the font is malformed.
pub(super) fn for_embedding(font: &[u8]) -> Option<Vec<u8>> {
    let (glyphs, places) = (table(font, b"glyf")?, table(font, b"loca")?);
    let mut head = table(font, b"head")?.to_vec();
    let mut hhea = table(font, b"hhea")?.to_vec();
    let mut hmtx = table(font, b"hmtx")?.to_vec();
    let mut maxp = table(font, b"maxp")?.to_vec();
    let long = word(&head, 50)? != 0;
    let count = usize::from(word(&maxp, 4)?);
    let place = |at: usize| {
        if long {
            double(places, 4 * at).and_then(|place| usize::try_from(place).ok())
        } else {
            word(places, 2 * at).map(|place| 2 * usize::from(place))
        }
    };

    let units = word(&head, 18)?;
    let grid = Grid { from: i32::from(units), to: i32::from(units.min(UNITS)) };
    if grid.from == 0 {
        return None;
    }
    let mut outlines = Vec::with_capacity(glyphs.len());
    let mut starts = vec![0];
    for at in 0..count {
        outlines::rewrite(glyphs.get(place(at)?..place(at + 1)?)?, grid, &mut outlines)?;
        outlines.resize(outlines.len().next_multiple_of(2), 0);
        starts.push(u32::try_from(outlines.len()).ok()?);
    }
    let long = outlines.len() > 2 * usize::from(u16::MAX);
    let mut loca = Vec::with_capacity(4 * starts.len());
    for start in starts {
        match long {
            true => loca.extend(start.to_be_bytes()),
            false => loca.extend(u16::try_from(start / 2).ok()?.to_be_bytes()),
        }
    }
    head.get_mut(8..12)?.fill(0);
    head.get_mut(50..52)?.copy_from_slice(&u16::from(long).to_be_bytes());
    head.get_mut(18..20)?.copy_from_slice(&units.min(UNITS).to_be_bytes());
    // The box of all glyphs; of the line and of advances and bearings; every advance and bearing.
    scale(head.get_mut(36..44)?, grid);
    scale(hhea.get_mut(4..18)?, grid);
    scale(&mut hmtx, grid);
    // One zone, and none of the twilight points, storage, functions and stack that hints use.
    maxp.get_mut(14..16)?.copy_from_slice(&1_u16.to_be_bytes());
    maxp.get_mut(16..28)?.fill(0);
    assemble(&[&outlines, &head, &hhea, &hmtx, &loca, &maxp])
}

/// Puts a row of lengths on the new grid.
fn scale(lengths: &mut [u8], grid: Grid) {
    for length in lengths.as_chunks_mut::<2>().0 {
        *length = grid.scaled(i16::from_be_bytes(*length)).to_be_bytes();
    }
}

/// Writes a font file of the [`NEEDED`] tables.
fn assemble(tables: &[&[u8]; 6]) -> Option<Vec<u8>> {
    let mut font = vec![0, 1, 0, 0];
    // Six tables: search range 4 x 16, selector 2, shift 2 x 16.
    for field in [6_u16, 64, 2, 32] {
        font.extend(field.to_be_bytes());
    }
    let mut start = 12 + 16 * tables.len();
    for (tag, data) in NEEDED.iter().zip(tables) {
        font.extend_from_slice(*tag);
        font.extend(checksum(data).to_be_bytes());
        font.extend(u32::try_from(start).ok()?.to_be_bytes());
        font.extend(u32::try_from(data.len()).ok()?.to_be_bytes());
        start += data.len().next_multiple_of(4);
    }
    let mut head = None;
    for (tag, data) in NEEDED.iter().zip(tables) {
        if *tag == b"head" {
            head = Some(font.len());
        }
        font.extend_from_slice(data);
        font.resize(font.len().next_multiple_of(4), 0);
    }
    // The constant is OpenType's: the sum over the whole file comes to it.
    let adjustment = 0xB1B0_AFBA_u32.wrapping_sub(checksum(&font));
    let at = head? + 8;
    font.get_mut(at..at + 4)?.copy_from_slice(&adjustment.to_be_bytes());
    Some(font)
}

fn checksum(data: &[u8]) -> u32 {
    data.chunks(4).fold(0, |sum, chunk| {
        let mut bytes = [0; 4];
        bytes[..chunk.len()].copy_from_slice(chunk);
        sum.wrapping_add(u32::from_be_bytes(bytes))
    })
}

/// Two bytes as a number.
pub(super) fn word(data: &[u8], at: usize) -> Option<u16> {
    data.get(at..at.checked_add(2)?)?.try_into().ok().map(u16::from_be_bytes)
}

fn double(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use harfrust::font::glyph::outline::{DrawMemory, DrawOptions, PathElement};
    use harfrust::{Font, GlyphId};
    use subsetter::GlyphRemapper;

    use super::super::charset::CHARSETS;
    use super::super::faces::Faces;
    use super::*;

    #[test]
    fn every_glyph_of_the_blocks_keeps_its_shape_and_its_advance() {
        let faces = Faces::new();
        for charset in &CHARSETS {
            let face = faces.get(charset.face).expect("built in");
            let glyphs: Vec<u16> = charset.characters().filter_map(|ch| face.glyph(ch)).collect();
            let subset = subsetter::subset(face.data, 0, &GlyphRemapper::new_from_glyphs(&glyphs));
            let program = for_embedding(&subset.expect("a sound face")).expect("a sound subset");
            let embedded = Font::new(program, 0).expect("a font");
            assert_eq!(embedded.units_per_em(), UNITS);
            let advances = embedded.glyph_metrics();
            let order = GlyphRemapper::new_from_glyphs(&glyphs);
            for glyph in glyphs {
                let new = GlyphId::from(order.get(glyph).expect("in the subset"));
                assert_eq!(advances.h_advance(new), f32::from(face.width(glyph)), "advance of {glyph}");
                let (before, after) = (path(&face.font, GlyphId::from(glyph)), path(&embedded, new));
                assert_eq!(before.len(), after.len(), "glyph {glyph} has another outline");
                for (before, after) in before.iter().zip(&after) {
                    // Half a thousandth for a point, as much for the place of a component at
                    // each of three levels, and as much where the face's own bearing and box
                    // disagree by a unit.
                    let moved = (before[0] - after[0]).abs().max((before[1] - after[1]).abs());
                    assert!(moved <= 2.5, "glyph {glyph}: {before:?} became {after:?}");
                }
            }
        }
    }

    /// The points of a glyph in thousandths of an em.
    fn path(font: &Font, glyph: GlyphId) -> Vec<[f32; 2]> {
        let mut path: Vec<PathElement> = Vec::new();
        let outline = font.outline_glyphs().get(glyph).expect("a glyph");
        let options = DrawOptions::new().with_ppem(Some(1000.0));
        outline.draw(&options, DrawMemory::Scratch, &mut path).expect("an outline");
        path.iter()
            .flat_map(|element| match *element {
                PathElement::MoveTo { x, y } | PathElement::LineTo { x, y } => vec![[x, y]],
                PathElement::QuadTo { cx0, cy0, x, y } => vec![[cx0, cy0], [x, y]],
                PathElement::CurveTo { .. } => panic!("no TrueType outline has cubic curves"),
                PathElement::Close => vec![],
            })
            .collect()
    }

    #[test]
    fn a_torn_font_is_refused() {
        let faces = Faces::new();
        let face = faces.get(CHARSETS[0].face).expect("built in");
        let subset = subsetter::subset(face.data, 0, &GlyphRemapper::new_from_glyphs(&[36, 37]));
        let subset = subset.expect("a sound face");
        assert!(for_embedding(&subset).is_some());
        let ends = NEEDED.map(|tag| {
            let table = table(&subset, tag).expect("a table");
            table.as_ptr() as usize - subset.as_ptr() as usize + table.len()
        });
        for length in 0..ends.into_iter().max().unwrap_or(0) {
            assert!(for_embedding(&subset[..length]).is_none(), "{length} bytes are not a font");
        }
    }
}
