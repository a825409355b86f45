//! The ZIP of copies: a stored layout known to the byte before the first byte is written.
//!
//! Every entry is *stored*: its length and CRC-32 are those of a rope and known beforehand. So the
//! whole archive has a known length and a strong tag, entries can be written in parallel at their
//! places, and there is neither a data descriptor (Java's stream reader refuses them on stored
//! entries) nor a temporary copy. Names are UTF-8 and say so, Zip64 is used only where a number
//! does not fit (PKWARE APPNOTE 6.3.10).
//!
//! ```
//! use copiste_core::zip::{Draft, Listing, ZipPlan};
//! let mut listing = Listing::default();
//! listing.push(&Draft { name: "a.txt", length: 2, crc32: 0x7A7A_6E2E, digest: [0; 32], at: 0 }).expect("a short name");
//! let plan = ZipPlan::lay_out(listing).expect("a small file");
//! assert_eq!(plan.entries().len(), 1);
//! assert_eq!(plan.body_offset(0) + 2, plan.directory_offset());
//! ```

mod format;
mod listing;
mod name;
mod plan;

pub use format::DosTime;
pub use listing::{Draft, Listing, PlannedEntry, ZipError, reorder};
pub use name::{EntryName, clashes, entry_name, numbered};
pub use plan::ZipPlan;
