//! The copy being drawn.

/// Sheets in order, reading order, text: what renderers fill and a composer reads. Cleared and
/// used again for the next copy.
#[derive(Default)]
pub struct Copy {}

impl Copy {
    /// Makes ready for another copy, keeping the buffers.
    pub fn clear(&mut self) {}
}
