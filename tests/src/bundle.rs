//! Small bundles written by hand, line by line, to be spoiled in a known place.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// A bundle in memory: each file of lines, and the scans.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// `manifest.json`.
    pub manifest: Value,
    /// `schools.jsonl`.
    pub schools: Vec<Value>,
    /// `markers.jsonl`.
    pub markers: Vec<Value>,
    /// `batches.jsonl`.
    pub batches: Vec<Value>,
    /// `candidates.jsonl`.
    pub candidates: Vec<Value>,
    /// `scripts.jsonl`.
    pub scripts: Vec<Value>,
    /// Path within the bundle, and bytes.
    pub files: Vec<(String, Vec<u8>)>,
}

impl Bundle {
    /// A one-off exam of so many present candidates, each with a script of two grey pages, a mark,
    /// an appreciation and one annotation.
    pub fn small(candidates: usize) -> Bundle {
        let mut bundle = Bundle {
            manifest: json!({"format": "copiste-bundle", "version": 1, "exam": {
                "id": "proof", "code": "1TMATHS", "label": "Mathématiques", "kind": "one_off",
                "session": {"year": 2020, "name": "Session Normale"}, "starts_at": "2020-01-03T08:00",
                "series": ["STMG"], "entity": "ER01", "mark_step": "0.5"}}),
            schools: vec![
                json!({"uai": "9740001H", "name": "Lycée Leconte de Lisle", "city": "Saint-Denis"}),
                json!({"uai": "9740002J", "name": "Lycée Roland Garros", "city": "Le Tampon"}),
            ],
            markers: vec![
                json!({"id": "M001", "name": "Zoé Correctrice", "staff_id": "S1", "mission_id": "I1"}),
            ],
            batches: vec![
                json!({"id": "L001", "marker": "M001", "state": "locked", "harmonisation": "pending"}),
            ],
            candidates: Vec::new(),
            scripts: Vec::new(),
            files: vec![
                ("scans/recto.png".to_owned(), grey_png(248, 351, 230)),
                ("scans/verso.png".to_owned(), grey_png(248, 351, 200)),
            ],
        };
        for at in 0..candidates {
            let number = number(at);
            bundle.candidates.push(json!({
                "number": number, "last_name": format!("ÉLÈVE-{at:04}"), "first_name": "Zoé",
                "birth_date": "2003-05-01", "school": if at % 2 == 0 { "9740001H" } else { "9740002J" },
                "attendance": "present"}));
            bundle.scripts.push(json!({
                "candidate": number, "batch": "L001", "pages": ["scans/recto.png", "scans/verso.png"],
                "mark": {"total": "12.5", "questions": [
                    {"label": "1.a", "earned": "0.75", "maximum": "1"},
                    {"label": "1.b", "earned": "11.75", "maximum": "19"}]},
                "appreciation": format!("Copie n° {at} : bon travail."),
                "annotations": [{"page": 1, "kind": "text", "x": 0.1, "y": 0.1, "width": 0.5,
                    "text": "Très bien", "size": 12, "colour": "#C8102E"}]}));
        }
        bundle
    }

    /// Writes the bundle as a directory.
    ///
    /// # Panics
    /// When that fails.
    pub fn write(&self, folder: &Path) {
        fs::create_dir_all(folder).expect("the bundle's folder can be made");
        fs::write(folder.join("manifest.json"), self.manifest.to_string())
            .expect("the bundle can be written");
        for (file, lines) in [
            ("schools.jsonl", &self.schools),
            ("markers.jsonl", &self.markers),
            ("batches.jsonl", &self.batches),
            ("candidates.jsonl", &self.candidates),
            ("scripts.jsonl", &self.scripts),
        ] {
            crate::academy::write_lines(folder, file, lines);
        }
        for (file, bytes) in &self.files {
            let path = folder.join(file);
            fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder can be made");
            fs::write(path, bytes).expect("a scan can be written");
        }
    }
}

/// The number of the candidate at a place in the list.
pub fn number(at: usize) -> String {
    format!("{:010}", 2_000_000_000_u64 + at as u64)
}

/// A grey PNG of one shade at 30 dots an inch: A4 at 248 by 351.
///
/// # Panics
/// When the size is nothing.
pub fn grey_png(width: u32, height: u32, shade: u8) -> Vec<u8> {
    painted_png(width, height, |_, _| shade)
}

/// A grey PNG painted pixel by pixel, at a resolution that makes its longer side 842 points (A4).
///
/// # Panics
/// When the size is nothing.
pub fn painted_png(width: u32, height: u32, shade: impl Fn(u32, u32) -> u8) -> Vec<u8> {
    let per_metre = (f64::from(width.max(height)) / (842.0 / 72.0 * 0.0254)).round() as u32;
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: per_metre,
        yppu: per_metre,
        unit: png::Unit::Meter,
    }));
    let pixels: Vec<u8> =
        (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| shade(x, y)).collect();
    let mut writer = encoder.write_header().expect("a PNG can be begun");
    writer.write_image_data(&pixels).expect("a PNG can be written");
    writer.finish().expect("a PNG can be ended");
    bytes
}
