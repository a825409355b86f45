//! `scripts.jsonl`: a script as the bundle tells it, before its scans were looked at.

use super::annotation::{PAGE_LIMIT, annotation};
use super::json::Json;
use super::numbers::{mark, score};
use super::reading::{Bounds, Fields, Path, Reading};
use crate::intake::fault::Code;
use crate::intake::source;
use crate::model::{Annotation, Hundredths, Question};

/// How many pages a script may name. A copy has four to forty; the record has to hold them all.
pub const PAGES_LIMIT: usize = 500;
/// How many questions a mark may have.
const QUESTIONS_LIMIT: usize = 200;
/// How many annotations a script may have.
const ANNOTATIONS_LIMIT: usize = 50_000;

/// A page as the bundle names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageName {
    /// Path inside the bundle, composed.
    pub file: String,
    /// Page of that file, from 1; none stands for all its pages.
    pub page: Option<u32>,
    /// Degrees clockwise to turn it by: 0, 90, 180 or 270.
    pub rotate: u16,
    /// Where it stands in the list of pages, from 0.
    pub index: usize,
}

/// A line of `scripts.jsonl`.
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptLine {
    /// The candidate's number; empty when at fault.
    pub candidate: String,
    /// The batch's id.
    pub batch: Option<String>,
    /// Its pages, in order.
    pub pages: Vec<PageName>,
    /// The marker's total.
    pub total: Option<Hundredths>,
    /// The marker's mark in detail.
    pub questions: Vec<Question>,
    /// Whether it says anything of a mark, if only that there is none.
    pub marked: bool,
    /// The harmonised mark.
    pub harmonised: Option<Hundredths>,
    /// The marker's general comment.
    pub appreciation: Option<String>,
    /// In the order they were made.
    pub annotations: Vec<Annotation>,
}

impl ScriptLine {
    /// Reads a line, noting faults; none when it is not even an object.
    pub fn read(json: &Json<'_>, step: Hundredths, reading: &mut Reading<'_>) -> Option<ScriptLine> {
        let mut fields = Fields::of(json, &Path::Root, reading)?;
        let candidate = fields.identifier("candidate", reading);
        if !candidate.is_empty() {
            reading.about(&candidate);
        }
        let batch = match fields.optional("batch") {
            Some(_) => Some(fields.identifier("batch", reading)).filter(|id| !id.is_empty()),
            None => None,
        };
        let pages = pages(&mut fields, reading);
        let marked = fields.optional("mark").is_some();
        let (total, questions) = marks(&mut fields, step, reading);
        let harmonised = fields.optional("harmonised").and_then(|json| {
            let path = Path::Root.field("harmonised");
            on_step(json, &path, step, reading)
        });
        let appreciation = fields.optional_text("appreciation", Bounds::APPRECIATION, reading);
        let annotations = annotations(&mut fields, &questions, reading);
        fields.close(reading);
        Some(ScriptLine {
            candidate,
            batch,
            pages,
            total,
            questions,
            marked,
            harmonised,
            appreciation,
            annotations,
        })
    }
}

fn pages(fields: &mut Fields<'_, '_>, reading: &mut Reading<'_>) -> Vec<PageName> {
    let before = reading.faults();
    let items = fields.list("pages", PAGES_LIMIT, reading);
    if items.is_empty() && reading.faults() == before {
        fields.note(Code::Empty, "pages", "a script has at least one page", reading);
    }
    let list = Path::Root.field("pages");
    items
        .iter()
        .enumerate()
        .filter_map(|(index, json)| page(json, &list.item(index), index, reading))
        .collect()
}

fn page(json: &Json<'_>, path: &Path<'_>, index: usize, reading: &mut Reading<'_>) -> Option<PageName> {
    let Json::Object(_) = json else {
        if !matches!(json, Json::Text(_)) {
            let message =
                format!("a path, or an object with file, page and rotate, is expected, not {}", json.kind());
            reading.note(Code::WrongType, path, message);
            return None;
        }
        let file = file(json, path, reading)?;
        return Some(PageName { file, page: None, rotate: 0, index });
    };
    let mut fields = Fields::of(json, path, reading)?;
    let file = fields.required("file", reading).and_then(|json| file(json, &path.field("file"), reading));
    let page = fields.optional_whole("page", 1, PAGE_LIMIT, reading);
    let rotate = match fields.optional("rotate") {
        None | Some(Json::Number("0")) => 0,
        Some(Json::Number("90")) => 90,
        Some(Json::Number("180")) => 180,
        Some(Json::Number("270")) => 270,
        Some(_) => {
            fields.note(Code::Choice, "rotate", "one of 0, 90, 180, 270 is expected", reading);
            0
        }
    };
    fields.close(reading);
    Some(PageName { file: file?, page, rotate, index })
}

fn file(json: &Json<'_>, path: &Path<'_>, reading: &mut Reading<'_>) -> Option<String> {
    let Json::Text(file) = json else {
        reading.note(Code::WrongType, path, format!("a path is expected, not {}", json.kind()));
        return None;
    };
    match source::check_path(file) {
        Ok(()) => Some(source::composed(file)),
        Err(reason) => {
            reading.note(Code::Path, path, reason);
            None
        }
    }
}

fn on_step(
    json: &Json<'_>,
    path: &Path<'_>,
    step: Hundredths,
    reading: &mut Reading<'_>,
) -> Option<Hundredths> {
    let value = mark(json, path, reading)?;
    if step.0 > 0 && value.0 % step.0 != 0 {
        reading.note(Code::MarkStep, path, format!("the exam's marks go by steps of {step}"));
        return None;
    }
    Some(value)
}

fn marks(
    fields: &mut Fields<'_, '_>,
    step: Hundredths,
    reading: &mut Reading<'_>,
) -> (Option<Hundredths>, Vec<Question>) {
    let Some(json) = fields.optional("mark") else { return (None, Vec::new()) };
    let path = Path::Root.field("mark");
    let Some(mut fields) = Fields::of(json, &path, reading) else { return (None, Vec::new()) };
    let total = fields.optional("total").and_then(|json| on_step(json, &path.field("total"), step, reading));
    let list = path.field("questions");
    let mut questions: Vec<Question> = Vec::new();
    for (index, json) in fields.optional_list("questions", QUESTIONS_LIMIT, reading).iter().enumerate() {
        let path = list.item(index);
        let Some(question) = question(json, &path, reading) else { continue };
        if !question.label.is_empty() && questions.iter().any(|other| other.label == question.label) {
            reading.note(
                Code::Duplicate,
                &path.field("label"),
                "the script has another question of this label",
            );
        }
        questions.push(question);
    }
    fields.close(reading);
    (total, questions)
}

fn question(json: &Json<'_>, path: &Path<'_>, reading: &mut Reading<'_>) -> Option<Question> {
    let mut fields = Fields::of(json, path, reading)?;
    let before = reading.faults();
    let label = fields.text("label", Bounds::CODE, reading);
    let mut number = |name: &str, reading: &mut Reading<'_>| match fields.required(name, reading) {
        Some(json) => score(json, &path.field(name), reading),
        None => Hundredths(0),
    };
    let (earned, maximum) = (number("earned", reading), number("maximum", reading));
    if reading.faults() == before && earned > maximum {
        reading.note(
            Code::AboveMaximum,
            &path.field("earned"),
            "more than the question's maximum; kept as it is",
        );
    }
    fields.close(reading);
    Some(Question { label, earned, maximum })
}

fn annotations(
    fields: &mut Fields<'_, '_>,
    questions: &[Question],
    reading: &mut Reading<'_>,
) -> Vec<Annotation> {
    let list = Path::Root.field("annotations");
    let mut annotations = Vec::new();
    for (index, json) in fields.optional_list("annotations", ANNOTATIONS_LIMIT, reading).iter().enumerate() {
        let path = list.item(index);
        let Some(annotation) = annotation(json, &path, reading) else { continue };
        if let Some(label) = &annotation.question
            && !questions.iter().any(|question| question.label == *label)
        {
            let message = "the mark has no question of this label; the annotation is kept";
            reading.note(Code::UnknownQuestion, &path.field("question"), message);
        }
        annotations.push(annotation);
    }
    annotations
}
