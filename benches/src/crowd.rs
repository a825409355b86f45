//! An exam of many scripts, made in this process: no scan is drawn, no bundle written.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use copiste_core::journal::{Actor, BundleBlobs, Command, Counts, ImportCommand, Role};
use copiste_core::model::{
    Attendance, Batch, BatchState, BlobRef, Candidate, Codec, ColourSpace, Exam, ExamKind, Frame,
    Harmonisation, HarmonisationMode, Hundredths, Marker, Page, PlacedScan, ScanImage, School, Script,
    Settings,
};
use copiste_core::store::{
    BlobSink, BlobStore, ExamView, Holdings, InspectionRecord, Load, LoadError, OpenOptions, Scripts, Store,
};
use tempfile::TempDir;

use crate::exam::built;

/// The exam's id.
pub const EXAM: &str = "crowd";

/// Scripts a batch, as many as a marker is given at a time.
const A_BATCH: u32 = 40;

/// Pages a script.
const PAGES: u32 = 4;

/// A store with one exam that is ready to be closed.
pub struct Crowd {
    folder: TempDir,
    /// The store.
    pub store: Store,
    /// How many scripts.
    pub scripts: u32,
}

impl Crowd {
    /// Makes one of so many scripts, each with a mark and an appreciation of a hundred letters, in batches
    /// of forty, locked, its pages inspected.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn of(scripts: u32) -> io::Result<Crowd> {
        let folder = tempfile::Builder::new().prefix("crowd-").tempdir_in(built()?)?;
        let store = opened(&folder.path().join("data"), load)?;
        // Every page shows the same scan, whose inspection is known.
        let inspected = InspectionRecord { blank: false, dpi: 200, ink_permille: 20, damage: None };
        store.record_inspections(&[(scan(), inspected)]).map_err(io::Error::other)?;
        let counts = Counts {
            schools: 1,
            markers: 1,
            batches: u64::from(scripts.div_ceil(A_BATCH)),
            candidates: u64::from(scripts),
            scripts: u64::from(scripts),
            pages: u64::from(scripts * PAGES),
            ..Counts::default()
        };
        take_in(&store, counts)?;
        Ok(Crowd { folder, store, scripts })
    }

    /// The exam as it is.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn view(&self) -> io::Result<ExamView> {
        let view = self.store.exam(EXAM).map_err(io::Error::other)?;
        view.ok_or_else(|| io::Error::other("the exam is gone"))
    }

    /// Something else on the same disk.
    pub fn path(&self, name: &str) -> PathBuf {
        Path::new(self.folder.path()).join(name)
    }
}

/// Opens a data directory, made when it is missing, whose bundles `load` makes up.
pub(crate) fn opened(data: &Path, load: Load) -> io::Result<Store> {
    Store::open(data, &OpenOptions::new(load, || Ok([7; 32]))).map_err(io::Error::other)
}

/// Takes in a bundle whose manifest says how many scripts there are, and no more.
pub(crate) fn take_in(store: &Store, counts: Counts) -> io::Result<()> {
    let batch = store.blobs().begin();
    let (manifest, empty) = (batch.put(counts.scripts.to_string().as_bytes())?, batch.put(b"")?);
    batch.seal()?;
    let blobs = BundleBlobs {
        manifest,
        schools: empty,
        markers: empty,
        batches: empty,
        candidates: empty,
        scripts: empty,
        pages: empty,
    };
    let command =
        Command::Import(ImportCommand { exam: EXAM.to_owned(), bundle: manifest.sha256, blobs, counts });
    let actor = Actor::operator(Role::ExamOfficeManager);
    store.execute(&command, &actor, 1_580_000_000).map(drop).map_err(io::Error::other)
}

fn scan() -> BlobRef {
    BlobRef { sha256: [9; 32], length: 100_000, crc32: 1 }
}

/// What intake does with a bundle.
fn load<'a>(command: &'a ImportCommand, _: &'a BlobStore) -> Result<Holdings<'a>, LoadError> {
    let scripts = u32::try_from(command.counts.scripts).unwrap_or(u32::MAX);
    Ok(Holdings {
        exam: exam(),
        schools: vec![School {
            uai: "9740001H".to_owned(),
            name: "Lycée Leconte-de-Lisle".to_owned(),
            city: "Saint-Denis".to_owned(),
            entity: None,
        }],
        markers: vec![Marker {
            id: "M1".to_owned(),
            name: "Hélène Payet".to_owned(),
            staff_id: "S1".to_owned(),
            mission_id: "I1".to_owned(),
        }],
        batches: (0..scripts.div_ceil(A_BATCH))
            .map(|batch| Batch {
                id: format!("L{batch:05}"),
                marker: "M1".to_owned(),
                state: BatchState::Locked,
                harmonisation: Harmonisation::Pending,
            })
            .collect(),
        candidates: (0..scripts).map(candidate).collect(),
        scripts: Box::new(Made(scripts)),
    })
}

/// The exam itself.
pub(crate) fn exam() -> Exam {
    Exam {
        id: EXAM.to_owned(),
        code: "1TMATHS".to_owned(),
        label: "Mathématiques".to_owned(),
        kind: ExamKind::OneOff,
        session_year: 2020,
        session_name: "Session Normale".to_owned(),
        starts_at: "2020-01-03T08:00".to_owned(),
        series: vec!["STMG".to_owned()],
        wave: None,
        entity: "ER974".to_owned(),
        mark_step: Hundredths(50),
        harmonisation: HarmonisationMode::None,
        consultable_until: None,
        settings: Settings::default(),
    }
}

fn number(nth: u32) -> String {
    format!("{:010}", 200_000_000 + nth)
}

/// The nth of the candidates; names spread them over the places, so that no batch lies together.
fn candidate(nth: u32) -> Candidate {
    Candidate {
        number: number(nth),
        national_id: None,
        last_name: format!("Payet {:08x}", nth.wrapping_mul(2_654_435_761)),
        first_name: "Éloïse".to_owned(),
        birth_date: None,
        school: "9740001H".to_owned(),
        attendance: Attendance::Present,
        entry: String::new(),
    }
}

/// Scripts made when they are asked for.
struct Made(u32);

impl Scripts for Made {
    fn count(&self) -> u64 {
        u64::from(self.0)
    }

    fn script(&mut self, candidate: &str) -> Result<Option<Script>, LoadError> {
        let nth = candidate.parse::<u32>().ok().and_then(|number| number.checked_sub(200_000_000));
        Ok(nth.filter(|nth| *nth < self.0).map(script))
    }
}

fn script(nth: u32) -> Script {
    let page = |page: u32| Page {
        file: format!("scans/{nth}-{page}.jpg"),
        file_page: 1,
        frame: Frame::plain(595.0, 842.0),
        scan: Some(PlacedScan {
            image: ScanImage {
                blob: scan(),
                width: 1654,
                height: 2339,
                bits: 8,
                colours: ColourSpace::Grey,
                codec: Codec::Dct { colour_transform: None },
                decode: vec![],
                mask: false,
            },
            matrix: [595.0, 0.0, 0.0, 842.0, 0.0, 0.0],
            converted: None,
        }),
        damage: None,
        accepted: None,
    };
    Script {
        id: [0; 16],
        candidate: number(nth),
        batch: Some(format!("L{:05}", nth / A_BATCH)),
        pages: (1..=PAGES).map(page).collect(),
        marker_mark: Some(Hundredths(i32::try_from(nth % 41).unwrap_or_default() * 50)),
        questions: vec![],
        marked: true,
        harmonised: None,
        adjustment: None,
        appreciation: Some(format!("{nth:-<100}")),
        annotations: vec![],
        annotations_apart: None,
    }
}

/// Scripts by batch, as the records say: what a made exam must hold.
///
/// # Errors
/// When a record cannot be read.
pub fn by_batch(view: &ExamView) -> io::Result<BTreeMap<String, u32>> {
    let mut found = BTreeMap::new();
    for script in view.scripts() {
        let script = script.map_err(io::Error::other)?;
        let batch = script.get().batch.as_ref().map(ToString::to_string).unwrap_or_default();
        *found.entry(batch).or_default() += 1;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use copiste_core::process::status::status;

    use super::*;

    #[test]
    fn a_crowd_is_ready_to_be_closed() {
        let crowd = Crowd::of(100).unwrap();
        let view = crowd.view().unwrap();
        assert_eq!(by_batch(&view).unwrap().into_values().collect::<Vec<_>>(), [40, 40, 20]);
        let told = status(&view).unwrap();
        let unfinished = told.processes.iter().filter(|process| !process.is_over()).count();
        assert_eq!((unfinished, told.marks.given), (1, 100), "all but the closing itself: {told}");
        assert_eq!(script(7).appreciation.map(|text| text.chars().count()), Some(100));
    }
}
