//! TIFF files (TIFF 6.0): the chain of directories, each one a page, and which of them a PDF can
//! hold as they are: bilevel ones in a single strip of fax code. Everything else is converted at
//! its own resolution. A reduced-size picture among the directories counts as a page as well,
//! because leaving out a page is the one thing never to be done.

pub(crate) mod directory;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use directory::Directory;

use super::damage;
use super::endian::Endian;
use super::found::{Bytes, Coding, Colours, Picture, Placed, Sighting};
use super::limits;
use super::paper;
use crate::model::Damage;

/// A directory that is a page, or what is wrong with it.
pub(crate) type Leaf<'a> = Result<Directory<'a>, Damage>;

/// The pages of a file, in the order of the chain. A chain that breaks ends with a damaged page.
///
/// # Errors
/// `SCN-003` or `SCN-004` when not even the first directory can be found.
pub(crate) fn leaves(file: &[u8]) -> Result<Vec<Leaf<'_>>, Damage> {
    let endian =
        directory::byte_order(file).ok_or_else(|| damage::unsupported("BigTIFF or not a TIFF head"))?;
    let mut next = endian.u32(file, 4).ok_or_else(|| damage::truncated("no directory"))?;
    if next == 0 {
        return Err(damage::malformed("no directory"));
    }
    let mut seen = BTreeSet::new();
    let mut leaves = Vec::new();
    while next != 0 {
        if !seen.insert(next) {
            leaves.push(Err(damage::malformed("the directories go round in a circle")));
            break;
        }
        if leaves.len() >= limits::PAGES as usize {
            return Err(damage::malformed(format!("more than {} pages", limits::PAGES)));
        }
        match Directory::read(file, endian, next) {
            Ok((directory, after)) => {
                leaves.push(Ok(directory));
                next = after;
            }
            Err(damage) => {
                leaves.push(Err(damage));
                break;
            }
        }
    }
    Ok(leaves)
}

/// What a page's own tags say (TIFF 6.0, sections 3 to 16).
pub(crate) struct Head {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Bits of a sample; all samples of a pixel alike.
    pub(crate) bits: u32,
    pub(crate) samples: u32,
    pub(crate) compression: u32,
    pub(crate) photometric: u32,
    /// Each colour in strips of its own.
    pub(crate) planar: bool,
    /// Bits of a byte in reverse.
    pub(crate) reversed: bool,
    pub(crate) predictor: u32,
    pub(crate) t4_options: u32,
    pub(crate) t6_options: u32,
    /// Pixels of a strip or tile.
    pub(crate) piece: (u32, u32),
    /// Where the strips or tiles are.
    pub(crate) pieces: Vec<Range<usize>>,
}

impl Head {
    /// Reads the tags and checks that what they name is in the file.
    ///
    /// # Errors
    /// `SCN-003` when strips lie beyond the end, `SCN-004` when tags are missing or absurd,
    /// `SCN-005` and `SCN-006` for the size, `SCN-008` for a form that cannot be read.
    pub(crate) fn read(file: &[u8], directory: &Directory<'_>) -> Result<Head, Damage> {
        let tag = |number| directory.number(number);
        let missing = |what: &str| damage::malformed(format!("no {what}"));
        let width = tag(256).ok_or_else(|| missing("width"))?;
        let height = tag(257).ok_or_else(|| missing("height"))?;
        let depths = directory.numbers(258)?;
        let bits = depths.first().copied().unwrap_or(1);
        let samples = tag(277).unwrap_or(1);
        limits::check(width, height, bits == 1 && samples == 1)?;
        if depths.iter().any(|depth| *depth != bits) || !(1..=8).contains(&samples) {
            return Err(damage::unsupported(format!("{samples} samples of {depths:?} bits")));
        }
        let tiled = directory.has(322);
        let rows = tag(278).unwrap_or(height).min(height);
        let piece = if tiled {
            (tag(322).ok_or_else(|| missing("tile width"))?, tag(323).ok_or_else(|| missing("tile height"))?)
        } else {
            (width, rows)
        };
        limits::check(piece.0, piece.1, bits == 1 && samples == 1)?;
        let (offsets, lengths) = if tiled { (324, 325) } else { (273, 279) };
        let pieces = pieces(file, directory, offsets, lengths)?;
        let planar = tag(284) == Some(2) && samples > 1;
        let planes = if planar { samples } else { 1 };
        let wanted =
            u64::from(width.div_ceil(piece.0)) * u64::from(height.div_ceil(piece.1)) * u64::from(planes);
        if (pieces.len() as u64) < wanted {
            return Err(damage::truncated(format!("{} strips or tiles of {wanted}", pieces.len())));
        }
        Ok(Head {
            width,
            height,
            bits,
            samples,
            compression: tag(259).unwrap_or(1),
            photometric: tag(262).ok_or_else(|| missing("photometric interpretation"))?,
            planar,
            reversed: tag(266) == Some(2),
            predictor: tag(317).unwrap_or(1),
            t4_options: tag(292).unwrap_or(0),
            t6_options: tag(293).unwrap_or(0),
            piece,
            pieces,
        })
    }

    /// Whether it is fax code in one strip that a PDF can hold, and how.
    fn fax(&self) -> Option<Coding> {
        let single = self.pieces.len() == 1 && self.piece == (self.width, self.height);
        if !single || self.bits != 1 || self.samples != 1 || self.photometric > 1 {
            return None;
        }
        self.fax_coding(self.width, self.height)
    }

    /// The fax parameters of a strip of so many columns and rows; none for other compressions and for the
    /// uncompressed mode of T.4 and T.6, which no reader knows.
    pub(crate) fn fax_coding(&self, columns: u32, rows: u32) -> Option<Coding> {
        let (k, byte_align) = match self.compression {
            // Modified Huffman: rows begin on a byte, no end-of-line codes.
            2 => (0, true),
            3 if self.t4_options & 2 == 0 => (i32::from(self.t4_options & 1 == 1), false),
            4 if self.t6_options & 2 == 0 => (-1, false),
            _ => return None,
        };
        Some(Coding::Ccitt {
            k,
            // A fax decoder gives black runs as 0 unless told otherwise; a TIFF in which zero is
            // black (1) means by a black run the value 1, which is white.
            black_is_1: self.photometric == 1,
            byte_align,
            // Readers take end-of-line codes as they come; see `probe` for when they are promised.
            end_of_line: false,
            // Many writers leave the end-of-block code out, so rows are counted.
            end_of_block: false,
            columns,
            rows,
        })
    }
}

/// The byte ranges of strips or tiles.
fn pieces(
    file: &[u8],
    directory: &Directory<'_>,
    offsets: u16,
    lengths: u16,
) -> Result<Vec<Range<usize>>, Damage> {
    let offsets = directory.numbers(offsets)?;
    let mut lengths = directory.numbers(lengths)?;
    if let ([only], []) = (offsets.as_slice(), lengths.as_slice()) {
        // Old writers leave the length of a single strip out: it then ends with the file.
        lengths.push(u32::try_from(file.len()).unwrap_or(u32::MAX).saturating_sub(*only));
    }
    if offsets.len() != lengths.len() || offsets.is_empty() {
        return Err(damage::malformed(format!("{} strips and {} lengths", offsets.len(), lengths.len())));
    }
    let range = |(offset, length): (&u32, &u32)| {
        let start = usize::try_from(*offset).ok()?;
        let end = start.checked_add(usize::try_from(*length).ok()?)?;
        (end <= file.len() && start < end).then_some(start..end)
    };
    offsets
        .iter()
        .zip(&lengths)
        .map(range)
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| damage::truncated(format!("picture data beyond the end, byte {}", file.len())))
}

/// A probed page.
pub(crate) struct Found<'a> {
    /// The page.
    pub(crate) sighting: Sighting,
    /// The strip the page's picture names as attachment 0.
    pub(crate) data: Cow<'a, [u8]>,
    /// Why it has to be converted, when it has.
    pub(crate) convert: Option<String>,
}

/// Probes one page.
///
/// # Errors
/// What [`Head::read`] finds.
pub(crate) fn probe<'a>(file: &'a [u8], directory: &Directory<'a>) -> Result<Found<'a>, Damage> {
    let head = Head::read(file, directory)?;
    let orientation = directory.number(274).and_then(|value| u16::try_from(value).ok()).unwrap_or(1);
    let place = paper::place(head.width, head.height, orientation, directory.density());
    let fax = head.fax();
    let convert = if fax.is_some() { None } else { Some(reason(&head)) };
    // A page to be converted gets its picture from the decoding process; till then, its size.
    let mut coding = fax.unwrap_or(Coding::Flate { predictor: 15, colours: 1, bits: 8, columns: head.width });
    let strip = head.pieces.first().cloned().unwrap_or(0..0);
    let reverse = head.reversed && convert.is_none();
    let data = if reverse {
        Cow::Owned(file[strip].iter().map(|byte| byte.reverse_bits()).collect())
    } else {
        Cow::Borrowed(&file[strip])
    };
    if let Coding::Ccitt { k: 0.., end_of_line, .. } = &mut coding {
        // Promised only where the first one is plain: before one with filling bits in front, as
        // many writers put to end codes on a byte, a reader warns.
        *end_of_line = head.compression == 3 && matches!(*data, [0, 0x10..=0x1F, ..]);
    }
    let picture = Picture {
        bytes: Bytes::Attached(0),
        width: head.width,
        height: head.height,
        bits: if head.bits == 1 { 1 } else { 8 },
        colours: Colours::Grey,
        coding,
        decode: Vec::new(),
    };
    let converted = reverse.then(|| "TIFF with the bits of its bytes reversed".to_owned());
    let placed = Placed { picture, matrix: place.matrix, converted };
    Ok(Found { sighting: Sighting::whole(place.frame, placed), data, convert })
}

fn reason(head: &Head) -> String {
    let how = match head.compression {
        1 => "uncompressed",
        2..=4 => "fax in strips",
        5 => "LZW",
        6 | 7 => "JPEG",
        8 | 32946 => "Deflate",
        32773 => "PackBits",
        other => return format!("TIFF, compression {other}"),
    };
    let depth = if head.bits == 16 { ", 16-bit" } else { "" };
    let colours = if head.photometric == 5 { ", CMYK" } else { "" };
    format!("TIFF, {how}{depth}{colours}")
}

/// The order of bytes is part of a directory's reading; conversion needs it for 16-bit samples.
pub(crate) fn endian(file: &[u8]) -> Endian {
    directory::byte_order(file).unwrap_or(Endian::Little)
}
