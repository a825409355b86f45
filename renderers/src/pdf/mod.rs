//! The PDF composer: a drawn copy becomes a PDF/A-2a and PDF/UA-1 document, as a rope.
//!
//! Thin layers, each knowing less than the one above: [`document`] puts a file together,
//! `contents`, `structure`, `pictures` and `metadata` write its parts, `objects` knows numbers and
//! places, `syntax` knows how a number is written. `CLAUSES.md` beside this file says where each
//! clause of the standards is kept and which test shows it.

mod colour;
mod contents;
mod document;
pub mod fonts;
mod marks;
mod metadata;
mod objects;
mod pictures;
mod prefix;
mod structure;
mod syntax;
mod tables;

use std::sync::{Arc, Mutex, PoisonError};

use copiste_core::render::{Composer, Copy, FontRole, Measure, Profile, RenderError, Subject};
use copiste_core::rope::Rope;

use self::document::{Galley, Stock};
use self::fonts::FontBook;
use self::prefix::{Prefix, number};
use self::tables::Tables;

/// Composes PDF documents. Made once, shared by all workers.
pub struct PdfComposer {
    stock: Stock,
    /// Buffers that no worker uses at the moment.
    galleys: Mutex<Vec<Galley>>,
}

impl PdfComposer {
    /// Prepares what all documents share (fonts, colour profile, constant objects): some ten
    /// milliseconds.
    ///
    /// # Errors
    /// [`RenderError::Compose`] when a built-in font cannot be read: never in a sound binary.
    pub fn new() -> Result<PdfComposer, RenderError> {
        let refused = |detail: String| RenderError::Compose { detail };
        let book = FontBook::new(number::FIRST_FONT).map_err(|error| refused(error.to_string()))?;
        let prefix = Prefix::new().map_err(|error| refused(error.to_string()))?;
        let stock = Stock { book: Arc::new(book), prefix, tables: Tables::default() };
        Ok(PdfComposer { stock, galleys: Mutex::default() })
    }
}

impl Composer for PdfComposer {
    fn version(&self) -> &str {
        env!("CARGO_PKG_VERSION")
    }

    fn compose(
        &self,
        subject: &Subject<'_>,
        _profile: Profile,
        copy: &Copy,
        rope: &mut Rope,
    ) -> Result<(), RenderError> {
        let spare = self.galleys.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut galley = spare.unwrap_or_default();
        galley.compose(&self.stock, subject, copy, rope)?;
        self.galleys.lock().unwrap_or_else(PoisonError::into_inner).push(galley);
        Ok(())
    }

    fn measure(&self) -> Arc<dyn Measure> {
        Arc::new(Book(Arc::clone(&self.stock.book)))
    }
}

/// Measures with the fonts that will be embedded.
struct Book(Arc<FontBook>);

impl Measure for Book {
    fn width(&self, role: FontRole, text: &str) -> f32 {
        self.0.width(role, text) / 1000.0
    }
}
