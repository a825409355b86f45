//! Bad bundles: refused whole, with code, file, line and field, and nothing changed.

use std::fs;
use std::path::Path;

use copiste_tests::academy::Academy;
use copiste_tests::bundle::{Bundle, number};
use copiste_tests::command::Outcome;
use serde_json::{Value, json};

/// One spoiled bundle.
struct Case {
    what: &'static str,
    /// Where the refusal must point to: file, line (0: none), field (empty: none).
    place: (&'static str, usize, &'static str),
    spoil: Box<dyn Fn(&mut Bundle)>,
}

fn case(
    what: &'static str,
    place: (&'static str, usize, &'static str),
    spoil: impl Fn(&mut Bundle) + 'static,
) -> Case {
    Case { what, place, spoil: Box::new(spoil) }
}

/// A line of a file of lines, replaced by bytes that need not be JSON.
struct Raw {
    what: &'static str,
    file: &'static str,
    line: usize,
    bytes: &'static [u8],
}

/// What an outside look sees of a data directory: every journal line, and what `status` says.
fn state(academy: &Academy) -> (String, Vec<u8>) {
    let said = academy.copiste("status", &[&"--json"]).expect(0).out;
    let journal = academy.data().join("journal.jsonl");
    (said, fs::read(journal).unwrap_or_default())
}

/// A data directory with a good exam in it, so that "nothing changed" means something.
fn inhabited() -> Academy {
    let academy = Academy::empty();
    Bundle::small(3).write(&academy.bundle());
    academy.copiste("import", &[&academy.bundle()]).expect(0);
    academy
}

/// Whether a text carries a code such as `BND-004`.
fn has_code(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(7).any(|seven| {
        seven[..3].iter().all(u8::is_ascii_uppercase)
            && seven[3] == b'-'
            && seven[4..].iter().all(u8::is_ascii_digit)
    })
}

#[track_caller]
fn refused(
    academy: &Academy,
    before: &(String, Vec<u8>),
    what: &str,
    place: (&str, usize, &str),
    bundle: &Path,
) {
    let outcome: Outcome = academy.copiste("import", &[&bundle]);
    let said = outcome.said();
    assert_eq!(outcome.code, Some(1), "{what}: {said}");
    assert!(has_code(&said), "{what}: no code in {said}");
    let (file, line, field) = place;
    assert!(said.contains(file), "{what}: {file} is not named in {said}");
    assert!(
        line == 0 || said.contains(&format!("{file}:{line}")) || said.contains(&format!("line {line}")),
        "{what}: line {line} is not named in {said}"
    );
    assert!(said.contains(field), "{what}: field {field} is not named in {said}");
    assert!(state(academy) == *before, "{what}: something changed");
}

fn set(line: &mut Value, path: &str, value: Value) {
    let (parent, key) = path.rsplit_once('/').expect("a path begins with a slash");
    let parent =
        if parent.is_empty() { line } else { line.pointer_mut(parent).expect("the path leads somewhere") };
    parent[key] = value;
}

#[test]
fn a_spoiled_bundle_is_refused_with_its_place_and_changes_nothing() {
    let academy = inhabited();
    let before = state(&academy);
    let mut cases = vec![
        case("unknown field of the manifest", ("manifest.json", 0, "colour"), |b| {
            b.manifest["colour"] = json!(1)
        }),
        case("unknown field of the exam", ("manifest.json", 0, "colour"), |b| {
            b.manifest["exam"]["colour"] = json!(1)
        }),
        case("another format", ("manifest.json", 0, "format"), |b| b.manifest["format"] = json!("zip")),
        case("a later version", ("manifest.json", 0, "version"), |b| b.manifest["version"] = json!(2)),
        case("an exam id with a slash", ("manifest.json", 0, "id"), |b| {
            b.manifest["exam"]["id"] = json!("../x")
        }),
        case("an exam id too long", ("manifest.json", 0, "id"), |b| {
            b.manifest["exam"]["id"] = json!("x".repeat(65))
        }),
        case("an empty exam id", ("manifest.json", 0, "id"), |b| b.manifest["exam"]["id"] = json!("")),
        case("an unknown kind", ("manifest.json", 0, "kind"), |b| b.manifest["exam"]["kind"] = json!("oral")),
        case("an unknown step", ("manifest.json", 0, "mark_step"), |b| {
            b.manifest["exam"]["mark_step"] = json!("0.3")
        }),
        case("an impossible start", ("manifest.json", 0, "starts_at"), |b| {
            b.manifest["exam"]["starts_at"] = json!("2020-13-03T08:00");
        }),
        case("settings of an E3C", ("manifest.json", 0, "settings"), |b| {
            b.manifest["exam"]["kind"] = json!("common_assessment");
            b.manifest["exam"]["settings"] = json!({"render_annotations": false});
        }),
        case("an unknown setting", ("manifest.json", 0, "loud"), |b| {
            b.manifest["exam"]["settings"] = json!({"loud": true})
        }),
        case("unknown field of a school", ("schools.jsonl", 2, "head"), |b| {
            b.schools[1]["head"] = json!("x")
        }),
        case("a UAI too short", ("schools.jsonl", 1, "uai"), |b| b.schools[0]["uai"] = json!("974000")),
        case("a school twice", ("schools.jsonl", 2, "uai"), |b| b.schools[1]["uai"] = json!("9740001H")),
        case("a marker twice", ("markers.jsonl", 2, "id"), |b| b.markers.push(b.markers[0].clone())),
        case("a batch of nobody", ("batches.jsonl", 1, "marker"), |b| b.batches[0]["marker"] = json!("M999")),
        case("a batch in no known state", ("batches.jsonl", 1, "state"), |b| {
            b.batches[0]["state"] = json!("ajar")
        }),
        case("a batch twice", ("batches.jsonl", 2, "id"), |b| b.batches.push(b.batches[0].clone())),
        case("a validated batch of an E3C", ("batches.jsonl", 1, "harmonisation"), |b| {
            b.manifest["exam"]["kind"] = json!("common_assessment");
            b.batches[0]["harmonisation"] = json!("validated");
        }),
        case("a candidate twice", ("candidates.jsonl", 3, "number"), |b| {
            b.candidates[2]["number"] = json!(number(0))
        }),
        case("a candidate of no school", ("candidates.jsonl", 2, "school"), |b| {
            b.candidates[1]["school"] = json!("0750001A")
        }),
        case("an unknown attendance", ("candidates.jsonl", 2, "attendance"), |b| {
            b.candidates[1]["attendance"] = json!("late")
        }),
        case("a birthday that is none", ("candidates.jsonl", 1, "birth_date"), |b| {
            b.candidates[0]["birth_date"] = json!("2003-02-30")
        }),
        case("no last name", ("candidates.jsonl", 1, "last_name"), |b| {
            b.candidates[0].as_object_mut().expect("a line").remove("last_name");
        }),
        case("unknown field of a candidate", ("candidates.jsonl", 1, "nom"), |b| {
            b.candidates[0]["nom"] = json!("x")
        }),
        case("a script of nobody", ("scripts.jsonl", 2, "candidate"), |b| {
            b.scripts[1]["candidate"] = json!("0000000000")
        }),
        case("a script twice", ("scripts.jsonl", 3, "candidate"), |b| {
            b.scripts[2]["candidate"] = json!(number(0))
        }),
        case("a script in no batch", ("scripts.jsonl", 1, "batch"), |b| {
            b.scripts[0]["batch"] = json!("L999")
        }),
        case("unknown field of a script", ("scripts.jsonl", 1, "note"), |b| b.scripts[0]["note"] = json!(12)),
        case("pages that are no list", ("scripts.jsonl", 1, "pages"), |b| {
            b.scripts[0]["pages"] = json!("scans/recto.png")
        }),
        case("a page that is not there", ("scripts.jsonl", 1, "pages"), |b| {
            b.scripts[0]["pages"][1] = json!("scans/none.png")
        }),
        case("a rotation of 45 degrees", ("scripts.jsonl", 1, "rotate"), |b| {
            b.scripts[0]["pages"][0] = json!({"file": "scans/recto.png", "rotate": 45});
        }),
        case("page 0", ("scripts.jsonl", 1, "page"), |b| {
            b.scripts[0]["pages"][0] = json!({"file": "scans/recto.png", "page": 0})
        }),
        case("an annotation of a page too far", ("scripts.jsonl", 1, "page"), |b| {
            set(&mut b.scripts[0], "/annotations/0/page", json!(3))
        }),
        case("an annotation of no known kind", ("scripts.jsonl", 1, "kind"), |b| {
            b.scripts[0]["annotations"][0]["kind"] = json!("poem")
        }),
        case("a field of another kind of annotation", ("scripts.jsonl", 1, "strokes"), |b| {
            b.scripts[0]["annotations"][0]["strokes"] = json!([]);
        }),
        case("a colour that is none", ("scripts.jsonl", 1, "colour"), |b| {
            b.scripts[0]["annotations"][0]["colour"] = json!("red")
        }),
        case("an opacity above one", ("scripts.jsonl", 1, "opacity"), |b| {
            b.scripts[0]["annotations"][0]["opacity"] = json!(1.5)
        }),
        case("a question that earned above its maximum's form", ("scripts.jsonl", 1, "earned"), |b| {
            b.scripts[0]["mark"]["questions"][0]["earned"] = json!("0.755");
        }),
    ];
    for mark in ["12.345", "-1", "NaN", "20.5", "1e3", "12,5", "", "0x10", "99999999999999999999", "12.3"] {
        cases.push(case("an impossible mark", ("scripts.jsonl", 2, "total"), move |b| {
            b.scripts[1]["mark"]["total"] = json!(mark)
        }));
        cases.push(case("an impossible harmonised mark", ("scripts.jsonl", 2, "harmonised"), move |b| {
            b.scripts[1]["harmonised"] = json!(mark);
        }));
    }
    for path in [
        "../out.png",
        "scans/../../out.png",
        "/etc/passwd",
        "scans/./recto.png",
        "",
        "C:\\scan.png",
        "scans\\recto.png",
        "scans/\u{0}.png",
    ] {
        cases.push(case("a path that leads out", ("scripts.jsonl", 1, "pages"), move |b| {
            b.scripts[0]["pages"][0] = json!(path)
        }));
    }
    for (at, case) in cases.iter().enumerate() {
        let mut bundle = Bundle::small(3);
        (case.spoil)(&mut bundle);
        let folder = academy.path(&format!("spoiled-{at}"));
        bundle.write(&folder);
        refused(&academy, &before, case.what, case.place, &folder);
    }
    academy.verified();
}

#[test]
fn lines_that_are_no_json_are_refused_with_their_place() {
    let academy = inhabited();
    let before = state(&academy);
    let cases = [
        Raw { what: "a cut line", file: "scripts.jsonl", line: 2, bytes: b"{\"candidate\":\"20" },
        Raw { what: "an empty object", file: "candidates.jsonl", line: 2, bytes: b"{}" },
        Raw { what: "a list", file: "candidates.jsonl", line: 2, bytes: b"[]" },
        Raw { what: "null", file: "schools.jsonl", line: 2, bytes: b"null" },
        Raw { what: "no UTF-8", file: "candidates.jsonl", line: 2, bytes: b"{\"number\":\"\xff\xfe\"}" },
        Raw {
            what: "half a surrogate",
            file: "candidates.jsonl",
            line: 2,
            bytes: b"{\"number\":\"\\ud800\"}",
        },
        Raw {
            what: "a field twice",
            file: "markers.jsonl",
            line: 2,
            bytes: b"{\"id\":\"A\",\"id\":\"B\",\"name\":\"n\",\"staff_id\":\"s\",\"mission_id\":\"m\"}",
        },
        Raw { what: "two objects", file: "batches.jsonl", line: 2, bytes: b"{} {}" },
        Raw { what: "words", file: "scripts.jsonl", line: 2, bytes: b"hello" },
        Raw { what: "NaN", file: "scripts.jsonl", line: 2, bytes: b"{\"candidate\":NaN}" },
    ];
    for (at, raw) in cases.iter().enumerate() {
        let folder = academy.path(&format!("raw-{at}"));
        Bundle::small(3).write(&folder);
        put_line(&folder.join(raw.file), raw.line, raw.bytes);
        refused(&academy, &before, raw.what, (raw.file, raw.line, ""), &folder);
    }
    // Nesting that would overflow a stack, and a line that would fill the memory.
    for (at, bytes) in
        [b"[".repeat(200_000), [b"{\"number\":\"".to_vec(), vec![b'7'; 32 << 20], b"\"}".to_vec()].concat()]
            .into_iter()
            .enumerate()
    {
        let folder = academy.path(&format!("huge-{at}"));
        Bundle::small(3).write(&folder);
        put_line(&folder.join("candidates.jsonl"), 2, &bytes);
        refused(&academy, &before, "a monstrous line", ("candidates.jsonl", 2, ""), &folder);
    }
    academy.verified();
}

fn put_line(file: &Path, line: usize, bytes: &[u8]) {
    let text = fs::read(file).expect("the file is there");
    let mut lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    lines.truncate(lines.len() - 1);
    lines.resize(lines.len().max(line), b"");
    lines[line - 1] = bytes;
    let mut text = lines.join(&b'\n');
    text.push(b'\n');
    fs::write(file, text).expect("the file can be spoiled");
}

#[test]
fn every_fault_of_a_bundle_is_reported_not_only_the_first() {
    let academy = inhabited();
    let mut bundle = Bundle::small(3);
    bundle.schools[1]["head"] = json!("x");
    bundle.candidates[1]["attendance"] = json!("late");
    bundle.scripts[0]["mark"]["total"] = json!("12.345");
    bundle.scripts[2]["batch"] = json!("L999");
    let folder = academy.path("many");
    bundle.write(&folder);
    let said = academy.copiste("import", &[&folder]).expect(1).said();
    for word in ["schools.jsonl", "head", "candidates.jsonl", "attendance", "scripts.jsonl", "total", "batch"]
    {
        assert!(said.contains(word), "{word} is missing in {said}");
    }
}

#[test]
fn missing_files_links_and_things_that_are_no_bundle_are_refused() {
    let academy = inhabited();
    let before = state(&academy);
    for file in ["manifest.json", "candidates.jsonl", "scripts.jsonl"] {
        let folder = academy.path(&format!("without-{file}"));
        Bundle::small(2).write(&folder);
        fs::remove_file(folder.join(file)).expect("the file was there");
        refused(&academy, &before, "a missing file", (file, 0, ""), &folder);
    }
    let nowhere = academy.path("nowhere");
    refused(&academy, &before, "nothing at all", ("nowhere", 0, ""), &nowhere);
    let text = academy.path("text.zip");
    fs::write(&text, "not a ZIP").expect("a file can be written");
    refused(&academy, &before, "a text called ZIP", ("text.zip", 0, ""), &text);

    let linked = academy.path("linked");
    Bundle::small(2).write(&linked);
    let scan = linked.join("scans/recto.png");
    fs::remove_file(&scan).expect("the scan was there");
    std::os::unix::fs::symlink("/etc/hostname", &scan).expect("a link can be made");
    refused(&academy, &before, "a link that leads out", ("scripts.jsonl", 1, "pages"), &linked);
    academy.verified();
}

#[test]
fn odd_names_are_taken_in_and_made_safe() {
    let academy = Academy::empty();
    let long = "Ê".repeat(150);
    let odd = [
        "../../etc",
        "CON",
        "a:b",
        "😀 emoji",
        "\u{202e}txt.exe",
        long.as_str(),
        "nul.",
        " ",
        "=1+1",
        "Ζωή",
        "王小明",
    ];
    let mut bundle = Bundle::small(odd.len());
    for (candidate, name) in bundle.candidates.iter_mut().zip(odd) {
        candidate["last_name"] = json!(name);
    }
    bundle.write(&academy.bundle());
    let outcome = academy.copiste("import", &[&academy.bundle()]);
    // A name of blanks alone may be refused; the rest may not.
    if outcome.code != Some(0) {
        assert!(outcome.said().contains("last_name"), "{}", outcome.said());
        bundle.candidates[7]["last_name"] = json!("X");
        bundle.write(&academy.bundle());
        academy.copiste("import", &[&academy.bundle()]).expect(0);
    }
    let out = academy.rendered("out", &[]);
    let pdfs = copiste_tests::academy::pdfs(&out);
    assert_eq!(pdfs.len(), odd.len());
    for path in pdfs {
        let inside = path.strip_prefix(&out).expect("it lies in the folder").to_string_lossy().into_owned();
        let parts: Vec<&str> = inside.split('/').collect();
        assert_eq!(parts.len(), 2, "{inside}");
        assert!(parts[1].len() <= 255, "{inside}");
        let stem = parts[1].split('.').next().unwrap_or_default().to_uppercase();
        assert!(!["CON", "NUL", ""].contains(&stem.as_str()), "{inside}: Windows cannot make it");
        let unsafe_sign = |c: char| c.is_control() || "<>:\"\\|?*\u{202e}\u{202d}\u{200f}".contains(c);
        assert!(!parts[1].contains(unsafe_sign), "{inside:?}");
    }
    academy.verified();
}
