//! One copy for whoever looks at it: a page of it alone, its scan, what is drawn over its pages. The same gate
//! and the same drawings as for the copy that is taken away.

use std::sync::Arc;

use super::making::{Making, Schools};
use super::reader_error::OneCopyError;
use super::single::{OneCopy, chosen, failed, whole};
use crate::model::{ArchivedCodec, ArchivedPage, Damage};
use crate::render::{Choice, Copy, Desk, Press};
use crate::rope::Rope;
use crate::store::ExamView;

/// A page's scan, as it is kept.
pub enum ScanOfPage {
    /// The scanner's own JPEG file.
    Jpeg(OneCopy),
    /// Bytes that are no file by themselves, as one page of a PDF: the page as its copy shows it.
    Pdf(OneCopy),
    /// There is none to be shown: it cannot be read, or nobody has accepted it as it is.
    Damaged(Damage),
}

impl OneCopy {
    /// One page (from 1) of a candidate's copy as a PDF of its own, as the copy shows it without annotations: a
    /// damaged one says so. None when the script has no such page.
    ///
    /// # Errors
    /// As [`OneCopy::of`].
    pub fn page(
        view: &ExamView,
        press: &Press,
        candidate: &str,
        number: u32,
    ) -> Result<Option<OneCopy>, OneCopyError> {
        let (of, blobs) = (chosen(view, candidate)?, view.blobs());
        let (schools, mut desk) = (Schools::default(), Desk::default());
        let making = Making { source: view, press, schools: &schools };
        let rope = making.drawn(&of, &mut desk, |subject, desk| {
            press.page(subject, number, desk)?.map(|rope| whole(rope, &**blobs)).transpose()
        });
        let rope = rope.map_err(|fault| failed(candidate, &fault))?;
        Ok(rope.map(|rope| OneCopy::made(rope, &of, Arc::clone(blobs) as _)))
    }
}

impl ScanOfPage {
    /// The scan of a page (from 1) of a candidate's script. None when the script has no such page.
    ///
    /// # Errors
    /// As [`OneCopy::of`].
    pub fn of(
        view: &ExamView,
        press: &Press,
        candidate: &str,
        number: u32,
    ) -> Result<Option<ScanOfPage>, OneCopyError> {
        let of = chosen(view, candidate)?;
        let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        let Some(page) = index.and_then(|index| of.script.get().pages.get(index)) else { return Ok(None) };
        let shown = page.scan.is_some() && page.accepted.is_some();
        if let Some(damage) = page.damage.as_ref().filter(|_| !shown) {
            let (code, detail) = (damage.code.to_string(), damage.detail.to_string());
            return Ok(Some(ScanOfPage::Damaged(Damage { code, detail })));
        }
        let Some(mut rope) = jpeg(page) else {
            return Ok(OneCopy::page(view, press, candidate, number)?.map(ScanOfPage::Pdf));
        };
        let rope = whole(&mut rope, &**view.blobs()).map_err(|fault| failed(candidate, &fault))?;
        Ok(Some(ScanOfPage::Jpeg(OneCopy::made(rope, &of, Arc::clone(view.blobs()) as _))))
    }
}

/// A JPEG that says by itself all that a program needs to show it in its colours.
fn jpeg(page: &ArchivedPage) -> Option<Rope> {
    let image = &page.scan.as_ref()?.image;
    let plain = image.decode.is_empty() && !image.mask;
    match &image.codec {
        ArchivedCodec::Dct { colour_transform } if plain && colour_transform.is_none() => {
            let mut rope = Rope::new();
            rope.push_blob(image.blob.get());
            Some(rope)
        }
        _ => None,
    }
}

/// What is drawn over the pages of a candidate's copy, for `show` to look at.
///
/// # Errors
/// As [`OneCopy::of`].
pub fn annotated<T>(
    view: &ExamView,
    press: &Press,
    candidate: &str,
    show: impl FnOnce(&Copy) -> T,
) -> Result<T, OneCopyError> {
    let of = chosen(view, candidate)?;
    let (schools, mut desk) = (Schools::default(), Desk::default());
    let making = Making { source: view, press, schools: &schools };
    let shown = making
        .drawn(&of, &mut desk, |subject, desk| Ok(show(press.layer(subject, Choice::Annotations, desk)?)));
    shown.map_err(|fault| failed(candidate, &fault))
}
