//! Reading a whole bundle and checking it against itself, before a scan is looked at.

mod names;
mod scripts;

use std::fs::File;
use std::io::{self, BufReader};

pub use scripts::{Need, PageUse, ScanFile, SurveyedScript};

use super::fault::{Code, Finding, Findings};
use super::source::{self, Found, Source};
use super::staged::Staged;
use super::wire::{self, Path, Read, Reading, Records};
use crate::journal::Counts;
use crate::model::{
    Attendance, Batch, Candidate, Exam, ExamKind, HarmonisationMode, Hundredths, Marker, School,
};
use names::Names;

/// What a bundle holds, as far as its text files say.
pub struct Survey {
    /// The exam; none when its manifest is at fault.
    pub exam: Option<Exam>,
    /// How many there are of each; pages are only known once the scans were looked at.
    pub counts: Counts,
    /// Annotations of all scripts.
    pub annotations: u64,
    /// Distinct scan files, in the order they are first named.
    pub files: Vec<ScanFile>,
    /// Scripts, in the order of the file.
    pub scripts: Vec<SurveyedScript>,
}

/// Bytes of the manifest that are taken.
const MANIFEST_LIMIT: u64 = 1 << 20;

/// Reads the text files, which were put aside, and notes everything that is wrong with them.
///
/// # Errors
/// When what was put aside cannot be read.
pub fn survey(source: &Source, staged: &Staged, findings: &mut Findings) -> io::Result<Survey> {
    let exam = match &staged.manifest {
        Some(bytes) if bytes.len() as u64 > MANIFEST_LIMIT => {
            let finding = Finding::new(Code::TooLarge, "the manifest is larger than 1 MiB");
            findings.push(Code::TooLarge, finding.file(source::MANIFEST));
            None
        }
        Some(bytes) => wire::manifest(bytes, findings),
        None => None,
    };
    // Without a manifest the rest is read by the laxer rules.
    let kind = exam.as_ref().map_or(ExamKind::OneOff, |exam| exam.kind);
    let step = exam.as_ref().map_or(Hundredths(1), |exam| exam.mark_step);
    let harmonised = exam.as_ref().is_none_or(|exam| exam.harmonisation == HarmonisationMode::Batches);

    let mut schools = Names::new();
    entries::<School>(
        staged.file(source::SCHOOLS),
        source::SCHOOLS,
        kind,
        findings,
        &mut schools,
        |_, _| (),
    )?;
    let mut markers = Names::new();
    entries::<Marker>(
        staged.file(source::MARKERS),
        source::MARKERS,
        kind,
        findings,
        &mut markers,
        |_, _| (),
    )?;
    let mut batches = Names::new();
    entries::<Batch>(
        staged.file(source::BATCHES),
        source::BATCHES,
        kind,
        findings,
        &mut batches,
        |batch, note| {
            if markers.lacks(&batch.marker) {
                note.note(Code::Reference, &Path::Root.field("marker"), "markers.jsonl has no such marker");
            }
        },
    )?;
    let mut candidates = Names::new();
    let mut absent = std::collections::HashSet::new();
    let file = staged.file(source::CANDIDATES);
    entries::<Candidate>(file, source::CANDIDATES, kind, findings, &mut candidates, |candidate, note| {
        if schools.lacks(&candidate.school) {
            note.note(Code::Reference, &Path::Root.field("school"), "schools.jsonl has no such school");
        }
        if candidate.attendance != Attendance::Present {
            absent.insert(candidate.number.clone());
        }
    })?;

    let context = scripts::Context {
        source,
        step,
        harmonised,
        batches: &batches,
        candidates: &candidates,
        absent: &absent,
    };
    let mut all = scripts::Gathered::default();
    if let Some(file) = staged.file(source::SCRIPTS) {
        let mut records = Records::new(BufReader::with_capacity(1 << 20, file), source::SCRIPTS);
        while all.next(&mut records, &context, findings)? {}
    }
    all.close(source, findings);

    let counts = Counts {
        schools: schools.lines(),
        markers: markers.lines(),
        batches: batches.lines(),
        candidates: candidates.lines(),
        scripts: all.scripts.len() as u64,
        pages: 0,
        exports: 0,
        transmitted: 0,
        holds: 0,
    };
    Ok(Survey { exam, counts, annotations: all.annotations, files: all.files, scripts: all.scripts })
}

/// Reads one file of things with names, notes names given twice, and lets `each` look at the
/// references.
fn entries<T: wire::Entry>(
    file: Option<&File>,
    name: &'static str,
    kind: ExamKind,
    findings: &mut Findings,
    names: &mut Names,
    mut each: impl FnMut(&T, &mut Reading<'_>),
) -> io::Result<()> {
    let Some(file) = file else {
        // Its absence is noted; references into it say nothing more.
        names.blur();
        return Ok(());
    };
    let mut records = Records::new(BufReader::with_capacity(1 << 20, file), name);
    while let Some(Read { line, record, .. }) = records.next_record(findings, |json, reading| {
        let record = T::read(json, kind, reading)?;
        each(&record, reading);
        Some(record)
    })? {
        match record {
            Some(record) if !record.key().is_empty() => {
                if let Some(first) = names.add(record.key(), line) {
                    let mut reading = Reading::new(findings, name, line);
                    let message = format!("line {first} has the same {}", T::WHAT);
                    reading.note(Code::Duplicate, &Path::Root.field(T::KEY_FIELD), message);
                }
            }
            _ => names.blur(),
        }
    }
    Ok(())
}

/// Notes which of the files that every bundle has are missing.
pub fn missing(source: &Source, findings: &mut Findings) {
    for name in super::staged::TEXT_FILES {
        let (code, message) = match source.find(name) {
            Found::File(_) => continue,
            Found::Link => (Code::Link, "the file is a link or a special file"),
            Found::Missing => {
                (Code::FileMissing, "the file is missing; it may be empty, but every bundle has it")
            }
        };
        findings.push(code, Finding::new(code, message).file(name));
    }
}
