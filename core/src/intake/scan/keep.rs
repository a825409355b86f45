//! From a finding to the model: the bytes go into the blob store.

use std::borrow::Cow;
use std::io;

use super::found::{Bytes, Coding, Colours, Picture, Placed, Sighting};
use crate::model::{BlobRef, Codec, ColourSpace, Damage, Page, PlacedScan, ScanImage};
use crate::store::BlobSink;

/// Why a finding was not stored.
pub(crate) enum Unkept {
    /// The blob store cannot take it: our own failure.
    Disk(io::Error),
    /// The bytes it names are not there.
    Damage(Damage),
}

impl From<Damage> for Unkept {
    fn from(damage: Damage) -> Unkept {
        Unkept::Damage(damage)
    }
}

/// Gives the bytes a finding names.
pub(crate) type Fetch<'a> = dyn Fn(&Bytes) -> Result<Cow<'a, [u8]>, Unkept> + 'a;

/// Stores what was found and returns the page, its `file` left empty.
///
/// # Errors
/// [`Unkept::Disk`] is what the sink says, [`Unkept::Damage`] what `fetch` says.
pub(crate) fn keep(
    sighting: Sighting,
    file_page: u32,
    fetch: &Fetch<'_>,
    sink: &dyn BlobSink,
) -> Result<Page, Unkept> {
    let frame = sighting.frame();
    let store = |bytes: &Bytes| -> Result<BlobRef, Unkept> { sink.put(&fetch(bytes)?).map_err(Unkept::Disk) };
    let scan = match sighting.placed {
        None => None,
        Some(Placed { picture, matrix, converted }) => {
            Some(PlacedScan { image: image(picture, &store)?, matrix, converted })
        }
    };
    Ok(Page {
        file: String::new(),
        file_page,
        frame,
        scan,
        damage: sighting.fault.map(Into::into),
        accepted: None,
    })
}

/// Stores one named piece.
type Store<'a> = dyn Fn(&Bytes) -> Result<BlobRef, Unkept> + 'a;

fn image(picture: Picture, store: &Store<'_>) -> Result<ScanImage, Unkept> {
    let blob = store(&picture.bytes)?;
    let colours = match picture.colours {
        Colours::Grey => ColourSpace::Grey,
        Colours::Rgb => ColourSpace::Rgb,
        Colours::Icc { profile, components } => ColourSpace::Icc { profile: store(&profile)?, components },
        Colours::Indexed { components, profile, palette } => {
            ColourSpace::Indexed { components, profile: profile.as_ref().map(store).transpose()?, palette }
        }
    };
    let codec = match picture.coding {
        Coding::Dct { colour_transform } => Codec::Dct { colour_transform },
        Coding::Ccitt { k, black_is_1, byte_align, end_of_line, end_of_block, columns, rows } => {
            Codec::Ccitt { k, black_is_1, byte_align, end_of_line, end_of_block, columns, rows }
        }
        Coding::Jbig2 { globals } => Codec::Jbig2 { globals: globals.as_ref().map(store).transpose()? },
        Coding::Jpx => Codec::Jpx,
        Coding::Flate { predictor, colours, bits, columns } => {
            Codec::Flate { predictor, colours, bits, columns }
        }
    };
    Ok(ScanImage {
        blob,
        width: picture.width,
        height: picture.height,
        bits: picture.bits,
        colours,
        codec,
        decode: picture.decode,
        mask: false,
    })
}
