//! Where a job finds its copies.

use crate::model::{ArchivedExam, Candidate, School, Script};
use crate::store::{Annotations, ExamView, Record, StoreError};

/// Candidates one after another.
pub type Candidates<'s> = Box<dyn Iterator<Item = Result<Record<Candidate>, StoreError>> + Send + 's>;

/// One state of an exam, the same for as long as a job lasts: an [`ExamView`], or what a test or
/// a bench makes up.
pub trait Source: Sync {
    /// The exam.
    fn exam(&self) -> &ArchivedExam;

    /// How many candidates there are.
    fn candidate_count(&self) -> u64;

    /// Every candidate, by number.
    fn candidates(&self) -> Candidates<'_>;

    /// One candidate.
    ///
    /// # Errors
    /// [`StoreError`] when the record cannot be read; so for all that follow.
    fn candidate(&self, number: &str) -> Result<Option<Record<Candidate>>, StoreError>;

    /// One candidate's script.
    ///
    /// # Errors
    /// [`StoreError`] when the record cannot be read.
    fn script(&self, candidate: &str) -> Result<Option<Record<Script>>, StoreError>;

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

    fn candidate_count(&self) -> u64 {
        self.counts().candidates
    }

    fn candidates(&self) -> Candidates<'_> {
        Box::new(self.candidates())
    }

    fn candidate(&self, number: &str) -> Result<Option<Record<Candidate>>, StoreError> {
        self.candidate(number)
    }

    fn script(&self, candidate: &str) -> Result<Option<Record<Script>>, StoreError> {
        self.script(candidate)
    }

    fn school(&self, uai: &str) -> Result<Option<Record<School>>, StoreError> {
        self.school(uai)
    }

    fn annotations<'s>(&self, script: &'s Record<Script>) -> Result<Annotations<'s>, StoreError> {
        self.annotations(script)
    }
}
