//! JPEG that no PDF/A reader shows: CMYK, with or without Adobe's inversion, and rarer kinds.

use mupdf::Image;

use super::Raster;
use super::mupdf::{painted, unreadable};
use crate::intake::scan::jpeg::{self, Process};
use crate::intake::worker::inspect;
use crate::model::Damage;

/// Converts a JPEG file to RGB, or grey when it has no colour.
///
/// # Errors
/// `SCN-014` when its data are not whole, `SCN-008` when it cannot be decoded.
pub(crate) fn convert(file: &[u8]) -> Result<Raster, Damage> {
    let head = jpeg::walk(file)?;
    if head.process != Process::Other && head.precision == 8 {
        // mupdf paints on when data are short: it is asked only about whole ones.
        inspect::jpeg::decode(file)?;
    }
    let mut image = Image::from_bytes(file).map_err(unreadable)?;
    if head.components.len() == 4 && head.adobe.is_none() {
        // mupdf takes every CMYK file to be inverted, as Photoshop writes them. Photoshop leaves
        // its mark; a file without it means what it says.
        let mut pixels = image.to_pixmap().map_err(unreadable)?;
        pixels.samples_mut().iter_mut().for_each(|sample| *sample = !*sample);
        image = Image::from_pixmap(&pixels).map_err(unreadable)?;
    }
    painted(&image, head.width, head.height)
}
