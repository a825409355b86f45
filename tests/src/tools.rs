//! The outside tools that judge the results, and what happens when one cannot be had.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::place;

/// A tool that is not ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// `qpdf`.
    Qpdf,
    /// `pdfimages`, `pdftotext`, `pdftoppm`, `pdfinfo`.
    Poppler,
    /// `unzip`.
    Unzip,
    /// `7z` or `7zz`.
    SevenZip,
    /// `python3`.
    Python,
    /// `openssl`.
    OpenSsl,
    /// `curl`.
    Curl,
    /// `wget`.
    Wget,
    /// A JDK: `java` that compiles.
    Java,
    /// `chromium` and `chromedriver`.
    Browser,
    /// axe-core, from `npm`, where `.ci/setup` puts it.
    Axe,
    /// `nginx`.
    Nginx,
    /// `systemd-analyze` with offline security reviews.
    SystemdAnalyze,
    /// What `.ci/setup prove` installs from PyPI: Schemathesis and a parser of metrics.
    PythonTools,
    /// veraPDF, from `../shared/tools`.
    VeraPdf,
    /// Real scans, from `../shared/scans`.
    RealScans,
    /// A file system of its own, small, in memory: needs root and Linux.
    SmallDisk,
}

impl Tool {
    /// Why it cannot be used here; nothing when it can.
    fn lacking(self) -> Option<String> {
        let command = |name: &str, argument: &str| {
            let run = Command::new(name).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
            run.is_err().then(|| format!("{name} is not installed"))
        };
        let beside = |path: &str| {
            place::shared(path).is_none().then(|| format!("../shared/{path} is not beside this checkout"))
        };
        match self {
            Tool::Qpdf => command("qpdf", "--version"),
            Tool::Poppler => ["pdfimages", "pdftotext", "pdftoppm", "pdfinfo"]
                .into_iter()
                .find_map(|name| command(name, "-v")),
            Tool::Unzip => command("unzip", "-v"),
            Tool::SevenZip => seven_zip().is_none().then(|| "7z is not installed".to_owned()),
            Tool::Python => command("python3", "--version"),
            Tool::OpenSsl => command("openssl", "version"),
            Tool::Curl => command("curl", "--version"),
            Tool::Wget => command("wget", "--version"),
            Tool::Nginx => command("nginx", "-v"),
            Tool::SystemdAnalyze => command("systemd-analyze", "--version"),
            Tool::PythonTools => {
                let there = place::python_tool("st").is_file();
                (!there).then(|| "the Python tools are not installed: .ci/setup prove".to_owned())
            }
            Tool::Java => command("javac", "--version"),
            Tool::Browser => {
                command("chromium", "--version").or_else(|| command("chromedriver", "--version"))
            }
            Tool::Axe => (!crate::browser::axe().is_file()).then(|| "axe-core is not installed".to_owned()),
            Tool::VeraPdf => beside("tools/verapdf/check").or_else(|| command("javac", "--version")),
            Tool::RealScans => beside("scans/README.md"),
            Tool::SmallDisk => match crate::command::SmallDisk::mount(1 << 20) {
                Ok(_) => None,
                Err(fault) => Some(format!("no small disk can be mounted: {fault}")),
            },
        }
    }
}

/// The 7-Zip command, whatever it is called here.
pub fn seven_zip() -> Option<&'static str> {
    ["7z", "7zz"]
        .into_iter()
        .find(|name| Command::new(name).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok())
}

/// Whether the test may go on. If not, a counted notice is left for the end of the run.
///
/// # Panics
/// In CI (`CI=true`), where nothing may be skipped.
pub fn all_there(wanted: &[Tool]) -> bool {
    let Some(reason) = wanted.iter().find_map(|tool| tool.lacking()) else { return true };
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test").replace("::", ".");
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{test} may not be skipped in CI: {reason}");
    let notice: PathBuf = place::leavings("skips").join(&test);
    fs::write(notice, &reason).expect("a notice can be left");
    false
}

/// Ends a test early, with a counted notice, when a tool it needs cannot be had.
#[macro_export]
macro_rules! needs {
    ($($tool:ident),+) => {
        if !$crate::tools::all_there(&[$($crate::tools::Tool::$tool),+]) {
            return;
        }
    };
}
