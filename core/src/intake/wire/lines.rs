//! Lines of a JSON lines file, bounded.

use std::io::{self, BufRead};
use std::ops::Range;

/// Longest line, in bytes.
pub const LINE_LIMIT: usize = 8 << 20;

/// One line of a file.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'l> {
    /// Its bytes, without line end and, on the first line, without a byte order mark.
    Bytes(&'l [u8]),
    /// Longer than [`LINE_LIMIT`]; skipped.
    TooLong,
}

/// Reads lines one at a time into one buffer.
pub struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    number: u64,
    /// Where the line read last begins and ends.
    span: Range<u64>,
}

impl<R: BufRead> Lines<R> {
    /// Lines of this reader, from 1.
    pub fn new(reader: R) -> Lines<R> {
        Lines { reader, buffer: Vec::new(), number: 0, span: 0..0 }
    }

    /// The next line and its number; none at the end.
    ///
    /// # Errors
    /// Whatever the reader says.
    pub fn next_line(&mut self) -> io::Result<Option<(u64, Line<'_>)>> {
        self.buffer.clear();
        let mut length = 0_usize;
        loop {
            let available = match self.reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                if length == 0 {
                    return Ok(None);
                }
                break;
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(available.len(), |end| end + 1);
            length = length.saturating_add(taken);
            if length <= LINE_LIMIT + 2 {
                self.buffer.extend_from_slice(&available[..taken]);
            }
            self.reader.consume(taken);
            if end.is_some() {
                break;
            }
        }
        self.number += 1;
        self.span = self.span.end..self.span.end.saturating_add(length as u64);
        if length > self.buffer.len() {
            return Ok(Some((self.number, Line::TooLong)));
        }
        let mut line = self.buffer.as_slice();
        line = line.strip_suffix(b"\n").unwrap_or(line);
        line = line.strip_suffix(b"\r").unwrap_or(line);
        if self.number == 1 {
            line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        }
        if line.len() > LINE_LIMIT {
            return Ok(Some((self.number, Line::TooLong)));
        }
        Ok(Some((self.number, Line::Bytes(line))))
    }

    /// The bytes of the line read last, from the reader's first byte on, its end included.
    pub fn span(&self) -> Range<u64> {
        self.span.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<(u64, Option<usize>)> {
        let mut lines = Lines::new(io::BufReader::with_capacity(7, bytes));
        let mut out = Vec::new();
        while let Some((number, line)) = lines.next_line().unwrap() {
            out.push((number, if let Line::Bytes(bytes) = line { Some(bytes.len()) } else { None }));
        }
        out
    }

    #[test]
    fn lines_end_as_on_any_system_and_a_byte_order_mark_is_not_part_of_the_first() {
        assert_eq!(
            read(b"\xEF\xBB\xBFab\r\n\xEF\xBB\xBFc\nlast"),
            [(1, Some(2)), (2, Some(4)), (3, Some(4))]
        );
        let mut lines = Lines::new(&b"\xEF\xBB\xBFab\r\n\nlast"[..]);
        let mut spans = Vec::new();
        while lines.next_line().unwrap().is_some() {
            spans.push(lines.span());
        }
        assert_eq!(spans, [0..7, 7..8, 8..12]);
        assert_eq!(read(b""), []);
        assert_eq!(read(b"\n\n"), [(1, Some(0)), (2, Some(0))]);
    }

    #[test]
    fn an_endless_line_is_skipped_in_bounded_memory() {
        let mut bytes = vec![b'x'; LINE_LIMIT];
        bytes.extend_from_slice(b"\nnext\n");
        assert_eq!(read(&bytes), [(1, Some(LINE_LIMIT)), (2, Some(4))]);
        bytes.insert(0, b'x');
        assert_eq!(read(&bytes), [(1, None), (2, Some(4))]);
        let mut lines = Lines::new(io::BufReader::new(io::Read::take(io::repeat(b'x'), 64 << 20)));
        assert_eq!(lines.next_line().unwrap(), Some((1, Line::TooLong)));
        assert!(lines.buffer.capacity() <= 2 * LINE_LIMIT + 4, "{}", lines.buffer.capacity());
    }
}
