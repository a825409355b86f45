//! `copiste serve`: keeps a data directory open and does what comes through its control socket.

use std::sync::Arc;

use anyhow::Context;
use clap::Parser;
use copiste_core::journal::Role;
use copiste_core::process::closing::UnderWay;
use copiste_core::render::Press;

use super::args::{Data, Serve, Typed};
use super::caller::{Caller, Served};
use super::output::Output;
use super::session::Session;
use super::{Ending, to_end};
use crate::control::listener::Listener;
use crate::control::request::Request;
use crate::control::wire::{Kind, Wire};

pub(super) fn run(
    typed: &Serve,
    press: fn() -> Press,
    caller: &Caller,
    output: &mut Output,
) -> anyhow::Result<Ending> {
    let data = Data { data: typed.data.clone(), role: None };
    let session = Session::open(&data, Role::ExamOfficeManager, false, caller)?;
    let (listener, ender) = Listener::open(&session.dir)?;
    ctrlc::set_handler(move || {
        // Who asks a second time does not want to wait for what is being written.
        if !ender.end() {
            std::process::exit(130);
        }
    })
    .context("CLI-013 cannot listen for Ctrl-C")?;
    let served = Arc::new(Served {
        dir: session.dir,
        store: session.store,
        under_way: Arc::new(UnderWay::default()),
        importing: std::sync::Mutex::default(),
        press: std::sync::OnceLock::new(),
    });
    if let Some(address) = typed.listen {
        let noted =
            format!("--listen {address} is noted: HTTP comes with the next version, no port is opened");
        caller.stderr().say(&noted);
    }
    output.line(format!("serving {}: commands go through its control socket", typed.data.display()))?;
    output.flush()?;
    listener.serve(&|request, wire| answer(request, wire, &served, press));
    output.line("ended: every command has its answer")?;
    Ok(Ending::Done)
}

/// Runs a client's command; its exit code.
fn answer(request: &Request, wire: &Arc<Wire>, served: &Arc<Served>, press: fn() -> Press) -> u8 {
    let words = std::iter::once("copiste".into()).chain(request.arguments());
    let typed = match Typed::try_parse_from(words) {
        Ok(typed) => typed,
        // The client has understood it: it is of another version.
        Err(fault) => {
            let (kind, code) = if fault.use_stderr() { (Kind::Stderr, 2) } else { (Kind::Stdout, 0) };
            // Whoever is gone cannot be told.
            let _ = wire.send(kind, fault.render().to_string().as_bytes());
            return code;
        }
    };
    if typed.command.served().is_none() {
        wire.complain(
            "CTL-008 this command cannot go through a running server; nothing was changed; stop the server first",
        );
        return 1;
    }
    let name = request.arguments().first().map(|name| name.to_string_lossy().into_owned());
    let caller = Caller::client(Arc::clone(served), Arc::clone(wire), request.directory());
    let code = to_end(typed.command, press, &caller);
    tracing::info!(command = name, code, "a command of a client has ended");
    code
}
