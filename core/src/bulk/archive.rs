//! Copies as one ZIP file.
//!
//! The plan says where every entry lies. Some threads compose editions, one writes them in their order
//! into an unfinished file beside the target; the central directory comes last, then the name.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use super::choosing::{Choice, Selection, choose};
use super::error::{BulkError, CopyFault, StopFault};
use super::plan::{Plan, aside};
use super::progress::Phase;
use super::report::{Ending, Failure, Report};
use super::room;
use super::rows::Row;
use super::scans::ScanCheck;
use super::summary;
use super::unfinished::{Group, Unfinished};
use super::workshop::{Job, Workshop};
use super::writing::{
    At, GROUP_BYTES, GROUP_COPIES, Sum, Sums, Tally, WriteOptions, broken, ending, hash_rope, hash_written,
    pour,
};
use crate::conveyor::in_order;
use crate::rope::Rope;
use crate::zip::Placed;

const NOTHING: &str = "nothing was written";

/// Bytes of composed editions that may wait for the writer: without their scans, which are only copied
/// when it is their turn.
const IN_FLIGHT: usize = 16 << 20;

/// Writes the planned copies as a ZIP at `out`, which is replaced, and appears only when whole.
/// With [`WriteOptions::sha256`], `{out}.SHA256SUMS` lists the digests of its PDFs.
///
/// With [`WriteOptions::resume`] copies that an earlier job of the same plan made durable are
/// kept; an archive that is already there whole is left as it is. Without
/// [`WriteOptions::sync`] that note is only made when a job is cancelled or stopped.
///
/// A copy that fails is left out: the archive is laid out anew without it and begun again, so
/// that it never holds a padded or a short entry. Its failure is in the report and in the summary.
///
/// # Errors
/// [`BulkError`] when the job cannot begin.
pub fn write_zip(
    job: &Job<'_>,
    mut plan: Plan,
    out: &Path,
    options: &WriteOptions,
) -> Result<Report, BulkError> {
    let shop = Workshop::open(*job)?;
    if fs::symlink_metadata(out).is_ok_and(|held| held.is_dir()) {
        return Err(broken("write", out, NOTHING)(io::ErrorKind::IsADirectory.into()));
    }
    let mut resume = options.resume;
    if resume && let Some(file) = there_already(&plan, out) {
        return leave(&shop, plan, &file, out, options);
    }
    room::check(folder_of(out), room::for_archive(&plan, Unfinished::path_of(out).as_deref()))?;
    let mut unfinished = Unfinished::open(out)?;
    loop {
        job.progress.begin(Phase::Write, plan.rows.told.count as u64, plan.rows.told.bytes);
        let attempted = Attempt::new(&shop, &plan, options).run(&mut unfinished, resume);
        let Attempted { tally, faults, sums, mut ending } = match attempted {
            Ok(attempted) => attempted,
            Err(source) => {
                let ending = Ending::stopped(&StopFault::of(source));
                return Ok(Tally::default().report(plan.refused, plan.failed, ending));
            }
        };
        if faults.is_empty() || ending != Ending::Whole {
            if ending == Ending::Whole
                && let Err(source) = finish(unfinished, &plan, out, &sums, options)
            {
                ending = Ending::stopped(&StopFault::of(source));
            }
            let failed = plan.failed.into_iter().chain(faults.into_iter().map(|(_, failure)| failure));
            return Ok(tally.report(plan.refused, failed.collect(), ending));
        }
        plan = plan.without(&faults, job.scratch)?;
        resume = false;
    }
}

/// The folder a file is in.
fn folder_of(out: &Path) -> &Path {
    out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What one attempt at the whole archive gave.
struct Attempted {
    tally: Tally,
    /// By index.
    faults: Vec<(usize, Failure)>,
    sums: Sums,
    ending: Ending,
}

struct Attempt<'a> {
    shop: &'a Workshop<'a>,
    plan: &'a Plan,
    options: &'a WriteOptions,
    /// A copy has failed: the layout will change, so the others are only looked at.
    failed: AtomicBool,
    /// Ropes that were written, to be used again.
    spare: Mutex<Vec<Rope>>,
}

/// A copy on its way to the writer.
struct Made {
    index: usize,
    row: Row,
    placed: Placed,
    outcome: Outcome,
}

enum Outcome {
    Composed(Rope, Sum),
    /// Whole in the file already.
    Kept(Sum),
    /// Only looked at, since another has failed.
    Sound,
    Failed(CopyFault),
    /// The job was stopped.
    Skipped,
}

/// What the writer keeps count of.
struct Writing<'a> {
    tally: Tally,
    kept_bytes: u64,
    sums: Sums,
    faults: Vec<(usize, Failure)>,
    /// Whole in the file, not handed over yet to be noted.
    group: Group,
    hand_over: SyncSender<Group>,
    file: &'a File,
    header: Vec<u8>,
}

impl<'a> Attempt<'a> {
    fn new(shop: &'a Workshop<'a>, plan: &'a Plan, options: &'a WriteOptions) -> Attempt<'a> {
        Attempt { shop, plan, options, failed: AtomicBool::new(false), spare: Mutex::default() }
    }

    /// Writes everything but what closes the archive.
    fn run(&self, unfinished: &mut Unfinished, resume: bool) -> io::Result<Attempted> {
        let whole =
            if resume { unfinished.whole(self.plan)? } else { vec![false; self.plan.rows.told.count] };
        if whole.contains(&true) {
            unfinished.go_on(self.plan, &whole)?;
        } else {
            unfinished.start_over(self.plan)?;
        }
        let shop = self.shop;
        let (writing, noted) = std::thread::scope(|scope| {
            // One group on its way to the disk, one being written: no more than two in flight.
            let (hand_over, groups_written) = sync_channel::<Group>(0);
            let mut noter = unfinished.noter();
            let settler = scope.spawn(move || {
                let mut noted = (0, 0);
                for group in groups_written {
                    if let Err(source) = noter.note(&group) {
                        shop.stop(StopFault::of(source));
                        break;
                    }
                    noted.0 += group.copies;
                    noted.1 += group.bytes;
                }
                noted
            });
            let mut writing = Writing {
                tally: Tally::default(),
                kept_bytes: 0,
                sums: Sums::new(self.options),
                faults: Vec::new(),
                group: Group::default(),
                hand_over,
                file: &unfinished.file,
                header: Vec::with_capacity(256),
            };
            in_order(
                shop.pool(),
                self.plan.copies(),
                IN_FLIGHT,
                |copy| {
                    copy.map(|(index, row, placed)| self.make(&unfinished.file, index, row, placed, &whole))
                },
                |made| match made {
                    Ok(Made { outcome: Outcome::Composed(rope, _), .. }) => rope.weight(),
                    _ => 0,
                },
                |made| match made {
                    Ok(made) => self.take(&mut writing, made),
                    Err(source) => {
                        shop.stop(StopFault::of(source));
                        false
                    }
                },
            );
            let Writing { tally, kept_bytes, sums, faults, group, hand_over, .. } = writing;
            // Without sync nothing is noted on the way, but at the end when the job is to be gone on with.
            if group.copies > 0 && (self.options.sync || shop.halted()) {
                // Whoever does not take it has stopped the job and said why.
                let _said_already = hand_over.send(group);
            }
            drop(hand_over);
            let noted = settler.join().unwrap_or_else(|_| {
                shop.stop(StopFault::Io(io::Error::other("the thread that notes copies ended in a panic")));
                (0, 0)
            });
            ((tally, kept_bytes, sums, faults), noted)
        });
        let (mut tally, kept_bytes, sums, faults) = writing;
        let gone_through = tally.made + tally.kept + faults.len() as u64 == self.plan.rows.told.count as u64;
        let ending = ending(shop, !gone_through && shop.job.cancel.load(Ordering::Relaxed));
        if ending != Ending::Whole {
            // Only what the next job will find counts.
            tally.made = noted.0;
            tally.bytes = kept_bytes + noted.1;
        }
        Ok(Attempted { tally, faults, sums, ending })
    }

    /// Composes one copy, or finds it whole. On any thread.
    fn make(&self, file: &File, index: usize, row: Row, placed: Placed, whole: &[bool]) -> Made {
        let outcome = self.outcome(file, &row, placed, whole.get(index) == Some(&true));
        if matches!(outcome, Outcome::Failed(_)) {
            self.failed.store(true, Ordering::Relaxed);
        }
        Made { index, row, placed, outcome }
    }

    fn outcome(&self, file: &File, row: &Row, placed: Placed, whole: bool) -> Outcome {
        let shop = self.shop;
        if shop.halted() {
            return Outcome::Skipped;
        }
        if whole {
            let asked_for = self.options.sha256;
            let sum = asked_for.then(|| hash_written(file, placed.body, row.length, row.crc32)).transpose();
            // What does not hold what it should is made again.
            if let Ok(sum) = sum {
                return Outcome::Kept(sum);
            }
        }
        let chosen = match choose(shop.job.source, &Selection::default(), row.place) {
            Choice::Copy(chosen) => chosen,
            _ => return Outcome::Failed(CopyFault::Changed),
        };
        let composed = shop.edition(self.plan.profile, &chosen, |rope| {
            if !row.is_of(rope) {
                return Err(CopyFault::Changed);
            }
            if self.failed.load(Ordering::Relaxed) {
                ScanCheck::new(shop.job.blobs).check(rope)?;
                return Ok(Outcome::Sound);
            }
            let sum = self.options.sha256.then(|| hash_rope(rope, shop.job.blobs)).transpose()?;
            let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
            Ok(Outcome::Composed(std::mem::replace(rope, spare.unwrap_or_default()), sum))
        });
        composed.unwrap_or_else(Outcome::Failed)
    }

    /// Writes one copy at its place. Says whether to go on.
    fn take(&self, writing: &mut Writing<'_>, made: Made) -> bool {
        let shop = self.shop;
        let Made { index, row, placed, outcome } = made;
        if shop.halted() {
            return false;
        }
        match outcome {
            Outcome::Skipped => return false,
            Outcome::Sound => {}
            Outcome::Failed(fault) => writing.faults.push((index, Failure::new(&row.number, &fault))),
            Outcome::Kept(sum) => {
                writing.tally.kept += 1;
                writing.tally.bytes += row.length;
                writing.kept_bytes += row.length;
                writing.sums.note(index, sum);
                shop.job.progress.advance(1, row.length);
            }
            Outcome::Composed(..) if self.failed.load(Ordering::Relaxed) => {}
            Outcome::Composed(rope, sum) => {
                writing.header.clear();
                row.entry().local_header(&mut writing.header);
                if let Err(source) = writing.file.write_all_at(&writing.header, placed.header) {
                    shop.stop(StopFault::of(source));
                    return false;
                }
                let poured = pour(shop, &rope, writing.file, placed.body);
                self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(rope);
                match poured {
                    Err(fault) => {
                        self.failed.store(true, Ordering::Relaxed);
                        writing.faults.push((index, Failure::new(&row.number, &fault)));
                    }
                    Ok(None) => return false,
                    Ok(Some(())) => {
                        writing.tally.made += 1;
                        writing.tally.bytes += row.length;
                        writing.sums.note(index, sum);
                        shop.job.progress.advance(1, row.length);
                        return self.note(writing, index, row.length);
                    }
                }
            }
        }
        true
    }

    /// Hands a full group over to be made durable and noted.
    fn note(&self, writing: &mut Writing<'_>, index: usize, length: u64) -> bool {
        writing.group.add(index, length);
        let full = writing.group.copies >= GROUP_COPIES as u64 || writing.group.bytes >= GROUP_BYTES;
        if !full || !self.options.sync {
            return true;
        }
        writing.hand_over.send(std::mem::take(&mut writing.group)).is_ok()
    }
}

/// Writes the summary.
fn write_first(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    let mut header = Vec::new();
    plan.summary().local_header(&mut header);
    out.write_all(&header)?;
    summary::write(plan.rows.iter(), plan.profile, &plan.failed, out)
}

/// Writes what closes the archive, a few kilobytes at a time.
fn write_last(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    let mut piece = Vec::with_capacity(16 * 1024);
    plan.summary().central_header(0, &mut piece);
    for copy in plan.copies() {
        let (_, row, placed) = copy?;
        row.entry().central_header(placed.header, &mut piece);
        if piece.len() >= 15 * 1024 {
            out.write_all(&piece)?;
            piece.clear();
        }
    }
    plan.outline().end(&mut piece);
    out.write_all(&piece)
}

/// Writes the summary and what closes the archive, and gives it its name.
fn finish(
    unfinished: Unfinished,
    plan: &Plan,
    out: &Path,
    sums: &Sums,
    options: &WriteOptions,
) -> io::Result<()> {
    let at = |offset| BufWriter::new(At { file: &unfinished.file, offset });
    let mut first = at(0);
    write_first(plan, &mut first)?;
    first.flush()?;
    let mut last = at(plan.outline().directory_offset());
    write_last(plan, &mut last)?;
    last.flush()?;
    drop((first, last));
    if sums.are_asked_for() {
        write_sums(plan, out, sums, options)?;
    }
    unfinished.finish(out, options.sync)
}

/// Where the digests of an archive's PDFs are listed.
fn sums_path(out: &Path) -> PathBuf {
    let mut path = out.as_os_str().to_owned();
    path.push(".SHA256SUMS");
    PathBuf::from(path)
}

fn write_sums(plan: &Plan, out: &Path, sums: &Sums, options: &WriteOptions) -> io::Result<()> {
    let path = sums_path(out);
    let mut part = path.clone().into_os_string();
    part.push(".part");
    let mut file = BufWriter::new(File::create(&part)?);
    sums.write(plan.rows.iter(), &mut file)?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    if options.sync {
        file.sync_all()?;
    }
    fs::rename(&part, &path)
}

/// The archive at `out`, when it is this plan's: the same length, summary (which carries every
/// edition's digest) and central directory.
fn there_already(plan: &Plan, out: &Path) -> Option<File> {
    struct Same<'a> {
        file: &'a File,
        offset: u64,
        held: Vec<u8>,
    }
    impl Write for Same<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.held.resize(bytes.len(), 0);
            self.file.read_exact_at(&mut self.held, self.offset)?;
            self.offset += bytes.len() as u64;
            if self.held == bytes { Ok(bytes.len()) } else { Err(io::ErrorKind::InvalidData.into()) }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let file = File::open(out).ok()?;
    let held = file.metadata().ok()?;
    if !held.is_file() || held.len() != plan.outline().total() {
        return None;
    }
    let compare = || -> io::Result<()> {
        let mut same = Same { file: &file, offset: 0, held: Vec::new() };
        write_first(plan, &mut same)?;
        same.offset = plan.outline().directory_offset();
        write_last(plan, &mut same)
    };
    compare().is_ok().then_some(file)
}

/// Leaves an archive as it is, reading it only when its digests are asked for.
fn leave(
    shop: &Workshop<'_>,
    plan: Plan,
    file: &File,
    out: &Path,
    options: &WriteOptions,
) -> Result<Report, BulkError> {
    let job = &shop.job;
    job.progress.begin(Phase::Write, plan.rows.told.count as u64, plan.rows.told.bytes);
    let mut sums = Sums::new(options);
    let mut tally = Tally::default();
    let mut altered = false;
    let mut copies = plan.copies();
    loop {
        let group: Vec<_> =
            copies.by_ref().take(GROUP_COPIES).collect::<io::Result<_>>().map_err(aside(job.scratch))?;
        if group.is_empty() {
            break;
        }
        let hashed = shop.each(group, |(index, row, placed)| {
            let asked_for = options.sha256;
            let sum = asked_for.then(|| hash_written(file, placed.body, row.length, row.crc32)).transpose();
            job.progress.advance(1, row.length);
            (index, row.length, sum)
        });
        for (index, length, sum) in hashed {
            match sum {
                Ok(sum) => {
                    sums.note(index, sum);
                    tally.kept += 1;
                    tally.bytes += length;
                }
                Err(_) => altered = true,
            }
        }
    }
    drop(copies);
    if altered {
        // It was changed since: it is made again.
        return write_zip(job, plan, out, &WriteOptions { resume: false, ..*options });
    }
    let written = if sums.are_asked_for() { write_sums(&plan, out, &sums, options) } else { Ok(()) };
    let ending = written.map_or_else(|source| Ending::stopped(&StopFault::of(source)), |()| Ending::Whole);
    Ok(tally.report(plan.refused, plan.failed, ending))
}
