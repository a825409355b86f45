//! Structural probing of scans: what a file holds, page by page, without decoding a picture.
//!
//! [`probe`] reads a file once, walks its structure to the end, puts the picture bytes into the
//! blob store and returns the pages with all a PDF needs to know of them. What an archival PDF can
//! hold as it is passes through byte for byte; everything else is converted once, in a decoding
//! process ([`crate::intake::worker`]), and says why. What is wrong with a scan is data in its
//! [`Page`], never an error; see [`damage`] for the codes.

pub(crate) mod damage;
pub(crate) mod endian;
pub(crate) mod exif;
pub(crate) mod found;
mod inspect;
pub(crate) mod jpeg;
mod keep;
pub(crate) mod limits;
pub(crate) mod paper;
pub(crate) mod png;
mod probe;
pub(crate) mod tiff;

pub use inspect::{Inspection, LOW_RESOLUTION, inspect};
pub use probe::{Probed, Wanted, probe, probe_with_notes};

#[cfg(test)]
mod tests;
