//! Annotations lie over the picture where the PDF has them.

use copiste_tests::academy::pdfs;
use copiste_tests::bundle::Bundle;
use copiste_tests::http::Ask;
use copiste_tests::needs;
use copiste_tests::paper::{Picture, Sheet, scanned_pdf};
use serde_json::{Value, json};

use super::Look;
use crate::placement::{annotations, drawn};

/// An attribute of an element, as it is written.
fn attribute<'t>(element: &'t str, name: &str) -> Option<&'t str> {
    element.split(&format!(" {name}=\"")).nth(1)?.split('"').next()
}

fn numbers(text: &str) -> Vec<f64> {
    let words = text.split(|sign: char| !(sign.is_ascii_digit() || "-.".contains(sign)));
    words.filter(|word| !word.is_empty()).map(|word| word.parse().expect("a number")).collect()
}

/// The box (left, top, right, bottom in points) of all that an SVG paints in a colour; paths by their points,
/// pens by half their width, words by their line.
fn extent(html: &str, colour: &str) -> Option<[f64; 4]> {
    let mut found: Option<[f64; 4]> = None;
    for element in
        html.split('<').filter(|element| element.starts_with("path ") || element.starts_with("text "))
    {
        if ![attribute(element, "fill"), attribute(element, "stroke")].contains(&Some(colour)) {
            continue;
        }
        let (points, pen) = match attribute(element, "d") {
            Some(d) => (numbers(d), numbers(attribute(element, "stroke-width").expect("a width"))[0] / 2.0),
            None => {
                let matrix = numbers(attribute(element, "transform").expect("a matrix"));
                let (size, length) = (attribute(element, "font-size"), attribute(element, "textLength"));
                let [size, length] = [size, length].map(|text| numbers(text.expect("a length"))[0]);
                let (x, y) = (matrix[4], matrix[5]);
                (vec![x, y - size, x + length, y + size / 4.0], 0.0)
            }
        };
        for point in points.chunks_exact(2) {
            let [left, top, right, bottom] = found.unwrap_or([point[0], point[1], point[0], point[1]]);
            found = Some([
                left.min(point[0] - pen),
                top.min(point[1] - pen),
                right.max(point[0] + pen),
                bottom.max(point[1] + pen),
            ]);
        }
    }
    found
}

#[test]
fn what_is_drawn_over_the_picture_is_what_the_pdf_shows_on_every_turn_of_a_page() {
    needs!(Poppler);
    let mut sheets = Vec::new();
    for rotate in [0, 90, 180, 270] {
        sheets.push(Sheet { media: [0, 0, 700, 1000], crop: [30, 50, 625, 892], rotate });
    }
    let mut bundle = Bundle::small(1);
    bundle.files.push(("scans/sheets.pdf".to_owned(), scanned_pdf(&sheets)));
    bundle.scripts[0]["pages"] = json!(["scans/sheets.pdf"]);
    bundle.scripts[0]["annotations"] = (1..=sheets.len()).flat_map(annotations).collect();
    let academy = copiste_tests::academy::Academy::empty();
    bundle.write(&academy.bundle());
    academy.copiste("import", &[&academy.bundle()]).expect(0);
    let pdf = pdfs(&academy.rendered("out", &[&"--without", &"appreciation,marking"])).remove(0);
    let look = Look::served(academy);
    for (sheet, page) in sheets.iter().zip(1_u32..) {
        let (width, height) = if sheet.rotate % 180 == 0 { (595.0, 842.0) } else { (842.0, 595.0) };
        let at = format!("/copies/{}?page={page}", look.scripts[0]);
        let html = look.served.send(&Ask::get(&at).cookie(&look.office)).expect(200).text();
        let view = numbers(attribute(&html, "viewBox").map_or("", |_| {
            html.split("class=\"annotations")
                .nth(1)
                .and_then(|svg| attribute(svg, "viewBox"))
                .expect("an SVG")
        }));
        assert_eq!(view, [0.0, 0.0, width, height], "{sheet:?}");
        let shown = Picture::of(&pdf, page, 72);
        for (annotation, colour, [left, top, right, bottom], fills) in drawn() {
            let what = format!("{} on {sheet:?}", annotation["kind"]);
            let named = annotation["colour"].as_str().expect("a colour");
            let [x0, y0, x1, y1] = extent(&html, named).unwrap_or_else(|| panic!("no {what}"));
            let painted = shown.extent(colour).unwrap_or_else(|| panic!("no {what} in the PDF"));
            let [px0, py0, px1, py1] =
                [painted[0] * width, painted[1] * height, painted[2] * width, painted[3] * height];
            // The PDF's ink lies within what the browser is told to paint, and reaches its edges where the
            // shape has straight ones.
            let near = 2.5;
            assert!(
                px0 >= x0 - near && py0 >= y0 - near && px1 <= x1 + near && py1 <= y1 + near,
                "{what}: the PDF has it at {:?}, the viewer at {:?}",
                [px0, py0, px1, py1],
                [x0, y0, x1, y1]
            );
            if fills {
                assert!(
                    (px0 - x0).abs() < near + 2.0
                        && (py0 - y0).abs() < near + 2.0
                        && (px1 - x1).abs() < near + 2.0
                        && (py1 - y1).abs() < near + 2.0,
                    "{what}: {:?} and {:?}",
                    [px0, py0, px1, py1],
                    [x0, y0, x1, y1]
                );
                let wanted = [left * width, top * height, right * width, bottom * height];
                assert!(
                    [x0, y0, x1, y1].iter().zip(wanted).all(|(have, want)| (have - want).abs() < 4.0),
                    "{what}: {:?} for {wanted:?}",
                    [x0, y0, x1, y1]
                );
            }
        }
        assert_eq!(
            html.matches("class=\"annotations multiplie\"").count(),
            1,
            "the marker pen is multiplied"
        );
    }
}

/// Whether all that the bundle says of an annotation is said again.
fn says(shown: &Value, given: &Value) -> bool {
    match (shown, given) {
        (Value::Number(shown), Value::Number(given)) => {
            (shown.as_f64().unwrap_or(f64::NAN) - given.as_f64().unwrap_or(f64::NAN)).abs() < 1e-5
        }
        (Value::Array(shown), Value::Array(given)) => {
            shown.len() == given.len() && shown.iter().zip(given).all(|(shown, given)| says(shown, given))
        }
        (Value::Object(shown), Value::Object(given)) => {
            given.iter().all(|(name, given)| shown.get(name).is_some_and(|shown| says(shown, given)))
        }
        (shown, given) => shown == given,
    }
}

#[test]
fn a_program_is_told_annotations_in_the_words_of_the_bundle_and_nobody_of_the_marker() {
    let mut bundle = Bundle::small(1);
    let mut given = annotations(1);
    given[0]["question"] = json!("1.a");
    given[0]["opacity"] = json!(0.35);
    given[8]["rotation"] = json!(30);
    let stamps = ["tick", "cross", "question", "circle", "read"];
    given.extend(stamps.map(|stamp| {
        json!({"page": 2, "kind": "stamp", "x": 0.25, "y": 0.5, "size": 20, "stamp": stamp, "colour": "#C8102E"})
    }));
    bundle.scripts[0]["annotations"] = json!(given);
    let look = Look::at(&bundle);
    let one = look.served.get(&format!("/api/v1/scripts/{}", look.scripts[0]), &look.office);
    let shown = one["annotations"].as_array().expect("annotations");
    assert_eq!(shown.len(), given.len());
    for (shown, given) in shown.iter().zip(&given) {
        assert!(says(shown, given), "{shown} for {given}");
    }
    // A bundle with what was told is the same exam: nothing is lost on the way.
    bundle.scripts[0]["annotations"] = json!(shown);
    let again = Look::at(&bundle);
    let told = again.served.get(&format!("/api/v1/scripts/{}", again.scripts[0]), &again.office);
    assert_eq!(told["annotations"], one["annotations"]);
    let page = Ask::get(&format!("/copies/{}", look.scripts[0])).cookie(&look.office);
    let page = look.served.send(&page).expect(200).text();
    for text in [one.to_string(), page] {
        assert!(!text.contains("Correctrice") && !text.contains("M001"), "the marker is named");
    }
}
