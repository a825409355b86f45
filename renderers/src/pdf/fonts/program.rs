//! A subset as PDF objects: font program, text mapping, dictionaries.
//!
//! Six objects a font, numbered from a first one `N`: the font program `N`, the `ToUnicode` map
//! `N+1`, an object stream `N+2` that holds the font dictionary `N+3`, the descendant `N+4` and
//! the descriptor `N+5`. The clauses are those of ISO 19005-2, 6.2.11, and ISO 14289-1, 7.21.

use std::ops::RangeInclusive;

use sha2::{Digest, Sha256};
use subsetter::GlyphRemapper;

use super::super::objects::{self, Packer};
use super::super::syntax;
use super::faces::Face;
use super::{FontError, Place, truetype};

/// How many object numbers a font takes.
pub(super) const OBJECTS: u32 = 6;

/// Where the font dictionary is among them.
pub(super) const FONT: u32 = 3;

/// A glyph of a subset: code `n` shows the `n-1`st.
pub(super) struct Shown<'t> {
    /// Its number in the face; not 0, not twice in a subset.
    pub(super) glyph: u16,
    /// What it means: what a reader copies and searches.
    pub(super) text: &'t str,
}

/// A font's objects, one after the other.
pub(super) struct Objects {
    /// `N 0 obj … endobj` for each that is not in the object stream.
    pub(super) bytes: Vec<u8>,
    /// Where each is, by rising number.
    pub(super) places: Vec<(u32, Place)>,
}

/// How a subset is written.
pub(super) enum Care<'p> {
    /// Once, for all copies: everything is deflated.
    Shared(&'p mut Packer),
    /// For one copy, whose time is counted: only the font program is deflated. The rest is a kilobyte for
    /// a few words.
    Own(&'p mut Packer),
}

/// Subsets `face` to `glyphs` and writes the objects, numbered from `first`.
pub(super) fn objects(
    face: &Face,
    glyphs: &[Shown<'_>],
    first: u32,
    care: Care<'_>,
) -> Result<Objects, FontError> {
    let (packer, packs_all) = match care {
        Care::Shared(packer) => (packer, true),
        Care::Own(packer) => (packer, false),
    };
    let mut order = GlyphRemapper::new();
    for shown in glyphs {
        order.remap(shown.glyph);
    }
    let failed = |detail: String| FontError::Subset { face: face.name, detail };
    let subset = subsetter::subset(face.data, 0, &order).map_err(|error| failed(error.to_string()))?;
    // A PDF takes the bare CFF table of a font with cubic outlines, CIDs equal to glyph numbers.
    let compact = truetype::table(&subset, b"CFF ");
    let program = match compact {
        Some(table) => Some(table.to_vec()),
        None => truetype::for_embedding(&subset),
    };
    let program = program.ok_or_else(|| failed("the subset is malformed".to_owned()))?;
    let is_compact = compact.is_some();

    let mut bytes = Vec::with_capacity(program.len() + 4096);
    let mut places = vec![(first, Place::At(0))];
    let mut stream = |number: u32, entries: &str, data: &[&[u8]], packs: bool| {
        let start = at(&bytes);
        syntax::begin_object(&mut bytes, number);
        bytes.extend_from_slice(b"<<");
        bytes.extend_from_slice(entries.as_bytes());
        if packs {
            packer.stream(&mut bytes, data).map_err(|error| failed(error.to_string()))?;
        } else {
            objects::stream(&mut bytes, data);
        }
        Ok(start)
    };
    let entries =
        if is_compact { "/Subtype/CIDFontType0C".to_owned() } else { format!("/Length1 {}", program.len()) };
    stream(first, &entries, &[&program], true)?;
    places.push((first + 1, stream(first + 1, "", &[to_unicode(glyphs).as_bytes()], packs_all)?));

    let name = base_font(face, &program);
    let dictionaries = [
        font(&name, first, is_compact),
        descendant(&name, face, glyphs, first, is_compact),
        descriptor(&name, face, first, is_compact),
    ];
    let mut directory = String::new();
    let mut bodies = String::new();
    for (number, dictionary) in (first + FONT..).zip(&dictionaries) {
        directory += &format!("{number} {} ", bodies.len());
        bodies += dictionary;
        bodies.push('\n');
    }
    let entries = format!("/Type/ObjStm/N {}/First {}", dictionaries.len(), directory.len());
    let start = stream(first + 2, &entries, &[directory.as_bytes(), bodies.as_bytes()], packs_all)?;
    places.push((first + 2, start));
    places.extend(
        (first + FONT..)
            .zip(0..3)
            .map(|(number, index)| (number, Place::InStream { stream: first + 2, index })),
    );
    Ok(Objects { bytes, places })
}

fn at(bytes: &[u8]) -> Place {
    Place::At(u32::try_from(bytes.len()).unwrap_or(u32::MAX))
}

/// `ABCDEF+Name`: the tag comes from the program's digest, so that two subsets of one face in a
/// file differ by it, and the same subset always has the same.
fn base_font(face: &Face, program: &[u8]) -> String {
    let digest = Sha256::digest(program);
    let tag: String = digest.iter().take(6).map(|byte| char::from(b'A' + byte % 26)).collect();
    format!("{tag}+{}", face.name.replace(' ', ""))
}

fn font(name: &str, first: u32, is_compact: bool) -> String {
    // ISO 32000-1, 9.7.6.1: over a CIDFontType0 the name carries that of the encoding.
    let suffix = if is_compact { "-Identity-H" } else { "" };
    format!(
        "<</Type/Font/Subtype/Type0/BaseFont/{name}{suffix}/Encoding/Identity-H\
         /DescendantFonts[{} 0 R]/ToUnicode {} 0 R>>",
        first + 4,
        first + 1
    )
}

fn descendant(name: &str, face: &Face, glyphs: &[Shown<'_>], first: u32, is_compact: bool) -> String {
    let widths: Vec<String> = glyphs.iter().map(|shown| face.width(shown.glyph).to_string()).collect();
    let kind = if is_compact { "CIDFontType0" } else { "CIDFontType2/CIDToGIDMap/Identity" };
    format!(
        "<</Type/Font/Subtype/{kind}/BaseFont/{name}\
         /CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>\
         /FontDescriptor {} 0 R/DW {}/W[1[{}]]>>",
        first + 5,
        face.width(0),
        widths.join(" ")
    )
}

fn descriptor(name: &str, face: &Face, first: u32, is_compact: bool) -> String {
    let metrics = face.font.metrics();
    let thousandths = |units: f32| face.thousandths(units);
    let bounds = metrics.bounds;
    let line = metrics.h_line().map(|line| (line.ascender.to_f32(), line.descender.to_f32()));
    let (ascent, descent) = line.unwrap_or((bounds.y_max.to_f32(), bounds.y_min.to_f32()));
    let cap_height = metrics.cap_height.map(|height| height.to_f32()).filter(|height| *height > 0.0);
    // The stem is not in the file; these are measured on the l of DejaVu Sans Condensed. Readers
    // only use it to imitate a font that is not embedded.
    let (stem, serif) = match face.name {
        name if name.ends_with("Bold") => (171, 0),
        name if name.starts_with("Noto Serif") => (80, 2),
        _ => (79, 0),
    };
    format!(
        "<</Type/FontDescriptor/FontName/{name}/Flags {}/FontBBox[{} {} {} {}]/ItalicAngle 0\
         /Ascent {}/Descent {}/CapHeight {}/StemV {stem}/{} {first} 0 R>>",
        4 + serif,
        thousandths(bounds.x_min.to_f32()),
        thousandths(bounds.y_min.to_f32()),
        thousandths(bounds.x_max.to_f32()),
        thousandths(bounds.y_max.to_f32()),
        thousandths(ascent),
        thousandths(descent),
        thousandths(cap_height.unwrap_or(ascent)),
        if is_compact { "FontFile3" } else { "FontFile2" }
    )
}

/// The `ToUnicode` map: every code of the subset, in sections of at most 100 (ISO 32000-1,
/// 9.10.3, after Adobe's CMap specification).
fn to_unicode(glyphs: &[Shown<'_>]) -> String {
    let mut map = String::from(
        "/CIDInit/ProcSet findresource begin\n12 dict begin\nbegincmap\n\
         /CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def\n\
         /CMapName/Adobe-Identity-UCS def\n/CMapType 2 def\n\
         1 begincodespacerange\n<0000><FFFF>\nendcodespacerange\n",
    );
    for section in ranges(glyphs).chunks(100) {
        map += &format!("{} beginbfrange\n", section.len());
        for (codes, text) in section {
            map += &format!("<{:04X}><{:04X}><", codes.start(), codes.end());
            text.encode_utf16().for_each(|unit| map += &format!("{unit:04X}"));
            map += ">\n";
        }
        map += "endbfrange\n";
    }
    map + "endcmap\nCMapName currentdict/CMap defineresource pop\nend\nend\n"
}

/// Codes that follow one another and mean characters that do so too. Within a range only the
/// last byte may change, of the code and of the text (ISO 32000-1, 9.10.3).
fn ranges<'t>(glyphs: &[Shown<'t>]) -> Vec<(RangeInclusive<usize>, &'t str)> {
    let mut ranges: Vec<(RangeInclusive<usize>, &str)> = Vec::new();
    let mut expected = None;
    for (code, shown) in (1..).zip(glyphs) {
        let unit = single(shown.text);
        match ranges.last_mut() {
            Some((codes, _)) if unit.is_some() && unit == expected && code & 0xFF != 0 => {
                *codes = *codes.start()..=code;
            }
            _ => ranges.push((code..=code, shown.text)),
        }
        expected = unit.and_then(|unit| unit.checked_add(1)).filter(|next| next & 0xFF != 0);
    }
    ranges
}

/// The only character of a text, of the basic plane.
fn single(text: &str) -> Option<u16> {
    let mut units = text.encode_utf16();
    units.next().filter(|_| units.next().is_none())
}
