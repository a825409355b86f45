//! Taking out of a subset what an embedded font does not need.
//!
//! A PDF asks for `glyf`, `head`, `hhea`, `hmtx`, `loca` and `maxp` of a TrueType program, and
//! shows it without hints (ISO 32000-1, 9.9): instructions and their tables are a third of
//! DejaVu.

/// Tables a PDF needs, in the order they are written.
const NEEDED: [&[u8; 4]; 6] = [b"glyf", b"head", b"hhea", b"hmtx", b"loca", b"maxp"];

const MORE_COMPONENTS: u16 = 0x0020;
const ARGS_ARE_WORDS: u16 = 0x0001;
const HAS_SCALE: u16 = 0x0008;
const HAS_TWO_SCALES: u16 = 0x0040;
const HAS_MATRIX: u16 = 0x0080;
const HAS_INSTRUCTIONS: u16 = 0x0100;

/// The bytes of one table of a font file.
pub(super) fn table<'a>(font: &'a [u8], tag: &[u8; 4]) -> Option<&'a [u8]> {
    let count = usize::from(word(font, 4)?);
    (0..count).map(|at| 12 + 16 * at).find(|at| font.get(*at..at + 4) == Some(tag)).and_then(|at| {
        let start = usize::try_from(double(font, at + 8)?).ok()?;
        let length = usize::try_from(double(font, at + 12)?).ok()?;
        font.get(start..start.checked_add(length)?)
    })
}

/// A TrueType font without hints, names and anything else a PDF does not read; none when the
/// font is malformed.
pub(super) fn without_hints(font: &[u8]) -> Option<Vec<u8>> {
    let (glyphs, places) = (table(font, b"glyf")?, table(font, b"loca")?);
    let mut head = table(font, b"head")?.to_vec();
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

    let mut outlines = Vec::with_capacity(glyphs.len());
    let mut starts = vec![0];
    for at in 0..count {
        unhinted(glyphs.get(place(at)?..place(at + 1)?)?, &mut outlines)?;
        outlines.resize(outlines.len().next_multiple_of(4), 0);
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
    // One zone, and none of the twilight points, storage, functions and stack that hints use.
    maxp.get_mut(14..16)?.copy_from_slice(&1_u16.to_be_bytes());
    maxp.get_mut(16..28)?.fill(0);

    let tables: [&[u8]; 6] = [&outlines, &head, table(font, b"hhea")?, table(font, b"hmtx")?, &loca, &maxp];
    assemble(&tables)
}

/// Appends one glyph's outline, instructions left out.
fn unhinted(glyph: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if glyph.is_empty() {
        return Some(());
    }
    let contours = word(glyph, 0)?.cast_signed();
    if let Ok(contours) = usize::try_from(contours) {
        let instructions = 10 + 2 * contours;
        let length = usize::from(word(glyph, instructions)?);
        out.extend_from_slice(glyph.get(..instructions)?);
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(glyph.get(instructions + 2 + length..)?);
        return Some(());
    }
    out.extend_from_slice(glyph.get(..10)?);
    let mut at = 10;
    loop {
        let flags = word(glyph, at)?;
        let arguments = if flags & ARGS_ARE_WORDS != 0 { 4 } else { 2 };
        let scale = match flags & (HAS_SCALE | HAS_TWO_SCALES | HAS_MATRIX) {
            0 => 0,
            HAS_SCALE => 2,
            HAS_TWO_SCALES => 4,
            _ => 8,
        };
        let end = at + 4 + arguments + scale;
        out.extend((flags & !HAS_INSTRUCTIONS).to_be_bytes());
        out.extend_from_slice(glyph.get(at + 2..end)?);
        if flags & MORE_COMPONENTS == 0 {
            return Some(());
        }
        at = end;
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

fn word(data: &[u8], at: usize) -> Option<u16> {
    data.get(at..at.checked_add(2)?)?.try_into().ok().map(u16::from_be_bytes)
}

fn double(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_be_bytes)
}
