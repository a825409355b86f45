//! What a kept plan is for: everything that the bytes of its archive depend on.

use sha2::{Digest, Sha256};

use super::choosing::{PlanRequest, Selection};
use super::workshop::Job;
use crate::journal::hex;

/// Endings of the files of plans, and of those that are being written.
pub(super) const PLAN: &str = "plan";
pub(super) const PART: &str = "part";

/// Names a plan. Its text is a file's name: it names nobody, and tells the exam's plans from others and
/// older ones from newer ones.
pub(super) struct Key {
    exam: String,
    line: u64,
    head: [u8; 48],
}

impl Key {
    /// The key of what a job would plan.
    pub fn of(job: &Job<'_>, request: &PlanRequest) -> Key {
        let state = job.source.state();
        let exam = &job.source.exam().id;
        let Selection { school, candidates, since, until } = &request.selection;
        let mut candidates: Vec<&str> = candidates.iter().map(String::as_str).collect();
        candidates.sort_unstable();
        candidates.dedup();
        let profile = request.profile;
        // The version stands for the forms of ZIP and summary, which no renderer knows of.
        let texts = [exam.as_str(), env!("CARGO_PKG_VERSION"), school.as_deref().unwrap_or_default()];
        let shown = [profile.annotations, profile.appreciation, profile.marking_details, school.is_some()];
        let mut hash = Sha256::new_with_prefix(b"copiste plan key 1");
        for text in texts.into_iter().chain(candidates) {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        hash.update(state.line.to_le_bytes());
        hash.update(state.digest);
        hash.update(job.press.identity());
        hash.update(shown.map(u8::from));
        for moment in [since, until] {
            hash.update([u8::from(moment.is_some())]);
            hash.update(moment.unwrap_or_default().to_le_bytes());
        }
        let mut head = [0; 48];
        head[..16].copy_from_slice(super::kept::MAGIC);
        head[16..].copy_from_slice(&hash.finalize());
        let exam = hex::encode(&Sha256::digest(exam.as_bytes())[..8]);
        Key { exam, line: state.line, head }
    }

    /// What a file of this plan begins with.
    pub fn head(&self) -> &[u8; 48] {
        &self.head
    }

    /// The journal line of the exam's state.
    pub fn line(&self) -> u64 {
        self.line
    }

    pub fn file_name(&self) -> String {
        format!("{}-{:016x}-{}.{PLAN}", self.exam, self.line, hex::encode(&self.head[16..32]))
    }

    /// The line that a file's name says, when the file is of the same exam. Without its ending.
    pub fn line_of(&self, name: &str) -> Option<u64> {
        let rest = name.strip_prefix(&self.exam)?.strip_prefix('-')?;
        u64::from_str_radix(rest.split('-').next()?, 16).ok()
    }
}
