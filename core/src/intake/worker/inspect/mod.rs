//! Decoding a picture to know that it can be decoded, and to see whether anything is on it.
//!
//! Strict where readers are lenient: a reader that meets a bad code paints on with what it has,
//! and half a page looks like a page. A flipped bit that makes other valid codes of the same
//! number cannot be noticed by anyone.

mod cells;
mod fax;
mod flate;
mod huffman;
pub(crate) mod jpeg;

pub(crate) use cells::{Cells, Gatherer};
pub(crate) use fax::{Fax, decode as fax};
pub(crate) use flate::paeth;

use super::protocol::Reply;
use super::serve::Served;
use crate::intake::scan::damage;
use crate::intake::scan::found::{Bytes, Coding, Picture};
use crate::model::Damage;

/// The long side JPEG 2000 is decoded to, where its resolutions allow.
const JPX_SIDE: u32 = 512;

/// Answers [`super::protocol::Request::Inspect`].
pub(crate) fn serve(picture: &Picture, attached: &[Vec<u8>]) -> Served {
    let bytes = |bytes: &Bytes| match bytes {
        Bytes::Attached(index) => attached.get(*index).map(Vec::as_slice),
        Bytes::Range { .. } => None,
    };
    let data = bytes(&picture.bytes).ok_or_else(|| damage::malformed("no bytes to inspect"))?;
    let globals = match &picture.coding {
        Coding::Jbig2 { globals: Some(globals) } => bytes(globals),
        _ => None,
    };
    let cells = decode(picture, data, globals)?;
    Ok((Reply::Ink(cells.ink()), Vec::new()))
}

/// Decodes a picture whole.
///
/// # Errors
/// `SCN-014` when the data are not those of the picture.
pub(crate) fn decode(picture: &Picture, data: &[u8], globals: Option<&[u8]>) -> Result<Cells, Damage> {
    match &picture.coding {
        Coding::Dct { .. } => jpeg::decode(data),
        Coding::Ccitt { .. } => {
            let fax = Fax::new(&picture.coding, picture.height)
                .ok_or_else(|| damage::malformed("no fax parameters"))?;
            let mut gatherer = Gatherer::new(picture.width, picture.height);
            fax::decode(&fax, data, &mut |row| gatherer.bits(row))?;
            whole(gatherer)
        }
        Coding::Jbig2 { .. } => jbig2(picture, data, globals),
        Coding::Jpx => jpx(data),
        Coding::Flate { predictor, colours, bits, columns } => {
            let layout =
                flate::Layout { predictor: *predictor, colours: *colours, bits: *bits, columns: *columns };
            flate::decode(picture, layout, data)
        }
    }
}

fn whole(gatherer: Gatherer) -> Result<Cells, Damage> {
    match gatherer.missing() {
        0 => Ok(gatherer.finish()),
        missing => Err(damage::corrupt(format!("picture data end {missing} rows early"))),
    }
}

fn jbig2(picture: &Picture, data: &[u8], globals: Option<&[u8]>) -> Result<Cells, Damage> {
    let settings = hayro_jbig2::DecodeSettings { strict: true };
    let corrupt = |error: hayro_jbig2::DecodeError| damage::corrupt(format!("JBIG2: {error}"));
    let globals =
        globals.map(|globals| hayro_jbig2::Globals::new(globals, &settings)).transpose().map_err(corrupt)?;
    let page = hayro_jbig2::Page::new_embedded(data, globals.as_ref(), &settings).map_err(corrupt)?;
    if (page.width(), page.height()) != (picture.width, picture.height) {
        let (width, height) = (page.width(), page.height());
        return Err(damage::corrupt(format!("JBIG2 of {width} x {height} in a picture of another size")));
    }
    let mut rows = Rows { gatherer: Gatherer::new(picture.width, picture.height), row: Vec::new(), used: 0 };
    page.decode(&mut rows).map_err(corrupt)?;
    whole(rows.gatherer)
}

/// Takes JBIG2's pixels one after another.
struct Rows {
    gatherer: Gatherer,
    row: Vec<u8>,
    used: u32,
}

impl hayro_jbig2::Decoder for Rows {
    fn push_pixel(&mut self, black: bool) {
        if self.used.is_multiple_of(8) {
            self.row.push(0xFF);
        }
        if black && let Some(last) = self.row.last_mut() {
            *last &= !(0x80 >> (self.used % 8));
        }
        self.used += 1;
    }

    fn push_pixel_chunk(&mut self, black: bool, chunk_count: u32) {
        self.row.resize(self.row.len() + chunk_count as usize, if black { 0 } else { 0xFF });
        self.used += chunk_count * 8;
    }

    fn next_line(&mut self) {
        self.gatherer.bits(&self.row);
        self.row.clear();
        self.used = 0;
    }
}

fn jpx(data: &[u8]) -> Result<Cells, Damage> {
    let settings = hayro_jpeg2000::DecodeSettings {
        resolve_palette_indices: true,
        strict: true,
        target_resolution: Some((JPX_SIDE, JPX_SIDE)),
    };
    let corrupt = |error| damage::corrupt(format!("JPEG 2000: {error:?}"));
    let image = hayro_jpeg2000::Image::new(data, &settings).map_err(corrupt)?;
    let (width, height) = (image.width(), image.height());
    let mut context = hayro_jpeg2000::DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(corrupt)?;
    let components = decoded.components().len().max(1);
    let pixels = decoded.data_u8();
    let mut gatherer = Gatherer::new(width, height);
    for row in pixels.chunks_exact((width as usize * components).max(1)) {
        gatherer.bytes(row, components);
    }
    whole(gatherer)
}
