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

use super::choosing::{Choice, PlanRequest, choose};
use super::error::{BulkError, CopyFault, StopFault};
use super::plan::aside;
use super::progress::Phase;
use super::report::{Ending, Failure, Report};
use super::room;
use super::rows::{Row, RowWriter, Rows};
use super::summary;
use super::survey::{Survey, Surveyed};
use super::workshop::{Job, Workshop};
use super::writing::{
    GROUP_BYTES, GROUP_COPIES, Sum, Sums, Tally, WriteOptions, broken, ending, hash_rope, hash_written, pour,
    reserve,
};
use crate::render::Profile;
use crate::rope::Rope;
use crate::store::StoreError;

/// The hidden folder. Everything in it is ours and may go.
const YARD: &str = ".copiste-part";
/// Digests of the files' bytes, for `sha256sum -c`.
const SUMS_NAME: &str = "SHA256SUMS";

const NOTHING: &str = "nothing was written";

/// Writes the copies of a survey into `out`, made when it is missing: `{uai}/{name}.pdf`, and
/// `sommaire.csv` last. A file of the same name is replaced, no file is ever deleted. With
/// [`WriteOptions::sha256`], `SHA256SUMS` lists the digests.
///
/// With [`WriteOptions::resume`] a file is kept when it has the length of the new edition and ends as it
/// does: an edition's tail carries a digest of everything before it.
///
/// A copy that fails is left out, listed in the report and in `sommaire.csv`; a cancelled or
/// stopped job leaves whole files and no new `sommaire.csv`.
///
/// # Errors
/// [`BulkError`] when the job cannot begin or its last files cannot be written.
pub fn write_directory(
    job: &Job<'_>,
    survey: Survey,
    out: &Path,
    options: &WriteOptions,
) -> Result<Report, BulkError> {
    let shop = Workshop::open(*job)?;
    let there = out.ancestors().find(|place| place.is_dir()).unwrap_or(Path::new("."));
    room::check(there, room_needed(job, &survey, out, options)?)?;
    let yard = Yard::open(out)?;
    let mut rows = RowWriter::create(job.scratch).map_err(aside(job.scratch))?;
    let forecast = survey.forecast();
    job.progress.begin(Phase::Write, forecast.copies, forecast.bytes);

    let mut tally = Tally::default();
    let mut sums = Sums::new(options);
    let mut failed: Vec<Failure> = survey.failed.clone();
    let mut seen = 0_u64;
    let settled = std::thread::scope(|scope| {
        // One group on its way to the disk, one being written: no more than two in flight.
        let (hand_over, groups_written) = sync_channel::<Vec<Written>>(0);
        let (shop, yard, survey) = (&shop, &yard, &survey);
        let settler = scope.spawn(move || settle(shop, yard, options, &groups_written));
        for group in groups(survey) {
            if shop.halted() {
                break;
            }
            let outcomes = shop.each(group, |copy| make(shop, yard, &survey.request, options, copy));
            let mut written = Vec::new();
            for outcome in outcomes {
                let (row, sum, is_new) = match outcome {
                    Outcome::Made(row, sum) => (row, sum, true),
                    Outcome::Kept(row, sum) => (row, sum, false),
                    Outcome::Failed(failure) => {
                        failed.push(failure);
                        seen += 1;
                        continue;
                    }
                    Outcome::Skipped => continue,
                };
                seen += 1;
                let index = rows.count();
                if let Err(source) = rows.push(&row) {
                    shop.stop(StopFault::of(source));
                    break;
                }
                sums.note(index, sum);
                if is_new {
                    written.push(Written { index, place: row.place, name: row.entry, length: row.length });
                } else {
                    tally.kept += 1;
                    tally.bytes += row.length;
                }
            }
            if hand_over.send(written).is_err() {
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
    let rows = rows.finish().map_err(aside(job.scratch))?;
    let misplaced = name_failures(&rows, settled.faults, &mut failed).map_err(aside(job.scratch))?;
    failed.sort_by(|one, other| one.candidate.cmp(&other.candidate));

    let gone_through = seen == survey.copies.len() as u64;
    let mut ending = ending(&shop, !gone_through && job.cancel.load(Ordering::Relaxed));
    if ending == Ending::Whole {
        let lists = Lists { rows: &rows, misplaced: &misplaced, profile: survey.request.profile };
        if let Err(source) = lists.place(&yard, &failed, &sums, options) {
            ending = Ending::stopped(&StopFault::of(source));
        }
    }
    yard.close();
    Ok(tally.report(survey.refused, failed, ending))
}

/// Bytes that will be needed. Names matter only where there are files already.
fn room_needed(job: &Job<'_>, survey: &Survey, out: &Path, options: &WriteOptions) -> Result<u64, BulkError> {
    let replaces = fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
    if !replaces {
        return Ok(survey.copies.iter().map(|copy| room::blocks(survey.bytes(copy))).sum());
    }
    let files = survey.copies.iter().map(|copy| {
        let candidate = job.source.candidate_at(copy.place)?;
        let entry = candidate.as_ref().map_or("", |candidate| &candidate.get().entry);
        Ok::<_, StoreError>((out.join(entry), survey.bytes(copy)))
    });
    Ok(room::for_directory(files, options.resume, GROUP_BYTES)?)
}

/// The copies in groups, each in order.
fn groups(survey: &Survey) -> impl Iterator<Item = Vec<Surveyed>> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let start = next;
        let mut bytes = 0_u64;
        while next < survey.copies.len() && next - start < GROUP_COPIES && bytes < GROUP_BYTES {
            bytes = bytes.saturating_add(survey.bytes(&survey.copies[next]));
            next += 1;
        }
        (next > start).then(|| survey.copies[start..next].to_vec())
    })
}

/// What became of one copy.
enum Outcome {
    Made(Row, Sum),
    /// Found whole.
    Kept(Row, Sum),
    Failed(Failure),
    /// The job was stopped before this copy was whole.
    Skipped,
}

/// A copy under its temporary name.
struct Written {
    /// Of its row.
    index: usize,
    place: u32,
    name: String,
    length: u64,
}

/// The numbers of copies that could not be put in place, and why; gives their rows' indices, in order.
fn name_failures(
    rows: &Rows,
    faults: Vec<(usize, CopyFault)>,
    failed: &mut Vec<Failure>,
) -> io::Result<Vec<usize>> {
    if faults.is_empty() {
        return Ok(Vec::new());
    }
    for row in rows.iter() {
        let (index, row) = row?;
        if let Some((_, fault)) = faults.iter().find(|(at, _)| *at == index) {
            failed.push(Failure::new(&row.number, fault));
        }
    }
    Ok(faults.into_iter().map(|(index, _)| index).collect())
}

/// The lists come last: who sees the summary sees what it lists.
struct Lists<'a> {
    rows: &'a Rows,
    misplaced: &'a [usize],
    profile: Profile,
}

impl Lists<'_> {
    fn place(&self, yard: &Yard, failed: &[Failure], sums: &Sums, options: &WriteOptions) -> io::Result<()> {
        if sums.are_asked_for() {
            yard.place_text(SUMS_NAME, options, |file| sums.write(self.in_place(), file))?;
        }
        yard.place_text(summary::SUMMARY_NAME, options, |file| {
            summary::write(self.in_place(), self.profile, failed, file)
        })
    }

    fn in_place(&self) -> impl Iterator<Item = io::Result<(usize, Row)>> {
        self.rows.iter().filter(|row| row.as_ref().map_or(true, |(index, _)| !self.misplaced.contains(index)))
    }
}

/// Makes one copy under its temporary name, or finds it whole.
fn make(
    shop: &Workshop<'_>,
    yard: &Yard,
    request: &PlanRequest,
    options: &WriteOptions,
    copy: Surveyed,
) -> Outcome {
    if shop.halted() {
        return Outcome::Skipped;
    }
    let chosen = match choose(shop.job.source, &request.selection, copy.place) {
        Choice::Copy(chosen) => chosen,
        Choice::Failed(failure) => return Outcome::Failed(failure),
        Choice::Refused(refusal) => {
            return Outcome::Failed(Failure::new(&refusal.candidate, &CopyFault::Changed));
        }
        Choice::Elsewhere | Choice::Outside => {
            return Outcome::Failed(Failure::new("?", &CopyFault::Changed));
        }
    };
    let done = shop.edition(request.profile, &chosen, |rope| {
        let row = Row::of(&chosen, rope);
        if options.resume
            && let Some(held) = whole(&yard.out.join(&row.entry), rope)
        {
            let sum = options.sha256.then(|| hash_written(&held, 0, row.length, row.crc32)).transpose();
            // A kept file that does not hold what it should is made again.
            if let Ok(sum) = sum {
                return Ok(Outcome::Kept(row, sum));
            }
        }
        let sum = options.sha256.then(|| hash_rope(rope, shop.job.blobs)).transpose()?;
        let file = match yard.begin(copy.place).and_then(|file| reserve(&file, rope.len()).map(|()| file)) {
            Ok(file) => file,
            Err(source) => {
                shop.stop(StopFault::of(source));
                return Ok(Outcome::Skipped);
            }
        };
        match pour(shop, rope, &file, 0)? {
            Some(()) => Ok(Outcome::Made(row, sum)),
            None => Ok(Outcome::Skipped),
        }
    });
    let outcome = done.unwrap_or_else(|fault| Outcome::Failed(Failure::new(chosen.number(), &fault)));
    if let Outcome::Made(row, _) | Outcome::Kept(row, _) = &outcome {
        shop.job.progress.advance(1, row.length);
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
    options: &WriteOptions,
    groups: &Receiver<Vec<Written>>,
) -> Settled {
    let mut settled = Settled::default();
    let mut broken_off = false;
    for group in groups {
        // After a failure the rest is taken and left: the writers must not wait for ever.
        if broken_off || group.is_empty() {
            continue;
        }
        if let Err(source) = settle_group(yard, options, group, &mut settled) {
            shop.stop(StopFault::of(source));
            broken_off = true;
        }
    }
    settled
}

fn settle_group(
    yard: &Yard,
    options: &WriteOptions,
    group: Vec<Written>,
    settled: &mut Settled,
) -> io::Result<()> {
    if options.sync {
        sync_all_of(&yard.held)?;
    }
    let mut folders = BTreeSet::new();
    let mut placed = (0, 0);
    for Written { index, place, name, length } in group {
        let school = name.split('/').next().unwrap_or_default();
        if !folders.contains(school) {
            match fs::create_dir(yard.out.join(school)) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => folders.insert(school.to_owned()),
            };
        }
        match fs::rename(yard.part(place), yard.out.join(&name)) {
            Ok(()) => placed = (placed.0 + 1, placed.1 + length),
            Err(error) if is_the_disks(&error) => return Err(error),
            Err(error) => settled.faults.push((index, CopyFault::Placing(error))),
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

    fn part(&self, place: u32) -> PathBuf {
        self.dir.join(place.to_string())
    }

    /// A copy's file under its temporary name.
    fn begin(&self, place: u32) -> io::Result<File> {
        OpenOptions::new().write(true).create(true).truncate(true).open(self.part(place))
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
