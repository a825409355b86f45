//! The decoding process: everything that decodes bytes a scanner, or an enemy, made.
//!
//! C code and large pictures meet hostile files here, so it is a process of its own with limits it
//! lowers itself, and nothing of ours in it: no store, no network, no file it may write. The
//! program runs [`run`]; the other side is [`Decoder`].

mod convert;
mod decoder;
mod inspect;
mod pdf;
mod process;
pub(crate) mod protocol;
mod serve;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use decoder::{Decoder, DecoderOptions};
pub use serve::run;
