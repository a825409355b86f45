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

use sha2::{Digest, Sha256};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Measure {
    pub length: u64,
    pub crc32: u32,
    pub sha256: [u8; 32],
}

/// Writes the whole summary to nowhere, to know its length and checksums: for 27,000 copies it
/// has 6 MB, which are not worth holding.
pub(super) fn measure(rows: &Rows, profile: Profile, failed: &[Failure]) -> io::Result<Measure> {
    struct Gauge {
        length: u64,
        crc32: crc32fast::Hasher,
        sha256: Sha256,
    }
    impl Write for Gauge {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.length += bytes.len() as u64;
            self.crc32.update(bytes);
            self.sha256.update(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut gauge = Gauge { length: 0, crc32: crc32fast::Hasher::new(), sha256: Sha256::new() };
    write(rows.iter(), profile, failed, &mut gauge)?;
    Ok(Measure {
        length: gauge.length,
        crc32: gauge.crc32.finalize(),
        sha256: gauge.sha256.finalize().into(),
    })
}

/// Writes the summary of these copies and of those that could not be made, a few kilobytes at a time.
pub(super) fn write(
    copies: impl Iterator<Item = io::Result<(usize, Row)>>,
    profile: Profile,
    failed: &[Failure],
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut lines = String::with_capacity(16 * 1024);
    lines.push('\u{FEFF}');
    lines.push_str(&HEADERS.join(";"));
    lines.push_str("\r\n");
    let options = options(profile);
    for row in copies {
        line(&row?.1, &options, &mut lines);
        if lines.len() >= 15 * 1024 {
            out.write_all(lines.as_bytes())?;
            lines.clear();
        }
    }
    for failure in failed {
        lines.push(';');
        text(&failure.candidate, &mut lines);
        lines.push_str(";;;;;;;;;;;;");
        text(&format!("copie non produite ({})", failure.code), &mut lines);
        lines.push_str("\r\n");
        if lines.len() >= 15 * 1024 {
            out.write_all(lines.as_bytes())?;
            lines.clear();
        }
    }
    out.write_all(lines.as_bytes())
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
