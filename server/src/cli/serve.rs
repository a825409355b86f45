//! `copiste serve`: keeps a data directory open, does what comes through its control socket, and with
//! `--listen` serves the API and the web pages.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use clap::Parser;
use copiste_core::process::closing::UnderWay;
use copiste_core::render::Press;

use super::args::{Data, Serve, Typed};
use super::caller::{Caller, Served};
use super::output::Output;
use super::session::{Session, now};
use super::{Ending, to_end};
use crate::api::app::App;
use crate::api::archives::Archives;
use crate::api::jobs::Jobs;
use crate::api::pictures::Pictures;
use crate::control::listener::Listener;
use crate::control::request::Request;
use crate::control::wire::{Kind, Wire};
use crate::http::service::Service;
use crate::metrics;
use crate::people::{People, first_administrator};

pub(super) fn run(
    typed: &Serve,
    press: fn() -> Press,
    caller: &Caller,
    output: &mut Output,
) -> anyhow::Result<Ending> {
    let data = Data { data: typed.data.clone(), role: None };
    let session = Session::to_serve(&data, caller)?;
    let (listener, ender) = Listener::open(&session.dir)?;
    let served = Arc::new(Served {
        dir: session.dir.clone(),
        store: Arc::clone(&session.store),
        under_way: Arc::new(UnderWay::default()),
        importing: std::sync::Mutex::default(),
        press: std::sync::OnceLock::new(),
    });
    let web = match typed.listen {
        Some(address) => Some(open_web(address, session, &served, press, output)?),
        None => None,
    };
    let web_ender = web.as_ref().map(Service::ender);
    let planner = web.as_ref().map(Service::planner);
    ctrlc::set_handler(move || {
        // Who asks a second time does not want to wait for what is being written.
        if !ender.end() {
            std::process::exit(130);
        }
        if let Some(web) = &web_ender {
            web.end();
        }
    })
    .context("CLI-013 cannot listen for Ctrl-C")?;
    output.line(format!("serving {}: commands go through its control socket", typed.data.display()))?;
    if let Some(web) = &web {
        output.line(format!("web pages and API: http://{}", web.address()))?;
    }
    output.flush()?;
    std::thread::scope(|scope| {
        if let Some(web) = web {
            scope.spawn(|| web.run());
        }
        listener.serve(&|request, wire| {
            let code = answer(request, wire, &served, press);
            if let Some(planner) = &planner {
                planner.wake();
            }
            code
        });
    });
    output.line("ended: every command has its answer")?;
    Ok(Ending::Done)
}

/// Opens the HTTP side. The first start makes an administrator, whose password is told this once.
fn open_web(
    address: SocketAddr,
    session: Session,
    served: &Arc<Served>,
    press: fn() -> Press,
    output: &mut Output,
) -> anyhow::Result<Service> {
    metrics::begin().context("HTT-154 nothing can be counted")?;
    let people = People::open(Arc::clone(&session.store), now())?;
    if let Some((login, password)) = first_administrator(&session.store, &people.passwords, now())? {
        output.line(format!(
            "first start: sign in as {login} with the password {password}, and choose another"
        ))?;
    }
    let press = served.press.get_or_init(|| Arc::new(press()));
    // Of its own: whoever looks at a page does not wait for an import.
    let pictures = Pictures::new(session.decoder()?);
    let app = App {
        store: session.store,
        dir: session.dir,
        scratch: session.scratch,
        settings: session.settings,
        under_way: Arc::clone(&served.under_way),
        press: Arc::clone(press),
        people,
        handover: Arc::default(),
        archives: Archives::default(),
        planner: Arc::default(),
        jobs: Jobs::default(),
        pictures,
        ending: Arc::default(),
        now,
    };
    Service::open(address, Arc::new(app))
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
