//! What inspection notices that structure cannot.

use jpeg_encoder::ColorType;

use super::Bench;
use super::samples::{self, Tiff, grey, grey_jpeg, jpeg, rgb, with_segment, without_segment};
use crate::model::Page;

fn noticed(bench: &Bench, page: &Page) -> bool {
    page.damage.is_some() || bench.inspected(page).damage.is_some()
}

#[test]
fn flipped_bits_in_jpeg_data_are_noticed_where_they_break_a_code() {
    let bench = Bench::new();
    for (name, whole, most) in [
        ("baseline", jpeg(&rgb(160, 120), 160, 120, ColorType::Rgb, false), 100),
        ("progressive", jpeg(&rgb(160, 120), 160, 120, ColorType::Rgb, true), 100),
    ] {
        let start = whole.windows(2).position(|pair| pair == [0xFF, 0xDA]).expect("a scan") + 20;
        let places: Vec<usize> = (start..whole.len() - 2).step_by((whole.len() - start) / most).collect();
        let count = places
            .iter()
            .filter(|place| {
                let mut bytes = whole.clone();
                bytes[**place] ^= 0x10;
                noticed(&bench, &bench.page(&bytes))
            })
            .count();
        // About half of the bits are within a coefficient's value and change nothing else: those no
        // decoder can tell.
        assert!(count * 3 > places.len(), "{name}: {count} of {}", places.len());
    }
}

#[test]
fn zeroed_and_cut_out_picture_data_are_noticed() {
    let bench = Bench::new();
    let colour = jpeg(&rgb(160, 120), 160, 120, ColorType::Rgb, false);
    let grey = grey_jpeg(160, 120);
    let progressive = jpeg(&rgb(160, 120), 160, 120, ColorType::Rgb, true);
    for (name, whole) in [("grey", grey), ("RGB", colour), ("progressive", progressive)] {
        let (half, end) = (whole.len() * 2 / 3, whole.len() - 2);
        let mut zeroed = whole.clone();
        zeroed[half..end].fill(0);
        let cut = [&whole[..half], &whole[end..]].concat();
        let doubled = [&whole[..half], &whole[half - 60..]].concat();
        for (how, bytes) in [("zeroed", zeroed), ("cut out", cut), ("doubled", doubled)] {
            assert!(noticed(&bench, &bench.page(&bytes)), "{name}, {how}");
        }
    }
}

#[test]
fn restart_markers_are_followed_in_their_order() {
    let bench = Bench::new();
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 90);
    encoder.set_restart_interval(4);
    encoder.encode(&grey(160, 120), 160, 120, ColorType::Luma).expect("a JPEG");
    let page = bench.page(&file);
    assert_eq!(bench.inspected(&page).damage, None);
    let restarts: Vec<usize> =
        (0..file.len() - 1).filter(|at| file[*at] == 0xFF && (0xD0..=0xD7).contains(&file[at + 1])).collect();
    assert!(restarts.len() > 20);
    let mut swapped = file.clone();
    swapped[restarts[3] + 1] ^= 1;
    assert!(noticed(&bench, &bench.page(&swapped)), "a restart out of order");
    let mut lost = file.clone();
    lost.drain(restarts[5]..restarts[6]);
    assert!(noticed(&bench, &bench.page(&lost)), "a stretch between restarts lost");
}

#[test]
fn corrupt_compressed_rows_are_noticed() {
    let bench = Bench::new();
    let rows: Vec<u8> = grey(40, 30).chunks(40).flat_map(|row| [&[0], row].concat()).collect();
    let data = samples::deflated(&rows);
    let png = |data: &[u8]| samples::png_of(40, 30, 8, 0, 0, &[], data);
    let mut flipped = data.clone();
    flipped[data.len() / 2] ^= 0x40;
    let bad_filter: Vec<u8> = rows
        .chunks(41)
        .enumerate()
        .flat_map(|(y, row)| [&[if y == 9 { 7 } else { 0 }], &row[1..]].concat())
        .collect();
    for (name, bytes) in [
        ("flipped", png(&flipped)),
        ("rows missing", png(&samples::deflated(&rows[..41 * 20]))),
        ("cut short", png(&data[..data.len() - 9])),
        ("wrong checksum", png(&[&data[..data.len() - 1], &[data[data.len() - 1] ^ 1]].concat())),
        ("twice the rows", png(&samples::deflated(&rows.repeat(2)))),
        ("a filter there is not", png(&samples::deflated(&bad_filter))),
    ] {
        let page = bench.page(&bytes);
        assert_eq!(page.damage, None, "{name}: structure cannot tell");
        let damage = bench.inspected(&page).damage;
        assert_eq!(damage.map(|damage| damage.code).as_deref(), Some("SCN-014"), "{name}");
    }
    assert_eq!(bench.inspected(&bench.page(&png(&data))).damage, None);
}

#[test]
fn corrupt_fax_code_is_noticed() {
    let bench = Bench::new();
    let rows = samples::bitmap(19, 40);
    let strip = samples::group4(&rows);
    let tiff = |strip: &[u8]| Tiff::picture(true, (19, 40), &[1], 4, 0).strip(strip).file();
    assert_eq!(bench.inspected(&bench.page(&tiff(&strip))).damage, None);
    assert!(noticed(&bench, &bench.page(&tiff(&strip[..strip.len() / 2]))), "cut short");
    let mut zeroed = strip.clone();
    zeroed[strip.len() / 2..].fill(0);
    assert!(noticed(&bench, &bench.page(&tiff(&zeroed))), "zeroed");
    let longer = [strip.clone(), vec![0x5A; 100]].concat();
    assert!(noticed(&bench, &bench.page(&tiff(&longer))), "more after the last row");
}

#[test]
fn a_blank_page_is_told_from_a_written_one_in_every_coding() {
    let bench = Bench::new();
    let (width, height) = (400_u16, 560_u16);
    let paper = |x: u16, y: u16| 235 + u8::try_from((x * 7 + y * 13) % 9).expect("a little noise");
    let blank: Vec<u8> = (0..height).flat_map(|y| (0..width).map(move |x| paper(x, y))).collect();
    let mut written = blank.clone();
    for step in 0..60_usize {
        for thick in 0..3 {
            written[(200 + step) * usize::from(width) + 100 + step * 2 + thick] = 60;
        }
    }
    let bits = |pixels: &[u8]| {
        pixels
            .chunks(usize::from(width))
            .map(|row| row.iter().map(|value| *value < 128).collect::<Vec<bool>>())
            .collect::<Vec<_>>()
    };
    for (pixels, is_blank) in [(&blank, true), (&written, false)] {
        let size = (u32::from(width), u32::from(height));
        for (name, file) in [
            ("JPEG", jpeg(pixels, width, height, ColorType::Luma, false)),
            ("progressive JPEG", jpeg(pixels, width, height, ColorType::Luma, true)),
            (
                "PNG",
                samples::png_by_crate(
                    size.0,
                    size.1,
                    png::ColorType::Grayscale,
                    png::BitDepth::Eight,
                    pixels,
                ),
            ),
            ("bits", Tiff::picture(true, size, &[1], 1, 0).strip(&samples::packed(&bits(pixels))).file()),
        ] {
            let inspection = bench.inspected(&bench.page(&file));
            assert_eq!(inspection.damage, None, "{name}");
            assert_eq!(inspection.blank, is_blank, "{name}: {inspection:?}");
        }
    }
}

#[test]
fn the_resolution_on_the_paper_is_the_lower_of_both() {
    let bench = Bench::new();
    let bare = without_segment(&grey_jpeg(400, 600), 0xE0);
    for (across, down, dpi, low) in [(200, 100, 100, false), (150, 150, 150, false), (60, 60, 51, true)] {
        let page = bench.page(&with_segment(&bare, 0xE0, &samples::jfif(1, across, down)));
        let inspection = bench.inspected(&page);
        assert_eq!((inspection.dpi, inspection.low_resolution()), (dpi, low), "{across} x {down}");
    }
}
