//! Bundles in ZIPs, some of them bombs.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use zip::CompressionMethod::{Deflated, Stored};
use zip::write::SimpleFileOptions;

use super::{Bundle, read};
use crate::intake::fault::Findings;
use crate::intake::source::{Limits, Source};

fn codes(findings: &Findings) -> Vec<&str> {
    findings.faults.first.iter().map(|fault| fault.code.as_ref()).collect()
}

fn open(path: &Path, limits: &Limits) -> Vec<String> {
    let mut findings = Findings::default();
    let source = Source::open(path, limits, &mut findings);
    assert_eq!(source.is_none(), findings.faults.count > 0);
    codes(&findings).into_iter().map(str::to_owned).collect()
}

/// A ZIP of these entries.
fn zip(folder: &Path, entries: &[(&str, &[u8], SimpleFileOptions)]) -> PathBuf {
    let path = folder.join("made.zip");
    let mut zip = zip::ZipWriter::new(fs::File::create(&path).unwrap());
    for (name, bytes, options) in entries {
        zip.start_file(*name, *options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
    path
}

fn stored() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(Stored)
}

fn deflated() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(Deflated)
}

#[test]
fn a_zip_is_read_as_its_directory_with_or_without_a_top_folder() {
    let folder = tempfile::tempdir().unwrap();
    for top in ["", "E1/", "Épreuve de maths/"] {
        let (findings, found) = read(&Bundle::good().zip(folder.path(), top));
        assert_eq!((findings.faults.first, findings.warnings.first), (vec![], vec![]), "{top}");
        assert_eq!(found.unwrap().counts.scripts, 2);
    }
    // What macOS packs beside the folder.
    let packed = Bundle::good().zip(folder.path(), "E1/");
    let mut zip =
        zip::ZipWriter::new_append(fs::File::options().read(true).write(true).open(&packed).unwrap())
            .unwrap();
    zip.start_file("__MACOSX/E1/._manifest.json", stored()).unwrap();
    zip.start_file("__MACOSX/manifest.json", stored()).unwrap();
    zip.finish().unwrap();
    assert_eq!(read(&packed).0.faults.first, vec![]);
}

#[test]
fn what_is_no_bundle_is_said_to_be_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.zip");
    let nothing = [
        (b"".to_vec(), "BND-002"),
        (b"hello".to_vec(), "BND-002"),
        (vec![0; 100_000], "BND-002"),
        (b"PK\x03\x04".to_vec(), "BND-008"),
        (b"PK\x05\x06\0\0".to_vec(), "BND-008"),
    ];
    for (bytes, code) in nothing {
        fs::write(&path, &bytes).unwrap();
        assert_eq!(open(&path, &Limits::default()), [code], "{bytes:?}");
    }
    assert_eq!(open(&folder.path().join("missing"), &Limits::default()), ["BND-001"]);
    assert_eq!(open(Path::new("/dev/null"), &Limits::default()), ["BND-002"]);
    let empty = zip(folder.path(), &[]);
    assert_eq!(open(&empty, &Limits::default()), ["BND-002"]);
    let two = zip(folder.path(), &[("a/manifest.json", b"", stored()), ("b/manifest.json", b"", stored())]);
    assert_eq!(open(&two, &Limits::default()), ["BND-002"]);
}

#[test]
fn a_truncated_zip_is_broken_wherever_it_was_cut() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = fs::read(Bundle::good().zip(folder.path(), "")).unwrap();
    let path = folder.path().join("cut.zip");
    for length in (4..bytes.len()).step_by(97).chain([bytes.len() - 1]) {
        fs::write(&path, &bytes[..length]).unwrap();
        let codes = open(&path, &Limits::default());
        assert!(codes == ["BND-008"], "{length}: {codes:?}");
    }
}

#[test]
fn an_entry_never_leaves_the_bundle() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["../x", "/etc/passwd", "a/../../x", "a\\b", "C:/x", "a//b", "./x", "a\u{7}b"] {
        let path = zip(folder.path(), &[("manifest.json", b"{}", stored()), (name, b"x", stored())]);
        // The writer cleans some names; what it wrote is what is judged.
        let names: Vec<String> = zip::ZipArchive::new(fs::File::open(&path).unwrap())
            .unwrap()
            .file_names_raw()
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect();
        if names.iter().any(|written| written == name) {
            let mut findings = Findings::default();
            assert!(Source::open(&path, &Limits::default(), &mut findings).is_none(), "{name}");
            assert_eq!(codes(&findings), ["BND-004"]);
            let told = findings.faults.first[0].to_string();
            assert!(told.contains("entry 2 of the ZIP") && !told.contains(name), "{told}");
        }
    }
    // Whatever the writer cleans, written by hand.
    for name in ["../x", "/etcx", "a\\xb"] {
        let path = zip(
            folder.path(),
            &[("manifest.json", b"{}", stored()), (&"n".repeat(name.len()), b"x", stored())],
        );
        let bytes = fs::read(&path).unwrap();
        let text = String::from_utf8(bytes.iter().map(|byte| byte & 0x7F).collect()).unwrap();
        let mut spoilt = bytes.clone();
        for (at, _) in text.match_indices(&"n".repeat(name.len())) {
            if spoilt[at..at + name.len()].iter().all(|byte| *byte == b'n') && !text[..at].ends_with("ma") {
                spoilt[at..at + name.len()].copy_from_slice(name.as_bytes());
            }
        }
        fs::write(&path, spoilt).unwrap();
        assert_eq!(open(&path, &Limits::default()), ["BND-004"], "{name}");
    }
}

#[test]
fn links_clashes_and_encrypted_entries_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = ("manifest.json", b"{}".as_slice(), stored());
    let path = folder.path().join("link.zip");
    let mut linked = zip::ZipWriter::new(fs::File::create(&path).unwrap());
    linked.start_file("manifest.json", stored()).unwrap();
    linked.add_symlink("scans", "/etc", stored()).unwrap();
    linked.finish().unwrap();
    assert_eq!(open(&path, &Limits::default()), ["BND-005"]);
    for (one, other) in [("scans/a.jpg", "scans/A.JPG"), ("scans/\u{e9}.jpg", "scans/e\u{301}.jpg")] {
        let path = zip(folder.path(), &[manifest, (one, b"1", stored()), (other, b"2", stored())]);
        assert_eq!(open(&path, &Limits::default()), ["BND-006"], "{one} {other}");
    }
    // The same path twice: the second name is patched in, so that no writer objects.
    let path = zip(folder.path(), &[manifest, ("aaaa", b"1", stored()), ("bbbb", b"2", stored())]);
    let mut bytes = fs::read(&path).unwrap();
    for at in 0..bytes.len() - 4 {
        if &bytes[at..at + 4] == b"bbbb" {
            bytes[at..at + 4].copy_from_slice(b"aaaa");
        }
    }
    fs::write(&path, &bytes).unwrap();
    assert_eq!(open(&path, &Limits::default()), ["BND-006"]);
    // The bit that says encrypted, in the ZIP's directory.
    let path = zip(folder.path(), &[manifest]);
    let mut bytes = fs::read(&path).unwrap();
    let directory = bytes.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
    bytes[directory + 8] |= 1;
    fs::write(&path, &bytes).unwrap();
    assert_eq!(open(&path, &Limits::default()), ["BND-007"]);
    // A method that nobody reads.
    let mut bytes = fs::read(zip(folder.path(), &[manifest])).unwrap();
    let directory = bytes.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
    bytes[directory + 10] = 14;
    fs::write(&path, &bytes).unwrap();
    assert_eq!(open(&path, &Limits::default()), ["BND-008"]);
}

#[test]
fn a_bomb_is_refused_before_it_is_unpacked() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits {
        entries: 8,
        file_bytes: 4 << 20,
        total_bytes: 6 << 20,
        entry_ratio: 100,
        total_ratio: 50,
        ratio_from: 64 << 10,
    };
    let manifest = ("manifest.json", b"{}".as_slice(), stored());
    let zeros = |megabytes: usize| vec![0_u8; megabytes << 20];
    let many: Vec<String> = (0..9).map(|number| format!("{number}")).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), b"".as_slice(), stored())).collect();
    assert_eq!(open(&zip(folder.path(), &many), &limits), ["BND-003"], "too many entries");
    let large = zeros(5);
    assert_eq!(
        open(&zip(folder.path(), &[manifest, ("a", &large, stored())]), &limits),
        ["BND-003"],
        "a large one"
    );
    let half = zeros(1);
    let path = zip(folder.path(), &[manifest, ("a", &half, deflated())]);
    assert_eq!(open(&path, &limits), ["BND-003"], "a ratio past the limit");
    let path = zip(folder.path(), &[manifest, ("a", &half[..60 << 10], deflated())]);
    assert_eq!(open(&path, &limits), Vec::<String>::new(), "a small white page");
    let noise: Vec<u8> = (0..3_u32 << 20).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let path = zip(
        folder.path(),
        &[manifest, ("a", &noise, stored()), ("b", &noise, stored()), ("c", &noise, stored())],
    );
    assert_eq!(open(&path, &limits), ["BND-003"], "too much in all");
    let total = Limits { entry_ratio: 2_000, total_bytes: 1 << 40, ..limits };
    let (one, other) = (zeros(3), zeros(3));
    let path = zip(folder.path(), &[manifest, ("a", &one, deflated()), ("b", &other, deflated())]);
    assert_eq!(open(&path, &total), ["BND-003"], "a ratio over all");
}

#[test]
fn entries_that_share_bytes_are_a_bomb() {
    let folder = tempfile::tempdir().unwrap();
    let path = zip(
        folder.path(),
        &[
            ("manifest.json", b"{}", stored()),
            ("aaaa", b"12345678", stored()),
            ("bbbb", b"12345678", stored()),
        ],
    );
    let mut bytes = fs::read(&path).unwrap();
    // The third entry of the directory points at the second's bytes.
    let heads: Vec<usize> =
        bytes.windows(4).enumerate().filter(|(_, bytes)| *bytes == b"PK\x01\x02").map(|(at, _)| at).collect();
    let offset: [u8; 4] = bytes[heads[1] + 42..heads[1] + 46].try_into().unwrap();
    bytes[heads[2] + 42..heads[2] + 46].copy_from_slice(&offset);
    fs::write(&path, &bytes).unwrap();
    assert_eq!(open(&path, &Limits::default()), ["BND-003"]);
}

#[test]
fn an_entry_that_is_not_what_the_zip_says_is_found_when_it_is_unpacked() {
    let folder = tempfile::tempdir().unwrap();
    let path = Bundle::good().zip(folder.path(), "");
    let bytes = fs::read(&path).unwrap();
    let heads: Vec<usize> =
        bytes.windows(4).enumerate().filter(|(_, bytes)| *bytes == b"PK\x01\x02").map(|(at, _)| at).collect();
    let head = heads.into_iter().find(|head| bytes[head + 46..].starts_with(b"scripts.jsonl")).unwrap();
    // CRC-32, then the size once unpacked, one less and one more.
    for (at, by) in [(16, 1_u8), (24, 1), (24, 255)] {
        let mut spoilt = bytes.clone();
        spoilt[head + at] = spoilt[head + at].wrapping_add(by);
        let copy = folder.path().join("spoilt.zip");
        fs::write(&copy, spoilt).unwrap();
        let found = read(&copy).0;
        assert!(
            codes(&found).iter().any(|code| matches!(*code, "BND-001" | "BND-008")),
            "{at} {by}: {:#?}",
            found.faults.first
        );
    }
}
