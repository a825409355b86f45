//! The command line of copiste, as a library, so that a third party can build a binary of his own
//! with other renderers: `copiste_server::run(my_press)`.

mod api;
mod cli;
mod clock;
mod control;
mod counter;
mod front;
mod http;
mod pages;
mod people;
mod profile;
mod settings;
mod telemetry;
mod web;

use std::process::ExitCode;

use copiste_core::render::Press;

/// Runs the command line with the process's own arguments.
///
/// `press` is called once, and only by commands that make PDFs. Exit codes: 0 done, 1 failed or
/// refused, 2 usage.
pub fn run(press: fn() -> Press) -> ExitCode {
    cli::run(press)
}
