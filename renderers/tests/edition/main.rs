//! Editions: what the house's press makes of a script.

mod subjects;
mod archive;
mod look;
mod measure;
