//! Each step beside its floor, the copying of the same scans, in the same run.
//!
//! A group holds one step: `copiste` and `copying`. Cached is compared with cached; what is durable
//! with copying that is synced to the disk.
#![allow(missing_docs, reason = "criterion's macros make functions without docs")]

use std::fs::{self, File};
use std::hint::black_box;
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use copiste_benches::exam::Exam;
use copiste_benches::floor::{Promise, to_file, to_folder};
use copiste_benches::measured::{each, opened};
use copiste_core::bulk::{
    Job, PlanRequest, Quiet, Selection, WriteOptions, plan, survey, write_directory, write_zip,
};
use copiste_core::render::{Desk, Profile};
use copiste_core::rope::write_to_file;
use copiste_core::store::{ExamView, Store};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};

const COPIES: u32 = 100;
const THREADS: usize = 2;

/// What every bench begins with.
struct Stage {
    exam: Exam,
    store: Store,
    bytes: u64,
}

impl Stage {
    fn new() -> Stage {
        let exam = Exam::grey(COPIES, 4).expect("an exam can be made");
        let store = opened(&exam.data()).expect("the store opens");
        let bytes = exam.bytes().expect("the scans are there");
        Stage { exam, store, bytes }
    }

    fn view(&self) -> ExamView {
        self.store.exams().expect("the exams").into_iter().next().expect("an exam")
    }

    /// Clears what a run left under a name, so that the next begins with nothing.
    fn clear(&self, name: &str) {
        if self.exam.path(name).exists() {
            self.exam.clear(name).expect("it can go");
        }
    }
}

fn group<'c>(criterion: &'c mut Criterion, name: &str, bytes: u64) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10).throughput(Throughput::Bytes(bytes));
    group
}

/// Copying a whole bundle, which is what intake cannot do without.
fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy_folder(&path, &target)?;
        } else {
            io::copy(&mut File::open(&path)?, &mut File::create(target)?)?;
        }
    }
    Ok(())
}

fn intake(criterion: &mut Criterion) {
    let stage = Stage::new();
    let mut group = group(criterion, "intake, durable", stage.bytes);
    group.bench_function("copiste", |bencher| {
        bencher.iter_with_setup(|| stage.clear("again"), |()| stage.exam.import("again").expect("an import"));
    });
    group.bench_function("copying", |bencher| {
        bencher.iter_with_setup(
            || stage.clear("copied"),
            |()| {
                copy_folder(&stage.exam.bundle(), &stage.exam.path("copied")).expect("a copy");
                rustix::fs::syncfs(File::open(stage.exam.path("copied")).expect("it is there"))
                    .expect("a sync");
            },
        );
    });
    group.finish();
}

fn reading_and_planning(criterion: &mut Criterion) {
    let stage = Stage::new();
    let view = stage.view();
    let press = copiste_renderers::press();
    let mut desk = Desk::default();
    let mut group = group(criterion, "100 copies read and planned, cached", stage.bytes);
    group.bench_function("copiste, read from the store", |bencher| {
        bencher.iter(|| {
            each(&view, |subject| {
                black_box(subject.script.pages.len() + subject.annotations.len());
                Ok(())
            })
            .expect("records");
        });
    });
    group.bench_function("copiste, read and composed into ropes", |bencher| {
        bencher.iter(|| {
            each(&view, |subject| {
                black_box(
                    press.edition(subject, Profile::FULL, &mut desk).map_err(io::Error::other)?.crc32(),
                );
                Ok(())
            })
            .expect("editions");
        });
    });
    group.bench_function("copying", |bencher| {
        let path = stage.exam.path("floor.bin");
        bencher.iter(|| to_file(&stage.exam.copies, &path, Promise::Cached).expect("a copy"));
    });
    group.finish();
}

fn one_pdf(criterion: &mut Criterion) {
    let stage = Stage::new();
    let view = stage.view();
    let press = copiste_renderers::press();
    let mut desk = Desk::default();
    let first = &stage.exam.copies[..1];
    let bytes = first.iter().flatten().map(|scan| fs::metadata(scan).expect("a scan").len()).sum();
    let script = view.scripts().next().expect("a script").expect("its record");
    let candidate = view.candidate(&script.get().candidate).expect("a record").expect("a candidate");
    let school = view.school(&candidate.get().school).expect("a record").expect("a school");
    let annotations = view.annotations(&script).expect("annotations");
    let subject = copiste_core::render::Subject {
        exam: view.exam(),
        school: school.get(),
        candidate: candidate.get(),
        script: script.get(),
        annotations: annotations.get(),
        renderable_at: 1_580_000_000,
    };
    let mut group = group(criterion, "one PDF, cached", bytes);
    let path = stage.exam.path("one.pdf");
    group.bench_function("copiste", |bencher| {
        bencher.iter(|| {
            let rope = press.edition(&subject, Profile::FULL, &mut desk).expect("an edition");
            let file = File::create(&path).expect("a file");
            write_to_file(rope, &file, 0, stage.store.blobs()).expect("written");
        });
    });
    group.bench_function("copying", |bencher| {
        bencher.iter(|| to_file(first, &path, Promise::Cached).expect("a copy"));
    });
    group.finish();
}

fn bulk(criterion: &mut Criterion) {
    let stage = Stage::new();
    let view = stage.view();
    let press = copiste_renderers::press();
    let cancel = AtomicBool::new(false);
    let scratch = stage.exam.path("scratch");
    let job = Job {
        source: &view,
        blobs: stage.store.blobs(),
        press: &press,
        scratch: &scratch,
        threads: THREADS,
        progress: &Quiet,
        cancel: &cancel,
    };
    let request = PlanRequest { selection: Selection::default(), profile: Profile::FULL };
    for (promise, sync) in [(Promise::Cached, false), (Promise::Durable, true)] {
        let options = WriteOptions { resume: false, sync, sha256: false };
        let mut folder = group(criterion, &format!("bulk to a directory, {promise:?}"), stage.bytes);
        folder.bench_function("copiste", |bencher| {
            bencher.iter_with_setup(
                || stage.clear("ours"),
                |()| {
                    let survey = survey(&job, &request).expect("a survey");
                    write_directory(&job, survey, &stage.exam.path("ours"), &options).expect("written")
                },
            );
        });
        folder.bench_function("copying", |bencher| {
            bencher.iter_with_setup(
                || stage.clear("floor"),
                |()| {
                    to_folder(&stage.exam.copies, &stage.exam.path("floor"), THREADS, promise)
                        .expect("a copy")
                },
            );
        });
        folder.finish();
        let mut archive = group(criterion, &format!("ZIP to a file, {promise:?}"), stage.bytes);
        archive.bench_function("copiste", |bencher| {
            bencher.iter_with_setup(
                || stage.clear("ours.zip"),
                |()| {
                    let plan = plan(&job, &request).expect("a plan");
                    write_zip(&job, plan, &stage.exam.path("ours.zip"), &options).expect("written")
                },
            );
        });
        archive.bench_function("copying", |bencher| {
            bencher.iter_with_setup(
                || stage.clear("floor.zip"),
                |()| to_file(&stage.exam.copies, &stage.exam.path("floor.zip"), promise).expect("a copy"),
            );
        });
        archive.finish();
    }
}

criterion_group!(steps, intake, reading_and_planning, one_pdf, bulk);
criterion_main!(steps);
