//! Looking at an import's scans: each distinct file once, in parallel, a bounded stretch of scripts
//! at a time, so that memory does not grow with the exam.

use std::collections::HashMap;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rayon::prelude::*;

use super::budget::Budget;
use super::fault::{Code, Finding, Findings};
use super::progress::{Progress, Stage};
use super::report::{ImportReport, PageDamage, PageNote};
use super::scan::{Probed, Wanted, probe_with_notes};
use super::source::{SCRIPTS, Source, StagingError};
use super::survey::{Need, PageUse, ScanFile, Survey, SurveyedScript};
use super::worker::Decoder;
use super::{ImportError, pages, wire};
use crate::model::{Damage, Frame, Page};
use crate::store::BlobSink;

/// Scripts in a stretch: enough that all threads are busy, little enough to hold.
const STRETCH: usize = 512;

/// What probing needs.
pub struct Probing<'p> {
    /// The bundle.
    pub source: &'p Source,
    /// What its text files say.
    pub survey: &'p Survey,
    /// Where a ZIP's scans are put aside.
    pub staging: &'p std::path::Path,
    /// Decodes.
    pub decoder: &'p Decoder,
    /// Where pictures go.
    pub sink: &'p dyn BlobSink,
    /// The threads.
    pub pool: &'p rayon::ThreadPool,
    /// Bytes of scans in memory.
    pub budget: &'p Budget,
    /// Who watches.
    pub progress: &'p dyn Progress,
}

/// A file's pages, shared by the scripts that use it.
type Shared = Arc<Vec<Probed>>;

/// The files that later scripts still need, each with how many uses are left.
type Cache = HashMap<u32, (Shared, u32)>;

impl Probing<'_> {
    /// Probes every file and writes the pages of every script, filling in the report. Faults that
    /// only show now (an annotation beyond the last page) are noted.
    pub fn all(
        &self,
        out: &mut dyn Write,
        report: &mut ImportReport,
        findings: &mut Findings,
    ) -> Result<(), ImportError> {
        let keep = |source| ImportError::Staging { act: "put aside what was found in the scans", source };
        self.progress.begin(Stage::Probing, self.survey.files.len() as u64);
        out.write_all(pages::head().as_bytes()).map_err(keep)?;
        let mut cache = Cache::new();
        for stretch in self.survey.scripts.chunks(STRETCH) {
            self.fill(stretch, &mut cache)?;
            for script in stretch {
                let found = self.script(script, &mut cache, report, findings);
                let line = pages::write(&script.candidate, &found).map_err(io::Error::other).map_err(keep)?;
                out.write_all(line.as_bytes()).map_err(keep)?;
            }
        }
        report.scans_probed = true;
        report.bytes.scan_files = self.survey.files.len() as u64;
        report.bytes.scan_bytes = self.survey.files.iter().map(|file| self.source.size(file.id)).sum();
        Ok(())
    }

    /// Probes the files of these scripts that are not in the cache yet.
    fn fill(&self, stretch: &[SurveyedScript], cache: &mut Cache) -> Result<(), ImportError> {
        let mut wanted: Vec<u32> = stretch
            .iter()
            .flat_map(|script| script.pages.iter().map(|page| page.file))
            .filter(|file| !cache.contains_key(file))
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let probe = |number: &u32| {
            if self.progress.cancelled() {
                return Err(ImportError::Cancelled);
            }
            let file = &self.survey.files[*number as usize];
            let probed = self.file(file)?;
            self.progress.advance(1);
            Ok((*number, (Arc::new(probed), file.uses)))
        };
        let found: Vec<_> = self.pool.install(|| wanted.par_iter().map(probe).collect::<Result<_, _>>())?;
        cache.extend(found);
        Ok(())
    }

    /// Probes one file. Whatever is wrong with it is damage; errors are ours.
    fn file(&self, file: &ScanFile) -> Result<Vec<Probed>, ImportError> {
        let wanted = match file.need {
            Need::All => Wanted::All,
            Need::One(page) => Wanted::One(page),
        };
        let held = self.budget.take(self.source.size(file.id));
        let looked = self.source.with_path(file.id, self.staging, |path| {
            // One bad scan is one damaged page, whatever it makes a reader do.
            catch_unwind(AssertUnwindSafe(|| probe_with_notes(path, wanted, self.decoder, self.sink)))
        });
        drop(held);
        let first = if let Need::One(page) = file.need { page } else { 1 };
        match looked {
            Ok(Ok(Ok(probed))) if !probed.is_empty() => Ok(probed),
            Ok(Ok(Ok(_))) | Ok(Err(_)) => Ok(vec![lost(first, "SCN-004", "reading the scan failed")]),
            Ok(Ok(Err(source))) => Err(ImportError::Scan { source }),
            Err(StagingError::Bundle(error)) => {
                Ok(vec![lost(first, "SCN-015", format!("its entry of the ZIP cannot be unpacked: {error}"))])
            }
            Err(StagingError::Staging(source)) => {
                Err(ImportError::Staging { act: "unpack a scan of the ZIP", source })
            }
        }
    }

    /// The pages of one script, reported.
    fn script(
        &self,
        script: &SurveyedScript,
        cache: &mut Cache,
        report: &mut ImportReport,
        findings: &mut Findings,
    ) -> Vec<Page> {
        let mut found = Vec::with_capacity(script.pages.len());
        for used in &script.pages {
            let Some((probed, left)) = cache.get_mut(&used.file) else { continue };
            let probed = Arc::clone(probed);
            *left = left.saturating_sub(1);
            if *left == 0 {
                cache.remove(&used.file);
            }
            let path = &self.survey.files[used.file as usize].path;
            for (page, notes) in chosen(&probed, *used) {
                found.push(Page { file: path.clone(), ..page.turned(used.rotate) });
                note(report, &script.candidate, &found, notes);
            }
        }
        if found.len() > wire::PAGES_LIMIT {
            let message =
                format!("{} pages once its files are counted, at most {}", found.len(), wire::PAGES_LIMIT);
            let finding =
                Finding::new(Code::TooLarge, message).file(SCRIPTS).line(script.line).field("pages");
            findings.push(Code::TooLarge, finding.candidate(&script.candidate));
        }
        script.check_annotated(found.len(), findings);
        report.counts.pages += found.len() as u64;
        found
    }
}

/// Adds the page found last to the report.
fn note(report: &mut ImportReport, candidate: &str, found: &[Page], notes: &[String]) {
    let number = u32::try_from(found.len()).unwrap_or(u32::MAX);
    let told =
        |detail: &str| PageNote { candidate: candidate.to_owned(), page: number, detail: detail.to_owned() };
    let Some(page) = found.last() else { return };
    if let Some(Damage { code, detail }) = &page.damage {
        report.damaged.push(PageDamage {
            candidate: candidate.to_owned(),
            page: number,
            code: code.clone(),
            detail: detail.clone(),
        });
    }
    if let Some(why) = page.scan.as_ref().and_then(|scan| scan.converted.as_ref()) {
        report.converted.push(told(why));
    }
    for detail in notes {
        report.notes.push(told(detail));
    }
}

/// The pages of a file that a script uses, with what there is to say of each.
fn chosen(probed: &[Probed], used: PageUse) -> Vec<(Page, &[String])> {
    let told = |probed: &'_ Probed| probed.page.clone();
    let Some(number) = used.page else {
        return probed.iter().map(|probed| (told(probed), probed.notes.as_slice())).collect();
    };
    if let Some(probed) = probed.iter().find(|probed| probed.page.file_page == number) {
        return vec![(told(probed), probed.notes.as_slice())];
    }
    // A file that cannot be read at all is one damaged page: every page of it is damaged so.
    let whole = match probed {
        [only] if only.page.scan.is_none() => only.page.damage.clone(),
        _ => None,
    };
    let damage = whole.unwrap_or_else(|| Damage {
        code: "SCN-012".to_owned(),
        detail: format!("page {number} of a file of {}", probed.len()),
    });
    vec![(lost(number, &damage.code, damage.detail).page, &[])]
}

/// A page of which nothing is known: A4.
fn lost(number: u32, code: &str, detail: impl Into<String>) -> Probed {
    let page = Page {
        file: String::new(),
        file_page: number,
        frame: Frame::plain(595.276, 841.89),
        scan: None,
        damage: Some(Damage { code: code.to_owned(), detail: detail.into() }),
        accepted: None,
    };
    Probed { page, notes: Vec::new() }
}
