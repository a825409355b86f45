//! What the rules of the trade refuse (DOMAIN), whoever asks and however often.
//!
//! They are checked where a command is prepared, under the lock that lets one command through at a
//! time: no two of them can slip past each other.

use std::fmt;

use crate::journal::Target;
use crate::model::Hundredths;

/// Why a command is refused. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// DOMAIN, *Functional settings*.
    #[error("SET-001 exam {exam} is an E3C: its settings cannot be changed; nothing was changed")]
    FixedSettings {
        /// The exam.
        exam: String,
    },
    /// Not a setting, or not a value of it.
    #[error("SET-002 {name} takes {takes}, not {given:?}; nothing was changed")]
    Setting {
        /// The name that was given.
        name: String,
        /// What it takes.
        takes: &'static str,
        /// What was given.
        given: String,
    },
    /// There is no such batch.
    #[error("BAT-001 exam {exam} has no batch {batch}; nothing was changed")]
    NoSuchBatch {
        /// The exam.
        exam: String,
        /// The id that was given.
        batch: String,
    },
    /// A script of the batch has neither a mark nor the word that there is none.
    #[error(
        "BAT-002 batch {batch} cannot be locked: {} of its scripts {} neither marked nor said to have no mark \
         (candidates {}); nothing was changed",
        .numbers.count, if .numbers.count == 1 { "is" } else { "are" }, .numbers
    )]
    Unmarked {
        /// The batch.
        batch: String,
        /// The candidates.
        numbers: Numbers,
    },
    /// What is validated is final.
    #[error("BAT-003 batch {batch} is validated and cannot be unlocked; nothing was changed")]
    UnlockValidated {
        /// The batch.
        batch: String,
    },
    /// Marks must be final before they are validated or harmonised.
    #[error(
        "BAT-004 batch {batch} is not locked: its marks are not final yet; nothing was changed; lock it first"
    )]
    NotLocked {
        /// The batch.
        batch: String,
    },
    /// The exam's marks are on their way or arrived.
    #[error("BAT-005 exam {exam} is closed or being closed: its batches stay locked; nothing was changed")]
    UnlockClosed {
        /// The exam.
        exam: String,
    },
    /// *Sans objet*.
    #[error("BAT-006 exam {exam} is not harmonised; nothing was changed")]
    NotHarmonised {
        /// The exam.
        exam: String,
    },
    /// Not a mark of this exam.
    #[error(
        "MRK-001 {mark} is not a mark of exam {exam}: from 0 to 20 in steps of {step}; nothing was changed"
    )]
    NotAMark {
        /// The exam.
        exam: String,
        /// What was given.
        mark: Hundredths,
        /// The exam's step.
        step: Hundredths,
    },
    /// There is nothing to put a mark on.
    #[error("MRK-002 exam {exam}: candidate {candidate} has no script; nothing was changed")]
    NoScript {
        /// The exam.
        exam: String,
        /// The number that was given.
        candidate: String,
    },
    /// The candidate's script is in another batch.
    #[error("MRK-003 candidate {candidate} is not in batch {batch}; nothing was changed")]
    OtherBatch {
        /// The candidate's number.
        candidate: String,
        /// The batch that was given.
        batch: String,
    },
    /// The harmonisation of the batch is over.
    #[error(
        "MRK-004 batch {batch} is validated: its marks are harmonised no more; nothing was changed; `copiste mark` \
         corrects a final mark"
    )]
    Validated {
        /// The batch.
        batch: String,
    },
    /// DOMAIN: a transmitted script is frozen.
    #[error(
        "MRK-005 the script of candidate {candidate} is transmitted to Cyclades, or on its way there, and frozen; nothing \
         was changed"
    )]
    Transmitted {
        /// The candidate's number.
        candidate: String,
    },
    /// Results are out.
    #[error("MRK-006 exam {exam} is published by Cyclades: its marks are final; nothing was changed")]
    PublishedMarks {
        /// The exam.
        exam: String,
    },
    /// Whoever did not come has no mark.
    #[error(
        "MRK-007 candidate {candidate} did not come to the exam; nothing was changed; a corrected bundle says otherwise"
    )]
    NotPresent {
        /// The candidate's number.
        candidate: String,
    },
    /// The mark is not final yet.
    #[error(
        "MRK-008 the script of candidate {candidate} is in no locked batch: its mark is not final and comes with a \
         corrected bundle; nothing was changed"
    )]
    NotFinal {
        /// The candidate's number.
        candidate: String,
    },
    /// A move that is off the step, or of more than 20.
    #[error("MRK-009 {by} is not a move in steps of {step} between -20 and 20; nothing was changed")]
    NotAMove {
        /// What was given.
        by: Hundredths,
        /// The exam's step.
        step: Hundredths,
    },
    /// DOMAIN: until Cyclades has published.
    #[error(
        "CLO-002 exam {exam} is published by Cyclades: nothing can be sent any more; the rows are available as CSV"
    )]
    Published {
        /// The exam.
        exam: String,
    },
    /// Two launches at once, or an export whose answer is still open.
    #[error(
        "CLO-003 exam {exam}: export {number} to {} is not settled yet; it goes on before another begins",
        .target.name()
    )]
    Unsettled {
        /// The exam.
        exam: String,
        /// To whom.
        target: Target,
        /// The export's number.
        number: u64,
    },
    /// An export that nobody prepared, or that has its answer.
    #[error("CLO-004 exam {exam}: export {number} to {} awaits no answer; nothing was changed", .target.name())]
    NotAwaited {
        /// The exam.
        exam: String,
        /// To whom.
        target: Target,
        /// The export's number.
        number: u64,
    },
    /// What is closed is not replaced.
    #[error(
        "CLO-005 exam {exam} is closed or being closed: a bundle cannot replace it; nothing was changed; a mark is \
         corrected with `copiste mark`"
    )]
    ImportClosed {
        /// The exam.
        exam: String,
    },
    /// DOMAIN: a transmitted script is frozen; a later bundle that changes it is refused, naming it.
    #[error(
        "CLO-006 exam {exam}: the bundle changes scripts that are transmitted to Cyclades, or on their way there, and \
         frozen (candidates {numbers}); nothing was changed"
    )]
    ImportTransmitted {
        /// The exam.
        exam: String,
        /// The candidates.
        numbers: Numbers,
    },
    /// A copy is held once.
    #[error("KEP-001 exam {exam}: the copy of candidate {candidate} is held already; nothing was changed")]
    HeldAlready {
        /// The exam.
        exam: String,
        /// The candidate's number.
        candidate: String,
    },
    /// There is nothing to release.
    #[error("KEP-002 exam {exam}: the copy of candidate {candidate} is not held; nothing was changed")]
    NotHeld {
        /// The exam.
        exam: String,
        /// The candidate's number.
        candidate: String,
    },
    /// There is no copy to hold.
    #[error(
        "KEP-003 exam {exam}: candidate {candidate} has no copy here{}; nothing was changed",
        if *.purged { ", the exam was purged" } else { "" }
    )]
    NoCopy {
        /// The exam.
        exam: String,
        /// The number that was given.
        candidate: String,
        /// Whether it may have had one.
        purged: bool,
    },
    /// What is destroyed is not brought back, and what stays is not changed.
    #[error(
        "KEP-004 exam {exam} was purged on {on}: of its copies only those that are held are here, and they stay \
         as they are; nothing was changed"
    )]
    Purged {
        /// The exam.
        exam: String,
        /// The day.
        on: String,
    },
    /// A bundle cannot end a hold.
    #[error(
        "KEP-005 exam {exam}: the bundle has no script for copies that are held (candidates {numbers}); nothing \
         was changed; release them first"
    )]
    ImportHeld {
        /// The exam.
        exam: String,
        /// The candidates.
        numbers: Numbers,
    },
    /// DOMAIN: nothing is purged before the end of its consultation.
    #[error("KEP-006 exam {exam}: its copies can still be consulted, or be needed; nothing was changed")]
    NotDue {
        /// The exam.
        exam: String,
    },
    /// What the rules on accounts and tokens refuse.
    #[error(transparent)]
    People(#[from] super::PeopleRefusal),
    /// It has been said before, otherwise.
    #[error("CLO-007 exam {exam} is published already, on another date; nothing was changed")]
    PublishedBefore {
        /// The exam.
        exam: String,
    },
}

/// Candidate numbers, the first of them and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// How many.
    pub count: u64,
    /// The first few.
    pub first: Vec<String>,
}

impl Numbers {
    /// How many are named.
    const SHOWN: usize = 10;

    /// One more.
    pub fn push(&mut self, number: &str) {
        self.count += 1;
        if self.first.len() < Numbers::SHOWN {
            self.first.push(number.to_owned());
        }
    }
}

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.first.join(", "))?;
        if self.count > self.first.len() as u64 { f.write_str(", …") } else { Ok(()) }
    }
}
