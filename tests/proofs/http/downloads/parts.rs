//! Lengths, tags, parts, and who reads beside whom.

use std::collections::BTreeSet;

use copiste_tests::academy::lines;
use copiste_tests::http::Reply;
use copiste_tests::size;
use proptest::prelude::Strategy;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::{Shelf, same};

/// Numbers that are the same at every run.
pub(super) fn random<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>, count: usize) -> Vec<T> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    (0..count).map(|_| strategy.new_tree(&mut runner).expect("a value").current()).collect()
}

fn length(reply: &Reply) -> usize {
    reply.header("content-length").and_then(|length| length.parse().ok()).expect("a length")
}

fn tag(reply: &Reply) -> String {
    let tag = reply.header("etag").expect("a tag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 16, "a strong tag: {tag}");
    tag
}

#[test]
fn every_part_of_zip_and_pdf_is_the_part_of_the_whole_and_the_log_says_who_took_what() {
    let shelf = Shelf::of("6", "111");
    let served = &shelf.served;
    let list = served.get(&format!("/api/v1/exams/{}/scripts", shelf.academy.exam()), &shelf.office);
    let row = &list["scripts"]
        .as_array()
        .expect("rows")
        .iter()
        .find(|row| row["script"].is_string())
        .expect("one")
        .clone();
    let script = row["script"].as_str().expect("an id");
    let folder = shelf.academy.rendered("pdfs", &[]);
    let number = row["candidate_number"].as_str().expect("a number");
    let pdfs = copiste_tests::academy::pdfs(&folder);
    let pdf = pdfs.iter().find(|path| path.to_string_lossy().contains(number)).expect("his");
    let pdf_bytes = std::fs::read(pdf).expect("a PDF");
    let mut wanted = Vec::new();
    for (what, target, kind, whole) in [
        ("zip", shelf.zip.clone(), "application/zip", &shelf.reference),
        ("pdf", format!("/api/v1/scripts/{script}.pdf"), "application/pdf", &pdf_bytes),
    ] {
        let ask = copiste_tests::http::Ask::get(&target).cookie(&shelf.office);
        let reply = served.send(&ask).expect(200);
        same(&reply.body, whole, what);
        wanted.push((what, whole.len(), true));
        assert_eq!(
            (reply.header("content-type"), reply.header("accept-ranges")),
            (Some(kind), Some("bytes"))
        );
        assert!(
            reply.header("content-disposition").is_some_and(|name| name.contains("attachment; filename="))
        );
        let tag = tag(&reply);
        let head = served.send(&ask.clone().into_head()).expect(200);
        wanted.push((what, 0, false));
        for header in ["content-length", "content-type", "etag", "accept-ranges", "content-disposition"] {
            assert_eq!(head.header(header), reply.header(header), "HEAD says of {header} what GET says");
        }

        let mut part = |range: String, expected: std::ops::Range<usize>, more: Option<&str>| {
            let mut ask = ask.clone().with("Range", &range);
            if let Some(tag) = more {
                ask = ask.with("If-Range", tag);
            }
            let reply = served.send(&ask).expect(206);
            same(&reply.body, &whole[expected.clone()], &range);
            let says = format!("bytes {}-{}/{}", expected.start, expected.end - 1, whole.len());
            assert_eq!(reply.header("content-range"), Some(&*says));
            assert_eq!((length(&reply), reply.header("etag")), (expected.len(), Some(&*tag)));
            wanted.push((what, expected.len(), expected.end == whole.len()));
        };
        let end = whole.len();
        for (at, count) in random((0..end, 1_usize..300_000), size::pick(100, 2_000)) {
            let stop = (at + count).min(end);
            part(format!("bytes={at}-{}", stop - 1), at..stop, None);
        }
        part("bytes=0-0".to_owned(), 0..1, None);
        part("bytes=-1".to_owned(), end - 1..end, None);
        part(format!("bytes={}-", end / 2), end / 2..end, Some(&tag));
        part(format!("bytes=-{}", end * 2), 0..end, Some(&tag));

        for (other, now) in
            [("\"another\"", 200), (&*format!("W/{tag}"), 200), ("Sat, 04 Jul 2020 08:00:00 GMT", 200)]
        {
            let reply =
                served.send(&ask.clone().with("Range", "bytes=5-9").with("If-Range", other)).expect(now);
            same(&reply.body, whole, "another tag gets the whole");
            wanted.push((what, whole.len(), true));
        }
        for known in [&*tag, "*", &*format!("\"another\", W/{tag}")] {
            let reply = served.send(&ask.clone().with("If-None-Match", known)).expect(304);
            assert_eq!((reply.body.len(), reply.header("etag")), (0, Some(&*tag)));
        }
        let reply = served.send(&ask.clone().with("If-None-Match", "\"another\"")).expect(200);
        same(&reply.body, whole, "nothing of the same");
        wanted.push((what, whole.len(), true));
        let beyond = served.send(&ask.clone().with("Range", &format!("bytes={end}-"))).expect(416);
        assert_eq!(beyond.header("content-range"), Some(&*format!("bytes */{end}")));
        let reply = served.send(&ask.clone().with("Range", "bytes=0-1,4-5")).expect(200);
        same(&reply.body, whole, "several ranges get the whole");
        wanted.push((what, whole.len(), true));
    }
    // One line each, of what was sent: nothing of it to whoever asks for the head alone.
    let log = shelf.accesses(wanted.len());
    let said: Vec<_> = log
        .iter()
        .map(|line| {
            let bytes = usize::try_from(line["bytes"].as_u64().expect("a number")).expect("it fits");
            (line["what"].as_str().expect("a kind"), bytes, line["whole"] == true)
        })
        .collect();
    let sorted = |mut all: Vec<(&str, usize, bool)>| -> Vec<String> {
        all.sort_unstable();
        all.iter().map(|line| format!("{line:?}")).collect()
    };
    assert_eq!(sorted(said), sorted(wanted));
    nobody_is_named(&shelf, &log);
}

/// No name and no candidate's number is in the access log or in the server's.
fn nobody_is_named(shelf: &Shelf, log: &[serde_json::Value]) {
    let text: String = log.iter().map(|line| format!("{line}\n")).collect::<String>() + &shelf.served.log();
    let ids: BTreeSet<&str> = log.iter().filter_map(|line| line["account"].as_str()).collect();
    assert_eq!(ids.len(), 1, "one account: {ids:?}");
    assert!(!text.contains("\"office\""), "a login is in a log");
    for one in lines(&shelf.academy.bundle(), "candidates.jsonl") {
        for field in ["number", "last_name"] {
            let hidden = one[field].as_str().expect("a text");
            assert!(!text.contains(hidden), "{field} {hidden} is in a log");
        }
    }
}

#[test]
fn a_reader_who_stalls_costs_nobody_else_anything_and_counts_as_what_he_took() {
    let shelf = Shelf::of(size::pick("60", "200"), "112");
    assert!(shelf.reference.len() > 24 << 20, "{} bytes fit into buffers", shelf.reference.len());
    // More of them than there are threads that answer.
    let mut stalled: Vec<_> = (0..20).map(|_| shelf.ask().open(&shelf.served.authority)).collect();
    for one in &mut stalled {
        assert_eq!(one.take(1_000).len(), 1_000);
    }
    for _ in 0..2 {
        same(&shelf.served.send(&shelf.ask()).expect(200).body, &shelf.reference, "beside those who stall");
    }
    let count = stalled.len();
    // One of them reads on after all.
    let patient = stalled.pop().expect("one of them").to_end();
    same(&patient.body, &shelf.reference[1_000..], "who waited long");
    drop(stalled);
    let log = shelf.accesses(count + 2);
    let whole = log.iter().filter(|line| line["whole"] == true).count();
    assert_eq!(whole, 3, "{log:#?}");
    for line in log.iter().filter(|line| line["whole"] == false) {
        let bytes = line["bytes"].as_u64().expect("a number");
        assert!(bytes >= 1_000 && bytes < shelf.reference.len() as u64, "{line}");
    }
}

#[test]
fn a_scan_that_is_deleted_in_the_middle_cuts_the_connection_and_nothing_is_padded() {
    let shelf = Shelf::of(size::pick("60", "200"), "113");
    let length = shelf.reference.len() as u64;
    let mut reading = shelf.ask().open(&shelf.served.authority);
    let mut got = reading.take(1_000);
    let blobs = copiste_tests::sources::files(&shelf.academy.path("data/blobs"));
    assert!(blobs.len() > 100, "{} blobs", blobs.len());
    for blob in &blobs {
        std::fs::remove_file(blob).expect("it can be deleted");
    }
    got.extend(reading.to_end().body);
    assert!((got.len() as u64) < length, "it had left before the scans were gone");
    same(&got, &shelf.reference[..got.len()], "what came before the cut");
    let line = shelf.accesses(1).remove(0);
    assert_eq!((&line["whole"], line["bytes"].as_u64()), (&false.into(), Some(got.len() as u64)), "{line}");
    assert!(shelf.served.log().contains("HTT-021"), "{}", shelf.served.log());
    // The server goes on, and says of the next what is wrong instead of sending something else.
    let next = shelf.ask().open(&shelf.served.authority).to_end();
    assert!(next.body.len() < shelf.reference.len(), "there is nothing to send");
    shelf.served.send(&copiste_tests::http::Ask::get("/healthz")).expect(200);
}
