//! A page as it was scanned, byte for byte, and as a picture that stands upright.

use copiste_fixtures::encode::Picture as Drawn;
use copiste_fixtures::encode::jpeg::{Colours, Form, jpeg};
use copiste_tests::bundle::{Bundle, painted_png};
use copiste_tests::command::run;
use copiste_tests::http::{Ask, Reply};
use copiste_tests::paper::{Picture, Sheet, scanned_pdf};
use copiste_tests::{needs, place};
use serde_json::{Value, json};

use super::Look;

/// A white page with a black square at its top left, 300 by 420.
fn upright() -> Drawn {
    Drawn::drawn(300, 420, 1, |x, y, _| if x < 40 && y < 40 { 0 } else { 255 })
}

/// As a camera stores it that says by EXIF how it is to be seen (Exif 2.32, 4.6.4, tag 274).
fn photographed(orientation: u8) -> Vec<u8> {
    let upright = upright();
    let stored = match orientation {
        2 => upright.mirrored(),
        3 => upright.turned(180),
        4 => upright.mirrored().turned(180),
        5 => upright.mirrored().turned(270),
        6 => upright.turned(270),
        7 => upright.mirrored().turned(90),
        8 => upright.turned(90),
        _ => upright,
    };
    let form = Form {
        colours: Colours::Grey,
        quality: 90,
        resolution: 100,
        progressive: false,
        orientation: Some(orientation),
    };
    jpeg(&stored, &form).expect("a JPEG can be made")
}

#[track_caller]
fn stands_upright(reply: &Reply, width: u32, ratio: f64, what: &str) {
    assert_eq!(reply.header("content-type"), Some("image/png"), "{what}");
    let picture = Picture::read(&reply.body);
    assert_eq!(picture.width, width, "{what}");
    let height = f64::from(width) * ratio;
    assert!(
        (f64::from(picture.height) - height).abs() <= 1.0,
        "{what}: {} high, not {height}",
        picture.height
    );
    assert!(picture.at(0.03, 0.03)[0] < 60, "{what}: the black corner is not at the top left");
    for (x, y) in [(0.97, 0.03), (0.03, 0.97), (0.97, 0.97), (0.5, 0.5)] {
        assert!(picture.at(x, y)[0] > 200, "{what}: turned or mirrored");
    }
}

#[test]
fn a_page_is_seen_upright_whatever_turns_it_and_its_scan_stays_the_scanners_own() {
    let mut bundle = Bundle::small(1);
    let mut pages: Vec<Value> = Vec::new();
    let mut wanted: Vec<(String, f64, Option<Vec<u8>>)> = Vec::new();
    for orientation in 1..=8 {
        let (name, file) = (format!("scans/exif-{orientation}.jpg"), photographed(orientation));
        pages.push(json!(name));
        wanted.push((format!("EXIF {orientation}"), 1.4, Some(file.clone())));
        bundle.files.push((name, file));
    }
    for rotate in [90_u16, 180, 270] {
        // Stored so that the turn asked for shows it upright.
        let stored = upright().turned(360 - rotate);
        let form = Form {
            colours: Colours::Grey,
            quality: 90,
            resolution: 100,
            progressive: true,
            orientation: None,
        };
        let (name, file) = (format!("scans/turned-{rotate}.jpg"), jpeg(&stored, &form).expect("a JPEG"));
        pages.push(json!({ "file": name, "rotate": rotate }));
        wanted.push((format!("turned by {rotate}"), 1.4, Some(file.clone())));
        bundle.files.push((name, file));
    }
    let name = "scans/plain.png".to_owned();
    pages.push(json!(name));
    wanted.push(("PNG".to_owned(), 1.4, None));
    bundle.files.push((name, painted_png(300, 420, |x, y| if x < 40 && y < 40 { 0 } else { 255 })));
    let mut sheets = Vec::new();
    for (rotate, ratio) in [(0, 1.5), (90, 2.0 / 3.0), (180, 1.5), (270, 2.0 / 3.0)] {
        sheets.push(Sheet { media: [0, 0, 500, 700], crop: [30, 50, 430, 650], rotate });
        wanted.push((format!("/Rotate {rotate}"), ratio, None));
    }
    pages.push(json!("scans/sheets.pdf"));
    bundle.files.push(("scans/sheets.pdf".to_owned(), scanned_pdf(&sheets)));
    bundle.scripts[0]["pages"] = json!(pages);
    bundle.scripts[0]["annotations"] = json!([]);
    let look = Look::at(&bundle);

    for ((what, ratio, file), page) in wanted.iter().zip(1..) {
        for width in [50, 333, 1200] {
            let ask = Ask::get(&format!("{}?width={width}", look.page(page))).cookie(&look.office);
            stands_upright(&look.served.send(&ask).expect(200), width, *ratio, what);
        }
        let scan = look.served.send(&Ask::get(&look.page(page)).cookie(&look.office)).expect(200);
        match file {
            Some(file) => {
                assert_eq!(scan.header("content-type"), Some("image/jpeg"), "{what}");
                assert_eq!(scan.body, *file, "{what}: the scan's bytes are others");
            }
            None => {
                assert_eq!(scan.header("content-type"), Some("application/pdf"), "{what}");
                assert!(scan.body.starts_with(b"%PDF-"), "{what}");
            }
        }
    }
    let widest = Ask::get(&format!("{}?width=4000", look.page(9))).cookie(&look.office);
    stands_upright(&look.served.send(&widest).expect(200), 4000, 1.4, "as wide as can be");
}

/// The picture streams of a PDF's page, as they are.
fn images(pdf: &std::path::Path, page: usize) -> Vec<Vec<u8>> {
    let folder = place::scratch();
    let page = page.to_string();
    let stem = folder.path().join("i");
    run("pdfimages", &[&"-all", &"-f", &page, &"-l", &page, &pdf, &stem]).expect(0);
    let files = copiste_tests::sources::files(folder.path());
    files.iter().map(|file| std::fs::read(file).expect("an image")).collect()
}

#[test]
fn the_scans_of_real_pages_are_given_back_as_they_are_kept_and_can_be_seen() {
    needs!(Poppler, RealScans);
    let scans = place::shared("scans").expect("needed above");
    let names = ["exam_grey_300dpi_a", "exam_colour_200dpi_36pages", "exam_ccitt_200dpi_36pages"];
    let mut bundle = Bundle::small(1);
    let pages = names.map(|name| {
        let (file, path) = (format!("scans/{name}.pdf"), scans.join(format!("{name}.pdf")));
        bundle.files.push((file.clone(), std::fs::read(path).expect("a scan")));
        json!({ "file": file, "page": 2 })
    });
    bundle.scripts[0]["pages"] = json!(pages);
    let look = Look::at(&bundle);
    for (name, page) in names.iter().zip(1..) {
        let scan = look.served.send(&Ask::get(&look.page(page)).cookie(&look.office)).expect(200);
        let own = images(&scans.join(format!("{name}.pdf")), 2);
        match scan.header("content-type") {
            Some("image/jpeg") => assert_eq!(own, [scan.body], "{name}"),
            Some("application/pdf") => {
                let file = look.academy.path("scan.pdf");
                std::fs::write(&file, &scan.body).expect("it can be written");
                assert_eq!(images(&file, 1), own, "{name}");
                run("qpdf", &[&"--check", &file]).expect(0);
            }
            other => panic!("{name}: {other:?}"),
        }
        // What is seen is what another program sees of the source.
        let ask = Ask::get(&format!("{}?width=425", look.page(page))).cookie(&look.office);
        let shown = Picture::read(&look.served.send(&ask).expect(200).body);
        let other = Picture::of(&scans.join(format!("{name}.pdf")), 2, 50);
        let far = shown.distance(&other);
        assert!(far < 6.0, "{name}: {far} grey levels apart on average");
    }
}

#[test]
fn a_damaged_page_keeps_its_place_and_says_by_its_code_that_there_is_no_scan() {
    let mut bundle = Bundle::small(1);
    let whole = photographed(1);
    bundle.files.push(("scans/cut.jpg".to_owned(), whole[..whole.len() / 2].to_vec()));
    bundle.scripts[0]["pages"] = json!(["scans/recto.png", "scans/cut.jpg"]);
    let look = Look::at(&bundle);
    let refused = look.served.send(&Ask::get(&look.page(2)).cookie(&look.office)).expect(409).value();
    assert_eq!(refused["code"], "SCN-003", "{refused}");
    let ask = Ask::get(&format!("{}?width=600", look.page(2))).cookie(&look.office);
    let placeholder = Picture::read(&look.served.send(&ask).expect(200).body);
    assert!(placeholder.extent([0x8C, 0x1D, 0x18]).is_some(), "the placeholder has its red frame");
    let page = Ask::get(&format!("/copies/{}?page=2", look.scripts[0])).cookie(&look.office);
    let shown = look.served.send(&page).expect(200).text();
    assert!(shown.contains("endommagée") && shown.contains("SCN-003"), "{shown}");
}

#[test]
fn whoever_has_the_picture_already_is_told_so_and_every_look_is_written_down() {
    let look = Look::at(&Bundle::small(2));
    let get = |target: &str| look.served.send(&Ask::get(target).cookie(&look.office));
    let narrow = format!("{}?width=100", look.page(1));
    let first = get(&narrow).expect(200);
    let tag = first.header("etag").expect("a tag").to_owned();
    let caching = first.header("cache-control").expect("how long it may be kept");
    assert!(caching.starts_with("private, max-age="), "{caching}");
    let again = get(&narrow).expect(200);
    assert!(again.header("etag") == Some(&tag) && again.body == first.body, "another picture");
    let others = [format!("{}?width=101", look.page(1)), format!("{}?width=100", look.page(2)), look.page(1)];
    for other in &others {
        assert_ne!(get(other).expect(200).header("etag"), Some(&*tag), "{other}");
    }
    for target in [narrow.clone(), look.page(1)] {
        let tag = get(&target).header("etag").expect("a tag").to_owned();
        let known = Ask::get(&target).cookie(&look.office).with("If-None-Match", &tag);
        assert!(look.served.send(&known).expect(304).body.is_empty());
        let head = look.served.send(&Ask::get(&target).cookie(&look.office).into_head()).expect(200);
        let length = get(&target).body.len().to_string();
        assert_eq!((head.header("content-length"), head.header("etag")), (Some(&*length), Some(&*tag)));
    }
    let scan = get(&look.page(2)).expect(200).body;
    let part = Ask::get(&look.page(2)).cookie(&look.office).with("Range", "bytes=10-19");
    assert_eq!(look.served.send(&part).expect(206).body, scan[10..20]);

    let before = look.served.accesses().len();
    let shown = get(&format!("/copies/{}?page=2", look.scripts[1])).expect(200).body.len();
    let pictured =
        get(&format!("/api/v1/scripts/{}/pages/2?width=77", look.scripts[1])).expect(200).body.len();
    let lines = look.served.accesses();
    let told: Vec<_> = lines[before..]
        .iter()
        .map(|line| (&line["what"], &line["script"], &line["page"], &line["bytes"], &line["whole"]))
        .collect();
    let script = json!(look.scripts[1]);
    let (view, page) = (json!("view"), json!("page"));
    let line = |what, bytes: &usize| format!("{:?}", (what, &script, &json!(2), &json!(bytes), &json!(true)));
    assert_eq!(
        told.iter().map(|line| format!("{line:?}")).collect::<Vec<_>>(),
        [line(&view, &shown), line(&page, &pictured)]
    );
}

#[test]
fn pages_and_widths_that_there_are_not_are_refused() {
    let look = Look::at(&Bundle::small(1));
    let status = |target: String| look.served.send(&Ask::get(&target).cookie(&look.office)).status;
    for page in ["0", "3", "-1", "+1", "1.0", "x", "4294967297", "99999999999999999999", "%20", "1%27--"] {
        for query in ["", "?width=100"] {
            let target = format!("/api/v1/scripts/{}/pages/{page}{query}", look.scripts[0]);
            assert_eq!(status(target), 404, "{page} {query}");
        }
        let page = page.replace('+', "%2B");
        assert_eq!(status(format!("/copies/{}?page={page}", look.scripts[0])), 404, "{page}");
    }
    for width in
        ["", "0", "49", "4001", "-5", "1e3", "100%20", "%2B100", "999999999999999999999", "%3Cscript%3E"]
    {
        assert_eq!(status(format!("{}?width={width}", look.page(1))), 400, "{width}");
    }
    for query in ["height=100", "width=100&width=200", "with=100"] {
        assert_eq!(status(format!("{}?{query}", look.page(1))), 400, "{query}");
    }
    for id in ["0123456789abcdef0123456789abcdef", "x", "..", "%2e%2e%2fsecret", "%27%20OR%201=1"] {
        assert_eq!(status(format!("/api/v1/scripts/{id}/pages/1?width=100")), 404, "{id}");
        assert_eq!(status(format!("/copies/{id}")), 404, "{id}");
    }
}

#[test]
fn a_page_as_thin_as_a_hair_is_seen_as_far_as_a_picture_can_be_that_long() {
    let mut bundle = Bundle::small(1);
    bundle.files.push(("scans/hair.png".to_owned(), painted_png(3, 2000, |_, _| 255)));
    bundle.scripts[0]["pages"] = json!(["scans/hair.png"]);
    let look = Look::at(&bundle);
    let get = |width: u32| {
        look.served.send(&Ask::get(&format!("{}?width={width}", look.page(1))).cookie(&look.office))
    };
    let picture = Picture::read(&get(50).expect(200).body);
    assert!(picture.width == 50 && picture.height > 10_000, "{} x {}", picture.width, picture.height);
    assert_eq!(get(4000).expect(422).value()["code"], "HTT-181");
}
