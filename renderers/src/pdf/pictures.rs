//! Scans as image objects: a dictionary of ours around bytes that stay as the scanner made them.

use copiste_core::model::{ArchivedCodec, ArchivedColourSpace, ArchivedScanImage, BlobRef};
use copiste_core::rope::Rope;

use super::objects::{Place, Places};
use super::syntax;

/// Where image data begin at a multiple of this, the kernel copies whole pages (measured: 3 to 6
/// hundredths of the time of a copy on ext4).
const ALIGNMENT: u64 = 4096;
/// From this many bytes on the blanks that alignment needs are worth it.
const ALIGNED_FROM: u64 = 256 * 1024;
/// What a copy may add to its scans before blanks are no longer spent on alignment: the 60 kB an
/// ordinary copy is promised (CONTRACTS, section 5), less what still follows the pictures.
const ROOM: u64 = 60_000 - 6_000;

/// The images of a copy, each once however many pages show it, and what they refer to.
#[derive(Debug, Default)]
pub struct Pictures {
    pictures: Vec<Picture>,
    references: Vec<Reference>,
    dictionaries: Vec<u8>,
}

#[derive(Debug)]
struct Picture {
    blob: BlobRef,
    object: u32,
    /// Its dictionary without `/Length`, in the common buffer.
    start: usize,
    end: usize,
}

/// A colour profile (with its components) or the common part of JBIG2 images.
#[derive(Debug)]
struct Reference {
    blob: BlobRef,
    components: Option<u8>,
    object: u32,
}

impl Pictures {
    /// Makes ready for another copy.
    pub fn clear(&mut self) {
        self.pictures.clear();
        self.references.clear();
        self.dictionaries.clear();
    }

    /// The number in an image's resource name; the same for the same image.
    pub fn number(&mut self, image: &ArchivedScanImage, places: &mut Places) -> usize {
        let blob = image.blob.get();
        let start = self.dictionaries.len();
        self.describe(image, places);
        let end = self.dictionaries.len();
        let known = self.pictures.iter().position(|picture| {
            picture.blob == blob
                && self.dictionaries[picture.start..picture.end] == self.dictionaries[start..end]
        });
        if let Some(known) = known {
            self.dictionaries.truncate(start);
            return known;
        }
        self.pictures.push(Picture { blob, object: places.number(), start, end });
        self.pictures.len() - 1
    }

    /// The object of an image.
    pub fn object(&self, number: usize) -> u32 {
        self.pictures[number].object
    }

    fn refer(&mut self, blob: BlobRef, components: Option<u8>, places: &mut Places) -> u32 {
        if let Some(known) =
            self.references.iter().find(|known| known.blob == blob && known.components == components)
        {
            return known.object;
        }
        let object = places.number();
        self.references.push(Reference { blob, components, object });
        object
    }

    fn describe(&mut self, image: &ArchivedScanImage, places: &mut Places) {
        self.put(b"<</Type/XObject/Subtype/Image/Width ");
        self.unsigned(image.width.to_native());
        self.put(b"/Height ");
        self.unsigned(image.height.to_native());
        let jpx = matches!(image.codec, ArchivedCodec::Jpx);
        if image.mask {
            self.put(b"/ImageMask true");
        }
        if !jpx {
            self.put(b"/BitsPerComponent ");
            self.unsigned(u32::from(image.bits));
        }
        // A JPEG 2000 file states its own plain colours; naming them again could contradict it.
        let plain = matches!(image.colours, ArchivedColourSpace::Grey | ArchivedColourSpace::Rgb);
        let stated = jpx && plain;
        if !image.mask && !stated {
            self.put(b"/ColorSpace");
            self.colours(&image.colours, places);
        }
        if !image.decode.is_empty() {
            self.put(b"/Decode[");
            for (index, bound) in image.decode.iter().enumerate() {
                if index > 0 {
                    self.put(b" ");
                }
                syntax::real(&mut self.dictionaries, bound.to_native());
            }
            self.put(b"]");
        }
        self.codec(&image.codec, places);
    }

    fn colours(&mut self, colours: &ArchivedColourSpace, places: &mut Places) {
        match colours {
            ArchivedColourSpace::Grey => self.put(b"/DeviceGray"),
            ArchivedColourSpace::Rgb => self.put(b"/DeviceRGB"),
            ArchivedColourSpace::Icc { profile, components } => {
                self.profile(profile.get(), *components, places);
            }
            ArchivedColourSpace::Indexed { components, profile, palette } => {
                self.put(b"[/Indexed");
                match profile.as_ref() {
                    Some(profile) => self.profile(profile.get(), *components, places),
                    None if *components == 1 => self.put(b"/DeviceGray"),
                    None => self.put(b"/DeviceRGB"),
                }
                let entries = palette.len() / usize::from(*components).max(1);
                self.put(b" ");
                self.unsigned(u32::try_from(entries.saturating_sub(1)).unwrap_or(0).min(255));
                syntax::hex_string(&mut self.dictionaries, palette);
                self.put(b"]");
            }
        }
    }

    fn profile(&mut self, blob: BlobRef, components: u8, places: &mut Places) {
        let object = self.refer(blob, Some(components), places);
        self.put(b"[/ICCBased ");
        syntax::reference(&mut self.dictionaries, object);
        self.put(b"]");
    }

    fn codec(&mut self, codec: &ArchivedCodec, places: &mut Places) {
        match codec {
            ArchivedCodec::Dct { colour_transform } => {
                self.put(b"/Filter/DCTDecode");
                if let Some(transform) = colour_transform.as_ref() {
                    self.put(b"/DecodeParms<</ColorTransform ");
                    self.unsigned(u32::from(*transform));
                    self.put(b">>");
                }
            }
            ArchivedCodec::Ccitt { k, black_is_1, byte_align, end_of_line, end_of_block, columns, rows } => {
                self.put(b"/Filter/CCITTFaxDecode/DecodeParms<</K ");
                syntax::integer(&mut self.dictionaries, k.to_native());
                self.put(b"/Columns ");
                self.unsigned(columns.to_native());
                if rows.to_native() > 0 {
                    self.put(b"/Rows ");
                    self.unsigned(rows.to_native());
                }
                // Only what differs from the defaults of ISO 32000-1, table 11.
                for (differs, words) in [
                    (*black_is_1, &b"/BlackIs1 true"[..]),
                    (*byte_align, b"/EncodedByteAlign true"),
                    (*end_of_line, b"/EndOfLine true"),
                    (!*end_of_block, b"/EndOfBlock false"),
                ] {
                    if differs {
                        self.put(words);
                    }
                }
                self.put(b">>");
            }
            ArchivedCodec::Jbig2 { globals } => {
                self.put(b"/Filter/JBIG2Decode");
                if let Some(globals) = globals.as_ref() {
                    let object = self.refer(globals.get(), None, places);
                    self.put(b"/DecodeParms<</JBIG2Globals ");
                    syntax::reference(&mut self.dictionaries, object);
                    self.put(b">>");
                }
            }
            ArchivedCodec::Jpx => self.put(b"/Filter/JPXDecode"),
            ArchivedCodec::Flate { predictor, colours, bits, columns } => {
                self.put(b"/Filter/FlateDecode");
                if *predictor > 1 {
                    for (name, value) in [
                        (&b"/DecodeParms<</Predictor "[..], u32::from(*predictor)),
                        (b"/Colors ", u32::from(*colours)),
                        (b"/BitsPerComponent ", u32::from(*bits)),
                        (b"/Columns ", columns.to_native()),
                    ] {
                        self.put(name);
                        self.unsigned(value);
                    }
                    self.put(b">>");
                }
            }
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        self.dictionaries.extend_from_slice(bytes);
    }

    fn unsigned(&mut self, number: u32) {
        syntax::unsigned(&mut self.dictionaries, u64::from(number));
    }

    /// Appends all of them to the rope, each a dictionary and a whole blob, and notes their
    /// places. `before` holds bytes that come first; what comes after the last blob is left in
    /// it.
    pub fn append(&self, before: &mut Vec<u8>, rope: &mut Rope, places: &mut Places) {
        for reference in &self.references {
            places.note(reference.object, Place::At(rope.len() + before.len() as u64));
            syntax::begin_object(before, reference.object);
            before.extend_from_slice(b"<<");
            if let Some(components) = reference.components {
                before.extend_from_slice(b"/N ");
                syntax::unsigned(before, u64::from(components));
            }
            append_blob(before, rope, reference.blob, &mut 0);
        }
        let mut room = ROOM.saturating_sub(rope.len() + before.len() as u64);
        for picture in &self.pictures {
            places.note(picture.object, Place::At(rope.len() + before.len() as u64));
            syntax::begin_object(before, picture.object);
            before.extend_from_slice(&self.dictionaries[picture.start..picture.end]);
            let none = &mut 0;
            let room = if picture.blob.length >= ALIGNED_FROM { &mut room } else { none };
            append_blob(before, rope, picture.blob, room);
        }
    }
}

/// Appends a blob; its data are aligned where `room` has the blanks for it, which are taken from it.
fn append_blob(before: &mut Vec<u8>, rope: &mut Rope, blob: BlobRef, room: &mut u64) {
    const OPEN: &[u8] = b">>stream\n";
    before.extend_from_slice(b"/Length ");
    syntax::unsigned(before, blob.length);
    let data = rope.len() + (before.len() + OPEN.len()) as u64;
    let blanks = data.next_multiple_of(ALIGNMENT) - data;
    if blanks <= *room {
        *room -= blanks;
        before.resize(before.len() + blanks as usize, b' ');
    }
    before.extend_from_slice(OPEN);
    rope.push_owned(before);
    before.clear();
    rope.push_blob(blob);
    before.extend_from_slice(b"\nendstream\nendobj\n");
}
