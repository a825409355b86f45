//! PDF pages: which pass through byte for byte, which are painted anew, which cannot be read.

use jpeg_encoder::ColorType;

use super::samples::{self, deflated, grey, grey_jpeg, jpeg, rgb};
use super::{Bench, code};
use crate::intake::scan::Wanted;
use crate::model::{Codec, ColourSpace, Page};

/// A PDF from numbered objects; the first is the catalog.
pub(super) fn file_of(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n".to_vec();
    let mut offsets = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        offsets.push(bytes.len());
        bytes.extend(format!("{} 0 obj\n", index + 1).bytes());
        bytes.extend(object);
        bytes.extend(b"\nendobj\n");
    }
    let start = bytes.len();
    bytes.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for offset in offsets {
        bytes.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    let trailer = format!("trailer\n<</Size {}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n", objects.len() + 1);
    bytes.extend(trailer.bytes());
    bytes
}

/// A stream object.
pub(super) fn stream(dict: &str, data: &[u8]) -> Vec<u8> {
    [format!("<<{dict}/Length {}>>stream\n", data.len()).as_bytes(), data, b"\nendstream"].concat()
}

/// An image object.
pub(super) fn image(width: u32, height: u32, rest: &str, data: &[u8]) -> Vec<u8> {
    stream(&format!("/Type/XObject/Subtype/Image/Width {width}/Height {height}{rest}"), data)
}

/// A page, its content and its extra words; object 4 is the content, `objects` follow from 5.
pub(super) fn page_of(words: &str, content: &[u8], objects: &[Vec<u8>]) -> Vec<u8> {
    let mut all = vec![
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 200 300]>>".to_vec(),
        format!("<</Type/Page/Parent 2 0 R/Contents 4 0 R{words}>>").into_bytes(),
        stream("", content),
    ];
    all.extend_from_slice(objects);
    file_of(&all)
}

const RESOURCES: &str = "/Resources<</XObject<</Im 5 0 R/Im2 6 0 R/Fm 6 0 R>>/ExtGState<</Ok<</ca 1/BM/Normal/SMask/None>>/Thin<</ca .5>>>>/Font<</F 7 0 R>>>>";
const PAINT: &[u8] = b"q 180 0 0 270 10 20 cm /Im Do Q";

fn grey_image() -> Vec<u8> {
    image(24, 16, "/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/DCTDecode", &grey_jpeg(24, 16))
}

fn font() -> Vec<u8> {
    b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_vec()
}

/// A page with one JPEG on it.
pub(super) fn one_picture() -> Vec<u8> {
    page_of(RESOURCES, PAINT, &[grey_image()])
}

/// Two pages of one picture each.
pub(super) fn two_pages() -> Vec<u8> {
    let page = |content: u32| {
        format!("<</Type/Page/Parent 2 0 R/Contents {content} 0 R/Resources<</XObject<</Im 6 0 R>>>>>>")
            .into_bytes()
    };
    file_of(&[
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/MediaBox[0 0 200 300]>>".to_vec(),
        page(5),
        page(7),
        stream("", PAINT),
        grey_image(),
        stream("", b"200 0 0 300 0 0 cm /Im Do"),
    ])
}

fn converted(page: &Page) -> Option<&str> {
    assert_eq!(code(page), "none", "{:?}", page.damage);
    page.scan.as_ref().expect("a picture").converted.as_deref()
}

#[test]
fn a_page_that_is_one_picture_passes_through_under_any_trivial_state() {
    let bench = Bench::new();
    let form = stream(
        "/Type/XObject/Subtype/Form/BBox[0 0 180 270]/Matrix[1 0 0 1 10 20]/Resources<</XObject<</Im 5 0 R>>>>",
        b"180 0 0 270 0 0 cm /Im Do",
    );
    for (name, content) in [
        ("as it is", PAINT),
        ("states and marks", b"/P <</MCID 0>> BDC q 2 w 0 J /Ok gs 180 0 0 270 10 20 cm\n/Im Do\nQ EMC"),
        ("two matrices", b"q 1 0 0 1 10 20 cm q 180 0 0 270 0 0 cm /Im Do Q Q"),
        ("a clip around it", b"q 0 0 200 300 re W n 180 0 0 270 10 20 cm /Im Do Q"),
        ("white paper under it", b"1 g 0 0 200 300 re f q 180 0 0 270 10 20 cm /Im Do Q"),
        ("in a form", b"q /Fm Do Q"),
    ] {
        let page = bench.page(&page_of(RESOURCES, content, &[grey_image(), form.clone()]));
        assert_eq!(converted(&page), None, "{name}");
        let scan = page.scan.as_ref().expect("a picture");
        assert_eq!(scan.matrix, [180.0, 0.0, 0.0, 270.0, 10.0, 20.0], "{name}");
        assert_eq!(bench.shelf.bytes(&scan.image.blob), grey_jpeg(24, 16), "{name}");
        assert_eq!(page.frame.media_box, [0.0, 0.0, 200.0, 300.0], "{name}");
    }
}

#[test]
fn boxes_rotation_and_user_unit_are_kept() {
    let bench = Bench::new();
    for (words, media, crop, rotate, matrix) in [
        (
            "/Rotate 90",
            [0.0, 0.0, 200.0, 300.0],
            [0.0, 0.0, 200.0, 300.0],
            90,
            [180.0, 0.0, 0.0, 270.0, 10.0, 20.0],
        ),
        (
            "/Rotate -90",
            [0.0, 0.0, 200.0, 300.0],
            [0.0, 0.0, 200.0, 300.0],
            270,
            [180.0, 0.0, 0.0, 270.0, 10.0, 20.0],
        ),
        (
            "/CropBox[190 290 5 -40]",
            [0.0, 0.0, 200.0, 300.0],
            [5.0, 0.0, 190.0, 290.0],
            0,
            [180.0, 0.0, 0.0, 270.0, 10.0, 20.0],
        ),
        (
            "/MediaBox[0 0 100 150]/UserUnit 2",
            [0.0, 0.0, 200.0, 300.0],
            [0.0, 0.0, 200.0, 300.0],
            0,
            [360.0, 0.0, 0.0, 540.0, 20.0, 40.0],
        ),
    ] {
        let page = bench.page(&page_of(&format!("{RESOURCES}{words}"), PAINT, &[grey_image()]));
        assert_eq!(converted(&page), None, "{words}");
        assert_eq!(
            (page.frame.media_box, page.frame.crop_box, page.frame.rotate),
            (media, crop, rotate),
            "{words}"
        );
        assert_eq!(page.scan.expect("a picture").matrix, matrix, "{words}");
    }
}

#[test]
fn invisible_text_is_dropped_and_said() {
    let bench = Bench::new();
    let content = [PAINT, b" BT 3 Tr /F 12 Tf 20 20 Td (MARTIN) Tj [(le)-20(x)] TJ ET"].concat();
    let file = page_of(RESOURCES, &content, &[grey_image(), font(), font()]);
    let probed = bench.probed(&file, Wanted::All);
    assert_eq!(converted(&probed[0].page), None);
    assert_eq!(probed[0].notes, ["invisible text dropped"]);
}

#[test]
fn every_kind_of_stream_an_archive_holds_is_kept_with_its_words() {
    let bench = Bench::new();
    let pixels = grey(24, 16);
    let rows: Vec<u8> = pixels.chunks(24).flat_map(|row| [&[0], row].concat()).collect();
    let bits = samples::bitmap(24, 16);
    let group4 = samples::group4(&bits);
    let profile = profile();
    let flate = deflated(&pixels);
    for (name, object, extra, codec, colours, decode) in [
        (
            "G4",
            image(
                24,
                16,
                "/ImageMask false/ColorSpace/DeviceGray/BitsPerComponent 1/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns 24/Rows 16/BlackIs1 true>>/Decode[1 0]/Interpolate true",
                &group4,
            ),
            vec![],
            Codec::Ccitt {
                k: -1,
                black_is_1: true,
                byte_align: false,
                end_of_line: false,
                end_of_block: true,
                columns: 24,
                rows: 16,
            },
            ColourSpace::Grey,
            vec![1.0, 0.0],
        ),
        (
            "Flate with a predictor",
            image(
                24,
                16,
                "/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 24>>/Decode[0 1]",
                &deflated(&rows),
            ),
            vec![],
            Codec::Flate { predictor: 15, colours: 1, bits: 8, columns: 24 },
            ColourSpace::Grey,
            vec![],
        ),
        (
            "a palette in a stream",
            image(
                24,
                16,
                "/ColorSpace[/Indexed/DeviceRGB 255 6 0 R]/BitsPerComponent 8/Filter/FlateDecode",
                &flate,
            ),
            vec![stream("", &[9; 768])],
            Codec::Flate { predictor: 1, colours: 1, bits: 8, columns: 24 },
            ColourSpace::Indexed { components: 3, profile: None, palette: vec![9; 768] },
            vec![],
        ),
        (
            "a short palette in a string",
            image(
                24,
                16,
                "/ColorSpace[/Indexed/DeviceGray 3<0102>]/BitsPerComponent 8/Filter/FlateDecode",
                &flate,
            ),
            vec![],
            Codec::Flate { predictor: 1, colours: 1, bits: 8, columns: 24 },
            ColourSpace::Indexed { components: 1, profile: None, palette: vec![1, 2, 0, 0] },
            vec![],
        ),
    ] {
        let objects = [vec![object], extra].concat();
        let page = bench.page(&page_of(RESOURCES, PAINT, &objects));
        assert_eq!(converted(&page), None, "{name}");
        let found = &page.scan.as_ref().expect("a picture").image;
        assert_eq!((&found.codec, &found.colours, &found.decode), (&codec, &colours, &decode), "{name}");
        assert_eq!(bench.inspected(&page).damage, None, "{name}");
    }
    let object = image(24, 16, "/ColorSpace[/ICCBased 6 0 R]/BitsPerComponent 8/Filter/FlateDecode", &flate);
    let wrapped = stream("/N 1/Alternate/DeviceGray/Filter/FlateDecode", &deflated(&profile));
    let page = bench.page(&page_of(RESOURCES, PAINT, &[object.clone(), wrapped]));
    let ColourSpace::Icc { profile: blob, components: 1 } =
        &page.scan.as_ref().expect("a picture").image.colours
    else {
        panic!("a profile: {page:?}");
    };
    assert_eq!(bench.shelf.bytes(blob), profile);
    let page = bench.page(&page_of(RESOURCES, PAINT, &[object, stream("/N 1", b"no profile")]));
    assert_eq!(page.scan.expect("a picture").image.colours, ColourSpace::Grey, "a profile that is none");
}

/// The head of a grey profile: enough to be taken for one.
fn profile() -> Vec<u8> {
    let mut profile = vec![0; 132];
    profile[..4].copy_from_slice(&132_u32.to_be_bytes());
    profile[8] = 2;
    profile[12..20].copy_from_slice(b"scnrGRAY");
    profile[36..40].copy_from_slice(b"acsp");
    profile
}

#[test]
fn wrappings_around_a_picture_are_taken_off_without_touching_it() {
    let bench = Bench::new();
    let inner = grey_jpeg(24, 16);
    let hexadecimal: String = inner.iter().map(|byte| format!("{byte:02X}")).collect::<String>() + ">";
    for (name, filter, data) in [
        ("Flate", "[/FlateDecode/DCTDecode]", deflated(&inner)),
        ("hexadecimal", "[/ASCIIHexDecode/DCTDecode]", hexadecimal.clone().into_bytes()),
        ("both", "[/FlateDecode/ASCIIHexDecode/DCTDecode]", deflated(hexadecimal.as_bytes())),
    ] {
        let words = format!("/ColorSpace/DeviceGray/BitsPerComponent 8/Filter{filter}");
        let file = page_of(RESOURCES, PAINT, &[image(24, 16, &words, &data)]);
        let probed = bench.probed(&file, Wanted::All);
        assert_eq!(converted(&probed[0].page), None, "{name}");
        assert_eq!(probed[0].notes, ["wrapping taken off the picture's stream"], "{name}");
        let scan = probed[0].page.scan.as_ref().expect("a picture");
        assert_eq!(bench.shelf.bytes(&scan.image.blob), inner, "{name}");
    }
}

#[test]
fn what_an_archive_cannot_hold_is_painted_anew_and_says_why() {
    let bench = Bench::new();
    let words = |rest: &str| format!("/BitsPerComponent 8{rest}/Filter/DCTDecode");
    let grey_words = words("/ColorSpace/DeviceGray");
    let other = |object: Vec<u8>| page_of(RESOURCES, PAINT, &[object, grey_image(), font()]);
    let painted = |content: &[u8]| page_of(RESOURCES, content, &[grey_image(), grey_image(), font()]);
    let rgb_jpeg = jpeg(&rgb(24, 16), 24, 16, ColorType::Rgb, false);
    let cmyk = jpeg(&[60; 24 * 16 * 4], 24, 16, ColorType::Cmyk, false);
    let note = "/Annots[<</Type/Annot/Subtype/Square/Rect[10 10 50 50]>>]";
    let with = |more: &[u8]| [PAINT, b" ", more].concat();
    for (why, file) in [
        ("CMYK JPEG", other(image(24, 16, &words("/ColorSpace/DeviceCMYK/Decode[1 0 1 0 1 0 1 0]"), &cmyk))),
        ("a soft mask", other(image(24, 16, &format!("{grey_words}/SMask 6 0 R"), &grey_jpeg(24, 16)))),
        ("a mask", other(image(24, 16, &format!("{grey_words}/Mask[0 5]"), &grey_jpeg(24, 16)))),
        ("a stencil mask", other(image(24, 16, "/ImageMask true/BitsPerComponent 1", &[0x5A; 48]))),
        (
            "colour space Separation",
            other(image(
                24,
                16,
                "/ColorSpace[/Separation/Ink/DeviceGray<</FunctionType 2/Domain[0 1]/N 1/C0[1]/C1[0]>>]/BitsPerComponent 8",
                &grey(24, 16),
            )),
        ),
        ("16 bits a colour", other(image(24, 16, "/ColorSpace/DeviceGray/BitsPerComponent 16", &[99; 768]))),
        (
            "a JPEG that is not what the page says of it",
            other(image(24, 17, &grey_words, &grey_jpeg(24, 16))),
        ),
        ("a JPEG that is not what the page says of it", other(image(24, 16, &grey_words, &rgb_jpeg))),
        ("several pictures", painted(&with(b"q 20 0 0 20 0 0 cm /Im2 Do Q"))),
        ("several pictures", painted(&with(b"q 20 0 0 20 0 0 cm /Im Do Q"))),
        ("visible text", painted(&with(b"BT /F 12 Tf 20 20 Td (Note) Tj ET"))),
        ("a drawing", painted(&with(b"10 10 m 100 100 l S"))),
        ("a drawing", painted(&with(b"1 g 10 10 50 50 re f"))),
        ("a clipped picture", painted(b"q 50 50 20 20 re W n 180 0 0 270 10 20 cm /Im Do Q")),
        ("transparency or a transfer function", painted(b"q /Thin gs 180 0 0 270 10 20 cm /Im Do Q")),
        ("an inline image", painted(b"q 180 0 0 270 10 20 cm BI /W 2 /H 1 /CS /G /BPC 8 ID ab EI Q")),
        ("optional content", painted(&[b"/OC /X BDC ", PAINT, b" EMC"].concat())),
        ("a page without a picture", painted(b"")),
        ("annotations", page_of(&format!("{RESOURCES}{note}"), PAINT, &[grey_image()])),
        ("a content stream that cannot be read for certain", painted(&with(b"] what"))),
        ("an operator that is not known", painted(&with(b"what"))),
        ("a graphics state that is not there", painted(&with(b"/Nothing gs"))),
    ] {
        let page = bench.page(&file);
        assert_eq!(converted(&page), Some(why));
        let scan = page.scan.as_ref().expect("a picture");
        assert_eq!(page.frame.upright_size(), (200.0, 300.0), "{why}");
        assert!(matches!(scan.image.codec, Codec::Flate { .. }), "{why}");
        assert_eq!(bench.inspected(&page).damage, None, "{why}");
        let [a, b, c, d, e, f] = scan.matrix;
        assert!(b == 0.0 && c == 0.0 && e == 0.0, "{why}");
        assert!(
            (199.9..201.0 + 72.0 / 36.0).contains(&a) && (d + f - 300.0).abs() < 0.01,
            "{why}: {:?}",
            scan.matrix
        );
    }
}

#[test]
fn a_painted_page_is_upright_and_shows_what_it_showed() {
    let bench = Bench::new();
    // A black square in the top left corner of the paper as it lies, turned clockwise.
    let content = b"0 g 0 264 36 36 re f";
    for (rotate, corner) in [(0, (0, 0)), (90, (1, 0)), (180, (1, 1)), (270, (0, 1))] {
        let file = page_of(&format!("{RESOURCES}/Rotate {rotate}"), content, &[]);
        let page = bench.page(&file);
        assert_eq!((converted(&page), page.frame.rotate), (Some("a drawing"), 0));
        let (width, height, step, pixels) = bench.pixels(&page);
        assert_eq!((width > height), rotate % 180 == 90, "rotate {rotate}");
        let at = |right: u32, bottom: u32| {
            let (x, y) =
                (if right == 1 { width - 20 } else { 20 }, if bottom == 1 { height - 20 } else { 20 });
            pixels[(y * width + x) as usize * step]
        };
        for (right, bottom) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let black = (right, bottom) == corner;
            assert_eq!(at(right, bottom) < 50, black, "rotate {rotate}, corner {right} {bottom}");
        }
        if rotate == 0 {
            assert_eq!(page.scan.expect("a picture").image.bits, 1, "black and white only");
        }
    }
}

#[test]
fn pixels_under_lzw_run_lengths_or_nothing_are_compressed_anew() {
    let bench = Bench::new();
    let pixels = grey(24, 16);
    let runs: Vec<u8> = pixels.chunks(24).flat_map(|row| [&[23], row].concat()).chain([128]).collect();
    for (why, filter, data) in [
        ("uncompressed, compressed anew", "", pixels.clone()),
        ("run lengths, compressed anew", "/Filter/RunLengthDecode", runs),
    ] {
        let words = format!("/ColorSpace/DeviceGray/BitsPerComponent 8{filter}");
        let page = bench.page(&page_of(RESOURCES, PAINT, &[image(24, 16, &words, &data)]));
        assert_eq!(converted(&page), Some(why));
        let scan = page.scan.as_ref().expect("a picture");
        assert_eq!(scan.matrix, [180.0, 0.0, 0.0, 270.0, 10.0, 20.0], "in its own place");
        let mut inflated = Vec::new();
        let stored = bench.shelf.bytes(&scan.image.blob);
        std::io::Read::read_to_end(&mut flate2::read::ZlibDecoder::new(&*stored), &mut inflated)
            .expect("zlib");
        assert_eq!(inflated, pixels);
    }
}

#[test]
fn pages_that_cannot_be_read_are_damaged_and_keep_their_number() {
    let bench = Bench::new();
    let cut = {
        let whole = grey_jpeg(24, 16);
        whole[..whole.len() - 30].to_vec()
    };
    let grey_words = "/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/DCTDecode";
    for (name, file, wanted) in [
        ("a JPEG cut short", page_of(RESOURCES, PAINT, &[image(24, 16, grey_words, &cut)]), "SCN-003"),
        ("a picture that is not there", page_of(RESOURCES, PAINT, &[]), "SCN-011"),
        (
            "too many pixels",
            page_of(
                RESOURCES,
                PAINT,
                &[image(
                    60_000,
                    60_000,
                    "/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode",
                    &deflated(&[0; 9]),
                )],
            ),
            "SCN-005",
        ),
        (
            "pixels missing",
            page_of(
                RESOURCES,
                PAINT,
                &[image(24, 16, "/ColorSpace/DeviceGray/BitsPerComponent 8", &[7; 100])],
            ),
            "SCN-003",
        ),
        (
            "a cut picture beside another",
            page_of(
                RESOURCES,
                &[PAINT, b" q 9 0 0 9 0 0 cm /Im2 Do Q"].concat(),
                &[
                    grey_image(),
                    image(
                        24,
                        16,
                        "/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode",
                        &deflated(&[0; 9]),
                    ),
                ],
            ),
            "SCN-014",
        ),
        (
            "no box with an area",
            page_of(&format!("{RESOURCES}/MediaBox[5 5 5 5]"), PAINT, &[grey_image()]),
            "SCN-011",
        ),
    ] {
        let page = bench.page(&file);
        assert_eq!(code(&page), wanted, "{name}: {:?}", page.damage);
        assert!(page.scan.is_none(), "{name}");
    }
    // The second of three kids is not in the file, and the tree counts a fourth.
    let mut file = two_pages();
    let kids = file.windows(26).position(|window| window == b"/Kids[3 0 R 4 0 R]/Count 2").expect("the tree");
    file[kids..kids + 26].copy_from_slice(b"/Kids[3 0 R 9 0 R]/Count 4");
    let pages = bench.pages(&file);
    assert_eq!(pages.iter().map(code).collect::<Vec<_>>(), ["none", "SCN-011", "SCN-011", "SCN-011"]);
    assert_eq!(pages.iter().map(|page| page.file_page).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let one = bench.probed(&file, Wanted::One(2));
    assert_eq!((one.len(), one[0].page.file_page, code(&one[0].page)), (1, 2, "SCN-011"));
    let beyond = bench.probed(&two_pages(), Wanted::One(3));
    assert_eq!((beyond[0].page.file_page, code(&beyond[0].page)), (3, "SCN-012"));
}

#[test]
fn files_that_cannot_be_read_are_one_damaged_page() {
    let bench = Bench::new();
    let whole = one_picture();
    let text = |from: &str, to: &str| {
        let at = whole.windows(from.len()).position(|window| window == from.as_bytes()).expect("it is there");
        let mut file = whole.clone();
        file.splice(at..at + from.len(), to.bytes());
        file
    };
    for (name, file, wanted) in [
        ("no end", whole[..whole.len() - 40].to_vec(), "SCN-003"),
        ("a cross reference elsewhere", text("startxref\n", "startxref\n9"), "SCN-004"),
        ("no pages", text("/Kids[3 0 R]/Count 1", "/Kids[     ]/Count 0"), "SCN-010"),
        ("no page tree", text("/Pages 2 0 R", "/Pages 8 0 R"), "SCN-010"),
        ("a million pages", text("/Count 1", "/Count 1000000"), "SCN-004"),
    ] {
        let page = bench.page(&file);
        assert_eq!(code(&page), wanted, "{name}: {:?}", page.damage);
    }
}

#[test]
fn an_encrypted_pdf_needs_no_password_or_is_damaged() {
    let bench = Bench::new();
    let folder = tempfile::tempdir().expect("a folder");
    let plain = folder.path().join("plain.pdf");
    std::fs::write(&plain, one_picture()).expect("a small file");
    for (user, wanted) in [("", "none"), ("secret", "SCN-009")] {
        let locked = folder.path().join("locked.pdf");
        let status = std::process::Command::new("qpdf")
            .args(["--encrypt", user, "owner", "256", "--"])
            .args([&plain, &locked])
            .status();
        let Ok(status) = status else {
            eprintln!("SKIPPED: no qpdf to encrypt with");
            return;
        };
        assert!(status.success());
        let page = bench.page(&std::fs::read(&locked).expect("a small file"));
        assert_eq!(code(&page), wanted, "{:?}", page.damage);
        if let Some(scan) = &page.scan {
            assert_eq!(scan.converted, None);
            assert_eq!(bench.shelf.bytes(&scan.image.blob), grey_jpeg(24, 16));
        }
    }
}

/// A JBIG2 picture: page information and one generic region under MMR, which is Group 4 code.
fn jbig2(rows: &[Vec<bool>]) -> Vec<u8> {
    let (width, height) = (rows[0].len(), rows.len());
    let side = |side: usize| u32::try_from(side).expect("small").to_be_bytes();
    let segment = |number: u32, kind: u8, data: &[u8]| {
        [&number.to_be_bytes()[..], &[kind, 0, 1], &side(data.len()), data].concat()
    };
    let page = [&side(width)[..], &side(height), &[0; 8], &[0, 0, 0]].concat();
    let region = [&side(width)[..], &side(height), &[0; 8], &[0, 1], &samples::group4(rows)].concat();
    [segment(0, 48, &page), segment(1, 38, &region)].concat()
}

#[test]
fn jbig2_is_kept_with_its_globals() {
    let bench = Bench::new();
    let data = jbig2(&samples::bitmap(24, 16));
    let words = "/ColorSpace/DeviceGray/BitsPerComponent 1/Filter/JBIG2Decode";
    let page = bench.page(&page_of(RESOURCES, PAINT, &[image(24, 16, words, &data)]));
    assert_eq!(converted(&page), None);
    let scan = page.scan.as_ref().expect("a picture");
    assert_eq!(
        (bench.shelf.bytes(&scan.image.blob), &scan.image.codec),
        (data.clone(), &Codec::Jbig2 { globals: None })
    );
    assert_eq!(bench.inspected(&page).damage, None);
    let cut = &data[..data.len() - 12];
    let page = bench.page(&page_of(RESOURCES, PAINT, &[image(24, 16, words, cut)]));
    assert!(bench.inspected(&page).damage.is_some(), "cut short");
    let page = bench.page(&page_of(RESOURCES, PAINT, &[image(24, 15, words, &data)]));
    assert!(bench.inspected(&page).damage.is_some(), "of another height than the page says");
    // Globals: the page information alone, as an encoder of many pages shares it.
    let words = format!("{words}/DecodeParms<</JBIG2Globals 6 0 R>>");
    let file = page_of(RESOURCES, PAINT, &[image(24, 16, &words, &data), stream("", b"")]);
    let page = bench.page(&file);
    let Codec::Jbig2 { globals: Some(globals) } = &page.scan.as_ref().expect("a picture").image.codec else {
        panic!("globals: {page:?}");
    };
    assert_eq!(globals.length, 0);
    let page = bench.page(&page_of(RESOURCES, PAINT, &[image(24, 16, &words, &data)]));
    assert_eq!(code(&page), "SCN-011", "globals that are not in the file");
}

#[test]
fn jpeg_2000_is_kept_in_the_boxes_an_archive_allows() {
    let bench = Bench::new();
    let jpx_box = |kind: &[u8; 4], contents: &[u8]| {
        [&u32::try_from(contents.len() + 8).expect("small").to_be_bytes()[..], kind, contents].concat()
    };
    let file = |components: u8, bits: u8, more: &[u8]| {
        let head =
            [&16_u32.to_be_bytes()[..], &24_u32.to_be_bytes(), &[0, components, bits, 7, 0, 0]].concat();
        let colour = jpx_box(b"colr", &[1, 0, 0, 0, 0, 0, if components == 1 { 17 } else { 16 }]);
        let boxes = [jpx_box(b"ihdr", &head), colour, more.to_vec()].concat();
        [
            jpx_box(b"jP  ", b"\r\n\x87\n"),
            jpx_box(b"ftyp", b"jp2 \0\0\0\0jp2 "),
            jpx_box(b"jp2h", &boxes),
            jpx_box(b"jp2c", b"\xFF\x4F\xFF\x51 no picture \xFF\xD9"),
        ]
        .concat()
    };
    let on_a_page = |data: &[u8]| page_of(RESOURCES, PAINT, &[image(24, 16, "/Filter/JPXDecode", data)]);
    for (components, colours) in [(1, ColourSpace::Grey), (3, ColourSpace::Rgb)] {
        let data = file(components, 7, &[]);
        let page = bench.page(&on_a_page(&data));
        assert_eq!(converted(&page), None);
        let scan = page.scan.as_ref().expect("a picture");
        assert_eq!((&scan.image.codec, &scan.image.colours), (&Codec::Jpx, &colours));
        assert_eq!(bench.shelf.bytes(&scan.image.blob), data);
        assert!(bench.inspected(&page).damage.is_some(), "there is no picture in it");
    }
    // What is not kept goes to mupdf, which cannot paint what is no picture.
    for (name, data) in [
        ("four channels", file(4, 7, &[])),
        ("16 bits", file(3, 15, &[])),
        ("a palette", file(1, 7, &jpx_box(b"pclr", &[0; 8]))),
        ("alpha", file(3, 7, &jpx_box(b"cdef", &[0; 8]))),
        ("a bare codestream", b"\xFF\x4F\xFF\x51 no picture \xFF\xD9".to_vec()),
    ] {
        let page = bench.page(&on_a_page(&data));
        let kept = page.scan.is_some_and(|scan| scan.image.codec == Codec::Jpx);
        assert!(!kept, "{name}");
    }
}
