//! What readers see: one exam, in one generation of its records.

use std::io::Read as _;
use std::ops::Range;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::apply::scripts_in;
use super::consultation::{consultable_until, day, needed};
use super::generation::Held;
use super::inspected::Inspected;
use super::packs::OpenPacks;
use super::record::{ExamEntry, Export, Hold, InspectionRecord, Life, Record, SPAN, Tally, Waiting};
use super::search::{Index, Search, SearchPage};
use super::tables::{Keys, Records, Tables, Together, key, key_at, of_exam, read};
use super::{BlobStore, Refusal, StoreError, Transmissions, moments};
use crate::journal::{Counts, PagePlace, Timestamp};
use crate::model::{
    Annotation, ArchivedAnnotation, ArchivedExam, ArchivedExamKind, Batch, BlobRef, Candidate, ExamKind,
    Marker, School, Script,
};
use crate::rope::BlobSource;

/// An exam as one import made it. A later import makes a new generation and leaves this one whole
/// for as long as the view lives; single records may change in place (a page's damage found or
/// accepted), each of them at once. Cheap to clone, and may be sent to other threads.
#[derive(Clone)]
pub struct ExamView {
    pub(super) tables: Arc<Tables>,
    pub(super) blobs: Arc<BlobStore>,
    pub(super) packs: Arc<OpenPacks>,
    pub(super) entry: Record<ExamEntry>,
    pub(super) held: Arc<Held>,
}

/// A damaged page, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedPage {
    /// Candidate and page.
    pub place: PagePlace,
    /// Stable code, such as `SCN-004`.
    pub code: String,
    /// What was found, in English, no personal data.
    pub detail: String,
    /// Why someone accepted it, when someone has. May name a person: never logged.
    pub accepted: Option<String>,
}

/// A script's annotations, in its record or in a blob of their own.
pub enum Annotations<'s> {
    /// In the script's record.
    Within(&'s [ArchivedAnnotation]),
    /// Too many for it.
    Apart(Record<Vec<Annotation>>),
}

impl Annotations<'_> {
    /// In the order they were made.
    pub fn get(&self) -> &[ArchivedAnnotation] {
        match self {
            Annotations::Within(annotations) => annotations,
            Annotations::Apart(record) => record.get(),
        }
    }
}

impl ExamView {
    /// The exam.
    pub fn exam(&self) -> &ArchivedExam {
        &self.entry.get().exam
    }

    /// The exam's identifier.
    pub fn id(&self) -> &str {
        &self.exam().id
    }

    /// How many there are of each.
    pub fn counts(&self) -> Counts {
        self.entry.get().counts.get()
    }

    /// SHA-256 that names the content of the bundle imported last.
    pub fn bundle(&self) -> [u8; 32] {
        self.entry.get().bundle
    }

    /// The journal line that changed the exam last before this view was taken. When a fresh view
    /// says another number, something has changed since.
    pub fn line(&self) -> u64 {
        self.entry.get().line.to_native()
    }

    /// A digest of what the store knows of the exam as a whole: settings, generation, life, and the line
    /// that changed it last. Another one whenever a command changed anything of it.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.entry.envelope()).into()
    }

    /// How far its life has come.
    pub fn life(&self) -> Life {
        self.entry.get().life.get()
    }

    /// Its exports to both targets, those to Cyclades first, each target's by number.
    ///
    /// # Errors
    /// [`StoreError`] when a record cannot be read.
    pub fn exports(&self) -> Result<Vec<Export>, StoreError> {
        exports(&self.tables, self.id())
    }

    /// Its copies that no purge takes away, by candidate number.
    ///
    /// # Errors
    /// [`StoreError`] when a record cannot be read.
    pub fn holds(&self) -> Result<Vec<Hold>, StoreError> {
        holds(&self.tables, self.id())
    }

    /// The last day on which its copies may be consulted, `YYYY-MM-DD`; none while nobody knows.
    pub fn consultable_until(&self) -> Option<String> {
        let exam = self.exam();
        consultable_until(exam.consultable_until.as_deref(), self.kind(), &self.life())
    }

    /// Why its copies are needed although their consultation may be over; none when they are not.
    ///
    /// # Errors
    /// [`StoreError`] when the record of an export cannot be read.
    pub fn needed(&self) -> Result<Option<&'static str>, StoreError> {
        Ok(needed(self.kind(), &self.life(), &self.exports()?))
    }

    /// Refuses when copies of the exam were purged: what is still here is not the whole.
    ///
    /// # Errors
    /// [`Refusal::Purged`] with the day.
    pub fn is_whole(&self) -> Result<(), Refusal> {
        match self.life().purged {
            Some(purged) => Err(Refusal::Purged { exam: self.id().to_owned(), on: day(purged.at) }),
            None => Ok(()),
        }
    }

    /// Where its scans are.
    pub fn blobs(&self) -> &Arc<BlobStore> {
        &self.blobs
    }

    fn kind(&self) -> ExamKind {
        match self.exam().kind {
            ArchivedExamKind::OneOff => ExamKind::OneOff,
            ArchivedExamKind::CommonAssessment => ExamKind::CommonAssessment,
        }
    }

    /// Schools, by UAI.
    pub fn schools(&self) -> Records<School> {
        Records::of(&self.tables.schools, self.held.generation(), "school", Keys::Names)
    }

    /// One school.
    ///
    /// # Errors
    /// [`StoreError`] when its record cannot be read; so for all that follow.
    pub fn school(&self, uai: &str) -> Result<Option<Record<School>>, StoreError> {
        read(&self.tables.schools, self.key(uai), || format!("school {uai}"))
    }

    /// Candidates, in the order of a delivery's entries: the first at place 0, the next at 1…
    ///
    /// # Errors
    /// [`StoreError`] when the first of them cannot be looked for.
    pub fn candidates(&self) -> Result<Records<Candidate>, StoreError> {
        self.tables.candidates_from(self.held.generation(), 0)
    }

    /// Where the records of a candidate are; none when the exam has no such candidate.
    ///
    /// # Errors
    /// [`StoreError`] when the place cannot be read.
    pub fn place_of(&self, number: &str) -> Result<Option<u32>, StoreError> {
        self.tables.place_of(self.held.generation(), number)
    }

    /// One candidate.
    ///
    /// # Errors
    /// [`StoreError`] when the record cannot be read.
    pub fn candidate(&self, number: &str) -> Result<Option<Record<Candidate>>, StoreError> {
        let Some(place) = self.place_of(number)? else { return Ok(None) };
        self.tables.candidate_at(self.held.generation(), place, || format!("candidate {number}"))
    }

    /// The candidate at a place; none past the last.
    ///
    /// # Errors
    /// [`StoreError`] when the record cannot be read.
    pub fn candidate_at(&self, place: u32) -> Result<Option<Record<Candidate>>, StoreError> {
        self.tables.candidate_at(self.held.generation(), place, || format!("the candidate at place {place}"))
    }

    /// Scripts, in the order of a delivery's entries.
    pub fn scripts(&self) -> Records<Script> {
        let what = "the script of the candidate";
        Records::of(&self.tables.scripts, self.held.generation(), what, Keys::Places)
    }

    /// The candidates at some places, in the order of a delivery's entries, each with the script if there is
    /// one: for who needs all of them.
    ///
    /// # Errors
    /// [`StoreError`] when the first of them cannot be looked for.
    pub fn together(&self, places: Range<u32>) -> Result<Together, StoreError> {
        Together::of(&self.tables, self.held.generation(), places)
    }

    /// One candidate's script.
    ///
    /// # Errors
    /// [`StoreError`] when the record cannot be read.
    pub fn script(&self, candidate: &str) -> Result<Option<Record<Script>>, StoreError> {
        let Some(place) = self.place_of(candidate)? else { return Ok(None) };
        let what = || format!("the script of candidate {candidate}");
        read(&self.tables.scripts, self.key_at(place), what)
    }

    /// The script of the candidate at a place; none when there is none.
    ///
    /// # Errors
    /// [`StoreError`] when the record cannot be read.
    pub fn script_at(&self, place: u32) -> Result<Option<Record<Script>>, StoreError> {
        let what = || format!("the script of the candidate at place {place}");
        read(&self.tables.scripts, self.key_at(place), what)
    }

    /// When the script of the candidate at a place was transmitted, that is when Cyclades had accepted its
    /// mark: seconds since 1970, UTC. None when it was not, and for a one-off exam.
    ///
    /// # Errors
    /// [`StoreError`] when the record cannot be read.
    pub fn transmitted_at(&self, place: u32) -> Result<Option<Timestamp>, StoreError> {
        moments::at(&self.tables, self.held.generation(), place)
    }

    /// When scripts were transmitted, for who asks about many that lie together.
    pub fn transmissions(&self) -> Transmissions {
        Transmissions::of(Arc::clone(&self.tables), Arc::clone(&self.held))
    }

    /// Batches, by id.
    pub fn batches(&self) -> Records<Batch> {
        Records::of(&self.tables.batches, self.held.generation(), "batch", Keys::Names)
    }

    /// One batch.
    ///
    /// # Errors
    /// [`StoreError`] when the record cannot be read.
    pub fn batch(&self, id: &str) -> Result<Option<Record<Batch>>, StoreError> {
        read(&self.tables.batches, self.key(id), || format!("batch {id}"))
    }

    /// What is counted of the candidates in no batch, then of each batch, by id.
    pub fn tallies(&self) -> Records<Tally> {
        Records::of(&self.tables.tallies, self.held.generation(), "the tally of batch", Keys::Names)
    }

    /// What is counted of a batch.
    ///
    /// # Errors
    /// [`StoreError`] when the record cannot be read, or is not there.
    pub fn tally(&self, batch: &str) -> Result<Record<Tally>, StoreError> {
        let what = || format!("the tally of batch {batch}");
        let tally = read(&self.tables.tallies, self.key(batch), what)?;
        tally.ok_or_else(|| StoreError::Inconsistent { detail: format!("{} is missing", what()) })
    }

    /// What waits for inspection, span by span.
    pub fn waiting(&self) -> Records<Waiting> {
        Records::of(&self.tables.waiting, self.held.generation(), "what waits in a span,", Keys::Places)
    }

    /// How many spans of places there are: what is inspected together.
    pub fn spans(&self) -> u32 {
        u32::try_from(self.counts().candidates.div_ceil(u64::from(SPAN))).unwrap_or(u32::MAX)
    }

    /// The scripts of a span, by place.
    ///
    /// # Errors
    /// [`StoreError`] when a record cannot be read.
    pub fn scripts_in(&self, span: u32) -> Result<Vec<Record<Script>>, StoreError> {
        let scripts = scripts_in(&self.tables, self.held.generation(), span)?;
        Ok(scripts.into_iter().map(|(_, script)| script).collect())
    }

    /// Markers, by id.
    pub fn markers(&self) -> Records<Marker> {
        Records::of(&self.tables.markers, self.held.generation(), "marker", Keys::Names)
    }

    /// One marker.
    ///
    /// # Errors
    /// [`StoreError`] when the record cannot be read.
    pub fn marker(&self, id: &str) -> Result<Option<Record<Marker>>, StoreError> {
        read(&self.tables.markers, self.key(id), || format!("marker {id}"))
    }

    /// A script's annotations, wherever they are kept.
    ///
    /// # Errors
    /// [`StoreError::Blob`] when they are in a blob that cannot be read whole.
    pub fn annotations<'s>(&self, script: &'s Record<Script>) -> Result<Annotations<'s>, StoreError> {
        let script = script.get();
        let Some(apart) = script.annotations_apart.as_ref() else {
            return Ok(Annotations::Within(&script.annotations));
        };
        let what = format!("the annotations of candidate {}", script.candidate);
        let bytes = self
            .packs
            .read(&self.blobs, &apart.get())
            .map_err(|source| StoreError::Blob { act: format!("read {what}"), source })?;
        Ok(Annotations::Apart(Record::read(bytes).map_err(StoreError::record(what))?))
    }

    /// What inspection found in a scan; none when it was not inspected yet.
    ///
    /// # Errors
    /// [`StoreError`] when the record cannot be read.
    pub fn inspection(&self, scan: &BlobRef) -> Result<Option<Record<InspectionRecord>>, StoreError> {
        read(&self.tables.inspections, scan.sha256, || "an inspection".to_owned())
    }

    /// What inspection has found in all scans so far, for who asks about most of an exam's pages.
    ///
    /// # Errors
    /// [`StoreError`] when a record cannot be read.
    pub fn inspected(&self) -> Result<Inspected, StoreError> {
        Inspected::of(&self.tables)
    }

    /// How many pages still wait for inspection: those with a scan, without damage, whose scan
    /// nobody has decoded yet. Reads every script.
    ///
    /// # Errors
    /// [`StoreError`] when a record cannot be read.
    pub fn uninspected(&self) -> Result<u64, StoreError> {
        let mut waiting = 0;
        for script in self.scripts() {
            for page in script?.get().pages.iter().filter(|page| page.damage.is_none()) {
                if let Some(placed) = page.scan.as_ref() {
                    let inspected = self.tables.inspections.contains_key(placed.image.blob.sha256)?;
                    waiting += u64::from(!inspected);
                }
            }
        }
        Ok(waiting)
    }

    /// Every damaged page, accepted or not, by candidate number and page. Reads every script.
    ///
    /// # Errors
    /// [`StoreError`] when a record cannot be read.
    pub fn damaged(&self) -> Result<Vec<DamagedPage>, StoreError> {
        let mut damaged = Vec::new();
        for script in self.scripts() {
            let script = script?;
            for (page, number) in script.get().pages.iter().zip(1_u32..) {
                if let Some(damage) = page.damage.as_ref() {
                    let candidate = script.get().candidate.to_string();
                    damaged.push(DamagedPage {
                        place: PagePlace { candidate, page: number },
                        code: damage.code.to_string(),
                        detail: damage.detail.to_string(),
                        accepted: page.accepted.as_ref().map(|accepted| accepted.reason.to_string()),
                    });
                }
            }
        }
        damaged.sort_unstable_by(|one: &DamagedPage, other| one.place.cmp(&other.place));
        Ok(damaged)
    }

    /// A page of the candidates that somebody looks for and that `is_seen` lets pass, by place; sorted by last
    /// name, first name and number. None when the query does not find the candidate to come after.
    ///
    /// # Errors
    /// [`StoreError`] when the index cannot be read, or as `is_seen` does.
    pub fn find(
        &self,
        search: &Search<'_>,
        is_seen: &mut dyn FnMut(u32) -> Result<bool, StoreError>,
    ) -> Result<Option<SearchPage>, StoreError> {
        self.index().find(search, is_seen)
    }

    /// The numbers of the candidates that a query finds, at most `limit`, sorted by last name,
    /// first name and number; see [`Search::query`].
    ///
    /// # Errors
    /// [`StoreError`] when the index or a candidate's record cannot be read.
    pub fn search(&self, query: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        let page = self.find(&Search { query, limit, ..Search::default() }, &mut |_| Ok(true))?;
        let mut numbers = Vec::new();
        for place in page.unwrap_or_default().places {
            numbers.extend(self.candidate_at(place)?.map(|candidate| candidate.get().number.to_string()));
        }
        Ok(numbers)
    }

    /// The place of the script with an id; none when the exam has no such script.
    ///
    /// # Errors
    /// [`StoreError`] when the index or the script's record cannot be read.
    pub fn place_of_script(&self, id: &[u8; 16]) -> Result<Option<u32>, StoreError> {
        let Some(place) = self.index().place_of_script(id)? else { return Ok(None) };
        let script = self.script_at(place)?;
        Ok(script.filter(|script| script.get().id == *id).map(|_| place))
    }

    fn index(&self) -> Index<'_> {
        // Places are 32 bits wide: an import of more is refused.
        let people = u32::try_from(self.counts().candidates).unwrap_or(u32::MAX);
        Index { table: &self.tables.search, generation: self.held.generation(), people }
    }

    fn key(&self, name: &str) -> Vec<u8> {
        key(self.held.generation(), name)
    }

    fn key_at(&self, place: u32) -> [u8; 8] {
        key_at(self.held.generation(), place)
    }
}

/// An exam's exports.
pub(super) fn exports(tables: &Tables, exam: &str) -> Result<Vec<Export>, StoreError> {
    let read = |entry: sled::Result<(sled::IVec, sled::IVec)>| {
        let what = || StoreError::record(format!("an export of exam {exam}"));
        Record::<Export>::read(entry?.1).map_err(what())?.value().map_err(what())
    };
    tables.exports.scan_prefix(of_exam(exam)).map(read).collect()
}

/// An exam's holds.
pub(super) fn holds(tables: &Tables, exam: &str) -> Result<Vec<Hold>, StoreError> {
    let read = |entry: sled::Result<(sled::IVec, sled::IVec)>| {
        let what = || StoreError::record(format!("a hold of exam {exam}"));
        Record::<Hold>::read(entry?.1).map_err(what())?.value().map_err(what())
    };
    tables.holds.scan_prefix(of_exam(exam)).map(read).collect()
}

/// A whole blob, when it has the length its reference says and no more than `limit`.
pub(super) fn read_blob(blobs: &BlobStore, blob: &BlobRef, limit: u64) -> std::io::Result<Vec<u8>> {
    let file = blobs.open(blob)?;
    let held = file.metadata()?.len();
    if held != blob.length || held > limit {
        return Err(std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            format!("{held} bytes instead of {}", blob.length),
        ));
    }
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}
