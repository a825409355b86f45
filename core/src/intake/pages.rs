//! The *pages* blob: what was found in an import's scans, a line a script in the bundle's order.
//!
//! With the bundle's own files it is all that a replay needs: neither the bundle nor a decoder.
//! The format stands by itself, apart from the model, because blobs outlive schema versions.
//! Floating point numbers are kept as their bits, so that what comes back is what went in.

use serde::{Deserialize, Serialize};

use crate::journal::hex;
use crate::model::{BlobRef, Codec, ColourSpace, Damage, Frame, Page, PlacedScan, ScanImage};

/// The name of the blob in messages.
pub const PAGES: &str = "pages.jsonl";

/// The first line.
#[derive(Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Head {
    format: String,
    version: u32,
}

/// Writes the first line.
pub fn head() -> String {
    "{\"format\":\"copiste-pages\",\"version\":1}\n".to_owned()
}

/// Whether a line is a first line that this version reads.
pub fn is_head(line: &str) -> bool {
    let wanted = Head { format: "copiste-pages".to_owned(), version: 1 };
    serde_json::from_str::<Head>(line).is_ok_and(|head| head == wanted)
}

/// A script's pages.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    candidate: String,
    pages: Vec<Kept>,
}

/// Writes the pages of a candidate's script, and a line end.
///
/// # Errors
/// Never in practice; whatever the serializer says.
pub fn write(candidate: &str, pages: &[Page]) -> Result<String, serde_json::Error> {
    let line = Line { candidate: candidate.to_owned(), pages: pages.iter().map(Kept::of).collect() };
    let mut text = serde_json::to_string(&line)?;
    text.push('\n');
    Ok(text)
}

/// Reads what [`write`] wrote: candidate number and pages.
///
/// # Errors
/// Whatever is not as it was written.
pub fn read(line: &str) -> Result<(String, Vec<Page>), serde_json::Error> {
    let line: Line = serde_json::from_str(line)?;
    Ok((line.candidate, line.pages.into_iter().map(Kept::page).collect()))
}

/// Whose pages a line is about, without reading them.
///
/// # Errors
/// Whatever is not as it was written.
pub fn whose(line: &str) -> Result<String, serde_json::Error> {
    #[derive(Deserialize)]
    struct Whose {
        candidate: String,
    }
    serde_json::from_str::<Whose>(line).map(|whose| whose.candidate)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    file: String,
    page: u32,
    media: [u32; 4],
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crop: Option<[u32; 4]>,
    #[serde(default, skip_serializing_if = "is_zero")]
    rotate: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scan: Option<KeptScan>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    damage: Option<(String, String)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptScan {
    #[serde(with = "hex::blob")]
    blob: BlobRef,
    width: u32,
    height: u32,
    bits: u8,
    colours: KeptColours,
    codec: KeptCodec,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    decode: Vec<u32>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    mask: bool,
    matrix: [u32; 6],
    #[serde(default, skip_serializing_if = "Option::is_none")]
    converted: Option<String>,
}

/// A blob where there may be none.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Blob(#[serde(with = "hex::blob")] BlobRef);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum KeptColours {
    Grey,
    Rgb,
    Icc { profile: Blob, components: u8 },
    Indexed { components: u8, profile: Option<Blob>, palette: Vec<u8> },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum KeptCodec {
    Dct {
        colour_transform: Option<u8>,
    },
    Ccitt {
        k: i32,
        black_is_1: bool,
        byte_align: bool,
        end_of_line: bool,
        end_of_block: bool,
        columns: u32,
        rows: u32,
    },
    Jbig2 {
        globals: Option<Blob>,
    },
    Jpx,
    Flate {
        predictor: u8,
        colours: u8,
        bits: u8,
        columns: u32,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u16) -> bool {
    *number == 0
}

impl Kept {
    fn of(page: &Page) -> Kept {
        let media = page.frame.media_box.map(f32::to_bits);
        let crop = page.frame.crop_box.map(f32::to_bits);
        Kept {
            file: page.file.clone(),
            page: page.file_page,
            media,
            crop: Some(crop).filter(|crop| *crop != media),
            rotate: page.frame.rotate,
            scan: page.scan.as_ref().map(KeptScan::of),
            damage: page.damage.as_ref().map(|damage| (damage.code.clone(), damage.detail.clone())),
        }
    }

    fn page(self) -> Page {
        let frame = Frame {
            media_box: self.media.map(f32::from_bits),
            crop_box: self.crop.unwrap_or(self.media).map(f32::from_bits),
            rotate: self.rotate,
        };
        Page {
            file: self.file,
            file_page: self.page,
            frame,
            scan: self.scan.map(KeptScan::placed),
            damage: self.damage.map(|(code, detail)| Damage { code, detail }),
            accepted: None,
        }
    }
}

impl KeptScan {
    fn of(placed: &PlacedScan) -> KeptScan {
        let image = &placed.image;
        KeptScan {
            blob: image.blob,
            width: image.width,
            height: image.height,
            bits: image.bits,
            colours: KeptColours::of(&image.colours),
            codec: KeptCodec::of(&image.codec),
            decode: image.decode.iter().map(|number| number.to_bits()).collect(),
            mask: image.mask,
            matrix: placed.matrix.map(f32::to_bits),
            converted: placed.converted.clone(),
        }
    }

    fn placed(self) -> PlacedScan {
        PlacedScan {
            image: ScanImage {
                blob: self.blob,
                width: self.width,
                height: self.height,
                bits: self.bits,
                colours: self.colours.colours(),
                codec: self.codec.codec(),
                decode: self.decode.into_iter().map(f32::from_bits).collect(),
                mask: self.mask,
            },
            matrix: self.matrix.map(f32::from_bits),
            converted: self.converted,
        }
    }
}

impl KeptColours {
    fn of(colours: &ColourSpace) -> KeptColours {
        match colours {
            ColourSpace::Grey => KeptColours::Grey,
            ColourSpace::Rgb => KeptColours::Rgb,
            ColourSpace::Icc { profile, components } => {
                KeptColours::Icc { profile: Blob(*profile), components: *components }
            }
            ColourSpace::Indexed { components, profile, palette } => KeptColours::Indexed {
                components: *components,
                profile: profile.map(Blob),
                palette: palette.clone(),
            },
        }
    }

    fn colours(self) -> ColourSpace {
        match self {
            KeptColours::Grey => ColourSpace::Grey,
            KeptColours::Rgb => ColourSpace::Rgb,
            KeptColours::Icc { profile, components } => ColourSpace::Icc { profile: profile.0, components },
            KeptColours::Indexed { components, profile, palette } => {
                ColourSpace::Indexed { components, profile: profile.map(|blob| blob.0), palette }
            }
        }
    }
}

impl KeptCodec {
    fn of(codec: &Codec) -> KeptCodec {
        match codec {
            Codec::Dct { colour_transform } => KeptCodec::Dct { colour_transform: *colour_transform },
            Codec::Ccitt { k, black_is_1, byte_align, end_of_line, end_of_block, columns, rows } => {
                KeptCodec::Ccitt {
                    k: *k,
                    black_is_1: *black_is_1,
                    byte_align: *byte_align,
                    end_of_line: *end_of_line,
                    end_of_block: *end_of_block,
                    columns: *columns,
                    rows: *rows,
                }
            }
            Codec::Jbig2 { globals } => KeptCodec::Jbig2 { globals: globals.map(Blob) },
            Codec::Jpx => KeptCodec::Jpx,
            Codec::Flate { predictor, colours, bits, columns } => {
                KeptCodec::Flate { predictor: *predictor, colours: *colours, bits: *bits, columns: *columns }
            }
        }
    }

    fn codec(self) -> Codec {
        match self {
            KeptCodec::Dct { colour_transform } => Codec::Dct { colour_transform },
            KeptCodec::Ccitt { k, black_is_1, byte_align, end_of_line, end_of_block, columns, rows } => {
                Codec::Ccitt { k, black_is_1, byte_align, end_of_line, end_of_block, columns, rows }
            }
            KeptCodec::Jbig2 { globals } => Codec::Jbig2 { globals: globals.map(|blob| blob.0) },
            KeptCodec::Jpx => Codec::Jpx,
            KeptCodec::Flate { predictor, colours, bits, columns } => {
                Codec::Flate { predictor, colours, bits, columns }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn blob() -> impl Strategy<Value = BlobRef> {
        (any::<[u8; 32]>(), any::<u64>(), any::<u32>()).prop_map(|(sha256, length, crc32)| BlobRef {
            sha256,
            length,
            crc32,
        })
    }

    fn colours() -> impl Strategy<Value = ColourSpace> {
        prop_oneof![
            Just(ColourSpace::Grey),
            Just(ColourSpace::Rgb),
            (blob(), any::<u8>()).prop_map(|(profile, components)| ColourSpace::Icc { profile, components }),
            (any::<u8>(), proptest::option::of(blob()), any::<Vec<u8>>()).prop_map(
                |(components, profile, palette)| ColourSpace::Indexed { components, profile, palette }
            ),
        ]
    }

    fn codec() -> impl Strategy<Value = Codec> {
        prop_oneof![
            any::<Option<u8>>().prop_map(|colour_transform| Codec::Dct { colour_transform }),
            (any::<i32>(), any::<[bool; 4]>(), any::<[u32; 2]>()).prop_map(
                |(k, [black_is_1, byte_align, end_of_line, end_of_block], [columns, rows])| {
                    Codec::Ccitt { k, black_is_1, byte_align, end_of_line, end_of_block, columns, rows }
                }
            ),
            proptest::option::of(blob()).prop_map(|globals| Codec::Jbig2 { globals }),
            Just(Codec::Jpx),
            (any::<[u8; 3]>(), any::<u32>()).prop_map(|([predictor, colours, bits], columns)| {
                Codec::Flate { predictor, colours, bits, columns }
            }),
        ]
    }

    /// Numbers that are equal to themselves.
    fn number() -> impl Strategy<Value = f32> {
        any::<f32>().prop_filter("a number", |number| !number.is_nan())
    }

    fn page() -> impl Strategy<Value = Page> {
        let image = (blob(), any::<[u32; 2]>(), any::<u8>(), colours(), codec(), any::<bool>());
        let scan = (image, proptest::collection::vec(number(), 6), any::<Option<String>>());
        let scan =
            scan.prop_map(|((blob, [width, height], bits, colours, codec, mask), numbers, converted)| {
                let matrix = [numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]];
                let image = ScanImage { blob, width, height, bits, colours, codec, decode: numbers, mask };
                PlacedScan { image, matrix, converted }
            });
        let damage = proptest::option::of(
            any::<(String, String)>().prop_map(|(code, detail)| Damage { code, detail }),
        );
        let frame = (number(), number(), any::<u16>());
        (any::<String>(), any::<u32>(), frame, proptest::option::of(scan), damage).prop_map(
            |(file, file_page, (one, other, rotate), scan, damage)| {
                let frame = Frame { media_box: [one; 4], crop_box: [other; 4], rotate };
                Page { file, file_page, frame, scan, damage, accepted: None }
            },
        )
    }

    proptest! {
        #[test]
        fn what_was_found_in_a_scan_comes_back_as_it_was(pages in proptest::collection::vec(page(), 0..3)) {
            let line = write("0123", &pages).unwrap();
            prop_assert!(line.ends_with('\n') && !line[..line.len() - 1].contains('\n'));
            prop_assert_eq!(whose(&line).unwrap(), "0123");
            prop_assert_eq!(read(&line).unwrap(), ("0123".to_owned(), pages));
        }
    }

    #[test]
    fn only_this_versions_head_is_read() {
        assert!(is_head(head().trim_end()));
        for other in
            ["", "{}", r#"{"format":"copiste-pages","version":2}"#, r#"{"candidate":"1","pages":[]}"#]
        {
            assert!(!is_head(other), "{other}");
        }
    }
}
