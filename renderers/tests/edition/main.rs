//! Editions: what the house's press makes of a script.

mod archive;
mod look;
mod measure;
mod subjects;
