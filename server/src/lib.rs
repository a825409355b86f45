//! The command line of copiste, as a library, so that a third party can build a binary of his own
//! with other renderers: `copiste_server::run(my_press)`.
// Nothing that comes from outside may end the process: where a panic is proven impossible, the place says why.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable))]

mod api;
mod cli;
mod clock;
mod control;
mod counter;
mod front;
mod http;
mod metrics;
mod pages;
mod people;
mod profile;
mod room;
mod settings;
mod shown;
mod telemetry;

use std::process::ExitCode;

use copiste_core::render::Press;

/// Runs the command line with the process's own arguments.
///
/// `press` is called once, and only by commands that make PDFs. Exit codes: 0 done, 1 failed or
/// refused, 2 usage.
pub fn run(press: fn() -> Press) -> ExitCode {
    cli::run(press)
}
