//! Pages of a copy for whoever looks at them: the scan itself, or a picture of any width.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use copiste_core::bulk::{OneCopy, OneCopyError, PourError, ScanOfPage};
use copiste_core::intake::picture;
use copiste_core::intake::worker::Decoder;
use copiste_core::journal::hex;
use copiste_core::model::Damage;

use super::app::{App, Seen};
use super::downloads::{Source, Taken, ranged, taken};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::ranges::Asked;
use crate::http::routes::Found;
use crate::people::{Access, What};

/// Pixels across that may be asked for.
const WIDTHS: std::ops::RangeInclusive<u32> = 50..=4000;

/// The highest picture: that of a page twelve times as high as wide, at 1,600 pixels across.
const HIGHEST: f64 = 20_000.0;

/// Pictures that are being made or wait for it. Fewer than there are threads that answer, so that a page which
/// takes long to decode holds up nothing else.
const AT_ONCE: usize = 8;

/// Where pictures are made.
pub(crate) struct Pictures {
    decoder: Decoder,
    under_way: AtomicUsize,
}

impl Pictures {
    pub(crate) fn new(decoder: Decoder) -> Pictures {
        Pictures { decoder, under_way: AtomicUsize::new(0) }
    }

    /// A turn; none while as many as may are under way.
    fn begin(&self) -> Option<Turn<'_>> {
        let turn = Turn(&self.under_way);
        (self.under_way.fetch_add(1, Ordering::Relaxed) < AT_ONCE).then_some(turn)
    }
}

struct Turn<'p>(&'p AtomicUsize);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// `GET /api/v1/scripts/{script}/pages/{page}?width=`: without a width the scan as it is kept, a JPEG, or a PDF
/// of one page where its bytes are no file by themselves; with one a PNG, so many pixels across, of the page as
/// its copy shows it without annotations, upright. Annotations are fractions of that picture.
pub(crate) fn page(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let who = found.who()?;
    let id = found.parameter("script");
    let seen = app.script_of(who, id)?;
    let number = number_of(found.parameter("page"))?;
    let access = Access {
        exam: Some(seen.view.id().to_owned()),
        script: Some(id.to_owned()),
        page: Some(number),
        ..taken(What::Page, app, call, who)
    };
    match call.parameter("width").map(width_of).transpose()? {
        None => scan(app, call, &seen, number, access),
        Some(width) => painted(app, call, &seen, number, width, access),
    }
}

/// The number of a page: digits alone. What is none is the number of no page.
pub(crate) fn number_of(text: &str) -> Result<u32, Problem> {
    digits(text).ok_or_else(Problem::not_found)
}

fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn width_of(text: &str) -> Result<u32, Problem> {
    let width = digits(text).filter(|width| WIDTHS.contains(width));
    width.ok_or_else(|| {
        let (least, most) = (WIDTHS.start(), WIDTHS.end());
        Problem::bad_request("HTT-180", format!("width is a number of pixels from {least} to {most}"))
    })
}

/// The number of the candidate whose script it is.
fn candidate(seen: &Seen) -> Result<String, Problem> {
    let candidate = seen.view.candidate_at(seen.place)?.ok_or_else(Problem::not_found)?;
    Ok(candidate.get().number.to_string())
}

/// Why there is no copy to be seen: the same as for one that is taken away.
pub(crate) fn unseen(error: &OneCopyError) -> Problem {
    match error {
        OneCopyError::Failed(_) => Problem::internal(error),
        _ => Problem::conflict(error),
    }
}

fn scan(app: &Arc<App>, call: &Call, seen: &Seen, number: u32, access: Access) -> Result<Answer, Problem> {
    let scan = ScanOfPage::of(&seen.view, &app.press, &candidate(seen)?, number);
    let (copy, kind, ending) = match scan.map_err(|error| unseen(&error))?.ok_or_else(Problem::not_found)? {
        ScanOfPage::Jpeg(copy) => (copy, "image/jpeg", "jpg"),
        ScanOfPage::Pdf(copy) => (copy, "application/pdf", "pdf"),
        ScanOfPage::Damaged(damage) => return Err(damaged(&damage)),
    };
    let (length, tag) = (copy.length(), hex::encode(&copy.etag()));
    let taken = Taken { source: Source::Copy(Box::new(copy)), length, access };
    let shown = format!("inline; filename=\"page-{number}.{ending}\"");
    Ok(ranged(app, call, taken, &tag, kind, shown))
}

/// A page that cannot be shown, by the code of its damage.
fn damaged(damage: &Damage) -> Problem {
    Problem::new(409, &damage.code, "Damaged page", damage.detail.clone())
}

fn painted(
    app: &Arc<App>,
    call: &Call,
    seen: &Seen,
    number: u32,
    width: u32,
    access: Access,
) -> Result<Answer, Problem> {
    let page = OneCopy::page(&seen.view, &app.press, &candidate(seen)?, number);
    let page = page.map_err(|error| unseen(&error))?.ok_or_else(Problem::not_found)?;
    let height = height(seen, number, width)?;
    // The page says all that its picture depends on, its paper too.
    let tag = format!("\"{}-{width}\"", hex::encode(&page.etag()));
    if Asked::of(call, 0, &tag) == Asked::Unchanged {
        return Ok(kept(Answer::empty(304), tag));
    }
    let Some(_turn) = app.pictures.begin() else {
        let what = "HTT-182 as many pictures are being made as may be at once";
        let busy = Problem::of(503, "Busy", &what);
        return Ok(Answer::problem(&busy).with("Retry-After", "1"));
    };
    let png = picture(|| bytes_of(&page), width, height, &app.pictures.decoder);
    let png = png.map_err(|error| {
        Problem::internal(&format!("HTT-183 the picture of the page cannot be made: {error}"))
    })?;
    let png = png.map_err(|damage| match damage.code.as_str() {
        // What takes too long now may be quick when less is to be done.
        "DEC-002" => Problem::new(503, &damage.code, "Busy", damage.detail),
        _ => damaged(&damage),
    })?;
    let length = png.len() as u64;
    let taken = Taken { source: Source::Bytes(png), length, access };
    Ok(kept(taken.sent(app, 0..length, 200, "image/png"), tag))
}

/// A browser may keep a picture for ten minutes, for nobody else.
fn kept(answer: Answer, tag: String) -> Answer {
    answer.with("ETag", tag).with("Cache-Control", "private, max-age=600")
}

/// Pixels down, for so many across.
fn height(seen: &Seen, number: u32, width: u32) -> Result<u32, Problem> {
    let record = seen.view.script_at(seen.place)?.ok_or_else(Problem::not_found)?;
    let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let page = index.and_then(|index| record.get().pages.get(index)).ok_or_else(Problem::not_found)?;
    let (across, down) = page.frame.get().upright_size();
    let height = (f64::from(width) * f64::from(down) / f64::from(across)).round().max(1.0);
    if height.is_nan() || height > HIGHEST {
        let what = "HTT-181 the page is too long for a picture of this width: ask for a narrower one";
        return Err(Problem::unprocessable(&what));
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to 20,000")]
    let height = height as u32;
    Ok(height)
}

fn bytes_of(page: &OneCopy) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    page.pour(0..page.length(), &mut bytes).map_err(|error| match error {
        PourError::Reader(error) => error,
        other => io::Error::other(other),
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_width_is_a_whole_number_within_its_bounds() {
        for (text, width) in [("50", Some(50)), ("1600", Some(1600)), ("4000", Some(4000))] {
            assert_eq!(width_of(text).ok(), width);
        }
        for text in ["", "49", "4001", "-50", "+50", "1e3", "800.0", " 800", "99999999999999999999", "50;--"]
        {
            assert_eq!(
                width_of(text).err().map(|problem| problem.code),
                Some("HTT-180".to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn so_many_pictures_are_under_way_and_no_more() {
        let pictures = Pictures::new(Decoder::new("none", Vec::new(), Default::default()));
        let turns: Vec<_> = (0..AT_ONCE).map(|_| pictures.begin()).collect();
        assert!(turns.iter().all(Option::is_some) && pictures.begin().is_none());
        drop(turns);
        assert!(pictures.begin().is_some());
    }
}
