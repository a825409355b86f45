//! What every registered renderer promises, alone and with the others, in all eight profiles: the
//! same drawing each time, a valid PDF, every scan in its place and untouched.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use copiste_core::render::{Copy, Desk, Press, Profile, Registration, RenderError, Renderer, Subject};
use copiste_core::rope::{BlobSource, Rope, RopeReader, Segment};
use copiste_core::store::{ExamView, Store};
use copiste_renderers::pdf::PdfComposer;
use copiste_tests::academy::{Academy, opened};
use copiste_tests::command::run;
use copiste_tests::{needs, place, size};

/// Stands in a registry for a renderer that is to be silent.
struct Silent;

impl Renderer for Silent {
    fn draw(&self, _: &Subject<'_>, _: &mut Copy) -> Result<(), RenderError> {
        Ok(())
    }
}

fn names() -> Vec<&'static str> {
    copiste_renderers::press().registry().entries().iter().map(|entry| entry.name).collect()
}

/// The press of the house with every renderer silenced but the scan's and one other.
fn alone(name: &str) -> Press {
    let mut registry = copiste_renderers::registry();
    for other in names() {
        if other != name && other != "scan" {
            let silent = Registration { name: other, choice: None, order: 0, renderer: Box::new(Silent) };
            registry.register(silent);
        }
    }
    Press::new(registry, Box::new(PdfComposer::new().expect("the built-in fonts are whole")))
}

/// Calls `look` with every script of the exam.
fn each(view: &ExamView, mut look: impl FnMut(&Subject<'_>)) {
    for script in view.scripts() {
        let script = script.expect("a script's record");
        let number = script.get().candidate.as_str();
        let candidate = view.candidate(number).expect("a record").expect("every script has a candidate");
        let school =
            view.school(&candidate.get().school).expect("a record").expect("every candidate has a school");
        let annotations = view.annotations(&script).expect("annotations");
        look(&Subject {
            exam: view.exam(),
            school: school.get(),
            candidate: candidate.get(),
            script: script.get(),
            annotations: annotations.get(),
            renderable_at: 1_580_000_000,
        });
    }
}

fn bytes(rope: &Rope, blobs: &dyn BlobSource) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(rope.len()).expect("a copy fits the memory")];
    let mut reader = RopeReader::new(rope, blobs);
    let mut filled = 0;
    while filled < bytes.len() {
        let count = reader.read_at(filled as u64, &mut bytes[filled..]).expect("every scan can be read");
        assert!(count > 0, "the rope ends at {filled} of {}", rope.len());
        filled += count;
    }
    bytes
}

fn academy() -> Academy {
    let candidates = size::pick("8", "40");
    Academy::of(&format!("--kind one_off --candidates {candidates} --mix all --seed 21"))
}

fn exam(store: &Store) -> ExamView {
    store.exams().expect("the exams").into_iter().next().expect("an exam")
}

#[test]
fn every_renderer_draws_the_same_twice_and_leaves_every_scan_as_it_was() {
    let academy = academy();
    let store = opened(&academy.data());
    let view = exam(&store);
    for name in names() {
        let press = alone(name);
        let (mut used, mut looked) = (Desk::default(), 0);
        each(&view, |subject| {
            for profile in Profile::all() {
                let what = format!("{name}, candidate {}, {profile:?}", subject.candidate.number);
                let rope = press.edition(subject, profile, &mut used).expect("an edition").clone();
                let mut fresh = Desk::default();
                let again = press.edition(subject, profile, &mut fresh).expect("an edition");
                assert_eq!(rope.digest(), again.digest(), "{what}: another drawing on a fresh desk");
                let whole = bytes(&rope, store.blobs());
                assert_eq!(rope.len(), whole.len() as u64, "{what}: its length");
                assert!(whole == bytes(again, store.blobs()), "{what}: other bytes");
                let drawn: Vec<[u8; 32]> = rope
                    .segments()
                    .iter()
                    .filter_map(|segment| match segment {
                        Segment::Blob(blob) => Some(blob.sha256),
                        _ => None,
                    })
                    .collect();
                for page in subject.script.pages.iter().filter(|page| page.damage.is_none()) {
                    let scan = page.scan.as_ref().expect("an undamaged page has a scan");
                    assert!(drawn.contains(&scan.image.blob.sha256), "{what}: a scan is missing");
                }
                looked += 1;
            }
        });
        assert!(looked >= 8, "{name} was looked at {looked} times");
    }
}

#[test]
fn a_copy_knows_its_checksum_without_being_read() {
    let academy = academy();
    let store = opened(&academy.data());
    let view = exam(&store);
    let press = copiste_renderers::press();
    let mut desk = Desk::default();
    each(&view, |subject| {
        let rope = press.edition(subject, Profile::FULL, &mut desk).expect("an edition");
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let stored =
            zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        archive.start_file("copy.pdf", stored).expect("an entry");
        archive.write_all(&bytes(rope, store.blobs())).expect("it can be written");
        let archive = archive.finish().expect("an archive");
        let mut archive = zip::ZipArchive::new(archive).expect("an archive");
        assert_eq!(archive.by_index(0).expect("an entry").crc32(), rope.crc32());
    });
}

#[test]
fn every_renderer_alone_and_in_all_profiles_makes_valid_documents() {
    needs!(Qpdf, VeraPdf);
    let academy = academy();
    let store = opened(&academy.data());
    let view = exam(&store);
    let folder = place::scratch();
    let mut copies: Vec<PathBuf> = Vec::new();
    let mut presses: Vec<(String, Press)> =
        names().into_iter().map(|name| (name.to_owned(), alone(name))).collect();
    presses.push(("all".to_owned(), copiste_renderers::press()));
    for (name, press) in &presses {
        let mut desk = Desk::default();
        let mut script = 0;
        each(&view, |subject| {
            // Each script in one profile, the next in the next: all eight, and all scripts.
            let profile = Profile::all()[script % 8];
            script += 1;
            let rope = press.edition(subject, profile, &mut desk).expect("an edition");
            let path = folder.path().join(format!("{name}-{script}.pdf"));
            let mut file = File::create(&path).expect("a file");
            file.write_all(&bytes(rope, store.blobs())).expect("it can be written");
            copies.push(path);
        });
    }
    for copy in &copies {
        let checked = run("qpdf", &[&"--check", copy]);
        assert!(checked.code == Some(0) && !checked.said().contains("WARNING"), "{}", checked.said());
    }
    let check = place::shared("tools/verapdf/check").expect("needed above");
    for profile in ["2b", "2a", "ua1"] {
        let mut arguments: Vec<&dyn AsRef<OsStr>> = vec![&profile];
        arguments.extend(copies.iter().map(|copy| copy as &dyn AsRef<OsStr>));
        let judged = run(&check, &arguments);
        let broken: Vec<&str> =
            judged.out.lines().filter(|line| !line.starts_with("PASS ")).take(20).collect();
        assert!(judged.code == Some(0) && broken.is_empty(), "{profile}: {broken:#?}");
    }
}
