//! Annotations in the words of the bundle that brought them (CONTRACTS, section 1).

use copiste_core::model::{
    ArchivedAnnotation, ArchivedArea, ArchivedShape, ArchivedSpot, ArchivedStamp, WHOLE,
};
use serde_json::{Map, Value, json};

/// One annotation: page, kind, coordinates as fractions of the page as seen upright, colour, opacity, question.
pub(crate) fn annotation(annotation: &ArchivedAnnotation) -> Value {
    let mut said = Map::new();
    let mut say = |name: &str, value: Value| {
        said.insert(name.to_owned(), value);
    };
    say("page", json!(annotation.page.to_native()));
    say("colour", json!(colour(annotation.colour)));
    say("opacity", json!(hundredths(u32::from(annotation.opacity))));
    if let Some(question) = annotation.question.as_ref() {
        say("question", json!(question.as_str()));
    }
    say("kind", json!(kind(&annotation.shape)));
    match &annotation.shape {
        ArchivedShape::Text { area, text, size, rotation } => {
            place(area, &mut say);
            say("text", json!(text.as_str()));
            say("size", json!(hundredths(size.to_native())));
            say("rotation", json!(rotation.to_native()));
        }
        ArchivedShape::Ink { strokes, width } => {
            let stroke = |stroke: &[ArchivedSpot]| stroke.iter().map(spot).collect::<Vec<_>>();
            say("strokes", json!(strokes.iter().map(|one| stroke(one)).collect::<Vec<_>>()));
            say("width", json!(hundredths(width.to_native())));
        }
        ArchivedShape::Line { from, to, width }
        | ArchivedShape::Arrow { from, to, width }
        | ArchivedShape::Underline { from, to, width }
        | ArchivedShape::Strike { from, to, width } => {
            say("from", spot(from));
            say("to", spot(to));
            say("width", json!(hundredths(width.to_native())));
        }
        ArchivedShape::Rectangle { area, line_width, fill }
        | ArchivedShape::Ellipse { area, line_width, fill } => {
            place(area, &mut say);
            say("line_width", json!(hundredths(line_width.to_native())));
            if let Some(fill) = fill.as_ref() {
                say("fill", json!(colour(*fill)));
            }
        }
        ArchivedShape::Highlight { area } => place(area, &mut say),
        ArchivedShape::Stamp { at, size, stamp } => {
            say("x", fraction(at.x.to_native()));
            say("y", fraction(at.y.to_native()));
            say("size", json!(hundredths(size.to_native())));
            say("stamp", json!(stamp_name(stamp)));
        }
        ArchivedShape::Mark { at, text } => {
            say("x", fraction(at.x.to_native()));
            say("y", fraction(at.y.to_native()));
            say("text", json!(text.as_str()));
        }
    }
    Value::Object(said)
}

fn kind(shape: &ArchivedShape) -> &'static str {
    match shape {
        ArchivedShape::Text { .. } => "text",
        ArchivedShape::Ink { .. } => "ink",
        ArchivedShape::Line { .. } => "line",
        ArchivedShape::Arrow { .. } => "arrow",
        ArchivedShape::Rectangle { .. } => "rectangle",
        ArchivedShape::Ellipse { .. } => "ellipse",
        ArchivedShape::Highlight { .. } => "highlight",
        ArchivedShape::Underline { .. } => "underline",
        ArchivedShape::Strike { .. } => "strike",
        ArchivedShape::Stamp { .. } => "stamp",
        ArchivedShape::Mark { .. } => "mark",
    }
}

fn stamp_name(stamp: &ArchivedStamp) -> &'static str {
    match stamp {
        ArchivedStamp::Tick => "tick",
        ArchivedStamp::Cross => "cross",
        ArchivedStamp::Question => "question",
        ArchivedStamp::Circle => "circle",
        ArchivedStamp::Read => "read",
    }
}

fn place(area: &ArchivedArea, say: &mut dyn FnMut(&str, Value)) {
    say("x", fraction(area.x.to_native()));
    say("y", fraction(area.y.to_native()));
    say("width", fraction(area.width.to_native()));
    // A height that is not said is as high as needed.
    if area.height != 0 {
        say("height", fraction(area.height.to_native()));
    }
}

fn spot(spot: &ArchivedSpot) -> Value {
    json!([fraction(spot.x.to_native()), fraction(spot.y.to_native())])
}

fn fraction(units: i32) -> Value {
    json!(f64::from(units) / f64::from(WHOLE))
}

/// Hundredths as the number they are: centipoints as points, per cent as a share.
fn hundredths(number: u32) -> f64 {
    f64::from(number) / 100.0
}

/// `#C8102E`.
pub(crate) fn colour([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}
