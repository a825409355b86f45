//! Object numbers and places: which object is where, and the cross-reference stream that says so.

use flate2::{Compress, CompressError, Compression, FlushCompress, Status};

use super::syntax;

/// Where an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At this offset of the file.
    At(u64),
    /// In the object stream of this number, at this index.
    InStream {
        /// The stream's object number.
        stream: u32,
        /// Position among its objects.
        index: u16,
    },
}

/// The places of all objects of a document, by number.
#[derive(Debug, Default)]
pub struct Places {
    places: Vec<Option<Place>>,
    next: u32,
}

impl Places {
    /// Forgets all; numbers start again at `first`.
    pub fn restart(&mut self, first: u32) {
        self.places.clear();
        self.next = first;
    }

    /// A number that no other object has.
    pub fn number(&mut self) -> u32 {
        self.numbers(1)
    }

    /// Several numbers that follow one another; the first is returned.
    pub fn numbers(&mut self, count: usize) -> u32 {
        let first = self.next;
        self.next = self.next.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        first
    }

    /// The next free number, which may be moved on by whoever hands out numbers itself.
    pub fn next(&mut self) -> &mut u32 {
        &mut self.next
    }

    /// Notes where an object is. Numbers were handed out here or are fixed, so they are small.
    #[inline]
    pub fn note(&mut self, number: u32, place: Place) {
        let index = number as usize;
        if index >= self.places.len() {
            self.places.resize(index + 64, None);
        }
        self.places[index] = Some(place);
    }

    /// Moves every offset from `from` on so that `from` becomes `to`.
    pub fn shift(&mut self, from: u64, to: u64) {
        for place in &mut self.places {
            if let Some(Place::At(offset)) = place
                && *offset >= from
            {
                *offset = *offset - from + to;
            }
        }
    }

    /// Appends the entries of the cross-reference stream (`W [1 5 2]`) to `entries` and its
    /// `/Index` pairs to `index`, the head of the free list included.
    pub fn table(&self, index: &mut Vec<u8>, entries: &mut Vec<u8>) {
        entries.reserve(8 * (self.places.len() + 1));
        entries.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0xFF, 0xFF]);
        let (mut first, mut after) = (0, 1);
        for (number, place) in (0_u32..).zip(&self.places) {
            let entry = match place {
                None => continue,
                Some(Place::At(offset)) => {
                    let [_, _, _, a, b, c, d, e] = offset.to_be_bytes();
                    [1, a, b, c, d, e, 0, 0]
                }
                Some(Place::InStream { stream, index }) => {
                    let [a, b, c, d] = stream.to_be_bytes();
                    let [e, f] = index.to_be_bytes();
                    [2, 0, a, b, c, d, e, f]
                }
            };
            if number != after {
                range(index, first, after);
                (first, after) = (number, number);
            }
            after += 1;
            entries.extend_from_slice(&entry);
        }
        range(index, first, after);
    }
}

fn range(out: &mut Vec<u8>, first: u32, after: u32) {
    syntax::unsigned(out, u64::from(first));
    out.push(b' ');
    syntax::unsigned(out, u64::from(after - first));
    out.push(b' ');
}

/// An object stream in the making: small objects one after another, each with its number.
#[derive(Debug, Default)]
pub struct ObjectStream {
    head: Vec<u8>,
    body: Vec<u8>,
    numbers: Vec<u32>,
}

/// ISO 32000-1 sets no limit, but an index has two bytes here.
pub const OBJECTS_A_STREAM: usize = 60_000;

impl ObjectStream {
    /// Empties it.
    pub fn clear(&mut self) {
        self.head.clear();
        self.body.clear();
        self.numbers.clear();
    }

    /// Starts an object; its bytes are appended to what is returned.
    pub fn object(&mut self, number: u32) -> &mut Vec<u8> {
        if !self.body.is_empty() {
            self.body.push(b'\n');
        }
        syntax::unsigned(&mut self.head, u64::from(number));
        self.head.push(b' ');
        syntax::unsigned(&mut self.head, self.body.len() as u64);
        self.head.push(b' ');
        self.numbers.push(number);
        &mut self.body
    }

    /// The numbers of its objects, in order.
    pub fn numbers(&self) -> &[u32] {
        &self.numbers
    }

    /// How many bytes it holds.
    pub fn len(&self) -> usize {
        self.head.len() + self.body.len()
    }

    /// Appends the whole as the stream object `number`, deflated when there is a packer.
    ///
    /// # Errors
    /// What the compressor says, which for memory is nothing.
    pub fn write(
        &self,
        out: &mut Vec<u8>,
        number: u32,
        packer: Option<&mut Packer>,
    ) -> Result<(), CompressError> {
        syntax::begin_object(out, number);
        out.extend_from_slice(b"<</Type/ObjStm/N ");
        syntax::unsigned(out, self.numbers.len() as u64);
        out.extend_from_slice(b"/First ");
        syntax::unsigned(out, self.head.len() as u64);
        match packer {
            None => stream(out, &[&self.head, &self.body]),
            Some(packer) => packer.stream(out, &[&self.head, &self.body])?,
        }
        Ok(())
    }
}

/// Appends the end of a stream's dictionary (which is begun, without `/Length`), the data and the
/// object's end.
pub fn stream(out: &mut Vec<u8>, data: &[&[u8]]) {
    out.extend_from_slice(b"/Length ");
    syntax::unsigned(out, data.iter().map(|part| part.len() as u64).sum());
    out.extend_from_slice(b">>stream\n");
    data.iter().for_each(|part| out.extend_from_slice(part));
    out.extend_from_slice(b"\nendstream\nendobj\n");
}

/// The packers of copies, one of which is in use for a copy.
pub struct Packers {
    quick: Packer,
    careful: Packer,
    /// Whether the copy in work is one that needs much.
    pub much: bool,
}

impl Packers {
    /// For copies that need little, until told otherwise.
    pub fn new() -> Packers {
        Packers { quick: Packer::quick(), careful: Packer::careful(), much: false }
    }

    /// The one for the copy in work.
    pub fn current(&mut self) -> &mut Packer {
        if self.much { &mut self.careful } else { &mut self.quick }
    }
}

/// Deflates streams. Its state is large and so is kept from one stream to the next.
pub struct Packer {
    compress: Compress,
    packed: Vec<u8>,
}

impl Packer {
    /// For data deflated once and kept: as small as can be.
    pub fn thorough() -> Packer {
        Packer { compress: Compress::new(Compression::best(), true), packed: Vec::new() }
    }

    /// For what a single copy needs.
    pub fn quick() -> Packer {
        Packer { compress: Compress::new(Compression::fast(), true), packed: Vec::new() }
    }

    /// For a copy that needs more than others: half as slow again as [`Packer::quick`], a tenth smaller.
    pub fn careful() -> Packer {
        Packer { compress: Compress::new(Compression::new(2), true), packed: Vec::new() }
    }

    /// As [`stream`], with the data deflated.
    ///
    /// # Errors
    /// What the compressor says, which for memory is nothing.
    pub fn stream(&mut self, out: &mut Vec<u8>, data: &[&[u8]]) -> Result<(), CompressError> {
        self.compress.reset();
        self.packed.clear();
        for (index, part) in data.iter().enumerate() {
            let last = index + 1 == data.len();
            let flush = if last { FlushCompress::Finish } else { FlushCompress::None };
            let mut rest = *part;
            loop {
                self.packed.reserve(rest.len() / 2 + 256);
                let before = self.compress.total_in();
                let status = self.compress.compress_vec(rest, &mut self.packed, flush)?;
                let eaten = usize::try_from(self.compress.total_in() - before).unwrap_or(rest.len());
                rest = &rest[eaten.min(rest.len())..];
                let done = if last { status == Status::StreamEnd } else { rest.is_empty() };
                if done {
                    break;
                }
            }
        }
        out.extend_from_slice(b"/Filter/FlateDecode");
        stream(out, &[&self.packed]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn deflated_streams_inflate_to_their_data_whatever_came_before() {
        let noise: Vec<u8> = (0..100_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for mut packer in [Packer::quick(), Packer::careful(), Packer::thorough()] {
            for parts in
                [vec![&b""[..]], vec![b"abc", b"", b"def"], vec![&noise, b"end"], vec![&noise, &noise]]
            {
                let mut out = Vec::new();
                let packed = packer.stream(&mut out, &parts);
                assert!(packed.is_ok());
                let start = out.windows(7).position(|at| at == b"stream\n").map_or(0, |at| at + 7);
                let mut back = Vec::new();
                let read = flate2::read::ZlibDecoder::new(&out[start..]).read_to_end(&mut back);
                assert!(read.is_ok() && back == parts.concat(), "{} parts", parts.len());
            }
        }
    }

    #[test]
    fn the_table_lists_every_object_once_in_stretches() {
        let mut places = Places::default();
        places.restart(5);
        places.note(7, Place::InStream { stream: 300, index: 2 });
        places.note(1, Place::At(0x01_0203_0405));
        places.note(6, Place::At(9));
        let (mut index, mut entries) = (Vec::new(), Vec::new());
        places.table(&mut index, &mut entries);
        assert_eq!(index, b"0 2 6 2 ");
        assert_eq!(
            entries,
            [
                [0, 0, 0, 0, 0, 0, 0xFF, 0xFF],
                [1, 1, 2, 3, 4, 5, 0, 0],
                [1, 0, 0, 0, 0, 9, 0, 0],
                [2, 0, 0, 0, 1, 44, 0, 2],
            ]
            .concat()
        );
    }
}
