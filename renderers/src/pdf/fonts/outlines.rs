//! Glyph outlines of a TrueType font, written again: without instructions, in thousandths of an em.
//!
//! A coarser grid makes the numbers shorter (a tenth off the whole font once deflated), and `/W`,
//! which counts in thousandths, then equals the advances exactly. A point moves by half a thousandth of an em
//! at most: a two-hundredth of a point in 10-point text, which no printer resolves.

use super::truetype::word;

const ON_CURVE: u8 = 0x01;
const SHORT_X: u8 = 0x02;
const SHORT_Y: u8 = 0x04;
const REPEAT: u8 = 0x08;
/// The short number is positive, or there is no number since the coordinate is the same.
const PLUS_OR_SAME_X: u8 = 0x10;
const PLUS_OR_SAME_Y: u8 = 0x20;

const ARGS_ARE_WORDS: u16 = 0x0001;
const ARGS_ARE_OFFSETS: u16 = 0x0002;
const HAS_SCALE: u16 = 0x0008;
const MORE_COMPONENTS: u16 = 0x0020;
const HAS_TWO_SCALES: u16 = 0x0040;
const HAS_MATRIX: u16 = 0x0080;
const HAS_INSTRUCTIONS: u16 = 0x0100;

/// From one grid to another: units per em.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    /// Of the font as it is.
    pub(super) from: i32,
    /// Of the font as it is written.
    pub(super) to: i32,
}

impl Grid {
    /// A length on the new grid: the nearest, halves upwards.
    pub(super) fn scaled(self, units: i16) -> i16 {
        let doubled = 2 * i32::from(units) * self.to + self.from;
        i16::try_from(doubled.div_euclid(2 * self.from)).unwrap_or(units)
    }
}

/// Appends one glyph, on the new grid; none when it is malformed.
pub(super) fn rewrite(glyph: &[u8], grid: Grid, out: &mut Vec<u8>) -> Option<()> {
    if glyph.is_empty() {
        return Some(());
    }
    let head = out.len();
    out.extend_from_slice(glyph.get(..2)?);
    for at in [2, 4, 6, 8] {
        out.extend(grid.scaled(word(glyph, at)?.cast_signed()).to_be_bytes());
    }
    match usize::try_from(word(glyph, 0)?.cast_signed()) {
        Ok(contours) => simple(glyph, contours, grid, head, out),
        Err(_) => composite(glyph, grid, out),
    }
}

/// A glyph of contours. Its box is that of its points.
fn simple(glyph: &[u8], contours: usize, grid: Grid, head: usize, out: &mut Vec<u8>) -> Option<()> {
    let instructions = 10 + 2 * contours;
    out.extend_from_slice(glyph.get(10..instructions)?);
    out.extend_from_slice(&[0, 0]);
    if contours == 0 {
        return Some(());
    }
    let count = usize::from(word(glyph, instructions - 2)?) + 1;
    let mut rest = glyph.get(instructions + 2 + usize::from(word(glyph, instructions)?)..)?;

    let mut flags = Vec::with_capacity(count);
    while flags.len() < count {
        let flag = byte(&mut rest)?;
        let times = if flag & REPEAT != 0 { usize::from(byte(&mut rest)?) + 1 } else { 1 };
        flags.extend(std::iter::repeat_n(flag, times.min(count - flags.len())));
    }
    let xs = coordinates(&flags, SHORT_X, PLUS_OR_SAME_X, grid, &mut rest)?;
    let ys = coordinates(&flags, SHORT_Y, PLUS_OR_SAME_Y, grid, &mut rest)?;
    for (at, values) in [(head + 2, &xs), (head + 4, &ys)] {
        out.get_mut(at..at + 2)?.copy_from_slice(&values.iter().min()?.to_be_bytes());
        out.get_mut(at + 4..at + 6)?.copy_from_slice(&values.iter().max()?.to_be_bytes());
    }

    let (mut x_bytes, mut y_bytes) = (Vec::new(), Vec::new());
    let mut written: Vec<u8> = Vec::with_capacity(count);
    let mut last = (0, 0);
    for ((flag, x), y) in flags.iter().zip(xs).zip(ys) {
        let x_flags = delta(x, last.0, SHORT_X, PLUS_OR_SAME_X, &mut x_bytes)?;
        let y_flags = delta(y, last.1, SHORT_Y, PLUS_OR_SAME_Y, &mut y_bytes)?;
        written.push(flag & ON_CURVE | x_flags | y_flags);
        last = (x, y);
    }
    for same in written.chunk_by(|a, b| a == b).flat_map(|same| same.chunks(256)) {
        match same {
            [flag] => out.push(*flag),
            [flag, others @ ..] => out.extend([flag | REPEAT, u8::try_from(others.len()).ok()?]),
            [] => {}
        }
    }
    out.append(&mut x_bytes);
    out.append(&mut y_bytes);
    Some(())
}

/// Reads one coordinate of every point, on the new grid.
fn coordinates(flags: &[u8], short: u8, plus: u8, grid: Grid, rest: &mut &[u8]) -> Option<Vec<i16>> {
    let mut value = 0_i16;
    flags
        .iter()
        .map(|flag| {
            let delta = match (flag & short != 0, flag & plus != 0) {
                (true, true) => i16::from(byte(rest)?),
                (true, false) => -i16::from(byte(rest)?),
                (false, true) => 0,
                (false, false) => i16::from_be_bytes([byte(rest)?, byte(rest)?]),
            };
            value = value.checked_add(delta)?;
            Some(grid.scaled(value))
        })
        .collect()
}

/// Writes one coordinate as a difference; its flags.
fn delta(value: i16, last: i16, short: u8, plus: u8, out: &mut Vec<u8>) -> Option<u8> {
    let delta = value.checked_sub(last)?;
    if delta == 0 {
        return Some(plus);
    }
    if let Ok(small) = u8::try_from(delta.unsigned_abs()) {
        out.push(small);
        return Some(if delta > 0 { short | plus } else { short });
    }
    out.extend(delta.to_be_bytes());
    Some(0)
}

/// A glyph made of others.
fn composite(glyph: &[u8], grid: Grid, out: &mut Vec<u8>) -> Option<()> {
    let mut at = 10;
    loop {
        let flags = word(glyph, at)?;
        let words = flags & ARGS_ARE_WORDS != 0;
        let arguments = if words { 4 } else { 2 };
        let matrix = match flags & (HAS_SCALE | HAS_TWO_SCALES | HAS_MATRIX) {
            0 => 0,
            HAS_SCALE => 2,
            HAS_TWO_SCALES => 4,
            _ => 8,
        };
        let end = at + 4 + arguments + matrix;
        out.extend((flags & !HAS_INSTRUCTIONS).to_be_bytes());
        out.extend_from_slice(glyph.get(at + 2..at + 4)?);
        let given = glyph.get(at + 4..at + 4 + arguments)?;
        match given {
            // Numbers of points to join are not lengths.
            _ if flags & ARGS_ARE_OFFSETS == 0 => out.extend_from_slice(given),
            // A byte stays one: the new grid is the coarser.
            [x, y] => {
                for offset in [x, y] {
                    let offset = grid.scaled(i16::from(offset.cast_signed()));
                    out.extend(i8::try_from(offset).ok()?.to_be_bytes());
                }
            }
            _ => {
                for place in [at + 4, at + 6] {
                    out.extend(grid.scaled(word(glyph, place)?.cast_signed()).to_be_bytes());
                }
            }
        }
        out.extend_from_slice(glyph.get(at + 4 + arguments..end)?);
        if flags & MORE_COMPONENTS == 0 {
            return Some(());
        }
        at = end;
    }
}

fn byte(rest: &mut &[u8]) -> Option<u8> {
    rest.split_off_first().copied()
}
