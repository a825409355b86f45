//! Other people's tools, which read what we write.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs a tool; none when it is not installed, which is said on stderr.
pub fn run(program: &str, arguments: &[&str]) -> Option<(bool, String)> {
    match Command::new(program).args(arguments).output() {
        Ok(output) => {
            let said = [output.stdout, output.stderr].concat();
            Some((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
        }
        Err(error) => {
            eprintln!("skipped: {program} cannot be run: {error}");
            None
        }
    }
}

fn path(file: &Path) -> &str {
    file.to_str().expect("a path in UTF-8")
}

/// `qpdf --check` finds every object where the cross references say, and nothing to remark.
pub fn is_sound(file: &Path) {
    if let Some((clean, said)) = run("qpdf", &["--check", path(file)]) {
        assert!(clean && said.contains("No syntax or stream encoding errors"), "{}: {said}", file.display());
    }
}

/// The words of a document, as a reader finds them.
pub fn text(file: &Path) -> Option<String> {
    run("pdftotext", &["-layout", path(file), "-"]).map(|(_, text)| text)
}

/// The document with every object spelled out.
pub fn plain(file: &Path) -> Option<Vec<u8>> {
    let plain = file.with_extension("qdf");
    let (clean, said) = run("qpdf", &["--qdf", "--object-streams=disable", path(file), path(&plain)])?;
    assert!(clean, "{said}");
    Some(std::fs::read(plain).expect("qpdf's output"))
}

/// A page as grey pixels: width, height, one byte each.
pub fn pixels(file: &Path, page: u32, dpi: u32) -> Option<(usize, usize, Vec<u8>)> {
    let root = file.with_extension(format!("{page}"));
    let (page, dpi) = (page.to_string(), dpi.to_string());
    let arguments =
        ["-gray", "-cropbox", "-singlefile", "-r", &dpi, "-f", &page, "-l", &page, path(file), path(&root)];
    let (clean, said) = run("pdftoppm", &arguments)?;
    assert!(clean && said.is_empty(), "{said}");
    let bytes = std::fs::read(format!("{}.pgm", path(&root))).expect("a picture");
    let mut head = bytes.splitn(4, |byte| *byte == b'\n');
    let (_, size, _) = (head.next(), head.next().expect("a size"), head.next());
    let pixels = head.next().expect("pixels").to_vec();
    let size = String::from_utf8_lossy(size).into_owned();
    let (width, height) = size.split_once(' ').expect("two numbers");
    Some((width.parse().expect("width"), height.parse().expect("height"), pixels))
}

/// veraPDF's verdict on files, for all three profiles that we claim. The validator lies outside
/// the source tree, where the variable says; skipped otherwise.
pub fn keeps_the_standards(files: &[PathBuf]) {
    let Some(check) = std::env::var_os("COPISTE_VERAPDF") else {
        eprintln!("skipped: COPISTE_VERAPDF does not name a validator");
        return;
    };
    for profile in ["2b", "2a", "ua1"] {
        let output = Command::new(&check).arg(profile).args(files).output().expect("the validator");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}");
        assert_eq!(said.lines().filter(|line| line.starts_with("PASS")).count(), files.len(), "{said}");
    }
}
