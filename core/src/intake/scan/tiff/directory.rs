//! A TIFF image file directory (TIFF 6.0, section 2): its entries, and the values they name.

use crate::intake::scan::damage;
use crate::intake::scan::endian::Endian;
use crate::model::Damage;

/// Values one entry may have: strips of a picture at its largest, one row each, and to spare.
const VALUES: u32 = 1 << 20;

/// One directory of a file.
pub(crate) struct Directory<'a> {
    file: &'a [u8],
    endian: Endian,
    /// Offset of the directory in the file.
    pub(crate) offset: u32,
    entries: Vec<Entry>,
}

struct Entry {
    tag: u16,
    kind: u16,
    count: u32,
    /// Where the values are: in the entry itself when they fit in four bytes.
    at: usize,
}

/// The order of bytes a TIFF head states, when it is one: `II*\0` or `MM\0*`.
pub(crate) fn byte_order(bytes: &[u8]) -> Option<Endian> {
    match bytes.get(..4)? {
        [b'I', b'I', 42, 0] => Some(Endian::Little),
        [b'M', b'M', 0, 42] => Some(Endian::Big),
        _ => None,
    }
}

/// Bytes a value of this type takes (TIFF 6.0, section 2, "Types").
fn width(kind: u16) -> Option<u32> {
    match kind {
        1 | 2 | 6 | 7 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 => Some(8),
        _ => None,
    }
}

impl<'a> Directory<'a> {
    /// Reads the directory at `offset` and returns it with the offset of the next, 0 for none.
    ///
    /// # Errors
    /// `SCN-003` when it or a value it names lies beyond the end of the file.
    pub(crate) fn read(file: &'a [u8], endian: Endian, offset: u32) -> Result<(Directory<'a>, u32), Damage> {
        let beyond = || damage::truncated(format!("directory at byte {offset} of {}", file.len()));
        let start = usize::try_from(offset).map_err(|_| beyond())?;
        let count = usize::from(endian.u16(file, start).ok_or_else(beyond)?);
        let mut entries = Vec::with_capacity(count.min(256));
        for index in 0..count {
            let at = start + 2 + index * 12;
            let (Some(tag), Some(kind), Some(count)) =
                (endian.u16(file, at), endian.u16(file, at + 2), endian.u32(file, at + 4))
            else {
                return Err(beyond());
            };
            // An unknown type is skipped, as the specification asks.
            let Some(size) = width(kind).map(|width| u64::from(width) * u64::from(count)) else { continue };
            let at = if size <= 4 {
                at + 8
            } else {
                usize::try_from(endian.u32(file, at + 8).ok_or_else(beyond)?).map_err(|_| beyond())?
            };
            entries.push(Entry { tag, kind, count, at });
        }
        let next = endian.u32(file, start + 2 + count * 12).ok_or_else(beyond)?;
        Ok((Directory { file, endian, offset, entries }, next))
    }

    fn entry(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }

    /// Whether there is such an entry.
    pub(crate) fn has(&self, tag: u16) -> bool {
        self.entry(tag).is_some()
    }

    /// The first value of an entry of whole numbers.
    pub(crate) fn number(&self, tag: u16) -> Option<u32> {
        self.entry(tag).and_then(|entry| self.value(entry, 0))
    }

    fn value(&self, entry: &Entry, index: usize) -> Option<u32> {
        if index >= entry.count as usize {
            return None;
        }
        match entry.kind {
            1 | 7 => self.file.get(entry.at.checked_add(index)?).map(|byte| u32::from(*byte)),
            3 => self.endian.u16(self.file, entry.at.checked_add(index * 2)?).map(u32::from),
            4 => self.endian.u32(self.file, entry.at.checked_add(index * 4)?),
            _ => None,
        }
    }

    /// All values of an entry of whole numbers; none when it is absent.
    ///
    /// # Errors
    /// `SCN-003` when values lie beyond the end of the file, `SCN-004` when there are absurdly many.
    pub(crate) fn numbers(&self, tag: u16) -> Result<Vec<u32>, Damage> {
        let Some(entry) = self.entry(tag) else { return Ok(Vec::new()) };
        if entry.count > VALUES {
            return Err(damage::malformed(format!("tag {tag} with {} values", entry.count)));
        }
        // The count is bounded, and no value is taken that the file does not hold.
        (0..entry.count as usize)
            .map(|index| self.value(entry, index))
            .collect::<Option<Vec<u32>>>()
            .ok_or_else(|| damage::truncated(format!("values of tag {tag} lie beyond the end of the file")))
    }

    fn rational(&self, tag: u16) -> Option<f64> {
        let entry = self.entry(tag)?;
        if entry.kind != 5 || entry.count == 0 {
            return None;
        }
        let above = self.endian.u32(self.file, entry.at)?;
        let below = self.endian.u32(self.file, entry.at.checked_add(4)?)?;
        (below != 0).then(|| f64::from(above) / f64::from(below))
    }

    /// Tags 282, 283 and 296: dots an inch, across and down, when a unit is stated or implied.
    pub(crate) fn density(&self) -> Option<(f64, f64)> {
        let unit = match self.number(296).unwrap_or(2) {
            2 => 1.0,
            3 => 2.54,
            _ => return None,
        };
        Some((self.rational(282)? * unit, self.rational(283)? * unit))
    }
}
