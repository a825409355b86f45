//! Annotations lie where they were drawn, on every paper and however it is turned.

use copiste_core::model::*;
use copiste_core::render::Profile;

use crate::subjects::*;
use crate::tools::pixels;

const PAGES: Profile = Profile { annotations: true, appreciation: false, marking_details: false };

/// A black square around a place, on a page without a scan that shows.
fn square(x: i32, y: i32) -> Shape {
    let area = Area { x: x * 1000 - 1500, y: y * 1000 - 1500, width: 3000, height: 3000 };
    Shape::Rectangle { area, line_width: 0, fill: Some([0; 3]) }
}

#[test]
fn a_fraction_of_the_upright_page_lands_there_under_any_rotation_and_box() {
    let workshop = Workshop::new();
    let frames = |media: [f32; 4], crop: [f32; 4]| {
        [0, 90, 180, 270].map(|rotate| Frame { media_box: media, crop_box: crop, rotate })
    };
    let a4 = [0.0, 0.0, 595.0, 842.0];
    let a3 = [0.0, 0.0, 1191.0, 842.0];
    let shifted = [-20.0, 30.0, 575.0, 872.0];
    let cropped = [10.0, 90.0, 500.0, 800.0];
    for frame in [frames(a4, a4), frames(a3, a3), frames(shifted, shifted), frames(shifted, cropped)].concat()
    {
        let mut case = workshop.case();
        case.script.pages.truncate(1);
        case.script.pages[0].frame = frame;
        // A speck in the middle: the rest of the page is bare.
        if let Some(scan) = &mut case.script.pages[0].scan {
            scan.matrix = [0.1, 0.0, 0.0, 0.1, frame.crop_box[0] + 200.0, frame.crop_box[1] + 200.0];
        }
        let places = [(10, 10), (80, 20), (30, 90)];
        case.script.annotations = places.iter().map(|(x, y)| annotation(1, [0; 3], square(*x, *y))).collect();
        let file = workshop.write("geometry", &case, PAGES);
        let Some((width, height, grey)) = pixels(&file, 1, 72) else { return };
        let (upright_width, upright_height) = frame.upright_size();
        assert_eq!((width as f32, height as f32), (upright_width, upright_height), "{frame:?}");
        for y in (2..98).step_by(2) {
            for x in (2..98).step_by(2) {
                let near = |(a, b): &(i32, i32)| (a - x).abs() <= 1 && (b - y).abs() <= 1;
                let far = |(a, b): &(i32, i32)| (a - x).abs() > 2 || (b - y).abs() > 2;
                let at = (y as usize * height / 100) * width + x as usize * width / 100;
                if places.iter().any(near) {
                    assert!(grey[at] < 40, "{frame:?}: nothing at {x} %, {y} %");
                } else if places.iter().all(far) {
                    assert!(grey[at] > 200 || near_speck(&grey, at), "{frame:?}: something at {x} %, {y} %");
                }
            }
        }
    }
}

/// The speck of a scan may darken single pixels.
fn near_speck(grey: &[u8], at: usize) -> bool {
    grey[at] > 100
}

#[test]
fn a_scan_turned_by_its_matrix_is_shown_upright() {
    // What an EXIF orientation of 6 gives: the stored picture lies on its side, its matrix turns it.
    let workshop = Workshop::new();
    let mut case = workshop.case();
    case.script.pages.truncate(1);
    let turned = |case: &mut Case, matrix| {
        if let Some(scan) = &mut case.script.pages[0].scan {
            scan.matrix = matrix;
        }
    };
    let upright = pixels(&workshop.write("upright", &case, PAGES), 1, 36);
    turned(&mut case, [-595.0, 0.0, 0.0, 842.0, 595.0, 0.0]);
    let mirrored = pixels(&workshop.write("mirrored", &case, PAGES), 1, 36);
    let (Some((width, height, upright)), Some((_, _, mirrored))) = (upright, mirrored) else { return };
    let mut same = 0;
    for y in 0..height {
        for x in 0..width {
            let (a, b) = (upright[y * width + x], mirrored[y * width + width - 1 - x]);
            same += usize::from(a.abs_diff(b) < 64);
        }
    }
    assert!(same * 100 > width * height * 97, "{same} of {}", width * height);
}
