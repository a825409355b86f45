//! Counts that name the first of those they count.

use rkyv::{Archive, Deserialize, Serialize};

/// So many of the lowest numbers a list always has, or all there are.
pub const SHOWN: usize = 10;

/// So many it keeps: what leaves the list seldom makes it too short, and only then somebody has to walk
/// through all scripts for more.
const KEPT: usize = 40;

/// Things of some candidates: how many, and the first of the candidates.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[rkyv(derive(Debug))]
pub struct Few {
    /// Things; a candidate may have several.
    pub count: u64,
    /// Candidates who have any.
    pub candidates: u64,
    /// The lowest of their numbers, in order: [`SHOWN`] at least, or all.
    pub first: Vec<String>,
}

impl Few {
    /// A candidate had so many and has so many now.
    pub(in crate::store) fn change(&mut self, number: &str, before: u64, after: u64) {
        self.count = self.count.saturating_sub(before).saturating_add(after);
        let named = self.first.binary_search_by(|named| named.as_str().cmp(number));
        match (before > 0, after > 0, named) {
            (false, true, Err(at)) => {
                // Past the end of a list that does not name all there may be others before this one.
                let whole = self.first.len() as u64 == self.candidates;
                self.candidates += 1;
                if whole || at < self.first.len() {
                    self.first.insert(at, number.to_owned());
                    self.first.truncate(KEPT);
                }
            }
            (true, false, named) => {
                self.candidates = self.candidates.saturating_sub(1);
                if let Ok(at) = named {
                    self.first.remove(at);
                }
            }
            _ => {}
        }
    }

    /// Whether it names too few.
    pub(super) fn is_short(&self) -> bool {
        self.first.len() < SHOWN && (self.first.len() as u64) < self.candidates
    }

    /// Takes in those of another group.
    pub fn absorb(&mut self, other: Few) {
        self.count += other.count;
        self.candidates += other.candidates;
        if other.first.is_empty() {
            return;
        }
        self.first.extend(other.first);
        self.first.sort_unstable();
        self.first.truncate(SHOWN);
    }

    /// Whether it says the same as one that was just counted: a list that was changed may name fewer.
    pub(super) fn agrees(&self, counted: &Few) -> bool {
        let both = self.first.len().min(counted.first.len());
        self.count == counted.count
            && self.candidates == counted.candidates
            && self.first[..both] == counted.first[..both]
            && !self.is_short()
            && self.first.len() as u64 <= self.candidates
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// However candidates come and go, a list names the lowest, or says that it is too short.
        #[test]
        fn a_list_names_the_lowest_numbers_or_says_that_it_is_short(
            changes in prop::collection::vec((0..120_u8, 0..3_u64), 0..400),
        ) {
            let (mut few, mut all) = (Few::default(), BTreeMap::new());
            for (number, after) in changes {
                let number = format!("{number:03}");
                few.change(&number, all.get(&number).copied().unwrap_or(0), after);
                if after > 0 { all.insert(number, after) } else { all.remove(&number) };
                prop_assert_eq!(few.count, all.values().sum::<u64>());
                prop_assert_eq!(few.candidates, all.len() as u64);
                let lowest: Vec<&String> = all.keys().take(few.first.len()).collect();
                prop_assert_eq!(few.first.iter().collect::<Vec<_>>(), lowest);
                prop_assert!(few.is_short() || few.first.len() >= SHOWN.min(all.len()));
            }
        }
    }
}
