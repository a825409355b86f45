//! One copy for a reader: composed once, given out from any byte.

use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use super::choosing::{Choice, Chosen, Selection, asked_for, choose};
use super::error::{BulkError, CopyFault};
use super::making::{Making, Schools};
use super::reader_error::{OneCopyError, PourError};
use super::report::Failure;
use super::scans::ScanCheck;
use super::source::Source;
use crate::journal::Timestamp;
use crate::render::{Desk, Press, Profile};
use crate::rope::{BlobSource, Outlet, Rope, RopeError, pour};
use crate::store::ExamView;

/// The records of a candidate's script, if it may be rendered.
pub(super) fn chosen(source: &dyn Source, candidate: &str) -> Result<Box<Chosen>, OneCopyError> {
    let selection = Selection { candidates: vec![candidate.to_owned()], ..Selection::default() };
    let places = asked_for(source, &selection)?;
    // One number was asked for, so it has a place or was refused.
    match places.first().map(|place| choose(source, &selection, *place)) {
        Some(Choice::Copy(chosen)) => Ok(chosen),
        Some(Choice::Refused(refusal)) => Err(OneCopyError::Refused(refusal)),
        Some(Choice::Failed(failure)) => {
            Err(OneCopyError::Failed(Failure { candidate: candidate.to_owned(), ..failure }))
        }
        Some(Choice::Elsewhere | Choice::Outside) | None => {
            Err(BulkError::NoSuchCandidate { numbers: vec![candidate.to_owned()] }.into())
        }
    }
}

/// A rope off its desk, once its scans are known to be there: before a length is told to anyone.
pub(super) fn whole(rope: &mut Rope, blobs: &dyn BlobSource) -> Result<Rope, CopyFault> {
    ScanCheck::new(blobs).check(rope)?;
    Ok(std::mem::take(rope))
}

pub(super) fn failed(candidate: &str, fault: &CopyFault) -> OneCopyError {
    OneCopyError::Failed(Failure::new(candidate, fault))
}

/// The edition of one script, whole in what it says and made of scans that are there. May be shared by
/// threads; looks at no record any more.
pub struct OneCopy {
    rope: Rope,
    candidate: String,
    entry: String,
    at: Timestamp,
    blobs: Arc<dyn BlobSource + Send + Sync>,
}

impl OneCopy {
    /// The copy of a candidate, by number.
    ///
    /// # Errors
    /// [`OneCopyError`] when the exam has no such candidate, when its script may not be rendered, and when
    /// its copy cannot be made.
    pub fn of(
        view: &ExamView,
        press: &Press,
        candidate: &str,
        profile: Profile,
    ) -> Result<OneCopy, OneCopyError> {
        OneCopy::over(view, view.blobs().clone(), press, candidate, profile)
    }

    /// The copy of the candidate at a place (see [`ExamView::place_of`]).
    ///
    /// # Errors
    /// As [`OneCopy::of`].
    pub fn at(view: &ExamView, press: &Press, place: u32, profile: Profile) -> Result<OneCopy, OneCopyError> {
        let candidate = view.candidate_at(place).map_err(BulkError::from)?;
        let gone = || BulkError::NoSuchCandidate { numbers: vec![format!("at place {place}")] };
        let candidate = candidate.ok_or_else(gone)?;
        OneCopy::of(view, press, &candidate.get().number, profile)
    }

    /// The copy of a candidate in any source of copies and scans: what a test or a bench makes up.
    ///
    /// # Errors
    /// As [`OneCopy::of`].
    pub fn over(
        source: &dyn Source,
        blobs: Arc<dyn BlobSource + Send + Sync>,
        press: &Press,
        candidate: &str,
        profile: Profile,
    ) -> Result<OneCopy, OneCopyError> {
        let made = chosen(source, candidate)?;
        let (schools, mut desk) = (Schools::default(), Desk::default());
        let making = Making { source, press, schools: &schools };
        let rope = making.edition(profile, &made, &mut desk, |rope| whole(rope, &*blobs));
        let rope = rope.map_err(|fault| failed(candidate, &fault))?;
        Ok(OneCopy::made(rope, &made, blobs))
    }

    pub(super) fn made(rope: Rope, of: &Chosen, blobs: Arc<dyn BlobSource + Send + Sync>) -> OneCopy {
        let (candidate, entry) = (of.number().to_owned(), of.candidate.get().entry.to_string());
        OneCopy { rope, candidate, entry, at: of.at, blobs }
    }

    /// Bytes of the PDF.
    pub fn length(&self) -> u64 {
        self.rope.len()
    }

    /// The digest of the edition: copies with the same one have the same bytes.
    pub fn etag(&self) -> [u8; 32] {
        self.rope.digest()
    }

    /// The CRC-32 of the PDF, as `sommaire.csv` has it.
    pub fn crc32(&self) -> u32 {
        self.rope.crc32()
    }

    /// The name of its file: the last part of its entry in an archive. Names the candidate.
    pub fn file_name(&self) -> &str {
        self.entry.rsplit('/').next().unwrap_or_default()
    }

    /// The candidate's number.
    pub fn candidate(&self) -> &str {
        &self.candidate
    }

    /// Since when it may be rendered: seconds since 1970, UTC.
    pub fn renderable_at(&self) -> Timestamp {
        self.at
    }

    /// Bytes it holds in memory, without its scans.
    pub fn weight(&self) -> usize {
        self.rope.weight()
    }

    /// Writes bytes `range` of the PDF, in pieces of at most 128 KiB. The writer is not flushed.
    ///
    /// # Errors
    /// [`PourError`]. What was written until then are the copy's bytes, and nothing follows them.
    pub fn pour(&self, range: Range<u64>, out: &mut dyn Write) -> Result<(), PourError> {
        if range.start > range.end || range.end > self.length() {
            let Range { start, end } = range;
            return Err(PourError::Range { start, end, length: self.length() });
        }
        let mut out = Outlet::new(out);
        pour(&self.rope, range, &*self.blobs, &mut out).map_err(|fault| match fault {
            RopeError::Target(source) => PourError::Reader(source),
            fault @ RopeError::Scan { .. } => {
                PourError::Copy(Failure::new(&self.candidate, &CopyFault::Scan(fault)))
            }
        })?;
        out.flush().map_err(PourError::Reader)
    }
}
