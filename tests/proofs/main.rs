//! The proofs: one module a subject, one test a rule.

mod archive;
mod bad_input;
mod crash;
mod memory;
mod pass_through;
mod placement;
mod text;
mod tidy;
mod validity;
