//! What an import did, for people and for programs.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::fault::{Finding, Findings, Listed};
use crate::journal::Counts;

/// How an import ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The exam holds the bundle.
    Imported,
    /// It held it already; nothing changed.
    Unchanged,
    /// The bundle is at fault; nothing changed.
    Refused,
}

/// A page and what there is to say of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageNote {
    /// The candidate's number.
    pub candidate: String,
    /// Page of the script, from 1.
    pub page: u32,
    /// In English, no personal data.
    pub detail: String,
}

/// A page that cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageDamage {
    /// The candidate's number.
    pub candidate: String,
    /// Page of the script, from 1.
    pub page: u32,
    /// Such as `SCN-003`.
    pub code: String,
    /// In English, no personal data.
    pub detail: String,
}

/// Bytes and blobs of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bytes {
    /// Distinct scan files that were looked at.
    pub scan_files: u64,
    /// Their bytes in the bundle.
    pub scan_bytes: u64,
    /// Blobs that the store did not have, the bundle's own text among them.
    pub new_blobs: u64,
    /// Their bytes.
    pub new_bytes: u64,
}

/// The report of an import. Serialises to JSON; its text is English.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    /// How it ended.
    pub outcome: Outcome,
    /// The exam's identifier, where the manifest gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exam: Option<String>,
    /// The exam's label, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Of the bundle.
    pub counts: Counts,
    /// Annotations of all scripts.
    pub annotations: u64,
    /// What refuses the bundle.
    pub faults: Listed<Finding>,
    /// What a person should look at.
    pub warnings: Listed<Finding>,
    /// Whether the scans were looked at: they are not when the text files are at fault.
    pub scans_probed: bool,
    /// Pages that are shown as placeholders until replaced; never cut short.
    pub damaged: Vec<PageDamage>,
    /// Pages that were converted once, and why; all of them.
    pub converted: Vec<PageNote>,
    /// What else was found, such as invisible text dropped; all of it.
    pub notes: Vec<PageNote>,
    /// Bytes and blobs.
    pub bytes: Bytes,
    /// Refused only because `--strict` takes no damaged page.
    pub strict: bool,
    /// The journal line that it left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
}

impl ImportReport {
    /// An empty report of a refused bundle, to be filled in.
    pub(super) fn begin() -> ImportReport {
        ImportReport {
            outcome: Outcome::Refused,
            exam: None,
            label: None,
            counts: Counts::default(),
            annotations: 0,
            faults: Listed::default(),
            warnings: Listed::default(),
            scans_probed: false,
            damaged: Vec::new(),
            converted: Vec::new(),
            notes: Vec::new(),
            bytes: Bytes::default(),
            strict: false,
            line: None,
        }
    }

    /// Takes over what was found.
    pub(super) fn with(mut self, findings: Findings) -> ImportReport {
        self.faults = findings.faults;
        self.warnings = findings.warnings;
        self
    }
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exam = self.exam.as_deref().unwrap_or("?");
        match self.outcome {
            Outcome::Imported => writeln!(f, "exam {exam}: imported")?,
            Outcome::Unchanged => writeln!(f, "exam {exam}: the same bundle as before, nothing changed")?,
            Outcome::Refused if self.strict => {
                writeln!(
                    f,
                    "exam {exam}: refused, damaged pages are not taken with --strict; nothing changed"
                )?;
            }
            Outcome::Refused => writeln!(f, "exam {exam}: refused, nothing changed")?,
        }
        let Counts { schools, markers, batches, candidates, scripts, pages, .. } = self.counts;
        writeln!(
            f,
            "  {candidates} candidates, {scripts} scripts, {pages} pages, {} annotations, {schools} schools, \
             {batches} batches, {markers} markers",
            self.annotations
        )?;
        if self.scans_probed {
            let Bytes { scan_files, scan_bytes, new_blobs, new_bytes } = self.bytes;
            writeln!(
                f,
                "  {scan_files} scan files of {scan_bytes} bytes; {new_blobs} blobs of {new_bytes} bytes are new"
            )?;
        }
        section(f, "faults", &self.faults)?;
        if self.faults.count > 0 && !self.scans_probed {
            writeln!(f, "  the scans were not looked at")?;
        }
        section(f, "warnings", &self.warnings)?;
        if !self.damaged.is_empty() {
            writeln!(f, "  damaged pages: {}", self.damaged.len())?;
        }
        for page in &self.damaged {
            let PageDamage { candidate, page, code, detail } = page;
            writeln!(f, "    {code} candidate {candidate}, page {page}: {detail}")?;
        }
        grouped(f, "pages converted once", &self.converted)?;
        grouped(f, "notes on pages", &self.notes)
    }
}

fn section<T: fmt::Display>(f: &mut fmt::Formatter<'_>, title: &str, listed: &Listed<T>) -> fmt::Result {
    if listed.count == 0 {
        return Ok(());
    }
    writeln!(f, "  {title}: {}", listed.count)?;
    for item in &listed.first {
        writeln!(f, "    {item}")?;
    }
    match listed.unlisted() {
        0 => Ok(()),
        more => writeln!(f, "    … and {more} more"),
    }
}

/// How many places the text names of each kind; the JSON form names all.
const PLACES: usize = 5;

/// What was said, how often, and of which pages first.
fn grouped(f: &mut fmt::Formatter<'_>, title: &str, notes: &[PageNote]) -> fmt::Result {
    if notes.is_empty() {
        return Ok(());
    }
    let mut by_detail: BTreeMap<&str, Vec<&PageNote>> = BTreeMap::new();
    for note in notes {
        by_detail.entry(&note.detail).or_default().push(note);
    }
    writeln!(f, "  {title}: {} (--json names each)", notes.len())?;
    for (detail, notes) in by_detail {
        let place = |note: &&PageNote| format!("candidate {} page {}", note.candidate, note.page);
        let places: Vec<_> = notes.iter().take(PLACES).map(place).collect();
        let more = if notes.len() > PLACES { ", …" } else { "" };
        writeln!(f, "    {detail}: {} ({}{more})", notes.len(), places.join(", "))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_damaged_page_is_named_and_what_was_converted_is_grouped_by_its_reason() {
        let mut report =
            ImportReport { scans_probed: true, outcome: Outcome::Imported, ..ImportReport::begin() };
        for page in 1..=9 {
            let (candidate, code) = ("0123".to_owned(), "SCN-003".to_owned());
            let detail = "it ends too early".to_owned();
            report.damaged.push(PageDamage { candidate: candidate.clone(), page, code, detail });
            report.converted.push(PageNote { candidate, page, detail: "16-bit PNG".to_owned() });
        }
        let told = report.to_string();
        assert_eq!(told.matches("SCN-003 candidate 0123, page ").count(), 9, "{told}");
        assert!(told.contains("pages converted once: 9 (--json names each)"), "{told}");
        assert!(told.contains("16-bit PNG: 9 (candidate 0123 page 1, "), "{told}");
        let json = serde_json::to_string(&report).unwrap();
        assert_eq!(json.matches("16-bit PNG").count(), 9);
    }
}
