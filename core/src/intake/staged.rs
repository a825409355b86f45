//! A bundle's text files, put aside for the time of an import.
//!
//! What is checked is what is kept: the files are copied once, and then only the copies are read.

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use super::fault::{Code, Finding, Findings};
use super::source::{self, Found, Source};

/// The files that every bundle has, in reading order.
pub const TEXT_FILES: [&str; 6] = [
    source::MANIFEST,
    source::SCHOOLS,
    source::MARKERS,
    source::BATCHES,
    source::CANDIDATES,
    source::SCRIPTS,
];

/// Copies of a bundle's text files, in a folder that disappears with this value.
pub struct Staged {
    folder: PathBuf,
    /// The manifest's bytes.
    pub manifest: Option<Vec<u8>>,
    files: Vec<(&'static str, File)>,
}

impl Staged {
    /// Makes an empty folder, removing what a killed import left in it, and copies the files that
    /// are there. One that cannot be copied because the bundle is broken is noted.
    ///
    /// # Errors
    /// When the folder or a copy cannot be made.
    pub fn of(source: &Source, folder: &Path, findings: &mut Findings) -> io::Result<Staged> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        let mut staged = Staged { folder: folder.to_owned(), manifest: None, files: Vec::new() };
        for name in TEXT_FILES {
            let Found::File(id) = source.find(name) else { continue };
            let path = folder.join(name);
            let mut file = File::options().read(true).write(true).create_new(true).open(&path)?;
            let mut writer = Counting { file: &mut file, failed: None };
            match source.copy(id, &mut writer) {
                Ok(_) => {}
                Err(error) => match writer.failed {
                    Some(ours) => return Err(ours),
                    None => {
                        let finding =
                            Finding::new(Code::Unreadable, format!("the file cannot be read: {error}"));
                        findings.push(Code::Unreadable, finding.file(name));
                        continue;
                    }
                },
            }
            file.rewind()?;
            if name == source::MANIFEST {
                // One byte more than is taken shows that it is too large.
                let mut bytes = Vec::new();
                io::Read::read_to_end(&mut io::Read::take(&file, (1 << 20) + 1), &mut bytes)?;
                staged.manifest = Some(bytes);
            }
            staged.files.push((name, file));
        }
        Ok(staged)
    }

    /// A text file's copy, to be read from its start by whoever holds it alone.
    pub fn file(&self, name: &str) -> Option<&File> {
        self.files.iter().find(|(other, _)| *other == name).map(|(_, file)| file)
    }

    /// The folder, for what else has to be put aside.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // What stays is removed by the next import.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Tells an error of the copy from an error of the bundle.
struct Counting<'f> {
    file: &'f mut File,
    failed: Option<io::Error>,
}

impl Write for Counting<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buffer);
        if let Err(error) = &written
            && error.kind() != io::ErrorKind::Interrupted
        {
            self.failed = Some(io::Error::new(error.kind(), error.to_string()));
        }
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
