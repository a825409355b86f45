//! Where to begin: a sparse index of a plan's rows, so that the middle of an archive is found without
//! walking to it.

use serde::{Deserialize, Serialize};

/// One row in so many is marked: an archive of 200,000 copies has 3,125 marks of 32 bytes, and whoever
/// looks for a copy reads at most as many rows as this.
pub(super) const STEP: usize = 64;

/// Where what belongs to a row begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mark {
    /// The row itself, from the first row on.
    pub row: u64,
    /// Its line in `sommaire.csv`, from the beginning of that.
    pub line: u64,
    /// Its local header, in the archive.
    pub header: u64,
    /// Its line in the central directory, from the beginning of that.
    pub central: u64,
}

/// The marks of a plan: of row 0, [`STEP`], 2 × [`STEP`]…
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Index(Vec<Mark>);

impl Index {
    /// The marks, by row.
    pub fn of(marks: Vec<Mark>) -> Index {
        Index(marks)
    }

    /// The index of a marked row and its mark: the last one for which `key` is at most `offset`, else the
    /// first. None when there are no rows.
    pub fn before(&self, offset: u64, key: impl Fn(&Mark) -> u64) -> Option<(usize, Mark)> {
        let at = self.0.partition_point(|mark| key(mark) <= offset).saturating_sub(1);
        self.0.get(at).map(|mark| (at * STEP, *mark))
    }

    /// Whether it can be the index of so many rows.
    pub fn fits(&self, count: usize) -> bool {
        self.0.len() == count.div_ceil(STEP)
    }

    /// A few marks, evenly spread, with the indices of their rows.
    pub fn some(&self, few: usize) -> impl Iterator<Item = (usize, Mark)> + '_ {
        let step = self.0.len().div_ceil(few.max(1)).max(1);
        self.0.iter().enumerate().step_by(step).map(|(at, mark)| (at * STEP, *mark))
    }
}
