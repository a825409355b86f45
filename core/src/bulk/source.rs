//! Where a job finds its copies.

use crate::journal::Timestamp;
use crate::model::{ArchivedExam, Candidate, School, Script};
use crate::store::{Annotations, ExamView, Life, Record, StoreError};

/// Names a state of an exam.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// The journal line that led to it: a later state has a higher one.
    pub line: u64,
    /// A digest that no other state has.
    pub digest: [u8; 32],
}

/// One state of an exam, the same for as long as a job lasts: an [`ExamView`], or what a test or a bench
/// makes up. Candidates have places, from 0, in the order of their entries' names.
pub trait Source: Sync {
    /// The exam.
    fn exam(&self) -> &ArchivedExam;

    /// Names this state of the exam: another one whenever anything that its copies show may be another.
    fn state(&self) -> State;

    /// How far the exam's life has come.
    fn life(&self) -> Life;

    /// How many candidates there are.
    fn candidate_count(&self) -> u32;

    /// The place of a candidate.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read; so for all that follow.
    fn place_of(&self, number: &str) -> Result<Option<u32>, StoreError>;

    /// The candidate at a place.
    ///
    /// # Errors
    /// [`StoreError`] when the record cannot be read.
    fn candidate_at(&self, place: u32) -> Result<Option<Record<Candidate>>, StoreError>;

    /// The script of the candidate at a place.
    ///
    /// # Errors
    /// [`StoreError`] when the record cannot be read.
    fn script_at(&self, place: u32) -> Result<Option<Record<Script>>, StoreError>;

    /// When the script at a place was transmitted: seconds since 1970, UTC; none when it was not.
    ///
    /// # Errors
    /// [`StoreError`] when that cannot be read.
    fn transmitted_at(&self, place: u32) -> Result<Option<Timestamp>, StoreError>;

    /// One school.
    ///
    /// # Errors
    /// [`StoreError`] when the record cannot be read.
    fn school(&self, uai: &str) -> Result<Option<Record<School>>, StoreError>;

    /// A script's annotations, wherever they are kept.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    fn annotations<'s>(&self, script: &'s Record<Script>) -> Result<Annotations<'s>, StoreError>;
}

impl Source for ExamView {
    fn exam(&self) -> &ArchivedExam {
        self.exam()
    }

    fn state(&self) -> State {
        State { line: self.line(), digest: self.digest() }
    }

    fn life(&self) -> Life {
        self.life()
    }

    fn candidate_count(&self) -> u32 {
        // Places are 32 bits wide: an import of more is refused.
        u32::try_from(self.counts().candidates).unwrap_or(u32::MAX)
    }

    fn place_of(&self, number: &str) -> Result<Option<u32>, StoreError> {
        self.place_of(number)
    }

    fn candidate_at(&self, place: u32) -> Result<Option<Record<Candidate>>, StoreError> {
        self.candidate_at(place)
    }

    fn script_at(&self, place: u32) -> Result<Option<Record<Script>>, StoreError> {
        self.script_at(place)
    }

    fn transmitted_at(&self, place: u32) -> Result<Option<Timestamp>, StoreError> {
        self.transmitted_at(place)
    }

    fn school(&self, uai: &str) -> Result<Option<Record<School>>, StoreError> {
        self.school(uai)
    }

    fn annotations<'s>(&self, script: &'s Record<Script>) -> Result<Annotations<'s>, StoreError> {
        self.annotations(script)
    }
}
