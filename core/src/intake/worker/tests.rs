//! Decoding processes that die, hang, lie or want too much: one page is damaged, nothing else.

use std::ffi::OsString;
use std::io;
use std::time::Duration;

use super::protocol::{RawPath, Reply, Request};
use super::{Decoder, DecoderOptions, testing};
use crate::intake::picture;
use crate::intake::scan::{Wanted, probe};
use crate::model::{BlobRef, Page};
use crate::store::BlobSink;

struct Nowhere;

impl BlobSink for Nowhere {
    fn put(&self, bytes: &[u8]) -> io::Result<BlobRef> {
        Ok(BlobRef { sha256: [0; 32], length: bytes.len() as u64, crc32: 0 })
    }
}

fn decoder(program: &str, args: &[&str]) -> Decoder {
    let args = args.iter().map(OsString::from).collect();
    let deadline = Duration::from_millis(300);
    Decoder::new(program, args, DecoderOptions { deadline, ..DecoderOptions::default() })
}

/// A PNG of one grey value in 16 bits, which has to be converted.
fn wide_png(folder: &tempfile::TempDir, side: u32) -> std::path::PathBuf {
    let path = folder.path().join("wide.png");
    let file = std::fs::File::create(&path).expect("a small file");
    let mut encoder = png::Encoder::new(file, side, side);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Sixteen);
    let mut writer = encoder.write_header().expect("a small file");
    writer.write_image_data(&vec![0x55; (side * side * 6) as usize]).expect("a small file");
    path
}

fn probed(decoder: &Decoder, side: u32) -> Page {
    let folder = tempfile::tempdir().expect("a folder");
    let path = wide_png(&folder, side);
    probe(&path, Wanted::All, decoder, &Nowhere).expect("no fault of ours").remove(0)
}

#[test]
fn a_process_that_dies_hangs_or_lies_damages_the_page() {
    for (name, program, args, code) in [
        ("dies at once", "/bin/false", &[][..], "DEC-001"),
        ("ends without a word", "/bin/true", &[], "DEC-001"),
        ("hangs", "/bin/sleep", &["100"], "DEC-002"),
        ("says rubbish without end", "/usr/bin/yes", &[], "DEC-001"),
        (
            "greets and dies",
            "/bin/sh",
            &["-c", r"printf '\0copiste decode-worker 1\n'; kill -SEGV $$"],
            "DEC-001",
        ),
        (
            "greets and hangs",
            "/bin/sh",
            &["-c", r"printf '\0copiste decode-worker 1\n'; exec sleep 100"],
            "DEC-002",
        ),
        (
            "announces 4 GiB",
            "/bin/sh",
            &["-c", r"printf '\0copiste decode-worker 1\n\377\377\377\377'"],
            "DEC-001",
        ),
        (
            "answers another question",
            "/bin/sh",
            &[
                "-c",
                r#"printf '\0copiste decode-worker 1\n\042\0\0\0{"body":{"Pages":3},"attached":[]}'; sleep 9"#,
            ],
            "DEC-001",
        ),
        (
            "runs out of memory",
            "/bin/sh",
            &["-c", "echo 'memory allocation of 99 bytes failed' >&2; kill -ABRT $$"],
            "DEC-003",
        ),
        (
            "answers one byte at a time, for ever",
            "/bin/sh",
            &["-c", r"printf '\0copiste decode-worker 1\n\377\0\0\0'; while :; do printf x; sleep .01; done"],
            "DEC-002",
        ),
    ] {
        let page = probed(&decoder(program, args), 4);
        let damage = page.damage.expect(name);
        assert_eq!(damage.code, code, "{name}: {}", damage.detail);
        assert!(page.scan.is_none(), "{name}");
        assert_eq!(page.frame.upright_size().0, page.frame.upright_size().1, "{name}: its size is known");
    }
}

#[test]
fn a_decoder_that_cannot_be_started_is_our_own_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = wide_png(&folder, 4);
    let missing = decoder("/nowhere/copiste", &[]);
    let error = probe(&path, Wanted::All, &missing, &Nowhere).expect_err("no damage to the scan");
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

#[test]
fn a_picture_that_needs_more_memory_than_allowed_damages_its_page_and_the_next_is_fine() {
    let memory = 150 << 20;
    let options = DecoderOptions { count: 1, memory, deadline: Duration::from_secs(60), requests: 500 };
    let decoder = testing::decoder_with(options);
    let large = probed(&decoder, 9_000);
    assert_eq!(large.damage.map(|damage| damage.code).as_deref(), Some("DEC-003"));
    assert_eq!(probed(&decoder, 40).damage, None);
}

#[test]
fn a_process_is_used_again_replaced_in_time_and_asked_anew_when_it_died_meanwhile() {
    let options = DecoderOptions {
        count: 1,
        requests: 3,
        deadline: Duration::from_secs(60),
        ..DecoderOptions::default()
    };
    let decoder = testing::decoder_with(options);
    let folder = tempfile::tempdir().expect("a folder");
    let path = wide_png(&folder, 9);
    let ask = || {
        let mut turn = decoder.turn();
        let before = turn.process_id();
        let answer = turn.ask(|| Request::Png { path: RawPath::new(&path) }, &[]).expect("it starts");
        assert!(matches!(answer, Ok((Reply::Converted(_), _))), "{answer:?}");
        (before, turn.process_id())
    };
    let (none, first) = ask();
    assert_eq!(none, None, "started when needed");
    assert_eq!(ask(), (first, first), "used again");
    let (_, retired) = ask();
    assert_eq!(retired, None, "replaced after its third request");
    let (_, second) = ask();
    let id = second.expect("a fresh one");
    let id = rustix::process::Pid::from_raw(i32::try_from(id).expect("a process id")).expect("not zero");
    rustix::process::kill_process(id, rustix::process::Signal::KILL).expect("it is ours");
    let (dead, third) = ask();
    assert_eq!(dead, second);
    assert!(third.is_some() && third != second, "a fresh one answered");
}

#[test]
fn many_threads_share_few_processes() {
    let options = DecoderOptions { count: 2, deadline: Duration::from_secs(60), ..DecoderOptions::default() };
    let decoder = testing::decoder_with(options);
    let folder = tempfile::tempdir().expect("a folder");
    let path = wide_png(&folder, 9);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let pages = probe(&path, Wanted::All, &decoder, &Nowhere).expect("it starts");
                    assert_eq!(pages[0].damage, None);
                }
            });
        }
    });
}

#[test]
fn large_attachments_go_both_ways_without_a_deadlock() {
    // Neither side's pipe holds this much: both must be read while the other writes.
    let noise: Vec<u8> =
        (0..3_000_000_u32).map(|at| u8::try_from(at.wrapping_mul(at) / 11 % 256).unwrap_or(0)).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("noise.png");
    let mut encoder = png::Encoder::new(std::fs::File::create(&path).expect("a file"), 1000, 750);
    encoder.set_color(png::ColorType::Rgba);
    encoder.write_header().and_then(|mut writer| writer.write_image_data(&noise)).expect("a file");
    let decoder = testing::decoder();
    let page = probe(&path, Wanted::All, &decoder, &Nowhere).expect("it starts").remove(0);
    assert_eq!(page.damage, None);
    assert!(page.scan.expect("a picture").image.blob.length > 200_000);
    let picture = crate::intake::scan::found::Picture {
        bytes: crate::intake::scan::found::Bytes::Attached(0),
        width: 1000,
        height: 750,
        bits: 8,
        colours: crate::intake::scan::found::Colours::Rgb,
        coding: crate::intake::scan::found::Coding::Flate {
            predictor: 1,
            colours: 3,
            bits: 8,
            columns: 1000,
        },
        decode: Vec::new(),
    };
    let answer = decoder.turn().ask(|| Request::Inspect { picture: picture.clone() }, &[&noise]);
    assert!(matches!(answer, Ok(Err(damage)) if damage.code == "SCN-014"), "no zlib, but it arrived");
}

#[test]
fn a_picture_is_made_of_a_page_within_the_limits_and_of_nothing_else() {
    let decoder = testing::decoder();
    let made = |pdf: &'static [u8], width, height| {
        picture(|| Ok(pdf.to_vec()), width, height, &decoder).expect("a decoder starts")
    };
    let code = |made: Result<Vec<u8>, crate::model::Damage>| made.expect_err("no page").code;
    assert_eq!(code(made(b"rubbish", 100, 100)), "SCN-008");
    assert_eq!(code(made(b"", 100, 100)), "SCN-008");
    let page: &[u8] =
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]\
        /Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[10 20 110 220]/Rotate 90>>endobj\n\
        trailer<</Root 1 0 R>>";
    for (width, height) in [(20_001, 10), (20_000, 20_000)] {
        assert_eq!(code(made(page, width, height)), "SCN-005");
    }
    let png = made(page, 200, 100).expect("a blank page");
    let reader = png::Decoder::new(std::io::Cursor::new(&png)).read_info().expect("a PNG");
    assert_eq!((reader.info().width, reader.info().height), (200, 100));
    // Our own failure is told as such, and the next one goes on.
    let lost = picture(|| Err(std::io::ErrorKind::NotFound.into()), 10, 10, &decoder);
    assert_eq!(lost.expect_err("no bytes").kind(), std::io::ErrorKind::NotFound);
    assert!(made(page, 10, 5).is_ok());
}
