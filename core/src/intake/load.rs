//! Reading an import back from its blobs, for applying, replay and rebuild: with the same code that
//! checked the bundle, and without the bundle or a decoder.

use std::fs::File;
use std::io::{self, BufReader, Read as _};

use sha2::{Digest, Sha256};

use super::fault::Findings;
use super::pages::{self, PAGES};
use super::source;
use super::wire::{self, Line, Lines, Read, Records, ScriptLine};
use crate::journal::ImportCommand;
use crate::model::{BlobRef, ExamKind, Hundredths, Page, Script};
use crate::rope::BlobSource;
use crate::store::{BlobStore, Holdings, LoadError};

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
        scripts: Box::new(Scripts::open(&named.scripts, &named.pages, step, blobs)?),
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
    let first = findings.faults.first.first();
    LoadError::Content {
        file,
        line: first.and_then(|finding| finding.line).unwrap_or(0),
        detail: first.map_or_else(|| "nothing is there".to_owned(), ToString::to_string),
    }
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

/// Scripts, each from its own line and the line of its pages.
struct Scripts {
    records: Records<BufReader<Proven>>,
    pages: Lines<BufReader<Proven>>,
    step: Hundredths,
    /// Nothing more is read after the end or an error.
    ended: bool,
}

impl Scripts {
    fn open(
        scripts: &BlobRef,
        pages: &BlobRef,
        step: Hundredths,
        blobs: &BlobStore,
    ) -> Result<Scripts, LoadError> {
        let scripts = Proven::open(scripts, blobs).map_err(unreadable(source::SCRIPTS))?;
        let found = Proven::open(pages, blobs).map_err(unreadable(PAGES))?;
        let mut pages = Lines::new(BufReader::with_capacity(256 << 10, found));
        let head = match pages.next_line().map_err(unreadable(PAGES))? {
            Some((_, Line::Bytes(line))) => std::str::from_utf8(line).is_ok_and(pages::is_head),
            _ => false,
        };
        if !head {
            let detail = "it does not begin as pages of version 1 do".to_owned();
            return Err(LoadError::Content { file: PAGES, line: 1, detail });
        }
        let records = Records::new(BufReader::with_capacity(256 << 10, scripts), source::SCRIPTS);
        Ok(Scripts { records, pages, step, ended: false })
    }

    fn script(&mut self) -> Result<Option<Script>, LoadError> {
        let mut findings = Findings::default();
        let step = self.step;
        let read = self
            .records
            .next_record(&mut findings, |json, reading| ScriptLine::read(json, step, reading))
            .map_err(unreadable(source::SCRIPTS))?;
        let found = self.pages.next_line().map_err(unreadable(PAGES))?;
        let apart = |line, detail: &str| LoadError::Content { file: PAGES, line, detail: detail.to_owned() };
        match (read, found) {
            (None, None) => Ok(None),
            (Some(Read { record: Some(script), sound: true, .. }), Some((line, Line::Bytes(bytes)))) => {
                let text = std::str::from_utf8(bytes).map_err(|_| apart(line, "not UTF-8"))?;
                // What serde says quotes no values of ours that could name a person, but may quote
                // the line's; its place is enough.
                let (candidate, pages) = pages::read(text).map_err(|error| {
                    apart(line, &format!("not as it was written, at character {}", error.column()))
                })?;
                if candidate != script.candidate {
                    return Err(apart(line, "the pages are another candidate's"));
                }
                Ok(Some(whole(script, pages)))
            }
            (Some(Read { sound: true, record: Some(_), .. }), other) => {
                Err(apart(other.map_or(0, |(line, _)| line), "the pages of a script are missing"))
            }
            (Some(_), _) => Err(faulty(source::SCRIPTS, &findings)),
            (None, Some((line, _))) => Err(apart(line, "pages without a script")),
        }
    }
}

impl Iterator for Scripts {
    type Item = Result<Script, LoadError>;

    fn next(&mut self) -> Option<Result<Script, LoadError>> {
        if self.ended {
            return None;
        }
        let next = self.script().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
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
        harmonised: line.harmonised,
        appreciation: line.appreciation,
        annotations: line.annotations,
        annotations_blob: None,
        renderable_at: 0,
    }
}
