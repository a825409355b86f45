//! Identifiers, UAI codes, dates and colours.

use super::json::Json;
use super::reading::{Bounds, Fields, Path, Reading, text};
use crate::intake::fault::Code;

/// Whether a text is an identifier of the contract: `[A-Za-z0-9._-]{1,64}`. `.` and `..` are not,
/// because they are folders wherever an identifier becomes a file name.
pub fn is_identifier(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        && !matches!(text, "." | "..")
}

/// The check letter of a UAI: its seven digits modulo 23 in the alphabet without i, o and q
/// (*Répertoire national des établissements*, structure of the UAI code).
pub fn uai_letter(digits: &str) -> Option<char> {
    const LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPRSTUVWXYZ";
    if digits.len() != 7 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: usize = digits.parse().ok()?;
    LETTERS.get(number % 23).map(|letter| char::from(*letter))
}

/// Whether a text is a day of the calendar: `YYYY-MM-DD`.
pub fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape = bytes.len() == 10
        && bytes.iter().enumerate().all(|(index, byte)| match index {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !shape {
        return false;
    }
    let number = |from: usize, to: usize| {
        bytes[from..to].iter().fold(0, |sum, byte| sum * 10 + u32::from(byte - b'0'))
    };
    let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    year >= 1 && (1..=days).contains(&day)
}

/// Whether a text is a day with a time: `YYYY-MM-DDTHH:MM`.
pub fn is_moment(text: &str) -> bool {
    let Some((date, time)) = text.split_once('T') else { return false };
    let bytes = time.as_bytes();
    let digit = |index: usize| bytes[index].is_ascii_digit();
    is_date(date)
        && bytes.len() == 5
        && bytes[2] == b':'
        && [0, 1, 3, 4].into_iter().all(digit)
        && time[..2] < *"24"
        && time[3..] < *"60"
}

/// `#C8102E` as red, green, blue.
pub fn colour(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let part = |from: usize| u8::from_str_radix(&digits[from..from + 2], 16).ok();
    Some([part(0)?, part(2)?, part(4)?])
}

impl Fields<'_, '_> {
    /// An identifier that must be there; empty when at fault.
    pub fn identifier(&mut self, name: &str, reading: &mut Reading<'_>) -> String {
        let Some(json) = self.required(name, reading) else { return String::new() };
        let Json::Text(text) = json else {
            self.note(Code::WrongType, name, format!("a text is expected, not {}", json.kind()), reading);
            return String::new();
        };
        if !is_identifier(text) {
            let message =
                "1 to 64 letters of A-Z and a-z, digits, points, dashes and underlines are expected";
            self.note(Code::Pattern, name, message, reading);
            return String::new();
        }
        text.to_string()
    }

    /// A UAI that must be there; empty when at fault.
    pub fn uai(&mut self, name: &str, reading: &mut Reading<'_>) -> String {
        let value = self.text(name, Bounds::CODE, reading);
        let (digits, letter) =
            value.split_at(value.len().min(7).min(value.find(|sign: char| !sign.is_ascii()).unwrap_or(7)));
        let mut letters = letter.chars();
        let found = letters.next().filter(char::is_ascii_uppercase);
        match (uai_letter(digits), found, letters.next()) {
            (Some(expected), Some(found), None) => {
                if expected != found {
                    let message = "the check letter of the UAI is wrong; it is kept as it is";
                    self.note(Code::UaiLetter, name, message, reading);
                }
                value
            }
            _ => {
                if !value.is_empty() {
                    self.note(Code::Uai, name, "a UAI is seven digits and a capital letter", reading);
                }
                String::new()
            }
        }
    }

    /// A day, or none.
    pub fn optional_date(&mut self, name: &str, reading: &mut Reading<'_>) -> Option<String> {
        let json = self.optional(name)?;
        Some(shaped(
            json,
            &self.path().field(name),
            is_date,
            "a date such as 2020-01-31 is expected",
            reading,
        ))
    }

    /// A day with a time.
    pub fn moment(&mut self, name: &str, reading: &mut Reading<'_>) -> String {
        let Some(json) = self.required(name, reading) else { return String::new() };
        shaped(
            json,
            &self.path().field(name),
            is_moment,
            "a local time such as 2020-01-31T08:00 is expected",
            reading,
        )
    }

    /// A colour, or none.
    pub fn optional_colour(&mut self, name: &str, reading: &mut Reading<'_>) -> Option<[u8; 3]> {
        let json = self.optional(name)?;
        let Json::Text(value) = json else {
            self.note(Code::WrongType, name, format!("a text is expected, not {}", json.kind()), reading);
            return None;
        };
        let found = colour(value);
        if found.is_none() {
            self.note(Code::Colour, name, "a colour such as #C8102E is expected", reading);
        }
        found
    }
}

fn shaped(
    json: &Json<'_>,
    path: &Path<'_>,
    is: fn(&str) -> bool,
    expected: &str,
    reading: &mut Reading<'_>,
) -> String {
    let before = reading.faults();
    let value = text(json, path, Bounds::CODE, reading);
    if reading.faults() == before && !is(&value) {
        reading.note(Code::Date, path, expected);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uai_carries_its_check_letter() {
        // Lycée Louis-le-Grand, Lycée Henri-IV, Lycée Leconte de Lisle.
        for (digits, letter) in [("0750655", 'E'), ("0750654", 'D'), ("9740001", 'H')] {
            assert_eq!(uai_letter(digits), Some(letter), "{digits}");
        }
        for digits in ["", "075065", "07506555", "07506A5", "٠٧٥٠٦٥٥"] {
            assert_eq!(uai_letter(digits), None, "{digits}");
        }
    }

    #[test]
    fn a_date_is_a_day_of_the_calendar() {
        for text in ["2020-02-29", "2000-02-29", "1999-12-31", "0001-01-01"] {
            assert!(is_date(text), "{text}");
        }
        for text in [
            "2019-02-29",
            "1900-02-29",
            "2020-13-01",
            "2020-00-01",
            "2020-04-31",
            "2020-1-1",
            "20200101",
            "",
            "2020-01-01 ",
            "0000-01-01",
            "２020-01-01",
        ] {
            assert!(!is_date(text), "{text}");
        }
        assert!(is_moment("2020-01-03T08:00") && is_moment("2020-01-03T23:59"));
        for text in [
            "2020-01-03",
            "2020-01-03T24:00",
            "2020-01-03T08:60",
            "2020-01-03T8:00",
            "2020-01-03T08:00:00",
            "2020-01-03 08:00",
            "2020-01-03Té:00",
        ] {
            assert!(!is_moment(text), "{text}");
        }
    }

    #[test]
    fn a_colour_is_six_hexadecimal_digits() {
        assert_eq!(colour("#C8102e"), Some([0xC8, 0x10, 0x2E]));
        for text in ["C8102E", "#C8102", "#C8102EF", "#GGGGGG", "#+1+1+1", "red", "#é12E4"] {
            assert_eq!(colour(text), None, "{text}");
        }
    }
}
