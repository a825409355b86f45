//! Many readers at once.

use std::fs::File;
use std::io::Read as _;
use std::thread;

use copiste_tests::academy::Academy;
use copiste_tests::command::peak_so_far;
use copiste_tests::http::Ask;
use copiste_tests::size;
use sha2::{Digest as _, Sha256};

use crate::http::{ENTITY, Served, account, token};

const READERS: usize = 50;

/// Bytes read at a time: fifty whole archives have no room here either.
const PIECE: u64 = 1 << 16;

/// SHA-256 of pieces up to an empty one.
fn digest(mut next: impl FnMut() -> Vec<u8>) -> [u8; 32] {
    let mut sha256 = Sha256::new();
    loop {
        let piece = next();
        if piece.is_empty() {
            return sha256.finalize().into();
        }
        sha256.update(&piece);
    }
}

#[test]
fn fifty_readers_of_a_whole_wave_get_the_same_bytes_and_take_less_than_200_megabytes() {
    let copies = size::pick(2_000, 27_000);
    let academy =
        Academy::of(&format!("--kind one_off --candidates {copies} --pages 1 --mix ccitt --seed 142"));
    let reference = academy.rendered("reference.zip", &[]);
    account(&academy, "office", &format!("exam-office:{ENTITY}"));
    let token = token(&academy, "office", "read,download");
    let mut served = Served::start(&academy);
    let zip = format!("/api/v1/exams/{}/scripts.zip", academy.exam());
    let ask = Ask::get(&zip).bearer(&token);
    let read = || {
        let mut answering = ask.open(&served.authority);
        assert_eq!(answering.status, 200);
        digest(|| answering.take(PIECE))
    };
    let digests: Vec<_> = thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS).map(|_| scope.spawn(read)).collect();
        readers.into_iter().map(|reader| reader.join().expect("a reader")).collect()
    });
    let peak = peak_so_far(&served.child);
    let mut reference = File::open(reference).expect("an archive");
    let expected = digest(|| {
        let mut piece = Vec::new();
        (&mut reference).take(PIECE).read_to_end(&mut piece).expect("it can be read");
        piece
    });
    assert_eq!(digests.iter().filter(|digest| **digest == expected).count(), READERS);
    assert!(peak < 200_000_000, "{peak} bytes");
    served.stop();
}
