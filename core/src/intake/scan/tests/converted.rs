//! What is converted once: the right pixels, at the picture's own resolution, and the reason.

use jpeg_encoder::ColorType;
use png::{BitDepth, ColorType as PngColour};

use super::samples::{self, Tiff, grey, jpeg, png_by_crate, rgb, without_segment};
use super::{Bench, code};

/// Whether two pictures differ by no more than `most` anywhere.
fn close(one: &[u8], other: &[u8], most: u8) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a.abs_diff(*b) <= most)
}

fn reason(page: &crate::model::Page) -> &str {
    let scan = page.scan.as_ref().unwrap_or_else(|| panic!("a picture: {:?}", page.damage));
    scan.converted.as_deref().unwrap_or("passed through")
}

/// A 32 x 32 picture of one ink mixture.
fn inks(mixture: [u8; 4]) -> Vec<u8> {
    mixture.repeat(32 * 32)
}

#[test]
fn cmyk_jpeg_shows_the_right_colours_with_and_without_adobe_s_inversion() {
    let bench = Bench::new();
    // Ink amounts as they are meant: 255 is full ink.
    for (name, mixture, check) in [
        ("paper", [0, 0, 0, 0], (|p: [u8; 3]| p.iter().all(|v| *v > 250)) as fn([u8; 3]) -> bool),
        ("black", [0, 0, 0, 255], |p| p.iter().all(|v| *v < 60)),
        ("cyan", [255, 0, 0, 0], |p| p[0] < 90 && p[1] > 120 && p[2] > 180),
        ("red", [0, 255, 255, 0], |p| p[0] > 180 && p[1] < 90 && p[2] < 90),
    ] {
        // The encoder inverts what it is given and leaves Adobe's marker, as Photoshop does. Given
        // inverted inks, and without the marker, the file holds its inks as they are.
        let turned = inks(mixture.map(|ink| 255 - ink));
        let plain = without_segment(&jpeg(&turned, 32, 32, ColorType::Cmyk, false), 0xEE);
        for (kind, file) in [
            ("plain", plain),
            ("Adobe", jpeg(&inks(mixture), 32, 32, ColorType::Cmyk, false)),
            ("Adobe, progressive", jpeg(&inks(mixture), 32, 32, ColorType::Cmyk, true)),
        ] {
            let page = bench.page(&file);
            assert_eq!((code(&page), reason(&page)), ("none", "CMYK JPEG"), "{name}, {kind}");
            let (width, height, step, pixels) = bench.pixels(&page);
            assert_eq!((width, height), (32, 32));
            let at = (16 * 32 + 16) * step;
            let pixel =
                if step == 3 { [pixels[at], pixels[at + 1], pixels[at + 2]] } else { [pixels[at]; 3] };
            assert!(check(pixel), "{name}, {kind}: {pixel:?}");
            assert_eq!(bench.inspected(&page).damage, None);
        }
    }
}

#[test]
fn ycck_jpeg_is_told_by_its_adobe_marker() {
    let bench = Bench::new();
    for (name, mixture, dark) in [("paper", [0, 0, 0, 0], false), ("black", [0, 0, 0, 255], true)] {
        let file = jpeg(&inks(mixture), 32, 32, ColorType::CmykAsYcck, false);
        let page = bench.page(&file);
        let (_, _, step, pixels) = bench.pixels(&page);
        assert_eq!(pixels[16 * 32 * step] < 60, dark, "{name}: {}", pixels[16 * 32 * step]);
    }
}

#[test]
fn png_with_what_a_pdf_cannot_hold_is_flattened_to_its_own_pixels() {
    let bench = Bench::new();
    let (width, height) = (33_u16, 21_u16);
    let (plain, coloured) = (grey(width, height), rgb(width, height));
    let size = (u32::from(width), u32::from(height));
    let wide = |bytes: &[u8]| bytes.iter().flat_map(|value| [*value, *value]).collect::<Vec<u8>>();
    let with_alpha = |bytes: &[u8], step: usize, alpha: u8| {
        bytes.chunks(step).flat_map(|pixel| [pixel, &[alpha]].concat()).collect::<Vec<u8>>()
    };
    let on_white = |bytes: &[u8]| {
        let half =
            |value: u8| u8::try_from((u32::from(value) * 128 + 255 * 127 + 127) / 255).expect("a byte");
        bytes.iter().map(|value| half(*value)).collect::<Vec<u8>>()
    };
    for (name, why, kind, depth, pixels, step, wanted) in [
        (
            "16-bit grey",
            "16-bit PNG",
            PngColour::Grayscale,
            BitDepth::Sixteen,
            wide(&plain),
            1,
            plain.clone(),
        ),
        ("16-bit RGB", "16-bit PNG", PngColour::Rgb, BitDepth::Sixteen, wide(&coloured), 3, coloured.clone()),
        (
            "opaque alpha",
            "PNG with transparency",
            PngColour::Rgba,
            BitDepth::Eight,
            with_alpha(&coloured, 3, 255),
            3,
            coloured.clone(),
        ),
        (
            "half alpha on white",
            "PNG with transparency",
            PngColour::Rgba,
            BitDepth::Eight,
            with_alpha(&coloured, 3, 128),
            3,
            on_white(&coloured),
        ),
        (
            "grey with alpha",
            "PNG with transparency",
            PngColour::GrayscaleAlpha,
            BitDepth::Eight,
            with_alpha(&plain, 1, 128),
            1,
            on_white(&plain),
        ),
    ] {
        let file = png_by_crate(size.0, size.1, kind, depth, &pixels);
        let page = bench.page(&file);
        assert_eq!(reason(&page), why, "{name}");
        let (got_width, got_height, got_step, got) = bench.pixels(&page);
        assert_eq!((got_width, got_height, got_step), (size.0, size.1, step), "{name}");
        assert_eq!(got, wanted, "{name}");
        let again = bench.page(&file);
        assert_eq!(again, page, "{name}: the same bytes every time");
    }
}

#[test]
fn nothing_at_all_is_white() {
    let bench = Bench::new();
    let file = png_by_crate(9, 9, PngColour::Rgba, BitDepth::Eight, &[0; 9 * 9 * 4]);
    let (_, _, step, pixels) = bench.pixels(&bench.page(&file));
    assert_eq!((step, pixels), (1, vec![255; 81]));
}

#[test]
fn tiff_that_a_pdf_cannot_hold_keeps_its_pixels() {
    let bench = Bench::new();
    let (width, height) = (37_u16, 23_u16);
    let (plain, coloured) = (grey(width, height), rgb(width, height));
    let size = (u32::from(width), u32::from(height));
    let wide = |little: bool| {
        let two = |value: &u8| {
            let value = u16::from(*value) * 257;
            if little { value.to_le_bytes() } else { value.to_be_bytes() }
        };
        plain.iter().flat_map(two).collect::<Vec<u8>>()
    };
    let differences: Vec<u8> = coloured
        .chunks(usize::from(width) * 3)
        .flat_map(|row| {
            (0..row.len())
                .map(|at| row[at].wrapping_sub(if at >= 3 { row[at - 3] } else { 0 }))
                .collect::<Vec<u8>>()
        })
        .collect();
    let planes: Vec<Vec<u8>> =
        (0..3).map(|plane| coloured.iter().skip(plane).step_by(3).copied().collect()).collect();
    for little in [true, false] {
        let grey_of = |compression| Tiff::picture(little, size, &[8], compression, 1);
        let rgb_of = |compression| Tiff::picture(little, size, &[8, 8, 8], compression, 2);
        let in_strips = |mut tiff: Tiff, rows: usize| {
            tiff.short(278, &[u16::try_from(rows).expect("few")]);
            plain.chunks(usize::from(width) * rows).fold(tiff, |tiff, strip| tiff.strip(strip))
        };
        let predicted = |mut tiff: Tiff| {
            tiff.short(317, &[2]);
            tiff
        };
        let planar = {
            let mut tiff = rgb_of(1);
            tiff.short(284, &[2]);
            planes.iter().fold(tiff, |tiff, plane| tiff.strip(plane))
        };
        let palette = {
            let mut tiff = Tiff::picture(little, size, &[8], 1, 3);
            let map: Vec<u16> = (0..768_u16).map(|at| (at % 256) << 8).collect();
            tiff.short(320, &map);
            tiff.strip(&plain)
        };
        for (name, file, wanted) in [
            ("uncompressed", grey_of(1).strip(&plain).file(), &plain),
            ("in strips", in_strips(grey_of(1), 5).file(), &plain),
            (
                "white is zero",
                Tiff::picture(little, size, &[8], 1, 0).strip(&inverted(&plain)).file(),
                &plain,
            ),
            ("PackBits", grey_of(32773).strip(&packbits(&plain)).file(), &plain),
            ("LZW", grey_of(5).strip(&lzw(&plain)).file(), &plain),
            ("Deflate", grey_of(8).strip(&samples::deflated(&plain)).file(), &plain),
            ("16 bits", Tiff::picture(little, size, &[16], 1, 1).strip(&wide(little)).file(), &plain),
            ("RGB", rgb_of(1).strip(&coloured).file(), &coloured),
            ("RGB predicted", predicted(rgb_of(8)).strip(&samples::deflated(&differences)).file(), &coloured),
            ("RGB in planes", planar.file(), &coloured),
            ("palette", palette.file(), &plain),
        ] {
            let page = bench.page(&file);
            assert_eq!(code(&page), "none", "{name}: {:?}", page.damage);
            assert!(reason(&page).starts_with("TIFF, "), "{name}: {}", reason(&page));
            let (got_width, got_height, _, got) = bench.pixels(&page);
            assert_eq!((got_width, got_height), size, "{name}");
            assert!(got == *wanted, "{name}, little endian {little}");
        }
    }
}

fn inverted(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| !byte).collect()
}

/// PackBits with literal runs and repeated ones.
fn packbits(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    for piece in bytes.chunks(100) {
        if piece.iter().all(|byte| *byte == piece[0]) {
            packed.extend([u8::try_from(257 - piece.len()).expect("a run"), piece[0]]);
        } else {
            packed.push(u8::try_from(piece.len() - 1).expect("a literal"));
            packed.extend(piece);
        }
        packed.push(128);
    }
    packed
}

/// LZW as TIFF has it, with a full table and a clear code at its end.
fn lzw(bytes: &[u8]) -> Vec<u8> {
    let mut output = Vec::new();
    let (mut buffer, mut bits) = (0_u64, 0_u32);
    let mut put = |code: u64, width: u32, output: &mut Vec<u8>, flush: bool| {
        buffer = buffer << width | code;
        bits += width;
        while bits >= 8 {
            bits -= 8;
            output.push(u8::try_from(buffer >> bits & 0xFF).expect("a byte"));
        }
        if flush && bits > 0 {
            output.push(u8::try_from(buffer << (8 - bits) & 0xFF).expect("a byte"));
        }
    };
    let mut table = std::collections::BTreeMap::<Vec<u8>, u64>::new();
    let reset = |table: &mut std::collections::BTreeMap<Vec<u8>, u64>| {
        table.clear();
        table.extend((0..=255_u8).map(|byte| (vec![byte], u64::from(byte))));
        (258_u64, 9_u32)
    };
    let (mut next, mut width) = reset(&mut table);
    put(256, 9, &mut output, false);
    let mut string: Vec<u8> = Vec::new();
    for byte in bytes {
        let longer = [string.as_slice(), &[*byte]].concat();
        if table.contains_key(&longer) {
            string = longer;
            continue;
        }
        put(table[&string], width, &mut output, false);
        table.insert(longer, next);
        next += 1;
        if next == 512 || next == 1024 || next == 2048 {
            width += 1;
        }
        if next == 4094 {
            put(256, width, &mut output, false);
            (next, width) = reset(&mut table);
        }
        string = vec![*byte];
    }
    put(table[&string], width, &mut output, false);
    next += 1;
    if next == 512 || next == 1024 || next == 2048 {
        width += 1;
    }
    put(257, width, &mut output, true);
    output
}

#[test]
fn long_lzw_data_go_through_every_code_width_and_a_new_table() {
    let bench = Bench::new();
    let noise: Vec<u8> =
        (0..200_u32 * 200).map(|at| u8::try_from(at * at / 7 % 251).expect("a byte")).collect();
    let file = Tiff::picture(true, (200, 200), &[8], 5, 1).strip(&lzw(&noise)).file();
    let page = bench.page(&file);
    assert_eq!(code(&page), "none", "{:?}", page.damage);
    assert!(bench.pixels(&page).3 == noise);
}

#[test]
fn bilevel_tiff_stays_bilevel() {
    let bench = Bench::new();
    let rows = samples::bitmap(19, 12);
    let pixels: Vec<u8> = rows.iter().flatten().map(|black| if *black { 0 } else { 255 }).collect();
    let (top, bottom) = rows.split_at(7);
    let strips = |compression: u16, code: fn(&[Vec<bool>]) -> Vec<u8>| {
        let mut tiff = Tiff::picture(true, (19, 12), &[1], compression, 0);
        tiff.short(278, &[7]);
        tiff.strip(&code(top)).strip(&code(bottom)).file()
    };
    for (name, file) in [
        ("G4 in strips", strips(4, samples::group4)),
        ("G3 in strips", strips(3, samples::group3)),
        ("Modified Huffman in strips", strips(2, samples::modified_huffman)),
        ("bits in strips", strips(1, samples::packed)),
        ("bits", Tiff::picture(false, (19, 12), &[1], 1, 0).strip(&samples::packed(&rows)).file()),
    ] {
        let page = bench.page(&file);
        assert_eq!(code(&page), "none", "{name}: {:?}", page.damage);
        assert!(reason(&page).starts_with("TIFF, "), "{name}");
        let image = &page.scan.as_ref().expect("a picture").image;
        assert_eq!(image.bits, 1, "{name}");
        assert_eq!(bench.pixels(&page).3, pixels, "{name}");
    }
}

#[test]
fn tiles_are_put_together() {
    let bench = Bench::new();
    let plain = grey(37, 23);
    let mut tiff = Tiff::picture(true, (37, 23), &[8], 1, 1).tiled(16, 16);
    for (top, left) in [(0, 0), (0, 16), (0, 32), (16, 0), (16, 16), (16, 32)] {
        let tile: Vec<u8> = (top..top + 16)
            .flat_map(|y| (left..left + 16).map(move |x| (x, y)))
            .map(|(x, y)| if x < 37 && y < 23 { plain[y * 37 + x] } else { 99 })
            .collect();
        tiff = tiff.strip(&tile);
    }
    let page = bench.page(&tiff.file());
    assert_eq!(code(&page), "none", "{:?}", page.damage);
    assert!(bench.pixels(&page).3 == plain);
}

#[test]
fn jpeg_in_tiff_goes_through_mupdf() {
    let bench = Bench::new();
    let plain = grey(40, 24);
    let file = jpeg(&plain, 40, 24, ColorType::Luma, false);
    let page = bench.page(&Tiff::picture(true, (40, 24), &[8], 7, 1).strip(&file).file());
    assert_eq!((code(&page), reason(&page)), ("none", "TIFF, JPEG"), "{:?}", page.damage);
    let (width, height, step, pixels) = bench.pixels(&page);
    assert_eq!((width, height, step), (40, 24, 1));
    assert!(close(&pixels, &plain, 40), "lossy, but the same picture");
}

#[test]
fn tiff_with_alpha_is_shown_on_white() {
    let bench = Bench::new();
    for (name, extra, pixel, shown) in [
        ("alpha to be applied", 2, [100, 50, 0, 128], [177, 152, 127]),
        ("alpha applied already", 1, [50, 25, 0, 128], [177, 152, 127]),
        ("no alpha", 0, [100, 50, 0, 128], [100, 50, 0]),
    ] {
        let mut tiff = Tiff::picture(true, (8, 8), &[8; 4], 1, 2);
        tiff.short(338, &[extra]);
        let page = bench.page(&tiff.strip(&pixel.repeat(64)).file());
        assert_eq!(bench.pixels(&page).3[..3], shown, "{name}");
    }
}

#[test]
fn cmyk_tiff_shows_the_colours_of_cmyk_jpeg() {
    let bench = Bench::new();
    for (name, mixture) in [("paper", [0, 0, 0, 0]), ("cyan", [255, 0, 0, 0]), ("black", [0, 0, 0, 255])] {
        let tiff = Tiff::picture(true, (32, 32), &[8; 4], 1, 5).strip(&inks(mixture)).file();
        let page = bench.page(&tiff);
        assert_eq!(reason(&page), "TIFF, uncompressed, CMYK", "{name}");
        let (_, _, step, pixels) = bench.pixels(&page);
        match name {
            "paper" => assert!(pixels.iter().all(|value| *value > 250)),
            "black" => assert!(pixels.iter().all(|value| *value < 60)),
            _ => assert!(step == 3 && pixels[0] < 90 && pixels[2] > 180),
        }
    }
}

#[test]
fn a_second_page_is_converted_from_its_own_directory() {
    let bench = Bench::new();
    let (first, second) = (grey(20, 20), inverted(&grey(20, 20)));
    let file = samples::files(vec![
        Tiff::picture(true, (20, 20), &[8], 1, 1).strip(&first),
        Tiff::picture(true, (20, 20), &[8], 1, 1).strip(&second),
        Tiff::picture(true, (20, 20), &[8], 7, 1).strip(&jpeg(&first, 20, 20, ColorType::Luma, false)),
    ]);
    let pages = bench.pages(&file);
    assert!(bench.pixels(&pages[0]).3 == first);
    assert!(bench.pixels(&pages[1]).3 == second);
    assert!(close(&bench.pixels(&pages[2]).3, &first, 40));
}
