//! The proofs: one module a subject, one test a rule.

mod tidy;
