//! Every document is sound and keeps the standards it claims.

use std::path::Path;
use std::process::Command;

/// Runs a tool; none when it is not installed, which is said on stderr.
pub fn tool(program: &str, arguments: &[&str], file: &Path) -> Option<(bool, String)> {
    match Command::new(program).args(arguments).arg(file).output() {
        Ok(output) => {
            let text = [output.stdout, output.stderr].concat();
            Some((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
        }
        Err(error) => {
            eprintln!("skipped: {program} cannot be run: {error}");
            None
        }
    }
}

/// `qpdf --check` finds nothing to say.
pub fn is_sound(file: &Path) {
    if let Some((clean, said)) = tool("qpdf", &["--check"], file) {
        assert!(clean && said.contains("No syntax or stream encoding errors"), "{}: {said}", file.display());
    }
}
