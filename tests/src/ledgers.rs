//! Cyclades and IMAG'IN in this process: the stand-ins' ledgers behind the product's own trait, with the
//! world's ill will between them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use copiste_core::exchange::rows::RejectedRow;
use copiste_core::exchange::{Adapter, Committed, ExportName, Fault, Held, HeldState, Pace, Whole};
use copiste_core::journal::{Target, Timestamp, hex, instant, parse_instant};
use copiste_fixtures::simulate::{self, Answer, Claim, ExportState, Ledger, Refusal, Rejection, Scope};

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strike {
    /// Nothing.
    Spare,
    /// Not executed, 503.
    Busy,
    /// Executed, and the answer is lost.
    LostAnswer,
    /// Not executed, refused for good.
    Refused,
    /// A commit is executed whenever [`World::deliver`] is called, and answered 503 now. Any other
    /// request is only answered so.
    Late,
    /// A commit rejects so many rows.
    Reject(usize),
    /// Cyclades publishes right after it was executed.
    Publishes,
    /// The process ends before it leaves.
    KilledBefore,
    /// The process ends before its answer is read.
    KilledAfter,
}

/// What a process that ends leaves on the stack, so that nobody takes it for a failed assertion.
pub struct Killed;

/// What a target holds, and what came of every commit.
pub struct Books {
    /// The rules.
    pub ledger: Ledger,
    /// The commits that counted, in order, each once: number, and what was answered.
    pub commits: Vec<(u64, Answer)>,
    /// Those of them that were executed after they had been answered otherwise.
    pub late: BTreeSet<u64>,
    /// Every chunk that was new to the ledger, by export, and how often it came.
    pub chunks: BTreeMap<(u64, u32), u32>,
}

/// Both targets, the clock, and what is still to go wrong.
pub struct World {
    inner: Mutex<Inner>,
}

struct Inner {
    books: BTreeMap<Target, Books>,
    strikes: VecDeque<Strike>,
    waiting: Vec<(Target, ExportName, Claim)>,
    published_at: Timestamp,
    elapsed: Duration,
    now: Timestamp,
}

/// The one exam of a world.
pub const EXAM: &str = "E1";

impl World {
    /// Two empty ledgers.
    #[expect(clippy::new_without_default, reason = "a world is made, not defaulted to")]
    pub fn new() -> World {
        let books = |target| Books {
            ledger: Ledger::new(target),
            commits: Vec::new(),
            late: BTreeSet::new(),
            chunks: BTreeMap::new(),
        };
        let books = [
            (Target::Cyclades, books(simulate::Target::Cyclades)),
            (Target::Imagin, books(simulate::Target::Imagin)),
        ];
        let inner = Inner {
            books: BTreeMap::from(books),
            strikes: VecDeque::new(),
            waiting: Vec::new(),
            published_at: 1_600_000_000,
            elapsed: Duration::ZERO,
            now: 1_577_836_800,
        };
        World { inner: Mutex::new(inner) }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A killed process is a panic here.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What happens to the next requests, one each; nothing to later ones.
    pub fn strike(&self, strikes: &[Strike]) {
        self.inner().strikes = strikes.iter().copied().collect();
    }

    /// Executes the commits that are late.
    pub fn deliver(&self) {
        let mut inner = self.inner();
        for (target, export, claim) in std::mem::take(&mut inner.waiting) {
            let books = inner.books(target);
            // Refused when it comes too late: then it changes nothing, which is the point.
            if let Ok(settled) = books.ledger.commit(&export.exam, export.number, &claim, 0)
                && settled.first
            {
                books.late.insert(export.number);
                books.commits.push((export.number, settled.answer));
            }
        }
    }

    /// Cyclades publishes.
    pub fn publish(&self) {
        self.inner().publish();
    }

    /// Whether it has.
    pub fn is_published(&self) -> bool {
        self.inner().books(Target::Cyclades).ledger.publication(EXAM).is_some()
    }

    /// Looks at a target's books.
    pub fn books<T>(&self, target: Target, look: impl FnOnce(&Books) -> T) -> T {
        look(self.inner().books(target))
    }
}

impl Inner {
    fn books(&mut self, target: Target) -> &mut Books {
        self.books.get_mut(&target).expect("both targets have books")
    }

    fn publish(&mut self) {
        let at = instant(self.published_at);
        self.books(Target::Cyclades).ledger.publish(EXAM, &at);
    }
}

/// One target of a world.
pub struct Door<'a> {
    world: &'a World,
    target: Target,
}

impl<'a> Door<'a> {
    /// To this target.
    pub fn to(world: &'a World, target: Target) -> Door<'a> {
        Door { world, target }
    }

    /// Sends a request through whatever strikes it.
    fn request<T>(&self, act: impl FnOnce(&mut Inner, usize) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut inner = self.world.inner();
        let passing =
            |code, detail: &str| Err(Fault::Passing { code, detail: detail.to_owned(), after: None });
        match inner.strikes.pop_front().unwrap_or(Strike::Spare) {
            Strike::Spare => act(&mut inner, 0),
            Strike::Busy | Strike::Late => passing("EXC-003", "busy"),
            Strike::Refused => Err(Fault::Final { code: "EXC-005", detail: "refused".to_owned() }),
            Strike::Reject(rows) => act(&mut inner, rows),
            Strike::LostAnswer => {
                let _ = act(&mut inner, 0);
                passing("EXC-001", "the connection closed")
            }
            Strike::Publishes => {
                let answer = act(&mut inner, 0);
                inner.publish();
                answer
            }
            Strike::KilledBefore => std::panic::resume_unwind(Box::new(Killed)),
            Strike::KilledAfter => {
                let _ = act(&mut inner, 0);
                std::panic::resume_unwind(Box::new(Killed))
            }
        }
    }
}

fn refused(refusal: &Refusal) -> Fault {
    match refusal.status() {
        409 => Fault::TooLate,
        422 => Fault::Mismatch,
        _ => Fault::Final { code: "EXC-005", detail: refusal.code().to_owned() },
    }
}

fn rejected(rejected: &[Rejection]) -> Vec<RejectedRow> {
    let row = |row: &Rejection| RejectedRow {
        key: row.key.clone(),
        code: row.code.clone(),
        reason: row.reason.clone(),
    };
    rejected.iter().map(row).collect()
}

impl Adapter for Door<'_> {
    fn target(&self) -> Target {
        self.target
    }

    fn place(&self) -> String {
        "a ledger in this process".to_owned()
    }

    fn put_chunk(&self, export: &ExportName, number: u32, body: &[u8]) -> Result<(), Fault> {
        self.request(|inner, _| {
            let books = inner.books(self.target);
            *books.chunks.entry((export.number, number)).or_default() += 1;
            let put = books.ledger.put_chunk(&export.exam, export.number, number, body);
            put.map(|_| ()).map_err(|refusal| refused(&refusal))
        })
    }

    fn commit(&self, export: &ExportName, whole: &Whole) -> Result<Committed, Fault> {
        let scope = if whole.replaces_all { Scope::Exam } else { Scope::Rows };
        let sha256 = hex::encode(&whole.sha256);
        let claim = Claim { chunks: whole.chunks, rows: whole.rows, sha256, scope };
        if self.world.inner().strikes.front() == Some(&Strike::Late) {
            self.world.inner().waiting.push((self.target, export.clone(), claim.clone()));
        }
        self.request(|inner, reject| {
            let books = inner.books(self.target);
            let settled = books.ledger.commit(&export.exam, export.number, &claim, reject);
            let settled = settled.map_err(|refusal| refused(&refusal))?;
            if settled.first {
                books.commits.push((export.number, settled.answer.clone()));
            }
            let Answer { accepted, rejected: rows } = settled.answer;
            Ok(Committed { accepted, rejected: rejected(&rows) })
        })
    }

    fn held(&self, export: &ExportName) -> Result<Held, Fault> {
        self.request(|inner, _| {
            let status = inner.books(self.target).ledger.state(&export.exam, export.number);
            Ok(status.map_or(Held { state: HeldState::Unheard, chunks: Vec::new() }, |status| {
                let state = match status.state {
                    ExportState::Open => HeldState::Open,
                    ExportState::Superseded => HeldState::Superseded,
                    ExportState::Committed => HeldState::Committed(Committed {
                        accepted: status.accepted,
                        rejected: rejected(&status.rejected),
                    }),
                };
                Held { state, chunks: status.chunks }
            }))
        })
    }

    fn publication(&self, exam: &str) -> Result<Option<Timestamp>, Fault> {
        self.request(|inner, _| Ok(inner.books(self.target).ledger.publication(exam).and_then(parse_instant)))
    }
}

impl Pace for World {
    fn elapsed(&self) -> Duration {
        self.inner().elapsed
    }

    fn now(&self) -> Timestamp {
        let mut inner = self.inner();
        inner.now += 1;
        inner.now
    }

    fn wait(&self, time: Duration) -> bool {
        self.inner().elapsed += time;
        true
    }

    fn chance(&self) -> f64 {
        0.5
    }
}
