//! Copies as one ZIP file.
//!
//! Every entry's place is known, so the threads write them side by side into an unfinished file
//! beside the target; the central directory comes last, then the name.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;

use super::error::{BulkError, CopyFault, StopFault};
use super::plan::Plan;
use super::progress::Phase;
use super::report::{Ending, Report};
use super::room;
use super::summary;
use super::unfinished::Unfinished;
use super::workshop::{Job, Workshop};
use super::writing::{
    At, Outcome, Sums, Tally, WriteOptions, broken, ending, groups, hash_written, is_planned, pour,
};

const NOTHING: &str = "nothing was written";

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
        job.progress.begin(Phase::Write, plan.copies.len() as u64, plan.bytes());
        let attempt = Attempt::new(&shop, &plan, options);
        let attempted = attempt.run(&mut unfinished, resume);
        let Attempted { tally, mut faults, sums, ending } = match attempted {
            Ok(attempted) => attempted,
            Err(source) => {
                let ending = Ending::stopped(&StopFault::of(source));
                return Ok(Tally::default().report(plan, ending));
            }
        };
        if faults.is_empty() || ending != Ending::Whole {
            let listing = sums.listing(&plan);
            faults.sort_by_key(|(index, _)| *index);
            let mut ending = ending;
            if ending == Ending::Whole
                && let Err(source) = finish(unfinished, &plan, out, listing.as_deref(), options)
            {
                ending = Ending::stopped(&StopFault::of(source));
            }
            plan.set_aside(&faults)?;
            return Ok(tally.report(plan, ending));
        }
        faults.sort_by_key(|(index, _)| *index);
        plan.set_aside(&faults)?;
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
    faults: Vec<(usize, CopyFault)>,
    sums: Sums,
    ending: Ending,
}

struct Attempt<'a> {
    shop: &'a Workshop<'a>,
    plan: &'a Plan,
    options: &'a WriteOptions,
    /// A copy has failed: the layout will change, so the others are only looked at.
    failed: AtomicBool,
}

impl<'a> Attempt<'a> {
    fn new(shop: &'a Workshop<'a>, plan: &'a Plan, options: &'a WriteOptions) -> Attempt<'a> {
        Attempt { shop, plan, options, failed: AtomicBool::new(false) }
    }

    /// Writes everything but what closes the archive.
    fn run(&self, unfinished: &mut Unfinished, resume: bool) -> io::Result<Attempted> {
        let whole = if resume { unfinished.whole(self.plan)? } else { vec![false; self.plan.copies.len()] };
        if whole.contains(&true) {
            unfinished.go_on(self.plan, &whole)?;
        } else {
            unfinished.start_over(self.plan)?;
        }
        let mut tally = Tally::default();
        let mut sums = Sums::new(self.plan, self.options);
        let mut faults = Vec::new();
        let mut kept_bytes = 0;
        // Copies that are whole in the file and not noted yet: only without sync.
        let mut unnoted = Vec::new();
        let noting = std::thread::scope(|scope| {
            // One group on its way to the disk, one being written: no more than two in flight.
            let (hand_over, groups_written) = sync_channel::<Vec<usize>>(0);
            let mut noter = unfinished.noter();
            let shop = self.shop;
            let settler = scope.spawn(move || {
                let mut noted = Vec::new();
                for group in groups_written {
                    if let Err(source) = noter.note(&group) {
                        shop.stop(StopFault::of(source));
                        break;
                    }
                    noted.push(group);
                }
                noted
            });
            for group in groups(self.plan) {
                if shop.halted() {
                    break;
                }
                let outcomes =
                    shop.each(group.clone(), |index| self.make(&unfinished.file, index, whole[index]));
                let mut made = Vec::new();
                for (index, outcome) in group.into_iter().zip(outcomes) {
                    let length = self.plan.zip.entries()[index + 1].length;
                    let sum = match outcome {
                        Outcome::Made(sum) => {
                            tally.made += 1;
                            made.push(index);
                            sum
                        }
                        Outcome::Kept(sum) => {
                            tally.kept += 1;
                            kept_bytes += length;
                            sum
                        }
                        Outcome::Failed(fault) => {
                            faults.push((index, fault));
                            continue;
                        }
                        Outcome::Skipped => continue,
                    };
                    tally.bytes += length;
                    sums.note(index, sum);
                }
                if !self.options.sync {
                    unnoted.append(&mut made);
                } else if !made.is_empty() && hand_over.send(made).is_err() {
                    break;
                }
            }
            drop(hand_over);
            settler.join()
        });
        let mut noted = noting.unwrap_or_else(|_| {
            self.shop.stop(StopFault::Io(io::Error::other("the thread that notes copies ended in a panic")));
            Vec::new()
        });
        let gone_through = tally.made + tally.kept + faults.len() as u64 == self.plan.copies.len() as u64;
        let ending = ending(self.shop, !gone_through && self.shop.job.cancel.load(Ordering::Relaxed));
        if ending != Ending::Whole {
            if !unnoted.is_empty() {
                unfinished.noter().note(&unnoted)?;
                noted.push(unnoted);
            }
            // Only what the next job will find counts.
            let length = |index: &usize| self.plan.zip.entries()[index + 1].length;
            tally.made = noted.iter().map(|group| group.len() as u64).sum();
            tally.bytes = kept_bytes + noted.iter().flatten().map(length).sum::<u64>();
        }
        Ok(Attempted { tally, faults, sums, ending })
    }

    /// Writes one copy at its place.
    fn make(&self, file: &File, index: usize, whole: bool) -> Outcome {
        let (shop, plan) = (self.shop, self.plan);
        if shop.halted() {
            return Outcome::Skipped;
        }
        let entry = &plan.zip.entries()[index + 1];
        let body = plan.zip.body_offset(index + 1);
        let hash = || self.options.sha256.then(|| hash_written(file, body, entry)).transpose();
        if whole && let Ok(sum) = hash() {
            shop.job.progress.advance(1, entry.length);
            return Outcome::Kept(sum);
        }
        let done = shop.edition_of(plan.profile, plan.number(index), |rope| {
            is_planned(rope, entry)?;
            if self.failed.load(Ordering::Relaxed) {
                super::scans::ScanCheck::new(shop.job.blobs).check(rope)?;
                return Ok(Outcome::Skipped);
            }
            let mut header = Vec::with_capacity(256);
            plan.zip.local_header(index + 1, &mut header);
            if let Err(source) = file.write_all_at(&header, entry.offset) {
                shop.stop(StopFault::of(source));
                return Ok(Outcome::Skipped);
            }
            if pour(shop, rope, file, body)?.is_none() {
                return Ok(Outcome::Skipped);
            }
            Ok(Outcome::Made(hash()?))
        });
        let outcome = done.unwrap_or_else(Outcome::Failed);
        match outcome {
            Outcome::Made(_) => shop.job.progress.advance(1, entry.length),
            Outcome::Failed(_) => self.failed.store(true, Ordering::Relaxed),
            Outcome::Kept(_) | Outcome::Skipped => {}
        }
        outcome
    }
}

/// Writes the summary and what closes the archive, and gives it its name.
fn finish(
    unfinished: Unfinished,
    plan: &Plan,
    out: &Path,
    sums: Option<&str>,
    options: &WriteOptions,
) -> io::Result<()> {
    let mut header = Vec::new();
    plan.zip.local_header(0, &mut header);
    let at = |offset| BufWriter::new(At { file: &unfinished.file, offset });
    let mut first = at(plan.zip.entries()[0].offset);
    first.write_all(&header)?;
    summary::write(plan, &mut first)?;
    first.flush()?;
    let mut last = at(plan.zip.directory_offset());
    plan.zip.write_directory(&mut last)?;
    last.flush()?;
    drop((first, last));
    if let Some(sums) = sums {
        write_sums(out, sums, options)?;
    }
    unfinished.finish(out, options.sync)
}

/// Where the digests of an archive's PDFs are listed.
fn sums_path(out: &Path) -> PathBuf {
    let mut path = out.as_os_str().to_owned();
    path.push(".SHA256SUMS");
    PathBuf::from(path)
}

fn write_sums(out: &Path, sums: &str, options: &WriteOptions) -> io::Result<()> {
    let path = sums_path(out);
    let mut part = path.clone().into_os_string();
    part.push(".part");
    let mut file = File::create(&part)?;
    file.write_all(sums.as_bytes())?;
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
    if !held.is_file() || held.len() != plan.zip.total() {
        return None;
    }
    let compare = || -> io::Result<()> {
        let mut first = Same { file: &file, offset: plan.zip.entries()[0].offset, held: Vec::new() };
        let mut header = Vec::new();
        plan.zip.local_header(0, &mut header);
        first.write_all(&header)?;
        summary::write(plan, &mut first)?;
        let mut last = Same { offset: plan.zip.directory_offset(), ..first };
        plan.zip.write_directory(&mut last)
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
    shop.job.progress.begin(Phase::Write, plan.copies.len() as u64, plan.bytes());
    let mut sums = Sums::new(&plan, options);
    let mut tally = Tally::default();
    let mut altered = false;
    for group in groups(&plan) {
        let hashed = shop.each(group.clone(), |index| {
            let (entry, body) = (&plan.zip.entries()[index + 1], plan.zip.body_offset(index + 1));
            let sum = options.sha256.then(|| hash_written(file, body, entry)).transpose();
            shop.job.progress.advance(1, entry.length);
            sum
        });
        for (index, sum) in group.into_iter().zip(hashed) {
            match sum {
                Ok(sum) => {
                    sums.note(index, sum);
                    tally.kept += 1;
                    tally.bytes += plan.zip.entries()[index + 1].length;
                }
                Err(_) => altered = true,
            }
        }
    }
    if altered {
        // It was changed since: it is made again.
        return write_zip(&shop.job, plan, out, &WriteOptions { resume: false, ..*options });
    }
    let written = sums.listing(&plan).map_or(Ok(()), |listing| write_sums(out, &listing, options));
    let ending = written.map_or_else(|source| Ending::stopped(&StopFault::of(source)), |()| Ending::Whole);
    Ok(tally.report(plan, ending))
}
