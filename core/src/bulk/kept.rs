//! Plans that are kept, so that the archive of a closed exam starts at once, also after a restart.
//!
//! A plan is kept for one state of an exam, one selection, one profile and one press: everything that its
//! bytes depend on. It is a file of its own, written under another name, made durable, then renamed; it
//! is trusted when its checksum holds and a few of its copies turn out as planned. Else it is removed and
//! the archive is planned anew. A plan with copies that failed is not kept, since they may be mended.
//!
//! Plans hold names. They are readable by their owner alone, go when the exam has changed, and a purge
//! takes the whole folder away (`store::forget`).
//!
//! A file: what it is and for which key (48 bytes), the rows, what else there is to know as JSON, the
//! length of that (8 bytes), the SHA-256 of all before (32 bytes).

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::choosing::{PlanRequest, Selection};
use super::error::BulkError;
use super::index::Index;
use super::kept_key::{Key, PART, PLAN};
use super::plan::{Plan, plan};
use super::report::Refusal;
use super::rows::{Rows, Told};
use super::summary;
use super::turns::Turn;
use super::workshop::Job;
use crate::zip::Outline;

/// What a plan begins with.
pub(super) const MAGIC: &[u8; 16] = b"copiste plan 1\r\n";
/// Bytes before the rows, and after the JSON.
const HEAD: u64 = 16 + 32;
const FOOT: u64 = 8 + 32;

/// Plans of one exam that are kept at most: some hundred schools times some profiles. The oldest goes.
/// Fewer where it is tested.
const MOST: usize = if cfg!(test) { 64 } else { 1024 };

/// Copies that are made again before a kept plan is trusted: a renderer that draws otherwise than its
/// version says is so found out before a reader meets it.
const TRIED: usize = 4;

/// Only one at a time writes or clears up: what has a temporary name meanwhile was left by a kill.
static KEEPING: Mutex<()> = Mutex::new(());

/// What is known of a plan beside its rows.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rest {
    told: Told,
    summary: summary::Measure,
    outline: Outline,
    index: Index,
    refused: Vec<Refusal>,
}

/// The plan that is kept in a folder, or one made now and then kept. Whoever asks for the same while it is
/// being made waits for it. Only one process uses the folder.
///
/// `since` and `until` do not tell plans apart: a window is cut out of the whole, which is free when it
/// holds everything.
///
/// # Errors
/// As [`plan`]. A plan that cannot be kept is no error: the next one is made again, and the log says why.
pub fn planned(folder: &Path, job: &Job<'_>, request: &PlanRequest) -> Result<Plan, BulkError> {
    let Selection { since, until, .. } = request.selection;
    let whole = whole_of(request);
    let key = Key::of(job, &whole);
    let path = folder.join(key.file_name());
    let found = match trusted(&path, &key, job, &whole) {
        Some(found) => found,
        None => {
            let _turn = Turn::take(&path, job.cancel)?;
            match trusted(&path, &key, job, &whole) {
                Some(found) => found,
                None => made(folder, &path, &key, job, &whole)?,
            }
        }
    };
    if since.is_none() && until.is_none() {
        return Ok(found);
    }
    if !found.failed.is_empty() {
        // Which of those lie in the window is not known.
        return plan(job, request);
    }
    found.within(since, until, job.scratch)
}

/// Whether the plan of a request, or of the whole that it is cut from, is kept: whether it is to be trusted is
/// found out when it is used.
pub fn is_planned(folder: &Path, job: &Job<'_>, request: &PlanRequest) -> bool {
    folder.join(Key::of(job, &whole_of(request)).file_name()).is_file()
}

/// The same request without its window.
fn whole_of(request: &PlanRequest) -> PlanRequest {
    let selection = Selection { since: None, until: None, ..request.selection.clone() };
    PlanRequest { selection, profile: request.profile }
}

/// Plans, clears up what is outdated, and keeps the plan.
fn made(
    folder: &Path,
    path: &Path,
    key: &Key,
    job: &Job<'_>,
    request: &PlanRequest,
) -> Result<Plan, BulkError> {
    let mut made = plan(job, request)?;
    let _one_at_a_time = KEEPING.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = clear_up(folder, key).and_then(|()| {
        if made.failed.is_empty() { keep(folder, path, key, &made).map(|()| true) } else { Ok(false) }
    });
    match kept {
        Ok(true) => made.kept = Some(path.to_owned()),
        Ok(false) => {}
        Err(error) => tracing::warn!(%error, "a plan could not be kept: it is made again the next time"),
    }
    Ok(made)
}

/// The plan that is kept there, if it is to be trusted; else there is none any more.
fn trusted(path: &Path, key: &Key, job: &Job<'_>, request: &PlanRequest) -> Option<Plan> {
    let read = read(path, key, request).and_then(|plan| {
        let Some(plan) = plan else { return Ok(None) };
        if plan.still_makes(job, TRIED)? {
            Ok(Some(plan))
        } else {
            Err(damaged("its copies turn out otherwise"))
        }
    });
    read.unwrap_or_else(|error| {
        tracing::warn!(%error, "a kept plan is not what it should be: it is removed and made again");
        remove(path);
        None
    })
}

/// Removes a plan; what stays is not trusted either, and goes the next time.
pub(super) fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, "a kept plan could not be removed");
        }
        _ => {}
    }
}

fn damaged(detail: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, detail.to_owned())
}

/// Reads a plan back. None when there is no such file.
fn read(path: &Path, key: &Key, request: &PlanRequest) -> io::Result<Option<Plan>> {
    let file = match OpenOptions::new().read(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let held = file.metadata()?;
    let body = held.len().checked_sub(FOOT).filter(|body| held.is_file() && *body >= HEAD);
    let body = body.ok_or_else(|| damaged("it is cut short"))?;
    let mut sha256 = Hashing { out: io::sink(), sha256: Sha256::new() };
    io::copy(&mut (&file).take(body + 8), &mut sha256)?;
    let mut foot = [0; FOOT as usize];
    file.read_exact_at(&mut foot, body)?;
    let (length, sum) = foot.split_at(8);
    if sha256.sha256.finalize().as_slice() != sum {
        return Err(damaged("its checksum does not hold"));
    }
    let mut head = [0; HEAD as usize];
    file.read_exact_at(&mut head, 0)?;
    if head != *key.head() {
        return Err(damaged("it belongs to another archive"));
    }
    let length = length.try_into().map(u64::from_le_bytes).unwrap_or(u64::MAX);
    let start = body.checked_sub(length).filter(|start| *start >= HEAD);
    let start = start.ok_or_else(|| damaged("its parts do not fit"))?;
    // Bounded by the length of the file.
    let mut json = vec![0; usize::try_from(body - start).map_err(|_| damaged("it is too long"))?];
    file.read_exact_at(&mut json, start)?;
    let Rest { told, summary, outline, index, refused } = serde_json::from_slice(&json)?;
    if HEAD.checked_add(told.extent) != Some(start) || !index.fits(told.count) {
        return Err(damaged("its parts do not fit"));
    }
    let rows = Rows::kept(file, HEAD, told);
    let (profile, failed, kept) = (request.profile, Vec::new(), Some(path.to_owned()));
    Ok(Some(Plan { profile, rows, summary, outline, index, refused, failed, kept }))
}

/// Writes a plan, whole or not at all, durably.
fn keep(folder: &Path, path: &Path, key: &Key, plan: &Plan) -> io::Result<()> {
    let part = path.with_extension(PART);
    let written = write(&part, key, plan).and_then(|()| {
        fail::fail_point!("plan-written", |_| Ok(()));
        fs::rename(&part, path)?;
        File::open(folder)?.sync_all()
    });
    if written.is_err() {
        remove(&part);
    }
    written
}

fn write(part: &Path, key: &Key, plan: &Plan) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(part)?;
    let mut out = Hashing { out: BufWriter::with_capacity(1 << 16, file), sha256: Sha256::new() };
    out.write_all(key.head())?;
    fail::fail_point!("plan-write", |_| Err(io::Error::from_raw_os_error(28)));
    io::copy(&mut plan.rows.bytes(), &mut out)?;
    let rest = Rest {
        told: plan.rows.told,
        summary: plan.summary,
        outline: plan.outline,
        index: plan.index.clone(),
        refused: plan.refused.clone(),
    };
    let json = serde_json::to_vec(&rest)?;
    out.write_all(&json)?;
    out.write_all(&(json.len() as u64).to_le_bytes())?;
    let Hashing { mut out, sha256 } = out;
    out.write_all(&sha256.finalize())?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// Removes what a kill left half written, what the exam has outgrown, and the oldest where there are too
/// many. Makes the folder when it is missing.
fn clear_up(folder: &Path, key: &Key) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut current: Vec<(i64, i64, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        match (ending, key.line_of(name)) {
            (Some(PART), _) => remove(&path),
            (Some(PLAN), Some(line)) if line < key.line() => remove(&path),
            (Some(PLAN), Some(_)) => {
                let held = fs::symlink_metadata(&path)?;
                current.push((held.mtime(), held.mtime_nsec(), path));
            }
            _ => {}
        }
    }
    current.sort_unstable();
    let too_many = (current.len() + 1).saturating_sub(MOST);
    current.iter().take(too_many).for_each(|(_, _, path)| remove(path));
    Ok(())
}

/// Hashes what passes through.
struct Hashing<W> {
    out: W,
    sha256: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.sha256.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
