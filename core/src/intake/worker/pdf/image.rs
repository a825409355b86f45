//! An image object of a PDF: whether it can be kept byte for byte, and what a reader must know of it.

use std::borrow::Cow;

use hayro_syntax::Filter;
use hayro_syntax::object::{Array, Dict, Object, Stream, String as Text};

use super::super::convert;
use super::filters::{self, Unwrapped};
use super::{icc, jp2};
use crate::intake::scan::found::{Bytes, Coding, Colours, Picture};
use crate::intake::scan::{damage, jpeg, limits, png};
use crate::model::Damage;

/// Why an image is not kept.
pub(crate) enum Refusal {
    /// mupdf has to paint the page.
    Convert(String),
    /// It cannot be read.
    Damage(Damage),
}

impl From<Damage> for Refusal {
    fn from(damage: Damage) -> Refusal {
        Refusal::Damage(damage)
    }
}

fn convert(why: impl Into<String>) -> Refusal {
    Refusal::Convert(why.into())
}

/// An image that is kept.
pub(crate) struct Kept {
    pub(crate) picture: Picture,
    pub(crate) attached: Vec<Vec<u8>>,
    /// Why its bytes are not the scanner's, when they are not.
    pub(crate) converted: Option<String>,
    /// What was taken off around them, without touching them.
    pub(crate) note: Option<String>,
}

/// Collects bytes that go beside the answer, or are named in the file.
struct Bag<'f> {
    file: &'f [u8],
    attached: Vec<Vec<u8>>,
}

impl Bag<'_> {
    /// Names bytes of the file by their place, and attaches all others.
    fn name(&mut self, bytes: Cow<'_, [u8]>) -> Bytes {
        let start = self.file.as_ptr() as usize;
        match bytes {
            Cow::Borrowed(slice)
                if (start..=start + self.file.len()).contains(&(slice.as_ptr() as usize)) =>
            {
                let offset = (slice.as_ptr() as usize - start) as u64;
                Bytes::Range { offset, length: slice.len() as u64 }
            }
            other => {
                self.attached.push(other.into_owned());
                Bytes::Attached(self.attached.len() - 1)
            }
        }
    }
}

/// Reads an image object. `resources` are those of the content that paints it.
pub(crate) fn keep(stream: &Stream<'_>, resources: &Dict<'_>, file: &[u8]) -> Result<Kept, Refusal> {
    let dict = stream.dict();
    let side = |key: &[u8]| dict.get::<u32>(key);
    let (Some(width), Some(height)) = (side(b"Width"), side(b"Height")) else {
        return Err(damage::unreadable_page("a picture without its size").into());
    };
    if dict.get::<bool>(b"ImageMask") == Some(true) {
        return Err(convert("a stencil mask"));
    }
    for (key, why) in [(&b"SMask"[..], "a soft mask"), (b"Mask", "a mask"), (b"Alternates", "alternates")] {
        if dict.contains_key(key) && !matches!(dict.get::<Object<'_>>(key), None | Some(Object::Null(_))) {
            return Err(convert(why));
        }
    }
    if dict.get::<u8>(b"SMaskInData").unwrap_or(0) != 0 {
        return Err(convert("a soft mask"));
    }
    let Some(unwrapped) = filters::unwrapped(stream) else {
        return Err(convert("filters that cannot be taken off one by one"));
    };
    let bilevel = matches!(unwrapped.filter, Some(Filter::CcittFaxDecode | Filter::Jbig2Decode));
    let bits = dict.get::<u8>(b"BitsPerComponent").unwrap_or(if bilevel { 1 } else { 8 });
    limits::check(width, height, bilevel || bits == 1)?;
    if !filters::length_holds(stream) && unwrapped.filter != Some(Filter::DctDecode) {
        return Err(damage::malformed("a picture of another length than it says").into());
    }
    let mut bag = Bag { file, attached: Vec::new() };
    let image = Image { dict, resources, width, height, bits, bilevel };
    let note = unwrapped.wrapped.then(|| "wrapping taken off the picture's stream".to_owned());
    let (picture, converted) = match unwrapped.filter {
        Some(Filter::DctDecode) => image.dct(unwrapped, &mut bag)?,
        Some(Filter::CcittFaxDecode) => image.fax(unwrapped, &mut bag)?,
        Some(Filter::Jbig2Decode) => image.jbig2(unwrapped, &mut bag)?,
        Some(Filter::JpxDecode) => image.jpx(unwrapped, &mut bag)?,
        Some(Filter::FlateDecode) => image.flate(unwrapped, &mut bag)?,
        _ => image.pixels(stream, unwrapped.filter, &mut bag)?,
    };
    Ok(Kept { picture, attached: bag.attached, converted, note })
}

/// An image's own words.
struct Image<'d, 'a> {
    dict: &'d Dict<'a>,
    resources: &'d Dict<'a>,
    width: u32,
    height: u32,
    bits: u8,
    bilevel: bool,
}

type Found = Result<(Picture, Option<String>), Refusal>;

impl<'a> Image<'_, 'a> {
    fn picture(&self, bytes: Bytes, colours: Colours, coding: Coding) -> Result<Picture, Refusal> {
        let decode = match self.dict.get::<Array<'_>>(b"Decode") {
            None => Vec::new(),
            Some(decode) => {
                let numbers: Vec<f32> = decode.iter::<f32>().collect();
                let usual = match &colours {
                    Colours::Indexed { .. } => vec![0.0, (1_u16 << self.bits).wrapping_sub(1).into()],
                    other => [0.0, 1.0].repeat(usize::from(other.components())),
                };
                if numbers.len() != usual.len() || numbers.iter().any(|number| !number.is_finite()) {
                    return Err(convert("a decode array of another length"));
                }
                if numbers == usual { Vec::new() } else { numbers }
            }
        };
        let bits = if self.bilevel { 1 } else { self.bits };
        let (width, height) = (self.width, self.height);
        Ok(Picture { bytes, width, height, bits, colours, coding, decode })
    }

    fn dct(&self, data: Unwrapped<'a>, bag: &mut Bag<'_>) -> Found {
        let head = jpeg::walk(&data.bytes)?;
        if let Some(why) = head.foreign() {
            return Err(convert(why));
        }
        let components = u8::try_from(head.components.len()).unwrap_or(0);
        let colours = match self.dict.contains_key(b"ColorSpace") {
            true => self.colours(bag)?,
            false if components == 1 => Colours::Grey,
            false => Colours::Rgb,
        };
        if (head.width, head.height) != (self.width, self.height) || colours.components() != components {
            return Err(convert("a JPEG that is not what the page says of it"));
        }
        if self.bits != 8 || matches!(colours, Colours::Indexed { .. }) {
            return Err(convert("a JPEG used as something else"));
        }
        let stated = data.params.get::<u8>(b"ColorTransform").filter(|value| *value <= 1);
        let coding = Coding::Dct { colour_transform: stated.or(head.colour_transform()) };
        Ok((self.picture(bag.name(data.bytes), colours, coding)?, None))
    }

    /// One component of one bit, as fax code and JBIG2 have.
    fn one_bit(&self, bag: &mut Bag<'_>) -> Result<Colours, Refusal> {
        let colours = if self.dict.contains_key(b"ColorSpace") { self.colours(bag)? } else { Colours::Grey };
        if self.bits != 1 || colours.components() != 1 {
            return Err(convert("a bilevel stream used as something else"));
        }
        Ok(colours)
    }

    fn fax(&self, data: Unwrapped<'a>, bag: &mut Bag<'_>) -> Found {
        let colours = self.one_bit(bag)?;
        let flag = |key: &[u8], usual: bool| data.params.get::<bool>(key).unwrap_or(usual);
        let columns = data.params.get::<u32>(b"Columns").unwrap_or(1728);
        let rows = data.params.get::<u32>(b"Rows").unwrap_or(0);
        if columns != self.width || (rows != 0 && rows < self.height) {
            return Err(convert("fax code of another width or height than its picture"));
        }
        if data.bytes.is_empty() {
            return Err(damage::truncated("no fax code").into());
        }
        let coding = Coding::Ccitt {
            k: data.params.get::<i32>(b"K").unwrap_or(0),
            black_is_1: flag(b"BlackIs1", false),
            byte_align: flag(b"EncodedByteAlign", false),
            end_of_line: flag(b"EndOfLine", false),
            end_of_block: flag(b"EndOfBlock", true),
            columns,
            rows,
        };
        Ok((self.picture(bag.name(data.bytes), colours, coding)?, None))
    }

    fn jbig2(&self, data: Unwrapped<'a>, bag: &mut Bag<'_>) -> Found {
        if data.bytes.starts_with(b"\x97JB2") {
            return Err(convert("JBIG2 with a file header"));
        }
        if data.bytes.len() < 11 {
            return Err(damage::truncated("no JBIG2 segment").into());
        }
        let colours = self.one_bit(bag)?;
        let globals = match data.params.get::<Stream<'_>>(b"JBIG2Globals") {
            Some(globals) => {
                let globals = filters::decoded(&globals)
                    .ok_or_else(|| damage::unreadable_page("JBIG2 globals that cannot be decoded"))?;
                Some(bag.name(globals))
            }
            None if data.params.contains_key(b"JBIG2Globals") => {
                return Err(damage::unreadable_page("JBIG2 globals that are not in the file").into());
            }
            None => None,
        };
        Ok((self.picture(bag.name(data.bytes), colours, Coding::Jbig2 { globals })?, None))
    }

    fn jpx(&self, data: Unwrapped<'a>, bag: &mut Bag<'_>) -> Found {
        let Some(head) = jp2::plain(&data.bytes) else {
            return Err(convert("JPEG 2000 outside what PDF/A-2 allows"));
        };
        if (head.width, head.height) != (self.width, self.height) {
            return Err(convert("JPEG 2000 that is not what the page says of it"));
        }
        let colours = match self.dict.contains_key(b"ColorSpace") {
            true => self.colours(bag)?,
            false if head.components == 1 => Colours::Grey,
            false => Colours::Rgb,
        };
        if colours.components() != head.components || matches!(colours, Colours::Indexed { .. }) {
            return Err(convert("JPEG 2000 that is not what the page says of it"));
        }
        let mut picture = self.picture(bag.name(data.bytes), colours, Coding::Jpx)?;
        picture.bits = 8;
        Ok((picture, None))
    }

    fn sampled(&self, bag: &mut Bag<'_>) -> Result<Colours, Refusal> {
        match self.bits {
            1 | 2 | 4 | 8 => self.colours(bag),
            16 => Err(convert("16 bits a colour")),
            bits => Err(damage::malformed(format!("{bits} bits a colour")).into()),
        }
    }

    fn flate(&self, data: Unwrapped<'a>, bag: &mut Bag<'_>) -> Found {
        png::zlib_head(&data.bytes)?;
        let colours = self.sampled(bag)?;
        let number = |key: &[u8], usual: u8| data.params.get::<u8>(key).unwrap_or(usual);
        let predictor = number(b"Predictor", 1);
        let coding = Coding::Flate {
            predictor,
            colours: if predictor > 1 { number(b"Colors", 1) } else { colours.components() },
            bits: if predictor > 1 { number(b"BitsPerComponent", 8) } else { self.bits },
            columns: if predictor > 1 { data.params.get::<u32>(b"Columns").unwrap_or(1) } else { self.width },
        };
        let fits = coding
            == Coding::Flate {
                predictor,
                colours: colours.components(),
                bits: self.bits,
                columns: self.width,
            };
        if !fits || !matches!(predictor, 1 | 2 | 10..=15) {
            return Err(convert("a predictor that is not the picture's"));
        }
        Ok((self.picture(bag.name(data.bytes), colours, coding)?, None))
    }

    /// Pixels as they are, or under LZW or run lengths: compressed anew, the pixels unchanged.
    fn pixels(&self, stream: &Stream<'a>, filter: Option<Filter>, bag: &mut Bag<'_>) -> Found {
        let colours = self.sampled(bag)?;
        let pixels = filters::decoded(stream)
            .ok_or_else(|| damage::corrupt("picture data that cannot be decompressed"))?;
        let row =
            (self.width as usize * usize::from(colours.components()) * usize::from(self.bits)).div_ceil(8);
        let size = row * self.height as usize;
        let pixels = pixels
            .get(..size)
            .ok_or_else(|| damage::truncated(format!("{} bytes of pixels, of {size}", pixels.len())))?;
        let coding = Coding::Flate {
            predictor: 1,
            colours: colours.components(),
            bits: self.bits,
            columns: self.width,
        };
        let why = match filter {
            Some(Filter::LzwDecode) => "LZW, compressed anew",
            Some(Filter::RunLengthDecode) => "run lengths, compressed anew",
            _ => "uncompressed, compressed anew",
        };
        let bytes = bag.name(Cow::Owned(convert::recompressed(pixels)));
        Ok((self.picture(bytes, colours, coding)?, Some(why.to_owned())))
    }

    fn colours(&self, bag: &mut Bag<'_>) -> Result<Colours, Refusal> {
        let space = self
            .dict
            .get::<Object<'a>>(b"ColorSpace")
            .ok_or_else(|| damage::unreadable_page("a picture without its colour space"))?;
        self.space(space, bag, 0)
    }

    fn space(&self, space: Object<'a>, bag: &mut Bag<'_>, depth: u32) -> Result<Colours, Refusal> {
        let named = self.resources.get::<Dict<'a>>(b"ColorSpace").unwrap_or_default();
        match space {
            Object::Name(name) => {
                let (device, default): (_, &[u8]) = match &*name {
                    b"DeviceGray" | b"G" | b"CalGray" => (Colours::Grey, b"DefaultGray"),
                    b"DeviceRGB" | b"RGB" | b"CalRGB" => (Colours::Rgb, b"DefaultRGB"),
                    b"DeviceCMYK" | b"CMYK" => return Err(convert("CMYK")),
                    b"Pattern" => return Err(damage::malformed("a pattern for a colour space").into()),
                    other => {
                        let space = named.get::<Object<'a>>(other).filter(|_| depth < 4);
                        let space = space.ok_or_else(|| {
                            damage::unreadable_page("a colour space that is not in the file")
                        })?;
                        return self.space(space, bag, depth + 1);
                    }
                };
                match named.get::<Object<'a>>(default) {
                    Some(Object::Array(array)) if depth < 4 => self.family(&array, bag, depth + 1),
                    _ => Ok(device),
                }
            }
            Object::Array(array) => self.family(&array, bag, depth),
            _ => Err(damage::malformed("a colour space that is none").into()),
        }
    }

    fn family(&self, array: &Array<'a>, bag: &mut Bag<'_>, depth: u32) -> Result<Colours, Refusal> {
        let mut parts = array.iter::<Object<'a>>();
        let Some(Object::Name(family)) = parts.next() else {
            return Err(damage::malformed("a colour space that is none").into());
        };
        match &*family {
            b"DeviceGray" | b"G" | b"DeviceRGB" | b"RGB" if depth < 4 => {
                self.space(Object::Name(family), bag, depth + 1)
            }
            b"ICCBased" => match parts.next() {
                Some(Object::Stream(profile)) => profiled(&profile, bag),
                _ => Err(damage::unreadable_page("a colour profile that is not in the file").into()),
            },
            b"Indexed" | b"I" => {
                let (base, last, lookup) = (parts.next(), parts.next(), parts.next());
                let base = base.filter(|_| depth < 2);
                let base =
                    self.space(base.ok_or_else(|| convert("a palette of palettes"))?, bag, depth + 1)?;
                indexed(base, last, lookup)
            }
            other => Err(convert(format!("colour space {}", other.escape_ascii()))),
        }
    }
}

/// An ICC profile, kept when it is one, else the device space of as many components, which is
/// what readers show then.
fn profiled(stream: &Stream<'_>, bag: &mut Bag<'_>) -> Result<Colours, Refusal> {
    let components = stream.dict().get::<u8>(b"N").unwrap_or(0);
    if !matches!(components, 1 | 3) {
        return Err(convert(format!("a colour profile of {components} components")));
    }
    match filters::decoded(stream).filter(|profile| icc::usable(profile, components)) {
        Some(profile) => Ok(Colours::Icc { profile: bag.name(profile), components }),
        None if components == 1 => Ok(Colours::Grey),
        None => Ok(Colours::Rgb),
    }
}

fn indexed(base: Colours, last: Option<Object<'_>>, lookup: Option<Object<'_>>) -> Result<Colours, Refusal> {
    let entries = match last {
        Some(Object::Number(number)) => usize::try_from(number.as_i64()).ok().filter(|last| *last < 256),
        _ => None,
    };
    let entries = entries.ok_or_else(|| damage::malformed("a palette of no size"))? + 1;
    let bytes: Option<Vec<u8>> = match lookup {
        Some(Object::String(text)) => Some(Text::as_bytes(&text).to_vec()),
        Some(Object::Stream(stream)) => filters::decoded(&stream).map(Cow::into_owned),
        _ => None,
    };
    let mut palette = bytes.ok_or_else(|| damage::unreadable_page("a palette that is not in the file"))?;
    let (components, profile) = match base {
        Colours::Grey => (1, None),
        Colours::Rgb => (3, None),
        Colours::Icc { profile, components } => (components, Some(profile)),
        Colours::Indexed { .. } => return Err(convert("a palette of palettes")),
    };
    // A palette that is short shows black for what it lacks, in every reader.
    palette.resize(entries * usize::from(components), 0);
    Ok(Colours::Indexed { components, profile, palette })
}
