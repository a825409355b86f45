//! Tiny scans of every kind, made here, so that no test depends on a file.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use jpeg_encoder::{ColorType, Encoder};

use crate::model::{Codec, ScanImage};

/// Grey pixels with something on them: a slope and a dark stroke.
pub(in super::super) fn grey(width: u16, height: u16) -> Vec<u8> {
    (0..height)
        .flat_map(|y| {
            (0..width).map(move |x| {
                let stroke = (x / 3 + y / 2) % 23 == 0;
                if stroke { 30 } else { 200 + u8::try_from((x + y) % 40).unwrap_or(0) }
            })
        })
        .collect()
}

/// RGB pixels.
pub(in super::super) fn rgb(width: u16, height: u16) -> Vec<u8> {
    grey(width, height).iter().flat_map(|value| [*value, value / 2, 255 - value]).collect()
}

/// A JPEG from jpeg-encoder.
pub(in super::super) fn jpeg(
    pixels: &[u8],
    width: u16,
    height: u16,
    kind: ColorType,
    progressive: bool,
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 90);
    encoder.set_progressive(progressive);
    encoder.encode(pixels, width, height, kind).expect("pixels make a JPEG");
    bytes
}

/// A grey JPEG.
pub(in super::super) fn grey_jpeg(width: u16, height: u16) -> Vec<u8> {
    jpeg(&grey(width, height), width, height, ColorType::Luma, false)
}

/// Puts a segment right after the start of a JPEG.
pub(in super::super) fn with_segment(jpeg: &[u8], marker: u8, contents: &[u8]) -> Vec<u8> {
    let length = u16::try_from(contents.len() + 2).expect("a short segment").to_be_bytes();
    [&jpeg[..2], &[0xFF, marker], &length, contents, &jpeg[2..]].concat()
}

/// Takes all segments with this marker out.
pub(in super::super) fn without_segment(jpeg: &[u8], marker: u8) -> Vec<u8> {
    let mut bytes = jpeg[..2].to_vec();
    let mut at = 2;
    while jpeg[at + 1] != 0xDA {
        let end = at + 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        if jpeg[at + 1] != marker {
            bytes.extend_from_slice(&jpeg[at..end]);
        }
        at = end;
    }
    bytes.extend_from_slice(&jpeg[at..]);
    bytes
}

/// An EXIF segment with an orientation and, if wanted, a resolution.
pub(in super::super) fn exif(orientation: u16, dpi: Option<u32>) -> Vec<u8> {
    let mut tiff = Tiff::new(true);
    tiff.short(274, &[orientation]);
    if let Some(dpi) = dpi {
        tiff.rational(282, dpi, 1);
        tiff.rational(283, dpi, 1);
        tiff.short(296, &[2]);
    }
    [b"Exif\0\0".to_vec(), tiff.file()].concat()
}

/// A JFIF segment.
pub(in super::super) fn jfif(unit: u8, across: u16, down: u16) -> Vec<u8> {
    let (across, down) = (across.to_be_bytes(), down.to_be_bytes());
    [&b"JFIF\0\x01\x02"[..], &[unit], &across, &down, &[0, 0]].concat()
}

/// An Adobe segment.
pub(in super::super) fn adobe(transform: u8) -> Vec<u8> {
    [&b"Adobe\0\x64\0\0\0\0"[..], &[transform]].concat()
}

/// zlib.
pub(in super::super) fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// One PNG chunk.
pub(in super::super) fn chunk(kind: &[u8; 4], contents: &[u8]) -> Vec<u8> {
    let named = [&kind[..], contents].concat();
    let length = u32::try_from(contents.len()).expect("a short chunk").to_be_bytes();
    [&length[..], &named, &crc32fast::hash(&named).to_be_bytes()].concat()
}

/// A PNG from its parts: `before` are chunks between the header and the data.
pub(in super::super) fn png_of(
    width: u32,
    height: u32,
    bits: u8,
    kind: u8,
    interlace: u8,
    before: &[u8],
    data: &[u8],
) -> Vec<u8> {
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[bits, kind, 0, 0, interlace]].concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &head),
        before.to_vec(),
        chunk(b"IDAT", data),
        chunk(b"IEND", b""),
    ]
    .concat()
}

/// A PNG with rows that have no filter; `rows` are the packed samples.
pub(in super::super) fn png(
    width: u32,
    height: u32,
    bits: u8,
    kind: u8,
    before: &[u8],
    rows: &[u8],
) -> Vec<u8> {
    let stride = rows.len() / height as usize;
    let data: Vec<u8> =
        rows.chunks(stride).flat_map(|row| std::iter::once(0).chain(row.iter().copied())).collect();
    png_of(width, height, bits, kind, 0, before, &deflated(&data))
}

/// A PNG from the png crate.
pub(in super::super) fn png_by_crate(
    width: u32,
    height: u32,
    kind: png::ColorType,
    depth: png::BitDepth,
    pixels: &[u8],
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(Cursor::new(&mut bytes), width, height);
    encoder.set_color(kind);
    encoder.set_depth(depth);
    encoder.write_header().and_then(|mut writer| writer.write_image_data(pixels)).expect("memory");
    bytes
}

/// A TIFF with one directory, built tag by tag.
pub(in super::super) struct Tiff {
    little: bool,
    entries: Vec<(u16, u16, u32, Vec<u8>)>,
    strips: Vec<Vec<u8>>,
    tiles: bool,
}

impl Tiff {
    pub(in super::super) fn new(little: bool) -> Tiff {
        Tiff { little, entries: Vec::new(), strips: Vec::new(), tiles: false }
    }

    /// The tags every picture has.
    pub(in super::super) fn picture(
        little: bool,
        size: (u32, u32),
        bits: &[u16],
        compression: u16,
        photometric: u16,
    ) -> Tiff {
        let mut tiff = Tiff::new(little);
        tiff.long(256, &[size.0]);
        tiff.long(257, &[size.1]);
        tiff.short(258, bits);
        tiff.short(259, &[compression]);
        tiff.short(262, &[photometric]);
        tiff.short(277, &[u16::try_from(bits.len()).expect("few samples")]);
        tiff
    }

    fn two(&self, value: u16) -> [u8; 2] {
        if self.little { value.to_le_bytes() } else { value.to_be_bytes() }
    }

    fn four(&self, value: u32) -> [u8; 4] {
        if self.little { value.to_le_bytes() } else { value.to_be_bytes() }
    }

    pub(in super::super) fn short(&mut self, tag: u16, values: &[u16]) {
        let bytes = values.iter().flat_map(|value| self.two(*value)).collect();
        self.entries.push((tag, 3, u32::try_from(values.len()).expect("few"), bytes));
    }

    pub(in super::super) fn long(&mut self, tag: u16, values: &[u32]) {
        let bytes = values.iter().flat_map(|value| self.four(*value)).collect();
        self.entries.push((tag, 4, u32::try_from(values.len()).expect("few"), bytes));
    }

    pub(in super::super) fn rational(&mut self, tag: u16, above: u32, below: u32) {
        let bytes = [self.four(above), self.four(below)].concat();
        self.entries.push((tag, 5, 1, bytes));
    }

    pub(in super::super) fn strip(mut self, bytes: &[u8]) -> Tiff {
        self.strips.push(bytes.to_vec());
        self
    }

    pub(in super::super) fn tiled(mut self, width: u32, height: u32) -> Tiff {
        self.long(322, &[width]);
        self.long(323, &[height]);
        self.tiles = true;
        self
    }

    pub(in super::super) fn file(self) -> Vec<u8> {
        files(vec![self])
    }
}

/// A file of several directories, all in the first one's byte order.
pub(in super::super) fn files(pages: Vec<Tiff>) -> Vec<u8> {
    let little = pages[0].little;
    let mut bytes = if little { b"II*\0\0\0\0\0".to_vec() } else { b"MM\0*\0\0\0\0".to_vec() };
    let mut link = 4;
    for mut page in pages {
        let mut offsets = Vec::new();
        let mut lengths = Vec::new();
        for strip in &page.strips {
            offsets.push(u32::try_from(bytes.len()).expect("small"));
            lengths.push(u32::try_from(strip.len()).expect("small"));
            bytes.extend_from_slice(strip);
        }
        if !offsets.is_empty() {
            let (at, long) = if page.tiles { (324, 325) } else { (273, 279) };
            page.long(at, &offsets);
            page.long(long, &lengths);
        }
        page.entries.sort_by_key(|entry| entry.0);
        bytes.resize(bytes.len().next_multiple_of(2), 0);
        let mut directory = page.two(u16::try_from(page.entries.len()).expect("few")).to_vec();
        for (tag, kind, count, value) in &page.entries {
            directory.extend(page.two(*tag));
            directory.extend(page.two(*kind));
            directory.extend(page.four(*count));
            if value.len() <= 4 {
                directory.extend(value.iter().copied().chain([0; 4]).take(4));
            } else {
                directory.extend(page.four(u32::try_from(bytes.len()).expect("small")));
                bytes.extend_from_slice(value);
                bytes.resize(bytes.len().next_multiple_of(2), 0);
            }
        }
        let here = page.four(u32::try_from(bytes.len()).expect("small"));
        bytes[link..link + 4].copy_from_slice(&here);
        bytes.extend(directory);
        link = bytes.len();
        bytes.extend([0; 4]);
    }
    bytes
}

/// Group 4 code (T.6) of rows of bits, a set bit black, with the end-of-block code.
pub(in super::super) fn group4(rows: &[Vec<bool>]) -> Vec<u8> {
    let mut bits = BitString::default();
    let width = rows[0].len();
    let mut above = vec![false; width];
    for row in rows {
        let colour = |row: &[bool], at: usize| at < width && row[at];
        let change =
            |row: &[bool], from: usize, of: bool| (from..width).find(|at| row[*at] != of).unwrap_or(width);
        let (mut a0, mut black, mut first) = (0, false, true);
        while a0 < width {
            let a1 = change(row, a0, black);
            // b1: the next change above, to the right of a0, to the other colour than ours.
            let b1 = (if first { 0 } else { a0 + 1 }..width)
                .find(|at| {
                    colour(&above, *at) != black && (*at == 0 && !black || *at > 0 && above[*at - 1] == black)
                })
                .unwrap_or(width);
            let b2 = if b1 < width { change(&above, b1, !black) } else { width };
            if b2 < a1 {
                bits.push("0001");
                a0 = b2;
            } else {
                let code = match i64::try_from(a1).expect("small") - i64::try_from(b1).expect("small") {
                    0 => Some("1"),
                    1 => Some("011"),
                    2 => Some("000011"),
                    -1 => Some("010"),
                    -2 => Some("000010"),
                    _ => None,
                };
                match code {
                    Some(code) => {
                        bits.push(code);
                        a0 = a1;
                        black = !black;
                    }
                    None => {
                        let a2 = change(row, a1, !black);
                        bits.push("001");
                        run(&mut bits, a1 - a0, black);
                        run(&mut bits, a2 - a1, !black);
                        a0 = a2;
                    }
                }
            }
            first = false;
        }
        above.clone_from(row);
    }
    bits.push("000000000001000000000001");
    bits.bytes()
}

/// Group 3 code (T.4, one-dimensional) with an end-of-line code before every row.
pub(in super::super) fn group3(rows: &[Vec<bool>]) -> Vec<u8> {
    lines(rows, false)
}

/// The same, each end-of-line code ending on a byte, as many writers have it.
pub(in super::super) fn group3_filled(rows: &[Vec<bool>]) -> Vec<u8> {
    lines(rows, true)
}

fn lines(rows: &[Vec<bool>], filled: bool) -> Vec<u8> {
    let mut bits = BitString::default();
    let end_of_line = |bits: &mut BitString| {
        while filled && bits.0.len() % 8 != 4 {
            bits.push("0");
        }
        bits.push("000000000001");
    };
    for row in rows {
        end_of_line(&mut bits);
        one_dimensional(&mut bits, row);
    }
    for _ in 0..6 {
        end_of_line(&mut bits);
    }
    bits.bytes()
}

/// Modified Huffman code: TIFF's compression 2, rows on byte boundaries.
pub(in super::super) fn modified_huffman(rows: &[Vec<bool>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for row in rows {
        let mut bits = BitString::default();
        one_dimensional(&mut bits, row);
        bytes.extend(bits.bytes());
    }
    bytes
}

fn one_dimensional(bits: &mut BitString, row: &[bool]) {
    let (mut at, mut black) = (0, false);
    while at < row.len() {
        let end = (at..row.len()).find(|at| row[*at] != black).unwrap_or(row.len());
        run(bits, end - at, black);
        at = end;
        black = !black;
    }
}

/// Terminating codes of T.4, table 2, as far as the samples here need them (runs below 20).
fn run(bits: &mut BitString, length: usize, black: bool) {
    const WHITE: [&str; 20] = [
        "00110101", "000111", "0111", "1000", "1011", "1100", "1110", "1111", "10011", "10100", "00111",
        "01000", "001000", "000011", "110100", "110101", "101010", "101011", "0100111", "0001100",
    ];
    const BLACK: [&str; 20] = [
        "0000110111",
        "010",
        "11",
        "10",
        "011",
        "0011",
        "0010",
        "00011",
        "000101",
        "000100",
        "0000100",
        "0000101",
        "0000111",
        "00000100",
        "00000111",
        "000011000",
        "0000010111",
        "0000011000",
        "0000001000",
        "00001100111",
    ];
    bits.push(if black { BLACK[length] } else { WHITE[length] });
}

#[derive(Default)]
struct BitString(Vec<bool>);

impl BitString {
    fn push(&mut self, code: &str) {
        self.0.extend(code.bytes().map(|digit| digit == b'1'));
    }

    fn bytes(&self) -> Vec<u8> {
        self.0
            .chunks(8)
            .map(|bits| bits.iter().enumerate().fold(0, |byte, (at, bit)| byte | u8::from(*bit) << (7 - at)))
            .collect()
    }
}

/// Rows of bits with short runs.
pub(in super::super) fn bitmap(width: usize, height: usize) -> Vec<Vec<bool>> {
    (0..height).map(|y| (0..width).map(|x| (x * x / 7 + y * 3 + x * y) % 11 < 4).collect()).collect()
}

/// Packs rows of bits, a set bit where `true`.
pub(in super::super) fn packed(rows: &[Vec<bool>]) -> Vec<u8> {
    rows.iter().flat_map(|row| BitString(row.clone()).bytes()).collect()
}

/// Undoes zlib and PNG filters with the png crate: a picture as bytes a pixel.
pub(in super::super) fn unfiltered(image: &ScanImage, data: &[u8]) -> (u32, u32, usize, Vec<u8>) {
    let Codec::Flate { predictor: 15, colours, bits, columns } = image.codec else {
        panic!("a converted picture: {image:?}");
    };
    let kind = if colours == 3 { 2 } else { 0 };
    let file = png_of(columns, image.height, bits, kind, 0, &[], data);
    let mut decoder = png::Decoder::new(Cursor::new(file));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().expect("our own PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("small")];
    reader.next_frame(&mut pixels).expect("our own PNG");
    (image.width, image.height, usize::from(colours), pixels)
}
