//! Scripts with fewer pages than those they were given out with.
//!
//! Candidates of one batch wrote the same paper on the same booklets, and were scanned in one go: a script
//! well below the middle of its batch has probably lost a sheet. The middle is the lower median, so that at
//! least half of a batch is never noted, and a batch of one or two has nothing to be compared with. Scripts
//! in no batch are neighbours of each other.

use std::collections::BTreeMap;

use super::tally::{Tally, Whose};
use super::{Kind, Policy};
use crate::model::ArchivedScript;

/// By batch, by number of pages: the candidates.
#[derive(Default)]
pub(super) struct Neighbours(BTreeMap<Option<String>, BTreeMap<u32, Vec<Box<str>>>>);

impl Neighbours {
    /// Takes a script down.
    pub(super) fn add(&mut self, script: &ArchivedScript) {
        let Whose { batch, candidate } = Whose::of(script);
        let pages = u32::try_from(script.pages.len()).unwrap_or(u32::MAX);
        let lengths = self.0.entry(batch.map(str::to_owned)).or_default();
        lengths.entry(pages).or_default().push(candidate.into());
    }

    /// Says which have too few.
    pub(super) fn tell(self, policy: &Policy, tally: &mut Tally) {
        for (batch, lengths) in self.0 {
            let median = lower_median(&lengths);
            let few = lengths
                .iter()
                .take_while(|(pages, _)| pages.saturating_add(policy.pages_below_median.max(1)) <= median);
            for (pages, candidates) in few {
                for candidate in candidates {
                    let whose = Whose { batch: batch.as_deref(), candidate };
                    let detail = || format!("{pages} pages, and {median} in the middle of its batch");
                    tally.push(Kind::FewerPages, whose, None, detail);
                }
            }
        }
    }
}

fn lower_median(lengths: &BTreeMap<u32, Vec<Box<str>>>) -> u32 {
    let all: usize = lengths.values().map(Vec::len).sum();
    let mut passed = 0;
    for (pages, candidates) in lengths {
        passed += candidates.len();
        if passed * 2 >= all {
            return *pages;
        }
    }
    0
}
