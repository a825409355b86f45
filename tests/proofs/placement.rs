//! Annotations lie where they were drawn, and pages stand upright: seen in pixels.

use copiste_tests::academy::{Academy, pdfs};
use copiste_tests::bundle::{Bundle, painted_png};
use copiste_tests::needs;
use copiste_tests::paper::{Picture, Sheet, scanned_pdf};
use serde_json::{Value, json};

/// Dots an inch of the pictures: 0.5 mm a dot, so tolerances below are a millimetre or two.
const DOTS: u32 = 50;

/// What is drawn on every page: the annotation, its colour, and where its ink must lie (left, top,
/// right, bottom in fractions of the upright page); `fills` says that it must also reach those edges.
pub(crate) fn drawn() -> Vec<(Value, [u8; 3], [f64; 4], bool)> {
    let colour = |c: [u8; 3]| format!("#{:02X}{:02X}{:02X}", c[0], c[1], c[2]);
    let mut all = Vec::new();
    let mut add = |mut annotation: Value, c: [u8; 3], place: [f64; 4], fills: bool| {
        annotation["colour"] = json!(colour(c));
        if annotation.get("fill").is_some() {
            annotation["fill"] = json!(colour(c));
        }
        all.push((annotation, c, place, fills));
    };
    let red = [220, 0, 0];
    add(
        json!({"kind": "rectangle", "x": 0.2, "y": 0.1, "width": 0.2, "height": 0.05, "line_width": 1, "fill": ""}),
        red,
        [0.2, 0.1, 0.4, 0.15],
        true,
    );
    let green = [0, 160, 0];
    add(
        json!({"kind": "ellipse", "x": 0.6, "y": 0.1, "width": 0.2, "height": 0.1, "line_width": 1, "fill": ""}),
        green,
        [0.6, 0.1, 0.8, 0.2],
        true,
    );
    let blue = [0, 0, 220];
    add(
        json!({"kind": "line", "from": [0.1, 0.3], "to": [0.5, 0.4], "width": 4}),
        blue,
        [0.1, 0.3, 0.5, 0.4],
        true,
    );
    let magenta = [200, 0, 200];
    add(
        json!({"kind": "ink", "strokes": [[[0.6, 0.3], [0.9, 0.3], [0.9, 0.45]]], "width": 4}),
        magenta,
        [0.6, 0.3, 0.9, 0.45],
        true,
    );
    let cyan = [0, 170, 170];
    add(
        json!({"kind": "arrow", "from": [0.1, 0.5], "to": [0.4, 0.5], "width": 4}),
        cyan,
        [0.1, 0.46, 0.4, 0.54],
        false,
    );
    let yellow = [255, 230, 0];
    add(
        json!({"kind": "highlight", "x": 0.5, "y": 0.5, "width": 0.4, "height": 0.05}),
        yellow,
        [0.5, 0.5, 0.9, 0.55],
        true,
    );
    let brown = [130, 70, 0];
    add(
        json!({"kind": "underline", "from": [0.1, 0.6], "to": [0.4, 0.6], "width": 4}),
        brown,
        [0.1, 0.6, 0.4, 0.6],
        true,
    );
    let orange = [255, 110, 0];
    add(
        json!({"kind": "strike", "from": [0.5, 0.6], "to": [0.9, 0.6], "width": 4}),
        orange,
        [0.5, 0.6, 0.9, 0.6],
        true,
    );
    let violet = [90, 0, 170];
    add(
        json!({"kind": "text", "x": 0.1, "y": 0.7, "width": 0.4, "text": "MMMMMM", "size": 24}),
        violet,
        [0.1, 0.69, 0.5, 0.76],
        false,
    );
    let rose = [250, 90, 160];
    add(
        json!({"kind": "stamp", "x": 0.7, "y": 0.72, "size": 60, "stamp": "cross"}),
        rose,
        [0.62, 0.66, 0.78, 0.78],
        false,
    );
    let petrol = [0, 60, 110];
    add(
        json!({"kind": "mark", "x": 0.1, "y": 0.9, "text": "0,5 MM"}),
        petrol,
        [0.09, 0.85, 0.35, 0.92],
        false,
    );
    all
}

pub(crate) fn annotations(page: usize) -> Vec<Value> {
    drawn()
        .into_iter()
        .map(|(mut annotation, ..)| {
            annotation["page"] = json!(page);
            annotation
        })
        .collect()
}

#[track_caller]
fn looks_right(picture: &Picture, wanted_points: (f64, f64), what: &str) {
    let (width, height) = wanted_points;
    let points = |pixels: u32| f64::from(pixels) * 72.0 / f64::from(DOTS);
    assert!(
        (points(picture.width) - width).abs() < 4.0,
        "{what}: {} points wide, not {width}",
        points(picture.width)
    );
    assert!((points(picture.height) - height).abs() < 4.0, "{what}: {} points high", points(picture.height));
    assert!(picture.at(0.04, 0.04)[0] < 60, "{what}: the scan's own corner is not at the top left");
    for corner in [(0.96, 0.04), (0.04, 0.96), (0.96, 0.96)] {
        assert!(picture.at(corner.0, corner.1)[0] > 200, "{what}: the scan is turned or mirrored");
    }
    for (annotation, colour, [left, top, right, bottom], fills) in drawn() {
        let kind = annotation["kind"].as_str().expect("a kind");
        let found = picture.extent(colour).unwrap_or_else(|| panic!("{what}: no trace of the {kind}"));
        // A pen of 4 points and the drawing's own softness: 4 points each way.
        let (x, y) = (4.0 / width, 4.0 / height);
        let inside =
            found[0] >= left - x && found[1] >= top - y && found[2] <= right + x && found[3] <= bottom + y;
        assert!(inside, "{what}: the {kind} lies at {found:.3?}, not in {:.3?}", [left, top, right, bottom]);
        if fills {
            let reaches = found[0] <= left + x
                && found[1] <= top + y
                && found[2] >= right - x
                && found[3] >= bottom - y;
            assert!(
                reaches,
                "{what}: the {kind} lies at {found:.3?}, too small for {:.3?}",
                [left, top, right, bottom]
            );
        }
    }
}

/// Imports one script of these pages and draws each of its scanned pages.
fn shown(pages: Vec<Value>, count: usize, files: Vec<(String, Vec<u8>)>) -> Vec<Picture> {
    let academy = Academy::empty();
    let mut bundle = Bundle::small(1);
    bundle.scripts[0]["pages"] = json!(pages);
    bundle.scripts[0]["annotations"] = (1..=count).flat_map(annotations).collect();
    bundle.files.extend(files);
    bundle.write(&academy.bundle());
    academy.copiste("import", &[&academy.bundle()]).expect(0);
    // Without details and appreciation there is no marking sheet: page 1 is the first scan.
    let out = academy.rendered("out", &[&"--without", &"appreciation,marking"]);
    let pdf = pdfs(&out).remove(0);
    let keep = copiste_tests::place::leavings("pictures");
    let name = std::thread::current().name().unwrap_or("placement").replace("::", ".");
    std::fs::copy(&pdf, keep.join(format!("{name}.pdf"))).expect("the copy can be kept to look at");
    (1..=count).map(|page| Picture::of(&pdf, u32::try_from(page).expect("few pages"), DOTS)).collect()
}

#[test]
fn annotations_lie_where_they_were_drawn_on_every_size_and_turn_of_a_pdf_page() {
    needs!(Poppler);
    let mut sheets = Vec::new();
    let mut wanted = Vec::new();
    for (width, height) in [(595, 842), (842, 595), (842, 1191), (1191, 842)] {
        for rotate in [0, 90, 180, 270] {
            // Once bare, once with a crop box that begins elsewhere than the media box.
            for (left, bottom) in [(0, 0), (30, 50)] {
                let crop = [left, bottom, left + width, bottom + height];
                sheets.push(Sheet {
                    media: [0, 0, left + width + left, bottom + height + bottom],
                    crop,
                    rotate,
                });
                let (width, height) = (f64::from(width), f64::from(height));
                wanted.push(if rotate % 180 == 0 { (width, height) } else { (height, width) });
            }
        }
    }
    let files = vec![("scans/sheets.pdf".to_owned(), scanned_pdf(&sheets))];
    let pictures = shown(vec![json!("scans/sheets.pdf")], sheets.len(), files);
    for ((picture, sheet), size) in pictures.iter().zip(&sheets).zip(wanted) {
        looks_right(picture, size, &format!("{sheet:?}"));
    }
}

#[test]
fn a_page_that_the_bundle_turns_is_seen_turned_and_annotated_upright() {
    needs!(Poppler);
    let mut files = Vec::new();
    let mut pages = Vec::new();
    for rotate in [0_u32, 90, 180, 270] {
        // The black corner stands where it must, so that the turned page shows it at the top left.
        let (width, height) = (496, 702);
        let scan = painted_png(width, height, |x, y| {
            let (near_x, near_y) = match rotate {
                90 => (x < 60, y >= height - 60),
                180 => (x >= width - 60, y >= height - 60),
                270 => (x >= width - 60, y < 60),
                _ => (x < 60, y < 60),
            };
            if near_x && near_y { 0 } else { 255 }
        });
        let name = format!("scans/turned-{rotate}.png");
        pages.push(json!({"file": name, "rotate": rotate}));
        files.push((name, scan));
    }
    let pictures = shown(pages, 4, files);
    for (picture, rotate) in pictures.iter().zip([0, 90, 180, 270]) {
        let size = if rotate % 180 == 0 { (595.0, 842.0) } else { (842.0, 595.0) };
        looks_right(picture, size, &format!("turned by {rotate}"));
    }
}
