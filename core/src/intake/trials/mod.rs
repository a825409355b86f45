//! Trials of intake as a whole: small bundles, most of them hostile.

mod bundle;
mod imports;
mod texts;
mod zips;

pub(super) use bundle::Bundle;
