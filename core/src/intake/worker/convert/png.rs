//! PNG with what a PDF cannot hold: 16 bits, interlacing, transparency (shown on white).

use std::io::Cursor;

use png::{ColorType, Decoder, Limits, Transformations};

use super::Raster;
use super::raster::too_large;
use crate::intake::scan::damage;
use crate::model::Damage;

/// Converts a PNG file to grey or RGB of 8 bits.
///
/// # Errors
/// `SCN-014` when its data are not whole.
pub(crate) fn convert(file: &[u8]) -> Result<Raster, Damage> {
    let corrupt = |error: png::DecodingError| match error {
        png::DecodingError::LimitsExceeded => too_large(),
        other => damage::corrupt(format!("PNG: {other}")),
    };
    let mut decoder = Decoder::new_with_limits(Cursor::new(file), Limits { bytes: 1 << 30 });
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(corrupt)?;
    let (colours, _) = reader.output_color_type();
    let (width, height) = (reader.info().width, reader.info().height);
    let size = reader.output_buffer_size().ok_or_else(too_large)?;
    let mut pixels = Vec::new();
    pixels.try_reserve_exact(size).map_err(|_| too_large())?;
    pixels.resize(size, 0);
    reader.next_frame(&mut pixels).map_err(corrupt)?;
    // The checksum behind the pixels, and the chunks behind that.
    reader.finish().map_err(corrupt)?;
    let components = match colours {
        ColorType::Grayscale | ColorType::GrayscaleAlpha => 1,
        _ => 3,
    };
    if matches!(colours, ColorType::GrayscaleAlpha | ColorType::Rgba) {
        flatten(&mut pixels, components);
    }
    let components = u8::try_from(components).unwrap_or(3);
    Ok(Raster { width, height, bits: 8, components, data: pixels }.whole()?.plain())
}

/// Puts pixels with alpha on white, in place.
fn flatten(pixels: &mut Vec<u8>, components: usize) {
    let step = components + 1;
    let count = pixels.len() / step;
    for pixel in 0..count {
        let alpha = u32::from(pixels[pixel * step + components]);
        for channel in 0..components {
            let value = u32::from(pixels[pixel * step + channel]);
            let on_white = (value * alpha + 255 * (255 - alpha) + 127) / 255;
            pixels[pixel * components + channel] = u8::try_from(on_white).unwrap_or(u8::MAX);
        }
    }
    pixels.truncate(count * components);
}
