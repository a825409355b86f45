//! The `copiste` command.

use std::process::ExitCode;

/// The allocator of glibc keeps what one thread freed for that thread: rendering 27,000 copies took twice
/// the memory, and more or less of it from run to run.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    copiste_server::run(copiste_renderers::press)
}
