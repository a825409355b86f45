//! Exports to the stand-in for Cyclades, and a bare loop that sends it the same bytes.

use std::cell::Cell;
use std::io::{self, BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use copiste_core::exchange::rows::Chunks;
use copiste_core::exchange::{Http, HttpOptions, Pace};
use copiste_core::journal::{Actor, Role, Target, Timestamp};
use copiste_core::process::closing::{ClosingDesk, OutcomeCodes, UnderWay};
use copiste_core::process::quality::Policy;
use copiste_core::rope::BlobSource as _;
use copiste_core::store::Export;
use sha2::{Digest as _, Sha256};

use crate::crowd::{Crowd, EXAM};
use crate::exam::built;

/// `copiste-fixtures simulate`, which ends with the value.
pub struct StandIns {
    process: Child,
    /// `http://127.0.0.1:…`.
    address: String,
}

impl StandIns {
    /// Starts it; what it holds lies beside the crowd.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(crowd: &Crowd) -> io::Result<StandIns> {
        let mut process = Command::new(built()?.join("copiste-fixtures"))
            .args(["simulate", "--listen", "127.0.0.1:0", "--state"])
            .arg(crowd.path("state"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        if let Some(out) = process.stdout.as_mut() {
            BufReader::new(out).read_line(&mut address)?;
        }
        Ok(StandIns { process, address: address.trim().trim_end_matches('/').to_owned() })
    }
}

impl Drop for StandIns {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The clock on the wall.
struct Wall(Instant);

impl Pace for Wall {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn now(&self) -> Timestamp {
        1_580_000_000
    }

    fn wait(&self, time: Duration) -> bool {
        std::thread::sleep(time);
        true
    }

    fn chance(&self) -> f64 {
        0.5
    }
}

/// Closes the exam, or sends both exports again: the records looked at for the quality sheet and made into
/// rows, these kept, journalled, sent, committed, the answer journalled. Gives how long the export of marks
/// itself took, as the journal has it: from the first chunk read back to the answer of the commit.
///
/// # Errors
/// When not every row is accepted.
pub fn close(crowd: &Crowd, stand_ins: &StandIns) -> io::Result<Duration> {
    let http = |target, name: &str| {
        let base = format!("{}/{name}", stand_ins.address);
        let options = HttpOptions { base, token: None, timeout: Duration::from_secs(60), authorities: None };
        Http::new(target, &options).map_err(io::Error::other)
    };
    let scratch = crowd.path("scratch");
    let desk = ClosingDesk {
        store: &crowd.store,
        cyclades: &http(Target::Cyclades, "cyclades")?,
        imagin: &http(Target::Imagin, "imagin")?,
        pace: &Wall(Instant::now()),
        budget: Duration::from_secs(600),
        codes: &OutcomeCodes::default(),
        quality: &Policy::default(),
        scratch: &scratch,
        actor: &Actor::operator(Role::ExamOfficeManager),
        under_way: &UnderWay::default(),
    };
    let report = desk.close(EXAM, true).map_err(io::Error::other)?;
    let marks = report.exports.iter().find(|export| export.target == Target::Cyclades);
    match marks {
        Some(marks) if report.is_whole() => Ok(Duration::from_millis(marks.took_ms)),
        _ => Err(io::Error::other(format!("{report:?}"))),
    }
}

/// The chunks of the exam's last export of marks, in memory, each with its digest.
pub struct Bodies {
    chunks: Vec<(Vec<u8>, String)>,
    /// Their bytes.
    pub bytes: u64,
    /// Exams that were made up so far: each is sent to once.
    sent: Cell<u32>,
}

impl Bodies {
    /// Reads them back from the store.
    ///
    /// # Errors
    /// When there was no export, or it cannot be read.
    pub fn of(crowd: &Crowd) -> io::Result<Bodies> {
        let exports = crowd.view()?.exports().map_err(io::Error::other)?;
        let last = exports.iter().rev().find(|export| export.target == Target::Cyclades);
        let Export { rows, chunks, .. } = last.ok_or_else(|| io::Error::other("nothing was exported"))?;
        let kept = Chunks::of(crowd.store.blobs().open(rows)?, chunks);
        let chunks: Vec<_> = (1..=kept.count())
            .map(|number| {
                let body = kept.body(number)?;
                let digest = format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(&body)));
                Ok((body, digest))
            })
            .collect::<io::Result<_>>()?;
        Ok(Bodies { chunks, bytes: rows.length, sent: Cell::new(0) })
    }

    /// Puts them, and does nothing else: for an exam of its own, so that none is known already.
    ///
    /// # Errors
    /// When one is not taken.
    pub fn put(&self, stand_ins: &StandIns) -> io::Result<()> {
        self.sent.set(self.sent.get() + 1);
        let agent = ureq::Agent::config_builder().build().new_agent();
        for ((body, digest), number) in self.chunks.iter().zip(1..) {
            let base = &stand_ins.address;
            let address = format!("{base}/cyclades/exams/bare-{}/exports/1/chunks/{number}", self.sent.get());
            let answer = agent.put(address).header("Content-Digest", digest).send(&body[..]);
            answer.map_err(io::Error::other)?;
        }
        Ok(())
    }
}
