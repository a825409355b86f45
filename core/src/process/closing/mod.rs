//! The closing of a one-off exam, and the validations that close an E3C: what is sent to whom, when, and
//! what an answer means (DOMAIN, *Closing*; CONTRACTS, section 4).
//!
//! An export is kept whole before a byte of it is sent, and what became of it is kept before anyone is
//! told. So whatever is killed wherever: the next launch finds an export without an answer and asks the
//! target before it does anything else.

mod close;
mod desk;
mod error;
mod reading;
mod rows;
mod status;
mod table;
mod validate;

pub use close::{CloseReport, DryRun, ExportReport, Reached};
pub use desk::{ClosingDesk, UnderWay};
pub use error::{CloseError, Unmet};
pub use rows::{OutcomeCodes, write_csv};
pub use status::{ClosingStatus, TargetState, TargetStatus};
pub use table::{Decision, decide};
pub use validate::{ValidateReport, Which};
