//! A small academy: bundles described in a few words, and the function that reads them back.

use std::collections::BTreeMap;
use std::path::Path;

use copiste_core::journal::{
    AcceptDamage, Actor, BundleBlobs, Command, Counts, FoundDamage, FoundItem, ImportCommand, PagePlace, Role,
};
use copiste_core::model::*;
use copiste_core::rope::BlobSource;
use copiste_core::store::{BlobSink, BlobStore, Executed, Holdings, LoadError, OpenOptions, Store};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A bundle in a few words; its JSON is kept as the manifest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bundle {
    pub exam: String,
    pub label: String,
    pub common_assessment: bool,
    pub batches: Vec<Lot>,
    pub people: Vec<Person>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Lot {
    pub id: String,
    pub locked: bool,
    pub validated: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Person {
    pub number: String,
    pub last_name: String,
    pub first_name: String,
    /// None for someone without a script.
    pub pages: Option<Vec<Sheet>>,
    pub appreciation: String,
    /// Annotations of 200 letters each.
    pub annotations: usize,
    pub came: bool,
    /// In hundredths.
    pub mark: Option<i32>,
    /// Whether the marker is done with it.
    pub marked: bool,
    pub batch: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sheet {
    /// A scan with these bytes.
    Scan(String),
    /// A file that is not a picture.
    Damaged(String),
}

impl Bundle {
    /// An exam with one batch and these candidates, each with a script of one page.
    pub fn of(exam: &str, numbers: &[&str]) -> Bundle {
        Bundle {
            exam: exam.to_owned(),
            label: "Mathématiques".to_owned(),
            common_assessment: false,
            batches: vec![Lot { id: "L1".to_owned(), locked: false, validated: false }],
            people: numbers.iter().map(|number| Person::of(number)).collect(),
        }
    }

    /// The same as an E3C.
    pub fn common(exam: &str, numbers: &[&str]) -> Bundle {
        Bundle { common_assessment: true, ..Bundle::of(exam, numbers) }
    }

    pub fn person(&mut self, number: &str) -> &mut Person {
        self.people.iter_mut().find(|person| person.number == number).unwrap()
    }

    fn counts(&self) -> Counts {
        let scripts = self.people.iter().filter_map(|person| person.pages.as_ref());
        Counts {
            schools: 1,
            markers: 1,
            batches: self.batches.len() as u64,
            candidates: self.people.len() as u64,
            scripts: scripts.clone().count() as u64,
            pages: scripts.map(|pages| pages.len() as u64).sum(),
            exports: 0,
            transmitted: 0,
            holds: 0,
        }
    }
}

impl Person {
    pub fn of(number: &str) -> Person {
        Person {
            number: number.to_owned(),
            last_name: format!("Zeller{number}"),
            first_name: "Apolline".to_owned(),
            pages: Some(vec![Sheet::Scan(format!("scan of {number}"))]),
            appreciation: "Bien".to_owned(),
            annotations: 1,
            came: true,
            mark: Some(1250),
            marked: true,
            batch: Some("L1".to_owned()),
        }
    }
}

/// Where a scan with these bytes is.
pub fn blob_of(bytes: &[u8]) -> BlobRef {
    BlobRef {
        sha256: Sha256::digest(bytes).into(),
        length: bytes.len() as u64,
        crc32: crc32fast::hash(bytes),
    }
}

/// What intake's `load` does, for these bundles.
pub fn load<'a>(command: &'a ImportCommand, blobs: &'a BlobStore) -> Result<Holdings<'a>, LoadError> {
    let unreadable = |source| LoadError::Blob { file: "manifest.json", source };
    let file = blobs.open(&command.blobs.manifest).map_err(unreadable)?;
    let bundle: Bundle = serde_json::from_reader(std::io::BufReader::new(file))
        .map_err(|error| LoadError::Content { file: "manifest.json", line: 1, detail: error.to_string() })?;
    let people = bundle.people.clone();
    Ok(Holdings {
        exam: exam(&bundle),
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
        batches: bundle.batches.iter().map(batch).collect(),
        candidates: people.iter().map(candidate).collect(),
        scripts: Box::new(
            people
                .into_iter()
                .filter_map(script)
                .map(|one| (one.candidate.clone(), one))
                .collect::<BTreeMap<_, _>>(),
        ),
    })
}

fn exam(bundle: &Bundle) -> Exam {
    let kind = if bundle.common_assessment { ExamKind::CommonAssessment } else { ExamKind::OneOff };
    Exam {
        id: bundle.exam.clone(),
        code: "1TMATHS".to_owned(),
        label: bundle.label.clone(),
        kind,
        session_year: 2020,
        session_name: "Session Normale".to_owned(),
        starts_at: "2020-01-03T08:00".to_owned(),
        series: vec!["STMG".to_owned()],
        wave: Some(1),
        entity: "ER974".to_owned(),
        mark_step: Hundredths(50),
        harmonisation: HarmonisationMode::Batches,
        consultable_until: None,
        settings: Settings::default(),
    }
}

fn batch(lot: &Lot) -> Batch {
    Batch {
        id: lot.id.clone(),
        marker: "M1".to_owned(),
        state: if lot.locked { BatchState::Locked } else { BatchState::Open },
        harmonisation: if lot.validated { Harmonisation::Validated } else { Harmonisation::Pending },
    }
}

fn candidate(person: &Person) -> Candidate {
    Candidate {
        number: person.number.clone(),
        national_id: None,
        last_name: person.last_name.clone(),
        first_name: person.first_name.clone(),
        birth_date: None,
        school: "9740001H".to_owned(),
        attendance: if person.came { Attendance::Present } else { Attendance::Absent },
        entry: String::new(),
    }
}

fn script(person: Person) -> Option<Script> {
    let pages = person.pages?;
    let annotation = |n: usize| Annotation {
        page: 1,
        colour: [200, 16, 46],
        opacity: 100,
        question: None,
        shape: Shape::Mark { at: Spot { x: 0, y: 0 }, text: format!("{n:0>200}") },
    };
    Some(Script {
        id: [0; 16],
        candidate: person.number,
        batch: person.batch,
        pages: pages.iter().zip(1_u32..).map(page).collect(),
        marker_mark: person.mark.map(Hundredths),
        questions: vec![],
        marked: person.marked,
        harmonised: None,
        adjustment: None,
        appreciation: Some(person.appreciation),
        annotations: (0..person.annotations).map(annotation).collect(),
        annotations_apart: None,
    })
}

fn page((sheet, number): (&Sheet, u32)) -> Page {
    let (scan, damage) = match sheet {
        Sheet::Scan(bytes) => (Some(placed(bytes)), None),
        Sheet::Damaged(detail) => (None, Some(Damage { code: "SCN-001".to_owned(), detail: detail.clone() })),
    };
    let file = format!("scans/{number}.jpg");
    Page { file, file_page: 1, frame: Frame::plain(595.0, 842.0), scan, damage, accepted: None }
}

fn placed(bytes: &str) -> PlacedScan {
    PlacedScan {
        image: ScanImage {
            blob: blob_of(bytes.as_bytes()),
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
    }
}

pub fn options() -> OpenOptions {
    OpenOptions::new(load, || Ok([7; 32]))
}

pub fn open(dir: &Path) -> Store {
    Store::open(dir, &options()).unwrap()
}

pub fn manager() -> Actor {
    Actor::operator(Role::ExamOfficeManager)
}

/// Puts the bundle's blobs into the store and gives the command that imports it.
pub fn import_command(store: &Store, bundle: &Bundle) -> Command {
    let batch = store.blobs().begin();
    let pages = bundle.people.iter().filter_map(|person| person.pages.as_ref()).flatten();
    for sheet in pages {
        if let Sheet::Scan(bytes) = sheet {
            batch.put(bytes.as_bytes()).unwrap();
        }
    }
    let manifest = batch.put(&serde_json::to_vec(bundle).unwrap()).unwrap();
    let empty = batch.put(b"").unwrap();
    batch.seal().unwrap();
    Command::Import(ImportCommand {
        exam: bundle.exam.clone(),
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
        counts: bundle.counts(),
    })
}

pub fn import(store: &Store, bundle: &Bundle, at: i64) -> Executed {
    let command = import_command(store, bundle);
    store.execute(&command, &manager(), at).unwrap()
}

pub fn accept_command(store: &Store, exam: &str, pages: &[(&str, u32)], reason: &str) -> Command {
    let batch = store.blobs().begin();
    let reason = batch.put(reason.as_bytes()).unwrap();
    batch.seal().unwrap();
    let pages =
        pages.iter().map(|(candidate, page)| PagePlace { candidate: (*candidate).to_owned(), page: *page });
    Command::AcceptDamage(AcceptDamage { exam: exam.to_owned(), pages: pages.collect(), reason })
}

pub fn found_command(exam: &str, candidate: &str, page: u32, scan: &str) -> Command {
    Command::FoundDamage(FoundDamage {
        exam: exam.to_owned(),
        items: vec![FoundItem {
            candidate: candidate.to_owned(),
            page,
            scan: blob_of(scan.as_bytes()).sha256,
            code: "SCN-009".to_owned(),
            detail: "cannot be decoded".to_owned(),
        }],
    })
}

/// Everything a reader can see, as text: what two stores are compared by.
pub fn seen(store: &Store) -> String {
    use std::fmt::Write;
    let mut text = String::new();
    for exam in store.exams().unwrap() {
        writeln!(text, "{:?} {:?} {:?}", exam.exam(), exam.counts(), exam.bundle()).unwrap();
        let mut list = |record: String| writeln!(text, "{record}").unwrap();
        exam.schools().for_each(|record| list(format!("{:?}", record.unwrap().value().unwrap())));
        exam.markers().for_each(|record| list(format!("{:?}", record.unwrap().value().unwrap())));
        exam.batches().for_each(|record| list(format!("{:?}", record.unwrap().value().unwrap())));
        exam.tallies().for_each(|record| list(format!("{:?}", record.unwrap().value().unwrap())));
        exam.candidates().unwrap().for_each(|record| list(format!("{:?}", record.unwrap().value().unwrap())));
        for script in exam.scripts() {
            let script = script.unwrap();
            list(format!("{:?}", script.value().unwrap()));
            list(format!("{:?}", exam.annotations(&script).unwrap().get()));
        }
        list(format!("{:?}", exam.search("", usize::MAX).unwrap()));
        list(format!("{:?}", exam.search("zel apo", usize::MAX).unwrap()));
    }
    text
}
