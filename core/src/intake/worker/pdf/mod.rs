//! Reading PDF scans: which pages there are, and for each one whether its picture can be kept byte
//! for byte or the page has to be painted anew.

mod boxes;
mod content;
mod document;
mod filters;
mod icc;
mod image;
mod jp2;
mod syntax;
mod tail;

pub(crate) use document::Documents;
