//! The rows of both exports, and how they are cut into chunks.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;

use serde::{Deserialize, Serialize};

use crate::journal::{PreparedExport, Target};
use crate::store::BlobBatch;

/// The most rows of a chunk (CONTRACTS, section 4).
pub const CHUNK_ROWS: u64 = 1000;
/// The most bytes of a chunk's body (CONTRACTS, section 4).
pub const CHUNK_BYTES: usize = 1 << 20;

/// A mark for Cyclades; its key is the candidate's number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CycladesRow {
    /// *N° candidat*.
    pub candidate_number: String,
    /// `mark`, `absent`, `absent_justified`, `exempt` or `missing`, unless the settings spell them
    /// otherwise.
    pub outcome: String,
    /// The final mark with two decimals, such as `12.50`, when the outcome is a mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// The marker's general comment, when the exam's settings send it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appreciation: Option<String>,
}

impl CycladesRow {
    /// About how many bytes it takes in memory.
    pub(crate) fn weight(&self) -> usize {
        size_of::<CycladesRow>() + self.appreciation.as_ref().map_or(0, String::len)
    }
}

/// A marker's *service fait* for IMAG'IN; its key is `staff_id/mission_id`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImaginRow {
    /// Identifier in the pay system.
    pub staff_id: String,
    /// Mission in IMAG'IN.
    pub mission_id: String,
    /// Whether he marked anything.
    pub service_done: bool,
    /// Scripts he gave a mark.
    pub scripts_marked: u64,
    /// Batches he finished.
    pub batches_marked: u64,
}

/// A row that a target does not take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RejectedRow {
    /// The row's key.
    pub key: String,
    /// The target's own code.
    pub code: String,
    /// Why, in the target's words. May name a person: never logged.
    pub reason: String,
}

/// A chunk's body as it is sent.
#[derive(Deserialize)]
struct Chunk<T> {
    rows: Vec<T>,
}

/// The key of any row; other fields are let be.
#[derive(Deserialize)]
struct AnyKey {
    candidate_number: Option<String>,
    staff_id: Option<String>,
    mission_id: Option<String>,
}

/// The keys of a chunk's rows, in order.
///
/// # Errors
/// When it is not a chunk's body.
pub fn row_keys(body: &[u8]) -> serde_json::Result<Vec<String>> {
    let chunk: Chunk<AnyKey> = serde_json::from_slice(body)?;
    let key = |row: AnyKey| match row {
        AnyKey { candidate_number: Some(number), .. } => number,
        AnyKey { staff_id, mission_id, .. } => {
            format!("{}/{}", staff_id.unwrap_or_default(), mission_id.unwrap_or_default())
        }
    };
    Ok(chunk.rows.into_iter().map(key).collect())
}

/// The rows of a chunk for Cyclades.
///
/// # Errors
/// When it is not one.
pub fn cyclades_rows(body: &[u8]) -> serde_json::Result<Vec<CycladesRow>> {
    Ok(serde_json::from_slice::<Chunk<CycladesRow>>(body)?.rows)
}

/// The rows of a chunk for IMAG'IN.
///
/// # Errors
/// When it is not one.
pub fn imagin_rows(body: &[u8]) -> serde_json::Result<Vec<ImaginRow>> {
    Ok(serde_json::from_slice::<Chunk<ImaginRow>>(body)?.rows)
}

/// A list of rejected rows as it is kept.
///
/// # Errors
/// When it is not one.
pub fn read_rejected(bytes: &[u8]) -> serde_json::Result<Vec<RejectedRow>> {
    serde_json::from_slice(bytes)
}

/// Rows as they are sent, one after another.
#[derive(Default)]
pub struct EncodedRows {
    bytes: Vec<u8>,
    /// Where each of them ends.
    ends: Vec<usize>,
}

impl EncodedRows {
    /// One more row.
    ///
    /// # Errors
    /// When it cannot be spelt as JSON.
    pub fn push(&mut self, row: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.bytes, row)?;
        self.ends.push(self.bytes.len());
        Ok(())
    }

    /// Bytes of all of them.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).filter_map(|(start, end)| self.bytes.get(start..*end))
    }
}

/// Rows on their way into chunks, put aside in a file.
pub struct Chunker {
    out: BufWriter<File>,
    /// The chunk in the making, without its end.
    body: Vec<u8>,
    in_chunk: u64,
    count: u64,
    chunks: Vec<u32>,
}

const HEAD: &[u8] = b"{\"rows\":[";
const TAIL: &[u8] = b"]}";

impl Chunker {
    /// Begins; `file` is empty and belongs to nobody else.
    pub fn new(file: File) -> Chunker {
        Chunker {
            out: BufWriter::with_capacity(1 << 16, file),
            body: Vec::new(),
            in_chunk: 0,
            count: 0,
            chunks: Vec::new(),
        }
    }

    /// One more row.
    ///
    /// # Errors
    /// When it cannot be put aside, or alone is larger than a chunk.
    pub fn push(&mut self, row: &impl Serialize) -> io::Result<()> {
        self.add(&serde_json::to_vec(row)?)
    }

    /// Rows that were spelt already.
    ///
    /// # Errors
    /// As [`Chunker::push`].
    pub fn append(&mut self, rows: &EncodedRows) -> io::Result<()> {
        rows.iter().try_for_each(|row| self.add(row))
    }

    fn add(&mut self, row: &[u8]) -> io::Result<()> {
        let alone = HEAD.len() + row.len() + TAIL.len();
        if alone > CHUNK_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a row is larger than a chunk may be"));
        }
        let full = self.in_chunk == CHUNK_ROWS || self.body.len() + 1 + row.len() + TAIL.len() > CHUNK_BYTES;
        if full && self.in_chunk > 0 {
            self.end_chunk()?;
        }
        self.body.extend_from_slice(if self.in_chunk == 0 { HEAD } else { b"," });
        self.body.extend_from_slice(row);
        self.in_chunk += 1;
        self.count += 1;
        Ok(())
    }

    fn end_chunk(&mut self) -> io::Result<()> {
        self.body.extend_from_slice(TAIL);
        self.out.write_all(&self.body)?;
        // At most CHUNK_BYTES.
        self.chunks.push(u32::try_from(self.body.len()).map_err(|_| io::ErrorKind::InvalidData)?);
        self.body.clear();
        self.in_chunk = 0;
        Ok(())
    }

    /// Puts the rows into the blob store.
    ///
    /// # Errors
    /// What the file system says.
    pub fn keep(mut self, target: Target, number: u64, batch: &BlobBatch<'_>) -> io::Result<PreparedExport> {
        if self.in_chunk > 0 {
            self.end_chunk()?;
        }
        let file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        let rows = batch.put_file(&file, 0, file.metadata()?.len())?;
        Ok(PreparedExport { target, number, count: self.count, rows, chunks: self.chunks })
    }
}

/// The chunks of an export, as they are kept.
pub struct Chunks<'a> {
    file: File,
    lengths: &'a [u32],
}

impl<'a> Chunks<'a> {
    /// Of this file, with these lengths.
    pub fn of(file: File, lengths: &'a [u32]) -> Chunks<'a> {
        Chunks { file, lengths }
    }

    /// How many.
    pub fn count(&self) -> u32 {
        u32::try_from(self.lengths.len()).unwrap_or(u32::MAX)
    }

    /// The body of one, from 1.
    ///
    /// # Errors
    /// When it cannot be read, or there is no such chunk.
    pub fn body(&self, number: u32) -> io::Result<Vec<u8>> {
        let index = (number as usize).checked_sub(1).filter(|index| *index < self.lengths.len());
        let index = index.ok_or(io::ErrorKind::InvalidInput)?;
        let offset = self.lengths[..index].iter().map(|length| u64::from(*length)).sum();
        let length = self.lengths[index] as usize;
        if length > CHUNK_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a chunk is larger than a chunk may be"));
        }
        // Bounded just above.
        let mut body = vec![0; length];
        self.file.read_exact_at(&mut body, offset)?;
        Ok(body)
    }
}
