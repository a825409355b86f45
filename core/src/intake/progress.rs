//! How far a long task is, for whoever watches it.

/// The parts of an import or an inspection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The bundle is listed and its text files are read.
    Reading,
    /// Scan files are probed.
    Probing,
    /// What is kept is made durable.
    Keeping,
    /// The records are written.
    Applying,
    /// Pages are decoded.
    Inspecting,
}

/// Is told how far a task is, from any thread, and may end it.
pub trait Progress: Sync {
    /// A part begins that has `total` steps (files or pages); 0 when that is not known.
    fn begin(&self, stage: Stage, total: u64);

    /// So many more steps are done.
    fn advance(&self, steps: u64);

    /// Whether the task is to end soon, leaving everything as it was.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Watches nothing.
impl Progress for () {
    fn begin(&self, _: Stage, _: u64) {}

    fn advance(&self, _: u64) {}
}
