//! TIFF pages a PDF cannot hold as they are, decoded strip by strip and strictly; JPEG in TIFF and
//! rare colour spaces through mupdf.

use std::borrow::Cow;
use std::io::Read;

use mupdf::{Colorspace, Image, Pixmap};

use super::mupdf::{painted, unreadable};
use super::raster::too_large;
use super::{Raster, lzw};
use crate::intake::scan::damage;
use crate::intake::scan::endian::Endian;
use crate::intake::scan::tiff::directory::Directory;
use crate::intake::scan::tiff::{self, Head};
use crate::intake::worker::inspect::{self, Fax};
use crate::model::Damage;

/// Converts the page whose directory is at `offset`.
///
/// # Errors
/// `SCN-014` when its data are not whole, `SCN-008` when they cannot be decoded.
pub(crate) fn convert(file: &[u8], offset: u32) -> Result<Raster, Damage> {
    let endian = tiff::endian(file);
    let (directory, _) = Directory::read(file, endian, offset)?;
    let head = Head::read(file, &directory)?;
    let known = matches!(head.compression, 1..=5 | 8 | 32946 | 32773)
        && matches!(head.bits, 1 | 2 | 4 | 8 | 16)
        && matches!(head.photometric, 0..=3 | 5)
        && matches!(head.predictor, 1 | 2);
    if !known {
        return through_mupdf(file, endian, offset, &head);
    }
    let samples = samples(file, endian, &head)?;
    let colour_map = directory.numbers(320)?;
    match head.photometric {
        5 => from_cmyk(&samples, &head),
        _ => coloured(on_white(samples, &head, directory.number(338)), &head, &colour_map),
    }
}

/// Puts colours with alpha on white (TIFF 6.0, section 18: an extra sample that is 1 is alpha the
/// colours were multiplied with already, 2 is alpha still to be applied; others are no alpha).
fn on_white(mut samples: Samples, head: &Head, extra: Option<u32>) -> Samples {
    let colours = if head.photometric == 2 { 3 } else { 1 };
    let Some(multiplied) = extra.filter(|extra| matches!(extra, 1 | 2)).map(|extra| extra == 1) else {
        return samples;
    };
    if head.photometric > 2 || samples.most != 255 || samples.count <= colours {
        return samples;
    }
    let white = if head.photometric == 0 { 0 } else { 255 };
    for pixel in samples.data.chunks_exact_mut(samples.count) {
        let alpha = u32::from(pixel[colours]);
        for value in &mut pixel[..colours] {
            let own = if multiplied { u32::from(*value) * 255 } else { u32::from(*value) * alpha };
            let shown = (own + white * (255 - alpha) + 127) / 255;
            *value = u8::try_from(shown.min(255)).unwrap_or(u8::MAX);
        }
    }
    samples
}

/// mupdf reads the first page of a file: the head is made to name another.
fn through_mupdf(file: &[u8], endian: Endian, offset: u32, head: &Head) -> Result<Raster, Damage> {
    if head.compression == 7 || head.compression == 6 {
        for piece in &head.pieces {
            let data = &file[piece.clone()];
            if data.starts_with(&[0xFF, 0xD8]) && !ends_whole(data) {
                return Err(damage::corrupt("a strip of JPEG without its end"));
            }
        }
    }
    let mut patched = file.to_vec();
    let bytes = match endian {
        Endian::Big => offset.to_be_bytes(),
        Endian::Little => offset.to_le_bytes(),
    };
    patched[4..8].copy_from_slice(&bytes);
    let image = Image::from_bytes(&patched).map_err(unreadable)?;
    if (image.width(), image.height()) != (head.width, head.height) {
        return Err(damage::unsupported("the decoder sees another size"));
    }
    painted(&image, head.width, head.height)
}

/// Whether a strip of JPEG has its end-of-image marker, perhaps with a filling byte behind.
fn ends_whole(data: &[u8]) -> bool {
    data.ends_with(&[0xFF, 0xD9]) || data.ends_with(&[0xFF, 0xD9, 0]) || data.ends_with(&[0xFF, 0xD9, 0xFF])
}

/// All samples, planes woven together: bits as bits, everything else a byte each.
struct Samples {
    /// Samples a pixel.
    count: usize,
    /// Bits a sample: 1 for rows of bits, otherwise 8, with `most` the largest value.
    bits: u8,
    most: u16,
    data: Vec<u8>,
}

fn samples(file: &[u8], endian: Endian, head: &Head) -> Result<Samples, Damage> {
    let (width, height) = (head.width as usize, head.height as usize);
    let in_bits = head.bits == 1 && head.samples == 1;
    let count = head.samples as usize;
    let stride = if in_bits { width.div_ceil(8) } else { width * count };
    let size = stride.checked_mul(height).ok_or_else(too_large)?;
    let mut data = Vec::new();
    data.try_reserve_exact(size).map_err(|_| too_large())?;
    data.resize(size, 0);
    let (tile_width, tile_height) = (head.piece.0 as usize, head.piece.1 as usize);
    let (across, down) = (width.div_ceil(tile_width), height.div_ceil(tile_height));
    // In planes, a strip holds one sample of each pixel.
    let (planes, together) = if head.planar { (count, 1) } else { (1, count) };
    let row_bytes = (tile_width * together * head.bits as usize).div_ceil(8);
    let tiled = tile_width != width || across > 1;
    for (index, piece) in head.pieces.iter().enumerate().take(across * down * planes) {
        let (plane, within) = (index / (across * down), index % (across * down));
        let (left, top) = (within % across * tile_width, within / across * tile_height);
        let rows = tile_height.min(height - top);
        // The last strip has only the rows there are; the last tile has all, filled up.
        let coded = if tiled { tile_height } else { rows };
        let mut bytes = unpacked(&file[piece.clone()], head, row_bytes * coded, coded)?;
        if bytes.len() < row_bytes * rows {
            return Err(damage::corrupt(format!("strip {} is short", index + 1)));
        }
        if head.predictor == 2 {
            difference(&mut bytes, row_bytes, together, head.bits, endian);
        }
        for (row, coded) in bytes.chunks_exact(row_bytes).take(rows).enumerate() {
            let line = &mut data[(top + row) * stride..(top + row + 1) * stride];
            if in_bits {
                let used = (width - left).min(tile_width).div_ceil(8);
                if left % 8 != 0 {
                    return Err(damage::unsupported("tiles that do not begin on a byte"));
                }
                line[left / 8..left / 8 + used].copy_from_slice(&coded[..used]);
            } else {
                let pixels = (width - left).min(tile_width);
                for at in 0..pixels * together {
                    let (pixel, sample) = (at / together, at % together + plane);
                    line[(left + pixel) * count + sample] = sample_at(coded, at, head.bits, endian);
                }
            }
        }
    }
    let most = if head.bits >= 8 { 255 } else { (1 << head.bits) - 1 };
    Ok(Samples { count, bits: if in_bits { 1 } else { 8 }, most, data })
}

/// One sample of a row as a byte: 16 bits rounded to 8, fewer bits as their number.
fn sample_at(row: &[u8], index: usize, bits: u32, endian: Endian) -> u8 {
    match bits {
        16 => {
            let value = u32::from(endian.u16(row, index * 2).unwrap_or(0));
            u8::try_from((value * 255 + 32_767) / 65_535).unwrap_or(u8::MAX)
        }
        8 => row[index],
        _ => {
            let bits = bits as usize;
            let at = index * bits;
            row[at / 8] >> (8 - bits - at % 8) & ((1 << bits) - 1)
        }
    }
}

/// A strip or tile, decompressed to at most `size` bytes.
fn unpacked<'a>(data: &'a [u8], head: &Head, size: usize, rows: usize) -> Result<Cow<'a, [u8]>, Damage> {
    let data = if head.reversed && head.compression != 1 {
        Cow::Owned(data.iter().map(|byte| byte.reverse_bits()).collect())
    } else {
        Cow::Borrowed(data)
    };
    Ok(match head.compression {
        1 if head.reversed && head.bits == 1 => data.iter().map(|byte| byte.reverse_bits()).collect(),
        1 => data,
        2..=4 => Cow::Owned(fax(&data, head, rows)?),
        5 if data.starts_with(&[0, 1]) => {
            return Err(damage::unsupported("LZW of before TIFF 5.0"));
        }
        5 => Cow::Owned(lzw::decode(&data, size)?),
        32773 => Cow::Owned(pack_bits(&data, size)?),
        _ => {
            let mut bytes = Vec::new();
            flate2::read::ZlibDecoder::new(&*data)
                .take(size as u64)
                .read_to_end(&mut bytes)
                .map_err(|error| damage::corrupt(format!("compressed data: {error}")))?;
            Cow::Owned(bytes)
        }
    })
}

/// Fax code to rows of bits as TIFF counts them: a black run is 1.
fn fax(data: &[u8], head: &Head, rows: usize) -> Result<Vec<u8>, Damage> {
    let rows = u32::try_from(rows).map_err(|_| too_large())?;
    let coding = head.fax_coding(head.piece.0, rows);
    let fax = coding.and_then(|coding| Fax::new(&coding, rows));
    let fax = fax.ok_or_else(|| damage::unsupported("fax code in uncompressed mode"))?;
    let mut bytes = Vec::new();
    inspect::fax(&fax, data, &mut |row| bytes.extend(row.iter().map(|byte| !byte)))?;
    Ok(bytes)
}

/// PackBits (TIFF 6.0, section 9).
fn pack_bits(data: &[u8], size: usize) -> Result<Vec<u8>, Damage> {
    let short = || damage::corrupt("PackBits data end in the middle of a run");
    let mut output = Vec::new();
    let mut at = 0;
    while output.len() < size && at < data.len() {
        let count = usize::from(data[at]);
        at += 1;
        if count < 128 {
            output.extend_from_slice(data.get(at..=at + count).ok_or_else(short)?);
            at += count + 1;
        } else if count > 128 {
            let byte = *data.get(at).ok_or_else(short)?;
            output.resize(output.len() + 257 - count, byte);
            at += 1;
        }
    }
    output.truncate(size);
    Ok(output)
}

/// Undoes horizontal differencing (TIFF 6.0, section 14).
fn difference(bytes: &mut Cow<'_, [u8]>, row_bytes: usize, samples: usize, bits: u32, endian: Endian) {
    let bytes = bytes.to_mut();
    for row in bytes.chunks_mut(row_bytes.max(1)) {
        match bits {
            8 => (samples..row.len()).for_each(|at| row[at] = row[at].wrapping_add(row[at - samples])),
            16 => {
                for at in samples..row.len() / 2 {
                    let value = |index: usize| endian.u16(row, index * 2).unwrap_or(0);
                    let sum = value(at).wrapping_add(value(at - samples));
                    let sum = match endian {
                        Endian::Big => sum.to_be_bytes(),
                        Endian::Little => sum.to_le_bytes(),
                    };
                    row[at * 2..at * 2 + 2].copy_from_slice(&sum);
                }
            }
            _ => {}
        }
    }
}

/// Grey, bilevel, palette and RGB samples to a raster. Samples beyond the colours are left out.
fn coloured(samples: Samples, head: &Head, colour_map: &[u32]) -> Result<Raster, Damage> {
    let Samples { count, bits, most, mut data } = samples;
    let (width, height) = (head.width, head.height);
    if bits == 1 && head.photometric <= 1 {
        if head.photometric == 0 {
            data.iter_mut().for_each(|byte| *byte = !*byte);
        }
        return Raster { width, height, bits: 1, components: 1, data }.whole();
    }
    let components: u8 = if head.photometric >= 2 { 3 } else { 1 };
    let mut raster = Raster::empty(width, height, 8, components)?;
    let full = |value: u8| u8::try_from(u16::from(value) * 255 / most).unwrap_or(u8::MAX);
    match head.photometric {
        3 => {
            let entries = 1_usize << head.bits.min(8);
            if colour_map.len() < entries * 3 {
                return Err(damage::malformed("a palette without its colours"));
            }
            let colour = |index: usize, channel: usize| {
                u8::try_from(colour_map[channel * entries + index] >> 8).unwrap_or(u8::MAX)
            };
            if bits == 1 {
                let stride = (width as usize).div_ceil(8);
                for row in data.chunks_exact(stride) {
                    for pixel in 0..width as usize {
                        let index = usize::from(row[pixel / 8] >> (7 - pixel % 8) & 1);
                        raster.data.extend((0..3).map(|channel| colour(index, channel)));
                    }
                }
            } else {
                for pixel in data.chunks_exact(count) {
                    raster.data.extend((0..3).map(|channel| colour(usize::from(pixel[0]), channel)));
                }
            }
        }
        2 if count >= 3 => {
            for pixel in data.chunks_exact(count) {
                raster.data.extend(pixel[..3].iter().map(|value| full(*value)));
            }
        }
        0 => raster.data.extend(data.iter().step_by(count).map(|value| 255 - full(*value))),
        1 => raster.data.extend(data.iter().step_by(count).map(|value| full(*value))),
        _ => return Err(damage::malformed(format!("{count} samples for a colour"))),
    }
    Ok(raster.whole()?.plain())
}

/// CMYK samples through mupdf's colour conversion, the same as for JPEG.
fn from_cmyk(samples: &Samples, head: &Head) -> Result<Raster, Damage> {
    if samples.bits != 8 || samples.count < 4 {
        return Err(damage::unsupported(format!("CMYK in {} samples", samples.count)));
    }
    let side = |side: u32| i32::try_from(side).map_err(|_| too_large());
    let mut pixmap =
        Pixmap::new_with_w_h(&Colorspace::device_cmyk(), side(head.width)?, side(head.height)?, false)
            .map_err(unreadable)?;
    let inks = samples.data.chunks_exact(samples.count).flat_map(|pixel| pixel[..4].iter());
    pixmap.samples_mut().iter_mut().zip(inks).for_each(|(to, from)| *to = *from);
    painted(&Image::from_pixmap(&pixmap).map_err(unreadable)?, head.width, head.height)
}
