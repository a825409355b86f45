//! One line of text, set: glyphs chosen, placed, and ready to be written.

use std::ops::Range;

/// A line of text after [`FontBook::set`](super::FontBook::set). Made once and used again: its
/// buffers are kept.
#[derive(Debug, Default)]
pub struct Line {
    pub(super) width: i32,
    pub(super) reads_leftward: bool,
    bytes: Vec<u8>,
    steps: Vec<Step>,
    font: Option<u16>,
    rise: i32,
}

/// One operator, or the bytes it takes.
#[derive(Clone, Debug)]
enum Step {
    /// `Tf`, a resource's number.
    Font(u16),
    /// `Ts`, in thousandths of an em.
    Rise(i32),
    /// `Tj` of the inside of a literal string.
    Show(Range<usize>),
    /// `TJ` of the inside of an array.
    ShowMoved(Range<usize>),
    /// `BDC` of a span whose text is these hexadecimal digits.
    Begin(Range<usize>),
    /// `EMC`.
    End,
}

impl Line {
    /// An empty line.
    pub fn new() -> Line {
        Line::default()
    }

    /// How far the pen moves, in thousandths of an em: multiply by `size / 1000` for points.
    pub fn width(&self) -> f32 {
        self.width as f32
    }

    /// Whether the text reads from right to left (its first letter is Arabic, Hebrew…), and so
    /// belongs against the right margin.
    pub fn reads_leftward(&self) -> bool {
        self.reads_leftward
    }

    /// Appends the operators that show the line: to be written between `BT` and `ET`, after the
    /// text matrix was set; `size` is in points. `Tf` is set as needed, `Ts` is left at zero;
    /// colour, `Td` and `Tm` are the caller's. Spans of `ActualText` are balanced, so the whole
    /// may stand inside any one marked-content sequence.
    pub fn write(&self, size: f32, content: &mut Vec<u8>) {
        self.write_on(size, &mut None, content);
    }

    /// The same where the font and size chosen before still hold: `chosen` says which, and what
    /// they are afterwards.
    pub fn write_on(&self, size: f32, chosen: &mut Option<(u16, f32)>, content: &mut Vec<u8>) {
        for step in &self.steps {
            match step {
                Step::Font(resource) => {
                    if chosen.replace((*resource, size)) == Some((*resource, size)) {
                        continue;
                    }
                    content.extend_from_slice(b"/F");
                    integer(i32::from(*resource), content);
                    content.push(b' ');
                    decimal(size, content);
                    content.extend_from_slice(b" Tf");
                }
                Step::Rise(rise) => {
                    decimal(*rise as f32 * size / 1000.0, content);
                    content.extend_from_slice(b" Ts");
                }
                Step::Show(range) => {
                    content.push(b'(');
                    content.extend_from_slice(&self.bytes[range.clone()]);
                    content.extend_from_slice(b")Tj");
                }
                Step::ShowMoved(range) => {
                    content.push(b'[');
                    content.extend_from_slice(&self.bytes[range.clone()]);
                    content.extend_from_slice(b"]TJ");
                }
                Step::Begin(range) => {
                    content.extend_from_slice(b"/Span<</ActualText<FEFF");
                    content.extend_from_slice(&self.bytes[range.clone()]);
                    content.extend_from_slice(b">>>BDC");
                }
                Step::End => content.extend_from_slice(b"EMC"),
            }
            content.push(b'\n');
        }
    }

    /// Empties it, keeping the buffers.
    pub(super) fn clear(&mut self) {
        self.width = 0;
        self.reads_leftward = false;
        self.bytes.clear();
        self.steps.clear();
        self.font = None;
        self.rise = 0;
    }

    /// Chooses the font of what follows.
    pub(super) fn font(&mut self, resource: u16) {
        if self.font != Some(resource) {
            self.font = Some(resource);
            self.steps.push(Step::Font(resource));
        }
    }

    /// Shows a glyph of the chosen font, after the one before it.
    pub(super) fn show(&mut self, code: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(code);
        match self.steps.last_mut() {
            Some(Step::Show(range)) => range.end = self.bytes.len(),
            _ => self.steps.push(Step::Show(start..self.bytes.len())),
        }
    }

    /// Shows a glyph of the chosen font, after the one before it, where a text has many:
    /// `code` is padded to four bytes, so that it is copied in one go. Call
    /// [`Line::close`] after the last one in the font.
    #[inline]
    pub(super) fn show_next(&mut self, code: &[u8; 4], length: u8) {
        let end = self.bytes.len() + usize::from(length);
        self.bytes.extend_from_slice(code);
        self.bytes.truncate(end);
    }

    /// Ends what [`Line::show_next`] began at `start`, a length in bytes.
    pub(super) fn close(&mut self, start: usize) {
        if start < self.bytes.len() {
            self.steps.push(Step::Show(start..self.bytes.len()));
        }
    }

    /// How many bytes the glyphs have so far; room is made for `more` glyphs.
    pub(super) fn open(&mut self, more: usize) -> usize {
        self.bytes.reserve(4 * more);
        self.bytes.len()
    }

    /// Shows a glyph of the chosen font after a move to the right and at a height, both in
    /// thousandths of an em.
    pub(super) fn show_moved(&mut self, code: &[u8], shift: i32, rise: i32) {
        self.at_height(rise);
        self.shift(shift);
        // The array is open and ends in a string or in a number.
        let start = self.bytes.len();
        let continues = matches!(self.steps.last(), Some(Step::ShowMoved(_)));
        if continues && self.bytes.last() == Some(&b')') {
            self.bytes.pop();
        } else {
            self.bytes.push(b'(');
        }
        self.bytes.extend_from_slice(code);
        self.bytes.push(b')');
        self.extend_array(start);
    }

    /// Moves the pen to the right, in thousandths of an em.
    pub(super) fn shift(&mut self, shift: i32) {
        if shift != 0 {
            let start = self.bytes.len();
            integer(-shift, &mut self.bytes);
            self.bytes.push(b' ');
            self.extend_array(start);
        }
    }

    /// Sets the height of what follows, in thousandths of an em.
    pub(super) fn at_height(&mut self, rise: i32) {
        if self.rise != rise {
            self.rise = rise;
            self.steps.push(Step::Rise(rise));
        }
    }

    /// Begins a span that reads as `text`.
    pub(super) fn begin(&mut self, text: impl Iterator<Item = char>) {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        let start = self.bytes.len();
        for ch in text {
            for unit in ch.encode_utf16(&mut [0; 2]) {
                self.bytes.extend([12, 8, 4, 0].map(|by| DIGITS[usize::from(*unit >> by & 0xF)]));
            }
        }
        self.steps.push(Step::Begin(start..self.bytes.len()));
    }

    /// Ends the span.
    pub(super) fn end(&mut self) {
        self.at_height(0);
        self.steps.push(Step::End);
    }

    fn extend_array(&mut self, start: usize) {
        match self.steps.last_mut() {
            Some(Step::ShowMoved(range)) => range.end = self.bytes.len(),
            _ => self.steps.push(Step::ShowMoved(start..self.bytes.len())),
        }
    }
}

/// An integer in decimal.
fn integer(value: i32, out: &mut Vec<u8>) {
    let mut digits = [0; 10];
    let mut at = digits.len();
    let mut rest = value.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

/// A number to three decimals, a hundredth of what a printer resolves.
fn decimal(value: f32, out: &mut Vec<u8>) {
    let thousandths = (value * 1000.0).round() as i32;
    if thousandths < 0 {
        out.push(b'-');
    }
    let thousandths = thousandths.unsigned_abs();
    integer((thousandths / 1000) as i32, out);
    let mut fraction = thousandths % 1000;
    if fraction != 0 {
        out.push(b'.');
        while fraction != 0 {
            out.push(b'0' + (fraction / 100) as u8);
            fraction = fraction % 100 * 10;
        }
    }
}
