//! Subjects to draw, made from model types, with scans in a blob store of their own.

use std::fs::File;
use std::path::PathBuf;

use copiste_core::journal::Counts;
use copiste_core::model::*;
use copiste_core::render::{Desk, Press, Profile, RenderError, Subject};
use copiste_core::rope::{Rope, write_to_file};
use copiste_core::store::{BlobSink, BlobStore, ExamEntry, Life, Record};

pub const A4: (f32, f32) = (595.0, 842.0);

/// A folder with blobs, and where documents are written.
pub struct Workshop {
    dir: tempfile::TempDir,
    pub blobs: BlobStore,
    pub press: Press,
}

impl Workshop {
    pub fn new() -> Workshop {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(dir.path().join("blobs")).expect("a folder");
        let blobs = BlobStore::open_in(&dir.path().join("blobs")).expect("a blob store");
        Workshop { dir, blobs, press: copiste_renderers::press() }
    }

    pub fn blob(&self, bytes: &[u8]) -> BlobRef {
        let batch = self.blobs.begin();
        let blob = batch.put(bytes).expect("put");
        batch.seal().expect("seal");
        blob
    }

    pub fn sample(&self, name: &str) -> Vec<u8> {
        std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/samples").join(name)).expect(name)
    }

    /// The 124 by 176 picture of an F, as the samples have it.
    pub fn image(&self, codec: Codec, colours: ColourSpace, bits: u8, bytes: &[u8]) -> ScanImage {
        let blob = self.blob(bytes);
        ScanImage { blob, width: 124, height: 176, bits, colours, codec, decode: Vec::new(), mask: false }
    }

    pub fn grey_jpeg(&self) -> ScanImage {
        let codec = Codec::Dct { colour_transform: None };
        self.image(codec, ColourSpace::Grey, 8, &self.sample("grey.jpg"))
    }

    /// A page of a paper, filled by the picture.
    pub fn page(&self, image: ScanImage, (width, height): (f32, f32)) -> Page {
        Page {
            file: "scans/1.jpg".to_owned(),
            file_page: 1,
            frame: Frame::plain(width, height),
            scan: Some(PlacedScan { image, matrix: [width, 0.0, 0.0, height, 0.0, 0.0], converted: None }),
            damage: None,
            accepted: None,
        }
    }

    /// An ordinary case: two A4 pages.
    pub fn case(&self) -> Case {
        let pages = vec![self.page(self.grey_jpeg(), A4), self.page(self.grey_jpeg(), A4)];
        Case::new(pages)
    }

    /// Where a document of this name is written.
    pub fn path(&self, name: &str) -> PathBuf {
        match std::env::var_os("COPISTE_KEEP_PDF") {
            Some(dir) => PathBuf::from(dir).join(format!("{name}.pdf")),
            None => self.dir.path().join(format!("{name}.pdf")),
        }
    }

    /// Makes one edition and writes it.
    pub fn write(&self, name: &str, case: &Case, profile: Profile) -> PathBuf {
        let records = case.records();
        let mut desk = Desk::default();
        let rope = records.edition(&self.press, profile, &mut desk).expect(name);
        self.write_rope(name, rope)
    }

    pub fn write_rope(&self, name: &str, rope: &Rope) -> PathBuf {
        let path = self.path(name);
        let file = File::create(&path).expect("a file");
        let length = write_to_file(rope, &file, 0, &self.blobs).expect("written");
        assert_eq!(length, rope.len());
        path
    }
}

/// What a copy is drawn from, before it is a record.
#[derive(Clone)]
pub struct Case {
    pub exam: Exam,
    pub school: School,
    pub candidate: Candidate,
    pub script: Script,
    pub renderable_at: i64,
}

impl Case {
    pub fn new(pages: Vec<Page>) -> Case {
        let exam = Exam {
            id: "e3c-maths".to_owned(),
            code: "1TMATHS".to_owned(),
            label: "1ERE VAGUE E3C MATHS BTN".to_owned(),
            kind: ExamKind::CommonAssessment,
            session_year: 2020,
            session_name: "Session Normale".to_owned(),
            starts_at: "2020-01-03T08:00".to_owned(),
            series: vec!["STMG".to_owned()],
            wave: Some(1),
            entity: "REUNION".to_owned(),
            mark_step: Hundredths(50),
            harmonisation: HarmonisationMode::Batches,
            consultable_until: None,
            settings: Settings::default(),
        };
        let school = School {
            uai: "9740001H".to_owned(),
            name: "Lycée Leconte-de-Lisle".to_owned(),
            city: "Saint-Denis".to_owned(),
            entity: None,
        };
        let candidate = Candidate {
            number: "0123456789".to_owned(),
            national_id: None,
            last_name: "HOARAU-L’HÉRITIER".to_owned(),
            first_name: "Éloïse".to_owned(),
            birth_date: None,
            school: "9740001H".to_owned(),
            attendance: Attendance::Present,
            entry: String::new(),
        };
        let script = Script {
            id: [7; 16],
            candidate: "0123456789".to_owned(),
            batch: Some("L001".to_owned()),
            pages,
            marker_mark: Some(Hundredths(1250)),
            questions: questions(20),
            marked: true,
            harmonised: None,
            adjustment: None,
            appreciation: Some(APPRECIATION.to_owned()),
            annotations: Vec::new(),
            annotations_apart: None,
        };
        Case { exam, school, candidate, script, renderable_at: 1_580_000_000 }
    }

    pub fn records(&self) -> Records {
        let exam = ExamEntry {
            exam: self.exam.clone(),
            generation: 1,
            counts: Counts::default(),
            bundle: [0; 32],
            command: [0; 32],
            import_line: 1,
            line: 1,
            life: Life::default(),
        };
        Records {
            exam: Record::of(&exam).expect("an exam"),
            school: Record::of(&self.school).expect("a school"),
            candidate: Record::of(&self.candidate).expect("a candidate"),
            script: Record::of(&self.script).expect("a script"),
            renderable_at: self.renderable_at,
        }
    }
}

/// Records, as a store would hand them out.
pub struct Records {
    exam: Record<ExamEntry>,
    school: Record<School>,
    candidate: Record<Candidate>,
    script: Record<Script>,
    renderable_at: i64,
}

impl Records {
    pub fn subject(&self) -> Subject<'_> {
        let script = self.script.get();
        Subject {
            exam: &self.exam.get().exam,
            school: self.school.get(),
            candidate: self.candidate.get(),
            script,
            annotations: &script.annotations,
            renderable_at: self.renderable_at,
        }
    }

    pub fn edition<'d>(
        &self,
        press: &Press,
        profile: Profile,
        desk: &'d mut Desk,
    ) -> Result<&'d Rope, RenderError> {
        Ok(press.edition(&self.subject(), profile, desk)?)
    }
}

pub const APPRECIATION: &str = "Copie sérieuse et soignée : le cœur du raisonnement est là, mais « l’énoncé » \
n’a pas toujours été lu jusqu’au bout. Les dérivées (f′(x) ≤ 0) sont bien menées ; attention à √2 ≈ 1,414 et aux unités (€/m²).\n\
Continuez ainsi, Éloïse — l’été sera doux…";

pub fn questions(count: usize) -> Vec<Question> {
    (0..count)
        .map(|index| Question {
            label: format!("{}.{}", index / 4 + 1, char::from(b'a' + (index % 4) as u8)),
            earned: Hundredths([100, 75, 0, 50][index % 4]),
            maximum: Hundredths(100),
        })
        .collect()
}

pub fn spot(x: i32, y: i32) -> Spot {
    Spot { x: x * 1000, y: y * 1000 }
}

/// In hundredths of the page.
pub fn area(x: i32, y: i32, width: i32, height: i32) -> Area {
    Area { x: x * 1000, y: y * 1000, width: width * 1000, height: height * 1000 }
}

pub fn annotation(page: u32, colour: [u8; 3], shape: Shape) -> Annotation {
    Annotation { page, colour, opacity: 100, question: None, shape }
}

/// One of each kind on a page.
pub fn every_kind(page: u32) -> Vec<Annotation> {
    const RED: [u8; 3] = [0xC8, 0x10, 0x2E];
    const BLUE: [u8; 3] = [0x1F, 0x4E, 0x8C];
    let text = |text: &str, x, y, rotation| Shape::Text {
        area: area(x, y, 30, 0),
        text: text.to_owned(),
        size: 1100,
        rotation,
    };
    let wave = (0..40)
        .map(|step| Spot {
            x: 10_000 + step * 700,
            y: 62_000 + [0, 900, 1200, 900, 0, -900, -1200, -900][step as usize % 8],
        })
        .collect();
    let mut all = vec![
        annotation(
            page,
            RED,
            text("Très bien : l’œuvre est bien située, mais il manque le cœur du sujet.", 60, 10, 0),
        ),
        annotation(page, BLUE, text("en biais", 70, 40, 30)),
        annotation(page, BLUE, text("debout", 95, 60, 90)),
        annotation(page, RED, Shape::Ink { strokes: vec![wave, vec![spot(50, 62)]], width: 180 }),
        annotation(page, RED, Shape::Line { from: spot(10, 70), to: spot(40, 70), width: 150 }),
        annotation(page, BLUE, Shape::Arrow { from: spot(45, 75), to: spot(60, 68), width: 150 }),
        annotation(page, RED, Shape::Rectangle { area: area(10, 74, 20, 6), line_width: 120, fill: None }),
        annotation(
            page,
            BLUE,
            Shape::Ellipse { area: area(34, 76, 16, 5), line_width: 120, fill: Some([0xDD, 0xE8, 0xF8]) },
        ),
        annotation(page, [0xFF, 0xF2, 0x00], Shape::Highlight { area: area(12, 8, 20, 5) }),
        annotation(page, RED, Shape::Underline { from: spot(12, 45), to: spot(42, 45), width: 200 }),
        annotation(page, RED, Shape::Strike { from: spot(12, 26), to: spot(42, 26), width: 200 }),
        annotation(page, RED, Shape::Mark { at: spot(3, 20), text: "+0,5".to_owned() }),
    ];
    let stamps = [Stamp::Tick, Stamp::Cross, Stamp::Question, Stamp::Circle, Stamp::Read];
    for (index, stamp) in stamps.into_iter().enumerate() {
        let shape = Shape::Stamp { at: spot(15 + 15 * index as i32, 90), size: 2400, stamp };
        let colour = if index == 0 { [0x1A, 0x7F, 0x37] } else { RED };
        all.push(Annotation { question: Some("1.a".to_owned()), ..annotation(page, colour, shape) });
    }
    all
}

/// A white page of 124 by 176 in JBIG2: nothing but the page's description (ITU-T T.88, 7.4.8).
const JBIG2_WHITE: &[u8] =
    &[0, 0, 0, 0, 48, 0, 1, 0, 0, 0, 19, 0, 0, 0, 124, 0, 0, 0, 176, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

fn zlib(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

impl Workshop {
    /// The bytes of a blob.
    pub fn bytes(&self, blob: &BlobRef) -> Vec<u8> {
        std::fs::read(self.blobs.path(&blob.sha256)).expect("a blob")
    }

    /// One picture for each way a scan can be compressed and coloured.
    pub fn every_codec(&self) -> Vec<(&'static str, ScanImage)> {
        let dct = Codec::Dct { colour_transform: None };
        let ccitt = |k, black_is_1| Codec::Ccitt {
            k,
            black_is_1,
            byte_align: false,
            end_of_line: false,
            end_of_block: true,
            columns: 124,
            rows: 176,
        };
        let flate = |predictor, colours, bits| Codec::Flate { predictor, colours, bits, columns: 124 };
        let profile = self.blob(&self.sample("srgb.icc"));
        let icc = ColourSpace::Icc { profile, components: 3 };
        let palette = |components: u8| (0..16 * components).map(|n| n * (15 / components)).collect();
        let rows = |bytes_a_row: usize, filter: Option<u8>| -> Vec<u8> {
            let row = |y: usize| filter.into_iter().chain((0..bytes_a_row).map(move |x| (x * 3 + y) as u8));
            (0..176).flat_map(row).collect()
        };
        let inverted = ScanImage {
            decode: vec![1.0, 0.0],
            ..self.image(ccitt(-1, false), ColourSpace::Grey, 1, &self.sample("bilevel.g4"))
        };
        let jbig2 = Codec::Jbig2 { globals: None };
        // A comment segment that the page could refer to (T.88, 7.4.15.1).
        let globals = self.blob(&[0, 0, 0, 9, 62, 0, 0, 0, 0, 0, 4, 0x20, 0, 0, 0]);
        vec![
            ("jpeg-grey", self.grey_jpeg()),
            ("jpeg-rgb", self.image(dct.clone(), ColourSpace::Rgb, 8, &self.sample("rgb.jpg"))),
            ("jpeg-icc", self.image(dct, icc.clone(), 8, &self.sample("rgb.jpg"))),
            (
                "jpeg-transform",
                self.image(
                    Codec::Dct { colour_transform: Some(1) },
                    ColourSpace::Rgb,
                    8,
                    &self.sample("rgb.jpg"),
                ),
            ),
            ("ccitt", self.image(ccitt(-1, true), ColourSpace::Grey, 1, &self.sample("bilevel.g4"))),
            ("ccitt-inverted", inverted),
            ("jbig2", self.image(jbig2, ColourSpace::Grey, 1, JBIG2_WHITE)),
            (
                "jbig2-globals",
                self.image(Codec::Jbig2 { globals: Some(globals) }, ColourSpace::Grey, 1, JBIG2_WHITE),
            ),
            ("jpx", self.image(Codec::Jpx, ColourSpace::Rgb, 8, &self.sample("page.jp2"))),
            ("flate-grey", self.image(flate(1, 1, 8), ColourSpace::Grey, 8, &zlib(&rows(124, None)))),
            ("flate-bilevel", self.image(flate(1, 1, 1), ColourSpace::Grey, 1, &zlib(&rows(16, None)))),
            ("flate-png", self.image(flate(15, 3, 8), ColourSpace::Rgb, 8, &zlib(&rows(372, Some(1))))),
            ("flate-tiff", self.image(flate(2, 3, 8), icc, 8, &zlib(&rows(372, None)))),
            (
                "palette-rgb",
                self.image(
                    flate(15, 1, 4),
                    ColourSpace::Indexed { components: 3, profile: None, palette: palette(3) },
                    4,
                    &zlib(&rows(62, Some(0))),
                ),
            ),
            (
                "palette-grey",
                self.image(
                    flate(1, 1, 4),
                    ColourSpace::Indexed { components: 1, profile: None, palette: palette(1) },
                    4,
                    &zlib(&rows(62, None)),
                ),
            ),
            (
                "palette-icc",
                self.image(
                    flate(1, 1, 4),
                    ColourSpace::Indexed { components: 3, profile: Some(profile), palette: palette(3) },
                    4,
                    &zlib(&rows(62, None)),
                ),
            ),
        ]
    }
}
