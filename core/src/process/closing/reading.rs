//! The records of an exam read once before its marks leave: for the quality sheet and for the rows.

use std::path::Path;

use super::error::CloseError;
use super::rows::{OutcomeCodes, RowMaker, each_cyclades};
use crate::exchange::rows::{Chunker, EncodedRows};
use crate::process::quality::{Looker, Part, Policy, Scope, Sheet};
use crate::process::spans;
use crate::scratch::unnamed;
use crate::store::{ExamView, Record};

/// Reads an exam through: its quality sheet, and its rows for Cyclades, put aside.
///
/// # Errors
/// [`CloseError`] when a record cannot be read, or rows cannot be put aside.
pub(super) fn read_through(
    view: &ExamView,
    codes: &OutcomeCodes,
    policy: &Policy,
    scratch: &Path,
) -> Result<(Sheet, Chunker), CloseError> {
    let looker = Looker::of(view, Scope::Exam, policy)?;
    let maker = RowMaker::of(view, codes)?;
    let (mut whole, mut chunker) = (Part::default(), put_aside(scratch)?);
    let read = |places| {
        let (mut part, mut rows) = (Part::default(), EncodedRows::default());
        for both in view.together(places)? {
            let (place, candidate, script) = both?;
            let (candidate, script) = (candidate.get(), script.as_ref());
            looker.look_at(place, candidate, script, &mut part)?;
            if let Some(row) = maker.row(place, candidate, script.map(Record::get))? {
                rows.push(&row).map_err(CloseError::Rows)?;
            }
        }
        Ok((part, rows))
    };
    spans::in_order(
        view,
        read,
        |(_, rows)| rows.len(),
        |(part, rows)| {
            whole.absorb(part);
            chunker.append(&rows).map_err(CloseError::Rows)
        },
    )?;
    Ok((looker.sheet(whole)?, chunker))
}

/// Reads an exam through for its rows alone.
///
/// # Errors
/// As [`read_through`].
pub(super) fn rows_of(view: &ExamView, codes: &OutcomeCodes, scratch: &Path) -> Result<Chunker, CloseError> {
    let mut chunker = put_aside(scratch)?;
    each_cyclades(view, codes, |row| chunker.push(&row).map_err(CloseError::Rows))?;
    Ok(chunker)
}

/// Begins to put rows aside.
pub(super) fn put_aside(scratch: &Path) -> Result<Chunker, CloseError> {
    Ok(Chunker::new(unnamed(scratch).map_err(CloseError::Rows)?))
}
