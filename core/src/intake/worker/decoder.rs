//! The decoder: a few decoding processes, started when needed, used again, replaced when they fail.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::process::{Answer, Failure, Process};
use super::protocol::{Reply, Request};
use crate::model::Damage;

/// Seconds of processor time after which a forgotten process ends itself.
const PROCESSOR_SECONDS: u64 = 600;

/// How the decoding processes are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecoderOptions {
    /// How many may run at the same time.
    pub count: usize,
    /// How long one page may take.
    pub deadline: Duration,
    /// Bytes of address space each may have.
    pub memory: u64,
    /// Requests after which one is replaced by a fresh one.
    pub requests: u32,
}

impl Default for DecoderOptions {
    /// Two processes, 30 seconds a page, 2 GiB, replaced after 500 requests. The largest page the
    /// limits allow (150 megapixels in four colours) takes 1.1 GiB and some seconds.
    fn default() -> DecoderOptions {
        DecoderOptions { count: 2, deadline: Duration::from_secs(30), memory: 2 << 30, requests: 500 }
    }
}

/// Everything that decodes hostile bytes runs behind this: in processes with a memory limit and a
/// deadline, whose death damages one page and nothing else.
///
/// | code | meaning |
/// |---|---|
/// | DEC-001 | the process died, or answered rubbish |
/// | DEC-002 | it took longer than the deadline and was killed |
/// | DEC-003 | it needed more memory than it may have |
pub struct Decoder {
    program: PathBuf,
    args: Vec<OsString>,
    options: DecoderOptions,
    pool: Mutex<Pool>,
    freed: Condvar,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Process>,
    lent: usize,
}

impl Decoder {
    /// A decoder whose processes are started as `program args…`, which must run
    /// [`super::run`]. Nothing is started yet.
    pub fn new(program: impl Into<PathBuf>, args: Vec<OsString>, options: DecoderOptions) -> Decoder {
        let options = DecoderOptions { count: options.count.max(1), ..options };
        Decoder { program: program.into(), args, options, pool: Mutex::default(), freed: Condvar::new() }
    }

    /// The program that is started.
    pub fn program(&self) -> &Path {
        &self.program
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn. What is asked through one turn mostly goes to the same process, which
    /// remembers the file it read last.
    pub(crate) fn turn(&self) -> Turn<'_> {
        let mut pool = self.pool();
        while pool.lent >= self.options.count {
            pool = self.freed.wait(pool).unwrap_or_else(PoisonError::into_inner);
        }
        pool.lent += 1;
        Turn { decoder: self, process: pool.idle.pop() }
    }

    fn started(&self) -> io::Result<Result<Process, Failure>> {
        let mut process = Process::start(&self.program, &self.args)?;
        let limits = Request::Limits { memory: self.options.memory, processor: PROCESSOR_SECONDS };
        Ok(match process.ask(limits, &[], self.options.deadline) {
            Ok((Reply::Ready, _)) => {
                process.served = 0;
                Ok(process)
            }
            Ok(_) => Err(Failure::Rubbish("an answer to another question".to_owned())),
            Err(failure) => Err(failure),
        })
    }

    fn damage(&self, failure: &Failure) -> Damage {
        let (code, detail) = match failure {
            Failure::Slow => {
                ("DEC-002", format!("the decoder took longer than {} s", self.options.deadline.as_secs_f32()))
            }
            Failure::Died(words) if memchr::memmem::find(words, b"memory allocation of").is_some() => {
                ("DEC-003", format!("the decoder needed more than {} MiB", self.options.memory >> 20))
            }
            // What it said may quote the file: it stays out of the record.
            Failure::Died(_) => ("DEC-001", "the decoder crashed".to_owned()),
            Failure::Rubbish(what) => ("DEC-001", format!("the decoder answered rubbish: {what}")),
        };
        Damage { code: code.to_owned(), detail }
    }
}

/// The use of one decoding process, until dropped.
pub(crate) struct Turn<'a> {
    decoder: &'a Decoder,
    process: Option<Process>,
}

impl Turn<'_> {
    /// Asks. A process that died was replaced by the time this returns; when it had served before,
    /// its death may have been left over from an earlier file, so a fresh one is asked once more.
    ///
    /// # Errors
    /// When no process can be started at all. Whatever the file did to a process is damage.
    pub(crate) fn ask(
        &mut self,
        request: impl Fn() -> Request,
        attached: &[&[u8]],
    ) -> io::Result<Result<Answer, Damage>> {
        loop {
            let mut process = match self.process.take() {
                Some(process) => process,
                None => match self.decoder.started()? {
                    Ok(process) => process,
                    Err(failure) => return Ok(Err(self.decoder.damage(&failure))),
                },
            };
            let used = process.served > 0;
            match process.ask(request(), attached, self.decoder.options.deadline) {
                Ok((Reply::Damaged(fault), _)) => {
                    self.keep(process);
                    return Ok(Err(fault.into()));
                }
                Ok(answer) => {
                    self.keep(process);
                    return Ok(Ok(answer));
                }
                Err(Failure::Died(_)) if used => {}
                Err(failure) => return Ok(Err(self.decoder.damage(&failure))),
            }
        }
    }

    fn keep(&mut self, process: Process) {
        if process.served < self.decoder.options.requests {
            self.process = Some(process);
        }
    }

    /// The id of the process in use.
    #[cfg(test)]
    pub(crate) fn process_id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut pool = self.decoder.pool();
        pool.lent -= 1;
        pool.idle.extend(self.process.take());
        drop(pool);
        self.decoder.freed.notify_one();
    }
}
