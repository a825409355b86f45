//! What is wrong with a bundle, each thing with its code and its place.
//!
//! Nothing here carries personal data other than candidate numbers: values are never echoed, only
//! the places where they stand. The names of unknown fields are, shortened and made printable,
//! because a person has to find them.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// How many faults, and how many warnings, are listed; the rest is counted.
pub const LISTED: usize = 1_000;

macro_rules! codes {
    ($($name:ident = $code:literal: $meaning:literal;)*) => {
        /// The stable codes of a bundle's faults (`BND-0xx`) and warnings (`BND-1xx`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $(
                #[doc = $meaning]
                $name,
            )*
        }

        impl Code {
            /// As it is printed, such as `BND-031`.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $code,)* }
            }

            /// Every code with what it means, in order.
            pub const ALL: &'static [(Code, &'static str, &'static str)] =
                &[$((Code::$name, $code, $meaning),)*];
        }
    };
}

codes! {
    Unreadable = "BND-001": "The bundle, or a part of it, cannot be read.";
    NotABundle = "BND-002": "Neither a directory nor a ZIP, or without a manifest.";
    Bomb = "BND-003": "A limit on the ZIP or the directory is passed.";
    Path = "BND-004": "A path that leaves the bundle or is not a plain relative one.";
    Link = "BND-005": "A link or a special file where a file should be.";
    SamePath = "BND-006": "Two paths that are one on some systems.";
    Encrypted = "BND-007": "An encrypted entry of the ZIP.";
    BrokenZip = "BND-008": "The ZIP is broken, or compressed in a way that is not read.";
    FileMissing = "BND-009": "A file that every bundle has is missing.";
    NotUtf8 = "BND-010": "Text that is not UTF-8.";
    NotJson = "BND-011": "Text that is not JSON.";
    TooLarge = "BND-012": "A line or a value past its limit.";
    TooDeep = "BND-013": "JSON nested too deeply.";
    TwiceTheField = "BND-014": "A field given twice in one object.";
    UnknownField = "BND-015": "A field that does not exist.";
    FieldMissing = "BND-016": "A field that must be there is missing.";
    WrongType = "BND-017": "A value of the wrong type.";
    Empty = "BND-018": "An empty text, or an empty list, where something must stand.";
    Control = "BND-019": "A control character.";
    Version = "BND-020": "Not a bundle of version 1.";
    Pattern = "BND-021": "An identifier outside of its pattern.";
    Uai = "BND-022": "Not a UAI: seven digits and a letter.";
    Choice = "BND-023": "Not one of the values that may stand here.";
    Date = "BND-024": "Not a date, or not a date with a time.";
    Colour = "BND-025": "Not a colour such as #C8102E.";
    Decimal = "BND-030": "Not a decimal number with at most two decimals.";
    MarkRange = "BND-031": "A mark outside of 0 to 20, or a score below 0.";
    MarkStep = "BND-032": "A mark that is not on the exam's step.";
    Range = "BND-033": "A number outside of what makes sense here.";
    Duplicate = "BND-040": "Something that is there twice.";
    Reference = "BND-041": "A reference to something that is not in the bundle.";
    NotPresent = "BND-042": "A script of a candidate who did not come.";
    PageFile = "BND-043": "A page's file is not in the bundle.";
    NoSuchPage = "BND-044": "A page that its file, or the script, does not have.";
    Fixed = "BND-045": "A setting that a common assessment does not let anyone choose.";
    Validated = "BND-046": "A common assessment's batch that comes validated.";
    UaiLetter = "BND-101": "The check letter of a UAI is wrong.";
    AboveMaximum = "BND-102": "A question earned more than its maximum.";
    UnknownQuestion = "BND-103": "An annotation names a question that the mark does not have.";
    NotHarmonised = "BND-104": "A harmonised mark in an exam without harmonisation.";
    Unused = "BND-105": "Files in the bundle that nothing names.";
    SharedPage = "BND-106": "A scanned page that stands in several scripts, or twice in one.";
}

impl Code {
    /// Whether it only warns.
    pub fn warns(self) -> bool {
        self.as_str().as_bytes().get(4) == Some(&b'1')
    }
}

/// One thing found: code, place and what happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Such as `BND-031`.
    pub code: Cow<'static, str>,
    /// The bundle's own file, such as `scripts.jsonl`; never a scan's, which may name a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Cow<'static, str>>,
    /// From 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Such as `mark.questions[2].earned`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The candidate's number, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<String>,
    /// What happened and what to do.
    pub message: String,
}

impl Finding {
    /// A finding about the bundle as a whole.
    pub fn new(code: Code, message: impl Into<String>) -> Finding {
        Finding {
            code: Cow::Borrowed(code.as_str()),
            file: None,
            line: None,
            field: None,
            candidate: None,
            message: message.into(),
        }
    }

    /// In this file.
    #[must_use]
    pub fn file(mut self, file: &'static str) -> Finding {
        self.file = Some(Cow::Borrowed(file));
        self
    }

    /// On this line, from 1.
    #[must_use]
    pub fn line(mut self, line: u64) -> Finding {
        self.line = Some(line);
        self
    }

    /// In this field.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Finding {
        self.field = Some(field.into());
        self
    }

    /// About this candidate's script.
    #[must_use]
    pub fn candidate(mut self, number: &str) -> Finding {
        self.candidate = Some(number.to_owned());
        self
    }
}

impl fmt::Display for Finding {
    /// `BND-031 scripts.jsonl, line 12, mark.total, candidate 0123: …`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)?;
        let mut before = " ";
        if let Some(file) = &self.file {
            write!(f, "{before}{file}")?;
            before = ", ";
        }
        if let Some(line) = self.line {
            write!(f, "{before}line {line}")?;
            before = ", ";
        }
        if let Some(field) = &self.field {
            write!(f, "{before}{field}")?;
            before = ", ";
        }
        if let Some(candidate) = &self.candidate {
            write!(f, "{before}candidate {candidate}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// A list that stops growing at [`LISTED`] and goes on counting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed<T> {
    /// How many there are.
    pub count: u64,
    /// The first of them.
    pub first: Vec<T>,
}

impl<T> Default for Listed<T> {
    fn default() -> Listed<T> {
        Listed { count: 0, first: Vec::new() }
    }
}

impl<T> Listed<T> {
    /// Adds one.
    pub fn push(&mut self, item: T) {
        self.count += 1;
        if self.first.len() < LISTED {
            self.first.push(item);
        }
    }

    /// How many are counted but not listed.
    pub fn unlisted(&self) -> u64 {
        self.count - self.first.len() as u64
    }
}

/// Everything found in a bundle so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// What refuses the bundle.
    pub faults: Listed<Finding>,
    /// What a person should look at.
    pub warnings: Listed<Finding>,
}

impl Findings {
    /// Adds one where it belongs.
    pub fn push(&mut self, code: Code, finding: Finding) {
        if code.warns() { self.warnings.push(finding) } else { self.faults.push(finding) }
    }
}

/// Makes an outside name printable: control characters and direction marks escaped, shortened to
/// 64 characters.
pub fn printable(name: &str) -> String {
    let mut out = String::new();
    for (count, character) in name.chars().enumerate() {
        if count == 64 {
            out.push('…');
            break;
        }
        let turns =
            matches!(character, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        if character.is_control() || turns {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_unique_and_says_what_it_means() {
        let mut seen = std::collections::BTreeSet::new();
        for (code, text, meaning) in Code::ALL {
            assert!(seen.insert(*text), "{text} twice");
            assert_eq!(code.as_str(), *text);
            assert!(text.starts_with("BND-") && text.len() == 7 && !meaning.is_empty());
        }
    }

    #[test]
    fn a_list_goes_on_counting_after_it_is_full() {
        let mut listed = Listed::default();
        for number in 0..LISTED + 7 {
            listed.push(number);
        }
        assert_eq!((listed.first.len(), listed.count, listed.unlisted()), (LISTED, 1_007, 7));
    }

    #[test]
    fn a_hostile_field_name_cannot_write_on_the_terminal() {
        assert_eq!(printable("a\u{1b}[2J\u{202e}b"), "a\\u{1b}[2J\\u{202e}b");
        assert_eq!(printable(&"x".repeat(100)).chars().count(), 65);
    }
}
