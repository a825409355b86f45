//! Which copies a job is about.

use std::collections::BTreeSet;

use super::error::{BulkError, CopyFault};
use super::report::{Failure, Refusal};
use super::source::Source;
use crate::journal::Timestamp;
use crate::model::{ArchivedExamKind, Candidate, Script};
use crate::process::gate::renderable_at;
use crate::render::Profile;
use crate::store::{Record, day};

/// Which copies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only those of this school (UAI).
    pub school: Option<String>,
    /// Only these candidates, by number; empty means all.
    pub candidates: Vec<String>,
    /// Only those that became renderable at this moment or later.
    pub since: Option<Timestamp>,
    /// Only those that became renderable before this moment: one job's `until` is the next one's
    /// `since`, and no copy is in both or in neither.
    pub until: Option<Timestamp>,
}

/// What to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanRequest {
    /// Which copies.
    pub selection: Selection,
    /// What they show.
    pub profile: Profile,
}

/// A copy to make: its records.
pub(super) struct Chosen {
    pub place: u32,
    pub candidate: Record<Candidate>,
    pub script: Record<Script>,
    /// Since when it may be rendered.
    pub at: Timestamp,
}

impl Chosen {
    /// Damaged pages that nobody has accepted, and those that someone has.
    pub fn damage(&self) -> (usize, usize) {
        let mut counts = (0, 0);
        for page in self.script.get().pages.iter().filter(|page| page.damage.is_some()) {
            if page.accepted.is_some() { counts.1 += 1 } else { counts.0 += 1 }
        }
        counts
    }

    pub fn number(&self) -> &str {
        &self.candidate.get().number
    }
}

/// What a job has to do with one candidate.
pub(super) enum Choice {
    /// Nothing: of another school than asked for.
    Elsewhere,
    /// Nothing: absent, or not in the period asked for.
    Outside,
    Refused(Refusal),
    Failed(Failure),
    Copy(Box<Chosen>),
}

/// Where the candidates that were asked for are, in order.
///
/// # Errors
/// [`BulkError::NotClosed`] when none of its scripts may be rendered, [`BulkError::NoSuchCandidate`] names
/// those that the exam does not have, [`BulkError::Purged`] those that it may have had.
pub(super) fn asked_for(source: &dyn Source, selection: &Selection) -> Result<Vec<u32>, BulkError> {
    let (exam, life) = (source.exam(), source.life());
    let (since, close_by) = match exam.kind {
        ArchivedExamKind::OneOff => (life.closed_at, "close"),
        ArchivedExamKind::CommonAssessment => (life.download_since, "validate"),
    };
    if since.is_none() {
        return Err(BulkError::NotClosed { exam: exam.id.to_string(), close_by });
    }
    let purged = |numbers| {
        let exam = exam.id.to_string();
        life.purged.map(|purged| BulkError::Purged { exam, on: day(purged.at), numbers })
    };
    if selection.candidates.is_empty() {
        let count = source.candidate_count();
        return match purged(Vec::new()).filter(|_| count == 0) {
            Some(gone) => Err(gone),
            None => Ok((0..count).collect()),
        };
    }
    let (mut places, mut missing) = (BTreeSet::new(), Vec::new());
    for number in selection.candidates.iter().collect::<BTreeSet<_>>() {
        match source.place_of(number)? {
            Some(place) => {
                places.insert(place);
            }
            None => missing.push(number.clone()),
        }
    }
    if missing.is_empty() {
        return Ok(places.into_iter().collect());
    }
    Err(purged(missing.clone()).unwrap_or(BulkError::NoSuchCandidate { numbers: missing }))
}

/// Looks at the candidate at a place.
pub(super) fn choose(source: &dyn Source, selection: &Selection, place: u32) -> Choice {
    let failed = |number: &str, fault: CopyFault| Choice::Failed(Failure::new(number, &fault));
    let candidate = match source.candidate_at(place) {
        Ok(Some(candidate)) => candidate,
        // The text says which place; without its record the number is not known here.
        Ok(None) => return failed("?", CopyFault::Gone { what: "candidate" }),
        Err(error) => return failed("?", error.into()),
    };
    let number = candidate.get().number.as_str();
    if selection.school.as_ref().is_some_and(|school| *school != *candidate.get().school) {
        return Choice::Elsewhere;
    }
    let refused = |reason: String| Choice::Refused(Refusal { candidate: number.to_owned(), reason });
    let script = match source.script_at(place) {
        Err(error) => return failed(number, error.into()),
        Ok(None) if selection.candidates.is_empty() => return Choice::Outside,
        Ok(None) => return refused("BLK-009 the candidate has no script".to_owned()),
        Ok(Some(script)) => script,
    };
    let transmitted_at = match source.transmitted_at(place) {
        Ok(at) => at,
        Err(error) => return failed(number, error.into()),
    };
    let at = match renderable_at(source.exam(), &source.life(), transmitted_at) {
        Ok(at) => at,
        Err(closed) => return refused(closed.to_string()),
    };
    if selection.since.is_some_and(|since| at < since) || selection.until.is_some_and(|until| at >= until) {
        return Choice::Outside;
    }
    Choice::Copy(Box::new(Chosen { place, candidate, script, at }))
}
