//! The entries of an archive while they are being gathered.

/// Why an archive cannot be laid out.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ZipError {
    /// A name of more than 65,535 bytes, or names of more than 4 GiB together.
    #[error("ZIP-001 entry {index} has a name that the format cannot hold")]
    Name {
        /// Its place in the order given.
        index: usize,
    },
    /// Past 2^63 bytes.
    #[error("ZIP-002 entry {index} goes past the largest possible archive")]
    TooLarge {
        /// Its place in the order given.
        index: usize,
    },
}

/// What is to be known of an entry before it is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// Path within the archive, `/` between components.
    pub name: &'a str,
    /// Bytes of its content.
    pub length: u64,
    /// CRC-32 (IEEE) of its content.
    pub crc32: u32,
    /// Digest of its content: any function of it that changes when the content does.
    pub digest: [u8; 32],
    /// Seconds since 1970, UTC.
    pub at: i64,
}

/// An entry laid out. Its name is kept with all the others: see [`ZipPlan::name`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedEntry {
    /// Where its local header begins.
    pub offset: u64,
    /// Bytes of its content.
    pub length: u64,
    /// Seconds since 1970, UTC: 1970 to 2106.
    pub at: u32,
    /// CRC-32 of its content.
    pub crc32: u32,
    /// As in [`Draft::digest`].
    pub digest: [u8; 32],
    name_start: u32,
    name_length: u16,
}

/// Entries while they are being gathered: 64 bytes each and their names, never copied again.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    names: String,
    pub(super) entries: Vec<PlannedEntry>,
}

impl Listing {
    /// Adds an entry after the others.
    ///
    /// # Errors
    /// [`ZipError::Name`].
    pub fn push(&mut self, draft: &Draft<'_>) -> Result<(), ZipError> {
        let (name_start, name_length) = self.keep(draft.name, self.entries.len())?;
        self.entries.push(PlannedEntry {
            offset: 0,
            length: draft.length,
            at: u32::try_from(draft.at.max(0)).unwrap_or(u32::MAX),
            crc32: draft.crc32,
            digest: draft.digest,
            name_start,
            name_length,
        });
        Ok(())
    }

    /// Adds an entry before the others.
    ///
    /// # Errors
    /// [`ZipError::Name`].
    pub fn push_first(&mut self, draft: &Draft<'_>) -> Result<(), ZipError> {
        // One more than is there: growing by half as much again would double a large plan.
        self.entries.reserve_exact(1);
        self.push(draft)?;
        self.entries.rotate_right(1);
        Ok(())
    }

    /// Gives entry `index` another name.
    ///
    /// # Errors
    /// [`ZipError::Name`].
    ///
    /// # Panics
    /// When there is no such entry.
    pub fn rename(&mut self, index: usize, name: &str) -> Result<(), ZipError> {
        let (name_start, name_length) = self.keep(name, index)?;
        let entry = &mut self.entries[index];
        (entry.name_start, entry.name_length) = (name_start, name_length);
        Ok(())
    }

    fn keep(&mut self, name: &str, index: usize) -> Result<(u32, u16), ZipError> {
        let length = u16::try_from(name.len()).map_err(|_| ZipError::Name { index })?;
        let start = u32::try_from(self.names.len()).map_err(|_| ZipError::Name { index })?;
        self.names.push_str(name);
        Ok((start, length))
    }

    /// The entries so far.
    pub fn entries(&self) -> &[PlannedEntry] {
        &self.entries
    }

    /// The name of entry `index`.
    ///
    /// # Panics
    /// When there is no such entry.
    pub fn name(&self, index: usize) -> &str {
        let entry = &self.entries[index];
        let start = entry.name_start as usize;
        &self.names[start..start + usize::from(entry.name_length)]
    }

    /// The order of the entries by name, as bytes: `order[n]` is the one that comes `n`th.
    ///
    /// # Errors
    /// [`ZipError::Name`] past 2^32 entries.
    pub fn order(&self) -> Result<Vec<u32>, ZipError> {
        let index = self.entries.len();
        let count = u32::try_from(index).map_err(|_| ZipError::Name { index })?;
        let mut order: Vec<u32> = (0..count).collect();
        order.sort_unstable_by(|a, b| self.name(*a as usize).cmp(self.name(*b as usize)));
        Ok(order)
    }

    /// Gives back what was reserved and not used.
    pub(super) fn shrink(&mut self) {
        self.entries.shrink_to_fit();
        self.names.shrink_to_fit();
    }

    /// Bytes held in memory.
    pub(super) fn weight(&self) -> usize {
        self.names.capacity() + self.entries.capacity() * size_of::<PlannedEntry>()
    }

    /// Puts the entries in this order.
    pub fn reorder(&mut self, order: &[u32]) {
        reorder(&mut self.entries, order);
    }
}

/// Puts `items[order[n]]` at `n`, for all of them, in place. `order` names each place once.
pub fn reorder<T>(items: &mut [T], order: &[u32]) {
    let mut settled = vec![false; items.len()];
    for start in 0..items.len() {
        let mut place = start;
        while !settled[place] {
            settled[place] = true;
            let from = order[place] as usize;
            if settled[from] {
                break;
            }
            items.swap(place, from);
            place = from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_put_in_the_order_of_their_names() {
        for order in [vec![], vec![0], vec![2, 0, 1], vec![1, 0, 3, 2], vec![0, 3, 1, 4, 2]] {
            let mut items: Vec<u32> = (0..).take(order.len()).collect();
            reorder(&mut items, &order);
            assert_eq!(items, order);
        }
        let mut listing = Listing::default();
        for name in ["é", "b", "a"] {
            listing
                .push(&Draft {
                    name,
                    length: 1,
                    crc32: crc32fast::hash(name.as_bytes()),
                    digest: [0; 32],
                    at: 0,
                })
                .expect("a short name");
        }
        listing.rename(1, "z").expect("a short name");
        let order = listing.order().expect("few entries");
        listing.reorder(&order);
        assert_eq!((listing.name(0), listing.name(1), listing.name(2)), ("a", "z", "é"));
        assert_eq!(listing.entries()[1].crc32, crc32fast::hash(b"b"));
    }
}
