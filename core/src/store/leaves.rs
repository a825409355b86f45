//! Many small entries in few values.
//!
//! sled keeps some two hundred bytes in memory for every page of its file, and a page has eight to
//! sixteen values whatever their size. Small entries that are never changed (a candidate, its place,
//! the candidates that a word finds) are therefore put together: a *leaf* is a value with as many of
//! them as fit some kilobytes, one after another in the order of their keys, and its key is the first
//! one's. They are written once, with their generation.
//!
//! An entry: length of its key (two bytes), of its value (four), both little-endian, key, value.

use std::ops::Bound;

use sled::IVec;

use super::StoreError;
use super::tables::Table;

/// A leaf ends with the entry that makes it as long as this.
const LEAF_BYTES: usize = 1024;

/// Bytes before an entry's key.
const HEAD: usize = 6;

/// Puts entries together, which come in the order of their keys: leaves with their keys, without the
/// generation.
pub(super) fn packed(
    mut entries: impl Iterator<Item = (Vec<u8>, Vec<u8>)>,
) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    std::iter::from_fn(move || {
        let (first, value) = entries.next()?;
        let mut leaf = Vec::with_capacity(LEAF_BYTES + 256);
        append(&mut leaf, &first, &value);
        while leaf.len() < LEAF_BYTES
            && let Some((key, value)) = entries.next()
        {
            append(&mut leaf, &key, &value);
        }
        Some((first, leaf))
    })
}

fn append(leaf: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    // Keys are words and numbers, values at most 16 KiB.
    let key = &key[..key.len().min(usize::from(u16::MAX))];
    leaf.extend_from_slice(&u16::try_from(key.len()).unwrap_or(u16::MAX).to_le_bytes());
    leaf.extend_from_slice(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_le_bytes());
    leaf.extend_from_slice(key);
    leaf.extend_from_slice(value);
}

/// The entries of a generation from a key on, in order.
pub(super) fn from(table: &Table, generation: u32, key: &[u8]) -> Result<Entries, StoreError> {
    let within = generation.to_be_bytes();
    let wanted = [within.as_slice(), key].concat();
    // The leaf that begins at the key or before it has the key, if any has.
    let before = (Bound::Included(within.to_vec()), Bound::Included(wanted.clone()));
    // It is in hand now; those after it are looked for when they are wanted.
    let (start, leaf) = match table.range::<Vec<u8>, _>(before).next_back() {
        Some(found) => {
            let (first, leaf) = found?;
            table.make_room(&first, leaf.len())?;
            (Bound::Excluded(first), leaf)
        }
        None => (Bound::Included(wanted.into()), IVec::default()),
    };
    Ok(Entries {
        leaves: table.range((start, Bound::Unbounded)),
        table: table.clone(),
        within,
        from: key.to_vec(),
        leaf,
        at: 0,
    })
}

/// Entries one after another.
pub(super) struct Entries {
    table: Table,
    leaves: sled::Iter,
    within: [u8; 4],
    /// What lies before this is passed over.
    from: Vec<u8>,
    leaf: IVec,
    at: usize,
}

impl Entries {
    /// The next entry of this leaf or of a later one.
    fn read(&mut self) -> Result<Option<(IVec, IVec)>, StoreError> {
        loop {
            while self.at < self.leaf.len() {
                let (key, value) = entry_at(&self.leaf, &mut self.at)?;
                if key.as_ref() >= self.from.as_slice() {
                    return Ok(Some((key, value)));
                }
            }
            let Some(next) = self.leaves.next() else { return Ok(None) };
            let (key, leaf) = next?;
            if !key.starts_with(&self.within) {
                return Ok(None);
            }
            self.table.make_room(&key, leaf.len())?;
            (self.leaf, self.at) = (leaf, 0);
        }
    }
}

impl Iterator for Entries {
    type Item = Result<(IVec, IVec), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

fn entry_at(leaf: &IVec, at: &mut usize) -> Result<(IVec, IVec), StoreError> {
    let cut = || StoreError::Inconsistent { detail: "a leaf of small entries is cut short".to_owned() };
    let rest = leaf.get(*at..).ok_or_else(cut)?;
    let (key_length, rest) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
    let (value_length, rest) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
    let key_length = usize::from(u16::from_le_bytes(*key_length));
    let value_length = usize::try_from(u32::from_le_bytes(*value_length)).map_err(|_| cut())?;
    let length = key_length.checked_add(value_length).filter(|length| *length <= rest.len());
    let length = length.ok_or_else(cut)?;
    let start = *at + HEAD;
    *at = start + length;
    Ok((leaf.subslice(start, key_length), leaf.subslice(start + key_length, value_length)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    type Contents = BTreeMap<Vec<u8>, Vec<u8>>;

    fn table(db: &sled::Db, generations: &[(u32, &Contents)]) -> Table {
        let table = Table::of(db.open_tree("leaves").expect("a tree"));
        for (generation, entries) in generations {
            let entries = entries.iter().map(|(key, value)| (key.clone(), value.clone()));
            for (key, leaf) in packed(entries) {
                table.insert([&generation.to_be_bytes()[..], &key].concat(), leaf).expect("it fits");
            }
        }
        table
    }

    proptest! {
        #[test]
        fn entries_are_found_from_any_key_on_in_their_generation_only(
            entries in prop::collection::btree_map(
                prop::collection::vec(0..4_u8, 0..4), prop::collection::vec(any::<u8>(), 0..3000), 0..40),
            others in prop::collection::btree_map(
                prop::collection::vec(0..4_u8, 0..4), prop::collection::vec(any::<u8>(), 0..30), 0..40),
            key in prop::collection::vec(0..4_u8, 0..4),
        ) {
            let db = sled::Config::new().temporary(true).open().expect("a database");
            let table = table(&db, &[(6, &others), (7, &entries), (8, &others)]);
            let found: Vec<(Vec<u8>, Vec<u8>)> = from(&table, 7, &key)
                .expect("a place to begin")
                .map(|entry| entry.expect("an entry"))
                .map(|(key, value)| (key.to_vec(), value.to_vec()))
                .collect();
            let wanted: Vec<_> = entries.range(key..).map(|(key, value)| (key.clone(), value.clone())).collect();
            prop_assert_eq!(found, wanted);
        }
    }

    #[test]
    fn a_leaf_that_is_cut_is_said_to_be() {
        let entries: Contents = (0..9_u8).map(|n| (vec![n], vec![n; usize::from(n)])).collect();
        let db = sled::Config::new().temporary(true).open().expect("a database");
        let table = table(&db, &[(7, &entries)]);
        let (key, leaf) = table.first().expect("readable").expect("a leaf");
        for length in 1..leaf.len() {
            table.insert(&key, &leaf[..length]).expect("it fits");
            let all: Result<Vec<_>, _> = from(&table, 7, b"").expect("a place to begin").collect();
            let whole = entries.iter().scan(0, |end, (key, value)| {
                *end += HEAD + key.len() + value.len();
                Some(*end)
            });
            assert_eq!(all.is_ok(), whole.collect::<Vec<_>>().contains(&length), "{length}");
        }
    }
}
