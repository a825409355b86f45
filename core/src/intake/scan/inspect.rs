//! Inspection: what a person wants to know of a page before closing, and structure cannot tell.

use std::io::{self, Read};

use super::damage;
use super::found::{Bytes, Coding, Colours, Picture};
use crate::intake::worker::Decoder;
use crate::intake::worker::protocol::{Reply, Request};
use crate::model::{BlobRef, Codec, ColourSpace, Damage, PlacedScan, ScanImage};
use crate::rope::BlobSource;

/// Written cells in a million below which a page counts as blank: 20 cells of 8 x 8 pixels on an
/// A4 page at 200 dpi, less than one written digit. The ruled lines of lined paper are more.
const BLANK: u32 = 300;
/// Dots an inch below which small handwriting is hard to read, as CONTRACTS section 1 wants noted.
pub const LOW_RESOLUTION: u32 = 100;

/// What inspection found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The picture does not decode to its end. What else is said then is nothing.
    pub damage: Option<Damage>,
    /// Nothing is written on it.
    pub blank: bool,
    /// Dots an inch on the paper, the lower of across and down.
    pub dpi: u32,
    /// How much of the page differs from its paper, in thousandths.
    pub ink: u32,
}

impl Inspection {
    /// Whether small handwriting is hard to read: fewer than [`LOW_RESOLUTION`] dots an inch.
    pub fn low_resolution(&self) -> bool {
        self.dpi < LOW_RESOLUTION
    }
}

/// Decodes a page's picture once, in a decoding process.
///
/// JPEG is decoded to an eighth of its size, JPEG 2000 to what its resolutions allow.
///
/// # Errors
/// When the blob cannot be read from the store, or no decoding process can be started.
pub fn inspect(scan: &PlacedScan, blobs: &dyn BlobSource, decoder: &Decoder) -> io::Result<Inspection> {
    let dpi = resolution(scan);
    let found = |damage, ink: u32| Inspection { damage, blank: ink < BLANK, dpi, ink: ink / 1000 };
    let image = &scan.image;
    let data = read(&image.blob, blobs)?;
    let globals = match &image.codec {
        Codec::Jbig2 { globals: Some(globals) } => Some(read(globals, blobs)?),
        _ => None,
    };
    let attached: Vec<&[u8]> = std::iter::once(data.as_slice()).chain(globals.as_deref()).collect();
    let answer = decoder.turn().ask(|| Request::Inspect { picture: picture(image) }, &attached)?;
    Ok(match answer {
        Ok((Reply::Ink(ink), _)) => found(None, ink),
        Ok(_) => Inspection {
            blank: false,
            ..found(Some(damage::corrupt("the decoder answered another question")), 0)
        },
        Err(damage) => Inspection { blank: false, ..found(Some(damage), 0) },
    })
}

/// The picture's own words, its bytes the first attachment, globals the second.
fn picture(image: &ScanImage) -> Picture {
    let coding = match &image.codec {
        Codec::Dct { colour_transform } => Coding::Dct { colour_transform: *colour_transform },
        Codec::Ccitt { k, black_is_1, byte_align, end_of_line, end_of_block, columns, rows } => {
            Coding::Ccitt {
                k: *k,
                black_is_1: *black_is_1,
                byte_align: *byte_align,
                end_of_line: *end_of_line,
                end_of_block: *end_of_block,
                columns: *columns,
                rows: *rows,
            }
        }
        Codec::Jbig2 { globals } => Coding::Jbig2 { globals: globals.map(|_| Bytes::Attached(1)) },
        Codec::Jpx => Coding::Jpx,
        Codec::Flate { predictor, colours, bits, columns } => {
            Coding::Flate { predictor: *predictor, colours: *colours, bits: *bits, columns: *columns }
        }
    };
    let colours = match &image.colours {
        ColourSpace::Grey | ColourSpace::Icc { components: 1, .. } => Colours::Grey,
        // What matters to inspection is how many numbers a pixel has.
        ColourSpace::Rgb | ColourSpace::Icc { .. } => Colours::Rgb,
        ColourSpace::Indexed { components, palette, .. } => {
            Colours::Indexed { components: *components, profile: None, palette: palette.clone() }
        }
    };
    Picture {
        bytes: Bytes::Attached(0),
        width: image.width,
        height: image.height,
        bits: image.bits,
        colours,
        coding,
        decode: Vec::new(),
    }
}

fn read(blob: &BlobRef, blobs: &dyn BlobSource) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    blobs.open(blob)?.take(blob.length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == blob.length {
        Ok(bytes)
    } else {
        Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("{} bytes of {}", bytes.len(), blob.length)))
    }
}

/// Dots an inch on the paper, the lower of across and down.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what a scanner makes")]
fn resolution(scan: &PlacedScan) -> u32 {
    let [a, b, c, d, ..] = scan.matrix.map(f64::from);
    let across = f64::from(scan.image.width) * 72.0 / a.hypot(b).max(1e-3);
    let down = f64::from(scan.image.height) * 72.0 / c.hypot(d).max(1e-3);
    across.min(down).round().clamp(0.0, 1e6) as u32
}
