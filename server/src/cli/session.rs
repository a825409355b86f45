//! What every command needs: settings, clock, actor, the data directory, the decoder.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use copiste_core::intake;
use copiste_core::intake::worker::{Decoder, DecoderOptions};
use copiste_core::journal::{Actor, Role};
use copiste_core::process::closing::UnderWay;
use copiste_core::store::{OpenOptions, Store};

use super::args::Data;
use super::caller::Caller;
use super::progress::Meter;
pub(super) use crate::clock::now;
use crate::counter::Counter;
use crate::settings::Settings;
use crate::telemetry;

/// A data directory, open, and who acts on it for whom.
pub(super) struct Session {
    pub(super) settings: Settings,
    pub(super) store: Arc<Store>,
    /// The data directory.
    pub(super) dir: PathBuf,
    /// For what a job puts aside while it runs.
    pub(super) scratch: PathBuf,
    pub(super) actor: Actor,
    /// Closings under way in this process.
    pub(super) under_way: Arc<UnderWay>,
    caller: Caller,
}

impl Session {
    /// Opens the data directory of a command whose usual role is `role`; makes it when `create`. For a
    /// client of this server it is the one that is served.
    pub(super) fn open(data: &Data, role: Role, create: bool, caller: &Caller) -> anyhow::Result<Session> {
        Session::open_with(OpenOptions::new(intake::load, secret), data, role, create, caller)
    }

    /// Opens a data directory to keep it open and to look things up in it for others.
    pub(super) fn to_serve(data: &Data, caller: &Caller) -> anyhow::Result<Session> {
        let options = OpenOptions::new(intake::load, secret).for_lookups(&data.data);
        Session::open_with(options, data, Role::ExamOfficeManager, false, caller)
    }

    fn open_with(
        options: OpenOptions,
        data: &Data,
        role: Role,
        create: bool,
        caller: &Caller,
    ) -> anyhow::Result<Session> {
        let dir = caller.served().map_or(&data.data, |served| &served.dir).clone();
        // The server reads them for each command as well: a changed file counts from the next one on.
        let settings = Settings::read(Some(&dir))?;
        if caller.served().is_none() {
            telemetry::start(&settings)?;
            if !create && !dir.is_dir() {
                bail!("CLI-001 there is no data directory {}; `copiste import` makes one", dir.display());
            }
        }
        let role = match &data.role {
            Some(text) => acting(text)?,
            None => role,
        };
        let (store, under_way) = match caller.served() {
            Some(served) => (Arc::clone(&served.store), Arc::clone(&served.under_way)),
            None => (Arc::new(opened(&dir, &options)?), Arc::default()),
        };
        let scratch = dir.join("scratch");
        let (actor, caller) = (Actor::operator(role), caller.clone());
        Ok(Session { settings, store, dir, scratch, actor, under_way, caller })
    }

    /// A path as it was typed, from the root.
    pub(super) fn place(&self, typed: &Path) -> PathBuf {
        self.caller.place(typed)
    }

    /// Shows progress to whoever asked.
    pub(super) fn meter(&self) -> Meter {
        Meter::new(self.caller.stderr(), self.caller.cancel())
    }

    /// Whether a client wants its command to end. Without a server nobody asks: what only reads, or changes
    /// everything or nothing, may be killed at any moment.
    pub(super) fn given_up(&self) -> impl Fn() -> bool + Sync + use<> {
        let cancel = self.caller.cancel();
        move || cancel.as_ref().is_some_and(|cancel| cancel.load(Ordering::Relaxed))
    }

    /// What ends a job within one copy a thread and an export within one request: a client's wish, or
    /// its leaving, or the server's end; without a server Ctrl-C or a polite kill, and a second one
    /// ends at once.
    pub(super) fn cancelled(&self) -> anyhow::Result<Arc<AtomicBool>> {
        self.caller.cancel().map_or_else(cancelled_by_signal, Ok)
    }

    /// Reaches Cyclades and IMAG'IN; nothing is sent yet.
    pub(super) fn counter(&self) -> anyhow::Result<Counter> {
        Counter::open(&self.settings, &self.under_way, self.cancelled()?)
    }

    /// The pool of decoding child processes: this very binary, started as a worker.
    pub(super) fn decoder(&self) -> anyhow::Result<Decoder> {
        let mut program = std::env::current_exe().context("CLI-008 cannot find the copiste binary itself")?;
        if !program.exists() {
            // While a server runs another version may have been put in its place.
            program = PathBuf::from("/proc/self/exe");
        }
        let options = DecoderOptions {
            count: self.settings.decoder_processes(),
            deadline: Duration::from_secs(self.settings.decoder_deadline_s()),
            memory: self.settings.decoder_memory_mb() << 20,
            ..DecoderOptions::default()
        };
        Ok(Decoder::new(program, vec!["decode-worker".into()], options))
    }
}

fn opened(dir: &Path, options: &OpenOptions) -> anyhow::Result<Store> {
    let store = Store::open(dir, options)?;
    if let Some(cut) = store.cut() {
        tracing::warn!(
            line = cut.line,
            bytes = cut.bytes,
            "the journal ended in an unfinished line, left by a process that was killed; it was set aside"
        );
    }
    Ok(store)
}

/// Reads `--as`.
fn acting(text: &str) -> anyhow::Result<Role> {
    match text.split_once(':') {
        None if text == "exam-office" => Ok(Role::ExamOfficeManager),
        None if text == "coordinator" => Ok(Role::AcademicCoordinator),
        None if text == "administrator" => Ok(Role::Administrator),
        Some(("school", uai)) if !uai.is_empty() => Ok(Role::School(uai.to_owned())),
        _ => bail!("CLI-009 --as takes exam-office, coordinator, school:UAI or administrator, not {text:?}"),
    }
}

/// 32 random bytes for a new data directory.
pub(super) fn secret() -> io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

/// Ctrl-C (or a polite kill) ends a job within one copy a thread and an export
/// within one request; a second one ends at once.
pub(super) fn cancelled_by_signal() -> anyhow::Result<Arc<AtomicBool>> {
    let cancel = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&cancel);
    ctrlc::set_handler(move || {
        if told.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })
    .context("CLI-013 cannot listen for Ctrl-C")?;
    Ok(cancel)
}

/// The view of an exam, or a refusal that names it.
pub(super) fn exam(store: &Store, id: &str) -> anyhow::Result<copiste_core::store::ExamView> {
    match store.exam(id)? {
        Some(view) => Ok(view),
        None => bail!("CLI-010 there is no exam {id:?}; `copiste status` lists them"),
    }
}
