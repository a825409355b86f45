//! How far a job is, told to whoever shows it.

/// What a job is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Composing every edition once, to know lengths and checksums.
    Plan,
    /// Writing copies.
    Write,
}

/// Told by the workers as they go, from several threads at once. Must not block.
pub trait Progress: Sync {
    /// A phase begins; `copies` and `bytes` are what it will go through (0 bytes while planning:
    /// they are what planning finds out).
    fn begin(&self, phase: Phase, copies: u64, bytes: u64);

    /// So many more copies and bytes are done.
    fn advance(&self, copies: u64, bytes: u64);
}

/// Shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn begin(&self, _phase: Phase, _copies: u64, _bytes: u64) {}

    fn advance(&self, _copies: u64, _bytes: u64) {}
}
