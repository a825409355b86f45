//! Reading an import back from its blobs, for applying, replay and rebuild: with the same code that
//! checked the bundle, and without the bundle or a decoder.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::ops::Range;
use std::os::unix::fs::FileExt;

use sha2::{Digest, Sha256};

use super::fault::Findings;
use super::pages::{self, PAGES};
use super::source;
use super::wire::{self, Line, Lines, Read, Records, ScriptLine};
use crate::journal::ImportCommand;
use crate::model::{BlobRef, ExamKind, Hundredths, Page, Script};
use crate::rope::BlobSource;
use crate::store::{BlobStore, Holdings, LoadError, Scripts};

/// Bytes of a manifest.
const MANIFEST_LIMIT: u64 = 1 << 20;

/// Reads an import's holdings back. Scripts are read one at a time.
///
/// # Errors
/// [`LoadError`] when a blob is missing, has other bytes than it had, or does not read as it did.
pub fn load<'a>(command: &'a ImportCommand, blobs: &'a BlobStore) -> Result<Holdings<'a>, LoadError> {
    let named = &command.blobs;
    let mut bytes = Vec::new();
    Proven::open(&named.manifest, blobs)
        .and_then(|proven| proven.take(MANIFEST_LIMIT + 1).read_to_end(&mut bytes))
        .map_err(unreadable(source::MANIFEST))?;
    let mut findings = Findings::default();
    let exam = wire::manifest(&bytes, &mut findings).ok_or_else(|| faulty(source::MANIFEST, &findings))?;
    let (kind, step) = (exam.kind, exam.mark_step);
    Ok(Holdings {
        schools: entries(&named.schools, source::SCHOOLS, kind, blobs)?,
        markers: entries(&named.markers, source::MARKERS, kind, blobs)?,
        batches: entries(&named.batches, source::BATCHES, kind, blobs)?,
        candidates: entries(&named.candidates, source::CANDIDATES, kind, blobs)?,
        scripts: Box::new(KeptScripts::open(&named.scripts, &named.pages, step, blobs)?),
        exam,
    })
}

/// A blob whose bytes are compared with its digest when its end is reached.
struct Proven {
    file: File,
    blob: BlobRef,
    digest: Option<Sha256>,
}

impl Proven {
    fn open(blob: &BlobRef, blobs: &BlobStore) -> io::Result<Proven> {
        Ok(Proven { file: blobs.open(blob)?, blob: *blob, digest: Some(Sha256::new()) })
    }
}

impl io::Read for Proven {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        if read > 0 {
            if let Some(digest) = &mut self.digest {
                digest.update(&buffer[..read]);
            }
        } else if !buffer.is_empty()
            && self.digest.take().is_some_and(|digest| digest.finalize()[..] != self.blob.sha256)
        {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its bytes have changed"));
        }
        Ok(read)
    }
}

fn unreadable(file: &'static str) -> impl Fn(io::Error) -> LoadError {
    move |source| LoadError::Blob { file, source }
}

/// The first fault, which cannot be: it was checked when it was written.
fn faulty(file: &'static str, findings: &Findings) -> LoadError {
    let line = findings.faults.first.first().and_then(|finding| finding.line).unwrap_or(0);
    LoadError::Content { file, line, detail: first_fault(findings) }
}

fn first_fault(findings: &Findings) -> String {
    findings.faults.first.first().map_or_else(|| "nothing is there".to_owned(), ToString::to_string)
}

fn entries<T: wire::Entry>(
    blob: &BlobRef,
    file: &'static str,
    kind: ExamKind,
    blobs: &BlobStore,
) -> Result<Vec<T>, LoadError> {
    let proven = Proven::open(blob, blobs).map_err(unreadable(file))?;
    let mut records = Records::new(BufReader::with_capacity(256 << 10, proven), file);
    let mut findings = Findings::default();
    let mut all = Vec::new();
    while let Some(Read { record, sound, .. }) = records
        .next_record(&mut findings, |json, reading| T::read(json, kind, reading))
        .map_err(unreadable(file))?
    {
        match record {
            Some(record) if sound => all.push(record),
            _ => return Err(faulty(file, &findings)),
        }
    }
    Ok(all)
}

/// Where a script's line and that of its pages are.
struct Spot {
    /// Line of the bundle's file, from 1.
    line: u64,
    script: Range<u64>,
    /// Line of the pages, from 1.
    pages_line: u64,
    pages: Range<u64>,
}

/// Scripts, each from its own line and the line of its pages.
struct KeptScripts {
    scripts: File,
    pages: File,
    spots: HashMap<String, Spot>,
    step: Hundredths,
}

impl KeptScripts {
    /// Goes through both blobs once, proving their bytes, and notes where each script is.
    fn open(
        scripts: &BlobRef,
        pages: &BlobRef,
        step: Hundredths,
        blobs: &BlobStore,
    ) -> Result<KeptScripts, LoadError> {
        let lines = |blob, file| -> Result<_, LoadError> {
            let proven = Proven::open(blob, blobs).map_err(unreadable(file))?;
            Ok(Lines::new(BufReader::with_capacity(256 << 10, proven)))
        };
        let mut own = lines(scripts, source::SCRIPTS)?;
        let mut found = lines(pages, PAGES)?;
        let apart = |line, detail: &str| LoadError::Content { file: PAGES, line, detail: detail.to_owned() };
        let head = match found.next_line().map_err(unreadable(PAGES))? {
            Some((_, Line::Bytes(line))) => std::str::from_utf8(line).is_ok_and(pages::is_head),
            _ => false,
        };
        if !head {
            return Err(apart(1, "it does not begin as pages of version 1 do"));
        }
        let mut spots = HashMap::new();
        loop {
            let line = loop {
                match own.next_line().map_err(unreadable(source::SCRIPTS))? {
                    // Empty lines stand at the end only: import saw to that.
                    Some((_, Line::Bytes(bytes))) if bytes.trim_ascii().is_empty() => {}
                    other => break other.map(|(line, _)| line),
                }
            };
            let about = match found.next_line().map_err(unreadable(PAGES))? {
                Some((number, Line::Bytes(bytes))) => Some((number, whose(bytes, number)?)),
                Some((number, Line::TooLong)) => return Err(apart(number, "the line is too long")),
                None => None,
            };
            match (line, about) {
                (None, None) => break,
                (Some(line), Some((pages_line, candidate))) => {
                    let spot = Spot { line, script: own.span(), pages_line, pages: found.span() };
                    if spots.insert(candidate, spot).is_some() {
                        return Err(apart(pages_line, "a candidate has two scripts"));
                    }
                }
                (Some(_), None) => return Err(apart(0, "the pages of a script are missing")),
                (None, Some((line, _))) => return Err(apart(line, "pages without a script")),
            }
        }
        let open = |blob, file| blobs.open(blob).map_err(unreadable(file));
        let (scripts, pages) = (open(scripts, source::SCRIPTS)?, open(pages, PAGES)?);
        Ok(KeptScripts { scripts, pages, spots, step })
    }
}

impl Scripts for KeptScripts {
    fn count(&self) -> u64 {
        self.spots.len() as u64
    }

    fn script(&mut self, candidate: &str) -> Result<Option<Script>, LoadError> {
        let Some(spot) = self.spots.get(candidate) else { return Ok(None) };
        let line = stretch(&self.scripts, &spot.script).map_err(unreadable(source::SCRIPTS))?;
        let mut findings = Findings::default();
        let read = Records::new(&line[..], source::SCRIPTS)
            .next_record(&mut findings, |json, reading| ScriptLine::read(json, self.step, reading))
            .map_err(unreadable(source::SCRIPTS))?;
        let script = match read {
            Some(Read { record: Some(script), sound: true, .. }) => script,
            _ => {
                let detail = first_fault(&findings);
                return Err(LoadError::Content { file: source::SCRIPTS, line: spot.line, detail });
            }
        };
        let bytes = stretch(&self.pages, &spot.pages).map_err(unreadable(PAGES))?;
        let apart = |detail: &str| LoadError::Content {
            file: PAGES,
            line: spot.pages_line,
            detail: detail.to_owned(),
        };
        let text = std::str::from_utf8(&bytes).map_err(|_| apart("not UTF-8"))?;
        let (whose, pages) = pages::read(text).map_err(|error| apart(&misread(&error)))?;
        if whose != candidate || script.candidate != candidate {
            return Err(apart("the pages are another candidate's"));
        }
        Ok(Some(whole(script, pages)))
    }
}

/// Whose pages a line is about.
fn whose(line: &[u8], number: u64) -> Result<String, LoadError> {
    let content = |detail| LoadError::Content { file: PAGES, line: number, detail };
    let text = std::str::from_utf8(line).map_err(|_| content("not UTF-8".to_owned()))?;
    pages::whose(text).map_err(|error| content(misread(&error)))
}

/// What serde says quotes no values of ours that could name a person, but may quote the line's; its
/// place is enough.
fn misread(error: &serde_json::Error) -> String {
    format!("not as it was written, at character {}", error.column())
}

/// Some bytes of a file: one line of it, which is at most as long as a line may be.
fn stretch(file: &File, span: &Range<u64>) -> io::Result<Vec<u8>> {
    let length = usize::try_from(span.end - span.start).ok().filter(|length| *length <= wire::LINE_LIMIT + 5);
    // Bounded by the longest line.
    let mut bytes = vec![0; length.ok_or(io::ErrorKind::InvalidData)?];
    file.read_exact_at(&mut bytes, span.start)?;
    Ok(bytes)
}

/// A script but for what only the store knows.
fn whole(line: ScriptLine, pages: Vec<Page>) -> Script {
    Script {
        id: [0; 16],
        candidate: line.candidate,
        batch: line.batch,
        pages,
        marker_mark: line.total,
        questions: line.questions,
        marked: line.marked,
        harmonised: line.harmonised,
        adjustment: None,
        appreciation: line.appreciation,
        annotations: line.annotations,
        annotations_apart: None,
    }
}
