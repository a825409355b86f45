//! Scans of real exam papers, from beside the project; skipped, with a notice, where they are absent.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Bench, code};
use crate::intake::scan::Wanted;
use crate::model::{Codec, ColourSpace};

fn scans() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let folder = root.map(|folder| folder.join("shared/scans")).find(|folder| folder.is_dir());
    let Some(folder) = folder else {
        eprintln!("SKIPPED: no ../shared/scans beside the project");
        return Vec::new();
    };
    let entries = std::fs::read_dir(folder).expect("a folder can be listed");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "pdf"));
    files.sort();
    files
}

#[test]
fn every_page_of_real_exam_papers_passes_through_byte_for_byte() {
    for path in scans() {
        let bench = Bench::new();
        let pages = bench.probed(&std::fs::read(&path).expect("a scan"), Wanted::All);
        let name = path.display();
        assert!(matches!(pages.len(), 6 | 36), "{name}: {} pages", pages.len());
        let extracted = extracted(&path);
        for (index, probed) in pages.iter().enumerate() {
            let page = &probed.page;
            assert_eq!(code(page), "none", "{name} page {}: {:?}", index + 1, page.damage);
            assert_eq!(page.file_page as usize, index + 1);
            let scan = page.scan.as_ref().expect("a picture");
            assert_eq!(scan.converted, None, "{name} page {}", index + 1);
            assert!(!scan.image.mask);
            let bytes = bench.shelf.bytes(&scan.image.blob);
            match scan.image.codec {
                Codec::Dct { .. } => assert!(bytes.starts_with(&[0xFF, 0xD8, 0xFF])),
                Codec::Ccitt { k, .. } => assert_eq!((k, &scan.image.colours), (-1, &ColourSpace::Grey)),
                ref other => panic!("{name}: {other:?}"),
            }
            if let Some(extracted) = &extracted {
                assert_eq!(bytes, extracted[index], "{name} page {}", index + 1);
            }
            let inspection = bench.inspected(page);
            assert_eq!(inspection.damage, None, "{name} page {}", index + 1);
            assert!((190..=310).contains(&inspection.dpi), "{name}: {} dpi", inspection.dpi);
        }
    }
}

/// The pictures as poppler takes them out, in the order of the pages.
fn extracted(path: &Path) -> Option<Vec<Vec<u8>>> {
    let folder = tempfile::tempdir().expect("a folder");
    let prefix = folder.path().join("p");
    let Ok(status) = Command::new("pdfimages").arg("-all").arg(path).arg(&prefix).status() else {
        eprintln!("SKIPPED: no pdfimages to compare with");
        return None;
    };
    assert!(status.success());
    let entries = std::fs::read_dir(folder.path()).expect("a folder can be listed");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension != "params"));
    files.sort();
    Some(files.iter().map(|file| std::fs::read(file).expect("a picture")).collect())
}
