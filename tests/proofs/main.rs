//! The proofs: one module a subject, one test a rule.

mod archive;
mod bad_input;
mod conformance;
mod crash;
mod disk_full;
mod hostile_scans;
mod import;
mod interrupt;
mod keeping;
mod memory;
mod pass_through;
mod placement;
mod privacy;
mod search;
mod serve;
mod text;
mod tidy;
mod validity;
mod zip_form;
