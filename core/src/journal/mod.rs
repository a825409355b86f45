//! The journal: every act that changes state, one JSON line each, chained and durable before it
//! is applied.
//!
//! It is the audit trail, and with the blobs its lines name it is enough to build the database
//! again. A line:
//!
//! ```json
//! {"number":7,"at":"2020-01-03T08:00:00Z","actor":{"name":"operator","role":"exam_office_manager"},
//!  "command":{"accept_damage":{"exam":"…","pages":[{"candidate":"0123","page":2}],"reason":{…}}},
//!  "counts":{…},"previous":"<SHA-256 of the line before>"}
//! ```
//!
//! `counts` are those of the whole exam after the command: what the database is compared with
//! when it is opened. A command about an account or a token has no exam, and zeros there.

mod actor;
mod closing;
mod command;
mod file;
pub mod hex;
mod keeping;
mod line;
mod people;

pub use actor::{Actor, Role};
pub use closing::{
    Answer, BatchMove, ChangeMarks, ChangeSettings, Launch, MarkChange, MoveBatches, PreparedExport, Publish,
    Sent, Setting, Target,
};
pub use command::{
    AcceptDamage, ArchivedCounts, BundleBlobs, Command, Counts, FoundDamage, FoundItem, ImportCommand,
    PagePlace,
};
pub use file::{Cut, Journal, JournalError, Lines};
pub use keeping::{HoldCopy, PurgeExam};
pub use line::{Line, instant, parse_instant};
pub use people::{AccountContent, PutAccount, PutToken, TokenContent};

/// Seconds since 1970-01-01T00:00:00Z. Always passed in: nothing here reads a clock.
pub type Timestamp = i64;
