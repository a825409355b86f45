//! The ZIP: any reader takes it, and two of them are the same bytes.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::Path;

use copiste_tests::academy::{Academy, lines, write_lines};
use copiste_tests::command::run;
use copiste_tests::tools::seven_zip;
use copiste_tests::{needs, size};
use serde_json::json;
use sha2::{Digest, Sha256};

const PYTHON: &str = "import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
assert all(i.compress_type == zipfile.ZIP_STORED for i in z.infolist())
assert not any(i.flag_bits & 8 for i in z.infolist()), 'a data descriptor'
names = [i.filename for i in z.infolist()]
assert names[0] == 'sommaire.csv', names[0]
assert names[1:] == sorted(names[1:]) and len(set(n.lower() for n in names)) == len(names)
print(len(names))";

const JAVA: &str = "import java.io.*;
import java.util.zip.*;
public class ReadZip {
  public static void main(String[] args) throws Exception {
    int entries = 0;
    byte[] buffer = new byte[1 << 16];
    try (ZipInputStream zip = new ZipInputStream(new BufferedInputStream(new FileInputStream(args[0])))) {
      for (ZipEntry entry; (entry = zip.getNextEntry()) != null; entries++) {
        long length = 0;
        for (int n; (n = zip.read(buffer)) > 0; ) length += n;
        if (entry.getSize() != length) throw new IOException(entry.getName() + \" is cut\");
      }
    }
    System.out.println(entries);
  }
}";

/// Lists and tests the archive with every reader, and expects so many entries.
#[track_caller]
fn read_by_everyone(zip: &Path, entries: usize) {
    let count = entries.to_string();
    run("unzip", &[&"-tqq", &zip]).expect(0);
    let listed = run("unzip", &[&"-Z1", &zip]).expect(0).out;
    assert_eq!(listed.lines().count(), entries, "unzip");
    let python = run("python3", &[&"-c", &PYTHON, &zip]).expect(0).out;
    assert_eq!(python.trim(), count, "Python");
    let folder = copiste_tests::place::scratch();
    let source = folder.path().join("ReadZip.java");
    fs::write(&source, JAVA).expect("the reader can be written");
    let java = run("java", &[&source, &zip]).expect(0).out;
    assert_eq!(java.trim(), count, "Java");
    run(seven_zip().expect("asked for"), &[&"t", &"-bso0", &zip]).expect(0);
}

fn sha256(path: &Path) -> [u8; 32] {
    let mut file = fs::File::open(path).expect("the file is there");
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).expect("the file can be read") {
            0 => return digest.finalize().into(),
            count => digest.update(&buffer[..count]),
        }
    }
}

fn scripts(academy: &Academy) -> usize {
    lines(&academy.bundle(), "scripts.jsonl").len()
}

#[test]
fn a_wave_of_27_000_copies_is_one_zip_that_every_reader_takes_and_two_are_equal() {
    needs!(Unzip, Python, Java, SevenZip);
    let candidates = size::pick("300", "27000");
    let academy =
        Academy::of(&format!("--kind common_assessment --candidates {candidates} --mix ccitt --seed 27"));
    let one = academy.rendered("one.zip", &[&"--threads", &"1"]);
    read_by_everyone(&one, scripts(&academy) + 1);
    let first = sha256(&one);
    fs::remove_file(&one).expect("room for the next");
    let two = academy.rendered("two.zip", &[&"--threads", &"2"]);
    assert!(first == sha256(&two), "one thread and two threads give different bytes");
}

#[test]
fn an_archive_over_four_gibibytes_is_taken_by_every_reader() {
    needs!(Unzip, Python, Java, SevenZip);
    let candidates = size::pick("20", "2000");
    let academy =
        Academy::of(&format!("--kind one_off --candidates {candidates} --mix grey --pages 5 --seed 4"));
    let zip = academy.rendered("grey.zip", &[]);
    if size::full() {
        let length = fs::metadata(&zip).expect("the archive is there").len();
        assert!(length > 4 << 30, "only {length} bytes: it proves nothing about Zip64");
    }
    read_by_everyone(&zip, scripts(&academy) + 1);
}

#[test]
fn a_zip_and_a_folder_hold_the_same_copies() {
    let academy = Academy::of("--kind one_off --candidates 30 --mix all --seed 3");
    let zip = academy.rendered("all.zip", &[]);
    let folder = academy.rendered("all", &[]);
    let mut archive =
        zip::ZipArchive::new(fs::File::open(zip).expect("the ZIP is there")).expect("it is a ZIP");
    for path in copiste_tests::academy::pdfs(&folder) {
        let name = path.strip_prefix(&folder).expect("inside").to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        archive.by_name(&name).expect("the ZIP has it too").read_to_end(&mut bytes).expect("it can be read");
        assert!(bytes == fs::read(&path).expect("a copy"), "{name} differs");
    }
}

#[test]
fn another_appreciation_changes_that_candidates_copy_and_no_other() {
    let academy = Academy::of("--kind one_off --candidates 40 --mix ccitt --seed 5");
    // Both are closed at the same moment: that is the date of every document.
    let second = academy.copied();
    academy.closed_at(1_580_000_000);
    let before = academy.rendered("before", &[]);
    let mut scripts = lines(&academy.bundle(), "scripts.jsonl");
    let chosen = scripts.len() / 2;
    let candidate = scripts[chosen]["candidate"].as_str().expect("a number").to_owned();
    // Letters of blocks that no other copy need hold: fonts are embedded for one copy's own text.
    scripts[chosen]["appreciation"] = json!("Ревизия : œuvre complète, ∀ε > 0 ∃δ > 0, Ωμέγα.");
    write_lines(&second.bundle(), "scripts.jsonl", &scripts);
    second.copiste("import", &[&second.bundle()]).expect(0);
    second.closed_at(1_580_000_000);
    let after = second.rendered("after", &[]);
    let changed: Vec<String> = copiste_tests::academy::pdfs(&before)
        .into_iter()
        .filter(|path| {
            let name = path.strip_prefix(&before).expect("inside");
            fs::read(path).expect("a copy") != fs::read(after.join(name)).expect("the same copy")
        })
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert!(changed[0].contains(&candidate), "{changed:?}");
}

#[test]
fn the_list_in_front_names_every_entry_with_its_size_and_checksum() {
    let academy = Academy::of("--kind one_off --candidates 25 --mix ccitt --seed 6");
    let zip = academy.rendered("all.zip", &[]);
    let mut archive =
        zip::ZipArchive::new(fs::File::open(zip).expect("the ZIP is there")).expect("it is a ZIP");
    let mut list = String::new();
    archive.by_index(0).expect("an entry").read_to_string(&mut list).expect("it is text");
    let rows = list.strip_prefix('\u{feff}').expect("it begins with a byte order mark");
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(rows.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), archive.len() - 1);
    for (row, at) in rows.iter().zip(1..) {
        let entry = archive.by_index(at).expect("an entry");
        let has = |wanted: &str| row.iter().any(|cell| cell.eq_ignore_ascii_case(wanted));
        let name = entry.name().expect("a name").into_owned();
        assert!(has(&name), "{row:?}: {name}");
        assert!(has(&entry.size().to_string()), "{row:?}: {}", entry.size());
        let checksum = format!("{:08x}", entry.crc32());
        assert!(has(&checksum), "{row:?}: {checksum}");
    }
}

#[test]
fn a_school_gets_its_own_copies_only_and_a_candidate_his_own() {
    let academy = Academy::of("--kind one_off --candidates 40 --schools 3 --mix ccitt --seed 8");
    let candidates = lines(&academy.bundle(), "candidates.jsonl");
    let scripts = lines(&academy.bundle(), "scripts.jsonl");
    let school = candidates[0]["school"].as_str().expect("a school").to_owned();
    let wanted = scripts
        .iter()
        .filter(|script| {
            candidates
                .iter()
                .any(|one| one["number"] == script["candidate"] && one["school"].as_str() == Some(&school))
        })
        .count();
    let out = academy.rendered("school", &[&"--school", &school]);
    let copies = copiste_tests::academy::pdfs(&out);
    assert_eq!(copies.len(), wanted);
    assert!(copies.iter().all(|path| path.starts_with(out.join(&school))));
    let number = scripts[1]["candidate"].as_str().expect("a number").to_owned();
    let arguments: [&dyn AsRef<OsStr>; 2] = [&"--candidate", &number];
    let alone = copiste_tests::academy::pdfs(&academy.rendered("alone", &arguments));
    assert_eq!(alone.len(), 1);
    assert!(alone[0].to_string_lossy().contains(&number));
}
