//! Drawing a copy, without knowing what it becomes.
//!
//! A [`Renderer`] draws on the sheets of a [`Copy`]; a [`Composer`] turns the drawn copy into a
//! [`Rope`]; a [`Press`] holds both and makes editions.

mod copy;
mod press;
mod profile;
mod registry;

pub use copy::Copy;
pub use press::{Composer, Desk, Press, RenderError, Subject};
pub use profile::{Choice, Profile};
pub use registry::{Registration, Registry, Renderer};
