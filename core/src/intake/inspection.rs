//! Inspection: every page decoded once, in the background or by `copiste inspect`, resumable.
//!
//! What is found is kept by the scan's digest, so a page is never decoded twice, not even after a
//! new import. Damage that only decoding shows becomes a command of its own; should a crash come
//! between the two, the next run makes up for it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::fault::Listed;
use super::progress::{Progress, Stage};
use super::report::{PageDamage, PageNote};
use super::scan::{Inspection, LOW_RESOLUTION, inspect};
use super::worker::Decoder;
use crate::journal::{Actor, Command, FoundDamage, FoundItem, Timestamp};
use crate::model::{BlobRef, Damage, PlacedScan, Script, annotations_outside};
use crate::store::{ExamView, ExecuteError, InspectionRecord, Record, RecordFault, Store, StoreError};

/// Who inspects, with what.
#[derive(Clone, Copy)]
pub struct Inspecting<'i> {
    /// Where the exams are.
    pub store: &'i Store,
    /// Decodes.
    pub decoder: &'i Decoder,
    /// Threads that wait for decoding processes.
    pub threads: NonZeroUsize,
    /// Who asked for it.
    pub actor: &'i Actor,
    /// When, in seconds since 1970 UTC.
    pub at: Timestamp,
    /// Who watches.
    pub progress: &'i dyn Progress,
}

/// What an inspection found in one exam: of all its pages, whenever they were decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InspectionReport {
    /// The exam's identifier.
    pub exam: String,
    /// Pages of all scripts.
    pub pages: u64,
    /// Scans that were decoded now.
    pub decoded: u64,
    /// Pages that were found damaged now.
    pub damaged: Vec<PageDamage>,
    /// Pages on which nothing is written.
    pub blank: Listed<PageNote>,
    /// Pages on which small handwriting is hard to read.
    pub low_resolution: Listed<PageNote>,
    /// Pages that are shown turned.
    pub rotated: Listed<PageNote>,
    /// Pages with annotations that reach outside of them.
    pub outside: Listed<PageNote>,
}

/// Why an inspection stopped. What was found until then is kept; the next run goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum InspectionError {
    /// There is no such exam.
    #[error("SCN-050 there is no exam {exam}")]
    NoSuchExam {
        /// The identifier that was given.
        exam: String,
    },
    /// A scan is not in the store, or no decoder can be started.
    #[error(
        "SCN-051 exam {exam}: page {page} of candidate {candidate} cannot be inspected: {source}; what was \
         found so far is kept; `copiste verify` says whether scans are missing"
    )]
    Scan {
        /// The exam.
        exam: String,
        /// The candidate's number.
        candidate: String,
        /// Page of the script, from 1.
        page: u32,
        /// What the system said.
        source: io::Error,
    },
    /// Whoever watches ended it.
    #[error(
        "SCN-052 the inspection was stopped; what was found so far is kept, the next one goes on from there"
    )]
    Cancelled,
    /// The threads cannot be started.
    #[error("SCN-053 no threads can be started: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// A record cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Found damage cannot be recorded.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
}

impl Inspecting<'_> {
    /// Inspects what is left to inspect of one exam, or of all, and reports on all its pages.
    ///
    /// # Errors
    /// [`InspectionError`]; what was found before it is kept.
    pub fn run(&self, exam: Option<&str>) -> Result<Vec<InspectionReport>, InspectionError> {
        let views = match exam {
            None => self.store.exams()?,
            Some(id) => {
                let view = self.store.exam(id)?;
                vec![view.ok_or_else(|| InspectionError::NoSuchExam { exam: id.to_owned() })?]
            }
        };
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads.get())
            .thread_name(|number| format!("inspect-{number}"))
            .build()?;
        views.iter().map(|view| self.exam(view, &pool)).collect()
    }

    fn exam(&self, view: &ExamView, pool: &rayon::ThreadPool) -> Result<InspectionReport, InspectionError> {
        self.progress.begin(Stage::Inspecting, view.uninspected()?);
        let mut report = InspectionReport { exam: view.id().to_owned(), ..InspectionReport::default() };
        for span in 0..view.spans() {
            let scripts = view.scripts_in(span)?;
            let booklets: Vec<Booklet> =
                scripts.iter().map(|record| Booklet::of(view, record)).collect::<Result<_, StoreError>>()?;
            self.span(view, &booklets, pool, &mut report)?;
            self.store.count_waiting(view, span)?;
        }
        Ok(report)
    }

    /// Inspects the pages of some scripts, keeps what is found, then reports.
    fn span(
        &self,
        view: &ExamView,
        booklets: &[Booklet],
        pool: &rayon::ThreadPool,
        report: &mut InspectionReport,
    ) -> Result<(), InspectionError> {
        if self.progress.cancelled() {
            return Err(InspectionError::Cancelled);
        }
        let pages: Vec<Leaf<'_>> = leaves(booklets).collect();
        let mut known: HashMap<[u8; 32], InspectionRecord> = HashMap::new();
        let mut asked = HashSet::new();
        let mut fresh = Vec::new();
        for page in &pages {
            let blob = page.scan.image.blob;
            if !asked.insert(blob.sha256) {
                continue;
            }
            match view.inspection(&blob)? {
                Some(record) => {
                    known.insert(blob.sha256, record.value().map_err(unreadable("an inspection"))?);
                }
                None => fresh.push(*page),
            }
        }
        let look = |page: &Leaf<'_>| {
            if self.progress.cancelled() {
                return Err(InspectionError::Cancelled);
            }
            let found = self.look(view.id(), page)?;
            self.progress.advance(1);
            Ok((page.scan.image.blob, found))
        };
        let found: Vec<(BlobRef, InspectionRecord)> =
            pool.install(|| fresh.par_iter().map(look).collect::<Result<_, InspectionError>>())?;
        if !found.is_empty() {
            self.store.record_inspections(&found)?;
        }
        report.decoded += found.len() as u64;
        known.extend(found.into_iter().map(|(blob, record)| (blob.sha256, record)));
        self.damage(view.id(), &pages, &known, report)?;
        note(booklets, &pages, &known, report);
        Ok(())
    }

    fn look(&self, exam: &str, page: &Leaf<'_>) -> Result<InspectionRecord, InspectionError> {
        let blobs = self.store.blobs();
        // One bad scan is one damaged page, whatever it makes a reader do.
        let looked = catch_unwind(AssertUnwindSafe(|| inspect(page.scan, blobs, self.decoder)));
        let Inspection { damage, blank, dpi, ink } = match looked {
            Ok(Ok(found)) => found,
            Ok(Err(source)) => {
                let (exam, candidate) = (exam.to_owned(), page.candidate.to_owned());
                return Err(InspectionError::Scan { exam, candidate, page: page.number, source });
            }
            Err(_) => {
                let (code, detail) = ("SCN-014".to_owned(), "inspecting the scan failed".to_owned());
                Inspection { damage: Some(Damage { code, detail }), blank: false, dpi: 0, ink: 0 }
            }
        };
        Ok(InspectionRecord { blank, dpi, ink_permille: u16::try_from(ink).unwrap_or(1_000), damage })
    }

    /// Tells the store of pages whose scans turned out to be damaged.
    fn damage(
        &self,
        exam: &str,
        pages: &[Leaf<'_>],
        known: &HashMap<[u8; 32], InspectionRecord>,
        report: &mut InspectionReport,
    ) -> Result<(), InspectionError> {
        let mut items = Vec::new();
        for page in pages {
            let scan = page.scan.image.blob.sha256;
            let Some(Damage { code, detail }) = known.get(&scan).and_then(|found| found.damage.clone())
            else {
                continue;
            };
            let (candidate, number) = (page.candidate.to_owned(), page.number);
            report.damaged.push(PageDamage {
                candidate: candidate.clone(),
                page: number,
                code: code.clone(),
                detail: detail.clone(),
            });
            items.push(FoundItem { candidate, page: number, scan, code, detail });
        }
        if !items.is_empty() {
            let command = Command::FoundDamage(FoundDamage { exam: exam.to_owned(), items });
            self.store.execute(&command, self.actor, self.at)?;
        }
        Ok(())
    }
}

/// A page with a scan that is not known to be damaged.
#[derive(Clone, Copy)]
struct Leaf<'s> {
    candidate: &'s str,
    number: u32,
    scan: &'s PlacedScan,
}

fn leaves(booklets: &[Booklet]) -> impl Iterator<Item = Leaf<'_>> {
    booklets.iter().map(|booklet| &booklet.script).flat_map(|script| {
        script.pages.iter().zip(1_u32..).filter(|(page, _)| page.damage.is_none()).filter_map(
            |(page, number)| Some(Leaf { candidate: &script.candidate, number, scan: page.scan.as_ref()? }),
        )
    })
}

fn unreadable(what: &str) -> impl FnOnce(RecordFault) -> StoreError {
    let what = what.to_owned();
    move |fault| StoreError::Record { what, fault }
}

/// A script, and how many of its annotations reach outside of their page, by page.
struct Booklet {
    script: Script,
    outside: BTreeMap<u32, u64>,
}

impl Booklet {
    fn of(view: &ExamView, record: &Record<Script>) -> Result<Booklet, StoreError> {
        let outside = annotations_outside(view.annotations(record)?.get());
        Ok(Booklet { script: record.value().map_err(unreadable("a script"))?, outside })
    }
}

/// What a person wants to know before closing.
fn note(
    booklets: &[Booklet],
    pages: &[Leaf<'_>],
    known: &HashMap<[u8; 32], InspectionRecord>,
    report: &mut InspectionReport,
) {
    let told = |candidate: &str, page: u32, detail: String| PageNote {
        candidate: candidate.to_owned(),
        page,
        detail,
    };
    for page in pages {
        let Some(found) = known.get(&page.scan.image.blob.sha256).filter(|found| found.damage.is_none())
        else {
            continue;
        };
        if found.blank {
            report.blank.push(told(page.candidate, page.number, "blank".to_owned()));
        }
        if (1..LOW_RESOLUTION).contains(&found.dpi) {
            let detail = format!("{} dots an inch", found.dpi);
            report.low_resolution.push(told(page.candidate, page.number, detail));
        }
    }
    for Booklet { script, outside } in booklets {
        report.pages += script.pages.len() as u64;
        for (page, number) in script.pages.iter().zip(1_u32..) {
            if page.frame.rotate != 0 {
                let detail = format!("shown turned by {} degrees", page.frame.rotate);
                report.rotated.push(told(&script.candidate, number, detail));
            }
            if let Some(count) = outside.get(&number) {
                let detail = format!("{count} annotations reach outside of the page");
                report.outside.push(told(&script.candidate, number, detail));
            }
        }
    }
}
