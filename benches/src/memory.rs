//! The memory of a process, as the system has counted it.

use std::fs;
use std::io;

/// The most memory that a process has had so far, in bytes; `self` is this one.
///
/// # Errors
/// When the system does not say.
pub fn peak(process: &str) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kilobytes.map(|kilobytes| kilobytes * 1024).ok_or_else(|| io::Error::other("the system does not say"))
}
