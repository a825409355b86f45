//! Whatever bytes come to the public socket of a real process, it goes on, and its memory stays what it was.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use copiste_tests::command::resident_memory;
use copiste_tests::http::Ask;
use copiste_tests::size;

use super::roles::world::World;

/// The same numbers in every run: xorshift64*.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let mixed = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(mixed).expect("31 bits") % below.max(1)
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        (0..self.roll(most)).map(|_| self.roll(256).to_le_bytes()[0]).collect()
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len())]
    }
}

/// Pieces that are put where they do not belong.
const PIECES: &[&[u8]] = &[
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\0",
    b"%00",
    b"%ff",
    b"%2e%2e/",
    b"/../",
    b"?",
    b"&q=",
    b"'; DROP TABLE--",
    b"<script>",
    b"Content-Length: 7\r\n",
    b"Content-Length: 18446744073709551615\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Range: bytes=0-,1-\r\n",
    b"Range: bytes=-99999999999999999999\r\n",
    b"Cookie: copiste_session=\r\n",
    b"Expect: 100-continue\r\n",
    b"{\"a\":[[[[[[[[[[",
    b"\xc3\x28",
    b" HTTP/1.1",
    b" HTTP/9.9\r\n",
    b"Authorization: Bearer \xff\r\n",
    b"GET ",
    b"TRACE ",
];

/// Good requests of every kind, in everybody's name.
fn good(world: &World) -> Vec<Vec<u8>> {
    let (exam, script) = (&world.things["one-off"], &world.things["one-off's"]);
    let targets = [
        ("GET", "/".to_owned(), ""),
        ("GET", "/healthz".to_owned(), ""),
        ("GET", "/metrics".to_owned(), ""),
        ("GET", "/api/v1/exams".to_owned(), ""),
        ("GET", format!("/api/v1/exams/{exam}?quality=true"), ""),
        ("GET", format!("/api/v1/exams/{exam}/scripts?q=a+b&limit=3"), ""),
        ("GET", format!("/api/v1/exams/{exam}/closing?rows=cyclades"), ""),
        ("GET", format!("/api/v1/scripts/{script}.pdf?without=marking"), ""),
        ("HEAD", format!("/api/v1/exams/{exam}/scripts.zip"), ""),
        ("GET", format!("/epreuves/{exam}/copies?q=%C3%A9"), ""),
        ("POST", format!("/api/v1/exams/{exam}/closing"), "{\"dry_run\":true}"),
        ("PUT", format!("/api/v1/exams/{exam}/settings"), "{\"question_count\":12}"),
        ("PUT", format!("/api/v1/scripts/{script}/mark"), "{\"mark\":\"no mark\",\"reason\":\"erreur\"}"),
        ("POST", "/api/v1/session".to_owned(), "{}"),
        ("POST", "/connexion".to_owned(), "login=&password="),
    ];
    let tokens: Vec<&String> = world.tokens.values().collect();
    let written = |(at, (method, target, body)): (usize, &(&str, String, &str))| {
        let (token, length) = (tokens[at % tokens.len()], body.len());
        format!(
            "{method} {target} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    };
    targets.iter().enumerate().map(written).collect()
}

/// A request that something has happened to.
fn mutated(dice: &mut Dice, good: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = if dice.roll(8) == 0 { dice.bytes(400) } else { dice.one(good).clone() };
    for _ in 0..=dice.roll(4) {
        let (at, to) = (dice.roll(bytes.len() + 1), dice.roll(bytes.len() + 1));
        match dice.roll(7) {
            0 if !bytes.is_empty() => {
                let last = bytes.len() - 1;
                bytes[at.min(last)] ^= 1 << dice.roll(8);
            }
            1 => bytes.truncate(at),
            2 => drop(bytes.drain(at.min(to)..at.max(to))),
            3 => drop(bytes.splice(at..at, dice.one(PIECES).iter().copied())),
            4 => drop(bytes.splice(at..at, dice.bytes(64))),
            5 => bytes.extend(dice.one(good).clone()),
            _ => {
                let (end, many) = (bytes.len().min(at + 8), dice.roll(2_000));
                let repeated = bytes[at..end].repeat(many);
                drop(bytes.splice(at..at, repeated));
            }
        }
    }
    bytes
}

/// Sends it in one or two pieces and reads what comes.
fn send(authority: &str, bytes: &[u8], cut: usize) {
    let mut wire = TcpStream::connect(authority).expect("it listens");
    wire.set_read_timeout(Some(Duration::from_secs(60))).expect("a limit can be set");
    let (first, second) = bytes.split_at(cut.min(bytes.len()));
    // It may have refused and closed already.
    let _ = wire.write_all(first).and_then(|()| wire.write_all(second));
    let _ = wire.shutdown(Shutdown::Write);
    let mut answers = Vec::new();
    let _ = wire.read_to_end(&mut answers);
    assert!(
        answers.is_empty() || answers.starts_with(b"HTTP/1.1 "),
        "{:?} is answered {:?}",
        String::from_utf8_lossy(bytes),
        String::from_utf8_lossy(&answers)
    );
}

#[test]
fn random_and_mutated_requests_leave_the_process_up_and_its_memory_flat() {
    let world = World::new("143");
    let (good, authority) = (good(&world), &world.served.authority);
    let mut dice = Dice(0x0C09_157E);
    let mut round = |count: usize| {
        for _ in 0..count {
            let (bytes, cut) = (mutated(&mut dice, &good), dice.roll(200));
            send(authority, &bytes, cut);
        }
        world.served.send(&Ask::get("/healthz")).expect(200);
    };
    // Until caches, threads and the allocator's arenas are there.
    round(size::pick(600, 5_000));
    let before = resident_memory(&world.served.child);
    let until = Instant::now() + Duration::from_secs(600);
    let mut rounds = 0;
    // In full by the clock, which is what is promised; else by number.
    while if size::full() { Instant::now() < until } else { rounds < 6 } {
        round(200);
        rounds += 1;
    }
    let after = resident_memory(&world.served.child);
    // Threads come and go, and jemalloc keeps what they freed for some seconds: 64 MiB of that is no leak. In full
    // it is some hundred thousand requests, and less than half a kilobyte for each.
    assert!(after < before + (64 << 20), "{before} bytes before, {after} after {} requests", rounds * 200);
    let log = world.served.log();
    for fault in ["HTT-023", "HTT-121", "panicked"] {
        assert!(
            !log.contains(fault),
            "{fault}: {}",
            log.lines().rfind(|line| line.contains(fault)).unwrap_or_default()
        );
    }
}
