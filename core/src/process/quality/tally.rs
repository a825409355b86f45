//! What was found so far: counted without end, the first places kept in order.

use serde::{Deserialize, Serialize};

use super::Kind;
use crate::model::ArchivedScript;

/// How many places are kept of each kind; more are counted. As many as an import lists.
pub(super) const KEPT: usize = crate::intake::fault::LISTED;

/// Where something was found. In order: by batch, those without one first, then candidate and page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The batch.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub batch: Option<String>,
    /// The candidate's number.
    pub candidate: String,
    /// Page of the script, from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub page: Option<u32>,
    /// What exactly, in English, no personal data but marks.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub detail: String,
}

impl Place {
    fn key(&self) -> (Option<&str>, &str, Option<u32>) {
        (self.batch.as_deref(), &self.candidate, self.page)
    }
}

/// Whose script is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whose<'s> {
    pub(super) batch: Option<&'s str>,
    pub(super) candidate: &'s str,
}

impl<'s> Whose<'s> {
    pub(super) fn of(script: &'s ArchivedScript) -> Whose<'s> {
        Whose { batch: script.batch.as_ref().map(|batch| batch.as_str()), candidate: &script.candidate }
    }
}

/// The findings of one kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub(super) count: u64,
    pub(super) first: Vec<Place>,
}

/// The findings of all kinds.
#[derive(Default)]
pub(super) struct Tally([Found; Kind::ALL.len()]);

impl Tally {
    /// Adds one. Scripts come in any order, so that a place is put where it belongs among the first.
    pub(super) fn push(
        &mut self,
        kind: Kind,
        whose: Whose<'_>,
        page: Option<u32>,
        detail: impl FnOnce() -> String,
    ) {
        let found = &mut self.0[kind as usize];
        found.count += 1;
        let wanted = (whose.batch, whose.candidate, page);
        let at = found.first.partition_point(|place| place.key() <= wanted);
        if at < KEPT {
            let (batch, candidate) = (whose.batch.map(str::to_owned), whose.candidate.to_owned());
            found.first.insert(at, Place { batch, candidate, page, detail: detail() });
            found.first.truncate(KEPT);
        }
    }

    /// Takes in what was found elsewhere.
    pub(super) fn absorb(&mut self, other: Tally) {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            own.count += other.count;
            if !other.first.is_empty() {
                own.first.extend(other.first);
                // Stable, and whole lists are in order already.
                own.first.sort_by(|one, other| one.key().cmp(&other.key()));
                own.first.truncate(KEPT);
            }
        }
    }

    /// What was found of a kind.
    pub(super) fn take(&mut self, kind: Kind) -> Found {
        std::mem::take(&mut self.0[kind as usize])
    }

    #[cfg(test)]
    pub(super) fn of(&self, kind: Kind) -> &Found {
        &self.0[kind as usize]
    }
}
