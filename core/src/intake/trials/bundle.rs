//! A small bundle to spoil: two schools, a marker, a batch, three candidates, two scripts.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A bundle's files by path, in memory until written.
#[derive(Clone)]
pub struct Bundle {
    pub files: BTreeMap<String, Vec<u8>>,
}

/// A scan of a few pixels, grey, darker or lighter.
pub fn jpeg(shade: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let pixels = vec![shade; 16 * 24];
    jpeg_encoder::Encoder::new(&mut bytes, 80)
        .encode(&pixels, 16, 24, jpeg_encoder::ColorType::Luma)
        .expect("a small picture is encoded");
    bytes
}

const MANIFEST: &str = r##"{"format":"copiste-bundle","version":1,"exam":{
"id":"E1","code":"1TMATHS","label":"Mathématiques","kind":"one_off",
"session":{"year":2020,"name":"Session Normale"},"starts_at":"2020-01-03T08:00",
"series":["STMG"],"wave":1,"entity":"ER01","mark_step":"0.5"}}"##;

const SCHOOLS: &str = r#"{"uai":"9740001H","name":"Lycée A","city":"Saint-Denis"}
{"uai":"0750655E","name":"Lycée B","city":"Paris","entity":"ER02"}
"#;

const CANDIDATES: &str = r#"{"number":"001","last_name":"DURAND","first_name":"Zoé","school":"9740001H","attendance":"present"}
{"number":"002","last_name":"../../etc","first_name":"CON","birth_date":"2003-05-01","national_id":"123","school":"0750655E","attendance":"present"}
{"number":"003","last_name":"a:b 🎓","first_name":"","school":"0750655E","attendance":"absent"}
"#;

const SCRIPTS: &str = r##"{"candidate":"001","batch":"L001","pages":["scans/1.jpg",{"file":"scans/2.jpg","rotate":90}],"mark":{"total":"12.5","questions":[{"label":"1.a","earned":"0.75","maximum":1}]},"appreciation":"Très bien.\nContinuez.","annotations":[{"page":1,"kind":"stamp","x":0.5,"y":"0.25","size":20,"stamp":"tick","colour":"#C8102E","opacity":1.0,"question":"1.a"},{"page":2,"kind":"ink","strokes":[[[0,0],[1,1e-05]]],"width":1.5,"colour":"#000000","opacity":0.5}]}
{"candidate":"002","pages":["scans/3.jpg"],"mark":{"total":null},"annotations":[]}
"##;

impl Bundle {
    /// A bundle without fault.
    pub fn good() -> Bundle {
        let mut files = BTreeMap::new();
        for (path, text) in [
            ("manifest.json", MANIFEST),
            ("schools.jsonl", SCHOOLS),
            (
                "markers.jsonl",
                "{\"id\":\"M001\",\"name\":\"Mme X\",\"staff_id\":\"S1\",\"mission_id\":\"N1\"}\n",
            ),
            (
                "batches.jsonl",
                "{\"id\":\"L001\",\"marker\":\"M001\",\"state\":\"locked\",\"harmonisation\":\"pending\"}\n",
            ),
            ("candidates.jsonl", CANDIDATES),
            ("scripts.jsonl", SCRIPTS),
        ] {
            files.insert(path.to_owned(), text.as_bytes().to_vec());
        }
        for (number, shade) in [(1, 10), (2, 120), (3, 240)] {
            files.insert(format!("scans/{number}.jpg"), jpeg(shade));
        }
        Bundle { files }
    }

    /// The good bundle as an E3C.
    pub fn common_assessment() -> Bundle {
        Bundle::good().with("manifest.json", "one_off", "common_assessment")
    }

    /// With a piece of a file replaced, once; it must be there.
    pub fn with(mut self, file: &str, piece: &str, by: &str) -> Bundle {
        let bytes = self.files.get_mut(file).expect("the file is there");
        let text = String::from_utf8(bytes.clone()).expect("the file is text");
        assert!(text.contains(piece), "{file} has no {piece}");
        *bytes = text.replacen(piece, by, 1).into_bytes();
        self
    }

    /// With a line more at the end of a file.
    pub fn plus(mut self, file: &str, line: &str) -> Bundle {
        let bytes = self.files.get_mut(file).expect("the file is there");
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
        self
    }

    /// With another file.
    pub fn file(mut self, path: &str, bytes: &[u8]) -> Bundle {
        self.files.insert(path.to_owned(), bytes.to_vec());
        self
    }

    /// Without a file.
    pub fn without(mut self, path: &str) -> Bundle {
        assert!(self.files.remove(path).is_some(), "{path} is not there");
        self
    }

    /// Written as a directory.
    pub fn directory(&self, at: &Path) -> PathBuf {
        for (path, bytes) in &self.files {
            let path = at.join(path);
            fs::create_dir_all(path.parent().expect("a file lies somewhere")).expect("a folder is made");
            fs::write(path, bytes).expect("a file is written");
        }
        at.to_owned()
    }

    /// Written as a ZIP, everything under `top` (empty, or ending in `/`).
    pub fn zip(&self, at: &Path, top: &str) -> PathBuf {
        let path = at.join("bundle.zip");
        let mut zip = zip::ZipWriter::new(fs::File::create(&path).expect("a ZIP is made"));
        for (number, (name, bytes)) in self.files.iter().enumerate() {
            let method = if number % 2 == 0 {
                zip::CompressionMethod::Deflated
            } else {
                zip::CompressionMethod::Stored
            };
            let options = zip::write::SimpleFileOptions::default().compression_method(method);
            zip.start_file(format!("{top}{name}"), options).expect("an entry is begun");
            zip.write_all(bytes).expect("an entry is written");
        }
        zip.finish().expect("a ZIP is ended");
        path
    }
}
