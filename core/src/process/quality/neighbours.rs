//! Scripts with fewer pages than those they were given out with.
//!
//! Candidates of one batch wrote the same paper on the same booklets, and were scanned in one go: a script
//! well below the middle of its batch has probably lost a sheet. The middle is the lower median, so that at
//! least half of a batch is never noted, and a batch of one or two has nothing to be compared with. Scripts
//! in no batch are neighbours of each other.

use std::collections::BTreeMap;

use super::tally::{Tally, Whose};
use super::{Kind, Policy};
use crate::model::{ArchivedScript, Script};
use crate::store::{Record, StoreError};

/// By batch, by number of pages: the places of the scripts.
#[derive(Default)]
pub(super) struct Neighbours(BTreeMap<Option<String>, Lengths>);

type Lengths = BTreeMap<u32, Vec<u32>>;

impl Neighbours {
    /// Takes down the script at a place.
    pub(super) fn add(&mut self, place: u32, script: &ArchivedScript) {
        let batch = Whose::of(script).batch.map(str::to_owned);
        let pages = u32::try_from(script.pages.len()).unwrap_or(u32::MAX);
        self.0.entry(batch).or_default().entry(pages).or_default().push(place);
    }

    /// Takes in those at later places.
    pub(super) fn absorb(&mut self, later: Neighbours) {
        for (batch, lengths) in later.0 {
            let own = self.0.entry(batch).or_default();
            for (pages, places) in lengths {
                own.entry(pages).or_default().extend(places);
            }
        }
    }

    /// Says which have too few; `script` gives the one at a place.
    pub(super) fn tell(
        self,
        policy: &Policy,
        script: impl Fn(u32) -> Result<Record<Script>, StoreError>,
        tally: &mut Tally,
    ) -> Result<(), StoreError> {
        for lengths in self.0.into_values() {
            let median = lower_median(&lengths);
            let few = lengths
                .iter()
                .take_while(|(pages, _)| pages.saturating_add(policy.pages_below_median.max(1)) <= median);
            for (pages, places) in few {
                for place in places {
                    let script = script(*place)?;
                    let detail = || format!("{pages} pages, and {median} in the middle of its batch");
                    tally.push(Kind::FewerPages, Whose::of(script.get()), None, detail);
                }
            }
        }
        Ok(())
    }
}

fn lower_median(lengths: &Lengths) -> u32 {
    let all: usize = lengths.values().map(Vec::len).sum();
    let mut passed = 0;
    for (pages, places) in lengths {
        passed += places.len();
        if passed * 2 >= all {
            return *pages;
        }
    }
    0
}
