//! Reading fields out of objects, noting every fault with its place and going on.
//!
//! A getter answers with a harmless value when its field is at fault, so that one line gives all
//! its faults at once; a record read while a fault was noted is thrown away by its caller.

use std::fmt;

use super::json::{Flaw, FlawAt, Json, Member};
use crate::intake::fault::{Code, Finding, Findings, printable};

/// Where a value stands in its line, spelt out only when a fault is noted.
#[derive(Clone, Copy)]
pub enum Path<'p> {
    /// The line's own value.
    Root,
    /// A field.
    Field(&'p Path<'p>, &'p str),
    /// An item of a list, from 0.
    Item(&'p Path<'p>, usize),
}

impl<'p> Path<'p> {
    /// A field of this object.
    pub fn field(&'p self, name: &'p str) -> Path<'p> {
        Path::Field(self, name)
    }

    /// An item of this list, from 0.
    pub fn item(&'p self, index: usize) -> Path<'p> {
        Path::Item(self, index)
    }
}

impl fmt::Display for Path<'_> {
    /// `mark.questions[2].earned`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Field(Path::Root, name) => f.write_str(name),
            Path::Field(parent, name) => write!(f, "{parent}.{name}"),
            Path::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// The line being read, and where what is found goes.
pub struct Reading<'f> {
    findings: &'f mut Findings,
    file: &'static str,
    line: u64,
    candidate: Option<String>,
}

impl<'f> Reading<'f> {
    /// Begins a line of a bundle's file.
    pub fn new(findings: &'f mut Findings, file: &'static str, line: u64) -> Reading<'f> {
        Reading { findings, file, line, candidate: None }
    }

    /// Whose script it is, once known.
    pub fn about(&mut self, candidate: &str) {
        self.candidate = Some(candidate.to_owned());
    }

    /// Moves to another line of the same text (a manifest may have several).
    pub fn at_line(&mut self, line: u64) {
        self.line = line;
    }

    /// How many faults are noted so far, in this line or before.
    pub fn faults(&self) -> u64 {
        self.findings.faults.count
    }

    /// Notes a fault or a warning.
    pub fn note(&mut self, code: Code, path: &Path<'_>, message: impl Into<String>) {
        let mut finding = Finding::new(code, message).file(self.file).line(self.line);
        if !matches!(path, Path::Root) {
            finding.field = Some(path.to_string());
        }
        finding.candidate.clone_from(&self.candidate);
        self.findings.push(code, finding);
    }

    /// Notes why a text is not JSON; `at` within the line is told in characters, from 1.
    pub fn flaw(&mut self, text: &str, flaw: &FlawAt) {
        let column = text.get(..flaw.at).map_or(flaw.at, |before| before.chars().count()) + 1;
        match &flaw.flaw {
            Flaw::Syntax(expected) => {
                self.note(
                    Code::NotJson,
                    &Path::Root,
                    format!("not JSON: at character {column}, {expected} is expected"),
                );
            }
            Flaw::TooDeep => {
                self.note(
                    Code::TooDeep,
                    &Path::Root,
                    format!("nested too deeply at character {column}: at most 16 levels"),
                );
            }
            Flaw::TooMany(what) => {
                self.note(Code::TooLarge, &Path::Root, format!("more than {what} at character {column}"));
            }
            Flaw::Twice(name) => {
                let name = printable(name);
                self.note(
                    Code::TwiceTheField,
                    &Path::Root.field(&name),
                    format!("the field {name} is given twice"),
                );
            }
        }
    }
}

/// How a text is bounded.
#[derive(Clone, Copy)]
pub struct Bounds {
    /// At most this many.
    pub most: usize,
    /// Of characters rather than bytes.
    pub characters: bool,
    /// Whether line breaks and tabs may stand in it.
    pub lines: bool,
    /// Whether it may be empty or blank.
    pub blank: bool,
}

impl Bounds {
    /// An identifier or a code: 64 bytes.
    pub const CODE: Bounds = Bounds { most: 64, characters: false, lines: false, blank: false };
    /// A name or a label: 300 bytes.
    pub const NAME: Bounds = Bounds { most: 300, characters: false, lines: false, blank: false };
    /// The same, which may be empty: not everyone has a first name.
    pub const NAME_OR_NONE: Bounds = Bounds { blank: true, ..Bounds::NAME };
    /// A marker's general comment.
    pub const APPRECIATION: Bounds = Bounds { most: 20_000, characters: true, lines: true, blank: true };
    /// What a marker typed on a page.
    pub const ANNOTATION: Bounds = Bounds { most: 10_000, characters: true, lines: true, blank: true };
    /// A mark in the margin.
    pub const MARGIN: Bounds = Bounds { most: 64, characters: true, lines: false, blank: false };
}

/// An object whose fields are being taken; what is left at the end is unknown.
pub struct Fields<'j, 'p> {
    members: &'j [Member<'j>],
    taken: u64,
    path: &'p Path<'p>,
}

impl<'j, 'p> Fields<'j, 'p> {
    /// The fields of a value that must be an object.
    pub fn of(json: &'j Json<'j>, path: &'p Path<'p>, reading: &mut Reading<'_>) -> Option<Fields<'j, 'p>> {
        let Json::Object(members) = json else {
            reading.note(Code::WrongType, path, format!("an object is expected, not {}", json.kind()));
            return None;
        };
        // The reader bounds objects at 64 fields: one bit each.
        Some(Fields { members, taken: 0, path })
    }

    /// Where this object stands.
    pub fn path(&self) -> &'p Path<'p> {
        self.path
    }

    /// Notes something about one of its fields.
    pub fn note(&self, code: Code, name: &str, message: impl Into<String>, reading: &mut Reading<'_>) {
        reading.note(code, &self.path.field(name), message);
    }

    /// A field that may be absent; `null` counts as absent.
    pub fn optional(&mut self, name: &str) -> Option<&'j Json<'j>> {
        let index = self.members.iter().position(|member| member.name == name)?;
        self.taken |= 1 << index;
        Some(&self.members[index].value).filter(|value| !matches!(value, Json::Null))
    }

    /// Whether the field stands there, `null` or not.
    pub fn has(&self, name: &str) -> bool {
        self.members.iter().any(|member| member.name == name)
    }

    /// A field that must be there.
    pub fn required(&mut self, name: &str, reading: &mut Reading<'_>) -> Option<&'j Json<'j>> {
        let there = self.has(name);
        let value = self.optional(name);
        if value.is_none() {
            if there {
                self.note(Code::WrongType, name, "a value is expected, not null", reading);
            } else {
                self.note(Code::FieldMissing, name, "the field is missing", reading);
            }
        }
        value
    }

    /// Notes every field that nobody took.
    pub fn close(self, reading: &mut Reading<'_>) {
        for (index, member) in self.members.iter().enumerate() {
            if self.taken & (1 << index) == 0 {
                let name = printable(&member.name);
                reading.note(
                    Code::UnknownField,
                    &self.path.field(&name),
                    format!("the field {name} does not exist here"),
                );
            }
        }
    }

    /// A text that must be there.
    pub fn text(&mut self, name: &str, bounds: Bounds, reading: &mut Reading<'_>) -> String {
        let Some(json) = self.required(name, reading) else { return String::new() };
        text(json, &self.path.field(name), bounds, reading)
    }

    /// A text that may be absent.
    pub fn optional_text(&mut self, name: &str, bounds: Bounds, reading: &mut Reading<'_>) -> Option<String> {
        let json = self.optional(name)?;
        Some(text(json, &self.path.field(name), bounds, reading))
    }

    /// One of some words, that must be there.
    pub fn choice<T: Copy>(&mut self, name: &str, words: &[(&str, T)], reading: &mut Reading<'_>) -> T {
        match self.required(name, reading) {
            Some(json) => choice(json, &self.path.field(name), words, reading),
            None => words[0].1,
        }
    }

    /// One of some words, or none.
    pub fn optional_choice<T: Copy>(
        &mut self,
        name: &str,
        words: &[(&str, T)],
        reading: &mut Reading<'_>,
    ) -> Option<T> {
        let json = self.optional(name)?;
        Some(choice(json, &self.path.field(name), words, reading))
    }

    /// `true` or `false`, or none.
    pub fn optional_flag(&mut self, name: &str, reading: &mut Reading<'_>) -> Option<bool> {
        match self.optional(name)? {
            Json::Bool(value) => Some(*value),
            other => {
                let message = format!("true or false is expected, not {}", other.kind());
                self.note(Code::WrongType, name, message, reading);
                None
            }
        }
    }

    /// A list that must be there.
    pub fn list(&mut self, name: &str, most: usize, reading: &mut Reading<'_>) -> &'j [Json<'j>] {
        match self.required(name, reading) {
            Some(json) => list(json, &self.path.field(name), most, reading),
            None => &[],
        }
    }

    /// A list, empty when absent.
    pub fn optional_list(&mut self, name: &str, most: usize, reading: &mut Reading<'_>) -> &'j [Json<'j>] {
        match self.optional(name) {
            Some(json) => list(json, &self.path.field(name), most, reading),
            None => &[],
        }
    }
}

/// A bounded text without control characters.
pub fn text(json: &Json<'_>, path: &Path<'_>, bounds: Bounds, reading: &mut Reading<'_>) -> String {
    let Json::Text(text) = json else {
        reading.note(Code::WrongType, path, format!("a text is expected, not {}", json.kind()));
        return String::new();
    };
    // Bytes first: nobody counts the characters of megabytes.
    let (unit, length) = if bounds.characters && text.len() <= bounds.most.saturating_mul(4) {
        ("characters", text.chars().count())
    } else if bounds.characters {
        ("characters", usize::MAX)
    } else {
        ("bytes", text.len())
    };
    if length > bounds.most {
        reading.note(Code::TooLarge, path, format!("the text is longer than {} {unit}", bounds.most));
        return String::new();
    }
    if !bounds.blank && text.trim().is_empty() {
        reading.note(Code::Empty, path, "the text is empty");
    }
    let allowed = |character: char| bounds.lines && matches!(character, '\n' | '\r' | '\t');
    if let Some(place) = text.chars().position(|character| character.is_control() && !allowed(character)) {
        reading.note(Code::Control, path, format!("character {} is a control character", place + 1));
        return String::new();
    }
    text.to_string()
}

fn choice<T: Copy>(json: &Json<'_>, path: &Path<'_>, words: &[(&str, T)], reading: &mut Reading<'_>) -> T {
    match json {
        Json::Text(text) => {
            if let Some((_, value)) = words.iter().find(|(word, _)| *word == text.as_ref()) {
                return *value;
            }
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            reading.note(Code::Choice, path, format!("one of {} is expected", known.join(", ")));
        }
        other => reading.note(Code::WrongType, path, format!("a text is expected, not {}", other.kind())),
    }
    words[0].1
}

fn list<'j>(json: &'j Json<'j>, path: &Path<'_>, most: usize, reading: &mut Reading<'_>) -> &'j [Json<'j>] {
    match json {
        Json::List(items) if items.len() <= most => items,
        Json::List(items) => {
            reading.note(Code::TooLarge, path, format!("{} items, at most {most} are taken", items.len()));
            &[]
        }
        other => {
            reading.note(Code::WrongType, path, format!("a list is expected, not {}", other.kind()));
            &[]
        }
    }
}
