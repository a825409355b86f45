//! What mupdf paints: pictures with its colour conversion, whole pages of a PDF.

use mupdf::{ColorParams, Colorspace, Device, Document, Error, Image, Matrix, Pixmap};

use super::Raster;
use super::raster::too_large;
use crate::intake::scan::{damage, limits};
use crate::model::Damage;

/// What mupdf could not read.
pub(crate) fn unreadable(error: Error) -> Damage {
    let text = error.to_string();
    if text.contains("malloc") {
        too_large()
    } else {
        damage::unsupported(format!("cannot be decoded: {text}"))
    }
}

/// A picture on white, its pixels one to one.
///
/// # Errors
/// `SCN-008` when it cannot be decoded, `DEC-003` when memory does not suffice.
pub(crate) fn painted(image: &Image, width: u32, height: u32) -> Result<Raster, Damage> {
    let side = |side: u32| i32::try_from(side).map_err(|_| too_large());
    let mut pixmap = Pixmap::new_with_w_h(&Colorspace::device_rgb(), side(width)?, side(height)?, false)
        .map_err(unreadable)?;
    pixmap.clear_with(255).map_err(unreadable)?;
    let device = Device::from_pixmap(&pixmap).map_err(unreadable)?;
    #[allow(clippy::cast_precision_loss, reason = "sides are at most 40,000")]
    let matrix = Matrix::new(width as f32, 0.0, 0.0, height as f32, 0.0, 0.0);
    device.fill_image(image, &matrix, 1.0, ColorParams::default()).map_err(unreadable)?;
    drop(device);
    taken(&pixmap)
}

/// The pixels of an RGB pixmap.
fn taken(pixmap: &Pixmap) -> Result<Raster, Damage> {
    let mut raster = Raster::empty(pixmap.width(), pixmap.height(), 8, 3)?;
    let stride = usize::try_from(pixmap.stride()).map_err(|_| too_large())?;
    for row in pixmap.samples().chunks_exact(stride.max(1)) {
        raster.data.extend_from_slice(&row[..raster.stride()]);
    }
    Ok(raster.whole()?.plain())
}

/// A page of a PDF as a reader shows it, upright, on white, with its width and height in points.
///
/// # Errors
/// As [`painted`].
pub(crate) fn page(document: &Document, page: u32, dpi: f64) -> Result<(Raster, f64, f64), Damage> {
    let index = i32::try_from(page).unwrap_or(i32::MAX) - 1;
    let page = document.load_page(index).map_err(unreadable)?;
    let bounds = page.bounds().map_err(unreadable)?;
    let (width, height) = (f64::from(bounds.x1 - bounds.x0), f64::from(bounds.y1 - bounds.y0));
    let scale = dpi / 72.0;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded up and checked next")]
    let pixels = |points: f64| (points * scale).ceil().clamp(0.0, f64::from(u32::MAX)) as u32;
    limits::check(pixels(width), pixels(height), false)?;
    #[allow(clippy::cast_possible_truncation, reason = "a scale is a small number")]
    let matrix = Matrix::new_scale(scale as f32, scale as f32);
    let pixmap = page.to_pixmap(&matrix, &Colorspace::device_rgb(), false, true).map_err(unreadable)?;
    Ok((taken(&pixmap)?, width, height))
}

/// The first page of a PDF in memory as a reader shows it, upright, on white, scaled to so many pixels.
///
/// # Errors
/// As [`painted`], and `SCN-005` for more pixels than a page may have.
pub(crate) fn shown(pdf: &[u8], width: u32, height: u32) -> Result<Raster, Damage> {
    limits::check(width, height, false)?;
    let document = Document::from_bytes(pdf, "application/pdf").map_err(unreadable)?;
    let page = document.load_page(0).map_err(unreadable)?;
    let bounds = page.bounds().map_err(unreadable)?;
    let side = |side: u32| i32::try_from(side).map_err(|_| too_large());
    let mut pixmap = Pixmap::new_with_w_h(&Colorspace::device_rgb(), side(width)?, side(height)?, false)
        .map_err(unreadable)?;
    pixmap.clear_with(255).map_err(unreadable)?;
    let device = Device::from_pixmap(&pixmap).map_err(unreadable)?;
    #[allow(clippy::cast_precision_loss, reason = "sides are at most 20,000")]
    let (across, down) = (
        width as f32 / (bounds.x1 - bounds.x0).max(f32::MIN_POSITIVE),
        height as f32 / (bounds.y1 - bounds.y0).max(f32::MIN_POSITIVE),
    );
    let matrix = Matrix::new(across, 0.0, 0.0, down, -bounds.x0 * across, -bounds.y0 * down);
    page.run(&device, &matrix).map_err(unreadable)?;
    drop(device);
    taken(&pixmap)
}
