//! Numbers of a bundle: marks exactly, places and sizes rounded, whole numbers within bounds.

use super::decimal::{Unscalable, scaled};
use super::json::Json;
use super::reading::{Fields, Path, Reading};
use crate::intake::fault::Code;
use crate::model::{DecimalFault, Hundredths};

/// The characters of a number, or of a text that holds one.
fn characters<'j>(json: &'j Json<'j>, path: &Path<'_>, reading: &mut Reading<'_>) -> Option<&'j str> {
    match json {
        Json::Number(number) => Some(number),
        Json::Text(text) => Some(text),
        other => {
            reading.note(Code::WrongType, path, format!("a number is expected, not {}", other.kind()));
            None
        }
    }
}

/// A decimal with at most two decimals, exactly.
pub fn hundredths(json: &Json<'_>, path: &Path<'_>, reading: &mut Reading<'_>) -> Option<Hundredths> {
    let text = characters(json, path, reading)?;
    match Hundredths::parse(text) {
        Ok(value) => Some(value),
        Err(fault @ (DecimalFault::NotADecimal | DecimalFault::TooPrecise | DecimalFault::TooLarge)) => {
            reading.note(Code::Decimal, path, fault.to_string());
            None
        }
    }
}

/// A mark: 0 to 20.
pub fn mark(json: &Json<'_>, path: &Path<'_>, reading: &mut Reading<'_>) -> Option<Hundredths> {
    let value = hundredths(json, path, reading)?;
    if value < Hundredths(0) || value > Hundredths::TWENTY {
        reading.note(Code::MarkRange, path, "a mark is between 0 and 20");
        return None;
    }
    Some(value)
}

/// A question's score: 0 or more. Its sum need not be the total, nor 20.
pub fn score(json: &Json<'_>, path: &Path<'_>, reading: &mut Reading<'_>) -> Hundredths {
    let Some(value) = hundredths(json, path, reading) else { return Hundredths(0) };
    if value < Hundredths(0) {
        reading.note(Code::MarkRange, path, "a score is not below 0");
        return Hundredths(0);
    }
    value
}

/// How a rounded number is bounded: scaled by ten to the power `places`, both ends included.
#[derive(Clone, Copy)]
pub struct Scale {
    /// Decimals kept.
    pub places: i32,
    /// Lowest, scaled.
    pub least: i32,
    /// Highest, scaled.
    pub most: i32,
    /// The bounds in words.
    pub words: &'static str,
}

impl Scale {
    /// A place on the page: ten pages away at most, since annotations may reach outside a little.
    pub const PLACE: Scale = Scale {
        places: 5,
        least: -1_000_000,
        most: 1_000_000,
        words: "a place is a fraction of the page, between -10 and 10",
    };
    /// A width or a height on the page.
    pub const EXTENT: Scale = Scale {
        places: 5,
        least: 0,
        most: 1_000_000,
        words: "an extent is a fraction of the page, between 0 and 10",
    };
    /// The width of a line in points.
    pub const PEN: Scale =
        Scale { places: 2, least: 1, most: 10_000, words: "a width is between 0.01 and 100 points" };
    /// The size of text or of a stamp in points.
    pub const SIZE: Scale =
        Scale { places: 2, least: 100, most: 50_000, words: "a size is between 1 and 500 points" };
    /// Opacity, to per cent.
    pub const OPACITY: Scale =
        Scale { places: 2, least: 0, most: 100, words: "an opacity is between 0 and 1" };
    /// Degrees.
    pub const ANGLE: Scale =
        Scale { places: 0, least: -360, most: 360, words: "an angle is between -360 and 360 degrees" };
}

/// A rounded number within bounds; the lowest bound when at fault.
pub fn rounded(json: &Json<'_>, path: &Path<'_>, scale: Scale, reading: &mut Reading<'_>) -> i32 {
    let Some(text) = characters(json, path, reading) else { return scale.least };
    match scaled(text, scale.places).map(i32::try_from) {
        Ok(Ok(value)) if (scale.least..=scale.most).contains(&value) => return value,
        Ok(_) | Err(Unscalable::TooLarge) => reading.note(Code::Range, path, scale.words),
        Err(Unscalable::NotANumber) => reading.note(Code::WrongType, path, "a number is expected"),
    }
    scale.least
}

/// A whole number within bounds; the lowest bound when at fault.
pub fn whole(json: &Json<'_>, path: &Path<'_>, least: u32, most: u32, reading: &mut Reading<'_>) -> u32 {
    let Json::Number(number) = json else {
        reading.note(Code::WrongType, path, format!("a whole number is expected, not {}", json.kind()));
        return least;
    };
    if !number.strip_prefix('-').unwrap_or(number).bytes().all(|byte| byte.is_ascii_digit()) {
        reading.note(Code::WrongType, path, "a whole number is expected");
        return least;
    }
    match number.parse::<u32>() {
        Ok(value) if (least..=most).contains(&value) => value,
        _ => {
            reading.note(Code::Range, path, format!("a number between {least} and {most} is expected"));
            least
        }
    }
}

impl Fields<'_, '_> {
    /// A rounded number that must be there.
    pub fn rounded(&mut self, name: &str, scale: Scale, reading: &mut Reading<'_>) -> i32 {
        match self.required(name, reading) {
            Some(json) => rounded(json, &self.path().field(name), scale, reading),
            None => scale.least,
        }
    }

    /// A rounded number, or none.
    pub fn optional_rounded(&mut self, name: &str, scale: Scale, reading: &mut Reading<'_>) -> Option<i32> {
        let json = self.optional(name)?;
        Some(rounded(json, &self.path().field(name), scale, reading))
    }

    /// The same for what is never negative: sizes and widths.
    pub fn size(&mut self, name: &str, scale: Scale, reading: &mut Reading<'_>) -> u32 {
        self.rounded(name, scale, reading).unsigned_abs()
    }

    /// A whole number that must be there.
    pub fn whole(&mut self, name: &str, least: u32, most: u32, reading: &mut Reading<'_>) -> u32 {
        match self.required(name, reading) {
            Some(json) => whole(json, &self.path().field(name), least, most, reading),
            None => least,
        }
    }

    /// A whole number, or none.
    pub fn optional_whole(
        &mut self,
        name: &str,
        least: u32,
        most: u32,
        reading: &mut Reading<'_>,
    ) -> Option<u32> {
        let json = self.optional(name)?;
        Some(whole(json, &self.path().field(name), least, most, reading))
    }
}
