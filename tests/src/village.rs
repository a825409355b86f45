//! An exam in a few words, for proofs that need thousands of them: its bundle is one line of JSON, its
//! scans a few bytes, and nothing of it is decoded.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::path::Path;

use copiste_core::journal::{Actor, BundleBlobs, Command, Counts, ImportCommand, Role};
use copiste_core::model::{
    Attendance, Batch, BatchState, BlobRef, Candidate, Codec, ColourSpace, Exam, ExamKind, Frame,
    Harmonisation, HarmonisationMode, Hundredths, Marker, Page, PlacedScan, ScanImage, School, Script,
    Settings,
};
use copiste_core::rope::BlobSource as _;
use copiste_core::store::{
    BlobSink as _, BlobStore, ExecuteError, Executed, Holdings, InspectionRecord, LoadError, OpenError,
    OpenOptions, Store,
};
use serde::{Deserialize, Serialize};

use crate::ledgers::EXAM;

/// A bundle in a few words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Village {
    /// Whether it is an E3C.
    pub common: bool,
    /// Whether its marks are harmonised.
    pub harmonised: bool,
    /// Ids of its batches, each with its own marker: the batch `L1` has the marker `M1`.
    pub batches: Vec<String>,
    /// Candidates.
    pub people: Vec<Person>,
}

/// A candidate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// His number.
    pub number: String,
    /// Whether he came.
    pub came: Came,
    /// His script.
    pub paper: Option<Paper>,
}

/// [`Attendance`], for JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Came {
    /// Came.
    Present,
    /// Did not.
    Absent,
    /// Did not, with a valid reason.
    AbsentJustified,
    /// Did not have to.
    Exempt,
}

/// A script of one page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paper {
    /// The batch it is in.
    pub batch: String,
    /// What the marker said of it.
    pub given: Given,
    /// His comment.
    pub appreciation: Option<String>,
}

/// What a marker said of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Given {
    /// Nothing yet.
    Nothing,
    /// That it has no mark.
    NoMark,
    /// A mark, in hundredths.
    Mark(i32),
}

/// The one scan of all papers.
const SCAN: &[u8] = b"a scan";

impl Village {
    fn counts(&self) -> Counts {
        let scripts = self.people.iter().filter(|person| person.paper.is_some()).count() as u64;
        let batches = self.batches.len() as u64;
        let candidates = self.people.len() as u64;
        Counts {
            schools: 1,
            markers: batches,
            batches,
            candidates,
            scripts,
            pages: scripts,
            ..Counts::default()
        }
    }

    /// Takes it in as `copiste import` does once a bundle is read, and inspects its scan.
    ///
    /// # Errors
    /// What the rules refuse.
    ///
    /// # Panics
    /// When its blobs cannot be kept.
    pub fn import(&self, store: &Store, at: i64) -> Result<Executed, ExecuteError> {
        let batch = store.blobs().begin();
        let scan = batch.put(SCAN).expect("a blob can be kept");
        let json = serde_json::to_vec(self).expect("a village is JSON");
        let manifest = batch.put(&json).expect("a blob can be kept");
        let empty = batch.put(b"").expect("a blob can be kept");
        batch.seal().expect("blobs can be sealed");
        let command = Command::Import(ImportCommand {
            exam: EXAM.to_owned(),
            bundle: manifest.sha256,
            blobs: BundleBlobs {
                manifest,
                schools: empty,
                markers: empty,
                batches: empty,
                candidates: empty,
                scripts: empty,
                pages: empty,
            },
            counts: self.counts(),
        });
        let executed = store.execute(&command, &Actor::operator(Role::ExamOfficeManager), at)?;
        inspected(store, scan);
        Ok(executed)
    }
}

fn inspected(store: &Store, scan: BlobRef) {
    let found = InspectionRecord { blank: false, dpi: 150, ink_permille: 30, damage: None };
    store.record_inspections(&[(scan, found)]).expect("an inspection can be kept");
}

/// Opens a data directory with villages.
///
/// # Panics
/// When it cannot be opened.
pub fn open(dir: &Path) -> Store {
    let options = OpenOptions::new(load, || Ok([7; 32]));
    let mut attempts = 0;
    let store = loop {
        match Store::open(dir, &options) {
            // A program that another test starts at this very moment has the lock of the store that was just
            // closed: every open file is its own too, between `fork` and `exec`.
            Err(OpenError::Locked { pid: Some(pid), .. }) if pid == std::process::id() && attempts < 500 => {
                attempts += 1;
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            opened => break opened.expect("the store opens"),
        }
    };
    // Not journalled: a crash may have lost it, and the next inspection finds it again.
    inspected(&store, scan());
    store
}

fn scan() -> BlobRef {
    use sha2::{Digest as _, Sha256};
    // CRC-32 of `SCAN`, as any other program computes it.
    BlobRef { sha256: Sha256::digest(SCAN).into(), length: SCAN.len() as u64, crc32: 0x565C_3EEA }
}

/// What intake's `load` is for bundles, for villages.
///
/// # Errors
/// When the blob cannot be read.
pub fn load<'a>(command: &'a ImportCommand, blobs: &'a BlobStore) -> Result<Holdings<'a>, LoadError> {
    let unreadable = |source| LoadError::Blob { file: "manifest.json", source };
    let file = blobs.open(&command.blobs.manifest).map_err(unreadable)?;
    let village: Village = serde_json::from_reader(BufReader::new(file))
        .map_err(|error| LoadError::Content { file: "manifest.json", line: 1, detail: error.to_string() })?;
    let marker = |batch: &String| Marker {
        id: batch.replace('L', "M"),
        name: "Hélène Payet".to_owned(),
        staff_id: batch.replace('L', "S"),
        mission_id: "I1".to_owned(),
    };
    let batch = |id: &String| Batch {
        id: id.clone(),
        marker: id.replace('L', "M"),
        state: BatchState::Open,
        harmonisation: Harmonisation::Pending,
    };
    let scripts: BTreeMap<String, Script> =
        village.people.iter().filter_map(script).map(|one| (one.candidate.clone(), one)).collect();
    Ok(Holdings {
        exam: exam(&village),
        schools: vec![School {
            uai: "9740001H".to_owned(),
            name: "Lycée Leconte-de-Lisle".to_owned(),
            city: "Saint-Denis".to_owned(),
            entity: None,
        }],
        markers: village.batches.iter().map(marker).collect(),
        batches: village.batches.iter().map(batch).collect(),
        candidates: village.people.iter().map(candidate).collect(),
        scripts: Box::new(scripts),
    })
}

fn exam(village: &Village) -> Exam {
    let modes = [HarmonisationMode::None, HarmonisationMode::Batches];
    Exam {
        id: EXAM.to_owned(),
        code: "1TMATHS".to_owned(),
        label: "Mathématiques".to_owned(),
        kind: if village.common { ExamKind::CommonAssessment } else { ExamKind::OneOff },
        session_year: 2020,
        session_name: "Session Normale".to_owned(),
        starts_at: "2020-01-03T08:00".to_owned(),
        series: vec!["STMG".to_owned()],
        wave: Some(1),
        entity: "ER974".to_owned(),
        mark_step: Hundredths(50),
        harmonisation: modes[usize::from(village.harmonised)],
        consultable_until: None,
        settings: Settings::default(),
    }
}

fn candidate(person: &Person) -> Candidate {
    Candidate {
        number: person.number.clone(),
        national_id: None,
        last_name: format!("Zeller{}", person.number),
        first_name: "Apolline".to_owned(),
        birth_date: None,
        school: "9740001H".to_owned(),
        attendance: match person.came {
            Came::Present => Attendance::Present,
            Came::Absent => Attendance::Absent,
            Came::AbsentJustified => Attendance::AbsentJustified,
            Came::Exempt => Attendance::Exempt,
        },
        entry: String::new(),
    }
}

fn script(person: &Person) -> Option<Script> {
    let paper = person.paper.as_ref()?;
    let image = ScanImage {
        blob: scan(),
        width: 1654,
        height: 2339,
        bits: 8,
        colours: ColourSpace::Grey,
        codec: Codec::Dct { colour_transform: None },
        decode: Vec::new(),
        mask: false,
    };
    let page = Page {
        file: "scans/1.jpg".to_owned(),
        file_page: 1,
        frame: Frame::plain(595.0, 842.0),
        scan: Some(PlacedScan { image, matrix: [595.0, 0.0, 0.0, 842.0, 0.0, 0.0], converted: None }),
        damage: None,
        accepted: None,
    };
    Some(Script {
        id: [0; 16],
        candidate: person.number.clone(),
        batch: Some(paper.batch.clone()),
        pages: vec![page],
        marker_mark: match paper.given {
            Given::Mark(mark) => Some(Hundredths(mark)),
            Given::Nothing | Given::NoMark => None,
        },
        questions: Vec::new(),
        marked: paper.given != Given::Nothing,
        harmonised: None,
        adjustment: None,
        appreciation: paper.appreciation.clone(),
        annotations: Vec::new(),
        annotations_apart: None,
    })
}
