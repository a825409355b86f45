//! The renderers of copiste, and the composer that makes their drawings PDF documents.
//!
//! Each renderer is a plugin in a file of its own: [`ScanRenderer`], [`AnnotationsRenderer`],
//! [`NotationRenderer`], [`AppreciationRenderer`]. [`press`] puts them together; whoever wants more
//! registers his own beside them:
//!
//! ```
//! use copiste_core::render::{Copy, Registration, RenderError, Renderer, Subject};
//!
//! struct Nothing;
//! impl Renderer for Nothing {
//!     fn draw(&self, _: &Subject<'_>, _: &mut Copy) -> Result<(), RenderError> {
//!         Ok(())
//!     }
//! }
//!
//! let mut registry = copiste_renderers::registry();
//! registry.register(Registration { name: "nothing", choice: None, order: 99, renderer: Box::new(Nothing) });
//! let press = copiste_renderers::press_with(registry);
//! assert_eq!(press.registry().entries().len(), 5);
//! ```
//! `examples/third_party.rs` draws something.
// Nothing that comes from outside may end the process: where a panic is proven impossible, the place says why.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable))]

mod annotations;
mod appreciation;
mod calendar;
mod mark;
mod marking_sheet;
mod notation;
pub mod pdf;
mod scan;
mod stamps;

use copiste_core::render::{Choice, Press, Registration, Registry};

pub use annotations::{AnnotationsRenderer, drawings_say};
pub use appreciation::AppreciationRenderer;
pub use notation::NotationRenderer;
pub use scan::ScanRenderer;
pub use stamps::says as stamp_says;

/// The four renderers of the house.
pub fn registry() -> Registry {
    let mut registry = Registry::new();
    let entries = [
        Registration { name: "scan", choice: None, order: 0, renderer: Box::new(ScanRenderer) },
        Registration {
            name: "annotations",
            choice: Some(Choice::Annotations),
            order: 10,
            renderer: Box::new(AnnotationsRenderer),
        },
        Registration {
            name: "notation",
            choice: Some(Choice::MarkingDetails),
            order: 20,
            renderer: Box::new(NotationRenderer),
        },
        Registration {
            name: "appreciation",
            choice: Some(Choice::Appreciation),
            order: 30,
            renderer: Box::new(AppreciationRenderer),
        },
    ];
    entries.into_iter().for_each(|entry| registry.register(entry));
    registry
}

/// The press of the house: its four renderers and the PDF composer. Takes some ten milliseconds;
/// made once and shared by all workers.
///
/// # Panics
/// When a font built into the program cannot be read: its file on disk is damaged.
pub fn press() -> Press {
    press_with(registry())
}

/// A press with renderers of one's own and the PDF composer of the house.
///
/// # Panics
/// As [`press`].
#[allow(clippy::expect_used, reason = "the fonts are built in: no input reaches this")]
pub fn press_with(registry: Registry) -> Press {
    let composer = pdf::PdfComposer::new().expect("the fonts built into the program are whole");
    Press::new(registry, Box::new(composer))
}
