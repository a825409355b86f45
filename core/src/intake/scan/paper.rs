//! From pixels to paper: which resolution is believed, and where the picture lies on the page.
//!
//! **Which resolution is believed.** A density in the file counts when it is a scanner's: 50 to
//! 1,200 dots an inch both ways, neither way more than four times the other (a fax has 204 x 98),
//! and a page no larger than A2 and no smaller than a half by two inches comes of it. Below 100 dpi
//! it is mostly the 72 or 96 a program writes when it knows nothing, so it counts only when the
//! page comes out as A4 or A3 within 5 %. Otherwise the page takes the picture's own shape, as
//! large as fits on A4: upright or landscape as the picture is. A scan that says it is A3 stays A3.

use crate::model::Frame;

/// Width and height of A4 in points (ISO 216: 210 x 297 mm).
pub(crate) const A4: (f64, f64) = (595.276, 841.890);
/// Width and height of A3 in points.
const A3: (f64, f64) = (841.890, 1190.551);
/// Width and height of A2 in points, with a millimetre's tolerance.
const LARGEST: (f64, f64) = (1194.0, 1687.0);
/// The smallest side a PDF page may have, in points (ISO 32000-1, annex C.2).
const SMALLEST_SIDE: f64 = 3.0;

/// Where a picture lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Placement {
    /// The paper.
    pub(crate) frame: Frame,
    /// From the unit square to the paper.
    pub(crate) matrix: [f32; 6],
}

/// The paper of a page nothing is known of: A4 upright.
pub(crate) fn unknown() -> Frame {
    Frame::plain(narrow(A4.0), narrow(A4.1))
}

/// Places a picture of `width` x `height` stored pixels, to be seen as the EXIF/TIFF `orientation`
/// (1 to 8; anything else counts as 1) says, with `density` in stored dots an inch, across and down.
pub(crate) fn place(width: u32, height: u32, orientation: u16, density: Option<(f64, f64)>) -> Placement {
    let turned = (5..=8).contains(&orientation);
    let swap = |pair: (f64, f64)| if turned { (pair.1, pair.0) } else { pair };
    let pixels = swap((f64::from(width), f64::from(height)));
    let (across, down) =
        density.map(swap).and_then(|dpi| believed(pixels, dpi)).unwrap_or_else(|| fitted(pixels));
    let (page_width, page_height) = (across.max(SMALLEST_SIDE), down.max(SMALLEST_SIDE));
    let matrix = oriented(orientation, across, down)
        .map_offset((page_width - across) / 2.0, (page_height - down) / 2.0);
    Placement { frame: Frame::plain(narrow(page_width), narrow(page_height)), matrix: matrix.0.map(narrow) }
}

/// The size in points of the picture at `dpi`, when that is to be believed.
fn believed(pixels: (f64, f64), dpi: (f64, f64)) -> Option<(f64, f64)> {
    let scanner = 50.0..=1200.0;
    if !scanner.contains(&dpi.0) || !scanner.contains(&dpi.1) || !(0.25..=4.0).contains(&(dpi.0 / dpi.1)) {
        return None;
    }
    let size = (pixels.0 * 72.0 / dpi.0, pixels.1 * 72.0 / dpi.1);
    let (short, long) = (size.0.min(size.1), size.0.max(size.1));
    let plausible = short >= 36.0 && long >= 144.0 && short <= LARGEST.0 && long <= LARGEST.1;
    let about =
        |sheet: (f64, f64)| (short / sheet.0 - 1.0).abs() <= 0.05 && (long / sheet.1 - 1.0).abs() <= 0.05;
    let said_by_default = dpi.0.max(dpi.1) < 100.0;
    (plausible && (!said_by_default || about(A4) || about(A3))).then_some(size)
}

/// The largest size in points with the picture's shape that fits on A4.
fn fitted(pixels: (f64, f64)) -> (f64, f64) {
    let sheet = if pixels.0 > pixels.1 { (A4.1, A4.0) } else { A4 };
    let scale = (sheet.0 / pixels.0).min(sheet.1 / pixels.1);
    (pixels.0 * scale, pixels.1 * scale)
}

/// A matrix in double precision.
struct Matrix([f64; 6]);

impl Matrix {
    fn map_offset(mut self, x: f64, y: f64) -> Matrix {
        self.0[4] += x;
        self.0[5] += y;
        self
    }
}

/// The matrix that shows a stored picture upright on a `width` x `height` page.
///
/// The eight values are those of EXIF 2.3, 4.6.4 (tag 274): where the first stored row and the
/// first stored column are seen. 6, for instance, is "first row at the right, first column at the
/// top": the picture has to be turned clockwise by 90 degrees.
fn oriented(orientation: u16, width: f64, height: f64) -> Matrix {
    let (w, h) = (width, height);
    Matrix(match orientation {
        2 => [-w, 0.0, 0.0, h, w, 0.0],
        3 => [-w, 0.0, 0.0, -h, w, h],
        4 => [w, 0.0, 0.0, -h, 0.0, h],
        5 => [0.0, -h, -w, 0.0, w, h],
        6 => [0.0, -h, w, 0.0, 0.0, h],
        7 => [0.0, h, w, 0.0, 0.0, 0.0],
        8 => [0.0, h, -w, 0.0, w, 0.0],
        _ => [w, 0.0, 0.0, h, 0.0, 0.0],
    })
}

/// To the model's single precision, rounded to a thousandth of a point first: 595.2, not 595.20001.
#[allow(clippy::cast_possible_truncation, reason = "page sizes are far inside the range of f32")]
pub(crate) fn narrow(value: f64) -> f32 {
    ((value * 1000.0).round() / 1000.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(width: u32, height: u32, density: Option<(f64, f64)>) -> (f32, f32) {
        place(width, height, 1, density).frame.upright_size()
    }

    #[test]
    fn a_scanners_resolution_gives_the_size_of_the_paper() {
        assert_eq!(size(2550, 3300, Some((300.0, 300.0))), (612.0, 792.0));
        assert_eq!(size(1728, 1100, Some((204.0, 98.0))), (609.882, 808.163), "a fax");
        assert_eq!(size(3508, 4961, Some((300.0, 300.0))), (841.92, 1190.64), "A3 is kept A3");
        assert_eq!(size(595, 842, Some((72.0, 72.0))), (595.0, 842.0), "72 dpi that makes an A4");
    }

    #[test]
    fn an_implausible_resolution_is_not_believed() {
        for (width, height, dpi, why) in [
            (4000, 3000, 72.0, "a camera's metre-wide page"),
            (1240, 1754, 96.0, "the default of a program that knows nothing"),
            (2480, 3508, 1.0, "an aspect ratio taken for a density"),
            (2480, 3508, 4800.0, "a page as small as a stamp"),
            (2480, 3508, f64::NAN, "not a number"),
            (20_000, 7_500, 101.0, "larger than A2"),
        ] {
            let (across, down) = size(width, height, Some((dpi, dpi)));
            let sheet = if width > height { (A4.1, A4.0) } else { A4 };
            assert!(f64::from(across) <= sheet.0 + 0.01 && f64::from(down) <= sheet.1 + 0.01, "{why}");
            let shape = f64::from(across) / f64::from(down) / (f64::from(width) / f64::from(height));
            assert!((shape - 1.0).abs() < 0.001, "{why}: the shape is the picture's");
        }
    }

    #[test]
    fn a_hair_of_a_picture_still_has_a_page() {
        let placed = place(20_000, 1, 1, None);
        assert_eq!(placed.frame.upright_size(), (841.89, 3.0));
        assert!(placed.matrix[3] > 0.0 && placed.matrix[5] > 1.0, "{:?}", placed.matrix);
    }

    #[test]
    fn every_orientation_is_seen_upright() {
        // Where the stored top left corner and the stored top right corner are seen, in fractions
        // of the page with the origin at the top left.
        for (orientation, top_left, top_right) in [
            (1, (0.0, 0.0), (1.0, 0.0)),
            (2, (1.0, 0.0), (0.0, 0.0)),
            (3, (1.0, 1.0), (0.0, 1.0)),
            (4, (0.0, 1.0), (1.0, 1.0)),
            (5, (0.0, 0.0), (0.0, 1.0)),
            (6, (1.0, 0.0), (1.0, 1.0)),
            (7, (1.0, 1.0), (1.0, 0.0)),
            (8, (0.0, 1.0), (0.0, 0.0)),
            (0, (0.0, 0.0), (1.0, 0.0)),
            (9, (0.0, 0.0), (1.0, 0.0)),
        ] {
            let placed = place(3000, 2000, orientation, Some((300.0, 300.0)));
            let (width, height) = placed.frame.upright_size();
            let turned = (5..=8).contains(&orientation);
            assert_eq!((width, height), if turned { (480.0, 720.0) } else { (720.0, 480.0) });
            let [a, b, c, d, e, f] = placed.matrix;
            let seen = |u: f32, v: f32| ((a * u + c * v + e) / width, 1.0 - (b * u + d * v + f) / height);
            assert_eq!(seen(0.0, 1.0), top_left, "orientation {orientation}");
            assert_eq!(seen(1.0, 1.0), top_right, "orientation {orientation}");
        }
    }
}
