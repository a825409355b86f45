//! Pixels to a lossless stream: zlib over PNG-filtered rows (ISO 32000-1, 7.4.4.4).

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::super::inspect::paeth;
use super::Raster;
use crate::intake::scan::found::{Bytes, Coding, Colours, Picture};

/// zlib's own default: a page of 300 dpi takes a tenth of a second, once in its life.
const LEVEL: u32 = 6;

/// The picture with its bytes, which it names as attachment 0.
pub(crate) fn picture(raster: &Raster) -> (Picture, Vec<u8>) {
    let picture = Picture {
        bytes: Bytes::Attached(0),
        width: raster.width,
        height: raster.height,
        bits: raster.bits,
        colours: if raster.components == 3 { Colours::Rgb } else { Colours::Grey },
        coding: Coding::Flate {
            predictor: 15,
            colours: raster.components,
            bits: raster.bits,
            columns: raster.width,
        },
        decode: Vec::new(),
    };
    (picture, filtered(raster, LEVEL))
}

/// Less care for a picture that somebody waits for.
const QUICK: u32 = 3;

/// The picture as a PNG file.
pub(crate) fn png_file(raster: &Raster) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let colours = if raster.components == 3 { 2 } else { 0 };
    let sides = [raster.width.to_be_bytes(), raster.height.to_be_bytes()].concat();
    chunk(&mut file, b"IHDR", &[&sides[..], &[raster.bits, colours, 0, 0, 0]].concat());
    chunk(&mut file, b"IDAT", &filtered(raster, QUICK));
    chunk(&mut file, b"IEND", &[]);
    file
}

/// A chunk of a PNG file (PNG specification, 5.3). No picture that the limits allow comes near its longest.
fn chunk(file: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    file.extend_from_slice(&u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    let start = file.len();
    file.extend_from_slice(name);
    file.extend_from_slice(data);
    let sum = crc32fast::hash(&file[start..]);
    file.extend_from_slice(&sum.to_be_bytes());
}

/// Bytes under zlib as they are, for streams that only change their wrapping.
pub(crate) fn recompressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(LEVEL));
    // Writing to a Vec does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// Rows with the filter that makes the smallest sum of differences, as the PNG specification
/// recommends (12.7); bits are not filtered.
fn filtered(raster: &Raster, level: u32) -> Vec<u8> {
    let (data, stride, plain) = (&raster.data, raster.stride(), raster.bits == 1);
    let step = (usize::from(raster.bits) * usize::from(raster.components)).div_ceil(8);
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(level));
    let zero = vec![0; stride];
    let mut above: &[u8] = &zero;
    let mut best = vec![0; stride + 1];
    let mut trial = vec![0; stride + 1];
    for row in data.chunks_exact(stride.max(1)) {
        best[0] = 0;
        best[1..].copy_from_slice(row);
        if !plain {
            let mut least = cost(&best[1..]);
            for filter in [1, 2, 4] {
                trial[0] = filter;
                apply(filter, row, above, step, &mut trial[1..]);
                let sum = cost(&trial[1..]);
                if sum < least {
                    least = sum;
                    std::mem::swap(&mut best, &mut trial);
                }
            }
        }
        let _ = encoder.write_all(&best);
        above = row;
    }
    encoder.finish().unwrap_or_default()
}

fn cost(row: &[u8]) -> u64 {
    row.iter().map(|byte| u64::from(byte.min(&byte.wrapping_neg()).to_owned())).sum()
}

fn apply(filter: u8, row: &[u8], above: &[u8], step: usize, to: &mut [u8]) {
    for at in 0..row.len() {
        let (left, corner) = if at >= step { (row[at - step], above[at - step]) } else { (0, 0) };
        let predicted = match filter {
            1 => left,
            2 => above[at],
            _ => paeth(left, above[at], corner),
        };
        to[at] = row[at].wrapping_sub(predicted);
    }
}
