//! Which types are records, and their numbers.

use rkyv::{Archive, Deserialize, Serialize};

use super::Kept;
use super::export::Export;
use super::tally::{Tally, Waiting};
use crate::journal::Counts;
use crate::model::{
    AccessToken, Account, Annotation, Batch, BlobRef, Candidate, Damage, Exam, Marker, School, Script,
};

/// An exam and where its records are.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[rkyv(derive(Debug))]
pub struct ExamEntry {
    /// The exam.
    pub exam: Exam,
    /// The prefix of its records' keys. Each import makes a new one.
    pub generation: u32,
    /// How many records there are of each.
    pub counts: Counts,
    /// SHA-256 that names the content of the bundle imported last.
    pub bundle: [u8; 32],
    /// SHA-256 of the import command applied last, as the journal spells it.
    pub command: [u8; 32],
    /// The journal line of the import applied last.
    pub import_line: u64,
    /// The journal line that changed it last.
    pub line: u64,
    /// How far its life has come.
    pub life: Life,
}

/// How far an exam's life has come, beside what its records say.
#[derive(Archive, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[rkyv(derive(Debug, Clone, Copy))]
pub struct Life {
    /// Whether somebody changed its settings: a later bundle leaves them alone then.
    pub settings_by_hand: bool,
    /// When the closing of a one-off exam was done: seconds since 1970, UTC.
    pub closed_at: Option<i64>,
    /// When Cyclades published: seconds since 1970, UTC.
    pub published_at: Option<i64>,
    /// Whether a person said so, rather than Cyclades.
    pub published_by_hand: bool,
    /// When the first script of an E3C was transmitted: seconds since 1970, UTC.
    pub download_since: Option<i64>,
    /// What purges have taken away, when there was one.
    pub purged: Option<Purged>,
}

/// What the purges of an exam have taken away, all together.
#[derive(Archive, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[rkyv(derive(Debug, Clone, Copy))]
pub struct Purged {
    /// When the last one was: seconds since 1970, UTC.
    pub at: i64,
    /// Its journal line.
    pub line: u64,
    /// Candidates.
    pub candidates: u64,
    /// Scripts.
    pub scripts: u64,
    /// Their pages.
    pub pages: u64,
}

/// A copy that no purge takes away. Kept beside the scripts, so that it outlives imports and a copy's
/// own record, and with that its PDF, stays as it is.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug))]
pub struct Hold {
    /// The candidate's number.
    pub candidate: String,
    /// Who holds it: the id of an account, or `operator`; never a name.
    pub author: String,
    /// Since when: seconds since 1970, UTC.
    pub at: i64,
    /// The journal line.
    pub line: u64,
    /// Why: text in a blob, because it may name a person.
    pub reason: BlobRef,
}

impl ArchivedLife {
    /// The values themselves.
    pub fn get(&self) -> Life {
        let ArchivedLife { closed_at, published_at, download_since, purged, .. } = self;
        Life {
            settings_by_hand: self.settings_by_hand,
            closed_at: closed_at.as_ref().map(|at| at.to_native()),
            published_at: published_at.as_ref().map(|at| at.to_native()),
            published_by_hand: self.published_by_hand,
            download_since: download_since.as_ref().map(|at| at.to_native()),
            purged: purged.as_ref().map(ArchivedPurged::get),
        }
    }
}

impl ArchivedPurged {
    /// The values themselves.
    fn get(&self) -> Purged {
        let ArchivedPurged { at, line, candidates, scripts, pages } = self;
        Purged {
            at: at.to_native(),
            line: line.to_native(),
            candidates: candidates.to_native(),
            scripts: scripts.to_native(),
            pages: pages.to_native(),
        }
    }
}

/// When scripts were transmitted (Cyclades had accepted their marks): those of some neighbouring places, in
/// order, the last ones left out when they have none. Seconds since 1970, UTC.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[rkyv(derive(Debug))]
pub struct Moments(pub Vec<Option<i64>>);

/// What inspection found when it decoded a scan. Kept by the scan's SHA-256; can be found again at
/// any time, so it is not journalled.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug))]
pub struct InspectionRecord {
    /// Nothing is written on it.
    pub blank: bool,
    /// Resolution in dots per inch across the page; 0 when unknown.
    pub dpi: u32,
    /// Share of dark pixels, in thousandths.
    pub ink_permille: u16,
    /// Why it cannot be trusted, when it cannot.
    pub damage: Option<Damage>,
}

macro_rules! kept {
    ($($kind:literal $type:ty),* $(,)?) => {
        $(impl Kept for $type {
            const KIND: u16 = $kind;
            const SCHEMA: u16 = 1;
        })*
    };
}

// A number is never given to another type, even when its own is gone.
kept! {
    1 ExamEntry,
    2 School,
    3 Marker,
    4 Batch,
    5 Candidate,
    6 Script,
    7 Vec<Annotation>,
    8 InspectionRecord,
    9 Export,
    10 Tally,
    11 Waiting,
    12 Moments,
    13 Hold,
    14 Account,
    15 AccessToken,
}

impl crate::journal::ArchivedCounts {
    /// The numbers themselves.
    pub fn get(&self) -> Counts {
        Counts {
            schools: self.schools.to_native(),
            markers: self.markers.to_native(),
            batches: self.batches.to_native(),
            candidates: self.candidates.to_native(),
            scripts: self.scripts.to_native(),
            pages: self.pages.to_native(),
            exports: self.exports.to_native(),
            transmitted: self.transmitted.to_native(),
            holds: self.holds.to_native(),
        }
    }
}
