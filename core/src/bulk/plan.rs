//! An archive planned: which copies, how long each is and where it goes, before the first is written.

use std::io;
use std::path::{Path, PathBuf};

use super::choosing::{Choice, PlanRequest, asked_for, choose};
use super::error::BulkError;
use super::index::{Index, Mark, STEP};
use super::kept;
use super::making::{Making, Schools};
use super::progress::Phase;
use super::report::{Failure, Refusal};
use super::rows::{Row, RowWriter, Rows, Told, placing};
use super::scans::ScanCheck;
use super::summary::{self, SUMMARY_NAME};
use super::workshop::{Job, Workshop};
use crate::journal::Timestamp;
use crate::render::{Desk, Profile};
use crate::rope::Rope;
use crate::zip::{Entry, Layout, Outline, Placed};

/// What a job will do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    /// Copies to make.
    pub copies: u64,
    /// Bytes to be written.
    pub bytes: u64,
    /// Whether `bytes` is exact: every copy was composed. Else it is the scans and what a few copies add
    /// to them.
    pub exact: bool,
    /// Copies that may not be rendered, or asked for by number and not there.
    pub refused: u64,
    /// Copies that cannot be made.
    pub failed: u64,
    /// Scanned pages in the copies to make.
    pub pages: u64,
    /// Damaged pages among them that nobody has accepted.
    pub damaged: u64,
    /// Damaged pages among them that someone has accepted.
    pub accepted: u64,
}

impl Forecast {
    /// Whether nothing lies in the selection: no copy to make, and none that cannot be made. Its archive is
    /// its `sommaire.csv` alone. An exam without any script that may be rendered is not forecast but
    /// refused, with [`BulkError::NotClosed`].
    pub fn selects_nothing(&self) -> bool {
        self.copies == 0 && self.failed == 0
    }
}

/// Every copy of an archive, in the order of the entries. Takes little memory, however many there are.
#[derive(Debug)]
pub struct Plan {
    pub(super) profile: Profile,
    pub(super) rows: Rows,
    pub(super) summary: summary::Measure,
    pub(super) outline: Outline,
    pub(super) index: Index,
    /// By candidate number.
    pub(super) refused: Vec<Refusal>,
    /// By candidate number.
    pub(super) failed: Vec<Failure>,
    /// Where it, or the whole it was cut from, is kept.
    pub(super) kept: Option<PathBuf>,
}

/// Candidates looked at between two cancellations.
const CHUNK: usize = 256;

/// Composes every edition once, to learn its length, checksum and digest. No rope is kept.
///
/// A copy that cannot be made is left out and listed; so is one that may not be rendered yet.
///
/// # Errors
/// [`BulkError`] when the selection names what is not there, or nothing can be planned at all.
pub fn plan(job: &Job<'_>, request: &PlanRequest) -> Result<Plan, BulkError> {
    let shop = Workshop::open(*job)?;
    let places = asked_for(job.source, &request.selection)?;
    job.progress.begin(Phase::Plan, places.len() as u64, 0);
    let scans = ScanCheck::new(job.blobs);
    let mut rows = RowWriter::create(job.scratch).map_err(aside(job.scratch))?;
    let (mut refused, mut failed) = (Vec::new(), Vec::new());
    let mut found_school = request.selection.school.is_none();
    for chunk in places.chunks(CHUNK) {
        let looked = shop.each(chunk.to_vec(), |place| {
            if shop.halted() {
                return None;
            }
            let chosen = match choose(job.source, &request.selection, place) {
                Choice::Copy(chosen) => chosen,
                other => return Some(Err(other)),
            };
            let composed = shop.edition(request.profile, &chosen, |rope| {
                scans.check(rope)?;
                Ok(Row::of(&chosen, rope))
            });
            Some(composed.map_err(|fault| Choice::Failed(Failure::new(chosen.number(), &fault))))
        });
        job.progress.advance(looked.len() as u64, 0);
        for looked in looked {
            let looked = looked.ok_or(BulkError::Cancelled)?;
            found_school |= !matches!(looked, Err(Choice::Elsewhere));
            match looked {
                Ok(row) => rows.push(&row).map_err(aside(job.scratch))?,
                Err(Choice::Refused(refusal)) => refused.push(refusal),
                Err(Choice::Failed(failure)) => failed.push(failure),
                Err(Choice::Elsewhere | Choice::Outside | Choice::Copy(_)) => {}
            }
        }
    }
    if let Some(school) = request.selection.school.as_ref().filter(|_| !found_school) {
        return Err(BulkError::NoSuchSchool { school: school.clone() });
    }
    refused.sort_by(|one: &Refusal, other| one.candidate.cmp(&other.candidate));
    let rows = rows.finish().map_err(aside(job.scratch))?;
    Plan::of(request.profile, rows, refused, failed, job.scratch)
}

/// Rows cannot be put aside, or not be read back.
pub(super) fn aside(scratch: &Path) -> impl Fn(io::Error) -> BulkError + '_ {
    |source| BulkError::Aside { path: scratch.to_owned(), source }
}

impl Plan {
    fn of(
        profile: Profile,
        rows: Rows,
        refused: Vec<Refusal>,
        mut failed: Vec<Failure>,
        scratch: &Path,
    ) -> Result<Plan, BulkError> {
        failed.sort_by(|one, other| one.candidate.cmp(&other.candidate));
        let (summary, lines) = summary::measure(&rows, profile, &failed).map_err(aside(scratch))?;
        let (outline, index) = (Outline::default(), Index::default());
        let kept = None;
        let mut plan = Plan { profile, rows, summary, outline, index, refused, failed, kept };
        let mut layout = Layout::default();
        layout.add(&plan.summary(), &plan.summary.sha256)?;
        let mut lines = lines.into_iter();
        let mut marks = Vec::with_capacity(lines.len());
        for row in plan.rows.iter() {
            let (index, row) = row.map_err(aside(scratch))?;
            let central = layout.directory_length();
            let placed = layout.add(&row.entry(), &row.digest)?;
            if index.is_multiple_of(STEP) {
                let line = lines.next().unwrap_or_default();
                let row = plan.rows.start(marks.len());
                marks.push(Mark { row, line, header: placed.header, central });
            }
        }
        plan.index = Index::of(marks);
        plan.outline = layout.close();
        Ok(plan)
    }

    /// What the job will do.
    pub fn forecast(&self) -> Forecast {
        Forecast {
            copies: self.rows.told.count as u64,
            bytes: self.outline.total(),
            exact: true,
            refused: self.refused.len() as u64,
            failed: self.failed.len() as u64,
            pages: self.rows.told.pages,
            damaged: self.rows.told.damaged,
            accepted: self.rows.told.accepted,
        }
    }

    /// When the last of its copies became renderable: seconds since 1970, UTC; 0 without any.
    pub fn latest(&self) -> Timestamp {
        self.rows.told.latest
    }

    /// Copies that may not be rendered, or were asked for by number and are not there.
    pub fn refused(&self) -> &[Refusal] {
        &self.refused
    }

    /// Copies that cannot be made.
    pub fn failed(&self) -> &[Failure] {
        &self.failed
    }

    /// The archive laid out: entry 0 is `sommaire.csv`, the copies follow by name.
    pub fn outline(&self) -> &Outline {
        &self.outline
    }

    /// The entry of `sommaire.csv`, which begins the archive.
    pub(super) fn summary(&self) -> Entry<'static> {
        let summary::Measure { length, crc32, .. } = self.summary;
        Entry { name: SUMMARY_NAME, length, crc32, at: self.rows.told.latest }
    }

    /// The copies with their places in the archive.
    pub(super) fn copies(&self) -> impl Iterator<Item = io::Result<(usize, Row, Placed)>> + '_ {
        placing(self.rows.iter(), self.summary().placed_at(0).end)
    }

    /// Those from a marked row on.
    pub(super) fn copies_since(
        &self,
        (index, mark): (usize, Mark),
    ) -> impl Iterator<Item = io::Result<(usize, Row, Placed)>> + '_ {
        placing(self.rows.since(index, mark.row), mark.header)
    }

    /// The copies of this plan that became renderable at `since` or later and before `until`. Nothing is
    /// composed, and nothing copied when that is all of them.
    pub(super) fn within(
        self,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
        scratch: &Path,
    ) -> Result<Plan, BulkError> {
        let lies_in =
            |at: Timestamp| since.is_none_or(|since| at >= since) && until.is_none_or(|until| at < until);
        let Told { earliest, latest, count, .. } = self.rows.told;
        if count == 0 || (lies_in(earliest) && lies_in(latest)) {
            return Ok(self);
        }
        let mut rows = RowWriter::create(scratch).map_err(aside(scratch))?;
        for row in self.rows.iter() {
            let (_, row) = row.map_err(aside(scratch))?;
            if lies_in(row.at) {
                rows.push(&row).map_err(aside(scratch))?;
            }
        }
        let rows = rows.finish().map_err(aside(scratch))?;
        let plan = Plan::of(self.profile, rows, self.refused, self.failed, scratch)?;
        Ok(Plan { kept: self.kept, ..plan })
    }

    /// Whether a few copies, evenly spread, still turn out as they were planned.
    pub(super) fn still_makes(&self, job: &Job<'_>, few: usize) -> io::Result<bool> {
        let (schools, mut desk, mut rope) = (Schools::default(), Desk::default(), Rope::new());
        let making = Making { source: job.source, press: job.press, schools: &schools };
        for mark in self.index.some(few) {
            if let Some(copy) = self.copies_since(mark).next()
                && making.again(&copy?.1, self.profile, &mut desk, &mut rope).is_err()
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A copy did not turn out as planned: the plan is not to be used again.
    pub(super) fn distrust(&self) {
        if let Some(path) = &self.kept {
            kept::remove(path);
        }
    }

    /// The same without copies that turned out impossible (sorted by index).
    pub(super) fn without(self, faults: &[(usize, Failure)], scratch: &Path) -> Result<Plan, BulkError> {
        if faults.is_empty() {
            return Ok(self);
        }
        let mut failed = self.failed;
        let mut faults = faults.iter().peekable();
        let mut rows = RowWriter::create(scratch).map_err(aside(scratch))?;
        for row in self.rows.iter() {
            let (index, row) = row.map_err(aside(scratch))?;
            match faults.next_if(|(at, _)| *at == index) {
                Some((_, failure)) => failed.push(failure.clone()),
                None => rows.push(&row).map_err(aside(scratch))?,
            }
        }
        let rows = rows.finish().map_err(aside(scratch))?;
        Plan::of(self.profile, rows, self.refused, failed, scratch)
    }
}
