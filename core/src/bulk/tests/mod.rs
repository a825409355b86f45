//! Jobs, readers and kept plans over an academy that is made up in memory.

#[cfg(feature = "failpoints")]
mod failing;
mod invented;
mod jobs;
mod keeping;
mod serving;
