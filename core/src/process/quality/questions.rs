//! Questions without a mark in marked scripts.
//!
//! A record holds the questions that a marker scored, so one that he forgot is just not there. It is missed
//! by comparing: a script lacks a question when all of its questions, and one more, are what is usual. Usual
//! is what at least one script in twenty has, and more than have the smaller set: an exam of several subjects
//! has several usual sets, and nobody lacks another subject's questions.

use std::collections::BTreeMap;

use super::Kind;
use super::tally::{Tally, Whose};
use crate::model::ArchivedScript;

/// One script in so many makes a set of questions usual; so there are at most so many usual ones.
const USUAL: usize = 20;

/// Batch and candidate, as a script is named.
type Named = (Option<Box<str>>, Box<str>);

/// Sets of questions, and who has them.
#[derive(Default)]
pub(super) struct Questions {
    labels: BTreeMap<String, u32>,
    sets: BTreeMap<Vec<u32>, Vec<Named>>,
    scripts: usize,
}

impl Questions {
    /// Takes a script down; one without questions says nothing.
    pub(super) fn add(&mut self, script: &ArchivedScript) {
        if script.questions.is_empty() {
            return;
        }
        let mut set: Vec<u32> =
            script.questions.iter().map(|question| self.number(&question.label)).collect();
        set.sort_unstable();
        set.dedup();
        let Whose { batch, candidate } = Whose::of(script);
        self.sets.entry(set).or_default().push((batch.map(Box::from), candidate.into()));
        self.scripts += 1;
    }

    fn number(&mut self, label: &str) -> u32 {
        if let Some(number) = self.labels.get(label) {
            return *number;
        }
        let number = u32::try_from(self.labels.len()).unwrap_or(u32::MAX);
        self.labels.insert(label.to_owned(), number);
        number
    }

    /// Says which lack a question.
    pub(super) fn tell(self, tally: &mut Tally) {
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
            for (batch, candidate) in scripts {
                let whose = Whose { batch: batch.as_deref(), candidate };
                tally.push(Kind::ForgottenQuestions, whose, None, || match lacking {
                    1 => "1 question".to_owned(),
                    lacking => format!("{lacking} questions"),
                });
            }
        }
    }
}

/// Whether `larger` has all of `set` and more. Both are sorted.
fn is_within(set: &[u32], larger: &[u32]) -> bool {
    set.len() < larger.len() && set.iter().all(|label| larger.binary_search(label).is_ok())
}
