//! The API of programs and of the pages: JSON under `/api/v1` (CONTRACTS, section 3).
//!
//! Each room answers the routes about one thing. Who may ask at all stands in [`crate::http::table`]; whether
//! he may see this exam or this script is decided in [`app`], and what he may not see is not there for him.

pub(crate) mod acts;
pub(crate) mod annotations;
pub(crate) mod app;
pub(crate) mod archives;
pub(crate) mod closing;
pub(crate) mod downloads;
pub(crate) mod exams;
pub(crate) mod health;
pub(crate) mod jobs;
pub(crate) mod launching;
pub(crate) mod metrics;
pub(crate) mod openapi;
pub(crate) mod pictures;
pub(crate) mod planner;
pub(crate) mod scripts;
pub(crate) mod session;
