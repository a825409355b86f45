//! What every command needs: settings, clock, actor, the data directory, the decoder.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use copiste_core::intake;
use copiste_core::intake::worker::{Decoder, DecoderOptions};
use copiste_core::journal::{Actor, Role, Timestamp};
use copiste_core::store::{OpenOptions, Store};

use super::args::Data;
use crate::settings::Settings;
use crate::telemetry;

/// A data directory, open, and who acts on it.
pub(super) struct Session {
    pub(super) settings: Settings,
    pub(super) store: Store,
    /// For what a job puts aside while it runs.
    pub(super) scratch: PathBuf,
    pub(super) actor: Actor,
}

impl Session {
    /// Opens the data directory of a command whose usual role is `role`; makes it when `create`.
    pub(super) fn open(data: &Data, role: Role, create: bool) -> anyhow::Result<Session> {
        let settings = Settings::read(Some(&data.data))?;
        telemetry::start(&settings)?;
        if !create && !data.data.is_dir() {
            bail!("CLI-001 there is no data directory {}; `copiste import` makes one", data.data.display());
        }
        let role = match &data.role {
            Some(text) => acting(text)?,
            None => role,
        };
        let options = OpenOptions::new(intake::load, secret);
        let store = Store::open(&data.data, &options)?;
        if let Some(cut) = store.cut() {
            tracing::warn!(
                line = cut.line,
                bytes = cut.bytes,
                "the journal ended in an unfinished line, left by a process that was killed; it was set aside"
            );
        }
        let scratch = data.data.join("scratch");
        Ok(Session { settings, store, scratch, actor: Actor::operator(role) })
    }

    /// The pool of decoding child processes: this very binary, started as a worker.
    pub(super) fn decoder(&self) -> anyhow::Result<Decoder> {
        let program = std::env::current_exe().context("CLI-008 cannot find the copiste binary itself")?;
        let options = DecoderOptions {
            count: self.settings.decoder_processes(),
            deadline: Duration::from_secs(self.settings.decoder_deadline_s()),
            memory: self.settings.decoder_memory_mb() << 20,
            ..DecoderOptions::default()
        };
        Ok(Decoder::new(program, vec!["decode-worker".into()], options))
    }
}

/// Reads `--as`.
fn acting(text: &str) -> anyhow::Result<Role> {
    match text.split_once(':') {
        None if text == "exam-office" => Ok(Role::ExamOfficeManager),
        None if text == "coordinator" => Ok(Role::AcademicCoordinator),
        Some(("school", uai)) if !uai.is_empty() => Ok(Role::School(uai.to_owned())),
        _ => bail!("CLI-009 --as takes exam-office, coordinator or school:UAI, not {text:?}"),
    }
}

/// The clock, read here and passed on: nothing further in reads it.
pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// 32 random bytes for a new data directory.
fn secret() -> io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

/// The view of an exam, or a refusal that names it.
pub(super) fn exam(store: &Store, id: &str) -> anyhow::Result<copiste_core::store::ExamView> {
    match store.exam(id)? {
        Some(view) => Ok(view),
        None => bail!("CLI-010 there is no exam {id:?}; `copiste status` lists them"),
    }
}
