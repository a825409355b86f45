//! The ZIP of copies: a stored layout known to the byte before the first byte is written.
//!
//! Every entry is *stored*: its length and CRC-32 are those of a rope and known beforehand. So the
//! whole archive has a known length and a strong tag, any part of it can be written or read by itself,
//! and there is neither a data descriptor (Java's stream reader refuses them on stored entries) nor a
//! temporary copy. Names are UTF-8 and say so, Zip64 is used only where a number does not fit (PKWARE
//! APPNOTE 6.3.10). Entries are told one after another and none is kept: an archive of any number of
//! entries takes the memory of one.
//!
//! ```
//! use copiste_core::zip::{Entry, Layout};
//! let entry = Entry { name: "a.txt", length: 2, crc32: 0x7A7A_6E2E, at: 0 };
//! let mut layout = Layout::default();
//! let placed = layout.add(&entry, &[0; 32]).expect("a small file");
//! assert_eq!(placed.body + 2, layout.close().directory_offset());
//! ```

mod format;
mod layout;
mod name;

pub use format::DosTime;
pub use layout::{Entry, Layout, Outline, Placed, ZipError};
pub use name::{EntryName, clashes, entry_name, numbered};
