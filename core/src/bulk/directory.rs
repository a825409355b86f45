//! Copies as files in a directory.
//!
//! A copy is written under a number in a hidden folder of the same file system. A group of them is
//! made durable by one `syncfs`, then renamed into place, then the folders are made durable: what
//! has its name is whole. Meanwhile the next group is being written.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, sync_channel};

use super::error::{BulkError, CopyFault, StopFault};
use super::plan::Plan;
use super::progress::Phase;
use super::report::{Ending, Report};
use super::room;
use super::summary;
use super::workshop::{Job, Workshop};
use super::writing::{
    GROUP_BYTES, Outcome, Sums, Tally, WriteOptions, broken, ending, groups, hash_written, is_planned, pour,
};
use crate::rope::Rope;

/// The hidden folder. Everything in it is ours and may go.
const YARD: &str = ".copiste-part";
/// Digests of the files' bytes, for `sha256sum -c`.
const SUMS_NAME: &str = "SHA256SUMS";

const NOTHING: &str = "nothing was written";

/// Writes the planned copies into `out`, made when it is missing: `{uai}/{name}.pdf`, and
/// `sommaire.csv` last. A file of the same name is replaced, no file is ever deleted. With
/// [`WriteOptions::sha256`], `SHA256SUMS` lists the digests.
///
/// With [`WriteOptions::resume`] a file is kept when it has the planned length and ends as the
/// new edition does: an edition's tail carries a digest of everything before it.
///
/// A copy that fails is left out, listed in the report and in `sommaire.csv`; a cancelled or
/// stopped job leaves whole files and no new `sommaire.csv`.
///
/// # Errors
/// [`BulkError`] when the job cannot begin or its last files cannot be written.
pub fn write_directory(
    job: &Job<'_>,
    mut plan: Plan,
    out: &Path,
    options: &WriteOptions,
) -> Result<Report, BulkError> {
    let shop = Workshop::open(*job)?;
    let there = out.ancestors().find(|place| place.is_dir()).unwrap_or(Path::new("."));
    room::check(there, room::for_directory(&plan, out, options.resume, GROUP_BYTES))?;
    let yard = Yard::open(out)?;
    job.progress.begin(Phase::Write, plan.copies.len() as u64, plan.bytes());

    let mut tally = Tally::default();
    let mut sums = Sums::new(&plan, options);
    let mut faults: Vec<(usize, CopyFault)> = Vec::new();
    let settled = std::thread::scope(|scope| {
        // One group on its way to the disk, one being written: no more than two in flight.
        let (hand_over, groups_written) = sync_channel::<Vec<usize>>(0);
        let (shop, yard, plan) = (&shop, &yard, &plan);
        let settler = scope.spawn(move || settle(shop, yard, plan, options, &groups_written));
        for group in groups(plan) {
            if shop.halted() {
                break;
            }
            let outcomes = shop.each(group.clone(), |index| make(shop, yard, plan, options, index));
            let mut made = Vec::new();
            for (index, outcome) in group.into_iter().zip(outcomes) {
                match outcome {
                    Outcome::Made(sum) => {
                        sums.note(index, sum);
                        made.push(index);
                    }
                    Outcome::Kept(sum) => {
                        sums.note(index, sum);
                        tally.kept += 1;
                        tally.bytes += plan.zip.entries()[index + 1].length;
                    }
                    Outcome::Failed(fault) => faults.push((index, fault)),
                    Outcome::Skipped => {}
                }
            }
            if hand_over.send(made).is_err() {
                break;
            }
        }
        drop(hand_over);
        settler.join()
    });
    // A panic there would be a fault of ours; the copies it did not place are not counted.
    let settled = settled.unwrap_or_else(|_| {
        shop.stop(StopFault::Io(io::Error::other("the thread that puts copies in place ended in a panic")));
        Settled::default()
    });
    tally.made = settled.made;
    tally.bytes += settled.bytes;
    for (index, _) in &settled.faults {
        sums.note(*index, None);
    }
    faults.extend(settled.faults);
    faults.sort_by_key(|(index, _)| *index);

    let gone_through = tally.made + tally.kept + faults.len() as u64 == plan.copies.len() as u64;
    let listing = sums.listing(&plan);
    plan.set_aside(&faults)?;
    let mut ending = ending(&shop, !gone_through && job.cancel.load(Ordering::Relaxed));
    if ending == Ending::Whole
        && let Err(source) = place_lists(&yard, &plan, listing.as_deref(), options)
    {
        ending = Ending::stopped(&StopFault::of(source));
    }
    yard.close();
    Ok(tally.report(plan, ending))
}

/// The lists come last: who sees the summary sees what it lists.
fn place_lists(yard: &Yard, plan: &Plan, sums: Option<&str>, options: &WriteOptions) -> io::Result<()> {
    if let Some(sums) = sums {
        yard.place_text(SUMS_NAME, options, |file| file.write_all(sums.as_bytes()))?;
    }
    yard.place_text(summary::SUMMARY_NAME, options, |file| summary::write(plan, file))
}

/// Makes one copy under its temporary name, or finds it whole.
fn make(shop: &Workshop<'_>, yard: &Yard, plan: &Plan, options: &WriteOptions, index: usize) -> Outcome {
    if shop.halted() {
        return Outcome::Skipped;
    }
    let entry = &plan.zip.entries()[index + 1];
    let done = shop.edition_of(plan.profile, plan.number(index), |rope| {
        is_planned(rope, entry)?;
        if options.resume
            && let Some(held) = whole(&yard.out.join(plan.zip.name(index + 1)), rope)
        {
            let sum = options.sha256.then(|| hash_written(&held, 0, entry)).transpose();
            // A kept file that does not hold what it should is made again.
            if let Ok(sum) = sum {
                return Ok(Outcome::Kept(sum));
            }
        }
        let file = match yard.begin(index) {
            Ok(file) => file,
            Err(source) => {
                shop.stop(StopFault::of(source));
                return Ok(Outcome::Skipped);
            }
        };
        if pour(shop, rope, &file, 0)?.is_none() {
            return Ok(Outcome::Skipped);
        }
        let sum = options.sha256.then(|| hash_written(&file, 0, entry)).transpose()?;
        Ok(Outcome::Made(sum))
    });
    let outcome = done.unwrap_or_else(Outcome::Failed);
    if matches!(outcome, Outcome::Made(_) | Outcome::Kept(_)) {
        shop.job.progress.advance(1, entry.length);
    }
    outcome
}

/// The file at `path` when it is the same edition.
fn whole(path: &Path, rope: &Rope) -> Option<File> {
    let tail = rope.tail();
    let file = File::open(path).ok()?;
    let held = file.metadata().ok()?;
    if tail.is_empty() || !held.is_file() || held.len() != rope.len() {
        return None;
    }
    let mut ending = vec![0; tail.len()];
    file.read_exact_at(&mut ending, rope.len() - tail.len() as u64).ok()?;
    (ending == tail).then_some(file)
}

/// What was put in place.
#[derive(Default)]
struct Settled {
    made: u64,
    bytes: u64,
    faults: Vec<(usize, CopyFault)>,
}

/// Makes group after group durable and gives the copies their names.
fn settle(
    shop: &Workshop<'_>,
    yard: &Yard,
    plan: &Plan,
    options: &WriteOptions,
    groups: &Receiver<Vec<usize>>,
) -> Settled {
    let mut settled = Settled::default();
    let mut broken_off = false;
    for group in groups {
        // After a failure the rest is taken and left: the writers must not wait for ever.
        if broken_off || group.is_empty() {
            continue;
        }
        if let Err(source) = settle_group(yard, plan, options, &group, &mut settled) {
            shop.stop(StopFault::of(source));
            broken_off = true;
        }
    }
    settled
}

fn settle_group(
    yard: &Yard,
    plan: &Plan,
    options: &WriteOptions,
    group: &[usize],
    settled: &mut Settled,
) -> io::Result<()> {
    if options.sync {
        sync_all_of(&yard.held)?;
    }
    let mut folders = BTreeSet::new();
    let mut placed = (0, 0);
    for index in group {
        let name = plan.zip.name(index + 1);
        let school = name.split('/').next().unwrap_or_default();
        if !folders.contains(school) {
            match fs::create_dir(yard.out.join(school)) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => folders.insert(school),
            };
        }
        match fs::rename(yard.part(*index), yard.out.join(name)) {
            Ok(()) => placed = (placed.0 + 1, placed.1 + plan.zip.entries()[index + 1].length),
            Err(error) if is_the_disks(&error) => return Err(error),
            Err(error) => settled.faults.push((*index, CopyFault::Placing(error))),
        }
    }
    if options.sync {
        for school in folders {
            File::open(yard.out.join(school))?.sync_all()?;
        }
        yard.held.sync_all()?;
    }
    settled.made += placed.0;
    settled.bytes += placed.1;
    Ok(())
}

/// Whether an error concerns the whole disk rather than one name on it.
fn is_the_disks(error: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | ReadOnlyFilesystem)
}

fn sync_all_of(held: &File) -> io::Result<()> {
    fail::fail_point!("bulk-sync", |_| Err(io::Error::from_raw_os_error(28)));
    Ok(rustix::fs::syncfs(held)?)
}

/// The output directory with its hidden folder.
struct Yard {
    out: PathBuf,
    dir: PathBuf,
    /// The output directory itself, locked.
    held: File,
}

impl Yard {
    /// Takes the directory and clears away what a killed job left unfinished.
    fn open(out: &Path) -> Result<Yard, BulkError> {
        fs::create_dir_all(out).map_err(broken("make", out, NOTHING))?;
        let held = File::open(out).map_err(broken("open", out, NOTHING))?;
        // Network file systems may not know locks on directories: then it is the operator who
        // sees to it that two jobs do not share one.
        if matches!(held.try_lock(), Err(TryLockError::WouldBlock)) {
            return Err(BulkError::Busy { path: out.to_owned() });
        }
        let dir = out.join(YARD);
        match fs::create_dir(&dir) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(broken("write in", out, NOTHING)(error));
            }
            _ => {}
        }
        let yard = Yard { out: out.to_owned(), dir, held };
        yard.clear().map_err(broken("clear", &yard.dir, NOTHING))?;
        Ok(yard)
    }

    fn part(&self, index: usize) -> PathBuf {
        self.dir.join(index.to_string())
    }

    /// A copy's file under its temporary name.
    fn begin(&self, index: usize) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create(true).truncate(true).open(self.part(index))
    }

    /// Writes a list under a temporary name and puts it in place.
    fn place_text(
        &self,
        name: &'static str,
        options: &WriteOptions,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let part = self.dir.join(name);
        let mut file = BufWriter::new(File::create(&part)?);
        write(&mut file)?;
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        if options.sync {
            file.sync_all()?;
        }
        fs::rename(&part, self.out.join(name))?;
        if options.sync { self.held.sync_all() } else { Ok(()) }
    }

    fn clear(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.dir)? {
            fs::remove_file(entry?.path())?;
        }
        Ok(())
    }

    /// Takes the hidden folder away. What cannot be removed is cleared by the next job, and
    /// harms nobody meanwhile.
    fn close(self) {
        let _removed_later = self.clear().and_then(|()| fs::remove_dir(&self.dir));
    }
}
