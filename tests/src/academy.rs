//! Generated exams, taken in: what most proofs begin with.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use copiste_core::store::{OpenOptions, Store};
use tempfile::TempDir;

use crate::command::{self, Outcome};
use crate::place;

/// A scratch folder with a bundle and a data directory.
pub struct Academy {
    folder: TempDir,
}

impl Academy {
    /// A folder, nothing in it yet.
    pub fn empty() -> Academy {
        Academy { folder: place::scratch() }
    }

    /// A bundle made by `copiste-fixtures bundle` with these arguments, not taken in yet.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn with_bundle(arguments: &[&dyn AsRef<OsStr>]) -> Academy {
        let academy = Academy::empty();
        academy.generate("bundle", arguments);
        academy
    }

    /// A bundle, taken in.
    ///
    /// # Panics
    /// When it cannot be made or taken in.
    pub fn imported(arguments: &[&dyn AsRef<OsStr>]) -> Academy {
        let academy = Academy::with_bundle(arguments);
        academy.copiste("import", &[&academy.bundle()]).expect(0);
        academy
    }

    /// The same, of arguments written as one line: `--kind one_off --candidates 30`.
    ///
    /// # Panics
    /// When it cannot be made or taken in.
    pub fn of(arguments: &str) -> Academy {
        let words: Vec<&str> = arguments.split_whitespace().collect();
        Academy::imported(&words.iter().map(|word| word as &dyn AsRef<OsStr>).collect::<Vec<_>>())
    }

    /// Makes a bundle under a name of its own.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn generate(&self, name: &str, arguments: &[&dyn AsRef<OsStr>]) -> PathBuf {
        let out = self.path(name);
        let mut all: Vec<&dyn AsRef<OsStr>> = vec![&"bundle", &"--out", &out];
        all.extend_from_slice(arguments);
        command::fixtures(&all);
        out
    }

    /// Another academy with the same bundle and a copy of the data directory.
    ///
    /// # Panics
    /// When it cannot be copied.
    pub fn copied(&self) -> Academy {
        let other = Academy::empty();
        for (from, to) in [(self.bundle(), other.bundle()), (self.data(), other.data())] {
            command::run("cp", &[&"-a", &from, &to]).expect(0);
        }
        other
    }

    /// Closes the one-off exam through file drops, as if it were this moment (seconds since 1970, UTC).
    ///
    /// # Panics
    /// When that fails.
    pub fn closed_at(&self, at: i64) {
        crate::closing::closed_at(&self.data(), &self.exam(), at);
    }

    /// Something in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The bundle.
    pub fn bundle(&self) -> PathBuf {
        self.path("bundle")
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// The id of the bundle's exam.
    ///
    /// # Panics
    /// When the bundle has none.
    pub fn exam(&self) -> String {
        exam_of(&self.bundle())
    }

    /// Runs `copiste NAME --data … ARGUMENTS`.
    #[track_caller]
    pub fn copiste(&self, name: &str, arguments: &[&dyn AsRef<OsStr>]) -> Outcome {
        let data = self.data();
        let mut all: Vec<&dyn AsRef<OsStr>> = vec![&name, &"--data", &data];
        all.extend_from_slice(arguments);
        let drop = |name: &str| {
            let mut address = std::ffi::OsString::from("file:");
            address.push(self.path(name));
            address
        };
        let (cyclades, imagin) = (drop("drop/cyclades"), drop("drop/imagin"));
        let environment = [("COPISTE_CYCLADES_URL", &*cyclades), ("COPISTE_IMAGIN_URL", &*imagin)];
        command::copiste_in(&environment, &all)
    }

    /// Lets the exam's copies out, through file drops: closes a one-off exam, its damaged pages accepted;
    /// validates every locked batch of an E3C. Done once, it changes nothing more.
    ///
    /// # Panics
    /// When that fails.
    #[track_caller]
    pub fn released(&self) {
        let exam = self.exam();
        let status = self.copiste("status", &[&exam, &"--json"]).expect(0).json();
        if status[0]["kind"] == "common_assessment" {
            self.copiste("validate", &[&exam, &"--all"]).expect(0);
        } else if status[0]["closing"]["done"] == false {
            self.copiste("accept", &[&exam, &"--all-damaged", &"--reason", &"known"]).expect(0);
            self.copiste("close", &[&exam]).expect(0);
        }
    }

    /// Lets the exam's copies out and renders them with these further arguments and gives the path.
    ///
    /// # Panics
    /// When that fails.
    #[track_caller]
    pub fn rendered(&self, name: &str, arguments: &[&dyn AsRef<OsStr>]) -> PathBuf {
        self.released();
        let out = self.path(name);
        let exam = self.exam();
        let mut all: Vec<&dyn AsRef<OsStr>> = vec![&exam, &"--out", &out];
        all.extend_from_slice(arguments);
        self.copiste("render", &all).expect(0);
        out
    }

    /// Everything is whole.
    ///
    /// # Panics
    /// With the list of what is wrong.
    #[track_caller]
    pub fn verified(&self) {
        self.copiste("verify", &[]).expect(0);
    }
}

/// The store of a data directory that a command has made, opened by this process.
///
/// # Panics
/// When it cannot be opened.
pub fn opened(data: &Path) -> Store {
    let no_new_secret = || Err(std::io::Error::other("the data directory has its secret"));
    Store::open(data, &OpenOptions::new(copiste_core::intake::load, no_new_secret)).expect("the store opens")
}

/// The id of a bundle's exam.
///
/// # Panics
/// When its manifest cannot be read.
pub fn exam_of(bundle: &Path) -> String {
    let manifest = std::fs::read(bundle.join("manifest.json")).expect("the bundle has a manifest");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("it is JSON");
    manifest["exam"]["id"].as_str().expect("it names its exam").to_owned()
}

/// All PDFs of a rendered directory, in order.
///
/// # Panics
/// When there is none.
pub fn pdfs(folder: &Path) -> Vec<PathBuf> {
    let mut found = crate::sources::files(folder);
    found.retain(|path| path.extension().is_some_and(|extension| extension == "pdf"));
    assert!(!found.is_empty(), "no PDF in {}", folder.display());
    found
}

/// The lines of one of a bundle's `.jsonl` files.
///
/// # Panics
/// When it cannot be read.
pub fn lines(bundle: &Path, file: &str) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(bundle.join(file)).expect("the bundle has the file");
    text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

/// Writes lines back.
///
/// # Panics
/// When that fails.
pub fn write_lines(bundle: &Path, file: &str, lines: &[serde_json::Value]) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(bundle.join(file), text).expect("the bundle can be written");
}
