//! Scans that are torn, lie about themselves, or attack: each costs its own page, never the import.

use std::fs;

use copiste_tests::academy::{Academy, pdfs};
use copiste_tests::bundle::{Bundle, grey_png, number, painted_png};
use copiste_tests::command::{peak_memory, run, start_copiste};
use copiste_tests::needs;
use copiste_tests::paper::{Sheet, scanned_pdf};
use serde_json::json;

fn sheet(width: i32, height: i32) -> Sheet {
    Sheet { media: [0, 0, width, height], crop: [0, 0, width, height], rotate: 0 }
}

/// A PNG whose head claims another size than its data hold.
fn lying_png(width: u32, height: u32) -> Vec<u8> {
    let mut png = grey_png(100, 100, 200);
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let checksum = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&checksum.to_be_bytes());
    png
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = !0_u32;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 };
        }
    }
    !sum
}

/// Name in the bundle, and bytes: each must come out as a damaged page.
fn damaged() -> Vec<(&'static str, Vec<u8>)> {
    let png = painted_png(300, 400, |x, y| (x * 7 + y * 13) as u8);
    let pdf = scanned_pdf(&[sheet(595, 842)]);
    let half = |bytes: &[u8]| bytes[..bytes.len() / 2].to_vec();
    let replaced = |bytes: &[u8], from: &[u8], to: &[u8]| {
        let at = bytes.windows(from.len()).position(|window| window == from).expect("it is there");
        [&bytes[..at], to, &bytes[at + from.len()..]].concat()
    };
    vec![
        ("empty.png", Vec::new()),
        ("empty.jpg", Vec::new()),
        ("empty.tif", Vec::new()),
        ("empty.pdf", Vec::new()),
        ("words.jpg", b"this is no picture".to_vec()),
        ("half.png", half(&png)),
        ("half.pdf", half(&pdf)),
        ("huge.png", lying_png(60_000, 60_000)),
        ("no-width.png", lying_png(0, 100)),
        ("monstrous.png", lying_png(0x7FFF_FFFF, 0x7FFF_FFFF)),
        ("head.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0".to_vec()),
        ("loop.tif", b"II*\0\x08\0\0\0\0\0\x08\0\0\0".to_vec()),
        ("far.tif", b"II*\0\xff\xff\xff\x7f".to_vec()),
        ("no-page.pdf", scanned_pdf(&[])),
        ("own-parent.pdf", replaced(&pdf, b"/Kids [3 0 R]", b"/Kids [2 0 R]")),
        ("huge-picture.pdf", replaced(&pdf, b"/Width 40 /Height 40", b"/Width 600000 /Height 600000")),
    ]
}

#[test]
fn every_hostile_scan_costs_its_own_page_and_is_named_with_a_code() {
    for (name, bytes) in damaged() {
        let academy = Academy::empty();
        let mut bundle = Bundle::small(2);
        let file = format!("scans/{name}");
        bundle.files.push((file.clone(), bytes));
        bundle.scripts[0]["pages"] = json!([file, "scans/verso.png"]);
        bundle.write(&academy.bundle());
        let said = academy.copiste("import", &[&academy.bundle()]).expect(0).said();
        assert!(said.contains(&number(0)), "{name}: the candidate is not named: {said}");
        assert!(said.contains("SCN-") || said.contains("DEC-"), "{name}: no code: {said}");
        let told = |line: &str| line.contains("SCN-") || line.contains("DEC-");
        let other = said.lines().find(|line| told(line) && line.contains(&number(1)));
        assert!(other.is_none(), "{name}: another candidate is damaged too: {said}");
        let copies = pdfs(&academy.rendered("out", &[]));
        assert_eq!(copies.len(), 2, "{name}");
        academy.verified();
    }
}

#[test]
fn an_encrypted_pdf_is_damage_and_a_mislabelled_scan_is_known_by_its_content() {
    needs!(Qpdf);
    let academy = Academy::empty();
    let (plain, locked) = (academy.path("plain.pdf"), academy.path("locked.pdf"));
    fs::write(&plain, scanned_pdf(&[sheet(595, 842)])).expect("a PDF can be written");
    run("qpdf", &[&"--encrypt", &"secret", &"owner", &"256", &"--", &plain, &locked]).expect(0);
    let mut bundle = Bundle::small(3);
    bundle.files.push(("scans/locked.pdf".to_owned(), fs::read(&locked).expect("a PDF")));
    bundle.files.push(("scans/really-a-png.jpg".to_owned(), grey_png(248, 351, 220)));
    bundle.scripts[0]["pages"] = json!(["scans/locked.pdf"]);
    bundle.scripts[1]["pages"] = json!(["scans/really-a-png.jpg"]);
    for script in &mut bundle.scripts {
        script["annotations"] = json!([]);
    }
    bundle.write(&academy.bundle());
    let said = academy.copiste("import", &[&academy.bundle()]).expect(0).said();
    assert!(said.contains(&number(0)), "{said}");
    let damaged = said.lines().any(|line| line.contains("SCN-") && line.contains(&number(1)));
    assert!(!damaged, "a PNG called JPEG can be read: {said}");
    assert_eq!(pdfs(&academy.rendered("out", &[])).len(), 3);
}

#[test]
fn a_scan_of_one_pixel_is_a_page_like_any_other() {
    let academy = Academy::empty();
    let mut bundle = Bundle::small(1);
    bundle.files.push(("scans/dot.png".to_owned(), grey_png(1, 1, 0)));
    bundle.scripts[0]["pages"] = json!(["scans/dot.png"]);
    bundle.write(&academy.bundle());
    academy.copiste("import", &[&academy.bundle()]).expect(0);
    assert_eq!(pdfs(&academy.rendered("out", &[])).len(), 1);
}

#[test]
fn hostile_sizes_do_not_size_the_memory_of_an_import() {
    let academy = Academy::empty();
    let mut bundle = Bundle::small(1);
    let mut pages = Vec::new();
    for (name, bytes) in damaged() {
        pages.push(format!("scans/{name}"));
        bundle.files.push((format!("scans/{name}"), bytes));
    }
    bundle.scripts[0]["pages"] = json!(pages);
    bundle.scripts[0]["annotations"] = json!([]);
    bundle.write(&academy.bundle());
    let (data, folder) = (academy.data(), academy.bundle());
    let peak = peak_memory(&[&"import", &"--data", &data, &folder]);
    assert!(peak < 300_000_000, "{peak} bytes");
}

#[test]
fn a_decoder_that_dies_for_want_of_memory_damages_pages_and_never_the_import() {
    let academy = Academy::empty();
    let mut bundle = Bundle::small(2);
    bundle.files.push(("scans/alpha.png".to_owned(), transparent_png(2_000, 3_000)));
    bundle.scripts[0]["pages"] = json!(["scans/alpha.png"]);
    bundle.write(&academy.bundle());
    fs::create_dir_all(academy.data()).expect("a data directory can be made");
    // Too little to convert six million pixels, whatever the decoder does.
    fs::write(academy.data().join("copiste.toml"), "[decoder]\nmemory_mb = 24\n").expect("settings");
    let said = academy.copiste("import", &[&academy.bundle()]).expect(0).said();
    assert!(said.contains(&number(0)), "the page that could not be converted is not named: {said}");
    assert_eq!(pdfs(&academy.rendered("out", &[])).len(), 2);
    academy.verified();
}

/// Pages of so many pixels that must all be converted, each by itself, in scripts of ten pages.
fn converted_pages(count: u32, width: u32, height: u32) -> Bundle {
    let mut bundle = Bundle::small(count.div_ceil(10) as usize);
    for at in 0..count {
        bundle.files.push((format!("scans/alpha-{at}.png"), transparent_png(width + at, height)));
    }
    for (at, script) in bundle.scripts.iter_mut().enumerate() {
        let pages: Vec<String> = (0..10).map(|page| format!("scans/alpha-{}.png", at * 10 + page)).collect();
        script["pages"] = json!(pages);
        script["annotations"] = json!([]);
    }
    bundle
}

/// The decoding processes of a command: children of any of its threads that run the same program.
fn decoders(of: u32) -> Vec<rustix::process::Pid> {
    let tasks = fs::read_dir(format!("/proc/{of}/task")).into_iter().flatten().flatten();
    let lists: Vec<String> =
        tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok()).collect();
    let pids =
        lists.iter().flat_map(|list| list.split_whitespace()).filter_map(|pid| pid.parse::<i32>().ok());
    pids.filter(|pid| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains("decode-worker")
    })
    .filter_map(rustix::process::Pid::from_raw)
    .collect()
}

#[test]
fn a_decoder_that_hangs_or_crashes_damages_its_page_and_never_the_import() {
    use rustix::process::Signal;
    // A machine that does much else makes sound pages wait too, so the deadline is one that only a decoder that
    // was struck misses; each that hangs is waited for so long.
    // Whatever hangs is ended and costs its page. A process that dies costs one only if it had never answered;
    // what had is made up for by a fresh one. So where processes are to die, a page takes one so long that it is
    // struck before its first answer, however busy the machine is.
    for (signal, code, deadline, strikes, (pages, width, height)) in [
        (Signal::STOP, "DEC-002", 6, 2, (60, 600, 800)),
        (Signal::SEGV, "DEC-001", 60, 3, (10, 3_000, 4_000)),
    ] {
        let academy = Academy::empty();
        converted_pages(pages, width, height).write(&academy.bundle());
        fs::create_dir_all(academy.data()).expect("a data directory can be made");
        let settings = format!("[decoder]\nprocesses = 1\ndeadline_s = {deadline}\n");
        fs::write(academy.data().join("copiste.toml"), settings).expect("settings");
        let (data, bundle, log) = (academy.data(), academy.bundle(), academy.path("log"));
        let mut import = start_copiste(&[&"import", &"--data", &data, &bundle], &log);
        // Processes are struck as soon as they are there, with most pages still to do.
        let mut struck = Vec::new();
        let ended = loop {
            for decoder in decoders(import.id()) {
                if struck.len() < strikes && !struck.contains(&decoder) {
                    struck.push(decoder);
                    // It may have ended meanwhile; then it is not one of those that count.
                    let _gone = rustix::process::kill_process(decoder, signal);
                }
            }
            if let Some(ended) = import.try_wait().expect("a child can be waited for") {
                break ended;
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        };
        let said = fs::read_to_string(&log).expect("a log");
        assert!(ended.success(), "{signal:?}: {said}");
        assert!(struck.len() >= 2, "{signal:?}: {said}");
        assert!(said.contains(code), "{signal:?}: {said}");
        let damaged = academy.copiste("status", &[&"--json"]).expect(0).json();
        let damaged = damaged[0]["scanning"]["damaged_pages"]["count"].as_u64().expect("a count");
        assert!((1..=struck.len() as u64).contains(&damaged), "{signal:?}: {damaged} pages: {said}");
        // The scans themselves are sound, so the same bundle mends what the decoder could not do.
        academy.copiste("import", &[&academy.bundle()]).expect(0);
        let mended = academy.copiste("status", &[&"--json"]).expect(0).json();
        assert_eq!(mended[0]["scanning"]["damaged_pages"]["count"], 0, "{signal:?}");
        assert_eq!(pdfs(&academy.rendered("out", &[])).len(), pages.div_ceil(10) as usize);
        academy.verified();
    }
}

/// Must be converted: a PDF's picture has no alpha of its own.
fn transparent_png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().expect("a PNG can be begun");
    let pixels: Vec<u8> = (0..width * height).flat_map(|at| [at as u8, 90, 120, (at >> 8) as u8]).collect();
    writer.write_image_data(&pixels).expect("a PNG can be written");
    writer.finish().expect("a PNG can be ended");
    bytes
}
