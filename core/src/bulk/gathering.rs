//! Finding out what a job makes: every edition composed once, none kept.

use std::collections::BTreeSet;

use super::error::{BulkError, CopyFault};
use super::plan::{Plan, PlanRequest, PlannedCopy, Selection};
use super::progress::Phase;
use super::report::{Failure, Refusal};
use super::scans::ScanCheck;
use super::source::Candidates;
use super::summary::SUMMARY_NAME;
use super::workshop::{Job, Workshop};
use crate::model::{ArchivedScript, Candidate, Hundredths};
use crate::process::gate::may_render;
use crate::render::Profile;
use crate::store::{Record, StoreError};
use crate::zip::{Draft, EntryName, Listing, ZipError, ZipPlan, clashes, entry_name, numbered, reorder};

/// Composes every edition once, to learn its length, checksum and digest. No rope is kept.
///
/// A copy that cannot be made is left out and listed; so is one that may not be rendered yet.
///
/// # Errors
/// [`BulkError`] when the selection names what is not there, or nothing can be planned at all.
pub fn plan(job: &Job<'_>, request: &PlanRequest) -> Result<Plan, BulkError> {
    let shop = Workshop::open(*job)?;
    let mut gathering = Gathering::default();
    let (asked, total) = asked_for(job, &request.selection)?;
    job.progress.begin(Phase::Plan, total, 0);
    let scans = ScanCheck::new(job.blobs);

    let mut candidates = asked.into_iter();
    let mut found_school = request.selection.school.is_none();
    loop {
        let chunk: Vec<_> = candidates.by_ref().take(CHUNK).collect();
        if chunk.is_empty() {
            break;
        }
        let findings = shop.each(chunk, |candidate| {
            if shop.halted() { None } else { Some(look(&shop, &scans, request, candidate)) }
        });
        job.progress.advance(findings.len() as u64, 0);
        for finding in findings {
            match finding {
                None => return Err(BulkError::Cancelled),
                Some(finding) => {
                    found_school |= !matches!(finding, Finding::Elsewhere);
                    gathering.add(finding)?;
                }
            }
        }
    }
    match &request.selection.school {
        Some(school) if !found_school => Err(BulkError::NoSuchSchool { school: school.clone() }),
        _ => gathering.close(request.profile),
    }
}

/// Candidates looked at between two cancellations; their records are in memory together, at most
/// 64 KiB each and mostly far less than one.
const CHUNK: usize = 256;

/// The candidates to look at, by number, and how many.
fn asked_for<'a>(job: &Job<'a>, selection: &Selection) -> Result<(Candidates<'a>, u64), BulkError> {
    if selection.candidates.is_empty() {
        return Ok((job.source.candidates(), job.source.candidate_count()));
    }
    let numbers: BTreeSet<&String> = selection.candidates.iter().collect();
    let mut records = Vec::new();
    let mut missing = Vec::new();
    for number in numbers {
        match job.source.candidate(number)? {
            Some(record) => records.push(Ok(record)),
            None => missing.push(number.clone()),
        }
    }
    if !missing.is_empty() {
        return Err(BulkError::NoSuchCandidate { numbers: missing });
    }
    let count = records.len() as u64;
    Ok((Box::new(records.into_iter()), count))
}

/// What became of one candidate.
enum Finding {
    /// Of another school than asked for.
    Elsewhere,
    /// Not selected, or absent.
    Outside,
    Refused(Refusal),
    Failed(Failure),
    Planned(Box<Found>),
}

/// A copy to make.
struct Found {
    number: String,
    last_name: String,
    first_name: String,
    entry: String,
    length: u64,
    crc32: u32,
    digest: [u8; 32],
    at: i64,
    pages: u32,
    damaged: u32,
    accepted: u32,
    mark: Option<Hundredths>,
}

fn look(
    shop: &Workshop<'_>,
    scans: &ScanCheck<'_>,
    request: &PlanRequest,
    candidate: Result<Record<Candidate>, StoreError>,
) -> Finding {
    let candidate = match candidate {
        Ok(candidate) => candidate,
        // The text says which; without its record the number is not known here.
        Err(error) => return Finding::Failed(Failure::new("?", &CopyFault::Record(error))),
    };
    let candidate = candidate.get();
    let selection = &request.selection;
    if selection.school.as_ref().is_some_and(|school| *school != *candidate.school) {
        return Finding::Elsewhere;
    }
    let failed = |fault: CopyFault| Finding::Failed(Failure::new(&candidate.number, &fault));
    let refused =
        |reason: String| Finding::Refused(Refusal { candidate: candidate.number.to_string(), reason });
    let script = match shop.job.source.script(&candidate.number) {
        Err(error) => return failed(error.into()),
        Ok(None) if selection.candidates.is_empty() => return Finding::Outside,
        Ok(None) => return refused("BLK-009 the candidate has no script".to_owned()),
        Ok(Some(script)) => script,
    };
    let record = script.get();
    let at = record.renderable_at.to_native();
    if selection.since.is_some_and(|since| at < since) || selection.until.is_some_and(|until| at >= until) {
        return Finding::Outside;
    }
    if let Err(closed) = may_render(shop.job.source.exam(), record) {
        return refused(closed.to_string());
    }
    let made = shop.edition(request.profile, candidate, &script, |rope| {
        scans.check(rope)?;
        Ok((rope.len(), rope.crc32(), rope.digest()))
    });
    let (length, crc32, digest) = match made {
        Ok(made) => made,
        Err(fault) => return failed(fault),
    };
    let (damaged, accepted) = damage(record);
    Finding::Planned(Box::new(Found {
        number: candidate.number.to_string(),
        last_name: candidate.last_name.to_string(),
        first_name: candidate.first_name.to_string(),
        entry: entry_name(&EntryName {
            school: &candidate.school,
            last_name: &candidate.last_name,
            first_name: &candidate.first_name,
            number: &candidate.number,
        }),
        length,
        crc32,
        digest,
        at,
        pages: u32::try_from(record.pages.len()).unwrap_or(u32::MAX),
        damaged,
        accepted,
        mark: record.final_mark(),
    }))
}

/// Damaged pages that nobody has accepted, and those that someone has.
fn damage(script: &ArchivedScript) -> (u32, u32) {
    let mut counts = (0, 0);
    for page in script.pages.iter().filter(|page| page.damage.is_some()) {
        if page.accepted.is_some() { counts.1 += 1 } else { counts.0 += 1 }
    }
    counts
}

/// Copies as they are found, by candidate number. What is gathered is sorted in place and becomes
/// the plan: nothing of it is ever in memory twice.
#[derive(Default)]
struct Gathering {
    /// Entry `n` is copy `n`.
    listing: Listing,
    copies: Vec<PlannedCopy>,
    text: String,
    refused: Vec<Refusal>,
    failed: Vec<Failure>,
}

impl Gathering {
    fn add(&mut self, finding: Finding) -> Result<(), BulkError> {
        match finding {
            Finding::Elsewhere | Finding::Outside => Ok(()),
            Finding::Refused(refusal) => {
                self.refused.push(refusal);
                Ok(())
            }
            Finding::Failed(failure) => {
                self.failed.push(failure);
                Ok(())
            }
            Finding::Planned(found) => self.add_copy(&found),
        }
    }

    fn add_copy(&mut self, found: &Found) -> Result<(), BulkError> {
        let index = self.copies.len();
        // Texts past 4 GiB together do not fit a ZIP's directory either.
        let text_start = u32::try_from(self.text.len()).map_err(|_| ZipError::Name { index })?;
        let short = |text: &str| u16::try_from(text.len()).map_err(|_| ZipError::Name { index });
        let few = |count: u32| u16::try_from(count).unwrap_or(u16::MAX);
        self.listing.push(&Draft {
            name: &found.entry,
            length: found.length,
            crc32: found.crc32,
            digest: found.digest,
            at: found.at,
        })?;
        self.copies.push(PlannedCopy {
            text_start,
            text_lengths: [short(&found.last_name)?, short(&found.first_name)?, short(&found.number)?],
            pages: few(found.pages),
            damaged: few(found.damaged),
            accepted: few(found.accepted),
            mark: found.mark,
        });
        self.text.push_str(&found.last_name);
        self.text.push_str(&found.first_name);
        self.text.push_str(&found.number);
        Ok(())
    }

    fn close(mut self, profile: Profile) -> Result<Plan, BulkError> {
        self.part_names()?;
        let latest = self.listing.entries().iter().map(|entry| entry.at).max().unwrap_or(0);
        let summary =
            Draft { name: SUMMARY_NAME, length: 0, crc32: 0, digest: [0; 32], at: i64::from(latest) };
        let order = self.listing.order()?;
        self.listing.reorder(&order);
        reorder(&mut self.copies, &order);
        drop(order);
        self.listing.push_first(&summary)?;
        self.copies.shrink_to_fit();
        self.text.shrink_to_fit();
        let zip = ZipPlan::lay_out(self.listing)?;
        Plan::new(profile, zip, self.copies, self.text, self.refused, self.failed)
    }

    /// Gives another name to every copy that a file system would take for another one. Candidate
    /// numbers make names different; this is for numbers that differ only in what was cleaned.
    fn part_names(&mut self) -> Result<(), BulkError> {
        let mut counter = 1;
        loop {
            let doubles = clashes(self.copies.len(), |index| self.listing.name(index));
            if doubles.is_empty() {
                return Ok(());
            }
            counter += 1;
            for index in doubles {
                let name = numbered(self.listing.name(index), counter);
                self.listing.rename(index, &name)?;
            }
        }
    }
}
