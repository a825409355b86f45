//! Importing: a whole new generation of an exam's records.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::carry_over::carry_over;
use super::packs::Packs;
use super::places::placed;
use super::shelf::{Person, Shelf};
use super::tallies::NewTallies;
use super::transmit::on_the_way;
use super::waiting::NewSpans;
use super::writer::Writer;
use super::{Bench, Place, Prepared, exam_entry, not_purged};
use crate::journal::{Counts, ImportCommand, Timestamp};
use crate::model::{
    ArchivedAttendance, ArchivedBatchState, ArchivedHarmonisation, Attendance, Batch, BatchState, Candidate,
    Exam, ExamKind, Harmonisation, School, Script,
};
use crate::store::moments::{self, Adding};
use crate::store::record::{ExamEntry, Kept, Record};
use crate::store::refusal::{Numbers, Refusal};
use crate::store::tables::{Keys, Records, Table, key_at, read};
use crate::store::view::{exports, holds};
use crate::store::{BlobBatch, ExecuteError, Holdings, Scripts, Standing, StoreError};

/// Writes the new generation, beside the one there is.
pub(super) fn prepare(
    bench: &Bench<'_>,
    command: &ImportCommand,
    place: Place<'_>,
    replayed: bool,
) -> Result<Prepared, ExecuteError> {
    let spelt = serde_json::to_vec(command).map_err(|error| ExecuteError::Contradiction {
        exam: command.exam.clone(),
        detail: format!("the command cannot be spelt: {error}"),
    })?;
    let digest: [u8; 32] = Sha256::digest(spelt).into();
    let before = match exam_entry(bench.tables, &command.exam)? {
        Some(entry) => Some(entry.value().map_err(StoreError::record(format!("exam {}", command.exam)))?),
        None => None,
    };
    if let Some(entry) = &before {
        // Also the bundle that was there: it is not the same any more.
        not_purged(entry)?;
    }
    if let Some(entry) = before.as_ref().filter(|entry| !replayed && entry.command == digest) {
        // The same bundle again.
        return Ok(Prepared { changes: false, ..Prepared::of(entry.clone()) });
    }
    if let Some(before) = &before {
        may_replace(bench, before)?;
    }
    let generation = bench.generations.fresh()?;
    let batch = bench.blobs.begin();
    let common = before.as_ref().is_some_and(|before| before.exam.kind == ExamKind::CommonAssessment);
    let on_the_way = if common { on_the_way(bench, &command.exam)? } else { BTreeSet::new() };
    let frozen = Numbers::default();
    let mut staging = Staging { bench, command, place, generation, before, batch, on_the_way, frozen };
    let staged = staging.all(digest).and_then(|entry| {
        let sealed = staging.batch.seal();
        sealed.map_err(|source| StoreError::Blob { act: "keep annotations".to_owned(), source })?;
        Ok(entry)
    });
    match staged {
        Ok(entry) => Ok(Prepared { staged: Some(generation), ..Prepared::of(entry) }),
        Err(error) => {
            bench.generations.give_up(generation);
            Err(error)
        }
    }
}

/// Whether a bundle may take the place of an exam that is here: not when the marks of a one-off exam
/// are with Cyclades, or may be.
fn may_replace(bench: &Bench<'_>, before: &ExamEntry) -> Result<(), ExecuteError> {
    let exam = &before.exam.id;
    if before.exam.kind == ExamKind::OneOff {
        let unsettled = || -> Result<bool, StoreError> {
            Ok(exports(bench.tables, exam)?.iter().any(|export| export.standing() == Standing::Unsettled))
        };
        if before.life.closed_at.is_some() || before.life.published_at.is_some() || unsettled()? {
            return Err(Refusal::ImportClosed { exam: exam.clone() }.into());
        }
    }
    Ok(())
}

/// Scripts and pages: of the bundle itself, and of the exam as it will be.
#[derive(Default)]
struct Written {
    own: Counts,
    all: Counts,
}

/// A generation being written.
struct Staging<'a> {
    bench: &'a Bench<'a>,
    command: &'a ImportCommand,
    place: Place<'a>,
    generation: u32,
    /// The exam as it is.
    before: Option<ExamEntry>,
    /// Annotations too many for a record.
    batch: BlobBatch<'a>,
    /// Candidates of an E3C whose rows may be at Cyclades, without an answer yet.
    on_the_way: BTreeSet<String>,
    /// Transmitted scripts that the bundle would change.
    frozen: Numbers,
}

impl Staging<'_> {
    fn all(&mut self, digest: [u8; 32]) -> Result<ExamEntry, ExecuteError> {
        let Holdings { exam, schools, markers, batches, candidates, scripts } =
            (self.bench.load)(self.command, self.bench.blobs)?;
        if exam.id != self.command.exam {
            return Err(self.contradiction("its bundle is another exam's"));
        }
        // What a bundle of an E3C does not name stays; a one-off's bundle is all there is.
        let under = self.before.as_ref().filter(|before| {
            before.exam.kind == ExamKind::CommonAssessment && exam.kind == ExamKind::CommonAssessment
        });
        let under = under.map(|before| before.generation);
        let tables = self.bench.tables;
        let mut counts = Counts::default();

        let own = (schools.len(), markers.len(), batches.len(), candidates.len());
        let named = |table| under.map(|under| (table, under));
        let schools = self.merged(named(&tables.schools), schools, |school: &School| &school.uai)?;
        counts.schools = self.shelf().write(&tables.schools, "school", schools.iter())?;
        drop(schools);
        let markers = self.merged(named(&tables.markers), markers, |marker| &marker.id)?;
        counts.markers = self.shelf().write(&tables.markers, "marker", markers.iter())?;
        drop(markers);
        let mut batches = self.merged(named(&tables.batches), batches, |batch: &Batch| &batch.id)?;
        self.keep_batch_states(&mut batches)?;
        counts.batches = self.shelf().write(&tables.batches, "batch", batches.iter())?;
        let tallies = NewTallies::of(batches.keys());
        drop(batches);
        let before = under.map(|under| tables.candidates_from(under, 0)).transpose()?;
        let candidates = self.merged_with(before, candidates, |one: &Candidate| &one.number)?;
        counts.candidates = candidates.len() as u64;
        let gone = self.attended_otherwise(&candidates, under)?;
        let people = self.shelf().candidates(placed(candidates))?;

        let own_scripts = scripts.count();
        let written = self.scripts(&people, scripts, under, tallies)?;
        gone.iter().for_each(|number| self.frozen.push(number));
        if self.frozen.count > 0 {
            let numbers = std::mem::take(&mut self.frozen);
            return Err(Refusal::ImportTransmitted { exam: exam.id, numbers }.into());
        }
        self.keeps_held(&exam.id)?;
        counts.transmitted = self.keep_moments(&people)?;
        let own_counts = Counts {
            schools: own.0 as u64,
            markers: own.1 as u64,
            batches: own.2 as u64,
            candidates: own.3 as u64,
            ..written.own
        };
        if own_counts != self.command.counts || own_scripts != written.own.scripts {
            return Err(self.contradiction("the command's counts are not its bundle's"));
        }
        (counts.scripts, counts.pages) = (written.all.scripts, written.all.pages);
        self.entry(exam, counts, digest)
    }

    /// A bundle cannot end a hold: every copy that is held has a script in the new generation.
    fn keeps_held(&self, exam: &str) -> Result<(), ExecuteError> {
        let mut lost = Numbers::default();
        for hold in holds(self.bench.tables, exam)? {
            if self.script_under(Some(self.generation), &hold.candidate)?.is_none() {
                lost.push(&hold.candidate);
            }
        }
        if lost.count > 0 {
            return Err(Refusal::ImportHeld { exam: exam.to_owned(), numbers: lost }.into());
        }
        Ok(())
    }

    fn entry(&self, mut exam: Exam, mut counts: Counts, digest: [u8; 32]) -> Result<ExamEntry, ExecuteError> {
        let life = self.before.as_ref().map(|before| before.life).unwrap_or_default();
        if let Some(before) = self.before.as_ref() {
            counts.exports = before.counts.exports;
            counts.holds = before.counts.holds;
            if life.settings_by_hand {
                // What somebody decided is not taken back by a bundle that knows nothing of it.
                exam.settings = before.exam.settings.clone();
            }
        }
        let entry = ExamEntry {
            exam,
            generation: self.generation,
            counts,
            bundle: self.command.bundle,
            command: digest,
            import_line: self.place.line,
            line: self.place.line,
            life,
        };
        let record = Record::of(&entry).map_err(StoreError::record("the exam"))?;
        self.shelf().fits(&record, || "the exam itself".to_owned())?;
        Ok(entry)
    }

    /// The new values by key, over those of an earlier generation.
    fn merged<T: Kept>(
        &self,
        under: Option<(&Table, u32)>,
        new: Vec<T>,
        name: impl Fn(&T) -> &String,
    ) -> Result<BTreeMap<String, T>, ExecuteError> {
        let before = under.map(|(table, under)| Records::<T>::of(table, under, "a record", Keys::Names));
        self.merged_with(before, new, name)
    }

    fn merged_with<T: Kept>(
        &self,
        before: Option<Records<T>>,
        new: Vec<T>,
        name: impl Fn(&T) -> &String,
    ) -> Result<BTreeMap<String, T>, ExecuteError> {
        let mut merged = BTreeMap::new();
        let count = new.len();
        for value in new {
            merged.insert(name(&value).clone(), value);
        }
        if merged.len() != count {
            return Err(self.contradiction("its bundle names something twice"));
        }
        for record in before.into_iter().flatten() {
            let value = record?.value().map_err(StoreError::record("a record"))?;
            merged.entry(name(&value).clone()).or_insert(value);
        }
        Ok(merged)
    }

    /// A bundle gives a batch's first state only: what was locked or validated stays so.
    fn keep_batch_states(&self, batches: &mut BTreeMap<String, Batch>) -> Result<(), ExecuteError> {
        let Some(before) = self.before.as_ref() else { return Ok(()) };
        for record in
            Records::<Batch>::of(&self.bench.tables.batches, before.generation, "batch", Keys::Names)
        {
            let record = record?;
            let old = record.get();
            let Some(batch) = batches.get_mut(old.id.as_str()) else { continue };
            if old.state == ArchivedBatchState::Locked {
                batch.state = BatchState::Locked;
            }
            if old.harmonisation == ArchivedHarmonisation::Validated {
                batch.harmonisation = Harmonisation::Validated;
            }
        }
        Ok(())
    }

    /// Writes scripts place by place: the bundle's own, else the one of the generation it is laid over.
    fn scripts(
        &mut self,
        people: &[Person],
        mut scripts: Box<dyn Scripts + '_>,
        under: Option<u32>,
        mut counted: NewTallies,
    ) -> Result<Written, ExecuteError> {
        let tables = self.bench.tables;
        let mut frozen = Numbers::default();
        let mut writer = Writer::of(&tables.scripts);
        let mut packs = Packs::new(&self.batch);
        let mut written = Written::default();
        let mut spans = NewSpans::of(tables);
        let mut waiting = Writer::of(&tables.waiting);
        let mut keep = |packs: &mut Packs<'_>, last| {
            packs.drain(last, |place, record: Record<Script>| {
                self.shelf()
                    .fits(&record, || format!("the script of candidate {}", record.get().candidate))?;
                let (number, attendance) = &people[place as usize];
                counted.add(number, *attendance, Some(record.get()));
                self.shelf().spans(&mut waiting, spans.before(place))?;
                spans.add(number, *attendance, record.get())?;
                Ok::<(), ExecuteError>(
                    writer.put(key_at(self.generation, place).to_vec(), record.envelope())?,
                )
            })
        };
        let mut without = Vec::new();
        for ((number, attendance), place) in people.iter().zip(0..) {
            if let Some(script) = scripts.script(number)? {
                let script = self.script(script, &mut frozen)?;
                written.own.scripts += 1;
                written.own.pages += script.pages.len() as u64;
                packs.add(place, script)?;
            } else if let Some(record) = self.script_under(under, number)? {
                written.all.scripts += 1;
                written.all.pages += record.get().pages.len() as u64;
                packs.add_ready(place, record);
            } else {
                without.push((number, *attendance));
            }
            keep(&mut packs, false)?;
            if (self.bench.stop)() {
                return Err(ExecuteError::Stopped { about: format!("exam {}", self.command.exam) });
            }
        }
        keep(&mut packs, true)?;
        writer.end()?;
        self.shelf().spans(&mut waiting, spans.rest(people.len()))?;
        waiting.end()?;
        without.into_iter().for_each(|(number, attendance)| counted.add(number, attendance, None));
        self.shelf().tallies(&counted.into_inner())?;
        self.frozen = frozen;
        written.all.scripts += written.own.scripts;
        written.all.pages += written.own.pages;
        Ok(written)
    }

    /// When a candidate's script was transmitted, in the exam as it is.
    fn transmitted_before(&self, number: &str) -> Result<Option<Timestamp>, StoreError> {
        let Some(before) = self.before.as_ref().filter(|before| before.counts.transmitted > 0) else {
            return Ok(None);
        };
        let (tables, generation) = (self.bench.tables, before.generation);
        let Some(place) = tables.place_of(generation, number)? else { return Ok(None) };
        moments::at(tables, generation, place)
    }

    /// What is transmitted stays so, wherever its script lies now; how many there are.
    fn keep_moments(&self, people: &[Person]) -> Result<u64, ExecuteError> {
        let tables = self.bench.tables;
        let mut moments = Adding::to(tables, self.generation);
        for ((number, _), place) in people.iter().zip(0..) {
            let Some(at) = self.transmitted_before(number)? else { continue };
            if tables.scripts.contains_key(key_at(self.generation, place)).map_err(StoreError::from)? {
                moments.add(place, at)?;
            }
        }
        let count = moments.added;
        let mut writer = Writer::of(&tables.moments);
        for (key, record) in moments.written()? {
            writer.put(key.to_vec(), &record)?;
        }
        writer.end()?;
        Ok(count)
    }

    /// A candidate's script in another generation.
    fn script_under(
        &self,
        generation: Option<u32>,
        number: &str,
    ) -> Result<Option<Record<Script>>, StoreError> {
        let Some(generation) = generation else { return Ok(None) };
        let Some(place) = self.bench.tables.place_of(generation, number)? else { return Ok(None) };
        let what = || format!("the script of candidate {number}");
        read::<Script>(&self.bench.tables.scripts, key_at(generation, place), what)
    }

    /// Whether somebody came is part of what was transmitted: candidates of frozen scripts of whom the bundle
    /// says otherwise.
    fn attended_otherwise(
        &self,
        candidates: &BTreeMap<String, Candidate>,
        under: Option<u32>,
    ) -> Result<Vec<String>, ExecuteError> {
        let mut gone = Vec::new();
        let Some(generation) = under else { return Ok(gone) };
        for old in self.bench.tables.candidates_from(generation, 0)? {
            let old = old?;
            let Some(new) = candidates.get(old.get().number.as_str()) else { continue };
            if attendance(&old.get().attendance) == new.attendance {
                continue;
            }
            let transmitted = self.transmitted_before(&new.number)?.is_some();
            if transmitted || self.on_the_way.contains(&new.number) {
                gone.push(new.number.clone());
            }
        }
        Ok(gone)
    }

    /// A script as it is kept: what the bundle cannot know is filled in.
    fn script(&self, mut script: Script, frozen: &mut Numbers) -> Result<Script, ExecuteError> {
        script.id = self.bench.secret.script_id(&self.command.exam, &script.candidate);
        let before = self.before.as_ref().map(|before| before.generation);
        if let Some(old) = self.script_under(before, &script.candidate)? {
            let what = || format!("the script of candidate {}", script.candidate);
            let old = old.value().map_err(StoreError::record(what()))?;
            let gone = self.transmitted_before(&script.candidate)?.is_some()
                || self.on_the_way.contains(&script.candidate);
            if gone && !self.unchanged(&script, &old)? {
                frozen.push(&script.candidate);
            }
            carry_over(&mut script, &old);
        }
        Ok(script)
    }

    /// Whether a bundle's script says what a transmitted one says. Only what a bundle can say is compared.
    fn unchanged(&self, script: &Script, old: &Script) -> Result<bool, ExecuteError> {
        let pages = script.pages.len() == old.pages.len()
            && script.pages.iter().zip(&old.pages).all(|(page, old)| {
                page.scan == old.scan
                    && page.file_page == old.file_page
                    && (page.scan.is_some() || page.file == old.file)
            });
        let by_bundle = old.adjustment.is_none();
        let marks = script.marker_mark == old.marker_mark
            && script.questions == old.questions
            && (!by_bundle || script.harmonised == old.harmonised);
        let annotations = match &old.annotations_apart {
            None => script.annotations == old.annotations,
            Some(apart) => {
                let what = format!("the annotations of candidate {}", script.candidate);
                let bytes = crate::store::packs::OpenPacks::default()
                    .read(self.bench.blobs, apart)
                    .map_err(|source| StoreError::Blob { act: format!("read {what}"), source })?;
                let kept =
                    Record::<Vec<crate::model::Annotation>>::read(bytes).map_err(StoreError::record(what))?;
                let kept = kept.value().map_err(StoreError::record("annotations"))?;
                script.annotations == kept
            }
        };
        Ok(pages
            && marks
            && annotations
            && script.batch == old.batch
            && script.appreciation == old.appreciation)
    }

    fn contradiction(&self, detail: &str) -> ExecuteError {
        self.shelf().contradiction(detail)
    }

    fn shelf(&self) -> Shelf<'_> {
        Shelf { bench: self.bench, exam: &self.command.exam, generation: self.generation }
    }
}

fn attendance(kept: &ArchivedAttendance) -> Attendance {
    match kept {
        ArchivedAttendance::Present => Attendance::Present,
        ArchivedAttendance::Absent => Attendance::Absent,
        ArchivedAttendance::AbsentJustified => Attendance::AbsentJustified,
        ArchivedAttendance::Exempt => Attendance::Exempt,
    }
}
