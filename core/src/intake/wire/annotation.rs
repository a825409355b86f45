//! Annotations, kind by kind.

use super::json::Json;
use super::numbers::{Scale, rounded};
use super::reading::{Bounds, Fields, Path, Reading};
use crate::intake::fault::Code;
use crate::model::{Annotation, Area, Shape, Spot, Stamp};

/// How many strokes an ink annotation may have, and how many points a stroke.
const STROKES_LIMIT: usize = 10_000;
const POINTS_LIMIT: usize = 100_000;

/// The colour of an annotation that names none, as in the contract's example: a marker's red.
const RED: [u8; 3] = [0xC8, 0x10, 0x2E];

/// Highest page number that is taken at all.
pub const PAGE_LIMIT: u32 = 100_000;

/// Reads one annotation, noting faults.
pub fn annotation(json: &Json<'_>, path: &Path<'_>, reading: &mut Reading<'_>) -> Option<Annotation> {
    let mut fields = Fields::of(json, path, reading)?;
    let page = fields.whole("page", 1, PAGE_LIMIT, reading);
    let colour = fields.optional_colour("colour", reading).unwrap_or(RED);
    let opacity = fields.optional_rounded("opacity", Scale::OPACITY, reading).unwrap_or(100);
    let question = fields.optional_text("question", Bounds::CODE, reading);
    let shape = shape(&mut fields, reading);
    // Without a known kind, every other field would look unknown.
    if shape.is_some() {
        fields.close(reading);
    }
    Some(Annotation { page, colour, opacity: u8::try_from(opacity).unwrap_or(100), question, shape: shape? })
}

fn shape(fields: &mut Fields<'_, '_>, reading: &mut Reading<'_>) -> Option<Shape> {
    let Some(Json::Text(kind)) = fields.required("kind", reading) else {
        if fields.has("kind") {
            fields.note(Code::WrongType, "kind", "a text is expected", reading);
        }
        return None;
    };
    Some(match kind.as_ref() {
        "text" => {
            let (place, width) = (spot(fields, reading), fields.rounded("width", Scale::EXTENT, reading));
            let height = fields.optional_rounded("height", Scale::EXTENT, reading).unwrap_or(0);
            Shape::Text {
                area: Area { x: place.x, y: place.y, width, height },
                text: fields.text("text", Bounds::ANNOTATION, reading),
                size: fields.size("size", Scale::SIZE, reading),
                rotation: fields.optional_rounded("rotation", Scale::ANGLE, reading).unwrap_or(0),
            }
        }
        "ink" => Shape::Ink { strokes: strokes(fields, reading), width: pen(fields, "width", reading) },
        "line" => {
            let (from, to) = ends(fields, reading);
            Shape::Line { from, to, width: pen(fields, "width", reading) }
        }
        "arrow" => {
            let (from, to) = ends(fields, reading);
            Shape::Arrow { from, to, width: pen(fields, "width", reading) }
        }
        "rectangle" => Shape::Rectangle {
            area: area(fields, reading),
            line_width: pen(fields, "line_width", reading),
            fill: fields.optional_colour("fill", reading),
        },
        "ellipse" => Shape::Ellipse {
            area: area(fields, reading),
            line_width: pen(fields, "line_width", reading),
            fill: fields.optional_colour("fill", reading),
        },
        "highlight" => Shape::Highlight { area: area(fields, reading) },
        "underline" => {
            let (from, to) = ends(fields, reading);
            Shape::Underline { from, to, width: pen(fields, "width", reading) }
        }
        "strike" => {
            let (from, to) = ends(fields, reading);
            Shape::Strike { from, to, width: pen(fields, "width", reading) }
        }
        "stamp" => {
            let stamps = [
                ("tick", Stamp::Tick),
                ("cross", Stamp::Cross),
                ("question", Stamp::Question),
                ("circle", Stamp::Circle),
                ("read", Stamp::Read),
            ];
            Shape::Stamp {
                at: spot(fields, reading),
                size: fields.size("size", Scale::SIZE, reading),
                stamp: fields.choice("stamp", &stamps, reading),
            }
        }
        "mark" => {
            Shape::Mark { at: spot(fields, reading), text: fields.text("text", Bounds::MARGIN, reading) }
        }
        _ => {
            let message = "one of text, ink, line, arrow, rectangle, ellipse, highlight, underline, strike, stamp, \
                           mark is expected";
            fields.note(Code::Choice, "kind", message, reading);
            return None;
        }
    })
}

fn spot(fields: &mut Fields<'_, '_>, reading: &mut Reading<'_>) -> Spot {
    Spot { x: fields.rounded("x", Scale::PLACE, reading), y: fields.rounded("y", Scale::PLACE, reading) }
}

fn area(fields: &mut Fields<'_, '_>, reading: &mut Reading<'_>) -> Area {
    let Spot { x, y } = spot(fields, reading);
    Area {
        x,
        y,
        width: fields.rounded("width", Scale::EXTENT, reading),
        height: fields.rounded("height", Scale::EXTENT, reading),
    }
}

fn pen(fields: &mut Fields<'_, '_>, name: &str, reading: &mut Reading<'_>) -> u32 {
    fields.size(name, Scale::PEN, reading)
}

fn ends(fields: &mut Fields<'_, '_>, reading: &mut Reading<'_>) -> (Spot, Spot) {
    let mut end = |name: &str| match fields.required(name, reading) {
        Some(json) => point(json, &fields.path().field(name), reading),
        None => Spot { x: 0, y: 0 },
    };
    (end("from"), end("to"))
}

fn strokes(fields: &mut Fields<'_, '_>, reading: &mut Reading<'_>) -> Vec<Vec<Spot>> {
    let path = fields.path().field("strokes");
    let items = fields.list("strokes", STROKES_LIMIT, reading);
    if items.is_empty() && fields.has("strokes") {
        reading.note(Code::Empty, &path, "an ink annotation has at least one stroke");
    }
    let stroke = |(index, item): (usize, &Json<'_>)| {
        let path = path.item(index);
        let points = match item {
            Json::List(points) if (1..=POINTS_LIMIT).contains(&points.len()) => points.as_slice(),
            Json::List(points) if points.is_empty() => {
                reading.note(Code::Empty, &path, "a stroke has at least one point");
                &[]
            }
            Json::List(_) => {
                reading.note(Code::TooLarge, &path, "a stroke has at most 100,000 points");
                &[]
            }
            other => {
                reading.note(
                    Code::WrongType,
                    &path,
                    format!("a list of points is expected, not {}", other.kind()),
                );
                &[]
            }
        };
        points.iter().enumerate().map(|(index, json)| point(json, &path.item(index), reading)).collect()
    };
    items.iter().enumerate().map(stroke).collect()
}

fn point(json: &Json<'_>, path: &Path<'_>, reading: &mut Reading<'_>) -> Spot {
    let Json::List(numbers) = json else {
        reading.note(Code::WrongType, path, format!("a point [x, y] is expected, not {}", json.kind()));
        return Spot { x: 0, y: 0 };
    };
    let [x, y] = numbers.as_slice() else {
        reading.note(Code::WrongType, path, format!("a point is [x, y], not {} numbers", numbers.len()));
        return Spot { x: 0, y: 0 };
    };
    Spot {
        x: rounded(x, &path.item(0), Scale::PLACE, reading),
        y: rounded(y, &path.item(1), Scale::PLACE, reading),
    }
}
