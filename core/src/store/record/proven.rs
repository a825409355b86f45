//! The one place of this crate that reads archived bytes without validating them again.
//!
//! Need: an ordinary script costs some microseconds to validate and is looked at by every renderer
//! in turn; [`Record::get`] must cost nothing and cannot fail.
//!
//! Proof: a [`Record`] is made in two places only. [`Record::read`] has just had the very same
//! bytes accepted by `rkyv::access`; [`Record::of`] has just received them from `rkyv::to_bytes`.
//! Its fields are private, it hands out shared references only, and the bytes behind an `IVec`
//! never change. Validity does not depend on where the bytes lie: rkyv's `unaligned` feature gives
//! every archived type alignment 1, and its pointers are relative.
#![allow(unsafe_code, reason = "proven above")]

use super::{Kept, Record};

/// The archived value inside a record.
pub(super) fn archived<T: Kept>(record: &Record<T>) -> &T::Archived {
    const { assert!(align_of::<T::Archived>() == 1, "archives are read from bytes of any alignment") };
    // SAFETY: the bytes were validated, or archived, as `T::Archived` when the record was made, and
    // cannot have changed since (see the module's text).
    unsafe { rkyv::access_unchecked::<T::Archived>(record.bytes()) }
}
