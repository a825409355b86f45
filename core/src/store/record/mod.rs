//! Records: archived model types in versioned, checked envelopes.

mod envelope;
mod export;
mod few;
mod kinds;
mod proven;
mod tally;

use std::marker::PhantomData;

use rkyv::api::high::{HighDeserializer, HighSerializer, HighValidator};
use rkyv::bytecheck::CheckBytes;
use rkyv::rancor::Error;
use rkyv::ser::allocator::ArenaHandle;
use rkyv::util::AlignedVec;
use rkyv::{Archive, Deserialize, Serialize};

pub use envelope::RecordFault;
pub(super) use envelope::kind_of;
pub use export::{ATTEMPTS_KEPT, Attempt, Export, Outcome, Standing};
pub use few::{Few, SHOWN};
pub use kinds::{
    ArchivedExamEntry, ArchivedInspectionRecord, ExamEntry, Hold, InspectionRecord, Life, Moments, Purged,
};
pub(super) use tally::Share;
pub use tally::{ArchivedTally, ArchivedWaiting, SPAN, Tally, Waiting};

/// The largest value that goes into the database (sled gives larger ones a file each).
pub const VALUE_LIMIT: usize = 64 * 1024;

/// What can be kept as a record.
pub trait Kept:
    Sized
    + Archive<
        Archived: for<'a> CheckBytes<HighValidator<'a, Error>> + Deserialize<Self, HighDeserializer<Error>>,
    > + for<'a> Serialize<HighSerializer<AlignedVec, ArenaHandle<'a>, Error>>
{
    /// Tells records apart: a candidate's bytes are never read as a school's.
    const KIND: u16;
    /// The version of the type's shape. Raised with every change of it.
    const SCHEMA: u16;

    /// Reads a record of an older shape, from a frozen module of that version. None when the
    /// version is not known.
    ///
    /// # Errors
    /// [`RecordFault::Invalid`] when the bytes are not valid for that version.
    fn migrate(_schema: u16, _archived: &[u8]) -> Option<Result<Self, RecordFault>> {
        None
    }
}

/// A record, validated when it was read; access costs nothing after that.
pub struct Record<T: Kept> {
    /// A whole envelope whose content is valid for `T` in its present shape.
    bytes: sled::IVec,
    kept: PhantomData<fn() -> T>,
}

impl<T: Kept> Clone for Record<T> {
    fn clone(&self) -> Record<T> {
        Record { bytes: self.bytes.clone(), kept: PhantomData }
    }
}

impl<T: Kept> Record<T> {
    /// Makes a record of a value.
    ///
    /// # Errors
    /// [`RecordFault::TooLarge`] past 4 GiB, [`RecordFault::Invalid`] when rkyv cannot archive it.
    pub fn of(value: &T) -> Result<Record<T>, RecordFault> {
        let archived = rkyv::to_bytes::<Error>(value).map_err(|_| RecordFault::Invalid { kind: T::KIND })?;
        let bytes = envelope::seal(T::KIND, T::SCHEMA, &archived)?;
        // What was just archived needs no second look; reading it back from disk does.
        Ok(Record { bytes: bytes.into(), kept: PhantomData })
    }

    /// Reads a record: envelope, CRC, then every field of the archive. A record of an older
    /// schema is brought to the present one.
    ///
    /// # Errors
    /// [`RecordFault`] says what does not hold.
    pub fn read(bytes: impl Into<sled::IVec>) -> Result<Record<T>, RecordFault> {
        let bytes = bytes.into();
        let (schema, archived) = envelope::open(T::KIND, &bytes)?;
        if schema == T::SCHEMA {
            rkyv::access::<T::Archived, Error>(archived)
                .map_err(|_| RecordFault::Invalid { kind: T::KIND })?;
            return Ok(Record { bytes, kept: PhantomData });
        }
        let unknown = RecordFault::UnknownSchema { kind: T::KIND, schema };
        let value = T::migrate(schema, archived).ok_or(unknown)??;
        Record::of(&value)
    }

    /// The record, in place.
    pub fn get(&self) -> &T::Archived {
        proven::archived::<T>(self)
    }

    /// The record as an owned value.
    ///
    /// # Errors
    /// [`RecordFault::Invalid`] when rkyv cannot restore it.
    pub fn value(&self) -> Result<T, RecordFault> {
        rkyv::deserialize::<T, Error>(self.get()).map_err(|_| RecordFault::Invalid { kind: T::KIND })
    }

    /// The archived bytes, without the envelope: the same value gives the same bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[envelope::HEAD..]
    }

    /// The whole envelope, as it is kept, for whoever looks into a database from outside.
    pub fn whole(&self) -> Vec<u8> {
        self.bytes.to_vec()
    }

    /// The whole envelope, as it is kept.
    pub(crate) fn envelope(&self) -> &sled::IVec {
        &self.bytes
    }
}

#[cfg(test)]
mod tests;
