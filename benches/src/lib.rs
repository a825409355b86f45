//! What copiste is measured against: the mere copying of the same scans.
//!
//! A number of seconds says little; the ratio to copying the same bytes, in the same run, on the
//! same disk, says how much of the machine is left unused. `cargo run --release -p copiste-benches
//! --bin ratios` prints the ratios of whole commands, `--bin searches` how long a search among a million
//! candidates takes, `--bin downloads` what a download takes beside another one; the criterion benches (`cargo bench -p
//! copiste-benches`) those of the steps.

pub mod crowd;
pub mod exam;
pub mod export;
pub mod floor;
pub mod measured;
pub mod median;
pub mod memory;
pub mod queries;
pub mod serving;
pub mod town;

/// The allocator of the `copiste` command: what is measured in this process is measured as it runs there.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
