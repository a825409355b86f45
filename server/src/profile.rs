//! What a copy shows: the exam's own defaults, less what somebody asked to leave out.

use copiste_core::model::{ArchivedExamKind, ArchivedSettings};
use copiste_core::render::Profile;
use copiste_core::store::ExamView;

/// What is left out of a copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    pub(crate) annotations: bool,
    pub(crate) appreciation: bool,
    pub(crate) marking_details: bool,
}

/// An E3C's copies cannot be shown otherwise (DOMAIN).
#[derive(Debug, thiserror::Error)]
#[error(
    "CLI-012 exam {exam} is an E3C: its copies always show annotations, appreciation and marking details; leave \
     `without` out"
)]
pub(crate) struct Fixed {
    exam: String,
}

impl LeftOut {
    /// What [`LeftOut::parse`] reads.
    pub(crate) fn spelt(self) -> String {
        let words = [
            (self.annotations, "annotations"),
            (self.appreciation, "appreciation"),
            (self.marking_details, "marking"),
        ];
        words.into_iter().filter(|(left, _)| *left).map(|(_, word)| word).collect::<Vec<_>>().join(",")
    }

    /// Reads `annotations,appreciation,marking`; the word that is none of them when there is one.
    pub(crate) fn parse(text: &str) -> Result<LeftOut, &str> {
        let mut left = LeftOut::default();
        for word in text.split(',').filter(|word| !word.is_empty()) {
            match word {
                "annotations" => left.annotations = true,
                "appreciation" => left.appreciation = true,
                "marking" => left.marking_details = true,
                other => return Err(other),
            }
        }
        Ok(left)
    }
}

/// What copies of an exam show.
///
/// # Errors
/// [`Fixed`] for an E3C of which something is to be left out.
pub(crate) fn profile(view: &ExamView, left: LeftOut) -> Result<Profile, Fixed> {
    let exam = view.exam();
    if exam.kind == ArchivedExamKind::CommonAssessment {
        return match left == LeftOut::default() {
            true => Ok(Profile::FULL),
            false => Err(Fixed { exam: view.id().to_owned() }),
        };
    }
    let ArchivedSettings { render_annotations, render_appreciation, render_marking_details, .. } =
        &exam.settings;
    Ok(Profile {
        annotations: *render_annotations && !left.annotations,
        appreciation: *render_appreciation && !left.appreciation,
        marking_details: *render_marking_details && !left.marking_details,
    })
}
