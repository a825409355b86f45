//! Copies put aside in a file: what is known of each, one after another in the order of their entries.
//!
//! A job of any number of copies so takes the memory of a few. The file has no name: it is gone when the
//! job ends, however it ends.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::choosing::Chosen;
use super::index::STEP;
use crate::model::Hundredths;
use crate::rope::Rope;
use crate::scratch::unnamed;
use crate::zip::{Entry, Placed};

/// What is known of a copy once it was composed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Where its records are.
    pub place: u32,
    /// Its name in a delivery.
    pub entry: String,
    pub last_name: String,
    pub first_name: String,
    pub number: String,
    /// Bytes of the PDF, their CRC-32, the digest of the edition.
    pub length: u64,
    pub crc32: u32,
    pub digest: [u8; 32],
    /// When it became renderable: seconds since 1970, UTC.
    pub at: i64,
    pub pages: u16,
    pub damaged: u16,
    pub accepted: u16,
    pub mark: Option<Hundredths>,
}

impl Row {
    pub fn of(chosen: &Chosen, rope: &Rope) -> Row {
        let (candidate, script) = (chosen.candidate.get(), chosen.script.get());
        let (damaged, accepted) = chosen.damage();
        // A record has at most 64 KiB, so its pages fit.
        let few = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
        Row {
            place: chosen.place,
            entry: candidate.entry.to_string(),
            last_name: candidate.last_name.to_string(),
            first_name: candidate.first_name.to_string(),
            number: candidate.number.to_string(),
            length: rope.len(),
            crc32: rope.crc32(),
            digest: rope.digest(),
            at: chosen.at,
            pages: few(script.pages.len()),
            damaged: few(damaged),
            accepted: few(accepted),
            mark: script.final_mark(),
        }
    }

    /// As an entry of an archive.
    pub fn entry(&self) -> Entry<'_> {
        Entry { name: &self.entry, length: self.length, crc32: self.crc32, at: self.at }
    }

    /// Whether an edition is the one that was planned.
    pub fn is_of(&self, rope: &Rope) -> bool {
        rope.len() == self.length && rope.crc32() == self.crc32 && rope.digest() == self.digest
    }

    /// Appends its bytes.
    fn encode(&self, out: &mut Vec<u8>) -> io::Result<()> {
        out.extend_from_slice(&self.place.to_le_bytes());
        out.extend_from_slice(&self.length.to_le_bytes());
        out.extend_from_slice(&self.crc32.to_le_bytes());
        out.extend_from_slice(&self.digest);
        out.extend_from_slice(&self.at.to_le_bytes());
        for count in [self.pages, self.damaged, self.accepted] {
            out.extend_from_slice(&count.to_le_bytes());
        }
        out.extend_from_slice(&self.mark.map_or(NO_MARK, |mark| mark.0).to_le_bytes());
        let texts = [&self.entry, &self.last_name, &self.first_name, &self.number];
        for text in texts {
            let length = u32::try_from(text.len()).map_err(|_| io::ErrorKind::InvalidData)?;
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        }
        Ok(())
    }

    fn read(from: &mut dyn Read) -> io::Result<Row> {
        fn bytes<const N: usize>(from: &mut dyn Read) -> io::Result<[u8; N]> {
            let mut bytes = [0; N];
            from.read_exact(&mut bytes)?;
            Ok(bytes)
        }
        fn text(from: &mut dyn Read) -> io::Result<String> {
            let length = u32::from_le_bytes(bytes(from)?);
            let mut text = String::new();
            from.take(u64::from(length)).read_to_string(&mut text)?;
            Ok(text)
        }
        let count = |from: &mut dyn Read| bytes(from).map(u16::from_le_bytes);
        Ok(Row {
            place: u32::from_le_bytes(bytes(from)?),
            length: u64::from_le_bytes(bytes(from)?),
            crc32: u32::from_le_bytes(bytes(from)?),
            digest: bytes(from)?,
            at: i64::from_le_bytes(bytes(from)?),
            pages: count(from)?,
            damaged: count(from)?,
            accepted: count(from)?,
            mark: Some(i32::from_le_bytes(bytes(from)?)).filter(|mark| *mark != NO_MARK).map(Hundredths),
            entry: text(from)?,
            last_name: text(from)?,
            first_name: text(from)?,
            number: text(from)?,
        })
    }
}

/// No mark is that low.
const NO_MARK: i32 = i32::MIN;

/// Rows being put aside.
pub(super) struct RowWriter {
    out: BufWriter<File>,
    rows: Rows,
    encoded: Vec<u8>,
}

/// Rows put aside. May be read by several readers at once.
#[derive(Debug)]
pub(super) struct Rows {
    file: File,
    /// Where in the file the first of them begins.
    base: u64,
    /// Where every [`STEP`]-th begins, from the first on; empty for rows of a kept plan, whose index has it.
    starts: Vec<u64>,
    pub told: Told,
}

/// What is known of all rows together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Told {
    /// Bytes of the rows themselves.
    pub extent: u64,
    /// How many.
    pub count: usize,
    /// Bytes of their PDFs together.
    pub bytes: u64,
    /// Scanned pages, damaged ones that nobody has accepted, damaged ones that someone has.
    pub pages: u64,
    pub damaged: u64,
    pub accepted: u64,
    /// When the first and the last of them became renderable; 0 without any.
    pub earliest: i64,
    pub latest: i64,
}

impl RowWriter {
    /// Begins, with a file in this folder, which is made when it is missing.
    pub fn create(folder: &Path) -> io::Result<RowWriter> {
        let file = unnamed(folder)?;
        let rows = Rows { file: file.try_clone()?, base: 0, starts: Vec::new(), told: Told::default() };
        Ok(RowWriter { out: BufWriter::with_capacity(1 << 16, file), rows, encoded: Vec::new() })
    }

    pub fn push(&mut self, row: &Row) -> io::Result<()> {
        self.encoded.clear();
        row.encode(&mut self.encoded)?;
        self.out.write_all(&self.encoded)?;
        let Rows { starts, told, .. } = &mut self.rows;
        if told.count.is_multiple_of(STEP) {
            starts.push(told.extent);
        }
        told.earliest = if told.count == 0 { row.at } else { told.earliest.min(row.at) };
        told.latest = told.latest.max(row.at);
        told.extent += self.encoded.len() as u64;
        told.count += 1;
        told.bytes = told.bytes.saturating_add(row.length);
        told.pages += u64::from(row.pages);
        told.damaged += u64::from(row.damaged);
        told.accepted += u64::from(row.accepted);
        Ok(())
    }

    /// How many there are so far: the index of the next one.
    pub fn count(&self) -> usize {
        self.rows.told.count
    }

    pub fn finish(mut self) -> io::Result<Rows> {
        self.out.flush()?;
        Ok(self.rows)
    }
}

impl Rows {
    /// Those that lie in a file from an offset on, as another process put them aside.
    pub fn kept(file: File, base: u64, told: Told) -> Rows {
        Rows { file, base, starts: Vec::new(), told }
    }

    /// All of them, in order.
    pub fn iter(&self) -> RowIter<'_> {
        self.since(0, 0)
    }

    /// Those from an index on; that row begins at `start`, from the first row on.
    pub fn since(&self, index: usize, start: u64) -> RowIter<'_> {
        let from = From { file: &self.file, offset: self.base.saturating_add(start) };
        RowIter { from: BufReader::with_capacity(READ, from), index, count: self.told.count }
    }

    /// Where a marked row begins, from the first row on.
    pub fn start(&self, mark: usize) -> u64 {
        self.starts.get(mark).copied().unwrap_or_default()
    }

    /// Their bytes, to be kept elsewhere.
    pub fn bytes(&self) -> impl Read + '_ {
        From { file: &self.file, offset: self.base }.take(self.told.extent)
    }
}

/// Rows are read in pieces of this many bytes: some two hundred rows.
const READ: usize = 1 << 15;

/// Reads rows one after another: index and row.
pub(super) struct RowIter<'r> {
    from: BufReader<From<'r>>,
    index: usize,
    count: usize,
}

impl Iterator for RowIter<'_> {
    type Item = io::Result<(usize, Row)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.index == self.count {
            return None;
        }
        let row = Row::read(&mut self.from);
        let index = self.index;
        // After an error nothing more is read.
        self.index = if row.is_ok() { index + 1 } else { self.count };
        Some(row.map(|row| (index, row)))
    }
}

/// Where each of a sequence of rows lies in an archive, when the first one's header begins at `header`.
pub(super) fn placing<'r>(
    rows: impl Iterator<Item = io::Result<(usize, Row)>> + 'r,
    mut header: u64,
) -> impl Iterator<Item = io::Result<(usize, Row, Placed)>> + 'r {
    rows.map(move |row| {
        let (index, row) = row?;
        let placed = row.entry().placed_at(header);
        header = placed.end;
        Ok((index, row, placed))
    })
}

/// Reads a file from an offset of its own.
struct From<'f> {
    file: &'f File,
    offset: u64,
}

impl Read for From<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row() -> impl Strategy<Value = Row> {
        let texts = prop::array::uniform4(any::<String>());
        let numbers = (any::<u32>(), any::<u64>(), any::<u32>(), any::<[u8; 32]>(), any::<i64>());
        let marks = prop::option::of(0..=2000_i32);
        (texts, numbers, any::<[u16; 3]>(), marks).prop_map(|(texts, numbers, counts, mark)| {
            let [entry, last_name, first_name, number] = texts;
            let (place, length, crc32, digest, at) = numbers;
            let [pages, damaged, accepted] = counts;
            Row {
                place,
                entry,
                last_name,
                first_name,
                number,
                length,
                crc32,
                digest,
                at,
                pages,
                damaged,
                accepted,
                mark: mark.map(Hundredths),
            }
        })
    }

    proptest! {
        #[test]
        fn what_was_put_aside_comes_back_as_often_as_asked(rows in prop::collection::vec(row(), 0..150)) {
            let folder = tempfile::tempdir().expect("a folder");
            let mut writer = RowWriter::create(&folder.path().join("scratch")).expect("a file");
            rows.iter().for_each(|row| writer.push(row).expect("put aside"));
            let kept = writer.finish().expect("put aside");
            prop_assert_eq!(kept.told.count, rows.len());
            for _ in 0..2 {
                let back: Vec<Row> = kept.iter().map(|row| row.expect("a row").1).collect();
                prop_assert_eq!(&back, &rows);
            }
            for index in (0..rows.len()).step_by(STEP) {
                let back: Vec<Row> =
                    kept.since(index, kept.start(index / STEP)).map(|row| row.expect("a row").1).collect();
                prop_assert_eq!(&back, &rows[index..]);
            }
            prop_assert_eq!(std::fs::read_dir(folder.path().join("scratch")).expect("a folder").count(), 0);
        }
    }
}
