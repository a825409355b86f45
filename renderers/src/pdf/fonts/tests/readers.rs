//! What other programs make of the fonts: qpdf, poppler, veraPDF.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use unicode_normalization::UnicodeNormalization;

use super::super::{FontBook, FontRole, charset};
use super::{SAMPLES, book, document, every_line};

/// Writes a document where a person can look at it too.
fn written(name: &str, bytes: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pictures");
    fs::create_dir_all(&folder).expect("the target folder can be written");
    let path = folder.join(name);
    fs::write(&path, bytes).expect("the target folder can be written");
    path
}

/// Runs a program on a file; none, with a notice, when the program is not installed.
fn output(program: &str, arguments: &[&str], file: &Path, last: &[&str]) -> Option<(bool, String)> {
    match Command::new(program).args(arguments).arg(file).args(last).output() {
        Ok(output) => {
            let text = [output.stdout, output.stderr].concat();
            Some((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
        }
        Err(error) => {
            eprintln!("SKIPPED: {program} cannot be run here ({error})");
            None
        }
    }
}

/// The characters of a text, without what readers add or take away freely.
fn bare(text: &str) -> String {
    text.nfc()
        .filter(|ch| !ch.is_whitespace() && !matches!(ch, '\u{202A}'..='\u{202E}' | '\u{FE0F}' | '\u{200B}'))
        .collect()
}

/// Every shared block, whole, and every sample.
fn everything(book: &FontBook) -> Vec<u8> {
    let blocks = every_block();
    let mut lines = every_line();
    lines.extend(blocks.iter().map(|(role, text)| (*role, text.as_str())));
    document::compose(book, &lines)
}

fn every_block() -> Vec<(FontRole, String)> {
    let mut lines = Vec::new();
    for charset in &charset::CHARSETS {
        let role = if charset.text { FontRole::Text } else { FontRole::Strong };
        let characters: Vec<char> = charset.characters().collect();
        lines.extend(characters.chunks(30).map(|part| (role, part.iter().collect::<String>())));
    }
    lines
}

#[test]
fn other_programs_find_no_fault_in_the_fonts() {
    let file = written("fonts.pdf", &everything(&book()));
    if let Some((ok, said)) = output("qpdf", &["--check"], &file, &[]) {
        assert!(ok && said.contains("No syntax or stream encoding errors"), "{said}");
    }
    let check = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/tools/verapdf/check");
    for flavour in ["2b", "2a", "ua1"] {
        if let Some((ok, said)) = output(&check.to_string_lossy(), &[flavour], &file, &[]) {
            assert!(ok && said.contains("PASS"), "{flavour}: {said}");
        }
    }
}

#[test]
fn the_text_reads_back_character_by_character() {
    let file = written("blocks.pdf", &everything(&book()));
    let Some((_, said)) = output("pdftotext", &["-raw"], &file, &["-"]) else { return };
    let said = bare(&said);
    let leftward = |text: &str| text.chars().any(|ch| matches!(ch, '\u{590}'..='\u{7FF}'));
    for (name, text) in SAMPLES.iter().filter(|(_, text)| !leftward(text)) {
        assert!(said.contains(&bare(text)), "{name}: {text} is not in {said}");
    }
    for (_, text) in every_block() {
        assert!(said.contains(&bare(&text)), "{text} is not in {said}");
    }
}

#[test]
fn leftward_text_reads_back_with_every_letter() {
    let sorted = |text: &str| {
        let mut characters: Vec<char> = bare(text).chars().collect();
        characters.sort_unstable();
        characters
    };
    let leftward: Vec<_> =
        SAMPLES.iter().filter(|(name, _)| name.starts_with("Arabic") || *name == "Hebrew").collect();
    assert_eq!(leftward.len(), 3);
    for (number, (name, text)) in leftward.iter().enumerate() {
        let bytes = document::compose(&book(), &[(FontRole::Text, text)]);
        let file = written(&format!("leftward-{number}.pdf"), &bytes);
        let Some((_, said)) = output("pdftotext", &[], &file, &["-"]) else { return };
        assert_eq!(sorted(&said), sorted(text), "{name}");
    }
}
