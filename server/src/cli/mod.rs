//! The command line: what was typed becomes what is done. One file a command.

mod accept;
mod args;
mod config;
mod import;
mod inspect;
mod output;
mod progress;
mod render;
mod session;
mod status;
mod verify;
mod yardstick;

use std::process::ExitCode;

use clap::Parser;
use copiste_core::render::Press;

use args::{Command, Typed};
use output::Output;

/// How a command ended, when it did not fail outright.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// Exit code 0.
    Done,
    /// Exit code 1: refused, or a part failed and the output says which.
    Refused,
}

/// Reads the arguments and runs the command.
pub(crate) fn run(press: fn() -> Press) -> ExitCode {
    let typed = match Typed::try_parse() {
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
    let mut output = Output::new();
    let ending = match typed.command {
        Command::Import(typed) => import::run(&typed, &mut output),
        Command::Inspect(typed) => inspect::run(&typed, &mut output),
        Command::Status(typed) => status::run(&typed, &mut output),
        Command::Accept(typed) => accept::run(&typed, &mut output),
        Command::Render(typed) => render::run(&typed, press, &mut output),
        Command::Verify(typed) => verify::run(&typed, &mut output),
        Command::Config(typed) => config::run(&typed, &mut output),
        Command::DecodeWorker => Ok(Ending::Done),
    };
    match ending.and_then(|ending| output.finish().map(|()| ending)) {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Refused) => ExitCode::from(1),
        Err(fault) => {
            output::complain(&fault);
            ExitCode::from(1)
        }
    }
}
