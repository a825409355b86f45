//! Copies that other people's validators accept: qpdf, and veraPDF for 2b, 2a and ua1.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::PathBuf;

use copiste_tests::academy::{Academy, lines, pdfs};
use copiste_tests::command::run;
use copiste_tests::{needs, place, size};

const WITHOUT: [&str; 8] = [
    "",
    "annotations",
    "appreciation",
    "marking",
    "annotations,appreciation",
    "annotations,marking",
    "appreciation,marking",
    "annotations,appreciation,marking",
];

/// The same exam in all eight profiles.
fn all_profiles(academy: &Academy) -> Vec<PathBuf> {
    let mut copies = Vec::new();
    for (at, without) in WITHOUT.iter().enumerate() {
        let arguments: [&dyn AsRef<OsStr>; 2] = [&"--without", without];
        let arguments = if without.is_empty() { &[][..] } else { &arguments[..] };
        copies.extend(pdfs(&academy.rendered(&format!("profile-{at}"), arguments)));
    }
    copies
}

/// Every kind of annotation and every form of scan that the exam must hold for the proof to mean something.
fn covers_everything(academy: &Academy) {
    let scripts = lines(&academy.bundle(), "scripts.jsonl");
    let kinds: BTreeSet<&str> = scripts
        .iter()
        .flat_map(|script| script["annotations"].as_array().into_iter().flatten())
        .filter_map(|annotation| annotation["kind"].as_str())
        .collect();
    let wanted = [
        "text",
        "ink",
        "line",
        "arrow",
        "rectangle",
        "ellipse",
        "highlight",
        "underline",
        "strike",
        "stamp",
        "mark",
    ];
    for kind in wanted {
        assert!(kinds.contains(kind), "no {kind} in {kinds:?}");
    }
    let forms: BTreeSet<String> = scripts
        .iter()
        .flat_map(|script| script["pages"].as_array().into_iter().flatten())
        .filter_map(|page| page.as_str().or_else(|| page["file"].as_str()))
        .filter_map(|file| Some(file.rsplit_once('.')?.1.to_lowercase()))
        .collect();
    for form in [["jpg", "jpeg"], ["png", "png"], ["tif", "tiff"], ["pdf", "pdf"]] {
        assert!(form.iter().any(|one| forms.contains(*one)), "no {form:?} in {forms:?}");
    }
}

#[test]
fn every_copy_of_every_format_and_profile_passes_qpdf_and_verapdf() {
    needs!(Qpdf, VeraPdf);
    // 30 candidates, some absent, in eight profiles: 200 copies and more.
    let candidates = size::pick("12", "30");
    let academy = Academy::of(&format!("--kind one_off --candidates {candidates} --mix all --seed 2"));
    covers_everything(&academy);
    let copies = all_profiles(&academy);
    assert!(copies.len() >= size::pick(64, 200), "{} copies", copies.len());
    for copy in &copies {
        let checked = run("qpdf", &[&"--check", copy]);
        assert_eq!(checked.code, Some(0), "{}", checked.said());
        assert!(!checked.said().contains("WARNING"), "{}", checked.said());
    }
    let check = place::shared("tools/verapdf/check").expect("needed above");
    for profile in ["2b", "2a", "ua1"] {
        let mut arguments: Vec<&dyn AsRef<OsStr>> = vec![&profile];
        arguments.extend(copies.iter().map(|copy| copy as &dyn AsRef<OsStr>));
        let judged = run(&check, &arguments);
        let passed = judged.out.lines().filter(|line| line.starts_with("PASS ")).count();
        let broken: Vec<&str> =
            judged.out.lines().filter(|line| !line.starts_with("PASS ")).take(20).collect();
        assert!(passed == copies.len(), "{profile}: {passed} of {} pass; {broken:#?}", copies.len());
    }
}

#[test]
fn an_ordinary_copy_is_its_scans_and_at_most_60_kilobytes() {
    let academy = Academy::of("--kind one_off --candidates 20 --mix grey --pages 4 --seed 13");
    let out = academy.rendered("out", &[]);
    let copies = pdfs(&out);
    for script in lines(&academy.bundle(), "scripts.jsonl") {
        let annotations = script["annotations"].as_array().map_or(0, Vec::len);
        let ordinary = script["appreciation"]
            .as_str()
            .is_none_or(|text| text.chars().all(|c| c < '\u{0250}' || ('\u{2000}'..'\u{2400}').contains(&c)));
        if annotations > 80 || !ordinary {
            continue;
        }
        let candidate = script["candidate"].as_str().expect("a number");
        let copy = copies.iter().find(|path| path.to_string_lossy().contains(candidate)).expect("a copy");
        let scans: u64 = script["pages"]
            .as_array()
            .expect("pages")
            .iter()
            .filter_map(|page| page.as_str().or_else(|| page["file"].as_str()))
            .map(|file| std::fs::metadata(academy.bundle().join(file)).expect("a scan").len())
            .sum();
        let length = std::fs::metadata(copy).expect("the copy").len();
        assert!(length <= scans + 60_000, "{length} bytes for {scans} of scans, {annotations} annotations");
    }
}
