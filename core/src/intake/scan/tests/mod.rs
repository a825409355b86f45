//! Whole files, good and hostile, through a real decoding process.

mod converted;
mod hostile;
mod inspected;
mod pdf;
mod real;
mod samples;
mod structure;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::{Inspection, Probed, Wanted, inspect, probe_with_notes};
use crate::intake::worker::{Decoder, testing};
use crate::model::{BlobRef, Page};
use crate::rope::BlobSource;
use crate::store::BlobSink;

/// One pool for all tests, as a server has one.
static DECODER: LazyLock<Decoder> = LazyLock::new(testing::decoder);

/// Blobs in memory, given out as files.
#[derive(Default)]
pub(super) struct Shelf(Mutex<BTreeMap<[u8; 32], Vec<u8>>>);

impl BlobSink for Shelf {
    fn put(&self, bytes: &[u8]) -> io::Result<BlobRef> {
        let sha256: [u8; 32] = Sha256::digest(bytes).into();
        let mut shelf = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        shelf.insert(sha256, bytes.to_vec());
        Ok(BlobRef { sha256, length: bytes.len() as u64, crc32: crc32fast::hash(bytes) })
    }
}

impl Shelf {
    pub(super) fn bytes(&self, blob: &BlobRef) -> Vec<u8> {
        self.0.lock().expect("no test panics with the shelf in hand")[&blob.sha256].clone()
    }
}

impl BlobSource for Shelf {
    fn open(&self, blob: &BlobRef) -> io::Result<File> {
        let mut file = tempfile::tempfile()?;
        file.write_all(&self.bytes(blob))?;
        io::Seek::rewind(&mut file)?;
        Ok(file)
    }
}

/// A folder with a file in it, and where its pictures went.
pub(super) struct Bench {
    folder: TempDir,
    pub(super) shelf: Shelf,
}

impl Bench {
    pub(super) fn new() -> Bench {
        Bench { folder: tempfile::tempdir().expect("a folder"), shelf: Shelf::default() }
    }

    pub(super) fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join("Éloïse MARTIN.scan");
        std::fs::write(&path, bytes).expect("a small file");
        path
    }

    pub(super) fn probed(&self, bytes: &[u8], wanted: Wanted) -> Vec<Probed> {
        probe_with_notes(&self.file(bytes), wanted, &DECODER, &self.shelf).expect("the shelf takes all")
    }

    pub(super) fn pages(&self, bytes: &[u8]) -> Vec<Page> {
        self.probed(bytes, Wanted::All).into_iter().map(|probed| probed.page).collect()
    }

    /// The only page.
    pub(super) fn page(&self, bytes: &[u8]) -> Page {
        let mut pages = self.pages(bytes);
        assert_eq!(pages.len(), 1, "one page: {pages:?}");
        pages.remove(0)
    }

    pub(super) fn inspected(&self, page: &Page) -> Inspection {
        let scan = page.scan.as_ref().expect("a picture to inspect");
        inspect(scan, &self.shelf, &DECODER).expect("the shelf gives all")
    }

    /// The pixels of a converted page: width, height, bytes a pixel, bytes; bits as bytes 0 and 255.
    pub(super) fn pixels(&self, page: &Page) -> (u32, u32, usize, Vec<u8>) {
        let scan = page.scan.as_ref().unwrap_or_else(|| panic!("a picture: {:?}", page.damage));
        samples::unfiltered(&scan.image, &self.shelf.bytes(&scan.image.blob))
    }
}

/// The code of a page's damage.
pub(super) fn code(page: &Page) -> &str {
    page.damage.as_ref().map_or("none", |damage| damage.code.as_str())
}
