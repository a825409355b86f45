//! What blocks and what warns, and from where on.

use super::{Kind, Severity};
use crate::intake::scan::LOW_RESOLUTION;

/// How a sheet judges; comes from the settings `quality.…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What each kind weighs, in the order of [`Kind::ALL`].
    pub severities: [Severity; Kind::ALL.len()],
    /// Dots an inch below which a page is of low resolution. By default what `copiste inspect` reports.
    pub low_resolution_dpi: u32,
    /// How many pages below its batch's median a script is noted, at least 1. By default 2: a scanner
    /// that draws in two sheets at once loses a sheet, which has two sides; one page less is as often a
    /// blank last page that was left out.
    pub pages_below_median: u32,
}

impl Default for Policy {
    fn default() -> Policy {
        let severities = Kind::ALL.map(Kind::usual);
        Policy { severities, low_resolution_dpi: LOW_RESOLUTION, pages_below_median: 2 }
    }
}

impl Policy {
    /// What a kind of finding weighs.
    pub fn of(&self, kind: Kind) -> Severity {
        self.severities[kind as usize]
    }

    /// The same with another weight for one kind.
    #[must_use]
    pub fn with(mut self, kind: Kind, severity: Severity) -> Policy {
        self.severities[kind as usize] = severity;
        self
    }
}
