//! What probing finds, before its bytes are in the blob store: the same words as the model's, with
//! places in a file instead of blobs. The decoding process sends these over its pipe.

use serde::{Deserialize, Serialize};

use super::{damage, paper};
use crate::model::{Damage, Frame};

/// Where bytes are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) enum Bytes {
    /// In the file that was probed.
    Range {
        /// First byte.
        offset: u64,
        /// How many.
        length: u64,
    },
    /// Beside the finding: the n-th attachment, from 0.
    Attached(usize),
}

/// [`crate::model::Codec`] with globals not stored yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) enum Coding {
    /// A whole JPEG file.
    Dct { colour_transform: Option<u8> },
    /// T.4 or T.6.
    Ccitt {
        k: i32,
        black_is_1: bool,
        byte_align: bool,
        end_of_line: bool,
        end_of_block: bool,
        columns: u32,
        rows: u32,
    },
    /// JBIG2, embedded.
    Jbig2 { globals: Option<Bytes> },
    /// A `.jp2` file.
    Jpx,
    /// zlib.
    Flate { predictor: u8, colours: u8, bits: u8, columns: u32 },
}

/// [`crate::model::ColourSpace`] with profiles not stored yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) enum Colours {
    /// Grey or bilevel.
    Grey,
    /// Red, green, blue.
    Rgb,
    /// A profile.
    Icc { profile: Bytes, components: u8 },
    /// A palette.
    Indexed { components: u8, profile: Option<Bytes>, palette: Vec<u8> },
}

impl Colours {
    /// Numbers a pixel.
    pub(crate) fn components(&self) -> u8 {
        match self {
            Colours::Grey | Colours::Indexed { .. } => 1,
            Colours::Rgb => 3,
            Colours::Icc { components, .. } => *components,
        }
    }
}

/// A picture, its bytes named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Picture {
    /// The compressed bytes.
    pub(crate) bytes: Bytes,
    /// Pixels.
    pub(crate) width: u32,
    /// Pixels.
    pub(crate) height: u32,
    /// Bits a component.
    pub(crate) bits: u8,
    /// What the pixels mean.
    pub(crate) colours: Colours,
    /// How they are compressed.
    pub(crate) coding: Coding,
    /// `/Decode`, empty for the default.
    pub(crate) decode: Vec<f32>,
}

/// A picture on its page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Placed {
    /// The picture.
    pub(crate) picture: Picture,
    /// From the unit square to the paper.
    pub(crate) matrix: [f32; 6],
    /// Why it is not the scanner's own bytes, when it is not.
    pub(crate) converted: Option<String>,
}

/// A code and what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// Stable code.
    pub(crate) code: String,
    /// In English.
    pub(crate) detail: String,
}

impl From<Damage> for Fault {
    fn from(damage: Damage) -> Fault {
        Fault { code: damage.code, detail: damage.detail }
    }
}

impl From<Fault> for Damage {
    fn from(fault: Fault) -> Damage {
        Damage { code: fault.code, detail: fault.detail }
    }
}

/// One page, found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sighting {
    /// `/MediaBox`.
    pub(crate) media_box: [f32; 4],
    /// `/CropBox`.
    pub(crate) crop_box: [f32; 4],
    /// `/Rotate`.
    pub(crate) rotate: u16,
    /// The picture, when one could be read.
    pub(crate) placed: Option<Placed>,
    /// What is wrong, when something is.
    pub(crate) fault: Option<Fault>,
    /// What the report says besides: "invisible text dropped".
    pub(crate) notes: Vec<String>,
}

impl Sighting {
    /// A page with its picture on it.
    pub(crate) fn whole(frame: Frame, placed: Placed) -> Sighting {
        Sighting { placed: Some(placed), ..Sighting::blank(frame) }
    }

    /// A page that cannot be shown.
    pub(crate) fn damaged(frame: Frame, damage: Damage) -> Sighting {
        Sighting { fault: Some(damage.into()), ..Sighting::blank(frame) }
    }

    /// A page that cannot be shown and whose size is unknown.
    pub(crate) fn lost(damage: Damage) -> Sighting {
        Sighting::damaged(paper::unknown(), damage)
    }

    fn blank(frame: Frame) -> Sighting {
        Sighting {
            media_box: frame.media_box,
            crop_box: frame.crop_box,
            rotate: frame.rotate,
            placed: None,
            fault: None,
            notes: Vec::new(),
        }
    }

    /// The paper.
    pub(crate) fn frame(&self) -> Frame {
        Frame { media_box: self.media_box, crop_box: self.crop_box, rotate: self.rotate }
    }

    /// Refuses what no honest finding holds, since a decoding process that met a hostile file is
    /// not to be trusted: sizes beyond the limits, numbers that are none.
    pub(crate) fn sane(&self) -> Result<(), Damage> {
        let finite = |numbers: &[f32]| numbers.iter().all(|number| number.is_finite());
        let mut sane = finite(&self.media_box) && finite(&self.crop_box) && self.rotate.is_multiple_of(90);
        if let Some(Placed { picture, matrix, .. }) = &self.placed {
            super::limits::check(picture.width, picture.height, picture.bits == 1)?;
            sane &= finite(matrix) && finite(&picture.decode) && matches!(picture.bits, 1 | 2 | 4 | 8);
            sane &= picture.decode.len() <= 8;
            if let Colours::Indexed { palette, components, .. } = &picture.colours {
                sane &= matches!(components, 1 | 3) && palette.len() <= 256 * usize::from(*components);
            }
        }
        if sane { Ok(()) } else { Err(damage::malformed("numbers that describe no page")) }
    }
}
