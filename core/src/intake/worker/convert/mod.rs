//! Converting once what an archival PDF cannot hold as it is. The result is lossless: grey, RGB or
//! bilevel under zlib with PNG predictors, and the same bytes for the same scan.

mod encode;
mod jpeg;
mod lzw;
mod mupdf;
mod png;
mod raster;
mod tiff;

pub(crate) use encode::{picture, png_file, recompressed};
pub(crate) use jpeg::convert as jpeg;
pub(crate) use mupdf::{page, shown, unreadable};
pub(crate) use png::convert as png;
pub(crate) use raster::Raster;
pub(crate) use tiff::convert as tiff;

use super::protocol::Reply;
use super::serve::Served;
use crate::model::Damage;

/// The answer to a request to convert.
pub(crate) fn served(raster: Result<Raster, Damage>) -> Served {
    let (picture, bytes) = encode::picture(&raster?);
    Ok((Reply::Converted(Box::new(picture)), vec![bytes]))
}
