//! A scanned page: which bytes, how they decode, and where they lie on the paper.
//!
//! Everything a PDF needs to know about a scan is here, found once at intake, so that rendering
//! never opens an image to look at it.
#![allow(missing_docs, reason = "the archived twin of an enum with named fields is derived without its docs")]

use rkyv::{Archive, Deserialize, Serialize};

/// Names the bytes of a blob: content address, length and CRC-32 (IEEE, as in ZIP).
#[derive(Archive, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[rkyv(derive(Debug, Clone, Copy, PartialEq, Eq))]
pub struct BlobRef {
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
    /// How many bytes.
    pub length: u64,
    /// CRC-32 of the bytes.
    pub crc32: u32,
}

impl ArchivedBlobRef {
    /// The reference itself.
    pub fn get(&self) -> BlobRef {
        BlobRef { sha256: self.sha256, length: self.length.to_native(), crc32: self.crc32.to_native() }
    }
}

/// The paper: boxes in points (1/72 inch) in PDF user space (origin bottom left, y upwards), and
/// the clockwise rotation a reader applies before showing it.
#[derive(Archive, Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
#[rkyv(derive(Debug, Clone, Copy))]
pub struct Frame {
    /// `/MediaBox` as left, bottom, right, top.
    pub media_box: [f32; 4],
    /// `/CropBox` as left, bottom, right, top; lies within the media box. What is seen.
    pub crop_box: [f32; 4],
    /// `/Rotate`: 0, 90, 180 or 270, clockwise.
    pub rotate: u16,
}

impl Frame {
    /// A plain page of the given size in points.
    pub fn plain(width: f32, height: f32) -> Frame {
        let all = [0.0, 0.0, width, height];
        Frame { media_box: all, crop_box: all, rotate: 0 }
    }

    /// Width and height in points of the page as seen upright.
    pub fn upright_size(&self) -> (f32, f32) {
        let [left, bottom, right, top] = self.crop_box;
        let (width, height) = (right - left, top - bottom);
        if self.rotate.is_multiple_of(180) { (width, height) } else { (height, width) }
    }

    /// The matrix `[a b c d e f]` that takes a place on the upright page (points, origin top left,
    /// y downwards) to user space: `x' = a·x + c·y + e`, `y' = b·x + d·y + f`.
    pub fn upright_to_user(&self) -> [f32; 6] {
        let [left, bottom, right, top] = self.crop_box;
        match self.rotate {
            90 => [0.0, 1.0, 1.0, 0.0, left, bottom],
            180 => [-1.0, 0.0, 0.0, 1.0, right, bottom],
            270 => [0.0, -1.0, -1.0, 0.0, right, top],
            _ => [1.0, 0.0, 0.0, -1.0, left, top],
        }
    }
}

impl ArchivedFrame {
    /// The frame itself.
    pub fn get(&self) -> Frame {
        Frame {
            media_box: self.media_box.map(|edge| edge.to_native()),
            crop_box: self.crop_box.map(|edge| edge.to_native()),
            rotate: self.rotate.to_native(),
        }
    }
}

/// How the scan's bytes are compressed, with what a PDF reader needs to undo it.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug))]
pub enum Codec {
    /// A whole JPEG file.
    Dct {
        /// `/ColorTransform`, when the source stated one.
        colour_transform: Option<u8>,
    },
    /// ITU-T T.4 or T.6, one strip.
    Ccitt {
        /// `/K`: negative G4, 0 G3 one-dimensional, positive G3 mixed.
        k: i32,
        /// `/BlackIs1`.
        black_is_1: bool,
        /// `/EncodedByteAlign`.
        byte_align: bool,
        /// `/EndOfLine`.
        end_of_line: bool,
        /// `/EndOfBlock`; the PDF default is true.
        end_of_block: bool,
        /// `/Columns`.
        columns: u32,
        /// `/Rows`; 0 when the source gave none.
        rows: u32,
    },
    /// An embedded JBIG2 stream (no file header).
    Jbig2 {
        /// `/JBIG2Globals`.
        globals: Option<BlobRef>,
    },
    /// A `.jp2` file.
    Jpx,
    /// zlib, with a PNG or TIFF predictor where `predictor` is not 1.
    Flate {
        /// `/Predictor`.
        predictor: u8,
        /// `/Colors`.
        colours: u8,
        /// `/BitsPerComponent` of the predictor.
        bits: u8,
        /// `/Columns`.
        columns: u32,
    },
}

/// What the numbers in the pixels mean.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug))]
pub enum ColourSpace {
    /// Grey or bilevel.
    Grey,
    /// Red, green, blue.
    Rgb,
    /// A profile; kept as the source had it.
    Icc {
        /// The profile's bytes, not compressed.
        profile: BlobRef,
        /// Components: 1, 3 or 4.
        components: u8,
    },
    /// A palette of grey (1), RGB (3) or profiled colours.
    Indexed {
        /// Components of a palette entry: 1 or 3.
        components: u8,
        /// Profile of the palette's colours, when they had one.
        profile: Option<BlobRef>,
        /// The entries, one after another; at most 256 of them.
        palette: Vec<u8>,
    },
}

/// A picture as its scanner made it.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[rkyv(derive(Debug))]
pub struct ScanImage {
    /// The compressed bytes, whole.
    pub blob: BlobRef,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Bits a component: 1, 2, 4 or 8.
    pub bits: u8,
    /// What the pixels mean (ignored by a reader for [`Codec::Jpx`] when that states its own).
    pub colours: ColourSpace,
    /// How they are compressed.
    pub codec: Codec,
    /// `/Decode`, empty for the default.
    pub decode: Vec<f32>,
    /// `/ImageMask`: painted in black through the picture. Always false so far: masks are converted.
    pub mask: bool,
}

/// A picture and its place on the paper.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[rkyv(derive(Debug))]
pub struct PlacedScan {
    /// The picture.
    pub image: ScanImage,
    /// Takes the unit square (origin bottom left, as PDF paints images) to user space.
    pub matrix: [f32; 6],
    /// Why the scan was converted once instead of passing through; English, no personal data.
    pub converted: Option<String>,
}

/// Why a page cannot be shown.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug))]
pub struct Damage {
    /// Stable code, such as `SCN-004`.
    pub code: String,
    /// What was found, in English, no personal data.
    pub detail: String,
}

/// Someone accepted a damaged page by name.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug))]
pub struct Acceptance {
    /// Why.
    pub reason: String,
    /// Seconds since 1970, UTC.
    pub at: i64,
    /// The journal line that says so.
    pub line: u64,
}

/// One scanned page of a script.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[rkyv(derive(Debug))]
pub struct Page {
    /// The file in the bundle. May name a person, so never logged.
    pub file: String,
    /// Page within that file, from 1.
    pub file_page: u32,
    /// The paper. A damaged page whose size is unknown is A4.
    pub frame: Frame,
    /// The picture; none when it could not be read.
    pub scan: Option<PlacedScan>,
    /// Why it cannot be trusted: shown as a placeholder until replaced or accepted.
    pub damage: Option<Damage>,
    /// Who took responsibility for the damage.
    pub accepted: Option<Acceptance>,
}

impl Page {
    /// The page as a reader shows it after a further clockwise turn of `by` degrees, a multiple
    /// of 90. The scan and its place on the paper stay as they are.
    #[must_use]
    pub fn turned(mut self, by: u16) -> Page {
        self.frame.rotate = (self.frame.rotate % 360 + by % 360) % 360;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(matrix: [f32; 6], x: f32, y: f32) -> (f32, f32) {
        let [a, b, c, d, e, f] = matrix;
        (a * x + c * y + e, b * x + d * y + f)
    }

    #[test]
    fn the_upright_corner_lands_where_a_reader_shows_it() {
        // A reader turns the page clockwise by /Rotate. With 90 the bottom left corner of the
        // paper is seen at the top left.
        let frame = |rotate| Frame {
            media_box: [0.0, 0.0, 100.0, 200.0],
            crop_box: [10.0, 20.0, 90.0, 180.0],
            rotate,
        };
        for (rotate, top_left, bottom_right) in [
            (0, (10.0, 180.0), (90.0, 20.0)),
            (90, (10.0, 20.0), (90.0, 180.0)),
            (180, (90.0, 20.0), (10.0, 180.0)),
            (270, (90.0, 180.0), (10.0, 20.0)),
        ] {
            let frame = frame(rotate);
            let (width, height) = frame.upright_size();
            assert_eq!(apply(frame.upright_to_user(), 0.0, 0.0), top_left, "rotate {rotate}");
            assert_eq!(apply(frame.upright_to_user(), width, height), bottom_right, "rotate {rotate}");
        }
    }
}
