//! Importing a bundle: read and checked whole, scans probed, everything durable, then one command.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use fail::fail_point;
use sha2::{Digest, Sha256};

use super::budget::Budget;
use super::fault::Findings;
use super::pages::PAGES;
use super::probing::Probing;
use super::progress::{Progress, Stage};
use super::report::{ImportReport, Outcome};
use super::source::{self, Limits, Source};
use super::staged::Staged;
use super::survey::{Survey, missing, survey};
use super::worker::Decoder;
use crate::journal::{Actor, BundleBlobs, Command, ImportCommand, Timestamp};
use crate::model::{ArchivedExamKind, BlobRef, Exam, ExamKind};
use crate::store::{BlobBatch, ExamView, ExecuteError, Store, StoreError};

/// How an import is done.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// A damaged page refuses the bundle.
    pub strict: bool,
    /// Threads that probe scans.
    pub threads: NonZeroUsize,
    /// Where text files and a ZIP's scans are put aside: a folder of the data directory, made and
    /// emptied by each import.
    pub staging: PathBuf,
    /// Bytes of scans in memory at a time.
    pub bytes_in_flight: u64,
    /// How much a bundle may hold.
    pub limits: Limits,
}

impl ImportOptions {
    /// The usual way, in this data directory.
    pub fn new(data: &Path, threads: NonZeroUsize) -> ImportOptions {
        ImportOptions {
            strict: false,
            threads,
            staging: data.join("staging"),
            bytes_in_flight: 256 << 20,
            limits: Limits::default(),
        }
    }
}

/// Why a bundle was not imported. Nothing has changed, except after
/// [`ExecuteError::Unapplied`].
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The bundle is at fault, or has damaged pages and `--strict` was asked for.
    #[error(
        "{} exam {}: the bundle is refused ({} faults, {} damaged pages); nothing was changed; mend what the \
         report lists and import it again",
        if .0.strict { "BND-051" } else { "BND-050" },
        .0.exam.as_deref().unwrap_or("?"),
        .0.faults.count,
        .0.damaged.len()
    )]
    Refused(Box<ImportReport>),
    /// An exam does not become one that is closed in another way.
    #[error(
        "BND-052 exam {exam} is here already as a {here}, the bundle says {there}; nothing was changed; give \
         the bundle another exam id"
    )]
    OtherKind {
        /// The exam.
        exam: String,
        /// `one_off` or `common_assessment`.
        here: &'static str,
        /// The other.
        there: &'static str,
    },
    /// Whoever watches ended it.
    #[error("BND-053 the import was cancelled; nothing was changed")]
    Cancelled,
    /// The staging folder refuses.
    #[error(
        "BND-054 cannot {act}: {source}; nothing was changed; make room in the data directory's staging folder and import again"
    )]
    Staging {
        /// What was tried.
        act: &'static str,
        /// What the file system said.
        source: io::Error,
    },
    /// A scan cannot be kept, or no decoder can be started.
    #[error(
        "BND-055 a scan cannot be taken in: {source}; nothing was changed; import again once that is mended"
    )]
    Scan {
        /// What the file system said.
        source: io::Error,
    },
    /// What was taken in cannot be made durable.
    #[error(
        "BND-056 the bundle cannot be kept: {source}; nothing was changed; import again once that is mended"
    )]
    Keep {
        /// What the file system said.
        source: io::Error,
    },
    /// The threads cannot be started.
    #[error("BND-057 no threads can be started: {0}; nothing was changed")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store does not take it.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
}

/// Imports a bundle, a directory or a ZIP.
///
/// All or nothing: everything is checked, then everything it needs is durable, then one command
/// makes it so; a kill at any moment leaves the exam as it was or as the bundle says. The same
/// bundle again changes nothing. `at` is when, in seconds since 1970 UTC.
///
/// # Errors
/// [`ImportError`]; [`ImportError::Refused`] carries the report with every fault.
pub fn import(
    store: &Store,
    decoder: &Decoder,
    bundle: &Path,
    options: &ImportOptions,
    actor: &Actor,
    at: Timestamp,
    progress: &dyn Progress,
) -> Result<ImportReport, ImportError> {
    let staging = |act| move |source| ImportError::Staging { act, source };
    if progress.cancelled() {
        return Err(ImportError::Cancelled);
    }
    progress.begin(Stage::Reading, 0);
    let mut findings = Findings::default();
    let mut report = ImportReport::begin();
    let Some(source) = Source::open(bundle, &options.limits, &mut findings) else {
        return Err(refused(report, findings));
    };
    missing(&source, &mut findings);
    let staged = Staged::of(&source, &options.staging, &mut findings)
        .map_err(staging("put the bundle's text files aside"))?;
    let found =
        survey(&source, &staged, &mut findings).map_err(staging("read the bundle's text files back"))?;
    report.counts = found.counts;
    report.annotations = found.annotations;
    report.exam = found.exam.as_ref().map(|exam| exam.id.clone());
    report.label = found.exam.as_ref().map(|exam| exam.label.clone());
    if findings.faults.count > 0 {
        certain_pages(&found, &mut findings);
        return Err(refused(report, findings));
    }
    let Some(exam) = found.exam.as_ref() else { return Err(refused(report, findings)) };
    if let Some(view) = store.exam(&exam.id)? {
        // Before anything is kept: a bundle holds again what a purge has destroyed.
        view.is_whole().map_err(ExecuteError::from)?;
        may_replace(&view, exam)?;
    }

    let batch = store.blobs().begin();
    let pages =
        probe(&source, &found, &staged, decoder, &batch, options, progress, &mut report, &mut findings)?;
    report.strict = options.strict && findings.faults.count == 0 && !report.damaged.is_empty();
    if findings.faults.count > 0 || report.strict {
        return Err(refused(report, findings));
    }

    progress.begin(Stage::Keeping, 0);
    let keep = |source| ImportError::Keep { source };
    let blobs = put(&staged, &pages, &batch).map_err(keep)?;
    (report.bytes.new_blobs, report.bytes.new_bytes) = batch.written();
    fail_point!("import-before-seal", |_| Err(ImportError::Keep {
        source: io::Error::from_raw_os_error(28)
    }));
    batch.seal().map_err(keep)?;
    fail_point!("import-before-execute", |_| Err(ImportError::Cancelled));
    if progress.cancelled() {
        return Err(ImportError::Cancelled);
    }

    progress.begin(Stage::Applying, 0);
    let command =
        ImportCommand { exam: exam.id.clone(), bundle: digest(&blobs), blobs, counts: report.counts };
    let command = Command::Import(command);
    let executed = match store.execute_until(&command, actor, at, &|| progress.cancelled()) {
        Err(ExecuteError::Stopped { .. }) => return Err(ImportError::Cancelled),
        executed => executed?,
    };
    fail_point!("import-after-execute", |_| Err(ImportError::Cancelled));
    report.line = executed.line;
    report.outcome = if executed.line.is_some() { Outcome::Imported } else { Outcome::Unchanged };
    Ok(report.with(findings))
}

fn refused(report: ImportReport, findings: Findings) -> ImportError {
    ImportError::Refused(Box::new(report.with(findings)))
}

/// Whether a bundle may take the place of an exam that is here.
///
/// A closed one-off exam, and a bundle that changes a transmitted script, are refused where the store
/// prepares the command: the same bundle again changes nothing and is no fault, and only there is that
/// known for certain.
fn may_replace(view: &ExamView, exam: &Exam) -> Result<(), ImportError> {
    let here = match view.exam().kind {
        ArchivedExamKind::OneOff => ExamKind::OneOff,
        ArchivedExamKind::CommonAssessment => ExamKind::CommonAssessment,
    };
    if here != exam.kind {
        let word = |kind| match kind {
            ExamKind::OneOff => "one_off",
            ExamKind::CommonAssessment => "common_assessment",
        };
        let (here, there) = (word(here), word(exam.kind));
        return Err(ImportError::OtherKind { exam: exam.id.clone(), here, there });
    }
    Ok(())
}

/// When scans are not looked at because something else is wrong, annotations can still be checked
/// for scripts whose pages can be counted without: pages named one by one, or files of a format
/// that holds a single page.
fn certain_pages(found: &Survey, findings: &mut Findings) {
    for script in &found.scripts {
        let single = script.pages.iter().all(|page| {
            page.page.is_some() || {
                let path = found.files[page.file as usize].path.to_ascii_lowercase();
                [".jpg", ".jpeg", ".png"].iter().any(|end| path.ends_with(end))
            }
        });
        if single && !script.pages.is_empty() {
            script.check_annotated(script.pages.len(), findings);
        }
    }
}

/// Looks at the scans and puts their pages aside.
#[expect(clippy::too_many_arguments, reason = "the second half of import, cut out to be read by itself")]
fn probe(
    source: &Source,
    survey: &Survey,
    staged: &Staged,
    decoder: &Decoder,
    batch: &BlobBatch<'_>,
    options: &ImportOptions,
    progress: &dyn Progress,
    report: &mut ImportReport,
    findings: &mut Findings,
) -> Result<File, ImportError> {
    let staging = |act| move |source| ImportError::Staging { act, source };
    let path = staged.folder().join(PAGES);
    let file = File::options().read(true).write(true).create_new(true).open(path);
    let mut out = BufWriter::with_capacity(1 << 20, file.map_err(staging("put found pages aside"))?);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads.get())
        .thread_name(|number| format!("probe-{number}"))
        .build()?;
    let budget = Budget::new(options.bytes_in_flight);
    let probing = Probing {
        source,
        survey,
        staging: staged.folder(),
        decoder,
        sink: batch,
        pool: &pool,
        budget: &budget,
        progress,
    };
    probing.all(&mut out, report, findings)?;
    out.flush().map_err(staging("put found pages aside"))?;
    out.into_inner().map_err(|error| staging("put found pages aside")(error.into_error()))
}

/// Puts the text files and the pages into the blob store.
fn put(staged: &Staged, pages: &File, batch: &BlobBatch<'_>) -> io::Result<BundleBlobs> {
    let put = |file: &File| batch.put_file(file, 0, file.metadata()?.len());
    let named =
        |name: &str| -> io::Result<BlobRef> { put(staged.file(name).ok_or(io::ErrorKind::NotFound)?) };
    Ok(BundleBlobs {
        manifest: named(source::MANIFEST)?,
        schools: named(source::SCHOOLS)?,
        markers: named(source::MARKERS)?,
        batches: named(source::BATCHES)?,
        candidates: named(source::CANDIDATES)?,
        scripts: named(source::SCRIPTS)?,
        pages: put(pages)?,
    })
}

/// The digest that names a bundle's content: SHA-256 over the digests of its text files and of
/// what was found in its scans, which names each picture by its own.
fn digest(blobs: &BundleBlobs) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(b"copiste-bundle 1\n");
    for blob in blobs.all() {
        digest.update(blob.sha256);
    }
    digest.finalize().into()
}
