//! An exam made up in memory, for the tests of jobs.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use sha2::{Digest, Sha256};

use crate::bulk::*;
use crate::journal::{Timestamp, hex};
use crate::model::*;
use crate::render::{Composer, Copy, HalfEm, Measure, Press, Profile, Registry, RenderError, Subject};
use crate::rope::{BlobSource, Rope};
use crate::store::{Annotations, Life, Record, StoreError};
use crate::zip::{EntryName, entry_name};

/// A failpoint fails in every job of the process, so whoever sets one works alone.
static FAILPOINTS: RwLock<()> = RwLock::new(());

#[expect(dead_code, reason = "held, not read")]
enum Company {
    Shared(RwLockReadGuard<'static, ()>),
    Alone(RwLockWriteGuard<'static, ()>),
}

/// An exam with its scripts and scans.
pub struct Academy {
    pub dir: tempfile::TempDir,
    _company: Company,
    pub records: Records,
    pub blobs: Arc<Folder>,
    pub press: Arc<Press>,
}

/// Its records: one state of the exam, which a copy of them keeps.
#[derive(Clone)]
pub struct Records {
    exam: Record<crate::store::ExamEntry>,
    schools: BTreeMap<String, Record<School>>,
    /// By entry.
    candidates: BTreeMap<String, Record<Candidate>>,
    scripts: BTreeMap<String, Record<Script>>,
    /// When scripts were transmitted, by candidate: one every ten seconds, as they were added.
    transmitted: BTreeMap<String, Timestamp>,
    /// How often they were changed.
    pub line: u64,
}

/// Blobs by digest in a folder.
pub struct Folder {
    pub dir: PathBuf,
    /// How many were opened.
    pub opened: AtomicUsize,
    /// For what jobs put aside.
    pub scratch: tempfile::TempDir,
}

impl BlobSource for Folder {
    fn open(&self, blob: &BlobRef) -> io::Result<File> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        File::open(self.dir.join(hex::encode(&blob.sha256)))
    }
}

impl Folder {
    pub fn path(&self, blob: &BlobRef) -> PathBuf {
        self.dir.join(hex::encode(&blob.sha256))
    }

    pub fn put(&self, bytes: &[u8]) -> BlobRef {
        let blob = BlobRef {
            sha256: Sha256::digest(bytes).into(),
            length: bytes.len() as u64,
            crc32: crc32fast::hash(bytes),
        };
        if !self.path(&blob).exists() {
            fs::write(self.path(&blob), bytes).expect("a blob is written");
        }
        blob
    }
}

/// Number and appreciation, the scans, and a tail with the digest of what comes before.
struct Plain {
    version: &'static str,
    word: &'static str,
}

/// A press of a version of its own that writes a word into every copy.
pub fn press(version: &'static str, word: &'static str) -> Press {
    Press::new(Registry::new(), Box::new(Plain { version, word }))
}

impl Composer for Plain {
    fn version(&self) -> &str {
        self.version
    }

    fn measure(&self) -> Arc<dyn Measure> {
        Arc::new(HalfEm)
    }

    fn compose(
        &self,
        subject: &Subject<'_>,
        profile: Profile,
        _copy: &Copy,
        rope: &mut Rope,
    ) -> Result<(), RenderError> {
        let appreciation = subject.script.appreciation.as_ref().map_or("", |text| text);
        match appreciation {
            "refuse" => return Err(RenderError::Compose { detail: "it does not want to".to_owned() }),
            "panic" => panic!("a composer that panics"),
            _ => {}
        }
        rope.push_owned(
            format!("%{} {} {profile:?} {appreciation}\n", self.word, subject.candidate.number).as_bytes(),
        );
        for page in subject.script.pages.iter() {
            if let Some(scan) = page.scan.as_ref() {
                rope.push_blob(scan.image.blob.get());
                rope.push_owned(b"\nendstream\n");
            }
        }
        let digest = rope.digest();
        rope.push_owned(format!("trailer {}\n%%EOF\n", hex::encode(&digest)).as_bytes());
        Ok(())
    }
}

fn page(blob: BlobRef) -> Page {
    let image = ScanImage {
        blob,
        width: 10,
        height: 10,
        bits: 8,
        colours: ColourSpace::Grey,
        codec: Codec::Dct { colour_transform: None },
        decode: Vec::new(),
        mask: false,
    };
    Page {
        file: "scans/1.jpg".to_owned(),
        file_page: 1,
        frame: Frame::plain(595.0, 842.0),
        scan: Some(PlacedScan { image, matrix: [595.0, 0.0, 0.0, 842.0, 0.0, 0.0], converted: None }),
        damage: None,
        accepted: None,
    }
}

/// 2020-01-03T08:00:00Z.
pub const MORNING: i64 = 1_578_038_400;

impl Academy {
    pub fn new() -> Academy {
        Academy::among(Company::Shared(FAILPOINTS.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// For tests that set failpoints.
    #[cfg(feature = "failpoints")]
    pub fn alone(count: usize) -> Academy {
        let alone = FAILPOINTS.write().unwrap_or_else(PoisonError::into_inner);
        let mut academy = Academy::among(Company::Alone(alone));
        for index in 0..count {
            academy.add(index, "Martin", "Éloïse", "");
        }
        academy
    }

    fn among(company: Company) -> Academy {
        // In memory where there is such a place: other jobs of the machine keep its disk busy.
        let dir =
            tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a temporary folder");
        let scratch = tempfile::tempdir().expect("a temporary folder");
        let blobs = Folder { dir: dir.path().join("blobs"), opened: AtomicUsize::new(0), scratch };
        fs::create_dir(&blobs.dir).expect("a folder");
        let exam = Exam {
            id: "E".to_owned(),
            code: "1TMATHS".to_owned(),
            label: "Maths".to_owned(),
            kind: ExamKind::CommonAssessment,
            session_year: 2020,
            session_name: "Session Normale".to_owned(),
            starts_at: "2020-01-03T08:00".to_owned(),
            series: Vec::new(),
            wave: None,
            entity: "REU".to_owned(),
            mark_step: Hundredths(50),
            harmonisation: HarmonisationMode::None,
            consultable_until: None,
            settings: Settings::default(),
        };
        let records = Records {
            exam: exam_record(exam),
            schools: BTreeMap::new(),
            candidates: BTreeMap::new(),
            scripts: BTreeMap::new(),
            transmitted: BTreeMap::new(),
            line: 1,
        };
        let press = Arc::new(press("1", "FAKE"));
        Academy { records, blobs: Arc::new(blobs), press, dir, _company: company }
    }

    /// With `count` candidates over three schools, each with two scans of their own.
    pub fn of(count: usize) -> Academy {
        let mut academy = Academy::new();
        for index in 0..count {
            academy.add(index, "Martin", "Éloïse", "");
        }
        academy
    }

    pub fn add(&mut self, index: usize, last_name: &str, first_name: &str, appreciation: &str) -> String {
        let number = format!("{:010}", index + 1);
        // Small exams have scans of their own, large ones share them.
        let scans: Vec<BlobRef> = (0..2)
            .map(|scan| {
                self.blobs.put(format!("scan {scan} of {} ", index % 60).repeat(100 + index % 60).as_bytes())
            })
            .collect();
        self.put(&number, last_name, first_name, appreciation, scans.into_iter().map(page).collect());
        number
    }

    pub fn put(&mut self, number: &str, last: &str, first: &str, appreciation: &str, pages: Vec<Page>) {
        let place = self.records.candidates.len();
        let uai = format!("974000{}H", place % 3);
        let school = School {
            uai: uai.clone(),
            name: "Lycée".to_owned(),
            city: "Saint-Denis".to_owned(),
            entity: None,
        };
        self.records.schools.insert(uai.clone(), Record::of(&school).expect("a record"));
        let candidate = Candidate {
            number: number.to_owned(),
            national_id: None,
            last_name: last.to_owned(),
            first_name: first.to_owned(),
            birth_date: None,
            school: String::new(),
            attendance: Attendance::Present,
            entry: entry_name(&EntryName { school: &uai, last_name: last, first_name: first, number }),
        };
        let candidate = Candidate { school: uai, ..candidate };
        self.records.candidates.insert(candidate.entry.clone(), Record::of(&candidate).expect("a record"));
        let script = Script {
            id: [0; 16],
            candidate: number.to_owned(),
            batch: None,
            pages,
            marked: true,
            marker_mark: Some(Hundredths(1250)),
            questions: Vec::new(),
            harmonised: None,
            adjustment: None,
            appreciation: Some(appreciation.to_owned()),
            annotations: Vec::new(),
            annotations_apart: None,
        };
        self.records.scripts.insert(number.to_owned(), Record::of(&script).expect("a record"));
        let at = MORNING + i64::try_from(place).expect("few candidates") * 10;
        self.records.transmitted.insert(number.to_owned(), at);
    }

    /// Changes one script.
    pub fn change(&mut self, number: &str, change: impl FnOnce(&mut Script)) {
        self.records.line += 1;
        let mut script = self.records.scripts[number].value().expect("a script");
        change(&mut script);
        self.records.scripts.insert(number.to_owned(), Record::of(&script).expect("a record"));
    }

    /// As if its mark had not been accepted.
    pub fn take_back(&mut self, number: &str) {
        self.records.transmitted.remove(number);
    }

    pub fn forget_script(&mut self, number: &str) {
        self.records.scripts.remove(number);
    }

    /// The first scan of a copy.
    pub fn scan_of(&self, number: &str) -> PathBuf {
        let script = self.records.scripts[number].value().expect("a script");
        self.blobs.path(&script.pages[0].scan.as_ref().expect("a scan").image.blob)
    }

    /// The first page of a copy.
    pub fn page_of(&self, number: &str) -> Page {
        self.records.scripts[number].value().expect("a script").pages[0].clone()
    }

    pub fn job<'a>(&'a self, threads: usize, cancel: &'a AtomicBool, progress: &'a dyn Progress) -> Job<'a> {
        Job {
            source: &self.records,
            blobs: &*self.blobs,
            press: &self.press,
            scratch: self.blobs.scratch.path(),
            threads,
            progress,
            cancel,
        }
    }

    pub fn plan(&self) -> Plan {
        self.plan_of(&PlanRequest { selection: Selection::default(), profile: Profile::FULL })
    }

    pub fn plan_of(&self, request: &PlanRequest) -> Plan {
        plan(&self.job(2, &AtomicBool::new(false), &Quiet), request).expect("a plan")
    }

    pub fn survey(&self) -> Survey {
        let request = PlanRequest { selection: Selection::default(), profile: Profile::FULL };
        survey(&self.job(2, &AtomicBool::new(false), &Quiet), &request).expect("a survey")
    }

    pub fn zip(&self, out: &Path, options: &WriteOptions) -> Report {
        let never = AtomicBool::new(false);
        write_zip(&self.job(2, &never, &Quiet), self.plan(), out, options).expect("a job that begins")
    }

    pub fn directory(&self, out: &Path, options: &WriteOptions) -> Report {
        let never = AtomicBool::new(false);
        write_directory(&self.job(2, &never, &Quiet), self.survey(), out, options).expect("a job that begins")
    }

    /// An archive of the records as they are now.
    pub fn archive(&self, plan: Plan) -> Archive {
        let (blobs, press) = (Arc::clone(&self.blobs), Arc::clone(&self.press));
        Archive::over(Arc::new(self.records.clone()), blobs, press, plan)
    }

    pub fn out(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

fn exam_record(exam: Exam) -> Record<crate::store::ExamEntry> {
    let entry = crate::store::ExamEntry {
        exam,
        generation: 0,
        counts: crate::journal::Counts::default(),
        bundle: [0; 32],
        command: [0; 32],
        import_line: 0,
        line: 0,
        life: Life::default(),
    };
    Record::of(&entry).expect("a record")
}

impl Source for Records {
    fn life(&self) -> Life {
        Life { download_since: Some(MORNING), ..Life::default() }
    }
    fn exam(&self) -> &ArchivedExam {
        &self.exam.get().exam
    }
    fn state(&self) -> State {
        State { line: self.line, digest: Sha256::digest(self.line.to_le_bytes()).into() }
    }
    fn candidate_count(&self) -> u32 {
        u32::try_from(self.candidates.len()).expect("few candidates")
    }
    fn place_of(&self, number: &str) -> Result<Option<u32>, StoreError> {
        Ok((0..).zip(self.candidates.values()).find(|(_, one)| one.get().number == number).map(|(at, _)| at))
    }
    fn candidate_at(&self, place: u32) -> Result<Option<Record<Candidate>>, StoreError> {
        Ok(self.candidates.values().nth(place as usize).cloned())
    }
    fn script_at(&self, place: u32) -> Result<Option<Record<Script>>, StoreError> {
        let candidate = self.candidate_at(place)?;
        Ok(candidate.and_then(|candidate| self.scripts.get(candidate.get().number.as_str()).cloned()))
    }
    fn transmitted_at(&self, place: u32) -> Result<Option<Timestamp>, StoreError> {
        let candidate = self.candidate_at(place)?;
        Ok(candidate.and_then(|candidate| self.transmitted.get(candidate.get().number.as_str()).copied()))
    }
    fn school(&self, uai: &str) -> Result<Option<Record<School>>, StoreError> {
        Ok(self.schools.get(uai).cloned())
    }
    fn annotations<'s>(&self, script: &'s Record<Script>) -> Result<Annotations<'s>, StoreError> {
        Ok(Annotations::Within(&script.get().annotations))
    }
}

/// Sets the job's cancel flag once so many copies are written.
pub struct CancelAfter<'a> {
    pub copies: u64,
    pub cancel: &'a AtomicBool,
    pub done: std::sync::atomic::AtomicU64,
}

impl Progress for CancelAfter<'_> {
    fn begin(&self, _phase: Phase, _copies: u64, _bytes: u64) {
        self.done.store(0, Ordering::Relaxed);
    }
    fn advance(&self, copies: u64, _bytes: u64) {
        if self.done.fetch_add(copies, Ordering::Relaxed) + copies >= self.copies {
            self.cancel.store(true, Ordering::Relaxed);
        }
    }
}

/// Without waiting for the disk: `syncfs` waits for whatever else the machine writes.
pub const FAST: WriteOptions = WriteOptions { resume: false, sync: false, sha256: false };

/// Every file under a folder with its bytes, hidden ones included.
pub fn tree(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(dir).expect("inside").to_string_lossy().into_owned();
                found.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    found
}

/// Every entry of an archive with its bytes, as another reader sees them.
pub fn entries(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(File::open(path).expect("an archive")).expect("a valid archive");
    (0..archive.len())
        .map(|index| {
            let mut entry = archive.by_index(index).expect("an entry");
            let name = entry.name().expect("a UTF-8 name").into_owned();
            let mut bytes = Vec::new();
            io::Read::read_to_end(&mut entry, &mut bytes).expect("content with the right checksum");
            (name, bytes)
        })
        .collect()
}
