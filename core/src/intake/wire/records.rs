//! The records of a JSON lines file, one at a time.

use std::io::{self, BufRead};

use super::json::{Json, parse};
use super::lines::{Line, Lines};
use super::reading::{Path, Reading};
use crate::intake::fault::{Code, Findings};

/// What became of a line.
#[derive(Debug, PartialEq, Eq)]
pub struct Read<T> {
    /// Line, from 1.
    pub line: u64,
    /// What it says; none when it cannot be made out.
    pub record: Option<T>,
    /// Whether no fault was noted in it.
    pub sound: bool,
}

/// Reads one record after another, noting faults and going on.
pub struct Records<R> {
    lines: Lines<R>,
    file: &'static str,
}

impl<R: BufRead> Records<R> {
    /// The records of one of the bundle's files.
    pub fn new(reader: R, file: &'static str) -> Records<R> {
        Records { lines: Lines::new(reader), file }
    }

    /// The next record; none at the end. Empty lines are taken at the end only.
    ///
    /// # Errors
    /// Whatever the reader says.
    pub fn next_record<T>(
        &mut self,
        findings: &mut Findings,
        read: impl FnOnce(&Json<'_>, &mut Reading<'_>) -> Option<T>,
    ) -> io::Result<Option<Read<T>>> {
        let mut empty = None;
        loop {
            let Some((number, line)) = self.lines.next_line()? else { return Ok(None) };
            if matches!(line, Line::Bytes(bytes) if bytes.trim_ascii().is_empty()) {
                empty = empty.or(Some(number));
                continue;
            }
            if let Some(empty) = empty {
                let mut reading = Reading::new(findings, self.file, empty);
                reading.note(Code::NotJson, &Path::Root, "an empty line; one object a line is expected");
            }
            let before = findings.faults.count;
            let mut reading = Reading::new(findings, self.file, number);
            let record = record(line, &mut reading, read);
            return Ok(Some(Read { line: number, record, sound: findings.faults.count == before }));
        }
    }
}

fn record<T>(
    line: Line<'_>,
    reading: &mut Reading<'_>,
    read: impl FnOnce(&Json<'_>, &mut Reading<'_>) -> Option<T>,
) -> Option<T> {
    let Line::Bytes(bytes) = line else {
        reading.note(Code::TooLarge, &Path::Root, "the line is longer than 8 MiB");
        return None;
    };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let message = format!("byte {} is not UTF-8", error.valid_up_to() + 1);
            reading.note(Code::NotUtf8, &Path::Root, message);
            return None;
        }
    };
    match parse(text) {
        Ok(json) => read(&json, reading),
        Err(flaw) => {
            reading.flaw(text, &flaw);
            None
        }
    }
}
