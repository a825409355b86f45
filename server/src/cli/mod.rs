//! The command line: what was typed becomes what is done. One file a command.

mod accept;
mod account;
mod acts;
mod args;
mod backup;
mod caller;
mod close;
mod config;
mod import;
mod inspect;
mod keeping;
mod output;
mod progress;
mod rebuild;
mod render;
mod restore;
mod secrets;
mod serve;
mod session;
mod status;
mod validate;
mod verify;
mod yardstick;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use copiste_core::render::Press;

use args::{Command, Typed};
use caller::Caller;
use output::Output;

use crate::control::client;

/// How a command ended, when it did not fail outright.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// Exit code 0.
    Done,
    /// Exit code 1: refused, or a part failed and the output says which.
    Refused,
}

/// Reads the arguments and runs the command, or lets a running server run it.
pub(crate) fn run(press: fn() -> Press) -> ExitCode {
    let mut words: Vec<OsString> = std::env::args_os().collect();
    let mut typed = match Typed::try_parse_from(&words) {
        Ok(typed) => typed,
        Err(fault) => {
            // Help and version are not faults; clap knows which stream each belongs to.
            let code = if fault.use_stderr() { 2 } else { 0 };
            return match fault.print() {
                Ok(()) => ExitCode::from(code),
                Err(_) => ExitCode::from(code.max(1)),
            };
        }
    };
    if matches!(typed.command, Command::DecodeWorker) {
        return copiste_core::intake::worker::run();
    }
    let caller = Caller::alone();
    let needed = match secrets::needed(&mut typed.command, &mut words) {
        Ok(needed) => needed,
        Err(fault) => {
            caller.output().complain(&fault);
            return ExitCode::from(1);
        }
    };
    let code = here_or_there(typed, &words, press, &caller);
    if code == 0 && !needed.tell.is_empty() {
        let mut output = caller.output();
        let told = needed.tell.iter().try_for_each(|line| output.line(line)).and_then(|()| output.flush());
        if let Err(fault) = told {
            output.complain(&fault);
            return ExitCode::from(1);
        }
    }
    ExitCode::from(code)
}

/// Has a running server run the command, or runs it here; its exit code.
fn here_or_there(typed: Typed, words: &[OsString], press: fn() -> Press, caller: &Caller) -> u8 {
    if let Some(data) = typed.command.served() {
        match client::forward(data, words.get(1..).unwrap_or_default()) {
            Ok(None) => {}
            Ok(Some(code)) => return code,
            Err(fault) => {
                caller.output().complain(&fault);
                return 1;
            }
        }
    }
    to_end(typed.command, press, caller)
}

/// Runs a command and says what became of it; its exit code.
fn to_end(command: Command, press: fn() -> Press, caller: &Caller) -> u8 {
    let mut output = caller.output();
    let ending = perform(command, press, caller, &mut output);
    // What was said before a fault is said first.
    let flushed = output.flush();
    match ending.and_then(|ending| flushed.map(|()| ending)) {
        Ok(Ending::Done) => 0,
        Ok(Ending::Refused) => 1,
        Err(fault) => {
            output.complain(&fault);
            1
        }
    }
}

fn perform(
    command: Command,
    press: fn() -> Press,
    caller: &Caller,
    output: &mut Output,
) -> anyhow::Result<Ending> {
    match command {
        Command::Import(typed) => import::run(&typed, caller, output),
        Command::Inspect(typed) => inspect::run(&typed, caller, output),
        Command::Status(typed) => status::run(&typed, caller, output),
        Command::Accept(typed) => accept::run(&typed, caller, output),
        Command::Settings(typed) => acts::settings(&typed, caller, output),
        Command::Lock(typed) => acts::lock(&typed, caller, output),
        Command::Unlock(typed) => acts::unlock(&typed, caller, output),
        Command::Harmonise(typed) => acts::harmonise(&typed, caller, output),
        Command::Mark(typed) => acts::mark(&typed, caller, output),
        Command::Validate(typed) => validate::run(&typed, caller, output),
        Command::Close(typed) => close::run(&typed, caller, output),
        Command::Publish(typed) => acts::publish(&typed, caller, output),
        Command::Render(typed) => render::run(&typed, press, caller, output),
        Command::Hold(typed) => keeping::hold(&typed, caller, output),
        Command::Purge(typed) => keeping::purge(&typed, caller, output),
        Command::Account(typed) => account::run(&typed.command, caller, output),
        Command::Backup(typed) => backup::run(&typed, caller, output),
        Command::Restore(typed) => restore::run(&typed, caller, output),
        Command::Verify(typed) => verify::run(&typed, caller, output),
        Command::Serve(typed) => serve::run(&typed, press, caller, output),
        Command::Rebuild(typed) => rebuild::run(&typed, caller, output),
        Command::Config(typed) => config::run(&typed, output),
        Command::DecodeWorker => Ok(Ending::Done),
    }
}
