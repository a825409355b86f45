//! Where every byte of an archive lies, before one is written.

use std::io::{self, Write};

use sha2::{Digest, Sha256};

use super::format::{self, Described};
use super::listing::{Listing, PlannedEntry, ZipError};

/// A whole archive laid out: 64 bytes an entry and its name.
#[derive(Clone, Debug)]
pub struct ZipPlan {
    listing: Listing,
    directory_offset: u64,
    directory_length: u64,
    etag: [u8; 32],
}

impl ZipPlan {
    /// Lays out entries in the order given.
    ///
    /// # Errors
    /// [`ZipError`] when a number does not fit the format.
    pub fn lay_out(mut listing: Listing) -> Result<ZipPlan, ZipError> {
        listing.shrink();
        let mut plan = ZipPlan { listing, directory_offset: 0, directory_length: 0, etag: [0; 32] };
        plan.place()?;
        Ok(plan)
    }

    /// Gives every entry its offset, and the whole its tag.
    fn place(&mut self) -> Result<(), ZipError> {
        const LARGEST: u64 = i64::MAX as u64;
        let mut offset = 0_u64;
        let mut directory_length = 0_u64;
        let mut tag = Sha256::new();
        tag.update(b"copiste zip 1");
        for index in 0..self.entries().len() {
            self.listing.entries[index].offset = offset;
            let entry = self.described(index);
            tag.update((entry.name.len() as u64).to_le_bytes());
            tag.update(entry.name);
            tag.update(entry.length.to_le_bytes());
            tag.update(entry.crc32.to_le_bytes());
            tag.update(entry.at.to_le_bytes());
            tag.update(self.entries()[index].digest);
            directory_length += format::central_header_length(entry.name, entry.length, entry.at, offset);
            offset = format::local_header_length(entry.name, entry.length, entry.at)
                .checked_add(entry.length)
                .and_then(|bytes| offset.checked_add(bytes))
                .filter(|end| *end <= LARGEST)
                .ok_or(ZipError::TooLarge { index })?;
        }
        self.directory_offset = offset;
        self.directory_length = directory_length;
        self.etag = tag.finalize().into();
        Ok(())
    }

    /// Gives entry `index` another content; everything after it moves.
    ///
    /// # Errors
    /// [`ZipError::TooLarge`].
    ///
    /// # Panics
    /// When there is no such entry.
    pub fn amend(&mut self, index: usize, length: u64, crc32: u32, digest: [u8; 32]) -> Result<(), ZipError> {
        let entry = &mut self.listing.entries[index];
        (entry.length, entry.crc32, entry.digest) = (length, crc32, digest);
        self.place()
    }

    /// Keeps the entries that `kept` names by their place; those after a gap move up.
    ///
    /// # Errors
    /// None in fact: what fitted before fits after.
    pub fn retain(&mut self, mut kept: impl FnMut(usize) -> bool) -> Result<(), ZipError> {
        let mut index = 0;
        self.listing.entries.retain(|_| {
            index += 1;
            kept(index - 1)
        });
        self.place()
    }

    /// The entries, in order.
    pub fn entries(&self) -> &[PlannedEntry] {
        &self.listing.entries
    }

    /// The name of entry `index`.
    ///
    /// # Panics
    /// When there is no such entry.
    pub fn name(&self, index: usize) -> &str {
        self.listing.name(index)
    }

    fn described(&self, index: usize) -> Described<'_> {
        let entry = &self.entries()[index];
        Described {
            name: self.name(index),
            length: entry.length,
            crc32: entry.crc32,
            at: i64::from(entry.at),
            offset: entry.offset,
        }
    }

    /// The bytes before the content of entry `index`, appended to `out`.
    ///
    /// # Panics
    /// When there is no such entry.
    pub fn local_header(&self, index: usize, out: &mut Vec<u8>) {
        format::local_header(&self.described(index), out);
    }

    /// Where the content of entry `index` begins.
    ///
    /// # Panics
    /// When there is no such entry.
    pub fn body_offset(&self, index: usize) -> u64 {
        let entry = &self.entries()[index];
        entry.offset + format::local_header_length(self.name(index), entry.length, i64::from(entry.at))
    }

    /// Where the content of the last entry ends and the central directory begins.
    pub fn directory_offset(&self) -> u64 {
        self.directory_offset
    }

    /// Bytes of the whole archive.
    pub fn total(&self) -> u64 {
        let count = self.entries().len() as u64;
        let end = format::end_length(count, self.directory_length, self.directory_offset);
        self.directory_offset + self.directory_length + end
    }

    /// Writes the central directory and what closes the archive, a few kilobytes at a time.
    ///
    /// # Errors
    /// Whatever the writer says.
    pub fn write_directory(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut piece = Vec::with_capacity(16 * 1024);
        for index in 0..self.entries().len() {
            format::central_header(&self.described(index), &mut piece);
            if piece.len() >= 15 * 1024 {
                out.write_all(&piece)?;
                piece.clear();
            }
        }
        format::end(self.entries().len() as u64, self.directory_length, self.directory_offset, &mut piece);
        out.write_all(&piece)
    }

    /// A digest of everything in the archive: two plans with the same tag make the same bytes.
    pub fn etag(&self) -> [u8; 32] {
        self.etag
    }

    /// Bytes held in memory.
    pub fn weight(&self) -> usize {
        self.listing.weight()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use proptest::prelude::*;

    use super::super::listing::Draft;
    use super::*;

    fn draft<'a>(name: &'a str, content: &[u8], at: i64) -> Draft<'a> {
        Draft {
            name,
            length: content.len() as u64,
            crc32: crc32fast::hash(content),
            digest: Sha256::digest(content).into(),
            at,
        }
    }

    fn laid_out<'a>(drafts: impl IntoIterator<Item = Draft<'a>>) -> Result<ZipPlan, ZipError> {
        let mut listing = Listing::default();
        for draft in drafts {
            listing.push(&draft)?;
        }
        ZipPlan::lay_out(listing)
    }

    fn archive(plan: &ZipPlan, contents: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (index, content) in contents.iter().enumerate() {
            assert_eq!(plan.entries()[index].offset, bytes.len() as u64);
            plan.local_header(index, &mut bytes);
            assert_eq!(plan.body_offset(index), bytes.len() as u64);
            bytes.extend(content);
        }
        assert_eq!(plan.directory_offset(), bytes.len() as u64);
        plan.write_directory(&mut bytes).expect("a vector takes everything");
        assert_eq!(plan.total(), bytes.len() as u64);
        bytes
    }

    proptest! {
        #[test]
        fn another_reader_finds_every_name_and_content(
            entries in prop::collection::btree_map("[a-zé😀]{1,20}", prop::collection::vec(any::<u8>(), 0..200), 0..40),
            at in any::<i64>(),
        ) {
            let contents: Vec<Vec<u8>> = entries.values().cloned().collect();
            let plan = laid_out(entries.iter().map(|(name, content)| draft(name, content, at)))
                .expect("small entries fit");
            let mut reader = zip::ZipArchive::new(Cursor::new(archive(&plan, &contents))).expect("a valid archive");
            prop_assert_eq!(reader.len(), entries.len());
            for (index, (name, content)) in entries.iter().enumerate() {
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
        let plan = laid_out(names.iter().map(|name| draft(name, b"", 0))).expect("short names fit");
        let bytes = archive(&plan, &vec![Vec::new(); names.len()]);
        let mut reader = zip::ZipArchive::new(Cursor::new(bytes)).expect("a valid archive");
        assert_eq!(reader.len(), 70_000);
        assert_eq!(reader.by_index(69_999).expect("the last entry").name().expect("a UTF-8 name"), "69999");
    }

    #[test]
    fn zip64_appears_only_where_a_number_does_not_fit() {
        let of = |length| Draft { name: "n", length, crc32: 0, digest: [0; 32], at: 1 << 31 };
        let plan = laid_out([of(0xFFFF_FFFE), of(0xFFFF_FFFF), of(5)]).expect("it fits");
        let headers: Vec<usize> = (0..3)
            .map(|index| {
                let mut header = Vec::new();
                plan.local_header(index, &mut header);
                header.len()
            })
            .collect();
        assert_eq!(headers, [31, 51, 31]);
        let mut directory = Vec::new();
        plan.write_directory(&mut directory).expect("a vector takes everything");
        // 47 bytes plain; 4 + 16 + 8 more for the large one, which also lies past 4 GiB; 4 + 8 for the far one.
        assert_eq!(directory.len(), 47 + (47 + 28) + (47 + 12) + 98);
        assert_eq!(plan.total(), plan.directory_offset() + directory.len() as u64);
    }

    #[test]
    fn what_the_format_cannot_hold_is_refused() {
        let of = |name, length| Draft { name, length, crc32: 0, digest: [0; 32], at: 0 };
        let long = "n".repeat(65_536);
        assert_eq!(laid_out([of(&long, 0)]).err(), Some(ZipError::Name { index: 0 }));
        assert_eq!(
            laid_out([of("a", 1 << 62), of("b", 1 << 62)]).err(),
            Some(ZipError::TooLarge { index: 1 })
        );
    }

    #[test]
    fn any_change_changes_the_tag() {
        let base = draft("a", b"x", 7);
        let tag = |draft| laid_out([draft]).expect("it fits").etag();
        let changed = [
            Draft { name: "b", ..base },
            Draft { length: 2, ..base },
            Draft { crc32: 1, ..base },
            Draft { at: 8, ..base },
            Draft { digest: [1; 32], ..base },
        ];
        assert!(changed.iter().all(|draft| tag(*draft) != tag(base)));
        assert_eq!(tag(base), tag(base));
    }
}
