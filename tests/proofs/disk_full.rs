//! A disk that fills up in the middle: told, nothing half done, and done after there is room.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use copiste_tests::academy::{Academy, pdfs};
use copiste_tests::command::{SmallDisk, copiste, run, signal, start_copiste};
use copiste_tests::needs;
use copiste_tests::sources::files;

fn enlarge(disk: &SmallDisk, bytes: u64) {
    let size = format!("remount,size={bytes}");
    run("mount", &[&"-o", &size, &disk.path()]).expect(0);
}

/// Writes until the disk is full.
fn fill(folder: &Path) {
    let mut file = fs::File::create(folder.join("filler")).expect("a file can be made");
    for size in [1 << 16, 1 << 12, 1] {
        let block = vec![0_u8; size];
        while file.write_all(&block).is_ok() {}
    }
}

#[test]
fn a_disk_full_in_the_middle_of_an_import_changes_nothing() {
    needs!(SmallDisk);
    let academy = Academy::with_bundle(&[
        &"--kind",
        &"one_off",
        &"--candidates",
        &"60",
        &"--mix",
        &"grey",
        &"--seed",
        &"18",
    ]);
    let bundle = academy.bundle();
    let scans: u64 = files(&bundle).iter().map(|path| fs::metadata(path).expect("a file").len()).sum();
    for part in [10, 50, 90] {
        let disk = SmallDisk::mount(scans * part / 100 + (2 << 20)).expect("asked for above");
        let data = disk.path().join("data");
        let import: [&dyn AsRef<OsStr>; 4] = [&"import", &"--data", &data, &bundle];
        let outcome = copiste(&import);
        assert_eq!(outcome.code, Some(1), "{}", outcome.said());
        let said = outcome.err.to_lowercase();
        assert!(said.contains("no space") || said.contains("disk"), "{}", outcome.err);
        enlarge(&disk, scans * 4 + (64 << 20));
        copiste(&[&"verify", &"--data", &data]).expect(0);
        let status = copiste(&[&"status", &"--data", &data, &"--json"]).expect(0).out;
        assert!(!status.contains(&academy.exam()), "half an exam is there: {status}");
        copiste(&import).expect(0);
        copiste(&[&"verify", &"--data", &data]).expect(0);
    }
}

#[test]
fn a_disk_that_is_too_small_is_refused_before_the_first_copy() {
    needs!(SmallDisk);
    let academy = Academy::of("--kind one_off --candidates 40 --mix grey --seed 19");
    academy.released();
    let disk = SmallDisk::mount(1 << 20).expect("asked for above");
    for name in ["out", "out.zip"] {
        let out = disk.path().join(name);
        let outcome = academy.copiste("render", &[&academy.exam(), &"--out", &out]);
        assert_eq!(outcome.code, Some(1), "{}", outcome.said());
        assert!(outcome.err.contains("BLK-"), "{}", outcome.err);
        assert!(pdfs_in(&disk.path()) == 0 && !out.is_file(), "it began all the same");
    }
}

#[test]
fn a_disk_full_in_the_middle_of_a_render_leaves_whole_copies_and_resume_ends_it() {
    needs!(SmallDisk);
    let academy = Academy::of("--kind one_off --candidates 200 --mix grey --seed 20");
    let reference = academy.rendered("reference", &[]);
    let bytes: u64 = pdfs(&reference).iter().map(|path| fs::metadata(path).expect("a copy").len()).sum();
    let disk = SmallDisk::mount(bytes * 2 + (64 << 20)).expect("asked for above");
    let (exam, data, log) = (academy.exam(), academy.data(), academy.path("log"));
    let out = disk.path().join("out");
    let render: [&dyn AsRef<OsStr>; 9] =
        [&"render", &"--data", &data, &exam, &"--out", &out, &"--threads", &"1", &"--resume"];
    let mut child = start_copiste(&render, &log);
    // While the first group of copies is being written, under temporary names.
    let part = out.join(".copiste-part");
    while !fs::read_dir(&part).is_ok_and(|copies| copies.count() > 2) {
        assert!(child.try_wait().expect("a child can be waited for").is_none(), "it ended too early");
        std::thread::sleep(Duration::from_millis(1));
    }
    signal(&child, "STOP");
    fill(&disk.path());
    signal(&child, "CONT");
    let code = child.wait().expect("a child ends").code();
    let said = fs::read_to_string(&log).expect("a log");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.to_lowercase().contains("no space") || said.contains("disk"), "{said}");
    for path in files(&out).iter().filter(|path| path.extension().is_some_and(|end| end == "pdf")) {
        let name = path.strip_prefix(&out).expect("inside");
        assert!(
            fs::read(path).expect("a copy") == fs::read(reference.join(name)).expect("its twin"),
            "{name:?} is torn"
        );
    }
    fs::remove_file(disk.path().join("filler")).expect("room again");
    copiste(&render).expect(0);
    assert_eq!(pdfs(&out).len(), pdfs(&reference).len());
    academy.verified();
}

fn pdfs_in(folder: &Path) -> usize {
    files(folder).iter().filter(|path| path.extension().is_some_and(|end| end == "pdf")).count()
}
