//! The `copiste` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    copiste_server::run(copiste_renderers::press)
}
