//! Any byte range of a rope, into anything that takes bytes, in constant memory.

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;

use super::{BlobSource, Rope, RopeError, Segment};
use crate::model::BlobRef;

/// Bytes on their way to a reader: put together in pieces of one size, whatever the pieces they come in.
/// What is still held when it is dropped is lost; [`Outlet::flush`] gives it out.
pub struct Outlet<'w> {
    out: &'w mut dyn Write,
    piece: Vec<u8>,
    filled: usize,
}

/// Bytes of one piece: few enough to stay in a processor's cache on their way from a scan to a reader.
const PIECE: usize = 128 * 1024;

impl<'w> Outlet<'w> {
    /// Into this writer.
    pub fn new(out: &'w mut dyn Write) -> Outlet<'w> {
        Outlet { out, piece: vec![0; PIECE], filled: 0 }
    }

    /// Takes bytes.
    ///
    /// # Errors
    /// What the writer says.
    pub fn put(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let space = self.space()?;
            let taken = space.len().min(bytes.len());
            space[..taken].copy_from_slice(&bytes[..taken]);
            self.filled += taken;
            bytes = &bytes[taken..];
        }
        Ok(())
    }

    /// Gives out what is held.
    ///
    /// # Errors
    /// What the writer says.
    pub fn flush(&mut self) -> io::Result<()> {
        let filled = std::mem::take(&mut self.filled);
        self.out.write_all(&self.piece[..filled])
    }

    /// Where bytes can be put; never empty.
    fn space(&mut self) -> io::Result<&mut [u8]> {
        if self.filled == self.piece.len() {
            self.flush()?;
        }
        Ok(&mut self.piece[self.filled..])
    }
}

/// Gives out bytes `range` of a rope; what lies past its end is not there to be given.
///
/// A range that begins inside a scan does not read what lies before. A scan that is given out whole is
/// checked against its CRC-32: when its bytes are not those that were taken in, its last piece is held
/// back.
///
/// # Errors
/// [`RopeError::Scan`] when a scan is missing, has another length or other bytes: nothing is padded.
/// [`RopeError::Target`] when the writer takes no more.
pub fn pour(
    rope: &Rope,
    range: Range<u64>,
    blobs: &dyn BlobSource,
    out: &mut Outlet<'_>,
) -> Result<(), RopeError> {
    let mut end = 0;
    for segment in rope.segments() {
        let start = end;
        end = start + segment.len();
        if end <= range.start {
            continue;
        }
        if start >= range.end {
            break;
        }
        let within = range.start.max(start) - start..range.end.min(end) - start;
        let bytes = match segment {
            Segment::Owned { start, end } => rope.owned(*start, *end),
            Segment::Shared(shared) => shared.bytes(),
            Segment::Blob(blob) => {
                pour_blob(blob, within, blobs, out)?;
                continue;
            }
        };
        out.put(slice(bytes, &within)).map_err(RopeError::Target)?;
    }
    Ok(())
}

/// A range of bytes that lie in memory, so that its ends fit.
pub(crate) fn slice<'b>(bytes: &'b [u8], range: &Range<u64>) -> &'b [u8] {
    let place = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
    let end = place(range.end);
    &bytes[place(range.start).min(end)..end]
}

fn pour_blob(
    blob: &BlobRef,
    range: Range<u64>,
    blobs: &dyn BlobSource,
    out: &mut Outlet<'_>,
) -> Result<(), RopeError> {
    let scan = |source| RopeError::Scan { blob: *blob, source };
    let file = opened(blob, blobs).map_err(scan)?;
    let mut checksum = (range == (0..blob.length)).then(crc32fast::Hasher::new);
    let mut at = range.start;
    while at < range.end {
        let space = out.space().map_err(RopeError::Target)?;
        let wanted = space.len().min(usize::try_from(range.end - at).unwrap_or(usize::MAX));
        let piece = &mut space[..wanted];
        file.read_exact_at(piece, at).map_err(scan)?;
        if let Some(checksum) = &mut checksum {
            checksum.update(piece);
        }
        out.filled += wanted;
        at += wanted as u64;
    }
    if checksum.is_none_or(|checksum| checksum.finalize() == blob.crc32) {
        return Ok(());
    }
    let changed = "its bytes are not those that were taken in";
    Err(scan(io::Error::new(io::ErrorKind::InvalidData, changed)))
}

/// Opens a scan that has the length it should have.
pub(super) fn opened(blob: &BlobRef, blobs: &dyn BlobSource) -> io::Result<File> {
    let file = blobs.open(blob)?;
    let held = file.metadata()?.len();
    if held == blob.length {
        return Ok(file);
    }
    Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("{held} bytes instead of {}", blob.length)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::super::Shared;
    use super::*;

    /// Scans by their first bytes, in a folder.
    struct Folder(tempfile::TempDir);

    impl Folder {
        fn path(&self, blob: &BlobRef) -> PathBuf {
            self.0.path().join(crate::journal::hex::encode(&blob.sha256))
        }

        fn put(&self, number: u8, bytes: &[u8]) -> BlobRef {
            let blob =
                BlobRef { sha256: [number; 32], length: bytes.len() as u64, crc32: crc32fast::hash(bytes) };
            fs::write(self.path(&blob), bytes).expect("a scan is written");
            blob
        }
    }

    impl BlobSource for Folder {
        fn open(&self, blob: &BlobRef) -> io::Result<File> {
            File::open(self.path(blob))
        }
    }

    fn poured(rope: &Rope, range: Range<u64>, folder: &Folder) -> Result<Vec<u8>, RopeError> {
        let mut bytes = Vec::new();
        let mut out = Outlet::new(&mut bytes);
        pour(rope, range, folder, &mut out)?;
        out.flush().expect("memory takes it");
        Ok(bytes)
    }

    proptest! {
        #[test]
        fn any_range_is_that_range_of_the_whole(
            pieces in prop::collection::vec((0..3_u8, prop::collection::vec(any::<u8>(), 0..50)), 0..12),
            ends in (0..700_u64, 0..700_u64),
        ) {
            let folder = Folder(tempfile::tempdir().expect("a folder"));
            let (mut rope, mut whole) = (Rope::new(), Vec::new());
            for (number, (kind, bytes)) in (0..).zip(&pieces) {
                match kind {
                    0 => rope.push_owned(bytes),
                    1 => rope.push_shared(&Shared::new(bytes.clone())),
                    _ => rope.push_blob(folder.put(number, bytes)),
                }
                whole.extend_from_slice(bytes);
            }
            let (start, end) = (ends.0.min(ends.1), ends.0.max(ends.1));
            let within = start.min(rope.len()) as usize..end.min(rope.len()) as usize;
            prop_assert_eq!(poured(&rope, start..end, &folder).expect("it can be read"), &whole[within]);
        }
    }

    #[test]
    fn a_long_scan_is_given_out_in_pieces_and_from_anywhere() {
        let folder = Folder(tempfile::tempdir().expect("a folder"));
        let bytes: Vec<u8> = (0..3 * PIECE + 17).map(|at| (at % 251) as u8).collect();
        let mut rope = Rope::new();
        rope.push_owned(b"head");
        rope.push_blob(folder.put(1, &bytes));
        rope.push_owned(b"tail");
        let whole = [b"head", bytes.as_slice(), b"tail"].concat();
        for start in [0, 3, 4, 5, PIECE, PIECE + 4, 2 * PIECE + 3, whole.len() - 4, whole.len()] {
            let out = poured(&rope, start as u64..rope.len(), &folder).expect("it can be read");
            assert!(out == whole[start..], "from {start}");
        }
    }

    #[test]
    fn a_scan_that_is_not_as_it_was_is_never_given_out_to_its_end() {
        let scan = vec![7; 1000];
        let mut flipped = scan.clone();
        flipped[500] ^= 1;
        let longer = vec![7; 1001];
        let cases: BTreeMap<&str, Option<&[u8]>> = BTreeMap::from([
            ("missing", None),
            ("short", Some(&scan[..999])),
            ("longer", Some(longer.as_slice())),
            ("flipped", Some(flipped.as_slice())),
        ]);
        for (name, held) in cases {
            let folder = Folder(tempfile::tempdir().expect("a folder"));
            let blob = folder.put(1, &scan);
            let mut rope = Rope::new();
            rope.push_owned(b"head");
            rope.push_blob(blob);
            match held {
                Some(bytes) => fs::write(folder.path(&blob), bytes).expect("a scan is changed"),
                None => fs::remove_file(folder.path(&blob)).expect("a scan is removed"),
            }
            let fault = poured(&rope, 0..rope.len(), &folder).expect_err(name);
            assert!(matches!(fault, RopeError::Scan { blob: named, .. } if named == blob), "{name}: {fault}");
            assert!(poured(&rope, 0..4, &folder).is_ok(), "{name}: what lies before it is there");
        }
    }

    #[test]
    fn a_writer_that_takes_no_more_is_told_apart_from_a_scan() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let folder = Folder(tempfile::tempdir().expect("a folder"));
        let mut rope = Rope::new();
        rope.push_blob(folder.put(1, &vec![1; PIECE + 1]));
        let mut full = Full;
        let fault = pour(&rope, 0..rope.len(), &folder, &mut Outlet::new(&mut full));
        assert!(
            matches!(fault, Err(RopeError::Target(source)) if source.kind() == io::ErrorKind::BrokenPipe)
        );
    }
}
