//! A PNG file's chunks (W3C PNG, 3rd edition), walked to its end without inflating a pixel.
//!
//! What a PDF can hold as it is (grey, RGB and palettes of up to 8 bits, not interlaced, without
//! transparency) passes through: the `IDAT` chunks joined are a zlib stream with PNG predictors,
//! exactly what `FlateDecode` with `/Predictor 15` reads. `gAMA`, `cHRM` and `iCCP` are left out:
//! scanners write sRGB, and a wrong profile shows worse than none.

use std::borrow::Cow;

use super::damage;
use super::endian::Endian;
use super::found::{Bytes, Coding, Colours, Picture, Placed, Sighting};
use super::limits;
use super::paper;
use crate::model::Damage;

/// The eight bytes every PNG begins with.
pub(crate) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// What the chunks say.
struct Head {
    width: u32,
    height: u32,
    bits: u8,
    /// 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha.
    kind: u8,
    interlaced: bool,
}

/// A probed PNG.
pub(crate) struct Found<'a> {
    /// The page.
    pub(crate) sighting: Sighting,
    /// The zlib stream the page's picture names as attachment 0.
    pub(crate) data: Cow<'a, [u8]>,
    /// Why it has to be converted, when it has.
    pub(crate) convert: Option<&'static str>,
}

/// Probes a PNG file.
///
/// # Errors
/// `SCN-003` when it ends early, `SCN-004` and `SCN-013` when a chunk is wrong, `SCN-005` and
/// `SCN-006` for its size.
pub(crate) fn probe(file: &[u8]) -> Result<Found<'_>, Damage> {
    let mut head: Option<Head> = None;
    let mut palette: &[u8] = &[];
    let mut transparent = false;
    let mut density = None;
    let mut data: Vec<&[u8]> = Vec::new();
    let mut data_ended = false;
    let mut at = SIGNATURE.len();
    loop {
        let (kind, contents) = chunk(file, &mut at)?;
        if head.is_none() && kind != b"IHDR" {
            return Err(damage::malformed("a chunk before IHDR"));
        }
        data_ended |= !data.is_empty() && kind != b"IDAT";
        match kind {
            b"IHDR" if head.is_none() => head = Some(header(contents)?),
            b"PLTE" if palette.is_empty() && data.is_empty() => palette = contents,
            b"tRNS" => transparent = true,
            b"pHYs" => density = density.or_else(|| dots(contents)),
            b"IDAT" if !data_ended => data.push(contents),
            b"IEND" => break,
            // A capital first letter means that no decoder may pass over it.
            _ if kind[0].is_ascii_uppercase() => {
                return Err(damage::malformed(format!("chunk {} out of place", kind.escape_ascii())));
            }
            _ => {}
        }
    }
    let Some(head) = head else { return Err(damage::malformed("no IHDR")) };
    let data = match data.as_slice() {
        [] => return Err(damage::truncated("no picture data")),
        [only] => Cow::Borrowed(*only),
        many => Cow::Owned(many.concat()),
    };
    zlib_head(&data)?;
    let colours = colours(&head, palette)?;
    let place = paper::place(head.width, head.height, 1, density);
    let picture = Picture {
        bytes: Bytes::Attached(0),
        width: head.width,
        height: head.height,
        bits: head.bits.min(8),
        coding: Coding::Flate {
            predictor: 15,
            colours: colours.components(),
            bits: head.bits,
            columns: head.width,
        },
        colours,
        decode: Vec::new(),
    };
    let placed = Placed { picture, matrix: place.matrix, converted: None };
    let convert = if head.kind >= 4 || transparent {
        Some("PNG with transparency")
    } else if head.bits == 16 {
        Some("16-bit PNG")
    } else if head.interlaced {
        Some("interlaced PNG")
    } else {
        None
    };
    Ok(Found { sighting: Sighting::whole(place.frame, placed), data, convert })
}

/// The chunk at `at`: its name and contents, checked; `at` moves past it.
fn chunk<'a>(file: &'a [u8], at: &mut usize) -> Result<(&'a [u8; 4], &'a [u8]), Damage> {
    let ends = || damage::truncated(format!("no IEND in {} bytes", file.len()));
    let length = usize::try_from(Endian::Big.u32(file, *at).ok_or_else(ends)?).map_err(|_| ends())?;
    let named = at
        .checked_add(8)
        .and_then(|start| start.checked_add(length))
        .and_then(|end| file.get(*at + 4..end))
        .ok_or_else(ends)?;
    let stated = Endian::Big.u32(file, *at + 8 + length).ok_or_else(ends)?;
    let (name, contents) = named.split_first_chunk::<4>().ok_or_else(ends)?;
    if crc32fast::hash(named) != stated {
        return Err(damage::wrong_checksum(format!("chunk {} at byte {at}", name.escape_ascii())));
    }
    *at += 12 + length;
    Ok((name, contents))
}

fn header(contents: &[u8]) -> Result<Head, Damage> {
    let wrong = || damage::malformed("a header no PNG has");
    let [.., bits, kind, compression, filter, interlace] = *contents else { return Err(wrong()) };
    let (Some(width), Some(height)) = (Endian::Big.u32(contents, 0), Endian::Big.u32(contents, 4)) else {
        return Err(wrong());
    };
    let legal = matches!((kind, bits), (0, 1 | 2 | 4 | 8 | 16) | (3, 1 | 2 | 4 | 8) | (2 | 4 | 6, 8 | 16));
    if contents.len() != 13 || !legal || compression != 0 || filter != 0 || interlace > 1 {
        return Err(wrong());
    }
    limits::check(width, height, bits == 1)?;
    Ok(Head { width, height, bits, kind, interlaced: interlace == 1 })
}

/// Dots an inch, when the unit is the metre.
fn dots(contents: &[u8]) -> Option<(f64, f64)> {
    let metre = *contents.get(8)? == 1;
    let dots = |at| Some(f64::from(Endian::Big.u32(contents, at)?) * 0.0254);
    Some((dots(0)?, dots(4)?)).filter(|_| metre)
}

fn colours(head: &Head, palette: &[u8]) -> Result<Colours, Damage> {
    if head.kind != 3 {
        return Ok(if head.kind & 2 == 0 { Colours::Grey } else { Colours::Rgb });
    }
    let entries = palette.len() / 3;
    if !palette.len().is_multiple_of(3) || entries == 0 || entries > 1 << head.bits {
        return Err(damage::malformed(format!("a palette of {} bytes", palette.len())));
    }
    Ok(Colours::Indexed { components: 3, profile: None, palette: palette.to_vec() })
}

/// The two bytes every zlib stream begins with (RFC 1950, 2.2), and at least a block and a checksum.
pub(crate) fn zlib_head(data: &[u8]) -> Result<(), Damage> {
    let Some(word) = Endian::Big.u16(data, 0).filter(|_| data.len() >= 8) else {
        return Err(damage::truncated(format!("{} bytes of compressed data", data.len())));
    };
    let deflate = (word >> 8) & 15 == 8 && word >> 12 <= 7;
    if !deflate || word % 31 != 0 || word & 0x20 != 0 {
        return Err(damage::malformed("compressed data that are not zlib"));
    }
    Ok(())
}
