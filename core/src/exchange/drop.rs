//! The file drop: the same rows as CSV and a digest, for an office that carries files over.
//!
//! In the folder, for each export: `EXAM_TARGET_NUMBER.csv` and `EXAM_TARGET_NUMBER.csv.sha256` (as
//! `sha256sum --check` reads it). Both appear whole or not at all, the digest first. Chunks on their
//! way are in `.incoming`.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::adapter::{Adapter, Committed, ExportName, Fault, Held, HeldState, Whole};
use super::rows::{cyclades_rows, imagin_rows};
use crate::journal::{Target, Timestamp, hex};

/// A folder that stands for a target.
pub struct FileDrop {
    target: Target,
    folder: PathBuf,
}

impl FileDrop {
    /// Into this folder, which is made when it is missing.
    pub fn new(target: Target, folder: impl Into<PathBuf>) -> FileDrop {
        FileDrop { target, folder: folder.into() }
    }

    fn prefix(&self, exam: &str) -> String {
        let target = match self.target {
            Target::Cyclades => "cyclades",
            Target::Imagin => "imagin",
        };
        format!("{exam}_{target}_")
    }

    fn file(&self, export: &ExportName) -> PathBuf {
        self.folder.join(format!("{}{}.csv", self.prefix(&export.exam), export.number))
    }

    fn incoming(&self, export: &ExportName) -> PathBuf {
        self.folder.join(".incoming").join(format!("{}{}", self.prefix(&export.exam), export.number))
    }

    /// The highest export that was committed; 0 without any.
    fn highest(&self, exam: &str) -> io::Result<u64> {
        let prefix = self.prefix(exam);
        let mut highest = 0;
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            entries => entries?,
        };
        for entry in entries {
            let name = entry?.file_name();
            let number =
                name.to_str().and_then(|name| name.strip_prefix(&prefix)?.strip_suffix(".csv")?.parse().ok());
            highest = highest.max(number.unwrap_or(0));
        }
        Ok(highest)
    }

    fn chunks(&self, export: &ExportName) -> io::Result<Vec<u32>> {
        let mut chunks = Vec::new();
        match fs::read_dir(self.incoming(export)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            entries => {
                for entry in entries? {
                    chunks.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
                }
            }
        }
        chunks.sort_unstable();
        Ok(chunks)
    }

    /// Writes a file that appears whole.
    fn write(&self, path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder)?;
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let part = folder.join(name);
        let mut out = BufWriter::new(File::create(&part)?);
        write(&mut out)?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&part, path)?;
        File::open(folder)?.sync_all()
    }

    /// Puts the chunks together; false when they are not what the commit says.
    fn assemble(&self, export: &ExportName, whole: &Whole) -> io::Result<bool> {
        let incoming = self.incoming(export);
        let mut digest = Sha256::new();
        let mut csv_digest = Sha256::new();
        let path = self.file(export);
        let part = path.with_extension("csv.part");
        fs::create_dir_all(&self.folder)?;
        let mut out = BufWriter::new(File::create(&part)?);
        let mut rows = 0;
        for (number, first) in (1..=whole.chunks).zip(std::iter::once(true).chain(std::iter::repeat(false))) {
            let body = match fs::read(incoming.join(number.to_string())) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
                body => body?,
            };
            digest.update(&body);
            let (text, count) = self.csv(&body, first)?;
            csv_digest.update(&text);
            out.write_all(&text)?;
            rows += count;
        }
        if whole.chunks == 0 {
            let (text, _) = self.csv(b"{\"rows\":[]}", true)?;
            csv_digest.update(&text);
            out.write_all(&text)?;
        }
        if rows != whole.rows || digest.finalize()[..] != whole.sha256 {
            return Ok(false);
        }
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let line = format!("{}  {name}\n", hex::encode(&csv_digest.finalize()));
        self.write(&self.folder.join(format!("{name}.sha256")), |out| out.write_all(line.as_bytes()))?;
        fs::rename(&part, &path)?;
        File::open(&self.folder)?.sync_all()?;
        // What is left of the chunks does no harm.
        if let Err(error) = fs::remove_dir_all(&incoming) {
            tracing::warn!(%error, "chunks of a finished file drop could not be removed");
        }
        Ok(true)
    }

    /// A chunk as CSV with `;`, and how many rows it has. Cells are as they are: the file is for a program.
    fn csv(&self, body: &[u8], first: bool) -> io::Result<(Vec<u8>, u64)> {
        let mut writer = csv::WriterBuilder::new().delimiter(b';').has_headers(first).from_writer(Vec::new());
        let mut count = 0;
        match self.target {
            Target::Cyclades => {
                if first {
                    writer.write_record(["candidate_number", "outcome", "mark", "appreciation"])?;
                }
                for row in cyclades_rows(body)? {
                    let (mark, appreciation) =
                        (row.mark.unwrap_or_default(), row.appreciation.unwrap_or_default());
                    writer.write_record([row.candidate_number, row.outcome, mark, appreciation])?;
                    count += 1;
                }
            }
            Target::Imagin => {
                if first {
                    let head = ["staff_id", "mission_id", "service_done", "scripts_marked", "batches_marked"];
                    writer.write_record(head)?;
                }
                for row in imagin_rows(body)? {
                    let (scripts, batches) = (row.scripts_marked.to_string(), row.batches_marked.to_string());
                    writer.write_record([
                        row.staff_id,
                        row.mission_id,
                        row.service_done.to_string(),
                        scripts,
                        batches,
                    ])?;
                    count += 1;
                }
            }
        }
        let text = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
        Ok((text, count))
    }

    fn fault(&self, error: &io::Error) -> Fault {
        Fault::Passing {
            code: "EXC-009",
            detail: format!("the file drop for {} cannot be written or read: {error}", self.target.name()),
            after: None,
        }
    }
}

impl Adapter for FileDrop {
    fn target(&self) -> Target {
        self.target
    }

    fn place(&self) -> String {
        format!("file:{}", self.folder.display())
    }

    fn put_chunk(&self, export: &ExportName, number: u32, body: &[u8]) -> Result<(), Fault> {
        let path = self.incoming(export).join(number.to_string());
        self.write(&path, |out| out.write_all(body)).map_err(|error| self.fault(&error))
    }

    fn commit(&self, export: &ExportName, whole: &Whole) -> Result<Committed, Fault> {
        if self.file(export).exists() {
            return Ok(Committed { accepted: whole.rows, rejected: Vec::new() });
        }
        if self.highest(&export.exam).map_err(|error| self.fault(&error))? > export.number {
            return Err(Fault::TooLate);
        }
        if !self.assemble(export, whole).map_err(|error| self.fault(&error))? {
            return Err(Fault::Mismatch);
        }
        Ok(Committed { accepted: whole.rows, rejected: Vec::new() })
    }

    fn held(&self, export: &ExportName) -> Result<Held, Fault> {
        let path = self.file(export);
        let looked = || -> io::Result<Held> {
            if path.exists() {
                let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_path(&path)?;
                let accepted = reader.byte_records().count() as u64;
                let state = HeldState::Committed(Committed { accepted, rejected: Vec::new() });
                return Ok(Held { state, chunks: Vec::new() });
            }
            if self.highest(&export.exam)? > export.number {
                return Ok(Held { state: HeldState::Superseded, chunks: Vec::new() });
            }
            let chunks = self.chunks(export)?;
            let state = if chunks.is_empty() { HeldState::Unheard } else { HeldState::Open };
            Ok(Held { state, chunks })
        };
        looked().map_err(|error| self.fault(&error))
    }

    fn publication(&self, _exam: &str) -> Result<Option<Timestamp>, Fault> {
        // Files say nothing of it: a person does, with `copiste publish`.
        Ok(None)
    }
}
