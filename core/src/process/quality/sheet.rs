//! The sheet itself, for people and for programs.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::services::Reconciliation;
use super::tally::{Place, Tally};
use super::{Kind, Policy, Severity};

/// How many places the text names of each kind; the JSON form has more.
const SHOWN: usize = 5;

/// What was found of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which.
    pub kind: Kind,
    /// What it weighs.
    pub severity: Severity,
    /// What was found, for people.
    pub what: String,
    /// How many.
    pub count: u64,
    /// `pages`, `scripts` or `candidates`: what is counted.
    pub of: String,
    /// The first places, by batch, candidate and page; at most a thousand.
    pub first: Vec<Place>,
    /// What to do about it.
    pub next: String,
}

impl Finding {
    /// None when nothing was found.
    pub(super) fn of(kind: Kind, policy: &Policy, tally: &mut Tally) -> Option<Finding> {
        let found = tally.take(kind);
        (found.count > 0).then(|| Finding {
            kind,
            severity: policy.of(kind),
            what: kind.what().to_owned(),
            count: found.count,
            of: kind.of().to_owned(),
            first: found.first,
            next: kind.next().to_owned(),
        })
    }

    /// `3 (batch L001 candidate 0123 page 2, …)`; with what exactly was found where `detailed`.
    fn places(&self, f: &mut fmt::Formatter<'_>, detailed: bool) -> fmt::Result {
        write!(f, "{} (", self.count)?;
        for (index, place) in self.first.iter().take(SHOWN).enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            if let Some(batch) = &place.batch {
                write!(f, "batch {batch} ")?;
            }
            write!(f, "candidate {}", place.candidate)?;
            if let Some(page) = place.page {
                write!(f, " page {page}")?;
            }
            if detailed && !place.detail.is_empty() {
                write!(f, ": {}", place.detail)?;
            }
        }
        f.write_str(if self.count > SHOWN as u64 { ", …)" } else { ")" })
    }
}

/// The quality sheet of an exam, or of some of its batches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// The exam.
    pub exam: String,
    /// The batches it is of; none for the whole exam.
    pub batches: Option<Vec<String>>,
    /// Scripts that were looked at.
    pub scripts: u64,
    /// Their pages.
    pub pages: u64,
    /// Presences, marks and what counts for services.
    pub counts: Reconciliation,
    /// What was found, in the order of [`Kind::ALL`].
    pub findings: Vec<Finding>,
}

impl Sheet {
    /// Whether it holds a closing back.
    pub fn blocks(&self) -> bool {
        self.weighing(Severity::Blocker).next().is_some()
    }

    /// What of it holds a closing back, in the words of an error: places, and no marks.
    pub fn blockers(&self) -> Blockers<'_> {
        Blockers(self)
    }

    fn weighing(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.severity == severity)
    }
}

impl fmt::Display for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sheet { scripts, pages, counts, .. } = self;
        write!(f, "  quality sheet of {scripts} scripts, {pages} pages: ")?;
        let weighing = |severity| self.weighing(severity).count();
        let (blockers, warnings) = (weighing(Severity::Blocker), weighing(Severity::Warning));
        if self.findings.is_empty() {
            writeln!(f, "nothing to note")?;
        } else {
            writeln!(f, "blockers {blockers}, warnings {warnings}")?;
        }
        let Reconciliation { present, marked, counted, without_mark, waiting, differing, strangers } = counts;
        write!(
            f,
            "    {present} present: {counted} counted for services, {without_mark} said to have no mark, {waiting} \
             waiting, {differing} differing; {marked} with a final mark"
        )?;
        writeln!(f, "{}", if *strangers > 0 { format!("; {strangers} not present") } else { String::new() })?;
        for finding in &self.findings {
            let weight = match finding.severity {
                Severity::Blocker => "BLOCKER",
                Severity::Warning => "warning",
            };
            write!(f, "    {weight} {}: ", finding.what)?;
            finding.places(f, true)?;
            writeln!(f, "\n      {} ({})", finding.next, finding.kind.name())?;
        }
        Ok(())
    }
}

/// What of a sheet holds a closing back.
#[derive(Clone, Copy, Debug)]
pub struct Blockers<'s>(&'s Sheet);

impl fmt::Display for Blockers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.0.weighing(Severity::Blocker).enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            let Finding { kind, what, next, .. } = finding;
            write!(f, "{what}: ")?;
            finding.places(f, false)?;
            write!(f, " — {next}, or look at them and let quality.{} be a warning", kind.name())?;
        }
        Ok(())
    }
}
