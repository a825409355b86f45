//! What downloads of a closed exam's ZIP take: the first byte of a large one beside that of a small one, the memory
//! of fifty readers, the whole beside nginx with a ready-made file.
//!
//! `downloads [COPIES [ROUNDS [WHAT]]]`, by default 27,000 copies in the large exam and 5 rounds; WHAT is `first`,
//! `readers` or `nginx`, and only that is measured.
#![allow(clippy::print_stdout, reason = "printing is what this program is for")]

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use copiste_benches::exam::Exam;
use copiste_benches::median::{alternate, median};
use copiste_benches::memory::peak;
use copiste_benches::serving::{Server, planned, token};

/// Copies of the small exam.
const FEW: u32 = 100;

/// Readers at once.
const READERS: u32 = 50;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u32| {
        arguments.next().map_or(Ok(default), |argument| argument.parse()).map_err(io::Error::other)
    };
    let (copies, rounds) = (number(27_000)?, number(5)?.max(1) as usize);
    let wanted = arguments.next().unwrap_or_default();
    let is_wanted = |what: &str| what.contains(&wanted);
    if is_wanted("first") || is_wanted("readers") {
        let large = Shelf::of(copies, 1, &["--mix", "ccitt"])?;
        if is_wanted("first") {
            first_bytes(&large, copies, rounds)?;
        }
        if is_wanted("readers") {
            readers(&large, copies)?;
        }
    }
    if is_wanted("nginx") { beside_nginx(rounds) } else { Ok(()) }
}

/// A closed exam and a token for it.
struct Shelf {
    exam: Exam,
    token: String,
}

impl Shelf {
    fn of(copies: u32, pages: u32, options: &[&str]) -> io::Result<Shelf> {
        let exam = Exam::made(copies, pages, options)?;
        let token = token(&exam)?;
        Ok(Shelf { exam, token })
    }

    fn served(&self) -> io::Result<Server> {
        Server::copiste(&self.exam, &self.token)
    }

    /// The first byte after a start of the server, and the next time.
    fn first_bytes(&self, spans: &mut [Vec<Duration>; 2]) -> io::Result<()> {
        let served = self.served()?;
        // Whoever asks at the very start measures the start.
        std::thread::sleep(Duration::from_millis(500));
        for spans in spans {
            spans.push(served.first_byte()?);
        }
        Ok(())
    }
}

fn first_bytes(large: &Shelf, copies: u32, rounds: usize) -> io::Result<()> {
    let small = Shelf::of(FEW, 1, &["--mix", "ccitt"])?;
    for shelf in [large, &small] {
        let _served = shelf.served()?;
        let took = planned(&shelf.exam)?;
        println!(
            "{} copies were planned {:.2} s after the start",
            shelf.exam.copies.len(),
            took.as_secs_f64()
        );
    }
    let (mut of_large, mut of_small) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for _ in 0..rounds {
        large.first_bytes(&mut of_large)?;
        small.first_bytes(&mut of_small)?;
    }
    for ((large, small), when) in of_large.into_iter().zip(of_small).zip(["after a start", "the next time"]) {
        let (large, small) = (median(large).as_secs_f64() * 1e3, median(small).as_secs_f64() * 1e3);
        println!(
            "first byte of the ZIP {when}: {copies} copies {large:.1} ms, {FEW} copies {small:.1} ms; {:+.1} ms (at most +50)",
            large - small
        );
    }
    Ok(())
}

fn readers(large: &Shelf, copies: u32) -> io::Result<()> {
    let served = large.served()?;
    let start = Instant::now();
    let read: io::Result<Vec<u64>> = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS).map(|_| scope.spawn(|| served.read_whole())).collect();
        let died = || io::Error::other("a reader died");
        readers.into_iter().map(|reader| reader.join().unwrap_or_else(|_| Err(died()))).collect()
    });
    let bytes: u64 = read?.iter().sum();
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{READERS} readers of {copies} copies at once: {:.1} GB in {seconds:.1} s ({:.0} MB/s); memory of the server at \
         most {:.0} MB (below 200)",
        bytes as f64 / 1e9,
        bytes as f64 / 1e6 / seconds,
        peak(&served.process())? as f64 / 1e6
    );
    Ok(())
}

/// Each copy has scans of its own, so that neither side finds them in a processor's cache.
fn beside_nginx(rounds: usize) -> io::Result<()> {
    let shelf = Shelf::of(400, 4, &["--mix", "grey", "--resolution", "200", "--distinct"])?;
    let served = shelf.served()?;
    let ready_made = shelf.exam.path("ready-made.zip");
    served.curl(&ready_made)?;
    let bytes = std::fs::metadata(&ready_made)?.len();
    let Some(nginx) = Server::nginx(&ready_made)? else {
        println!("ZIP beside nginx: not measured, nginx is missing (Debian: nginx-light)");
        return Ok(());
    };
    let (away, ours) = (Path::new("/dev/null"), &served);
    let medians = alternate(rounds, || ours.curl(away), || nginx.curl(away), || Ok(()))?;
    let speed = |span: Duration| bytes as f64 / 1e6 / span.as_secs_f64();
    println!(
        "ZIP of {:.0} MB to curl over loopback: copiste {:.3} s ({:.0} MB/s), nginx with the ready-made file {:.3} s \
         ({:.0} MB/s); ratio {:.2} (at least 0.5)",
        bytes as f64 / 1e6,
        medians.ours.as_secs_f64(),
        speed(medians.ours),
        medians.floor.as_secs_f64(),
        speed(medians.floor),
        medians.ratio()
    );
    Ok(())
}
