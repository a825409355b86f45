//! A JPEG file's segments (ITU-T T.81), walked to its end without decoding one coefficient.

use super::damage;
use super::endian::Endian;
use super::exif::{self, Exif};
use super::found::{Bytes, Coding, Colours, Picture, Placed, Sighting};
use super::limits;
use super::paper;
use crate::model::Damage;

/// How the coefficients are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Process {
    /// Baseline or extended sequential, Huffman coded.
    Sequential,
    /// Progressive, Huffman coded.
    Progressive,
    /// Lossless, hierarchical or arithmetic coded: no PDF reader shows these.
    Other,
}

/// What the segments say.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Head {
    /// Pixels.
    pub(crate) width: u32,
    /// Pixels.
    pub(crate) height: u32,
    /// Bits a sample.
    pub(crate) precision: u8,
    /// The components' identifiers, in order.
    pub(crate) components: Vec<u8>,
    /// How it is coded.
    pub(crate) process: Process,
    /// The colour transform of an Adobe marker.
    pub(crate) adobe: Option<u8>,
    /// From JFIF: dots an inch.
    pub(crate) density: Option<(f64, f64)>,
    /// From EXIF.
    pub(crate) exif: Exif,
    /// Whether a JFIF marker is there: its colours are YCbCr.
    jfif: bool,
}

/// What one scan may use, as defined so far.
#[derive(Default)]
struct Tables {
    quantisation: [bool; 4],
    dc: [bool; 4],
    ac: [bool; 4],
}

struct Component {
    id: u8,
    quantisation: u8,
    scanned: bool,
}

/// Walks from the first marker to the last.
///
/// # Errors
/// `SCN-003` when the file ends first, `SCN-004` when a marker is missing or a scan uses what was
/// not defined, `SCN-005` and `SCN-006` for its size.
pub(crate) fn walk(file: &[u8]) -> Result<Head, Damage> {
    let mut head: Option<(Head, Vec<Component>)> = None;
    let mut tables = Tables::default();
    let mut adobe = None;
    let mut density = None;
    let mut exif = Exif::default();
    let mut jfif = false;
    let mut at = 2;
    loop {
        let marker = marker(file, &mut at)?;
        match marker {
            0xD9 => break,
            0x00 | 0x01 | 0xD0..=0xD8 => {
                return Err(damage::malformed(format!("marker FF{marker:02X} out of place at byte {at}")));
            }
            _ => {}
        }
        let segment = segment(file, &mut at)?;
        match marker {
            0xDB => quantisation_tables(segment, &mut tables)?,
            0xC4 => huffman_tables(segment, &mut tables)?,
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                if head.is_some() {
                    return Err(damage::malformed("two frames in one picture"));
                }
                head = Some(frame(marker, segment)?);
            }
            0xDA => {
                let Some((head, components)) = &mut head else {
                    return Err(damage::malformed("a scan before its frame"));
                };
                scan(segment, head, components, &tables)?;
                entropy(file, &mut at)?;
            }
            0xE0 if segment.starts_with(b"JFIF\0") => {
                jfif = true;
                density = density.or_else(|| jfif_density(segment));
            }
            0xE1 if segment.starts_with(b"Exif\0\0") && exif == Exif::default() => {
                exif = exif::read(&segment[6..]);
            }
            0xEE if segment.starts_with(b"Adobe") => adobe = segment.get(11).copied(),
            _ => {}
        }
    }
    let Some((head, components)) = head else { return Err(damage::malformed("no frame")) };
    if head.process != Process::Other && components.iter().any(|component| !component.scanned) {
        return Err(damage::truncated("a colour component without picture data"));
    }
    Ok(Head { adobe, density, exif, jfif, ..head })
}

/// The marker at `at`, fill bytes skipped (T.81, B.1.1.2).
pub(crate) fn marker(file: &[u8], at: &mut usize) -> Result<u8, Damage> {
    let ends = || damage::truncated(format!("no end of image in {} bytes", file.len()));
    if *file.get(*at).ok_or_else(ends)? != 0xFF {
        return Err(damage::malformed(format!("no marker at byte {at}")));
    }
    while *file.get(*at).ok_or_else(ends)? == 0xFF {
        *at += 1;
    }
    let marker = file[*at];
    *at += 1;
    Ok(marker)
}

/// A segment's contents; `at` moves past it.
pub(crate) fn segment<'a>(file: &'a [u8], at: &mut usize) -> Result<&'a [u8], Damage> {
    let ends = || damage::truncated(format!("a segment goes beyond the end, byte {}", file.len()));
    let length = usize::from(Endian::Big.u16(file, *at).ok_or_else(ends)?);
    if length < 2 {
        return Err(damage::malformed(format!("a segment of {length} bytes")));
    }
    let contents = file.get(*at + 2..*at + length).ok_or_else(ends)?;
    *at += length;
    Ok(contents)
}

/// Skips a scan's data to the marker after it: stuffed zeros and restarts belong to the data.
fn entropy(file: &[u8], at: &mut usize) -> Result<(), Damage> {
    let start = *at;
    let mut here = start;
    loop {
        let ends = || damage::truncated(format!("picture data without an end in {} bytes", file.len()));
        here += memchr::memchr(0xFF, file.get(here..).ok_or_else(ends)?).ok_or_else(ends)?;
        match file.get(here + 1).ok_or_else(ends)? {
            0x00 | 0xD0..=0xD7 => here += 2,
            0xFF => here += 1,
            _ => break,
        }
    }
    if here == start {
        return Err(damage::truncated("a scan without picture data"));
    }
    *at = here;
    Ok(())
}

fn quantisation_tables(mut segment: &[u8], tables: &mut Tables) -> Result<(), Damage> {
    while let Some((first, rest)) = segment.split_first() {
        let size = if first >> 4 == 0 { 64 } else { 128 };
        let (slot, Some(rest)) = (usize::from(first & 15), rest.get(size..)) else {
            return Err(damage::malformed("a short quantisation table"));
        };
        *tables
            .quantisation
            .get_mut(slot)
            .ok_or_else(|| damage::malformed("a fifth quantisation table"))? = true;
        segment = rest;
    }
    Ok(())
}

fn huffman_tables(mut segment: &[u8], tables: &mut Tables) -> Result<(), Damage> {
    while let Some((first, rest)) = segment.split_first() {
        let short = || damage::malformed("a short Huffman table");
        let symbols: usize = rest.get(..16).ok_or_else(short)?.iter().map(|count| usize::from(*count)).sum();
        segment = rest.get(16 + symbols..).ok_or_else(short)?;
        let class = if first >> 4 == 0 { &mut tables.dc } else { &mut tables.ac };
        *class
            .get_mut(usize::from(first & 15))
            .ok_or_else(|| damage::malformed("a fifth Huffman table"))? = true;
    }
    Ok(())
}

fn frame(marker: u8, segment: &[u8]) -> Result<(Head, Vec<Component>), Damage> {
    let short = || damage::malformed("a short frame header");
    let precision = *segment.first().ok_or_else(short)?;
    let height = u32::from(Endian::Big.u16(segment, 1).ok_or_else(short)?);
    let width = u32::from(Endian::Big.u16(segment, 3).ok_or_else(short)?);
    let count = usize::from(*segment.get(5).ok_or_else(short)?);
    limits::check(width, height, false)?;
    let mut components = Vec::with_capacity(count.min(4));
    for spec in segment.get(6..6 + count * 3).ok_or_else(short)?.chunks_exact(3) {
        let (across, down) = (spec[1] >> 4, spec[1] & 15);
        if !(1..=4).contains(&across) || !(1..=4).contains(&down) {
            return Err(damage::malformed(format!("sampling factors {across} x {down}")));
        }
        components.push(Component { id: spec[0], quantisation: spec[2], scanned: false });
    }
    if !(1..=4).contains(&components.len()) {
        return Err(damage::malformed(format!("{count} colour components")));
    }
    let process = match marker {
        0xC0 | 0xC1 => Process::Sequential,
        0xC2 => Process::Progressive,
        _ => Process::Other,
    };
    let head = Head {
        width,
        height,
        precision,
        components: components.iter().map(|component| component.id).collect(),
        process,
        adobe: None,
        density: None,
        exif: Exif::default(),
        jfif: false,
    };
    Ok((head, components))
}

/// A scan header names components of the frame and tables defined by now (T.81, B.2.3).
fn scan(segment: &[u8], head: &Head, components: &mut [Component], tables: &Tables) -> Result<(), Damage> {
    let short = || damage::malformed("a short scan header");
    let count = usize::from(*segment.first().ok_or_else(short)?);
    let specs = segment.get(1..1 + count * 2).ok_or_else(short)?;
    let [first, last, refinement] = segment.get(1 + count * 2..4 + count * 2).ok_or_else(short)? else {
        return Err(short());
    };
    if count == 0 || count > components.len() {
        return Err(damage::malformed(format!("a scan of {count} components")));
    }
    for spec in specs.chunks_exact(2) {
        let component = components
            .iter_mut()
            .find(|component| component.id == spec[0])
            .ok_or_else(|| damage::malformed("a scan of a component the frame does not have"))?;
        component.scanned = true;
        if head.process == Process::Other {
            continue;
        }
        let defined = |slots: &[bool; 4], slot: u8| slots.get(usize::from(slot)).copied().unwrap_or(false);
        let sequential = head.process == Process::Sequential;
        let needs_dc = sequential || (*first == 0 && refinement >> 4 == 0);
        let needs_ac = sequential || *last > 0;
        if !defined(&tables.quantisation, component.quantisation)
            || (needs_dc && !defined(&tables.dc, spec[1] >> 4))
            || (needs_ac && !defined(&tables.ac, spec[1] & 15))
        {
            return Err(damage::malformed("a scan whose tables are not defined"));
        }
    }
    Ok(())
}

/// The density of a JFIF segment (JFIF 1.02: units at 7, across at 8, down at 10).
fn jfif_density(segment: &[u8]) -> Option<(f64, f64)> {
    let unit = match segment.get(7)? {
        1 => 1.0,
        2 => 2.54,
        _ => return None,
    };
    let (across, down) = (Endian::Big.u16(segment, 8)?, Endian::Big.u16(segment, 10)?);
    Some((f64::from(across) * unit, f64::from(down) * unit))
}

impl Head {
    /// Whether every PDF reader can show it as it is, and if not, why.
    pub(crate) fn foreign(&self) -> Option<&'static str> {
        match (self.process, self.precision, self.components.len()) {
            (Process::Other, ..) => Some("JPEG that is lossless, hierarchical or arithmetic coded"),
            (_, 8, 1 | 3) => None,
            (_, 8, 4) => Some("CMYK JPEG"),
            (_, 8, _) => Some("JPEG of two components"),
            _ => Some("12-bit JPEG"),
        }
    }

    /// `/ColorTransform`: what an Adobe marker says; 0 for components named R, G and B without any
    /// marker that says otherwise, as libjpeg reads them.
    pub(crate) fn colour_transform(&self) -> Option<u8> {
        let named_rgb = self.components == *b"RGB" && !self.jfif;
        self.adobe.or(named_rgb.then_some(0))
    }

    /// The picture as a PDF holds it.
    pub(crate) fn picture(&self, bytes: Bytes) -> Picture {
        Picture {
            bytes,
            width: self.width,
            height: self.height,
            bits: 8,
            // A profile in the file is left where it is: readers of a PDF go by the colour space,
            // and office scanners write sRGB.
            colours: if self.components.len() == 1 { Colours::Grey } else { Colours::Rgb },
            coding: Coding::Dct { colour_transform: self.colour_transform() },
            decode: Vec::new(),
        }
    }
}

/// Probes a JPEG file. The second is why it has to be converted, when it has.
///
/// # Errors
/// What [`walk`] finds.
pub(crate) fn probe(file: &[u8]) -> Result<(Sighting, Option<&'static str>), Damage> {
    let head = walk(file)?;
    let orientation = head.exif.orientation.unwrap_or(1);
    let place = paper::place(head.width, head.height, orientation, head.density.or(head.exif.density));
    let picture = head.picture(Bytes::Range { offset: 0, length: file.len() as u64 });
    let placed = Placed { picture, matrix: place.matrix, converted: None };
    Ok((Sighting::whole(place.frame, placed), head.foreign()))
}
