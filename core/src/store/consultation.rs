//! How long copies may be consulted, and so how long they are kept (DOMAIN, *What users complain
//! about*): one year after publication, unless the exam says otherwise.

use super::record::{Export, Life, Standing};
use crate::journal::{Timestamp, instant, parse_instant};
use crate::model::ExamKind;

/// The day of an instant, `YYYY-MM-DD`, in UTC.
pub fn day(at: Timestamp) -> String {
    instant(at).chars().take(10).collect()
}

/// The last day on which an exam's copies may be consulted, `YYYY-MM-DD`: what its bundle says, else one
/// year after publication. None while nobody knows: for an E3C the year runs from the final results of
/// the bac, which only a bundle can say.
pub(super) fn consultable_until(said: Option<&str>, kind: ExamKind, life: &Life) -> Option<String> {
    if let Some(said) = said {
        return Some(said.to_owned());
    }
    match kind {
        ExamKind::OneOff => life.published_at.map(a_year_after),
        ExamKind::CommonAssessment => None,
    }
}

fn a_year_after(published: Timestamp) -> String {
    let published = day(published);
    let (year, rest) = published.split_at(4);
    let next = year.parse::<u32>().map_or_else(|_| year.to_owned(), |year| format!("{:04}", year + 1));
    let same_day = format!("{next}{rest}");
    // 29 February has no anniversary in the next year.
    if parse_instant(&format!("{same_day}T00:00:00Z")).is_some() { same_day } else { format!("{next}-02-28") }
}

/// Why copies are needed although their consultation is over; none when they are not.
pub(super) fn needed(kind: ExamKind, life: &Life, exports: &[Export]) -> Option<&'static str> {
    if kind == ExamKind::OneOff && life.closed_at.is_none() && life.published_at.is_none() {
        return Some("it is neither closed nor published");
    }
    if exports.iter().any(|export| export.standing() == Standing::Unsettled) {
        return Some("an export has no answer yet");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(on: &str) -> Life {
        Life { published_at: parse_instant(&format!("{on}T08:00:00Z")), ..Life::default() }
    }

    #[test]
    fn a_copy_may_be_consulted_for_one_year_after_publication_unless_the_exam_says_otherwise() {
        let one_off = |said, on: &str| consultable_until(said, ExamKind::OneOff, &published(on));
        assert_eq!(one_off(None, "2026-07-05").as_deref(), Some("2027-07-05"));
        assert_eq!(one_off(None, "2024-02-29").as_deref(), Some("2025-02-28"));
        assert_eq!(one_off(None, "2023-02-28").as_deref(), Some("2024-02-28"));
        assert_eq!(one_off(Some("2030-01-01"), "2026-07-05").as_deref(), Some("2030-01-01"));
        assert_eq!(consultable_until(None, ExamKind::OneOff, &Life::default()), None);
        let e3c = |said| consultable_until(said, ExamKind::CommonAssessment, &published("2026-07-05"));
        assert_eq!((e3c(None), e3c(Some("2028-01-31")).as_deref()), (None, Some("2028-01-31")));
    }

    #[test]
    fn copies_of_an_exam_that_is_not_closed_are_needed() {
        assert!(needed(ExamKind::OneOff, &Life::default(), &[]).is_some());
        assert!(needed(ExamKind::OneOff, &published("2026-07-05"), &[]).is_none());
        assert!(needed(ExamKind::CommonAssessment, &Life::default(), &[]).is_none());
    }
}
