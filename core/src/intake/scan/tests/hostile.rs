//! Files that are broken, cut short, or lie: damage with a code, never an error, never a panic,
//! never a page that looks whole.

use std::sync::LazyLock;

use jpeg_encoder::ColorType;
use proptest::prelude::*;

use super::samples::{self, Tiff, chunk, deflated, grey, grey_jpeg, jpeg, rgb, with_segment};
use super::{Bench, DECODER, code, pdf};
use crate::intake::scan::{Wanted, probe};

fn patched(bytes: &[u8], at: usize, with: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + with.len()].copy_from_slice(with);
    bytes
}

fn find(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).position(|window| window == what).expect("it is there")
}

#[test]
fn what_is_no_scan_is_damaged_and_says_so() {
    let bench = Bench::new();
    for (name, bytes, wanted) in [
        ("empty", &b""[..], "SCN-001"),
        ("one byte", b"\xFF", "SCN-003"),
        ("half a signature", b"\x89PNG", "SCN-003"),
        ("text", b"Copie de MARTIN", "SCN-002"),
        ("a GIF", b"GIF89a\x01\0\x01\0\0\0\0;", "SCN-002"),
        ("zeros", &[0; 5000], "SCN-002"),
        ("a JPEG's first bytes", b"\xFF\xD8\xFF", "SCN-003"),
        ("a JPEG that is only a start and an end", b"\xFF\xD8\xFF\xD9", "SCN-004"),
        ("BigTIFF", b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0", "SCN-008"),
    ] {
        assert_eq!(code(&bench.page(bytes)), wanted, "{name}");
    }
    let page = bench.page(b"GIF89a\x01\0\x01\0\0\0\0;");
    assert!(page.damage.is_some_and(|damage| damage.detail.ends_with("but a GIF")));
}

#[test]
fn a_file_that_cannot_be_read_is_damaged_too() {
    let bench = Bench::new();
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).expect("a named pipe");
    for path in [folder.path().to_path_buf(), folder.path().join("nothing here"), pipe] {
        let pages = probe(&path, Wanted::One(7), &DECODER, &bench.shelf).expect("no fault of ours");
        assert_eq!((pages.len(), pages[0].file_page, code(&pages[0])), (1, 7, "SCN-015"));
    }
}

#[test]
fn a_file_larger_than_a_scan_may_be_is_not_read() {
    let bench = Bench::new();
    let path = bench.file(&grey_jpeg(8, 8));
    let file = std::fs::OpenOptions::new().write(true).open(&path).expect("our own file");
    file.set_len((256 << 20) + 1).expect("a sparse file");
    let pages = probe(&path, Wanted::All, &DECODER, &bench.shelf).expect("no fault of ours");
    assert_eq!(code(&pages[0]), "SCN-007");
}

#[test]
fn broken_jpegs_are_damaged() {
    let bench = Bench::new();
    let whole = grey_jpeg(40, 30);
    let frame = find(&whole, &[0xFF, 0xC0]);
    let scan = find(&whole, &[0xFF, 0xDA]);
    let tables = find(&whole, &[0xFF, 0xC4]);
    let half = whole.len() - 40;
    for (name, bytes, wanted) in [
        ("no height", patched(&whole, frame + 5, &[0, 0]), "SCN-006"),
        ("no width", patched(&whole, frame + 7, &[0, 0]), "SCN-006"),
        ("60,000 x 60,000", patched(&whole, frame + 5, &[0xEA, 0x60, 0xEA, 0x60]), "SCN-005"),
        ("no components", patched(&whole, frame + 9, &[0]), "SCN-004"),
        ("absurd sampling", patched(&whole, frame + 11, &[0x59]), "SCN-004"),
        ("a scan of another component", patched(&whole, scan + 5, &[77]), "SCN-004"),
        ("a table that is not there", patched(&whole, scan + 6, &[0x33]), "SCN-004"),
        ("a segment of one byte", patched(&whole, tables + 2, &[0, 1]), "SCN-004"),
        ("a segment beyond the end", patched(&whole, tables + 2, &[0xFF, 0xFF]), "SCN-003"),
        ("two frames", [&whole[..frame], &whole[frame..scan], &whole[frame..]].concat(), "SCN-004"),
        ("no data", [&whole[..scan + 10], b"\xFF\xD9"].concat(), "SCN-003"),
        ("cut in its data", whole[..half].to_vec(), "SCN-003"),
        ("lossless", patched(&whole, frame + 1, &[0xC3]), "SCN-008"),
        ("a second start", [&whole[..2], &whole].concat(), "SCN-004"),
    ] {
        let page = bench.page(&bytes);
        assert_eq!(code(&page), wanted, "{name}: {:?}", page.damage);
        assert!(page.scan.is_none(), "{name}");
    }
}

#[test]
fn bad_exif_is_no_damage() {
    let bench = Bench::new();
    let exif = samples::exif(6, Some(300));
    for cut in [6, 8, 14, 20, exif.len() - 3] {
        let page = bench.page(&with_segment(&grey_jpeg(40, 30), 0xE1, &exif[..cut]));
        assert_eq!(code(&page), "none", "EXIF of {cut} bytes");
    }
    let looping = [&b"Exif\0\0II*\0"[..], &8_u32.to_le_bytes(), &[0xFF; 40]].concat();
    assert_eq!(code(&bench.page(&with_segment(&grey_jpeg(40, 30), 0xE1, &looping))), "none");
}

#[test]
fn broken_pngs_are_damaged() {
    let bench = Bench::new();
    let rows = [[0_u8; 9]; 4].concat();
    let data = deflated(&rows);
    let good = |before: &[u8], data: &[u8]| samples::png_of(8, 4, 8, 0, 0, before, data);
    let whole = good(&[], &data);
    for (name, bytes, wanted) in [
        ("no width", samples::png_of(0, 4, 8, 0, 0, &[], &data), "SCN-006"),
        ("60,000 x 60,000", samples::png_of(60_000, 60_000, 8, 0, 0, &[], &data), "SCN-005"),
        ("4 billion wide", samples::png_of(u32::MAX, 4, 1, 0, 0, &[], &data), "SCN-005"),
        ("7 bits", samples::png_of(8, 4, 7, 0, 0, &[], &data), "SCN-004"),
        ("16-bit palette", samples::png_of(8, 4, 16, 3, 0, &[], &data), "SCN-004"),
        ("interlaced in a third way", samples::png_of(8, 4, 8, 0, 2, &[], &data), "SCN-004"),
        ("a palette picture without palette", samples::png_of(8, 4, 8, 3, 0, &[], &data), "SCN-004"),
        (
            "a palette of half an entry",
            samples::png_of(8, 4, 8, 3, 0, &chunk(b"PLTE", &[1]), &data),
            "SCN-004",
        ),
        ("a palette too long", samples::png_of(8, 4, 1, 3, 0, &chunk(b"PLTE", &[1; 9]), &data), "SCN-004"),
        ("an unknown chunk that matters", good(&chunk(b"COPY", b""), &data), "SCN-004"),
        ("no zlib", good(&[], b"rubbish rubbish"), "SCN-004"),
        ("no data", good(&[], b""), "SCN-003"),
        ("a flipped bit", patched(&whole, 50, &[whole[50] ^ 4]), "SCN-013"),
        ("no end", whole[..whole.len() - 12].to_vec(), "SCN-003"),
        (
            "an interlaced picture cut short",
            samples::png_of(24, 16, 8, 0, 1, &[], &deflated(&grey(24, 4))),
            "SCN-014",
        ),
    ] {
        let page = bench.page(&bytes);
        assert_eq!(code(&page), wanted, "{name}: {:?}", page.damage);
        assert!(page.scan.is_none(), "{name}");
    }
}

#[test]
fn broken_tiffs_are_damaged_page_by_page() {
    let bench = Bench::new();
    let strip = samples::group4(&samples::bitmap(19, 12));
    let good = || Tiff::picture(true, (19, 12), &[1], 4, 0).strip(&strip);
    let whole = good().file();
    let width = find(&whole, &[0, 1, 4, 0, 1, 0, 0, 0]);
    let offset = find(&whole, &[0x11, 1, 4, 0, 1, 0, 0, 0]) + 8;
    let mut no_tag = Tiff::new(true);
    no_tag.long(256, &[19]);
    for (name, bytes, wanted) in [
        ("no width", patched(&whole, width + 8, &[0; 4]), "SCN-006"),
        ("60,000 wide", patched(&whole, width + 8, &60_000_u32.to_le_bytes()), "SCN-005"),
        ("a strip beyond the end", patched(&whole, offset, &[0xFF; 4]), "SCN-003"),
        ("a directory beyond the end", patched(&whole, 4, &[0xFF, 0xFF, 0, 0]), "SCN-003"),
        ("no directory", patched(&whole, 4, &[0; 4]), "SCN-004"),
        ("hardly a tag", no_tag.file(), "SCN-004"),
        ("nine samples", Tiff::picture(true, (9, 9), &[8; 9], 1, 2).strip(&[0; 81]).file(), "SCN-008"),
        (
            "a compression nobody knows",
            Tiff::picture(true, (9, 9), &[8], 999, 1).strip(&[0; 81]).file(),
            "SCN-008",
        ),
        ("uncompressed and short", Tiff::picture(true, (9, 9), &[8], 1, 1).strip(&[0; 80]).file(), "SCN-014"),
        ("LZW rubbish", Tiff::picture(true, (9, 9), &[8], 5, 1).strip(&[0xFF; 90]).file(), "SCN-014"),
        (
            "PackBits cut short",
            Tiff::picture(true, (9, 9), &[8], 32773, 1).strip(&[100, 1, 2]).file(),
            "SCN-014",
        ),
        ("Deflate rubbish", Tiff::picture(true, (9, 9), &[8], 8, 1).strip(&[0xFF; 90]).file(), "SCN-014"),
    ] {
        let page = bench.page(&bytes);
        assert_eq!(code(&page), wanted, "{name}: {:?}", page.damage);
    }
    // A chain that bites its tail, and one that leads nowhere: the pages before are kept.
    let two = samples::files(vec![good(), good()]);
    let first = u32::from_le_bytes(two[4..8].try_into().expect("four bytes"));
    let end = two.len() - 4;
    for (name, next, wanted) in [("a circle", first, "SCN-004"), ("nowhere", 0x00FF_FFFF, "SCN-003")] {
        let pages = bench.pages(&patched(&two, end, &next.to_le_bytes()));
        assert_eq!(pages.iter().map(code).collect::<Vec<_>>(), ["none", "none", wanted], "{name}");
    }
}

/// Small files of every kind, whole.
static SMALL: LazyLock<Vec<(&'static str, Vec<u8>)>> = LazyLock::new(|| {
    let rows = samples::bitmap(19, 12);
    let rgba = [7; 8 * 8 * 4];
    vec![
        ("grey JPEG", grey_jpeg(24, 16)),
        ("progressive RGB JPEG", jpeg(&rgb(24, 16), 24, 16, ColorType::Rgb, true)),
        ("CMYK JPEG", jpeg(&[9; 24 * 16 * 4], 24, 16, ColorType::Cmyk, false)),
        (
            "PNG",
            samples::png_by_crate(24, 16, png::ColorType::Grayscale, png::BitDepth::Eight, &grey(24, 16)),
        ),
        ("PNG with alpha", samples::png_by_crate(8, 8, png::ColorType::Rgba, png::BitDepth::Eight, &rgba)),
        ("G4 TIFF", Tiff::picture(true, (19, 12), &[1], 4, 0).strip(&samples::group4(&rows)).file()),
        ("RGB TIFF", Tiff::picture(false, (8, 8), &[8; 3], 1, 2).strip(&[5; 192]).file()),
        ("PDF", pdf::one_picture()),
        ("PDF of two pages", pdf::two_pages()),
    ]
});

#[test]
fn the_small_files_themselves_are_whole() {
    let bench = Bench::new();
    for (name, bytes) in &*SMALL {
        for page in bench.pages(bytes) {
            assert_eq!(code(&page), "none", "{name}: {:?}", page.damage);
            assert_eq!(bench.inspected(&page).damage, None, "{name}");
        }
    }
}

#[test]
fn a_file_cut_anywhere_never_gives_an_undamaged_page() {
    let bench = Bench::new();
    for (name, whole) in &*SMALL {
        // White space behind the last word is no part of a PDF.
        let length = whole.trim_ascii_end().len();
        let step = if name.starts_with("PDF") { 7 } else { 1 };
        for cut in (0..length).step_by(step).chain([length - 1]) {
            let pages = bench.pages(&whole[..cut]);
            assert!(!pages.is_empty(), "{name} cut at {cut}");
            assert!(
                pages.iter().any(|page| page.damage.is_some()),
                "{name} cut at {cut} of {length}: {pages:?}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn rubbish_in_a_good_file_never_panics_and_always_gives_a_page(
        which in 0..9_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let bench = Bench::new();
        let mut bytes = SMALL[which].1.clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let pages = bench.pages(&bytes);
        prop_assert!(!pages.is_empty());
        for page in &pages {
            prop_assert!(page.scan.is_some() || page.damage.is_some());
            // The decoding process itself must stand rubbish: a crash of its own is a fault of ours.
            prop_assert!(!code(page).starts_with("DEC-"), "{:?}", page.damage);
            if page.scan.is_some() {
                let inspection = bench.inspected(page);
                if let Some(damage) = inspection.damage {
                    prop_assert!(!damage.code.starts_with("DEC-"), "{damage:?}");
                }
            }
        }
    }
}
