//! The processes of an exam, by kind (DOMAIN, glossary), and how far each has come.

use serde::{Deserialize, Serialize};

use super::status::Missing;
use crate::model::ArchivedExamKind;

/// A process of an exam.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Process {
    /// *Numérisation*.
    Scanning,
    /// *Distribution*.
    Distribution,
    /// *Correction*.
    Marking,
    /// *Harmonisation*.
    Harmonisation,
    /// *Clôture*.
    Closing,
    /// *Téléchargement*.
    Download,
}

impl Process {
    /// Those of a one-off exam, in order.
    pub const OF_ONE_OFF: [Process; 5] = [
        Process::Scanning,
        Process::Distribution,
        Process::Marking,
        Process::Harmonisation,
        Process::Closing,
    ];
    /// Those of an E3C, in order.
    pub const OF_COMMON_ASSESSMENT: [Process; 5] = [
        Process::Scanning,
        Process::Distribution,
        Process::Marking,
        Process::Harmonisation,
        Process::Download,
    ];

    /// Those of an exam of this kind, in order.
    pub fn of(kind: &ArchivedExamKind) -> [Process; 5] {
        match kind {
            ArchivedExamKind::OneOff => Process::OF_ONE_OFF,
            ArchivedExamKind::CommonAssessment => Process::OF_COMMON_ASSESSMENT,
        }
    }

    /// What it is called in logs and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Process::Scanning => "scanning",
            Process::Distribution => "distribution",
            Process::Marking => "marking",
            Process::Harmonisation => "harmonisation",
            Process::Closing => "closing",
            Process::Download => "download",
        }
    }

    /// When it is finished.
    pub fn end_condition(self) -> &'static str {
        match self {
            Process::Scanning => {
                "every present candidate has a script, its pages are inspected, each damaged page is replaced or \
                 accepted by name"
            }
            Process::Distribution => "every script is in a batch",
            Process::Marking => "every batch is locked",
            Process::Harmonisation => "the harmonisation of every batch is validated",
            Process::Closing => "Cyclades has accepted the marks",
            Process::Download => "every script is transmitted; it opens with the first",
        }
    }
}

/// How far a process has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// *Sans objet*: an exam that is not harmonised.
    NotApplicable,
    /// Not finished.
    Unfinished,
    /// Its end condition holds.
    Finished,
}

/// One thing that a process still needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// What, for people: `present candidates without a script`.
    pub what: String,
    /// `candidates` or `batches`: what the names are of.
    pub of: String,
    /// How many, and the first of them.
    #[serde(flatten)]
    pub missing: Missing,
}

/// A process, how far it has come, and what it still needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessStatus {
    /// Which.
    pub process: Process,
    /// How far.
    pub state: State,
    /// In per cent, rounded down: 100 only when the end condition holds.
    pub percent: u8,
    /// When it is finished.
    pub end_condition: String,
    /// What is missing; empty when it is finished.
    pub missing: Vec<Need>,
}

impl ProcessStatus {
    /// Of `done` things out of `all`, with what is missing.
    pub(super) fn of(
        process: Process,
        done: u64,
        all: u64,
        needs: &[(&str, &str, &Missing)],
    ) -> ProcessStatus {
        let missing: Vec<Need> = needs
            .iter()
            .filter(|(.., missing)| missing.count > 0)
            .map(|(what, of, missing)| Need {
                what: (*what).to_owned(),
                of: (*of).to_owned(),
                missing: (*missing).clone(),
            })
            .collect();
        let finished = missing.is_empty() && done >= all;
        ProcessStatus {
            process,
            state: if finished { State::Finished } else { State::Unfinished },
            percent: percent(done, all, finished),
            end_condition: process.end_condition().to_owned(),
            missing,
        }
    }

    /// *Sans objet*.
    pub(super) fn not_applicable(process: Process) -> ProcessStatus {
        ProcessStatus {
            process,
            state: State::NotApplicable,
            percent: 100,
            end_condition: "the exam is not harmonised".to_owned(),
            missing: Vec::new(),
        }
    }

    /// Whether it holds nothing back.
    pub fn is_over(&self) -> bool {
        self.state != State::Unfinished
    }
}

/// Rounded down, and 100 only when it is finished.
fn percent(done: u64, all: u64, finished: bool) -> u8 {
    if finished {
        return 100;
    }
    let share = u128::from(done) * 100 / u128::from(all.max(1));
    u8::try_from(share.min(99)).unwrap_or(99)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_per_cent_is_said_only_of_all() {
        for (done, all, finished, expected) in [
            (0, 0, true, 100),
            (0, 3, false, 0),
            (2, 3, false, 66),
            (26_999, 27_000, false, 99),
            (27_000, 27_000, true, 100),
            (5, 5, false, 99),
        ] {
            assert_eq!(percent(done, all, finished), expected);
        }
    }
}
