//! A directory's copies found, and how large they will be: the records are read, a few copies composed.
//!
//! Files, unlike the entries of an archive, need not be known to the byte beforehand. So each copy is
//! composed once, when it is written.

use std::collections::BTreeSet;

use super::choosing::{Choice, Chosen, PlanRequest, asked_for, choose};
use super::error::BulkError;
use super::plan::Forecast;
use super::progress::Phase;
use super::report::{Failure, Refusal};
use super::workshop::{Job, Workshop};

/// A copy that was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Surveyed {
    pub place: u32,
    /// Bytes of its scans, in whole KiB: the copies of a large academy are many.
    scans_kib: u32,
}

/// What a directory will hold.
#[derive(Debug)]
pub struct Survey {
    pub(super) request: PlanRequest,
    pub(super) copies: Vec<Surveyed>,
    /// Bytes that a copy adds to its scans, on average of a few.
    own: u64,
    pages: u64,
    damaged: u64,
    accepted: u64,
    /// By candidate number.
    pub(super) refused: Vec<Refusal>,
    /// By candidate number.
    pub(super) failed: Vec<Failure>,
}

/// Candidates looked at between two cancellations.
const CHUNK: usize = 1024;

/// How many copies are composed to learn what one adds to its scans.
const SAMPLE: usize = 32;

/// Finds the copies that a request is about.
///
/// # Errors
/// [`BulkError`] when the selection names what is not there.
pub fn survey(job: &Job<'_>, request: &PlanRequest) -> Result<Survey, BulkError> {
    let shop = Workshop::open(*job)?;
    let places = asked_for(job.source, &request.selection)?;
    job.progress.begin(Phase::Plan, places.len() as u64, 0);
    let mut survey = Survey {
        request: request.clone(),
        copies: Vec::new(),
        own: 0,
        pages: 0,
        damaged: 0,
        accepted: 0,
        refused: Vec::new(),
        failed: Vec::new(),
    };
    let mut found_school = request.selection.school.is_none();
    for chunk in places.chunks(CHUNK) {
        let looked = shop.each(chunk.to_vec(), |place| {
            (!shop.halted()).then(|| match choose(job.source, &request.selection, place) {
                Choice::Copy(chosen) => {
                    let pages = chosen.script.get().pages.len();
                    Ok((Surveyed::of(&chosen), pages, chosen.damage()))
                }
                other => Err(other),
            })
        });
        job.progress.advance(looked.len() as u64, 0);
        for looked in looked {
            let looked = looked.ok_or(BulkError::Cancelled)?;
            found_school |= !matches!(looked, Err(Choice::Elsewhere));
            match looked {
                Ok((copy, pages, (damaged, accepted))) => {
                    survey.copies.push(copy);
                    survey.pages += pages as u64;
                    survey.damaged += damaged as u64;
                    survey.accepted += accepted as u64;
                }
                Err(Choice::Refused(refusal)) => survey.refused.push(refusal),
                Err(Choice::Failed(failure)) => survey.failed.push(failure),
                Err(Choice::Elsewhere | Choice::Outside | Choice::Copy(_)) => {}
            }
        }
    }
    if let Some(school) = request.selection.school.as_ref().filter(|_| !found_school) {
        return Err(BulkError::NoSuchSchool { school: school.clone() });
    }
    survey.refused.sort_by(|one, other| one.candidate.cmp(&other.candidate));
    survey.weigh(&shop);
    Ok(survey)
}

impl Survey {
    /// Composes a few copies, evenly spread. One that cannot be composed is reported when it is written.
    fn weigh(&mut self, shop: &Workshop<'_>) {
        let step = self.copies.len().div_ceil(SAMPLE).max(1);
        let sample: Vec<Surveyed> = self.copies.iter().step_by(step).copied().collect();
        let added = shop.each(sample, |copy| {
            let Choice::Copy(chosen) = choose(shop.job.source, &self.request.selection, copy.place) else {
                return None;
            };
            let whole = shop.edition(self.request.profile, &chosen, |rope| Ok(rope.len())).ok()?;
            Some(whole.saturating_sub(copy.scans()))
        });
        let added: Vec<u64> = added.into_iter().flatten().collect();
        self.own = added.iter().sum::<u64>() / (added.len() as u64).max(1);
    }

    /// What the job will do.
    pub fn forecast(&self) -> Forecast {
        Forecast {
            copies: self.copies.len() as u64,
            bytes: self.copies.iter().map(|copy| self.bytes(copy)).sum(),
            exact: false,
            refused: self.refused.len() as u64,
            failed: self.failed.len() as u64,
            pages: self.pages,
            damaged: self.damaged,
            accepted: self.accepted,
        }
    }

    /// Copies that may not be rendered, or were asked for by number and are not there.
    pub fn refused(&self) -> &[Refusal] {
        &self.refused
    }

    /// Bytes of a copy's PDF, about.
    pub(super) fn bytes(&self, copy: &Surveyed) -> u64 {
        copy.scans() + self.own
    }
}

impl Surveyed {
    fn of(chosen: &Chosen) -> Surveyed {
        // A scan that several pages show is in the file once.
        let scans = chosen.script.get().pages.iter().filter_map(|page| page.scan.as_ref());
        let scans: BTreeSet<([u8; 32], u64)> =
            scans.map(|scan| (scan.image.blob.sha256, scan.image.blob.length.to_native())).collect();
        let bytes: u64 = scans.iter().map(|(_, length)| length).sum();
        Surveyed { place: chosen.place, scans_kib: u32::try_from(bytes >> 10).unwrap_or(u32::MAX) }
    }

    fn scans(self) -> u64 {
        u64::from(self.scans_kib) << 10
    }
}
