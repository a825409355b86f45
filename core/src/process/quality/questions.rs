//! Questions without a mark in marked scripts.
//!
//! A record holds the questions that a marker scored, so one that he forgot is just not there. It is missed
//! by comparing: a script lacks a question when all of its questions, and one more, are what is usual. Usual
//! is what at least one script in twenty has, and more than have the smaller set: an exam of several subjects
//! has several usual sets, and nobody lacks another subject's questions.

use std::collections::BTreeMap;

use super::Kind;
use super::tally::{Tally, Whose};
use crate::model::{ArchivedScript, Script};
use crate::store::{Record, StoreError};

/// One script in so many makes a set of questions usual; so there are at most so many usual ones.
const USUAL: usize = 20;

/// Sets of questions, and the places of the scripts that have them.
#[derive(Default)]
pub(super) struct Questions {
    labels: BTreeMap<String, u32>,
    sets: BTreeMap<Vec<u32>, Vec<u32>>,
    scripts: usize,
}

impl Questions {
    /// Takes down the script at a place; one without questions says nothing.
    pub(super) fn add(&mut self, place: u32, script: &ArchivedScript) {
        if script.questions.is_empty() {
            return;
        }
        let set = script.questions.iter().map(|question| self.number(&question.label)).collect();
        self.sets.entry(in_order(set)).or_default().push(place);
        self.scripts += 1;
    }

    /// Takes in those at later places.
    pub(super) fn absorb(&mut self, later: Questions) {
        let numbers: BTreeMap<u32, u32> =
            later.labels.iter().map(|(label, theirs)| (*theirs, self.number(label))).collect();
        for (set, places) in later.sets {
            let set = set.iter().filter_map(|theirs| numbers.get(theirs).copied()).collect();
            self.sets.entry(in_order(set)).or_default().extend(places);
        }
        self.scripts += later.scripts;
    }

    fn number(&mut self, label: &str) -> u32 {
        if let Some(number) = self.labels.get(label) {
            return *number;
        }
        let number = u32::try_from(self.labels.len()).unwrap_or(u32::MAX);
        self.labels.insert(label.to_owned(), number);
        number
    }

    /// Says which lack a question; `script` gives the one at a place.
    pub(super) fn tell(
        self,
        script: impl Fn(u32) -> Result<Record<Script>, StoreError>,
        tally: &mut Tally,
    ) -> Result<(), StoreError> {
        let usual: Vec<(&Vec<u32>, usize)> = self
            .sets
            .iter()
            .map(|(set, scripts)| (set, scripts.len()))
            .filter(|(_, count)| count * USUAL >= self.scripts)
            .collect();
        for (set, scripts) in &self.sets {
            let lacking = usual
                .iter()
                .filter(|(larger, count)| *count > scripts.len() && is_within(set, larger))
                .map(|(larger, _)| larger.len() - set.len())
                .max();
            let Some(lacking) = lacking else { continue };
            for place in scripts {
                let script = script(*place)?;
                tally.push(Kind::ForgottenQuestions, Whose::of(script.get()), None, || match lacking {
                    1 => "1 question".to_owned(),
                    lacking => format!("{lacking} questions"),
                });
            }
        }
        Ok(())
    }
}

/// As a set is kept: sorted, each label once.
fn in_order(mut set: Vec<u32>) -> Vec<u32> {
    set.sort_unstable();
    set.dedup();
    set
}

/// Whether `larger` has all of `set` and more. Both are sorted.
fn is_within(set: &[u32], larger: &[u32]) -> bool {
    set.len() < larger.len() && set.iter().all(|label| larger.binary_search(label).is_ok())
}
