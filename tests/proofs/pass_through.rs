//! Real scans come out as they went in, byte for byte.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use copiste_tests::academy::Academy;
use copiste_tests::bundle::{Bundle, number};
use copiste_tests::command::run;
use copiste_tests::{needs, place};
use serde_json::json;

/// What `pdfimages -all -p` finds: for each page, from 1, its images' bytes in order.
fn images(pdf: &Path, folder: &Path) -> BTreeMap<usize, Vec<Vec<u8>>> {
    fs::create_dir_all(folder).expect("a folder can be made");
    run("pdfimages", &[&"-all", &"-p", &pdf, &folder.join("i")]).expect(0);
    let mut names: Vec<_> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry can be read").path())
        .collect();
    names.sort();
    let mut found: BTreeMap<usize, Vec<Vec<u8>>> = BTreeMap::new();
    for path in names {
        // i-PPP-NNN.ext; `.params` tells how a CCITT stream decodes and is compared as well.
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let page = name.split('-').nth(1).and_then(|page| page.parse().ok()).expect("the page's number");
        found.entry(page).or_default().push(fs::read(&path).expect("an image can be read"));
    }
    fs::remove_dir_all(folder).expect("the folder can go");
    found
}

fn page_count(pdf: &Path) -> usize {
    let said = run("pdfinfo", &[&pdf]).expect(0).out;
    let pages = said.lines().find_map(|line| line.strip_prefix("Pages:")).expect("it tells its pages");
    pages.trim().parse().expect("a number")
}

#[test]
fn the_images_of_real_scans_are_the_scanners_own_bytes() {
    needs!(Poppler, RealScans);
    let scans = place::shared("scans").expect("needed above");
    let mut sources: Vec<_> = fs::read_dir(scans)
        .expect("the scans are there")
        .map(|entry| entry.expect("an entry can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "pdf"))
        .collect();
    sources.sort();
    assert!(sources.len() >= 5, "{sources:?}");

    // One script a source, all its pages: nothing of the material is left out.
    let academy = Academy::empty();
    let mut bundle = Bundle::small(sources.len());
    for (at, (script, source)) in bundle.scripts.iter_mut().zip(&sources).enumerate() {
        let name = format!("scans/source-{at}.pdf");
        script["pages"] = json!([name]);
        bundle.files.push((name, fs::read(source).expect("a scan can be read")));
    }
    bundle.write(&academy.bundle());
    academy.copiste("import", &[&academy.bundle()]).expect(0);
    let out = academy.rendered("out", &[]);
    let copies = copiste_tests::academy::pdfs(&out);

    let mut seen = BTreeSet::new();
    for (at, source) in sources.iter().enumerate() {
        let copy = copies
            .iter()
            .find(|path| path.to_string_lossy().contains(&number(at)))
            .expect("every candidate has a copy");
        let before = images(source, &academy.path("before"));
        let after = images(copy, &academy.path("after"));
        let sheets = page_count(copy) - page_count(source);
        for (page, wanted) in &before {
            let given = after.get(&(page + sheets));
            assert!(given == Some(wanted), "page {page} of {} came out differently", source.display());
            seen.insert((at, *page));
        }
        let more: Vec<_> = after.keys().filter(|page| **page <= sheets).collect();
        assert!(more.is_empty(), "the marking sheet holds images: {more:?}");
    }
    assert!(seen.len() >= 90, "only {} pages were compared", seen.len());
    academy.verified();
}

#[test]
fn an_academy_made_from_real_scans_gives_them_back() {
    needs!(Poppler, RealScans);
    let scans = place::shared("scans").expect("needed above");
    let academy = Academy::imported(&[
        &"--kind",
        &"one_off",
        &"--candidates",
        &"20",
        &"--scans",
        &scans,
        &"--seed",
        &"7",
    ]);
    let out = academy.rendered("out", &[]);
    let copies = copiste_tests::academy::pdfs(&out);
    let mut sources: BTreeMap<String, BTreeMap<usize, Vec<Vec<u8>>>> = BTreeMap::new();
    let mut compared = 0;
    for script in copiste_tests::academy::lines(&academy.bundle(), "scripts.jsonl") {
        let candidate = script["candidate"].as_str().expect("a script names its candidate");
        let copy = copies.iter().find(|path| path.to_string_lossy().contains(candidate)).expect("a copy");
        let after = images(copy, &academy.path("after"));
        let pages: Vec<(String, Option<usize>)> = script["pages"]
            .as_array()
            .expect("pages are a list")
            .iter()
            .map(|page| match page.as_str() {
                Some(file) => (file.to_owned(), None),
                None => {
                    let number = page["page"].as_u64().and_then(|page| usize::try_from(page).ok());
                    (page["file"].as_str().expect("a page names its file").to_owned(), number)
                }
            })
            .collect();
        let mut wanted = Vec::new();
        for (file, page) in pages {
            let source = sources
                .entry(file.clone())
                .or_insert_with(|| images(&academy.bundle().join(&file), &academy.path("before")));
            match page {
                Some(page) => wanted.push(source[&page].clone()),
                None => wanted.extend(source.values().cloned()),
            }
        }
        let sheets = page_count(copy) - wanted.len();
        let given: Vec<_> =
            after.into_iter().filter(|(page, _)| *page > sheets).map(|(_, images)| images).collect();
        assert!(given == wanted, "candidate {candidate}'s copy does not hold the scans of its bundle");
        compared += wanted.len();
    }
    assert!(compared >= 20, "only {compared} pages were compared");
}
