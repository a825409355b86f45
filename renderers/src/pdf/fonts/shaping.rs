//! Shaping one word in one face: glyphs, places, meanings.

use std::ops::Range;

use harfrust::{Buffer, BufferFlags, Direction, Script as ScriptTag, ShapeOptions, ShaperFont, Tag, shape};
use unicode_script::Script;

use super::faces::{Face, is_ignorable};

/// A glyph nearer to its place than this, in thousandths of an em, is not moved: it cannot be
/// seen (a fiftieth of a point in 10-point text), and every move costs bytes.
const TOLERANCE: i32 = 2;

/// How many characters of a cluster are compared with each of its glyphs: more than any language
/// has (Unicode's limit for marks on one letter is 30, UAX 15), few enough for heaps of marks.
const LONGEST: usize = 32;

/// The glyphs of a word.
#[derive(Debug)]
pub(super) struct Shaped {
    /// From left to right.
    pub(super) glyphs: Vec<Placed>,
    /// Move after the last glyph, in thousandths of an em.
    pub(super) tail: i32,
    /// Whether the meanings of the glyphs are enough to read the word; else it must say its text
    /// itself.
    pub(super) is_plain: bool,
}

/// A glyph in its place.
#[derive(Debug)]
pub(super) struct Placed {
    /// Its number in the face; never 0.
    pub(super) glyph: u16,
    /// Move to the right before it, in thousandths of an em.
    pub(super) shift: i32,
    /// Height above the baseline, in thousandths of an em.
    pub(super) rise: i32,
    /// Its advance in thousandths of an em.
    pub(super) width: u16,
    /// What it means, as far as one glyph can: bytes of the line's text.
    pub(super) meaning: Range<usize>,
}

impl Shaped {
    /// The sum of all advances and moves, in thousandths of an em.
    pub(super) fn width(&self) -> i32 {
        self.glyphs.iter().map(|placed| placed.shift + i32::from(placed.width)).sum::<i32>() + self.tail
    }
}

/// Shapes `text[word]`, the rest of the text being its context; none when the face turns out
/// to lack a glyph.
pub(super) fn word(
    face: &Face,
    script: Script,
    text: &str,
    word: Range<usize>,
    leftward: bool,
) -> Option<Shaped> {
    let mut buffer = Buffer::new();
    buffer.set_flags(BufferFlags::REMOVE_DEFAULT_IGNORABLES);
    buffer.set_pre_context(&text[..word.start]);
    buffer.set_post_context(&text[word.end..]);
    for (at, ch) in text[word.clone()].char_indices() {
        buffer.push(u32::from(ch), u32::try_from(word.start + at).ok()?);
    }
    buffer.set_direction(if leftward { Direction::RightToLeft } else { Direction::LeftToRight });
    buffer.set_script(ScriptTag::from_iso15924_tag(Tag::from_u32(script.as_iso15924_tag())));
    shape(&ShaperFont::new(&face.font), &mut buffer, ShapeOptions::new()).ok()?;

    let mut glyphs = placed(face, &buffer)?;
    let moves_up = glyphs.iter().any(|placed| placed.rise != 0);
    let one_each = mean(face, text, word.clone(), leftward, &buffer, &mut glyphs);
    // Readers turn round what they take from glyphs read leftward, but not all do so for a span's
    // text (poppler does, against ISO 32000-1, 14.9.4): no span unless marks ask for one.
    let is_plain = one_each && (leftward || !moves_up);
    let advance: i32 = buffer.glyph_positions().iter().map(|position| position.x_advance).sum();
    let mut shaped = Shaped { glyphs, tail: 0, is_plain };
    let tail = face.thousandths(advance as f32) - shaped.width();
    shaped.tail = if tail.abs() > TOLERANCE { tail } else { 0 };
    Some(shaped)
}

/// The glyphs in their places, without meaning.
fn placed(face: &Face, buffer: &Buffer) -> Option<Vec<Placed>> {
    // The pen as HarfBuzz moves it, in font units, and as a reader moves it, in thousandths.
    let (mut exact, mut pen) = (0, 0);
    let mut glyphs = Vec::with_capacity(buffer.len());
    for (info, position) in buffer.glyph_infos().iter().zip(buffer.glyph_positions()) {
        let glyph = u16::try_from(info.glyph_id).ok().filter(|glyph| *glyph != 0)?;
        let wanted = face.thousandths((exact + position.x_offset) as f32);
        let shift = if (wanted - pen).abs() > TOLERANCE { wanted - pen } else { 0 };
        let width = face.width(glyph);
        let rise = face.thousandths(position.y_offset as f32);
        pen += shift + i32::from(width);
        exact += position.x_advance;
        glyphs.push(Placed { glyph, shift, rise, width, meaning: 0..0 });
    }
    Some(glyphs)
}

/// Gives each glyph its meaning; whether every cluster is a single glyph.
fn mean(
    face: &Face,
    text: &str,
    word: Range<usize>,
    leftward: bool,
    buffer: &Buffer,
    glyphs: &mut [Placed],
) -> bool {
    let clusters = buffer.glyph_infos();
    let mut starts: Vec<usize> = clusters.iter().map(|info| info.cluster as usize).collect();
    starts.sort_unstable();
    let mut one_each = true;
    let mut rest = glyphs;
    for group in clusters.chunk_by(|a, b| a.cluster == b.cluster) {
        let (these, others) = std::mem::take(&mut rest).split_at_mut(group.len());
        rest = others;
        let start = group.first().map_or(word.start, |info| info.cluster as usize);
        let end = starts.get(starts.partition_point(|other| *other <= start)).copied().unwrap_or(word.end);
        one_each &= these.len() == 1;
        if leftward {
            these.reverse();
        }
        share(face, text, start..end, these);
        if leftward {
            these.reverse();
        }
    }
    one_each
}

/// Shares a cluster's text among its glyphs, in logical order: each begins at the character it
/// usually shows, else at the one of the same rank, and goes on to the next glyph's. Where that is
/// out of order, each takes one character.
fn share(face: &Face, text: &str, cluster: Range<usize>, glyphs: &mut [Placed]) {
    let characters: Vec<(usize, char)> = text[cluster.clone()]
        .char_indices()
        .map(|(at, ch)| (cluster.start + at, ch))
        .filter(|(_, ch)| !is_ignorable(*ch))
        .collect();
    let begins = |rank: usize, glyph: u16| {
        let usual = characters.iter().take(LONGEST).skip(1).find(|(_, ch)| face.glyph(*ch) == Some(glyph));
        usual.or_else(|| characters.get(rank)).or(characters.last()).map_or(cluster.start, |(at, _)| *at)
    };
    let starts: Vec<usize> = (0..)
        .zip(glyphs.iter())
        .map(|(rank, placed)| if rank == 0 { cluster.start } else { begins(rank, placed.glyph) })
        .collect();
    let in_order = starts.is_sorted_by(|a, b| a < b);
    for (rank, placed) in glyphs.iter_mut().enumerate() {
        let start = starts[rank];
        let next = starts.get(rank + 1).copied().unwrap_or(cluster.end);
        let alone = text[start..].chars().next().map_or(cluster.end, |ch| start + ch.len_utf8());
        placed.meaning = start..if in_order { next } else { alone };
    }
}
