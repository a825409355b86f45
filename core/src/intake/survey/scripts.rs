//! The scripts of a bundle: their references, and the scan files they name.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead};

use super::Names;
use crate::intake::fault::{Code, Finding, Findings};
use crate::intake::source::{FileId, Found, SCRIPTS, Source};
use crate::intake::wire::{PageName, Path, Read, Reading, Records, ScriptLine};
use crate::model::Hundredths;

/// Which pages of a scan file are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// All, or several.
    All,
    /// A single one, from 1.
    One(u32),
}

/// A scan file that scripts name.
#[derive(Clone, Debug)]
pub struct ScanFile {
    /// Where it is.
    pub id: FileId,
    /// Its path, composed.
    pub path: String,
    /// What is used of it.
    pub need: Need,
    /// How many times scripts name it or one of its pages.
    pub uses: u32,
}

/// A page as a script uses it.
#[derive(Clone, Copy, Debug)]
pub struct PageUse {
    /// Index into the bundle's scan files.
    pub file: u32,
    /// Page of the file, from 1; none stands for all.
    pub page: Option<u32>,
    /// Degrees clockwise to turn it by.
    pub rotate: u16,
}

/// A script, as far as its line says.
#[derive(Clone, Debug)]
pub struct SurveyedScript {
    /// The candidate's number.
    pub candidate: String,
    /// Line of `scripts.jsonl`.
    pub line: u64,
    /// Its pages in order.
    pub pages: Vec<PageUse>,
    /// Pages that annotations stand on, each with the first such annotation, from 0.
    pub annotated: Vec<(u32, u32)>,
}

impl SurveyedScript {
    /// Notes annotations on pages that the script does not have.
    pub fn check_annotated(&self, pages: usize, findings: &mut Findings) {
        for (page, annotation) in &self.annotated {
            if *page as usize > pages {
                let message = format!("page {page} of a script of {pages}");
                let finding = Finding::new(Code::NoSuchPage, message)
                    .file(SCRIPTS)
                    .line(self.line)
                    .field(format!("annotations[{annotation}].page"))
                    .candidate(&self.candidate);
                findings.push(Code::NoSuchPage, finding);
            }
        }
    }
}

/// What a script is checked against.
pub struct Context<'c> {
    /// The bundle's files.
    pub source: &'c Source,
    /// The exam's step of marks.
    pub step: Hundredths,
    /// Whether the exam has harmonised marks.
    pub harmonised: bool,
    /// The bundle's batches.
    pub batches: &'c Names,
    /// The bundle's candidates.
    pub candidates: &'c Names,
    /// Those of them who did not come.
    pub absent: &'c HashSet<String>,
}

/// All scripts so far.
#[derive(Default)]
pub struct Gathered {
    /// In the order of the file.
    pub scripts: Vec<SurveyedScript>,
    /// In the order they are first named.
    pub files: Vec<ScanFile>,
    /// Annotations of all scripts.
    pub annotations: u64,
    by_id: HashMap<FileId, u32>,
    seen: HashMap<String, u64>,
    uses: HashSet<(u32, u32)>,
    shared: u64,
    shared_first: Option<String>,
}

impl Gathered {
    /// Reads the next script; false at the end.
    pub fn next<R: BufRead>(
        &mut self,
        records: &mut Records<R>,
        context: &Context<'_>,
        findings: &mut Findings,
    ) -> io::Result<bool> {
        let read = records.next_record(findings, |json, reading| {
            let script = ScriptLine::read(json, context.step, reading)?;
            let uses = self.refer(&script, context, reading);
            Some((script, uses))
        })?;
        let Some(Read { line, record, .. }) = read else { return Ok(false) };
        let Some((script, pages)) = record else { return Ok(true) };
        self.annotations += script.annotations.len() as u64;
        if script.candidate.is_empty() {
            return Ok(true);
        }
        if let Some(first) = self.seen.get(&script.candidate) {
            let mut reading = Reading::new(findings, SCRIPTS, line);
            reading.about(&script.candidate);
            let message = format!("line {first} has a script of the same candidate");
            reading.note(Code::Duplicate, &Path::Root.field("candidate"), message);
        } else {
            self.seen.insert(script.candidate.clone(), line);
        }
        let mut annotated: Vec<(u32, u32)> = Vec::new();
        for (annotation, index) in script.annotations.iter().zip(0_u32..) {
            if !annotated.iter().any(|(page, _)| *page == annotation.page) {
                annotated.push((annotation.page, index));
            }
        }
        self.scripts.push(SurveyedScript { candidate: script.candidate, line, pages, annotated });
        Ok(true)
    }

    /// Follows a script's references.
    fn refer(
        &mut self,
        script: &ScriptLine,
        context: &Context<'_>,
        reading: &mut Reading<'_>,
    ) -> Vec<PageUse> {
        let root = Path::Root;
        if context.candidates.lacks(&script.candidate) {
            reading.note(Code::Reference, &root.field("candidate"), "candidates.jsonl has no such candidate");
        } else if context.absent.contains(&script.candidate) {
            let message = "the candidate did not come, says candidates.jsonl, and has a script";
            reading.note(Code::NotPresent, &root.field("candidate"), message);
        }
        if script.batch.as_ref().is_some_and(|batch| context.batches.lacks(batch)) {
            reading.note(Code::Reference, &root.field("batch"), "batches.jsonl has no such batch");
        }
        if script.harmonised.is_some() && !context.harmonised {
            let message = "the exam has no harmonisation; the mark counts as the final one all the same";
            reading.note(Code::NotHarmonised, &root.field("harmonised"), message);
        }
        let list = root.field("pages");
        let mut pages = Vec::with_capacity(script.pages.len());
        for page in &script.pages {
            let path = list.item(page.index);
            match context.source.find(&page.file) {
                Found::File(id) => pages.push(self.page(id, page, &script.candidate)),
                Found::Link => {
                    reading.note(Code::Link, &path, "the file is, or lies behind, a link or a special file");
                }
                Found::Missing => reading.note(Code::PageFile, &path, "the bundle has no such file"),
            }
        }
        pages
    }

    fn page(&mut self, id: FileId, name: &PageName, candidate: &str) -> PageUse {
        // Bounded by the limit on entries, far below.
        let next = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        let file = *self.by_id.entry(id).or_insert(next);
        let need = name.page.map_or(Need::All, Need::One);
        if file == next {
            self.files.push(ScanFile { id, path: name.file.clone(), need, uses: 0 });
        }
        let scan = &mut self.files[file as usize];
        scan.uses = scan.uses.saturating_add(1);
        if scan.need != need {
            scan.need = Need::All;
        }
        if !self.uses.insert((file, name.page.unwrap_or(0))) {
            self.shared += 1;
            self.shared_first.get_or_insert_with(|| candidate.to_owned());
        }
        PageUse { file, page: name.page, rotate: name.rotate }
    }

    /// Notes what only shows over all scripts.
    pub fn close(&mut self, source: &Source, findings: &mut Findings) {
        (self.by_id, self.seen, self.uses) = Default::default();
        if let Some(first) = &self.shared_first {
            let message = format!(
                "{} pages of scripts show a scan that stands elsewhere too; this candidate's is the first",
                self.shared
            );
            let finding =
                Finding::new(Code::SharedPage, message).file(SCRIPTS).field("pages").candidate(first);
            findings.push(Code::SharedPage, finding);
        }
        let text_files = crate::intake::staged::TEXT_FILES;
        let texts = text_files.into_iter().filter(|name| matches!(source.find(name), Found::File(_))).count();
        let unused = source.len().saturating_sub(texts + self.files.len());
        if unused > 0 {
            let message = format!("{unused} files of the bundle are named by no script");
            findings.push(Code::Unused, Finding::new(Code::Unused, message));
        }
    }
}
