//! The proofs: one module a subject, one test a rule.

mod archive;
mod bad_input;
mod crash;
mod disk_full;
mod import;
mod interrupt;
mod memory;
mod pass_through;
mod placement;
mod privacy;
mod text;
mod tidy;
mod validity;
mod zip_form;
