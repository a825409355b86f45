//! Annotations that are too many for a script's record: those of many scripts in one blob.

use std::collections::VecDeque;

use crate::model::{Annotation, Packed, Script};
use crate::store::record::Record;
use crate::store::{BlobBatch, BlobSink, StoreError};

/// A script's record longer than this keeps its annotations apart.
///
/// sled reads and copies whole pages of up to 16 records, so a record that is read seldom must not weigh
/// on those that are read often, and no page may become large.
const ANNOTATED_RECORD: usize = 2048;

/// A pack is closed when it holds this many bytes: some hundred scripts with a lively marker, read with
/// one file open. A script that has more has a pack of its own.
const PACK_BYTES: usize = 1 << 20;

/// Scripts on their way into the store, in the order they were given.
pub(super) struct Packs<'b> {
    batch: &'b BlobBatch<'b>,
    pack: Vec<u8>,
    /// Records whose pack is not closed yet, and those that came after them.
    waiting: VecDeque<(u32, Waiting)>,
}

enum Waiting {
    Ready(Record<Script>),
    /// The annotations are at these bytes of the pack.
    ForPack(Box<Script>, u32, u32),
}

impl<'b> Packs<'b> {
    pub(super) fn new(batch: &'b BlobBatch<'b>) -> Packs<'b> {
        Packs { batch, pack: Vec::new(), waiting: VecDeque::new() }
    }

    /// Takes a script for a place, annotations and all.
    pub(super) fn add(&mut self, place: u32, mut script: Script) -> Result<(), StoreError> {
        let what = || format!("the script of candidate {}", script.candidate);
        let whole = Record::of(&script).map_err(StoreError::record(what()))?;
        if whole.envelope().len() <= ANNOTATED_RECORD || script.annotations.is_empty() {
            self.add_ready(place, whole);
            return Ok(());
        }
        let annotations =
            Record::<Vec<Annotation>>::of(&script.annotations).map_err(StoreError::record(what()))?;
        script.annotations = Vec::new();
        let bytes = annotations.envelope();
        let (Ok(offset), Ok(length)) = (u32::try_from(self.pack.len()), u32::try_from(bytes.len())) else {
            return Err(StoreError::Inconsistent { detail: format!("{} has too many annotations", what()) });
        };
        self.pack.extend_from_slice(bytes);
        self.waiting.push_back((place, Waiting::ForPack(Box::new(script), offset, length)));
        Ok(())
    }

    /// Takes a record as it is.
    pub(super) fn add_ready(&mut self, place: u32, record: Record<Script>) {
        self.waiting.push_back((place, Waiting::Ready(record)));
    }

    /// Hands on what needs to wait no longer; with `last`, everything.
    pub(super) fn drain<E: From<StoreError>>(
        &mut self,
        last: bool,
        mut each: impl FnMut(u32, Record<Script>) -> Result<(), E>,
    ) -> Result<(), E> {
        let pack = if self.pack.len() >= PACK_BYTES || (last && !self.pack.is_empty()) {
            let kept = self.batch.put(&self.pack).map_err(|source| StoreError::Blob {
                act: "keep the annotations of some scripts".to_owned(),
                source,
            })?;
            self.pack.clear();
            Some(kept)
        } else if self.pack.is_empty() {
            None
        } else {
            return Ok(());
        };
        for (place, waiting) in self.waiting.drain(..) {
            let record = match (waiting, pack) {
                (Waiting::Ready(record), _) => record,
                (Waiting::ForPack(mut script, offset, length), Some(pack)) => {
                    script.annotations_apart = Some(Packed { pack, offset, length });
                    let what = || format!("the script of candidate {}", script.candidate);
                    Record::of(&*script).map_err(|fault| StoreError::Record { what: what(), fault })?
                }
                // A script waits for a pack only while there is one.
                (Waiting::ForPack(script, ..), None) => {
                    let detail = format!("the annotations of candidate {} are in no pack", script.candidate);
                    return Err(StoreError::Inconsistent { detail }.into());
                }
            };
            each(place, record)?;
        }
        Ok(())
    }
}
