//! The commands that change state, as journal lines spell them.

use serde::{Deserialize, Serialize};

use super::closing::{ChangeMarks, ChangeSettings, Launch, MoveBatches, Publish, Sent};
use super::hex;
use super::keeping::{HoldCopy, PurgeExam};
use super::people::{PutAccount, PutToken};
use crate::model::BlobRef;

/// Everything that changes the state of a data directory. Carries ids, digests and numbers only:
/// what is personal lies in blobs that a purge can destroy.
///
/// Whoever adds a command adds a variant here and its preparation in `store::apply`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[allow(
    clippy::large_enum_variant,
    reason = "one command is under way at a time, and none is kept in a list"
)]
pub enum Command {
    /// A bundle takes the place of an exam's records, or is laid over them (E3C).
    Import(ImportCommand),
    /// Someone takes responsibility for damaged pages, by name.
    AcceptDamage(AcceptDamage),
    /// Inspection found pages that cannot be trusted.
    FoundDamage(FoundDamage),
    /// *Paramétrage fonctionnel*: some settings have other values.
    ChangeSettings(ChangeSettings),
    /// Batches are locked, unlocked or validated.
    MoveBatches(MoveBatches),
    /// Marks are changed, a batch's or a candidate's.
    ChangeMarks(ChangeMarks),
    /// A launch or relaunch: what will be sent is kept before it is sent.
    Launch(Launch),
    /// An attempt to send an export has come to an end, or to none.
    Sent(Sent),
    /// Cyclades has published.
    Publish(Publish),
    /// A copy is held back from purges, or held no longer.
    HoldCopy(HoldCopy),
    /// The copies of an exam are destroyed, except those that are held.
    PurgeExam(PurgeExam),
    /// An account is made or changed.
    PutAccount(PutAccount),
    /// A token is made or taken back.
    PutToken(PutToken),
}

impl Command {
    /// The exam it is about; none when it is about people.
    pub fn exam(&self) -> Option<&str> {
        Some(match self {
            Command::Import(command) => &command.exam,
            Command::AcceptDamage(command) => &command.exam,
            Command::FoundDamage(command) => &command.exam,
            Command::ChangeSettings(command) => &command.exam,
            Command::MoveBatches(command) => &command.exam,
            Command::ChangeMarks(command) => &command.exam,
            Command::Launch(command) => &command.exam,
            Command::Sent(command) => &command.exam,
            Command::Publish(command) => &command.exam,
            Command::HoldCopy(command) => &command.exam,
            Command::PurgeExam(command) => &command.exam,
            Command::PutAccount(_) | Command::PutToken(_) => return None,
        })
    }

    /// What it is about, as messages say it.
    pub fn about(&self) -> String {
        match self {
            Command::PutAccount(command) => format!("account {}", hex::encode(&command.account)),
            Command::PutToken(command) => format!("token {}", hex::encode(&command.token)),
            other => format!("exam {}", other.exam().unwrap_or_default()),
        }
    }

    /// Every blob the command itself names; they must be durable before it is executed.
    pub fn blobs(&self) -> Vec<BlobRef> {
        match self {
            Command::Import(command) => command.blobs.all().to_vec(),
            Command::AcceptDamage(command) => vec![command.reason],
            Command::ChangeMarks(command) => vec![command.reason],
            Command::Launch(command) => command.exports.iter().map(|export| export.rows).collect(),
            Command::Sent(command) => command.answer.rejected().into_iter().collect(),
            Command::HoldCopy(command) => vec![command.reason],
            Command::PurgeExam(command) => vec![command.rest],
            Command::PutAccount(command) => vec![command.content],
            Command::PutToken(command) => vec![command.content],
            Command::FoundDamage(_)
            | Command::ChangeSettings(_)
            | Command::MoveBatches(_)
            | Command::Publish(_) => Vec::new(),
        }
    }
}

/// An import, complete: with these blobs it can be done again without bundle or decoder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportCommand {
    /// The exam's identifier.
    pub exam: String,
    /// SHA-256 that names the bundle's content.
    #[serde(with = "hex::digest")]
    pub bundle: [u8; 32],
    /// The bundle's own files and what was found in its scans.
    pub blobs: BundleBlobs,
    /// What the bundle holds.
    pub counts: Counts,
}

/// Where a bundle's content is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleBlobs {
    /// `manifest.json` as it was.
    #[serde(with = "hex::blob")]
    pub manifest: BlobRef,
    /// `schools.jsonl` as it was.
    #[serde(with = "hex::blob")]
    pub schools: BlobRef,
    /// `markers.jsonl` as it was.
    #[serde(with = "hex::blob")]
    pub markers: BlobRef,
    /// `batches.jsonl` as it was.
    #[serde(with = "hex::blob")]
    pub batches: BlobRef,
    /// `candidates.jsonl` as it was.
    #[serde(with = "hex::blob")]
    pub candidates: BlobRef,
    /// `scripts.jsonl` as it was.
    #[serde(with = "hex::blob")]
    pub scripts: BlobRef,
    /// For every distinct file of scans its probed pages, as JSON lines.
    #[serde(with = "hex::blob")]
    pub pages: BlobRef,
}

impl BundleBlobs {
    /// All of them, in the order of the fields.
    pub fn all(&self) -> [BlobRef; 7] {
        [self.manifest, self.schools, self.markers, self.batches, self.candidates, self.scripts, self.pages]
    }
}

/// How many there are of each: of a bundle in an [`ImportCommand`], of a whole exam elsewhere.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
)]
#[serde(deny_unknown_fields)]
#[rkyv(derive(Debug, Clone, Copy))]
pub struct Counts {
    /// Schools.
    pub schools: u64,
    /// Markers.
    pub markers: u64,
    /// Batches.
    pub batches: u64,
    /// Candidates.
    pub candidates: u64,
    /// Scripts.
    pub scripts: u64,
    /// Pages of all scripts.
    pub pages: u64,
    /// Exports to Cyclades and IMAG'IN that were prepared so far.
    #[serde(default, skip_serializing_if = "none_yet")]
    pub exports: u64,
    /// Scripts of an E3C whose mark Cyclades has accepted.
    #[serde(default, skip_serializing_if = "none_yet")]
    pub transmitted: u64,
    /// Copies that are held back from purges.
    #[serde(default, skip_serializing_if = "none_yet")]
    pub holds: u64,
}

/// Lines written before the first of them say nothing of exports, of what was transmitted, of holds.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields so")]
fn none_yet(count: &u64) -> bool {
    *count == 0
}

/// Damaged pages accepted by name, with one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptDamage {
    /// The exam's identifier.
    pub exam: String,
    /// Which pages. *All damaged* is spelt out by whoever asks for it (`ExamView::damaged`).
    pub pages: Vec<PagePlace>,
    /// Why: UTF-8 text, kept in a blob because it may name a person.
    #[serde(with = "hex::blob")]
    pub reason: BlobRef,
}

/// A page of a candidate's script.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PagePlace {
    /// The candidate's number.
    pub candidate: String,
    /// Page of the script, from 1.
    pub page: u32,
}

/// Pages whose scans inspection could not decode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoundDamage {
    /// The exam's identifier.
    pub exam: String,
    /// What was found where.
    pub items: Vec<FoundItem>,
}

/// One page that inspection could not trust.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoundItem {
    /// The candidate's number.
    pub candidate: String,
    /// Page of the script, from 1.
    pub page: u32,
    /// SHA-256 of the scan that was inspected. A page that holds another scan by now is left alone.
    #[serde(with = "hex::digest")]
    pub scan: [u8; 32],
    /// Stable code, such as `SCN-004`.
    pub code: String,
    /// What was found, in English, no personal data.
    pub detail: String,
}
