//! Writing many records.

use sled::Batch as Writes;

use crate::store::StoreError;
use crate::store::tables::Table;

/// Records are written in groups of about this many bytes. sled copies a page of up to 16 records
/// for each that is written and frees the copies after the group at the earliest: groups of 4 MiB
/// took 500 MB for 27,000 scripts, groups of 16 KiB take 100 MB in the same time.
const GROUP_BYTES: usize = 16 << 10;

/// After so many groups sled's log buffers are written out: they pile up without a limit when the
/// disk is slower than we are.
const GROUPS_BETWEEN_FLUSHES: usize = 64;

/// Writes into a tree in groups.
pub(in crate::store) struct Writer<'t> {
    table: &'t Table,
    writes: Writes,
    written: Vec<(Vec<u8>, usize)>,
    bytes: usize,
    groups: usize,
}

impl<'t> Writer<'t> {
    pub(in crate::store) fn of(table: &'t Table) -> Writer<'t> {
        Writer { table, writes: Writes::default(), written: Vec::new(), bytes: 0, groups: 0 }
    }

    pub(in crate::store) fn put(&mut self, key: Vec<u8>, value: &sled::IVec) -> Result<(), StoreError> {
        self.bytes += key.len() + value.len();
        self.writes.insert(key.as_slice(), value.clone());
        self.written.push((key, value.len()));
        if self.bytes >= GROUP_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        fail::fail_point!("import-group", |_| Err(StoreError::Database(sled::Error::Io(
            std::io::Error::from_raw_os_error(28)
        ))));
        self.bytes = 0;
        self.table.apply_batch(std::mem::take(&mut self.writes))?;
        for (key, length) in self.written.drain(..) {
            self.table.make_room(&key, length)?;
        }
        self.groups += 1;
        if self.groups.is_multiple_of(GROUPS_BETWEEN_FLUSHES) {
            self.table.flush()?;
        }
        Ok(())
    }

    pub(in crate::store) fn end(mut self) -> Result<(), StoreError> {
        self.flush()
    }
}
