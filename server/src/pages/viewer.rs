//! *Visionneuse*: one page of a copy with its annotations over it, the marks beside it.

use std::sync::Arc;

use askama::Template;
use copiste_core::bulk::{Source as _, annotated};
use copiste_core::journal::{Role, hex};
use copiste_core::model::{
    ArchivedAnnotation, ArchivedAttendance, ArchivedExamKind, ArchivedScript, ArchivedShape, Hundredths,
};
use copiste_core::process::gate::renderable_at;
use copiste_core::store::ExamView;

use super::correction::refusal;
use super::frame::{ExamHead, Frame, page};
use super::overlay::{Overlay, Shape, overlay};
use crate::api::app::{App, Seen, sees_script};
use crate::api::downloads::looked_at;
use crate::api::pictures::{number_of, unseen};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::routes::Found;
use crate::people::Who;

#[derive(Template)]
#[template(path = "visionneuse.html")]
struct Viewer {
    frame: Frame,
    exam: ExamHead,
    school: bool,
    script: String,
    last_name: String,
    first_name: String,
    number: String,
    uai: String,
    page: u32,
    count: u32,
    /// What addresses of other pages carry on: which layers are shown.
    kept: String,
    pages: Vec<PageLink>,
    previous: Option<u32>,
    next: Option<u32>,
    /// Ids of the copies before and after it.
    previous_copy: Option<String>,
    next_copy: Option<String>,
    picture: Picture,
    overlay: Overlay,
    layers: Vec<LayerLink>,
    remarks: Vec<Remark>,
    marks: Marks,
    /// Whether whoever looks may correct the final mark.
    correct: bool,
    /// Why a correction was refused.
    refused: Option<String>,
}

struct PageLink {
    number: u32,
    annotations: usize,
    damaged: bool,
    here: bool,
}

struct Picture {
    /// Proportions for the browser to keep room, in pixels.
    width: u32,
    height: u32,
    /// Widths that it may choose among.
    widths: Vec<u32>,
    damage: Option<Damage>,
}

struct Damage {
    code: String,
    accepted: bool,
    shown: bool,
}

struct LayerLink {
    name: &'static str,
    label: &'static str,
    shown: bool,
    /// Which layers are shown once it was followed.
    to: String,
}

/// An annotation for whoever does not see it.
struct Remark {
    what: &'static str,
    text: String,
    question: Option<String>,
}

struct Marks {
    /// Such as `12,5`; none without a mark.
    total: Option<String>,
    without: &'static str,
    /// The marker's, where it was harmonised.
    marker: Option<Option<String>>,
    questions: Vec<[String; 3]>,
    sum: [String; 2],
    appreciation: Option<String>,
}

/// Layers that are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Layers {
    comments: bool,
    drawings: bool,
}

impl Layers {
    const ALL: Layers = Layers { comments: true, drawings: true };

    /// Of `commentaires,traces`; `aucun` for none.
    fn parse(text: Option<&str>) -> Result<Layers, Problem> {
        let Some(text) = text else { return Ok(Layers::ALL) };
        let mut layers = Layers { comments: false, drawings: false };
        for word in text.split(',').filter(|word| !matches!(*word, "" | "aucun")) {
            match word {
                "commentaires" => layers.comments = true,
                "traces" => layers.drawings = true,
                _ => {
                    let what = "the layers of calques are commentaires and traces, or aucun".to_owned();
                    return Err(Problem::bad_request("HTT-184", what));
                }
            }
        }
        Ok(layers)
    }

    /// As a part of a query that follows another; empty for all.
    fn query(self) -> String {
        let words = match self {
            Layers::ALL => return String::new(),
            Layers { comments: true, .. } => "commentaires",
            Layers { drawings: true, .. } => "traces",
            Layers { .. } => "aucun",
        };
        format!("&calques={words}")
    }

    fn links(self) -> Vec<LayerLink> {
        let link = |name, label, shown, then: Layers| LayerLink { name, label, shown, to: then.query() };
        vec![
            link(
                "commentaires",
                "les commentaires",
                self.comments,
                Layers { comments: !self.comments, ..self },
            ),
            link("traces", "les tracés", self.drawings, Layers { drawings: !self.drawings, ..self }),
        ]
    }
}

/// `GET /copies/{script}?page=&calques=`.
pub(crate) fn show(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let who = found.who()?;
    let id = found.parameter("script");
    let Seen { view, place } = app.script_of(who, id)?;
    let layers = Layers::parse(call.parameter("calques"))?;
    let candidate = view.candidate_at(place)?.ok_or_else(Problem::not_found)?;
    let record = view.script_at(place)?.ok_or_else(Problem::not_found)?;
    let (candidate, script) = (candidate.get(), record.get());
    let number = call.parameter("page").map_or(Ok(1), number_of)?;
    // The gate first: a copy that may not be seen says why, whatever page is asked for.
    let drawn = annotated(&view, &app.press, &candidate.number, |copy| overlay(copy, number));
    let drawn = drawn.map_err(|error| unseen(&error))?.ok_or_else(Problem::not_found)?;
    let annotations = view.annotations(&record)?;
    let annotations = annotations.get();
    let count = u32::try_from(script.pages.len()).unwrap_or(u32::MAX);
    let shown = Viewer {
        frame: Frame::of(app, found, "").with(call.parameter("fait").map(|_| CORRECTED)),
        exam: ExamHead::of(&view),
        school: matches!(who.role(), Role::School(_)),
        refused: call
            .parameter("refus")
            .and_then(|code| refusal(code, &view.exam().mark_step.get().french())),
        correct: who.role() == Role::ExamOfficeManager
            && view.exam().kind == ArchivedExamKind::OneOff
            && view.life().published_at.is_none(),
        script: id.to_owned(),
        last_name: candidate.last_name.to_string(),
        first_name: candidate.first_name.to_string(),
        number: candidate.number.to_string(),
        uai: candidate.school.to_string(),
        page: number,
        count,
        kept: layers.query(),
        pages: page_links(script, annotations, number),
        previous: (number > 1).then(|| number - 1),
        next: (number < count).then(|| number + 1),
        previous_copy: neighbour(&view, who, (0..place).rev())?,
        next_copy: neighbour(&view, who, place.saturating_add(1)..view.candidate_count())?,
        picture: picture(script, number, &drawn),
        overlay: drawn,
        layers: layers.links(),
        remarks: remarks(annotations, number),
        marks: marks(script, &candidate.attendance),
    };
    let answer = page(200, &shown)?;
    looked_at(app, call, who, view.id(), id, number, &answer);
    Ok(answer)
}

fn page_links(script: &ArchivedScript, annotations: &[ArchivedAnnotation], here: u32) -> Vec<PageLink> {
    let link = |(page, number): (&copiste_core::model::ArchivedPage, u32)| PageLink {
        number,
        annotations: annotations.iter().filter(|one| one.page.to_native() == number).count(),
        damaged: page.damage.is_some(),
        here: number == here,
    };
    script.pages.iter().zip(1..).map(link).collect()
}

/// What a correction does (DOMAIN, *Closing a one-off exam*).
const CORRECTED: &str = "La note finale est corrigée ; les deux notes sont conservées, avec le motif. Elle part vers Cyclades avec la prochaine relance, et les PDF produits avant sont périmés.";

/// How far one looks for the next copy that may be seen.
const NEIGHBOURS: usize = 500;

/// The first script of some places that may be seen.
fn neighbour(
    view: &ExamView,
    who: &Who,
    places: impl Iterator<Item = u32>,
) -> Result<Option<String>, Problem> {
    for place in places.take(NEIGHBOURS) {
        let opened = renderable_at(view.exam(), &view.life(), view.transmitted_at(place)?).is_ok();
        if opened
            && sees_script(who, view, place)?
            && let Some(script) = view.script_at(place)?
        {
            return Ok(Some(hex::encode(&script.get().id)));
        }
    }
    Ok(None)
}

fn picture(script: &ArchivedScript, number: u32, overlay: &Overlay) -> Picture {
    let height = |width: u32| f64::from(width) * f64::from(overlay.height / overlay.width);
    let widths: Vec<u32> =
        [800, 1200, 1600, 2400, 3200].into_iter().filter(|width| height(*width) <= 12_000.0).collect();
    let widths = if widths.is_empty() { vec![50] } else { widths };
    let page = usize::try_from(number).ok().and_then(|number| script.pages.get(number.checked_sub(1)?));
    let damage = page.and_then(|page| {
        let damage = page.damage.as_ref()?;
        let accepted = page.accepted.is_some();
        Some(Damage { code: damage.code.to_string(), accepted, shown: accepted && page.scan.is_some() })
    });
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 12,000, or clamped")]
    let rounded = height(1200).round().clamp(1.0, 1e9) as u32;
    Picture { width: 1200, height: rounded, widths, damage }
}

fn remarks(annotations: &[ArchivedAnnotation], page: u32) -> Vec<Remark> {
    let here = annotations.iter().filter(|one| one.page.to_native() == page);
    let spoken = here.filter_map(|one| {
        let (what, text) = match &one.shape {
            ArchivedShape::Text { text, .. } => ("Commentaire", text.to_string()),
            ArchivedShape::Mark { text, .. } => ("Note en marge", text.to_string()),
            ArchivedShape::Stamp { stamp, .. } => ("Signe", copiste_renderers::stamp_says(stamp).to_owned()),
            _ => return None,
        };
        Some(Remark { what, text, question: one.question.as_ref().map(ToString::to_string) })
    });
    let drawings = copiste_renderers::drawings_say(annotations, page);
    let drawings = drawings.as_deref().and_then(|says| says.split_once(" : ")).map(|(_, counts)| Remark {
        what: "Tracés",
        text: counts.to_owned(),
        question: None,
    });
    spoken.chain(drawings).collect()
}

fn marks(script: &ArchivedScript, attendance: &ArchivedAttendance) -> Marks {
    let sum = |numbers: &mut dyn Iterator<Item = Hundredths>| {
        let total: i64 = numbers.map(|number| i64::from(number.0)).sum();
        Hundredths(i32::try_from(total).unwrap_or(i32::MAX)).french()
    };
    let questions = &script.questions;
    Marks {
        total: script.final_mark().map(|mark| mark.french()),
        without: match attendance {
            ArchivedAttendance::Present => "Pas de note",
            ArchivedAttendance::Absent => "Absence",
            ArchivedAttendance::AbsentJustified => "Absence justifiée",
            ArchivedAttendance::Exempt => "Dispense",
        },
        marker: script
            .harmonised
            .is_some()
            .then(|| script.marker_mark.as_ref().map(|mark| mark.get().french())),
        sum: [
            sum(&mut questions.iter().map(|question| question.earned.get())),
            sum(&mut questions.iter().map(|question| question.maximum.get())),
        ],
        questions: questions
            .iter()
            .map(|question| {
                let [earned, maximum] = [&question.earned, &question.maximum].map(|one| one.get().french());
                [question.label.to_string(), earned, maximum]
            })
            .collect(),
        appreciation: script
            .appreciation
            .as_ref()
            .map(ToString::to_string)
            .filter(|text| !text.trim().is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_spelt_as_they_are_read() {
        for comments in [true, false] {
            for drawings in [true, false] {
                let layers = Layers { comments, drawings };
                let query = layers.query();
                assert!(Layers::parse(query.strip_prefix("&calques=")).is_ok_and(|read| read == layers));
                let links = layers.links();
                assert_eq!(links.iter().map(|link| link.shown).collect::<Vec<_>>(), [comments, drawings]);
                assert!(links.iter().all(|link| link.to != query));
            }
        }
        assert!(Layers::parse(Some("commentaires,<script>")).is_err());
    }
}
