//! Pixels under zlib (RFC 1950) and a predictor (PNG, section 9; TIFF 6.0, section 14).

use std::io::Read;

use flate2::read::ZlibDecoder;

use super::{Cells, Gatherer, whole};
use crate::intake::scan::damage;
use crate::intake::scan::found::{Colours, Picture};
use crate::model::Damage;

/// `/DecodeParms`.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) predictor: u8,
    pub(crate) colours: u8,
    pub(crate) bits: u8,
    pub(crate) columns: u32,
}

/// Inflates all rows and the checksum behind them.
pub(crate) fn decode(picture: &Picture, layout: Layout, data: &[u8]) -> Result<Cells, Damage> {
    let components = usize::from(picture.colours.components());
    let row_bytes = (picture.width as usize * components * usize::from(picture.bits)).div_ceil(8);
    let mut predictor = Predictor::new(layout, row_bytes)?;
    let mut inflater = ZlibDecoder::new(data);
    let mut gatherer = Gatherer::new(picture.width, picture.height);
    let brightness = Brightness::new(picture);
    let mut pixels = Vec::new();
    for row in 0..picture.height {
        let corrupt = |error: std::io::Error| damage::corrupt(format!("compressed data, row {row}: {error}"));
        let bytes = predictor.row(&mut inflater).map_err(corrupt)??;
        if picture.bits == 1 && components == 1 {
            gatherer.bits(bytes);
        } else {
            brightness.row(bytes, &mut pixels);
            gatherer.bytes(&pixels, 1);
        }
    }
    // The checksum comes after the last row, and with it the certainty. Some scanners add a byte.
    let mut rest = [0; 64];
    let more = std::iter::from_fn(|| match inflater.read(&mut rest) {
        Ok(0) => None,
        other => Some(other),
    })
    .take(2)
    .collect::<std::io::Result<Vec<usize>>>();
    match more {
        Err(error) => Err(damage::corrupt(format!("compressed data, at their end: {error}"))),
        Ok(counts) if counts.iter().sum::<usize>() > 16 => {
            Err(damage::corrupt("more rows than the picture has"))
        }
        Ok(_) => whole(gatherer),
    }
}

/// Undoes a predictor, row by row.
struct Predictor {
    kind: u8,
    /// Bytes from a sample to its left neighbour.
    step: usize,
    colours: usize,
    bits: u8,
    /// The row as it comes, with its filter's byte for PNG.
    coded: Vec<u8>,
    above: Vec<u8>,
}

impl Predictor {
    fn new(layout: Layout, row_bytes: usize) -> Result<Predictor, Damage> {
        let Layout { predictor, colours, bits, columns } = layout;
        let colours = usize::from(colours).max(1);
        let own = (columns as usize * colours * usize::from(bits)).div_ceil(8);
        if predictor > 1 && own != row_bytes {
            return Err(damage::malformed("a predictor for rows of another width"));
        }
        Ok(Predictor {
            kind: predictor,
            step: (colours * usize::from(bits)).div_ceil(8),
            colours,
            bits,
            coded: vec![0; row_bytes + usize::from(predictor >= 10)],
            above: vec![0; row_bytes],
        })
    }

    fn row(&mut self, from: &mut impl Read) -> std::io::Result<Result<&[u8], Damage>> {
        from.read_exact(&mut self.coded)?;
        match self.kind {
            10.. => {
                let (filter, coded) = self.coded.split_first_mut().map_or((0, &mut [][..]), |(f, c)| (*f, c));
                if !unfilter(filter, coded, &self.above, self.step) {
                    return Ok(Err(damage::corrupt(format!("row filter {filter}"))));
                }
                self.above.copy_from_slice(coded);
                Ok(Ok(&self.above))
            }
            2 if self.bits == 8 => {
                for at in self.colours..self.coded.len() {
                    self.coded[at] = self.coded[at].wrapping_add(self.coded[at - self.colours]);
                }
                Ok(Ok(&self.coded))
            }
            // Differences of less than a byte: the data are checked all the same.
            _ => Ok(Ok(&self.coded)),
        }
    }
}

/// Undoes one PNG filter in place; false for one that does not exist.
fn unfilter(filter: u8, row: &mut [u8], above: &[u8], step: usize) -> bool {
    match filter {
        0 => {}
        1 => (step..row.len()).for_each(|at| row[at] = row[at].wrapping_add(row[at - step])),
        2 => row.iter_mut().zip(above).for_each(|(byte, up)| *byte = byte.wrapping_add(*up)),
        3 => {
            for at in 0..row.len() {
                let left = if at >= step { u16::from(row[at - step]) } else { 0 };
                let mean = u8::try_from((left + u16::from(above[at])) / 2).unwrap_or(u8::MAX);
                row[at] = row[at].wrapping_add(mean);
            }
        }
        4 => {
            for at in 0..row.len() {
                let (left, corner) = if at >= step { (row[at - step], above[at - step]) } else { (0, 0) };
                row[at] = row[at].wrapping_add(paeth(left, above[at], corner));
            }
        }
        _ => return false,
    }
    true
}

/// The Paeth predictor (PNG, section 9.4).
pub(crate) fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(up), i16::from(corner));
    let estimate = a + b - c;
    let (to_a, to_b, to_c) = ((estimate - a).abs(), (estimate - b).abs(), (estimate - c).abs());
    if to_a <= to_b && to_a <= to_c {
        left
    } else if to_b <= to_c {
        up
    } else {
        corner
    }
}

/// From samples to one byte of brightness a pixel.
struct Brightness {
    width: usize,
    bits: u8,
    components: usize,
    /// Brightness of each palette entry.
    palette: Option<Vec<u8>>,
}

fn mix(colour: &[u8]) -> u8 {
    let [red, green, blue] = colour else { return colour.first().copied().unwrap_or(0) };
    u8::try_from((u16::from(*red) + 2 * u16::from(*green) + u16::from(*blue)) / 4).unwrap_or(u8::MAX)
}

impl Brightness {
    fn new(picture: &Picture) -> Brightness {
        let palette = match &picture.colours {
            Colours::Indexed { components, palette, .. } => {
                Some(palette.chunks_exact(usize::from(*components).max(1)).map(mix).collect())
            }
            _ => None,
        };
        let components = usize::from(picture.colours.components());
        Brightness { width: picture.width as usize, bits: picture.bits, components, palette }
    }

    fn row(&self, bytes: &[u8], pixels: &mut Vec<u8>) {
        pixels.clear();
        let look = |value: u8, most: u8| match &self.palette {
            Some(palette) => palette.get(usize::from(value)).copied().unwrap_or(0),
            None => u8::try_from(u16::from(value) * 255 / u16::from(most)).unwrap_or(u8::MAX),
        };
        if self.bits == 8 {
            match self.components {
                1 => pixels.extend(bytes.iter().map(|byte| look(*byte, 255))),
                several => pixels.extend(bytes.chunks_exact(several).map(mix)),
            }
            return;
        }
        let most = (1_u8 << self.bits) - 1;
        let bits = usize::from(self.bits);
        pixels.extend((0..self.width).map(|pixel| {
            let at = pixel * self.components * bits;
            let byte = bytes.get(at / 8).copied().unwrap_or(0);
            look(byte >> (8 - bits - at % 8) & most, most)
        }));
    }
}
