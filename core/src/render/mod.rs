//! Drawing a copy, without knowing what it becomes.
//!
//! A [`Renderer`] draws on the sheets of a [`Copy`]; a [`Composer`] turns the drawn copy into a
//! [`Rope`](crate::rope::Rope); a [`Press`] holds both and makes editions.

mod copy;
mod measure;
mod press;
mod profile;
mod reading;
mod registry;
mod sheet;

pub use copy::{Copy, PathPen};
pub use measure::{FontRole, HalfEm, Measure, break_lines};
pub use press::{Composer, Desk, Press, RenderError, Subject};
pub use profile::{Choice, Profile};
pub use reading::{Node, NodeId, NodeKind, Scope};
pub use registry::{Registration, Registry, Renderer};
pub use sheet::{Blend, Colour, Group, Item, Owner, Paint, Point, Sheet, SheetId, Step, Stroke, TextStyle};
