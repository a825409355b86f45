//! Importing: a whole new generation of an exam's records.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use sled::Tree;

use super::carry_over::carry_over;
use super::writer::Writer;
use super::{Bench, Place, Prepared, exam_entry};
use crate::journal::{Counts, ImportCommand};
use crate::model::{
    ArchivedBatchState, ArchivedHarmonisation, Batch, BatchState, Candidate, Exam, ExamKind, Harmonisation,
    School, Script,
};
use crate::store::record::{ExamEntry, Kept, Record, VALUE_LIMIT};
use crate::store::search::{Name, entries};
use crate::store::tables::{Records, key, read};
use crate::store::{BlobBatch, BlobSink, ExecuteError, Holdings, StoreError};

/// A script's record longer than this keeps its annotations in a blob of their own.
///
/// sled reads and copies whole pages of up to 16 records. Copies are written in the order of their
/// names, records lie in the order of their numbers: with annotations within, each copy would pull
/// 160 kB through memory to use ten.
const ANNOTATED_RECORD: usize = 2048;

/// Writes the new generation, beside the one there is.
pub(super) fn prepare(
    bench: &Bench<'_>,
    command: &ImportCommand,
    place: Place,
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
    if let Some(entry) = before.as_ref().filter(|entry| !replayed && entry.command == digest) {
        // The same bundle again.
        return Ok(Prepared { entry: entry.clone(), scripts: Vec::new(), changes: false, staged: None });
    }
    let generation = bench.generations.fresh()?;
    let mut staging = Staging { bench, command, place, generation, before, batch: bench.blobs.begin() };
    let staged = staging.all(digest).and_then(|entry| {
        let sealed = staging.batch.seal();
        sealed.map_err(|source| StoreError::Blob { act: "keep annotations".to_owned(), source })?;
        Ok(entry)
    });
    match staged {
        Ok(entry) => Ok(Prepared { entry, scripts: Vec::new(), changes: true, staged: Some(generation) }),
        Err(error) => {
            bench.generations.give_up(generation);
            Err(error)
        }
    }
}

/// A generation being written.
struct Staging<'a> {
    bench: &'a Bench<'a>,
    command: &'a ImportCommand,
    place: Place,
    generation: u32,
    /// The exam as it is.
    before: Option<ExamEntry>,
    /// Annotations too many for a record.
    batch: BlobBatch<'a>,
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
        let schools = self.merged(&tables.schools, under, schools, |school: &School| &school.uai)?;
        counts.schools = self.write(&tables.schools, "school", &schools)?;
        drop(schools);
        let markers = self.merged(&tables.markers, under, markers, |marker| &marker.id)?;
        counts.markers = self.write(&tables.markers, "marker", &markers)?;
        drop(markers);
        let mut batches = self.merged(&tables.batches, under, batches, |batch: &Batch| &batch.id)?;
        self.keep_batch_states(&mut batches)?;
        counts.batches = self.write(&tables.batches, "batch", &batches)?;
        drop(batches);
        let candidates =
            self.merged(&tables.candidates, under, candidates, |candidate: &Candidate| &candidate.number)?;
        counts.candidates = self.write(&tables.candidates, "candidate", &candidates)?;
        self.index(candidates)?;

        let mut own_counts = Counts {
            schools: own.0 as u64,
            markers: own.1 as u64,
            batches: own.2 as u64,
            candidates: own.3 as u64,
            ..Counts::default()
        };
        let mut writer = Writer::of(&tables.scripts);
        let mut named = BTreeSet::new();
        for script in scripts {
            let script = script?;
            own_counts.scripts += 1;
            own_counts.pages += script.pages.len() as u64;
            let candidate = script.candidate.clone();
            let record = self.script(script)?;
            writer.put(key(self.generation, &candidate), record.envelope())?;
            named.insert(candidate);
        }
        (counts.scripts, counts.pages) = (own_counts.scripts, own_counts.pages);
        if own_counts != self.command.counts || named.len() as u64 != own_counts.scripts {
            return Err(self.contradiction("the command's counts are not its bundle's"));
        }
        if let Some(under) = under {
            for script in Records::<Script>::of(&tables.scripts, under, "the script of candidate") {
                let script = script?;
                let candidate = script.get().candidate.as_str();
                if !named.contains(candidate) {
                    counts.scripts += 1;
                    counts.pages += script.get().pages.len() as u64;
                    writer.put(key(self.generation, candidate), script.envelope())?;
                }
            }
        }
        writer.end()?;
        self.entry(exam, counts, digest)
    }

    fn entry(&self, exam: Exam, counts: Counts, digest: [u8; 32]) -> Result<ExamEntry, ExecuteError> {
        let entry = ExamEntry {
            exam,
            generation: self.generation,
            counts,
            bundle: self.command.bundle,
            command: digest,
            import_line: self.place.line,
            line: self.place.line,
        };
        let record = Record::of(&entry).map_err(StoreError::record("the exam"))?;
        self.fits(&record, || "the exam itself".to_owned())?;
        Ok(entry)
    }

    /// The new values by key, over those of an earlier generation.
    fn merged<T: Kept>(
        &self,
        tree: &Tree,
        under: Option<u32>,
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
        if let Some(under) = under {
            for record in Records::<T>::of(tree, under, "a record") {
                let value = record?.value().map_err(StoreError::record("a record"))?;
                merged.entry(name(&value).clone()).or_insert(value);
            }
        }
        Ok(merged)
    }

    /// A bundle gives a batch's first state only: what was locked or validated stays so.
    fn keep_batch_states(&self, batches: &mut BTreeMap<String, Batch>) -> Result<(), ExecuteError> {
        let Some(before) = self.before.as_ref() else { return Ok(()) };
        for record in Records::<Batch>::of(&self.bench.tables.batches, before.generation, "batch") {
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

    fn write<T: Kept>(
        &self,
        tree: &Tree,
        what: &str,
        values: &BTreeMap<String, T>,
    ) -> Result<u64, ExecuteError> {
        let mut writer = Writer::of(tree);
        for (name, value) in values {
            let record = Record::of(value).map_err(StoreError::record(format!("{what} {name}")))?;
            self.fits(&record, || format!("{what} {name}"))?;
            writer.put(key(self.generation, name), record.envelope())?;
        }
        writer.end()?;
        Ok(values.len() as u64)
    }

    fn index(&self, candidates: BTreeMap<String, Candidate>) -> Result<(), ExecuteError> {
        let names = candidates.into_values().map(|candidate| Name {
            last_name: candidate.last_name,
            first_name: candidate.first_name,
            number: candidate.number,
        });
        let mut writer = Writer::of(&self.bench.tables.search);
        for (rest, value) in entries(names.collect()) {
            writer.put([self.generation.to_be_bytes().as_slice(), &rest].concat(), &value.into())?;
        }
        Ok(writer.end()?)
    }

    /// A script as it is kept: what the bundle cannot know is filled in.
    fn script(&self, mut script: Script) -> Result<Record<Script>, ExecuteError> {
        let what = || format!("the script of candidate {}", script.candidate);
        script.id = self.bench.secret.script_id(&self.command.exam, &script.candidate);
        script.renderable_at = self.place.at;
        if let Some(before) = self.before.as_ref() {
            let key = key(before.generation, &script.candidate);
            if let Some(old) = read::<Script>(&self.bench.tables.scripts, key, what)? {
                let old = old.value().map_err(StoreError::record(what()))?;
                script.renderable_at = old.renderable_at;
                carry_over(&mut script.pages, &old.pages);
            }
        }
        let record = Record::of(&script).map_err(StoreError::record(what()))?;
        if record.envelope().len() <= ANNOTATED_RECORD || script.annotations.is_empty() {
            self.fits(&record, || format!("the script of candidate {}", script.candidate))?;
            return Ok(record);
        }
        let annotations = Record::of(&script.annotations).map_err(StoreError::record(what()))?;
        let blob = self.batch.put(annotations.envelope()).map_err(|source| StoreError::Blob {
            act: format!("keep the annotations of candidate {}", script.candidate),
            source,
        })?;
        script.annotations = Vec::new();
        script.annotations_blob = Some(blob);
        let what = format!("the script of candidate {}", script.candidate);
        let record = Record::of(&script).map_err(StoreError::record(what.as_str()))?;
        self.fits(&record, || what)?;
        Ok(record)
    }

    fn fits<T: Kept>(&self, record: &Record<T>, what: impl FnOnce() -> String) -> Result<(), ExecuteError> {
        let length = record.envelope().len();
        if length > VALUE_LIMIT {
            let exam = self.command.exam.clone();
            return Err(ExecuteError::RecordTooLarge { exam, what: what(), length, limit: VALUE_LIMIT });
        }
        Ok(())
    }

    fn contradiction(&self, detail: &str) -> ExecuteError {
        ExecuteError::Contradiction { exam: self.command.exam.clone(), detail: detail.to_owned() }
    }
}
