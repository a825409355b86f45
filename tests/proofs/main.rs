//! The proofs: one module a subject, one test a rule.

mod accounts;
mod archive;
mod bad_input;
mod cancelled;
mod closing;
mod closing_machine;
mod conformance;
mod crash;
mod disk_full;
mod hostile_scans;
mod import;
mod integrity;
mod interrupt;
mod keeping;
mod memory;
mod pass_through;
mod placement;
mod privacy;
mod quality;
mod search;
mod seed;
mod serve;
mod text;
mod tidy;
mod validity;
mod zip_form;
