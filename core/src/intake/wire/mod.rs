//! What a bundle's text files say, line by line, and whether it may stand there.

mod annotation;
mod decimal;
pub mod json;
mod lines;
mod manifest;
mod numbers;
mod patterns;
mod people;
mod reading;
mod records;
mod script;

pub use lines::{LINE_LIMIT, Line, Lines};
pub use manifest::manifest;
pub use people::Entry;
pub use reading::{Path, Reading};
pub use records::{Read, Records};
pub use script::{PAGES_LIMIT, PageName, ScriptLine};
