//! The two things a page needs from EXIF: which way up, and how dense.
//!
//! EXIF is a small TIFF inside a JPEG (EXIF 2.3, 4.5). What cannot be read in it is as if it were
//! not there: a camera's bad maker notes are no damage to the picture.

use super::tiff::directory::{self, Directory};

/// What EXIF says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Exif {
    /// Tag 274, 1 to 8.
    pub(crate) orientation: Option<u16>,
    /// Tags 282, 283 and 296: dots an inch, across and down.
    pub(crate) density: Option<(f64, f64)>,
}

/// Reads an EXIF block, the bytes after `Exif\0\0`.
pub(crate) fn read(block: &[u8]) -> Exif {
    let Some(endian) = directory::byte_order(block) else { return Exif::default() };
    let Some(first) = endian.u32(block, 4) else { return Exif::default() };
    match Directory::read(block, endian, first) {
        Ok((directory, _)) => Exif {
            orientation: directory.number(274).and_then(|value| u16::try_from(value).ok()),
            density: directory.density(),
        },
        Err(_) => Exif::default(),
    }
}
