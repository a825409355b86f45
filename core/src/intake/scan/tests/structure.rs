//! What passes through, and what is said of it.

use jpeg_encoder::ColorType;
use png::{BitDepth, ColorType as PngColour};

use super::samples::{self, Tiff, chunk, files, grey, grey_jpeg, jpeg, rgb, with_segment, without_segment};
use super::{Bench, code};
use crate::intake::scan::Wanted;
use crate::model::{Codec, ColourSpace, Page};

fn passed<'a>(bench: &Bench, page: &'a Page, name: &str) -> (&'a crate::model::ScanImage, Vec<u8>) {
    assert_eq!(code(page), "none", "{name}: {:?}", page.damage);
    let scan = page.scan.as_ref().expect("a picture");
    assert_eq!(scan.converted, None, "{name}");
    (&scan.image, bench.shelf.bytes(&scan.image.blob))
}

#[test]
fn a_jpeg_passes_through_whole_whatever_its_coding() {
    let bench = Bench::new();
    for progressive in [false, true] {
        for (kind, pixels, colours) in [
            (ColorType::Luma, grey(61, 43), ColourSpace::Grey),
            (ColorType::Rgb, rgb(61, 43), ColourSpace::Rgb),
        ] {
            let file = jpeg(&pixels, 61, 43, kind, progressive);
            let page = bench.page(&file);
            let (image, bytes) = passed(&bench, &page, "JPEG");
            assert_eq!(bytes, file);
            assert_eq!((image.width, image.height, image.bits), (61, 43, 8));
            assert_eq!(image.colours, colours);
            assert_eq!(image.codec, Codec::Dct { colour_transform: None });
        }
    }
}

#[test]
fn the_colour_transform_is_the_adobe_marker_s_or_that_of_components_named_r_g_b() {
    let bench = Bench::new();
    let bare = without_segment(&jpeg(&rgb(16, 16), 16, 16, ColorType::Rgb, false), 0xE0);
    let mut named = bare.clone();
    let frame = named.windows(2).position(|pair| pair == [0xFF, 0xC0]).expect("a frame");
    for (index, id) in b"RGB".iter().enumerate() {
        named[frame + 10 + index * 3] = *id;
    }
    let scan = named.windows(2).position(|pair| pair == [0xFF, 0xDA]).expect("a scan");
    for (index, id) in b"RGB".iter().enumerate() {
        named[scan + 5 + index * 2] = *id;
    }
    for (name, file, transform) in [
        ("Adobe says RGB", with_segment(&bare, 0xEE, &samples::adobe(0)), Some(0)),
        ("Adobe says YCbCr", with_segment(&bare, 0xEE, &samples::adobe(1)), Some(1)),
        ("nobody says", bare.clone(), None),
        ("named R, G, B", named.clone(), Some(0)),
        ("named R, G, B under JFIF", with_segment(&named, 0xE0, &samples::jfif(1, 300, 300)), None),
    ] {
        let page = bench.page(&file);
        let (image, _) = passed(&bench, &page, name);
        assert_eq!(image.codec, Codec::Dct { colour_transform: transform }, "{name}");
    }
}

#[test]
fn resolution_comes_from_jfif_then_exif_then_the_size_of_a4() {
    let bench = Bench::new();
    let bare = without_segment(&grey_jpeg(850, 1100), 0xE0);
    let exif = samples::exif(1, Some(100));
    for (name, file, size) in [
        ("JFIF in inches", with_segment(&bare, 0xE0, &samples::jfif(1, 100, 100)), (612.0, 792.0)),
        ("JFIF in centimetres", with_segment(&bare, 0xE0, &samples::jfif(2, 40, 40)), (602.362, 779.528)),
        ("EXIF", with_segment(&bare, 0xE1, &exif), (612.0, 792.0)),
        (
            "JFIF without a unit",
            with_segment(&with_segment(&bare, 0xE1, &exif), 0xE0, &samples::jfif(0, 1, 1)),
            (612.0, 792.0),
        ),
        ("nothing", bare.clone(), (595.276, 770.357)),
    ] {
        assert_eq!(bench.page(&file).frame.upright_size(), size, "{name}");
    }
}

#[test]
fn exif_turns_the_picture_and_not_the_page() {
    let bench = Bench::new();
    let bare = without_segment(&grey_jpeg(400, 200), 0xE0);
    for orientation in 1..=8 {
        let file = with_segment(&bare, 0xE1, &samples::exif(orientation, Some(200)));
        let page = bench.page(&file);
        let size = if orientation > 4 { (72.0, 144.0) } else { (144.0, 72.0) };
        assert_eq!((page.frame.upright_size(), page.frame.rotate), (size, 0), "orientation {orientation}");
        // Row zero, column zero is where EXIF says (the matrix itself is tested beside it).
        let [a, b, c, d, ..] = page.scan.expect("a picture").matrix;
        let mirrored = a * d - b * c < 0.0;
        assert_eq!(mirrored, matches!(orientation, 2 | 4 | 5 | 7), "orientation {orientation}");
    }
}

#[test]
fn a_png_a_pdf_can_hold_passes_through() {
    let bench = Bench::new();
    let palette = chunk(b"PLTE", &[255, 255, 255, 200, 16, 46]);
    for (name, file, bits, colours, components) in [
        ("1-bit grey", samples::png(10, 4, 1, 0, &[], &[0xAA; 8]), 1, ColourSpace::Grey, 1),
        ("2-bit grey", samples::png(8, 4, 2, 0, &[], &[0xA5; 8]), 2, ColourSpace::Grey, 1),
        ("4-bit grey", samples::png(4, 4, 4, 0, &[], &[0xF0; 8]), 4, ColourSpace::Grey, 1),
        ("8-bit grey", samples::png(2, 4, 8, 0, &[], &[77; 8]), 8, ColourSpace::Grey, 1),
        ("8-bit RGB", samples::png(2, 4, 8, 2, &[], &[77; 24]), 8, ColourSpace::Rgb, 3),
        (
            "1-bit palette",
            samples::png(8, 4, 1, 3, &palette, &[0x3C; 4]),
            1,
            ColourSpace::Indexed { components: 3, profile: None, palette: vec![255, 255, 255, 200, 16, 46] },
            1,
        ),
    ] {
        let page = bench.page(&file);
        let (image, bytes) = passed(&bench, &page, name);
        let columns = image.width;
        assert_eq!(image.codec, Codec::Flate { predictor: 15, colours: components, bits, columns }, "{name}");
        assert_eq!((image.bits, &image.colours), (bits, &colours), "{name}");
        let data = file.windows(4).position(|name| name == b"IDAT").expect("data") + 4;
        assert_eq!(bytes, file[data..data + bytes.len()], "{name}");
        let inspection = bench.inspected(&page);
        assert_eq!(inspection.damage, None, "{name}");
    }
}

#[test]
fn data_chunks_are_joined_and_the_resolution_is_read() {
    let bench = Bench::new();
    let pixels = grey(827, 1169);
    let whole = samples::png_by_crate(827, 1169, PngColour::Grayscale, BitDepth::Eight, &pixels);
    let data: Vec<u8> = deflated_rows(&pixels, 827);
    let (one, two) = data.split_at(data.len() / 3);
    let head = &whole[..33];
    let dots = [&3937_u32.to_be_bytes()[..], &3937_u32.to_be_bytes(), &[1]].concat();
    let file =
        [head, &chunk(b"pHYs", &dots), &chunk(b"IDAT", one), &chunk(b"IDAT", two), &chunk(b"IEND", b"")]
            .concat();
    let page = bench.page(&file);
    let (_, bytes) = passed(&bench, &page, "two chunks");
    assert_eq!(bytes, data);
    assert_eq!(page.frame.upright_size(), (595.441, 841.682));
    assert_eq!(bench.inspected(&page).damage, None);
}

fn deflated_rows(pixels: &[u8], width: usize) -> Vec<u8> {
    let rows: Vec<u8> =
        pixels.chunks(width).flat_map(|row| std::iter::once(0).chain(row.iter().copied())).collect();
    samples::deflated(&rows)
}

#[test]
fn fax_code_in_one_strip_passes_through() {
    let bench = Bench::new();
    let rows = samples::bitmap(19, 12);
    let k_of = |codec: &Codec| match codec {
        Codec::Ccitt { k, black_is_1, byte_align, end_of_line, columns: 19, rows: 12, .. } => {
            (*k, *black_is_1, *byte_align, *end_of_line)
        }
        other => panic!("{other:?}"),
    };
    for little in [true, false] {
        for (name, strip, compression, photometric, parameters) in [
            ("G4", samples::group4(&rows), 4, 0, (-1, false, false, false)),
            ("G4, black is zero", samples::group4(&rows), 4, 1, (-1, true, false, false)),
            ("G3", samples::group3(&rows), 3, 0, (0, false, false, true)),
            ("G3 with filling bits", samples::group3_filled(&rows), 3, 0, (0, false, false, false)),
            ("Modified Huffman", samples::modified_huffman(&rows), 2, 0, (0, false, true, false)),
        ] {
            let mut tiff = Tiff::picture(little, (19, 12), &[1], compression, photometric);
            tiff.rational(282, 200, 1);
            tiff.rational(283, 100, 1);
            let page = bench.page(&tiff.strip(&strip).file());
            let (image, bytes) = passed(&bench, &page, name);
            assert_eq!(bytes, strip, "{name}");
            assert_eq!(k_of(&image.codec), parameters, "{name}");
            assert_eq!((image.bits, &image.colours), (1, &ColourSpace::Grey), "{name}");
            let inspection = bench.inspected(&page);
            assert_eq!(inspection.damage, None, "{name}");
        }
    }
}

#[test]
fn reversed_bits_are_put_right_and_said() {
    let bench = Bench::new();
    let strip = samples::group4(&samples::bitmap(19, 12));
    let reversed: Vec<u8> = strip.iter().map(|byte| byte.reverse_bits()).collect();
    let mut tiff = Tiff::picture(true, (19, 12), &[1], 4, 0);
    tiff.short(266, &[2]);
    let page = bench.page(&tiff.strip(&reversed).file());
    let scan = page.scan.as_ref().expect("a picture");
    assert_eq!(bench.shelf.bytes(&scan.image.blob), strip);
    assert!(scan.converted.as_deref().is_some_and(|why| why.contains("reversed")));
}

#[test]
fn every_directory_of_a_tiff_is_a_page() {
    let bench = Bench::new();
    let page = |width: u32| {
        let rows = samples::bitmap(width as usize, 9);
        let mut tiff = Tiff::picture(true, (width, 9), &[1], 4, 0);
        tiff.short(274, &[if width == 18 { 6 } else { 1 }]);
        tiff.strip(&samples::group4(&rows))
    };
    let file = files(vec![page(17), page(18), page(19)]);
    let pages = bench.pages(&file);
    let widths: Vec<u32> =
        pages.iter().map(|page| page.scan.as_ref().expect("a picture").image.width).collect();
    assert_eq!(widths, [17, 18, 19]);
    assert_eq!(pages.iter().map(|page| page.file_page).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(pages[1].frame.upright_size().0 < pages[1].frame.upright_size().1, "turned upright");
    let only = bench.probed(&file, Wanted::One(2));
    assert_eq!(only.len(), 1);
    assert_eq!(only[0].page, pages[1]);
    let beyond = bench.probed(&file, Wanted::One(4));
    assert_eq!((beyond[0].page.file_page, code(&beyond[0].page)), (4, "SCN-012"));
}

#[test]
fn a_turn_from_the_bundle_adds_to_the_page_s_own() {
    let bench = Bench::new();
    let page = bench.page(&grey_jpeg(20, 30));
    for (first, second, sum) in [(0, 90, 90), (90, 270, 0), (270, 180, 90), (0, 0, 0)] {
        assert_eq!(page.clone().turned(first).turned(second).frame.rotate, sum);
    }
    assert_eq!(page.clone().turned(90).scan, page.scan);
}
