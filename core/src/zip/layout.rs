//! Where every byte of an archive lies, before one is written.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::format;

/// Why an archive cannot be laid out.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ZipError {
    /// A name of more than 65,535 bytes.
    #[error("ZIP-001 entry {index} has a name that the format cannot hold")]
    Name {
        /// Its place in the order given.
        index: u64,
    },
    /// Past 2^63 bytes.
    #[error("ZIP-002 entry {index} goes past the largest possible archive")]
    TooLarge {
        /// Its place in the order given.
        index: u64,
    },
}

/// What the headers of an entry say.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Path within the archive, `/` between components.
    pub name: &'a str,
    /// Bytes of its content.
    pub length: u64,
    /// CRC-32 (IEEE) of its content.
    pub crc32: u32,
    /// Seconds since 1970, UTC.
    pub at: i64,
}

impl Entry<'_> {
    /// Where it lies when its local header begins at `header`.
    pub fn placed_at(&self, header: u64) -> Placed {
        let body = header.saturating_add(format::local_header_length(self));
        Placed { header, body, end: body.saturating_add(self.length) }
    }

    /// Appends the bytes before its content.
    pub fn local_header(&self, out: &mut Vec<u8>) {
        format::local_header(self, out);
    }

    /// Appends its line in the central directory; its local header begins at `header`.
    pub fn central_header(&self, header: u64, out: &mut Vec<u8>) {
        format::central_header(self, header, out);
    }
}

/// Where an entry lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its local header's first byte.
    pub header: u64,
    /// Its content's first byte.
    pub body: u64,
    /// One past its content's last byte: where the next entry's local header begins.
    pub end: u64,
}

/// An archive while its entries are being told, in order.
#[derive(Clone, Debug)]
pub struct Layout {
    count: u64,
    next: u64,
    directory_length: u64,
    tag: Sha256,
}

impl Default for Layout {
    fn default() -> Layout {
        let tag = Sha256::new_with_prefix(b"copiste zip 1");
        Layout { count: 0, next: 0, directory_length: 0, tag }
    }
}

impl Layout {
    /// The next entry. `digest` is any function of its content that changes when the content does.
    ///
    /// # Errors
    /// [`ZipError`] when a number does not fit the format.
    pub fn add(&mut self, entry: &Entry<'_>, digest: &[u8; 32]) -> Result<Placed, ZipError> {
        const LARGEST: u64 = i64::MAX as u64;
        let index = self.count;
        if u16::try_from(entry.name.len()).is_err() {
            return Err(ZipError::Name { index });
        }
        let placed = entry.placed_at(self.next);
        if placed.end > LARGEST {
            return Err(ZipError::TooLarge { index });
        }
        self.tag.update((entry.name.len() as u64).to_le_bytes());
        self.tag.update(entry.name);
        self.tag.update(entry.length.to_le_bytes());
        self.tag.update(entry.crc32.to_le_bytes());
        self.tag.update(entry.at.to_le_bytes());
        self.tag.update(digest);
        self.directory_length += format::central_header_length(entry, placed.header);
        self.next = placed.end;
        self.count += 1;
        Ok(placed)
    }

    /// Bytes of the central directory so far: where the next entry's line will begin in it.
    pub fn directory_length(&self) -> u64 {
        self.directory_length
    }

    /// There are no more entries.
    pub fn close(self) -> Outline {
        Outline {
            count: self.count,
            directory_offset: self.next,
            directory_length: self.directory_length,
            etag: self.tag.finalize().into(),
        }
    }
}

/// An archive laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outline {
    count: u64,
    directory_offset: u64,
    directory_length: u64,
    etag: [u8; 32],
}

impl Outline {
    /// Where the content of the last entry ends and the central directory begins.
    pub fn directory_offset(&self) -> u64 {
        self.directory_offset
    }

    /// Bytes of the whole archive.
    pub fn total(&self) -> u64 {
        let end = format::end_length(self.count, self.directory_length, self.directory_offset);
        self.directory_offset + self.directory_length + end
    }

    /// Appends what comes after the last line of the central directory.
    pub fn end(&self, out: &mut Vec<u8>) {
        format::end(self.count, self.directory_length, self.directory_offset, out);
    }

    /// A digest of everything in the archive: two layouts with the same tag make the same bytes.
    pub fn etag(&self) -> [u8; 32] {
        self.etag
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use proptest::prelude::*;

    use super::*;

    const NO_DIGEST: [u8; 32] = [0; 32];

    fn entry<'a>(name: &'a str, content: &[u8], at: i64) -> Entry<'a> {
        Entry { name, length: content.len() as u64, crc32: crc32fast::hash(content), at }
    }

    /// The whole archive, as whoever writes one puts it together.
    fn archive(entries: &[(Entry<'_>, &[u8])]) -> Vec<u8> {
        let (mut layout, mut bytes, mut directory) = (Layout::default(), Vec::new(), Vec::new());
        for (entry, content) in entries {
            let placed = layout.add(entry, &NO_DIGEST).expect("small entries fit");
            assert_eq!(placed.header, bytes.len() as u64);
            entry.local_header(&mut bytes);
            assert_eq!(placed.body, bytes.len() as u64);
            bytes.extend_from_slice(content);
            assert_eq!(placed.end, bytes.len() as u64);
            entry.central_header(placed.header, &mut directory);
        }
        let outline = layout.close();
        assert_eq!(outline.directory_offset(), bytes.len() as u64);
        bytes.append(&mut directory);
        outline.end(&mut bytes);
        assert_eq!(outline.total(), bytes.len() as u64);
        bytes
    }

    proptest! {
        #[test]
        fn another_reader_finds_every_name_and_content(
            contents in prop::collection::btree_map("[a-zé😀]{1,20}", prop::collection::vec(any::<u8>(), 0..200), 0..40),
            at in any::<i64>(),
        ) {
            let entries: Vec<(Entry<'_>, &[u8])> =
                contents.iter().map(|(name, content)| (entry(name, content, at), content.as_slice())).collect();
            let mut reader = zip::ZipArchive::new(Cursor::new(archive(&entries))).expect("a valid archive");
            prop_assert_eq!(reader.len(), contents.len());
            for (index, (name, content)) in contents.iter().enumerate() {
                let mut entry = reader.by_index(index).expect("an entry");
                prop_assert_eq!(entry.name().expect("a UTF-8 name"), name.as_str());
                prop_assert_eq!(entry.unix_mode(), Some(0o100_644));
                let mut read = Vec::new();
                entry.read_to_end(&mut read).expect("content with the right checksum");
                prop_assert_eq!(&read, content);
            }
        }
    }

    #[test]
    fn an_archive_of_more_than_65535_entries_uses_zip64() {
        let names: Vec<String> = (0..70_000).map(|number| format!("{number:05}")).collect();
        let entries: Vec<(Entry<'_>, &[u8])> =
            names.iter().map(|name| (entry(name, b"", 0), &b""[..])).collect();
        let mut reader = zip::ZipArchive::new(Cursor::new(archive(&entries))).expect("a valid archive");
        assert_eq!(reader.len(), 70_000);
        assert_eq!(reader.by_index(69_999).expect("the last entry").name().expect("a UTF-8 name"), "69999");
    }

    #[test]
    fn zip64_appears_only_where_a_number_does_not_fit() {
        let of = |length| Entry { name: "n", length, crc32: 0, at: 1 << 31 };
        let mut layout = Layout::default();
        let (mut headers, mut directory) = (Vec::new(), Vec::new());
        for length in [0xFFFF_FFFE, 0xFFFF_FFFF, 5] {
            let placed = layout.add(&of(length), &NO_DIGEST).expect("it fits");
            headers.push(placed.body - placed.header);
            let mut header = Vec::new();
            of(length).local_header(&mut header);
            assert_eq!(header.len() as u64, placed.body - placed.header);
            of(length).central_header(placed.header, &mut directory);
        }
        assert_eq!(headers, [31, 51, 31]);
        let outline = layout.close();
        // 47 bytes plain; 4 + 16 + 8 more for the large one, which also lies past 4 GiB; 4 + 8 for the far one.
        assert_eq!(directory.len(), 47 + (47 + 28) + (47 + 12));
        assert_eq!(outline.total(), outline.directory_offset() + directory.len() as u64 + 98);
    }

    #[test]
    fn what_the_format_cannot_hold_is_refused() {
        let of = |name, length| Entry { name, length, crc32: 0, at: 0 };
        let long = "n".repeat(65_536);
        let mut layout = Layout::default();
        assert_eq!(layout.add(&of(&long, 0), &NO_DIGEST).err(), Some(ZipError::Name { index: 0 }));
        assert!(layout.add(&of("a", 1 << 62), &NO_DIGEST).is_ok());
        for length in [1 << 62, u64::MAX] {
            let refused = layout.add(&of("b", length), &NO_DIGEST);
            assert_eq!(refused.err(), Some(ZipError::TooLarge { index: 1 }));
        }
    }

    #[test]
    fn any_change_changes_the_tag() {
        let base = entry("a", b"x", 7);
        let tag = |entry: Entry<'_>, digest: [u8; 32]| {
            let mut layout = Layout::default();
            layout.add(&entry, &digest).expect("it fits");
            layout.close().etag()
        };
        let changed = [
            Entry { name: "b", ..base },
            Entry { length: 2, ..base },
            Entry { crc32: 1, ..base },
            Entry { at: 8, ..base },
        ];
        assert!(changed.iter().all(|entry| tag(*entry, NO_DIGEST) != tag(base, NO_DIGEST)));
        assert_ne!(tag(base, [1; 32]), tag(base, NO_DIGEST));
        assert_eq!(tag(base, NO_DIGEST), tag(base, NO_DIGEST));
    }
}
