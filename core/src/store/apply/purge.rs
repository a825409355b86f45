//! Purging: an exam's records become those that its held copies need.

use sha2::{Digest, Sha256};

use super::packs::Packs;
use super::rest::Rest;
use super::shelf::Shelf;
use super::tallies::NewTallies;
use super::waiting::NewSpans;
use super::writer::Writer;
use super::{Bench, Place, Prepared, exam_of};
use crate::journal::{Counts, PurgeExam};
use crate::model::Script;
use crate::store::consultation::{consultable_until, day, needed};
use crate::store::moments::Adding;
use crate::store::record::{ExamEntry, Life, Purged, Record};
use crate::store::refusal::Refusal;
use crate::store::tables::{export_key, hold_key, key_at};
use crate::store::view::{exports, holds, read_blob};
use crate::store::{ExecuteError, StoreError};

/// The largest rest that is read: ten thousand lively copies.
const REST_LIMIT: u64 = 1 << 30;

/// Writes a generation that holds what stays. Replayed, nothing of the exam is there before: the line
/// is its beginning.
pub(super) fn prepare(
    bench: &Bench<'_>,
    command: &PurgeExam,
    place: Place<'_>,
    replayed: bool,
) -> Result<Prepared, ExecuteError> {
    let contradiction = |detail: String| ExecuteError::Contradiction { exam: command.exam.clone(), detail };
    let unread = |detail: &str| contradiction(format!("what a purge left of it cannot be read: {detail}"));
    let bytes =
        read_blob(bench.blobs, &command.rest, REST_LIMIT).map_err(|error| unread(&error.to_string()))?;
    if Sha256::digest(&bytes)[..] != command.rest.sha256 {
        return Err(unread("its bytes have changed"));
    }
    let rest = Rest::read(&bytes).map_err(|error| unread(&error))?;
    if rest.entry.exam.id != command.exam {
        return Err(contradiction("what a purge left of it is another exam's".to_owned()));
    }
    if !replayed {
        may_purge(bench, command, &rest, place)?;
    }
    let generation = bench.generations.fresh()?;
    match staged(bench, command, place, rest, generation) {
        Ok(prepared) => Ok(Prepared { staged: Some(generation), purges: true, ..prepared }),
        Err(error) => {
            bench.generations.give_up(generation);
            Err(error)
        }
    }
}

/// Nothing goes before its time, nothing that is held, and nothing that somebody changed since the rest
/// was put together.
fn may_purge(
    bench: &Bench<'_>,
    command: &PurgeExam,
    rest: &Rest,
    place: Place<'_>,
) -> Result<(), ExecuteError> {
    let entry = exam_of(bench, &command.exam)?;
    let until = consultable_until(entry.exam.consultable_until.as_deref(), entry.exam.kind, &entry.life);
    let over =
        until.as_ref().is_some_and(|until| *until == command.consultable_until && *until < day(place.at));
    if !over || needed(entry.exam.kind, &entry.life, &exports(bench.tables, &command.exam)?).is_some() {
        return Err(Refusal::NotDue { exam: command.exam.clone() }.into());
    }
    let held = holds(bench.tables, &command.exam)?;
    let all_stay = held.len() == rest.holds.len()
        && held.iter().all(|hold| {
            rest.holds.get(&hold.candidate) == Some(hold) && rest.scripts.contains_key(&hold.candidate)
        });
    if rest.entry != entry || !all_stay || gone(&entry.counts, &rest.counts()) != Some(command.gone) {
        return Err(ExecuteError::Changed { exam: command.exam.clone() });
    }
    Ok(())
}

/// How many of each go; none when more stay than there are.
pub(in crate::store) fn gone(before: &Counts, stay: &Counts) -> Option<Counts> {
    Some(Counts {
        schools: before.schools.checked_sub(stay.schools)?,
        markers: before.markers.checked_sub(stay.markers)?,
        batches: before.batches.checked_sub(stay.batches)?,
        candidates: before.candidates.checked_sub(stay.candidates)?,
        scripts: before.scripts.checked_sub(stay.scripts)?,
        pages: before.pages.checked_sub(stay.pages)?,
        exports: before.exports.checked_sub(stay.exports)?,
        transmitted: before.transmitted.checked_sub(stay.transmitted)?,
        holds: before.holds.checked_sub(stay.holds)?,
    })
}

fn staged(
    bench: &Bench<'_>,
    command: &PurgeExam,
    place: Place<'_>,
    rest: Rest,
    generation: u32,
) -> Result<Prepared, ExecuteError> {
    let shelf = Shelf { bench, exam: &command.exam, generation };
    let counts = rest.counts();
    let Rest { entry, schools, markers, batches, candidates, mut scripts, transmitted, exports, holds } =
        rest;
    let tables = bench.tables;
    shelf.write(&tables.schools, "school", schools.iter())?;
    shelf.write(&tables.markers, "marker", markers.iter())?;
    shelf.write(&tables.batches, "batch", batches.iter())?;
    let people = shelf.candidates(candidates)?;

    let batch = bench.blobs.begin();
    let mut packs = Packs::new(&batch);
    let mut writer = Writer::of(&tables.scripts);
    let mut counted = NewTallies::of(batches.keys());
    let (mut spans, mut waiting) = (NewSpans::of(tables), Writer::of(&tables.waiting));
    let mut moments = Adding::to(tables, generation);
    let mut keep = |packs: &mut Packs<'_>, last| {
        packs.drain(last, |place, record: Record<Script>| {
            shelf.fits(&record, || format!("the script of candidate {}", record.get().candidate))?;
            let (number, attendance) = &people[place as usize];
            counted.add(number, *attendance, Some(record.get()));
            shelf.spans(&mut waiting, spans.before(place))?;
            spans.add(number, *attendance, record.get())?;
            Ok::<(), ExecuteError>(writer.put(key_at(generation, place).to_vec(), record.envelope())?)
        })
    };
    for ((number, _), place) in people.iter().zip(0..) {
        if let Some(at) = transmitted.get(number) {
            moments.add(place, *at)?;
        }
        if let Some(script) = scripts.remove(number) {
            packs.add(place, script)?;
            keep(&mut packs, false)?;
        }
    }
    keep(&mut packs, true)?;
    writer.end()?;
    shelf.spans(&mut waiting, spans.rest(people.len()))?;
    waiting.end()?;
    shelf.tallies(&counted.into_inner())?;
    if !scripts.is_empty() {
        return Err(shelf.contradiction("a script stays without its candidate"));
    }
    batch.seal().map_err(|source| StoreError::Blob { act: "keep annotations".to_owned(), source })?;

    let before = entry.life.purged.unwrap_or_default();
    let purged = Purged {
        at: place.at,
        line: place.line,
        candidates: before.candidates + command.gone.candidates,
        scripts: before.scripts + command.gone.scripts,
        pages: before.pages + command.gone.pages,
    };
    let life = Life { purged: Some(purged), ..entry.life };
    let entry = ExamEntry { generation, counts, line: place.line, life, ..entry };
    let exam = &command.exam;
    let kept_export = |export: &crate::store::Export| {
        let record = Record::of(export).map_err(StoreError::record(format!("an export of exam {exam}")))?;
        Ok((export_key(exam, export.target, export.number), record.envelope().clone()))
    };
    let kept_hold = |hold: &crate::store::Hold| {
        let record = Record::of(hold).map_err(StoreError::record(format!("a hold of exam {exam}")))?;
        Ok((hold_key(exam, &hold.candidate), Some(record.envelope().clone())))
    };
    let exports = exports.iter().map(kept_export).collect::<Result<Vec<_>, StoreError>>()?;
    let holds = holds.values().map(kept_hold).collect::<Result<Vec<_>, StoreError>>()?;
    let moments = moments.written()?;
    Ok(Prepared { moments, exports, holds, ..Prepared::of(entry) })
}
