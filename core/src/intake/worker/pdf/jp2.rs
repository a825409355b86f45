//! The boxes of a JPEG 2000 file (ISO/IEC 15444-1, annex I): whether PDF/A-2 holds it as it is.

use crate::intake::scan::endian::Endian;

/// What the boxes say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) components: u8,
}

/// A file of one or three channels of eight bits, grey or sRGB or profiled, without palette or
/// channel definitions: what every archival reader shows alike (ISO 19005-2, 6.2.8.3). None for
/// anything else, a bare codestream included.
pub(crate) fn plain(file: &[u8]) -> Option<Head> {
    let mut boxes = Boxes(file);
    let (kind, contents) = boxes.next()?;
    if kind != *b"jP  " || contents != b"\r\n\x87\n" || boxes.next()?.0 != *b"ftyp" {
        return None;
    }
    let mut head = None;
    let mut stream = false;
    for (kind, contents) in boxes {
        match &kind {
            b"jp2h" if head.is_none() => head = Some(header(contents)?),
            b"jp2c" => stream |= contents.starts_with(b"\xFF\x4F\xFF\x51") && contents.ends_with(b"\xFF\xD9"),
            _ => {}
        }
    }
    head.filter(|_| stream)
}

fn header(contents: &[u8]) -> Option<Head> {
    let mut head = None;
    let mut colours = 0;
    for (kind, contents) in Boxes(contents) {
        match &kind {
            b"ihdr" => {
                let [.., bits, compression, _, _] = *contents else { return None };
                let components = Endian::Big.u16(contents, 8)?;
                if bits != 7 || compression != 7 || !matches!(components, 1 | 3) {
                    return None;
                }
                head = Some(Head {
                    height: Endian::Big.u32(contents, 0)?,
                    width: Endian::Big.u32(contents, 4)?,
                    components: u8::try_from(components).ok()?,
                });
            }
            b"colr" => {
                let known = match contents.first()? {
                    1 => matches!(Endian::Big.u32(contents, 3)?, 16 | 17),
                    2 => true,
                    _ => false,
                };
                colours += u32::from(known);
            }
            b"pclr" | b"cmap" | b"cdef" => return None,
            _ => {}
        }
    }
    head.filter(|_| colours == 1)
}

/// Boxes one after another; ends where a length leaves the file.
struct Boxes<'a>(&'a [u8]);

impl<'a> Iterator for Boxes<'a> {
    type Item = ([u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.0;
        let kind: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
        let (head, length) = match Endian::Big.u32(bytes, 0)? {
            0 => (8, bytes.len()),
            1 => {
                let length = u64::from_be_bytes(bytes.get(8..16)?.try_into().ok()?);
                (16, usize::try_from(length).ok()?)
            }
            length => (8, length as usize),
        };
        let contents = bytes.get(head..length)?;
        self.0 = &bytes[length..];
        Some((kind, contents))
    }
}
