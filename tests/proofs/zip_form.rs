//! A bundle as a ZIP: taken in like the directory, and never able to fill disk or memory.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use copiste_tests::academy::Academy;
use copiste_tests::bundle::Bundle;
use copiste_tests::sources::files;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

fn deflated() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)
}

/// A bundle's directory as a ZIP, with more entries after its own.
fn zipped(folder: &Path, more: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for path in files(folder) {
        let name = path.strip_prefix(folder).expect("inside").to_string_lossy().into_owned();
        zip.start_file(name, deflated()).expect("an entry can be begun");
        zip.write_all(&fs::read(path).expect("a file")).expect("an entry can be written");
    }
    for (name, bytes) in more {
        zip.start_file(*name, deflated()).expect("an entry can be begun");
        zip.write_all(bytes).expect("an entry can be written");
    }
    zip.finish().expect("a ZIP can be ended").into_inner()
}

/// Replaces a name within a ZIP by another of the same length, wherever it stands.
fn renamed(zip: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut zip = zip.to_vec();
    let mut at = 0;
    while let Some(found) = zip[at..].windows(from.len()).position(|window| window == from.as_bytes()) {
        zip[at + found..at + found + to.len()].copy_from_slice(to.as_bytes());
        at += found + to.len();
    }
    zip
}

/// Many central entries that all lead to one small deflated file: a bomb without a big ratio of
/// its own.
fn overlapping(entries: usize) -> Vec<u8> {
    let mut single = ZipWriter::new(Cursor::new(Vec::new()));
    single.start_file("scans/000000.png", deflated()).expect("an entry can be begun");
    single.write_all(&vec![0; 4 << 20]).expect("an entry can be written");
    let single = single.finish().expect("a ZIP can be ended").into_inner();
    let central = single.windows(4).position(|four| four == b"PK\x01\x02").expect("a central directory");
    let end = single.windows(4).position(|four| four == b"PK\x05\x06").expect("an end");
    let entry = &single[central..end];
    let mut zip = single[..central].to_vec();
    for at in 0..entries {
        zip.extend_from_slice(&renamed(entry, "scans/000000.png", &format!("scans/{at:06}.png")));
    }
    let length = u32::try_from(zip.len() - central).expect("a small directory");
    let start = u32::try_from(central).expect("near the beginning");
    let count = u16::try_from(entries).expect("within the old format");
    zip.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    zip.extend_from_slice(&count.to_le_bytes());
    zip.extend_from_slice(&count.to_le_bytes());
    zip.extend_from_slice(&length.to_le_bytes());
    zip.extend_from_slice(&start.to_le_bytes());
    zip.extend_from_slice(&[0, 0]);
    zip
}

#[test]
fn a_bundle_as_a_zip_is_the_same_bundle() {
    let academy = Academy::empty();
    Bundle::small(4).write(&academy.bundle());
    let zip = academy.path("bundle.zip");
    fs::write(&zip, zipped(&academy.bundle(), &[])).expect("a ZIP can be written");
    academy.copiste("import", &[&zip]).expect(0);
    let from_zip = academy.rendered("from-zip.zip", &[]);
    let journal = fs::read(academy.data().join("journal.jsonl")).expect("a journal");
    // The directory holds the same: importing it changes nothing.
    academy.copiste("import", &[&academy.bundle()]).expect(0);
    assert!(
        fs::read(academy.data().join("journal.jsonl")).expect("a journal") == journal,
        "a line was added"
    );
    let again = academy.rendered("again.zip", &[]);
    assert!(fs::read(from_zip).expect("a ZIP") == fs::read(again).expect("a ZIP"));
    academy.verified();
}

#[test]
fn bombs_and_tricks_in_a_zip_are_refused_and_leave_nothing() {
    let academy = Academy::empty();
    let good = academy.path("good");
    Bundle::small(2).write(&good);
    academy.copiste("import", &[&good]).expect(0);
    let journal = fs::read(academy.data().join("journal.jsonl")).expect("a journal");
    let plain = zipped(&good, &[]);
    let zeros = vec![0_u8; 256 << 20];
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("a quarter of a gigabyte of zeros as a scan", zipped(&good, &[("scans/bomb.png", &zeros)])),
        ("the same as a list of candidates", {
            let folder = academy.path("spoiled");
            Bundle::small(2).write(&folder);
            fs::write(folder.join("candidates.jsonl"), &zeros).expect("a bomb");
            let zip = zipped(&folder, &[]);
            fs::remove_dir_all(folder).expect("it can go");
            zip
        }),
        ("60,000 entries over one another", overlapping(60_000)),
        ("a path that leads out", zipped(&good, &[("../../out.png", b"x")])),
        ("an absolute path", zipped(&good, &[("/tmp/out.png", b"x")])),
        (
            "the same entry twice",
            renamed(&zipped(&good, &[("scans/rectx.png", b"x")]), "scans/rectx.png", "scans/recto.png"),
        ),
        ("a cut end", plain[..plain.len() - 30].to_vec()),
        ("a cut middle", [&plain[..plain.len() / 3], &plain[plain.len() / 2..]].concat()),
        ("nothing", Vec::new()),
        ("no entries", {
            let folder = academy.path("empty");
            fs::create_dir_all(&folder).expect("a folder can be made");
            zipped(&folder, &[])
        }),
    ];
    let zip = academy.path("hostile.zip");
    for (what, bytes) in cases {
        fs::write(&zip, bytes).expect("a ZIP can be written");
        let outcome = academy.copiste("import", &[&zip]);
        assert_eq!(outcome.code, Some(1), "{what}: {}", outcome.said());
        assert!(outcome.said().contains("BND-"), "{what}: {}", outcome.said());
        let after = fs::read(academy.data().join("journal.jsonl")).expect("a journal");
        assert!(after == journal, "{what}: something changed");
        academy.verified();
        let stored: u64 =
            files(&academy.data()).iter().map(|path| fs::metadata(path).expect("a file").len()).sum();
        assert!(stored < 200 << 20, "{what}: {stored} bytes lie in the data directory");
    }
    assert!(!Path::new("/tmp/out.png").exists());
}
