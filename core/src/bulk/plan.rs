//! Which copies a job makes, how long each is and where it goes, before the first is written.

use std::collections::BTreeSet;

use super::error::{BulkError, CopyFault};
use super::progress::Phase;
use super::report::{Failure, Refusal};
use super::scans::ScanCheck;
use super::summary::{self, SUMMARY_NAME};
use super::workshop::{Job, Workshop};
use crate::journal::Timestamp;
use crate::model::{ArchivedScript, Candidate, Hundredths};
use crate::process::gate::may_render;
use crate::render::Profile;
use crate::store::Record;
use crate::zip::{Draft, EntryName, Listing, ZipError, ZipPlan, clashes, entry_name, numbered, reorder};

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
    text_start: u32,
    last_name: u16,
    first_name: u16,
    number: u16,
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

type Asked<'a> = Box<dyn Iterator<Item = Result<Record<Candidate>, crate::store::StoreError>> + Send + 'a>;

/// The candidates to look at, by number, and how many.
fn asked_for<'a>(job: &Job<'a>, selection: &Selection) -> Result<(Asked<'a>, u64), BulkError> {
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
    candidate: Result<Record<Candidate>, crate::store::StoreError>,
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
            last_name: short(&found.last_name)?,
            first_name: short(&found.first_name)?,
            number: short(&found.number)?,
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
        let mut plan = Plan {
            profile,
            zip: ZipPlan::lay_out(self.listing)?,
            copies: self.copies,
            text: self.text,
            refused: self.refused,
            failed: self.failed,
        };
        plan.settle()?;
        Ok(plan)
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

impl Plan {
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
        [copy.last_name, copy.first_name, copy.number].map(|length| {
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
