//! The script (*copie*): one candidate's scanned answer book.

use rkyv::{Archive, Deserialize, Serialize};

use super::{Annotation, BlobRef, Hundredths, Page};

/// The score of one question.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug))]
pub struct Question {
    /// Such as `1.a`.
    pub label: String,
    /// Earned.
    pub earned: Hundredths,
    /// At most.
    pub maximum: Hundredths,
}

/// A record that lies with others in one blob.
#[derive(Archive, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug, Clone, Copy, PartialEq, Eq))]
pub struct Packed {
    /// The blob.
    pub pack: BlobRef,
    /// Where in it the record begins.
    pub offset: u32,
    /// Bytes of the record.
    pub length: u32,
}

/// How a mark was changed.
#[derive(Archive, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug, Clone, Copy, PartialEq, Eq))]
pub enum Change {
    /// With its whole batch, by so much from the marker's mark.
    ByBatch(Hundredths),
    /// By itself, when the batch was harmonised.
    Alone,
    /// By itself, as a correction of the final mark.
    Corrected,
}

/// Who changed a mark, when and why. Earlier changes are in the journal.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug))]
pub struct Adjustment {
    /// How.
    pub change: Change,
    /// A login; never a candidate's name.
    pub author: String,
    /// Seconds since 1970, UTC.
    pub at: i64,
    /// The journal line.
    pub line: u64,
    /// Why: text in a blob, because it may name a person.
    pub reason: BlobRef,
}

/// *Copie*.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[rkyv(derive(Debug))]
pub struct Script {
    /// Unguessable, the same after a new import or a rebuild: the first 128 bits of an
    /// HMAC-SHA-256 of exam and candidate under the data directory's secret.
    pub id: [u8; 16],
    /// The candidate's number.
    pub candidate: String,
    /// The batch it was given out in.
    pub batch: Option<String>,
    /// In order; none is ever dropped.
    pub pages: Vec<Page>,
    /// The marker's total.
    pub marker_mark: Option<Hundredths>,
    /// The marker's mark in detail.
    pub questions: Vec<Question>,
    /// Whether the marker is done with it: he gave a mark, or said that there is none.
    pub marked: bool,
    /// The harmonised mark, kept apart from the marker's.
    pub harmonised: Option<Hundredths>,
    /// Who made the harmonised mark what it is, when that was not the bundle.
    pub adjustment: Option<Adjustment>,
    /// The marker's general comment.
    pub appreciation: Option<String>,
    /// In the order they were made. Empty when [`Script::annotations_apart`] says where they are.
    pub annotations: Vec<Annotation>,
    /// Where the annotations are when they are too many for a record.
    pub annotations_apart: Option<Packed>,
}

impl ArchivedPacked {
    /// The place itself.
    pub fn get(&self) -> Packed {
        let ArchivedPacked { pack, offset, length } = self;
        Packed { pack: pack.get(), offset: offset.to_native(), length: length.to_native() }
    }
}

impl Script {
    /// *Note finale*: the harmonised mark where there is one, else the marker's.
    pub fn final_mark(&self) -> Option<Hundredths> {
        self.harmonised.or(self.marker_mark)
    }
}

impl ArchivedScript {
    /// *Note finale*: the harmonised mark where there is one, else the marker's.
    pub fn final_mark(&self) -> Option<Hundredths> {
        self.harmonised.as_ref().or(self.marker_mark.as_ref()).map(super::ArchivedHundredths::get)
    }
}
