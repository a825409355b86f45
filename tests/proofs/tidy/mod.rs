//! The house's rules, kept true by reading our own sources.

mod codes;
mod crates;
mod leftovers;
mod names;
mod reading;
mod readme;
mod rules;
