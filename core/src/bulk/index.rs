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

    /// How many marks there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// One of the marks, with the index of its row.
    pub fn get(&self, at: usize) -> Option<(usize, Mark)> {
        self.0.get(at).map(|mark| (at * STEP, *mark))
    }
}
