//! What inspection has found, in memory.
//!
//! Inspections lie under the digests of their scans, so those of one script are as far apart as can be, and
//! looking all of an exam's up reads a page of the database for each. Who asks about most of them reads them
//! in their order instead, once, and keeps eighteen bytes of each.

use super::StoreError;
use super::record::{InspectionRecord, Record};
use super::tables::Tables;
use crate::model::BlobRef;

/// What inspection found in a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Nothing is written on it.
    pub blank: bool,
    /// It cannot be trusted.
    pub damaged: bool,
    /// Dots an inch across the page, at most [`Seen::FINEST`]; 0 when unknown.
    pub dpi: u16,
}

impl Seen {
    /// Scans with more dots an inch than this count as having so many.
    pub const FINEST: u16 = 0x3FFF;
    const BLANK: u16 = 0x8000;
    const DAMAGED: u16 = 0x4000;

    fn packed(self) -> u16 {
        let flag = |holds, bit| if holds { bit } else { 0 };
        self.dpi.min(Seen::FINEST) | flag(self.blank, Seen::BLANK) | flag(self.damaged, Seen::DAMAGED)
    }

    fn unpacked(packed: u16) -> Seen {
        Seen {
            blank: packed & Seen::BLANK != 0,
            damaged: packed & Seen::DAMAGED != 0,
            dpi: packed & Seen::FINEST,
        }
    }
}

impl From<&super::ArchivedInspectionRecord> for Seen {
    fn from(found: &super::ArchivedInspectionRecord) -> Seen {
        let dpi = u16::try_from(found.dpi.to_native()).unwrap_or(u16::MAX).min(Seen::FINEST);
        Seen { blank: found.blank, damaged: found.damage.is_some(), dpi }
    }
}

/// What was found in all scans of a store when this was made.
#[derive(Debug)]
pub struct Inspected {
    /// The first halves of their digests, in order: two scans share one by chance never.
    scans: Vec<[u8; 16]>,
    seen: Vec<u16>,
}

impl Inspected {
    pub(super) fn of(tables: &Tables) -> Result<Inspected, StoreError> {
        let (mut scans, mut seen) = (Vec::new(), Vec::new());
        for entry in tables.inspections.iter() {
            let (key, value) = entry?;
            tables.inspections.make_room(&key, value.len())?;
            let key = key.first_chunk().ok_or_else(|| StoreError::Inconsistent {
                detail: "an inspection is of no scan".to_owned(),
            })?;
            let found =
                Record::<InspectionRecord>::read(value).map_err(StoreError::record("an inspection"))?;
            scans.push(*key);
            seen.push(Seen::from(found.get()).packed());
        }
        Ok(Inspected { scans, seen })
    }

    /// What was found in a scan; none when it was not inspected.
    pub fn of_scan(&self, scan: &BlobRef) -> Option<Seen> {
        let half = scan.sha256.first_chunk()?;
        let at = self.scans.binary_search(half).ok()?;
        self.seen.get(at).copied().map(Seen::unpacked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_comes_back_from_its_sixteen_bits() {
        for blank in [false, true] {
            for damaged in [false, true] {
                for dpi in [0, 1, 199, 600, Seen::FINEST] {
                    let seen = Seen { blank, damaged, dpi };
                    assert_eq!(Seen::unpacked(seen.packed()), seen);
                }
            }
        }
    }
}
