//! Which copies a job makes, how long each is and where it goes, before the first is written.

use super::error::{BulkError, CopyFault};
use super::report::{Failure, Refusal};
use super::summary;
use crate::journal::Timestamp;
use crate::model::Hundredths;
use crate::render::Profile;
use crate::zip::ZipPlan;

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

/// What to plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanRequest {
    /// Which copies.
    pub selection: Selection,
    /// What they show.
    pub profile: Profile,
}

/// What a job will do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    /// Copies to make.
    pub copies: u64,
    /// Bytes of their PDFs together.
    pub bytes: u64,
    /// Bytes of the same as one ZIP.
    pub zip_bytes: u64,
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

/// What is kept of a copy beside its entry: 24 bytes and its names. A record holds at most
/// 64 KiB, so its texts and counts fit 16 bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlannedCopy {
    /// Last name, first name and number, one after the other in the plan's text.
    pub text_start: u32,
    /// Bytes of each.
    pub text_lengths: [u16; 3],
    pub pages: u16,
    pub damaged: u16,
    pub accepted: u16,
    pub mark: Option<Hundredths>,
}

/// Every copy of a job, sorted by entry name: about 150 bytes a copy, no rope.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) profile: Profile,
    /// Entry 0 is the summary, entry `n + 1` is copy `n`.
    pub(super) zip: ZipPlan,
    pub(super) copies: Vec<PlannedCopy>,
    text: String,
    /// By candidate number.
    pub(super) refused: Vec<Refusal>,
    /// By candidate number.
    pub(super) failed: Vec<Failure>,
}

impl Plan {
    /// Puts together what was gathered: entry 0 of `zip` is the summary, without its content yet.
    pub(super) fn new(
        profile: Profile,
        zip: ZipPlan,
        copies: Vec<PlannedCopy>,
        text: String,
        refused: Vec<Refusal>,
        failed: Vec<Failure>,
    ) -> Result<Plan, BulkError> {
        let mut plan = Plan { profile, zip, copies, text, refused, failed };
        plan.settle()?;
        Ok(plan)
    }

    /// What the job will do.
    pub fn forecast(&self) -> Forecast {
        let sum =
            |count: fn(&PlannedCopy) -> u16| self.copies.iter().map(|copy| u64::from(count(copy))).sum();
        Forecast {
            copies: self.copies.len() as u64,
            bytes: self.bytes(),
            zip_bytes: self.zip.total(),
            refused: self.refused.len() as u64,
            failed: self.failed.len() as u64,
            pages: sum(|copy| copy.pages),
            damaged: sum(|copy| copy.damaged),
            accepted: sum(|copy| copy.accepted),
        }
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
    pub fn zip(&self) -> &ZipPlan {
        &self.zip
    }

    /// Bytes of the PDFs together.
    pub fn bytes(&self) -> u64 {
        self.zip.entries().iter().skip(1).map(|entry| entry.length).sum()
    }

    /// The candidate number of copy `index`.
    pub(super) fn number(&self, index: usize) -> &str {
        self.texts(index)[2]
    }

    /// Last name, first name and number of copy `index`.
    pub(super) fn texts(&self, index: usize) -> [&str; 3] {
        let copy = &self.copies[index];
        let mut rest = &self.text[copy.text_start as usize..];
        copy.text_lengths.map(|length| {
            let (text, after) = rest.split_at(usize::from(length));
            rest = after;
            text
        })
    }

    /// Leaves out copies that turned out impossible (sorted by index).
    pub(super) fn set_aside(&mut self, faults: &[(usize, CopyFault)]) -> Result<(), BulkError> {
        if faults.is_empty() {
            return Ok(());
        }
        for (index, fault) in faults {
            let failure = Failure::new(self.number(*index), fault);
            self.failed.push(failure);
        }
        let is_out = |index: usize| faults.binary_search_by_key(&index, |(index, _)| *index).is_ok();
        let mut index = 0;
        self.copies.retain(|_| {
            index += 1;
            !is_out(index - 1)
        });
        self.zip.retain(|entry| entry == 0 || !is_out(entry - 1))?;
        self.settle()
    }

    /// Gives the summary its length and checksum, now that the copies are known.
    fn settle(&mut self) -> Result<(), BulkError> {
        self.failed.sort_by(|a, b| a.candidate.cmp(&b.candidate));
        let measure = summary::measure(self);
        self.zip.amend(0, measure.length, measure.crc32, measure.sha256)?;
        Ok(())
    }

    /// Bytes held in memory.
    pub fn weight(&self) -> usize {
        self.zip.weight() + self.copies.capacity() * size_of::<PlannedCopy>() + self.text.capacity()
    }
}
