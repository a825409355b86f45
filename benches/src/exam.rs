//! The exam that is measured: grey JPEG pages, four a copy unless said otherwise.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A generated exam, taken in.
pub struct Exam {
    folder: TempDir,
    /// For every copy, its scans in order.
    pub copies: Vec<Vec<PathBuf>>,
}

impl Exam {
    /// Makes and imports one with the real commands, beside the build.
    ///
    /// # Errors
    /// When a command fails; what it said is on standard error.
    pub fn grey(candidates: u32, pages: u32) -> io::Result<Exam> {
        Exam::made(candidates, pages, &["--mix", "grey"])
    }

    /// The same with other options of `copiste-fixtures bundle`.
    ///
    /// # Errors
    /// When a command fails; what it said is on standard error.
    pub fn made(candidates: u32, pages: u32, options: &[&str]) -> io::Result<Exam> {
        let near = built()?;
        let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(&near)?;
        let exam = Exam { folder, copies: Vec::new() };
        let (bundle, candidates, pages) = (exam.bundle(), candidates.to_string(), pages.to_string());
        succeed(
            Command::new(near.join("copiste-fixtures"))
                .arg("bundle")
                .arg("--out")
                .arg(&bundle)
                .args(["--kind", "one_off", "--seed", "1"])
                .args(options)
                .args(["--candidates", &candidates, "--pages", &pages]),
        )?;
        succeed(
            Command::new(near.join("copiste")).arg("import").arg("--data").arg(exam.data()).arg(&bundle),
        )?;
        // Its copies come out once it is closed; the rows go into folders.
        let near_drop = |name: &str| format!("file:{}", exam.path(name).display());
        succeed(
            Command::new(near.join("copiste"))
                .arg("close")
                .arg("--data")
                .arg(exam.data())
                .arg(exam.id()?)
                .env("COPISTE_CYCLADES_URL", near_drop("cyclades"))
                .env("COPISTE_IMAGIN_URL", near_drop("imagin")),
        )?;
        let copies = scans(&bundle)?;
        Ok(Exam { copies, ..exam })
    }

    /// The bundle.
    pub fn bundle(&self) -> PathBuf {
        self.path("bundle")
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Something else in the same place, on the same disk.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The exam's id.
    ///
    /// # Errors
    /// When the manifest does not name one.
    pub fn id(&self) -> io::Result<String> {
        let manifest: serde_json::Value =
            serde_json::from_slice(&fs::read(self.bundle().join("manifest.json"))?)?;
        let id = manifest["exam"]["id"].as_str();
        id.map(str::to_owned).ok_or_else(|| io::Error::other("the manifest names no exam"))
    }

    /// Bytes of all scans of all copies.
    ///
    /// # Errors
    /// When a scan is gone.
    pub fn bytes(&self) -> io::Result<u64> {
        // Copies share scans, so each is looked at once.
        let mut lengths = BTreeMap::new();
        let mut sum = 0;
        for scan in self.copies.iter().flatten() {
            let length = match lengths.get(scan) {
                Some(length) => *length,
                None => fs::metadata(scan)?.len(),
            };
            lengths.insert(scan, length);
            sum += length;
        }
        Ok(sum)
    }

    /// `copiste import` into a data directory of a name, without the inspection that may wait.
    ///
    /// # Errors
    /// When it fails.
    pub fn import(&self, name: &str) -> io::Result<()> {
        let mut command = Command::new(built()?.join("copiste"));
        command.arg("import").arg("--no-inspect").arg("--data").arg(self.path(name));
        succeed(command.arg(self.bundle()))
    }

    /// `copiste render` into a folder or a ZIP of a name.
    ///
    /// # Errors
    /// When it fails.
    pub fn render(&self, name: &str, arguments: &[&str]) -> io::Result<()> {
        let mut command = Command::new(built()?.join("copiste"));
        command.arg("render").arg("--data").arg(self.data()).arg(self.id()?);
        succeed(command.arg("--out").arg(self.path(name)).args(arguments))
    }

    /// Takes away a folder or file of a name.
    ///
    /// # Errors
    /// When it cannot go.
    pub fn clear(&self, name: &str) -> io::Result<()> {
        let path = self.path(name);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
    }
}

/// The folder of the built binaries; the running one lies in it or in its `deps`.
pub(crate) fn built() -> io::Result<PathBuf> {
    let running = std::env::current_exe()?;
    let folder = running.parent().ok_or_else(|| io::Error::other("no folder"))?;
    Ok(if folder.ends_with("deps") { folder.join("..") } else { folder.to_path_buf() })
}

pub(crate) fn succeed(command: &mut Command) -> io::Result<()> {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("{command:?} ended with {status}"))) }
}

fn scans(bundle: &Path) -> io::Result<Vec<Vec<PathBuf>>> {
    let mut copies = Vec::new();
    for line in BufReader::new(fs::File::open(bundle.join("scripts.jsonl"))?).lines() {
        let script: serde_json::Value = serde_json::from_str(&line?)?;
        let pages = script["pages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let file = |page: &serde_json::Value| {
            page.as_str().or_else(|| page["file"].as_str()).map(|file| bundle.join(file))
        };
        copies.push(pages.iter().filter_map(file).collect());
    }
    Ok(copies)
}
