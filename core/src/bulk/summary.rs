//! `sommaire.csv`: what a delivery holds, for the school that receives it.
//!
//! `;` between cells, UTF-8 with a byte order mark, CRLF, decimal commas: what a French
//! spreadsheet opens by a double click. One row a copy in the order of the entries, then one for
//! each copy that could not be made, so that a receiver sees what is missing.
//!
//! - Texts are quoted. One that a spreadsheet would run as a formula (`=`, `+`, `-`, `@` first)
//!   gets an apostrophe in front; tabs, line breaks and other control characters become spaces.
//! - The candidate number is written as it is, quoted. LibreOffice keeps its leading zeros when
//!   quoted fields are read as text; a spreadsheet that drops them still has the number whole at
//!   the end of the entry's name. `="0123"` would be a formula; a leading tab or apostrophe would
//!   be part of the number for every program that reads the list.
//! - The CRC-32 is quoted as well, eight digits as `unzip -v` shows them.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::index::STEP;
use super::report::Failure;
use super::rows::{Row, Rows};
use crate::journal::hex;
use crate::render::Profile;

/// Its name, at the root of a delivery.
pub const SUMMARY_NAME: &str = "sommaire.csv";

const HEADERS: [&str; 14] = [
    "établissement",
    "n° candidat",
    "nom",
    "prénom",
    "fichier",
    "pages",
    "pages endommagées",
    "pages endommagées acceptées",
    "note",
    "options",
    "taille (octets)",
    "CRC-32",
    "empreinte de l'édition",
    "observation",
];

/// Length and checksums of a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Measure {
    pub length: u64,
    pub crc32: u32,
    pub sha256: [u8; 32],
}

/// Writes the whole summary to nowhere, to know its length and checksums: for 27,000 copies it
/// has 6 MB, which are not worth holding. Also says where the line of every [`STEP`]-th row begins.
pub(super) fn measure(rows: &Rows, profile: Profile, failed: &[Failure]) -> io::Result<(Measure, Vec<u64>)> {
    let (mut crc32, mut sha256, mut length) = (crc32fast::Hasher::new(), Sha256::new(), 0);
    let mut starts = Vec::new();
    let mut lines = String::with_capacity(PIECE + 1024);
    let mut gauge = |lines: &mut String| {
        crc32.update(lines.as_bytes());
        sha256.update(lines.as_bytes());
        length += lines.len() as u64;
        lines.clear();
        length
    };
    head(&mut lines);
    let options = options(profile);
    for row in rows.iter() {
        let (index, row) = row?;
        if index.is_multiple_of(STEP) {
            starts.push(gauge(&mut lines));
        }
        line(&row, &options, &mut lines);
    }
    for failure in failed {
        if lines.len() >= PIECE {
            gauge(&mut lines);
        }
        failure_line(failure, &mut lines);
    }
    let length = gauge(&mut lines);
    Ok((Measure { length, crc32: crc32.finalize(), sha256: sha256.finalize().into() }, starts))
}

/// Writes the summary of these copies and of those that could not be made, a few kilobytes at a time.
pub(super) fn write(
    copies: impl Iterator<Item = io::Result<(usize, Row)>>,
    profile: Profile,
    failed: &[Failure],
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut lines = String::with_capacity(PIECE + 1024);
    head(&mut lines);
    write_on(lines, copies, profile, failed, |piece| out.write_all(piece).map(|()| true))
}

/// Goes on with a summary whose beginning is known: the lines of these copies and of those that could not
/// be made. `take` is given a few kilobytes at a time, and says whether it wants more.
pub(super) fn write_on<E: From<io::Error>>(
    mut lines: String,
    copies: impl Iterator<Item = io::Result<(usize, Row)>>,
    profile: Profile,
    failed: &[Failure],
    mut take: impl FnMut(&[u8]) -> Result<bool, E>,
) -> Result<(), E> {
    let options = options(profile);
    for row in copies {
        line(&row?.1, &options, &mut lines);
        if lines.len() >= PIECE {
            if !take(lines.as_bytes())? {
                return Ok(());
            }
            lines.clear();
        }
    }
    for failure in failed {
        failure_line(failure, &mut lines);
        if lines.len() >= PIECE {
            if !take(lines.as_bytes())? {
                return Ok(());
            }
            lines.clear();
        }
    }
    take(lines.as_bytes()).map(|_all_is_said| ())
}

/// Lines are handed on in pieces of about this many bytes.
const PIECE: usize = 15 * 1024;

/// The first line.
pub(super) fn head(lines: &mut String) {
    lines.push('\u{FEFF}');
    lines.push_str(&HEADERS.join(";"));
    lines.push_str("\r\n");
}

fn failure_line(failure: &Failure, lines: &mut String) {
    lines.push(';');
    text(&failure.candidate, lines);
    lines.push_str(";;;;;;;;;;;;");
    text(&format!("copie non produite ({})", failure.code), lines);
    lines.push_str("\r\n");
}

fn line(row: &Row, options: &str, lines: &mut String) {
    let school = row.entry.split('/').next().unwrap_or_default();
    for cell in [school, &row.number, &row.last_name, &row.first_name, &row.entry] {
        text(cell, lines);
        lines.push(';');
    }
    let mark = row.mark.map(|mark| mark.french()).unwrap_or_default();
    // Writing to a string does not fail.
    let _always_taken = write!(
        lines,
        "{};{};{};{mark};{options};{};\"{:08x}\";{};\r\n",
        row.pages,
        row.damaged,
        row.accepted,
        row.length,
        row.crc32,
        hex::encode(&row.digest),
    );
}

/// What the copies show beside the scans.
fn options(profile: Profile) -> String {
    let shown = [
        (profile.annotations, "annotations"),
        (profile.appreciation, "appréciation"),
        (profile.marking_details, "détails de la notation"),
    ];
    let names: Vec<&str> = shown.iter().filter(|(shown, _)| *shown).map(|(_, name)| *name).collect();
    if names.is_empty() { "sans".to_owned() } else { names.join(", ") }
}

/// A text cell: quoted, on one line, never a formula.
fn text(cell: &str, lines: &mut String) {
    lines.push('"');
    let trimmed = cell.trim_start_matches(|first: char| first.is_control() || first.is_whitespace());
    // The full-width forms are formulas to spreadsheets in some languages.
    if trimmed.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) {
        lines.push('\'');
    }
    for character in cell.chars() {
        match character {
            '"' => lines.push_str("\"\""),
            control if control.is_control() || matches!(control, '\u{2028}' | '\u{2029}') => lines.push(' '),
            other => lines.push(other),
        }
    }
    lines.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_run_as_a_formula() {
        for (cell, written) in [
            ("Martin", "\"Martin\""),
            ("0123456789", "\"0123456789\""),
            ("=1+1", "\"'=1+1\""),
            ("+33", "\"'+33\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1+1", "\"' =1+1\""),
            ("\r\n@x", "\"'  @x\""),
            ("  =1", "\"'  =1\""),
            ("\u{A0}=1", "\"'\u{A0}=1\""),
            ("＝1", "\"'＝1\""),
            ("\"=1", "\"\"\"=1\""),
            ("a;b\"c\"\nd", "\"a;b\"\"c\"\" d\""),
            ("a=b", "\"a=b\""),
            ("", "\"\""),
        ] {
            let mut rows = String::new();
            text(cell, &mut rows);
            assert_eq!(rows, written, "{cell:?}");
        }
    }

    #[test]
    fn the_options_are_spelt_out() {
        assert_eq!(options(Profile::FULL), "annotations, appréciation, détails de la notation");
        let bare = Profile { annotations: false, appreciation: false, marking_details: false };
        assert_eq!(options(bare), "sans");
    }
}
