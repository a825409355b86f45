//! Damage found by inspection, and damage accepted by name.

use super::touched::Touched;
use super::{Bench, Place, Prepared};
use crate::journal::{AcceptDamage, FoundDamage};
use crate::model::{Acceptance, Damage};
use crate::store::ExecuteError;
use crate::store::view::read_blob;

/// The longest reason, in bytes of UTF-8; some 2,000 words.
const REASON_LIMIT: u64 = 16 * 1024;

/// Someone takes responsibility: the pages keep their damage and the reason. A page that was
/// accepted before keeps its first acceptance.
pub(super) fn prepare_accept(
    bench: &Bench<'_>,
    command: &AcceptDamage,
    place: Place<'_>,
) -> Result<Prepared, ExecuteError> {
    let mut touched = Touched::of(bench, &command.exam)?;
    let contradiction = |detail: String| ExecuteError::Contradiction { exam: command.exam.clone(), detail };
    let reason = read_blob(bench.blobs, &command.reason, REASON_LIMIT)
        .map_err(|error| contradiction(format!("the reason cannot be read: {error}")))?;
    let reason = String::from_utf8(reason).map_err(|_| contradiction("the reason is not text".to_owned()))?;
    for named in &command.pages {
        let mut damaged = false;
        let found = touched.page(&named.candidate, named.page, |page| {
            damaged = page.damage.is_some();
            let accepts = damaged && page.accepted.is_none();
            if accepts {
                page.accepted = Some(Acceptance { reason: reason.clone(), at: place.at, line: place.line });
            }
            accepts
        })?;
        let (exam, candidate, page) = (command.exam.clone(), named.candidate.clone(), named.page);
        if found.is_none() {
            return Err(ExecuteError::NoSuchPage { exam, candidate, page });
        }
        if !damaged {
            return Err(ExecuteError::NotDamaged { exam, candidate, page });
        }
    }
    touched.prepared(place)
}

/// Inspection could not trust these pages. A page that has another scan by now, is gone, or is
/// known to be damaged already, is left alone.
pub(super) fn prepare_found(
    bench: &Bench<'_>,
    command: &FoundDamage,
    place: Place<'_>,
) -> Result<Prepared, ExecuteError> {
    let mut touched = Touched::of(bench, &command.exam)?;
    for item in &command.items {
        // Whether the page is still there is not the inspector's fault.
        let _ = touched.page(&item.candidate, item.page, |page| {
            let same = page.scan.as_ref().is_some_and(|placed| placed.image.blob.sha256 == item.scan);
            let found = same && page.damage.is_none();
            if found {
                page.damage = Some(Damage { code: item.code.clone(), detail: item.detail.clone() });
            }
            found
        })?;
    }
    touched.prepared(place)
}
