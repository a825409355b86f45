//! The store of a measured exam, opened by this very process.

use std::io;
use std::path::Path;

use copiste_core::intake;
use copiste_core::render::Subject;
use copiste_core::store::{ExamView, OpenOptions, Store, StoreError};

/// Opens a data directory that a command has made.
///
/// # Errors
/// When it cannot be opened.
pub fn opened(data: &Path) -> io::Result<Store> {
    let no_new_secret = || Err(io::Error::other("the data directory has its secret"));
    Store::open(data, &OpenOptions::new(intake::load, no_new_secret)).map_err(io::Error::other)
}

/// Reads each script of an exam with all it is drawn from, and hands it on.
///
/// # Errors
/// When a record cannot be read, or `look` fails.
pub fn each(view: &ExamView, mut look: impl FnMut(&Subject<'_>) -> io::Result<()>) -> io::Result<()> {
    let refused = |fault: StoreError| io::Error::other(fault);
    let gone = || io::Error::other("a script without a school");
    for (candidate, place) in view.candidates().map_err(refused)?.zip(0..) {
        let candidate = candidate.map_err(refused)?;
        let Some(script) = view.script_at(place).map_err(refused)? else { continue };
        let school = view.school(&candidate.get().school).map_err(refused)?.ok_or_else(gone)?;
        let annotations = view.annotations(&script).map_err(refused)?;
        look(&Subject {
            exam: view.exam(),
            school: school.get(),
            candidate: candidate.get(),
            script: script.get(),
            annotations: annotations.get(),
            renderable_at: 1_580_000_000,
        })?;
    }
    Ok(())
}
