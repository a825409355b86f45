//! The PDF composer.

pub mod fonts;
