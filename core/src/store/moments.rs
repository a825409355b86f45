//! When scripts were transmitted: beside the scripts, many moments in one record, so that a commit that
//! transmits a whole wave writes some hundred small records and no script.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::StoreError;
use super::generation::Held;
use super::record::{Moments, Record};
use super::tables::{Keys, Records, Tables, key_at, read};
use crate::journal::Timestamp;

/// How many places one record has: it is about a kilobyte long, as sled likes values.
pub(super) const TOGETHER: u32 = 64;

/// The record that a place's moment is in, and where in it.
fn within(place: u32) -> (u32, usize) {
    // Below 64.
    (place / TOGETHER, (place % TOGETHER) as usize)
}

fn what(group: u32) -> String {
    format!("the moments of the scripts at place {} and after", group.saturating_mul(TOGETHER))
}

/// When the script at a place was transmitted; none when it was not.
pub(super) fn at(tables: &Tables, generation: u32, place: u32) -> Result<Option<Timestamp>, StoreError> {
    let (group, index) = within(place);
    let record = read::<Moments>(&tables.moments, key_at(generation, group), || what(group))?;
    let moment = record.as_ref().and_then(|record| record.get().0.get(index));
    Ok(moment.and_then(|at| at.as_ref()).map(|at| at.to_native()))
}

/// Moments of one generation, asked for place after place: those that lie together are read once.
pub struct Transmissions {
    tables: Arc<Tables>,
    generation: Arc<Held>,
    last: Option<(u32, Option<Record<Moments>>)>,
}

impl Transmissions {
    pub(super) fn of(tables: Arc<Tables>, generation: Arc<Held>) -> Transmissions {
        Transmissions { tables, generation, last: None }
    }

    /// When the script at a place was transmitted; none when it was not.
    ///
    /// # Errors
    /// [`StoreError`] when the record cannot be read.
    pub fn at(&mut self, place: u32) -> Result<Option<Timestamp>, StoreError> {
        let (group, index) = within(place);
        if self.last.as_ref().is_none_or(|(held, _)| *held != group) {
            let key = key_at(self.generation.generation(), group);
            self.last = Some((group, read::<Moments>(&self.tables.moments, key, || what(group))?));
        }
        let record = self.last.as_ref().and_then(|(_, record)| record.as_ref());
        let moment = record.and_then(|record| record.get().0.get(index));
        Ok(moment.and_then(|at| at.as_ref()).map(|at| at.to_native()))
    }
}

/// How many scripts of a generation are transmitted.
pub(super) fn count(tables: &Tables, generation: u32) -> Result<u64, StoreError> {
    let mut count = 0;
    for record in Records::<Moments>::of(&tables.moments, generation, "moments of the group", Keys::Places) {
        count += record?.get().0.iter().filter(|at| at.is_some()).count() as u64;
    }
    Ok(count)
}

/// Moments of one generation that are being added to.
pub(super) struct Adding<'t> {
    tables: &'t Tables,
    generation: u32,
    groups: BTreeMap<u32, Vec<Option<Timestamp>>>,
    /// How many scripts have a moment now and had none before.
    pub(super) added: u64,
}

impl<'t> Adding<'t> {
    pub(super) fn to(tables: &'t Tables, generation: u32) -> Adding<'t> {
        Adding { tables, generation, groups: BTreeMap::new(), added: 0 }
    }

    /// Gives the script at a place its moment. The first one counts.
    pub(super) fn add(&mut self, place: u32, at: Timestamp) -> Result<(), StoreError> {
        let (group, index) = within(place);
        let moments = match self.groups.entry(group) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                let key = key_at(self.generation, group);
                let before = read::<Moments>(&self.tables.moments, key, || what(group))?;
                let before = before.map(|record| record.value()).transpose();
                entry.insert(before.map_err(StoreError::record(what(group)))?.unwrap_or_default().0)
            }
        };
        if moments.len() <= index {
            moments.resize(index + 1, None);
        }
        if let Some(moment @ None) = moments.get_mut(index) {
            *moment = Some(at);
            self.added += 1;
        }
        Ok(())
    }

    /// The records as they will be, with their keys.
    pub(super) fn written(self) -> Result<Vec<([u8; 8], sled::IVec)>, StoreError> {
        let record = |(group, moments)| {
            let record = Record::of(&Moments(moments)).map_err(StoreError::record(what(group)))?;
            Ok((key_at(self.generation, group), record.envelope().clone()))
        };
        self.groups.into_iter().map(record).collect()
    }
}
