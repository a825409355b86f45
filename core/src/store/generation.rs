//! Generations: the prefix of an exam's records. An import writes a new one beside the old; the
//! old one goes when nobody looks at it any more.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use sled::Tree;

use super::StoreError;
use super::tables::Tables;

/// A generation of an exam's records, held by the store while it is the exam's, and by every view.
pub(super) struct Held(u32);

impl Held {
    pub(super) fn generation(&self) -> u32 {
        self.0
    }
}

/// Which generations there are.
pub(super) struct Generations(Mutex<State>);

struct State {
    next: u32,
    /// Each exam's present one.
    present: BTreeMap<String, Arc<Held>>,
    /// Replaced or given up, not removed yet.
    past: Vec<(u32, Weak<Held>)>,
}

/// Keys are removed in batches of this many.
const REMOVED_AT_ONCE: usize = 4096;

impl Generations {
    /// The generations of a database that nobody has a view of yet. Those that belong to no exam
    /// are what a killed import left: they are given up.
    pub(super) fn of(
        tables: &Tables,
        present: impl IntoIterator<Item = (String, u32)>,
    ) -> Result<Generations, StoreError> {
        let present: BTreeMap<_, _> =
            present.into_iter().map(|(exam, generation)| (exam, Arc::new(Held(generation)))).collect();
        let mut next = 1;
        let mut past = Vec::new();
        for tree in tables.of_generations() {
            for generation in generations_in(tree)? {
                next = next.max(generation.saturating_add(1));
                let in_use = present.values().any(|held| held.0 == generation);
                if !in_use && past.iter().all(|(known, _)| *known != generation) {
                    past.push((generation, Weak::new()));
                }
            }
        }
        // An exam without any record still has a generation of its own.
        next = present.values().map(|held| held.0.saturating_add(1)).fold(next, u32::max);
        Ok(Generations(Mutex::new(State { next, present, past })))
    }

    /// A number nobody has used.
    pub(super) fn fresh(&self) -> Result<u32, StoreError> {
        let mut state = self.state();
        let generation = state.next;
        let next = generation.checked_add(1);
        state.next = next.ok_or_else(|| StoreError::Inconsistent {
            detail: "there have been four thousand million imports".to_owned(),
        })?;
        Ok(generation)
    }

    /// Calls `read` while no exam can change its generation, and holds the generation it says.
    pub(super) fn hold<T>(
        &self,
        exam: &str,
        read: impl FnOnce() -> Result<Option<T>, StoreError>,
    ) -> Result<Option<(T, Arc<Held>)>, StoreError> {
        let state = self.state();
        let Some(entry) = read()? else { return Ok(None) };
        let held = state.present.get(exam).map(Arc::clone);
        let held = held.ok_or_else(|| StoreError::Inconsistent {
            detail: format!("exam {exam} appeared without an import"),
        })?;
        Ok(Some((entry, held)))
    }

    /// Calls `write`, which makes `generation` the exam's own, while nobody takes a view. On
    /// success the one it had is given up.
    pub(super) fn flip(
        &self,
        exam: &str,
        generation: u32,
        write: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        write()?;
        if state.present.get(exam).is_some_and(|held| held.0 == generation) {
            return Ok(());
        }
        if let Some(old) = state.present.insert(exam.to_owned(), Arc::new(Held(generation))) {
            state.past.push((old.0, Arc::downgrade(&old)));
        }
        Ok(())
    }

    /// Gives up a generation that no exam has.
    pub(super) fn give_up(&self, generation: u32) {
        self.state().past.push((generation, Weak::new()));
    }

    /// Removes the records of all generations that were given up and that no view looks at. What
    /// fails, or is still looked at, stays for the next time.
    pub(super) fn sweep(&self, tables: &Tables) -> Result<(), StoreError> {
        let free: Vec<u32> = {
            let state = self.state();
            let past = state.past.iter().filter(|(_, held)| held.strong_count() == 0);
            past.map(|(generation, _)| *generation).collect()
        };
        for generation in free {
            for tree in tables.of_generations() {
                remove(tree, generation)?;
            }
            self.state().past.retain(|(known, _)| *known != generation);
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The generations that have keys in a tree; looks at one key of each.
fn generations_in(tree: &Tree) -> Result<Vec<u32>, StoreError> {
    let mut found = Vec::new();
    let mut from = 0_u32;
    while let Some(entry) = tree.range(from.to_be_bytes()..).next() {
        let (key, _) = entry?;
        let Some((head, _)) = key.split_first_chunk::<4>() else {
            return Err(StoreError::Inconsistent { detail: "a key has no generation".to_owned() });
        };
        let generation = u32::from_be_bytes(*head);
        found.push(generation);
        match generation.checked_add(1) {
            Some(next) => from = next,
            None => break,
        }
    }
    Ok(found)
}

fn remove(tree: &Tree, generation: u32) -> Result<(), StoreError> {
    loop {
        let mut batch = sled::Batch::default();
        let mut removed = 0;
        for key in tree.scan_prefix(generation.to_be_bytes()).keys().take(REMOVED_AT_ONCE) {
            batch.remove(key?);
            removed += 1;
        }
        if removed == 0 {
            return Ok(());
        }
        tree.apply_batch(batch)?;
    }
}
