//! Words of a content stream (ISO 32000-1, 7.2 and 7.8.2), strictly: whatever cannot be read for
//! certain is for mupdf to paint.

/// One word. Numbers and names are what operators here need; strings only say whether they are empty.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Word<'a> {
    Number(f64),
    Name(Vec<u8>),
    /// A string, by its length.
    Text(usize),
    /// An array or dictionary, by the letters of the strings in it.
    Group(usize),
    Operator(&'a [u8]),
}

/// Reads words.
pub(crate) struct Words<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// Something that is no content stream.
#[derive(Debug, PartialEq)]
pub(crate) struct Unreadable;

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0C | b'\r' | b' ')
}

impl<'a> Words<'a> {
    /// Begins at the start.
    pub(crate) fn new(bytes: &'a [u8]) -> Words<'a> {
        Words { bytes, at: 0 }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                let rest = &self.bytes[self.at..];
                self.at += rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
            } else if is_blank(byte) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    fn regular(&mut self) -> &'a [u8] {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|byte| is_blank(*byte) || is_delimiter(*byte)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// The next word, none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Word<'a>>, Unreadable> {
        self.skip_blanks();
        let Some(first) = self.peek() else { return Ok(None) };
        Ok(Some(match first {
            b'/' => {
                self.at += 1;
                Word::Name(unescape(self.regular()))
            }
            b'(' => Word::Text(self.literal()?),
            b'<' if self.bytes.get(self.at + 1) == Some(&b'<') => Word::Group(self.group(b">>")?),
            b'<' => Word::Text(self.hexadecimal()?),
            b'[' => Word::Group(self.group(b"]")?),
            b'+' | b'-' | b'.' | b'0'..=b'9' => Word::Number(number(self.regular()).ok_or(Unreadable)?),
            _ if is_delimiter(first) => return Err(Unreadable),
            _ => Word::Operator(self.regular()),
        }))
    }

    fn literal(&mut self) -> Result<usize, Unreadable> {
        let (mut depth, mut length) = (0, 0);
        loop {
            let byte = self.peek().ok_or(Unreadable)?;
            self.at += 1;
            match byte {
                b'\\' => {
                    self.at += 1;
                    length += 1;
                }
                b'(' => {
                    length += usize::from(depth > 0);
                    depth += 1;
                }
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(length);
                    }
                    length += 1;
                }
                _ => length += 1,
            }
        }
    }

    fn hexadecimal(&mut self) -> Result<usize, Unreadable> {
        let rest = &self.bytes[self.at + 1..];
        let end = rest.iter().position(|byte| *byte == b'>').ok_or(Unreadable)?;
        let digits = &rest[..end];
        if digits.iter().any(|byte| !byte.is_ascii_hexdigit() && !is_blank(*byte)) {
            return Err(Unreadable);
        }
        self.at += end + 2;
        Ok(digits.iter().filter(|byte| byte.is_ascii_hexdigit()).count().div_ceil(2))
    }

    /// An array or dictionary up to its end. Groups within groups are counted, not recursed into.
    fn group(&mut self, end: &'static [u8]) -> Result<usize, Unreadable> {
        self.at += end.len();
        let mut open: Vec<&'static [u8]> = vec![end];
        let mut letters = 0;
        while let Some(end) = open.last().copied() {
            self.skip_blanks();
            let rest = &self.bytes[self.at..];
            if rest.starts_with(end) {
                self.at += end.len();
                open.pop();
                continue;
            }
            match rest.first().ok_or(Unreadable)? {
                b'[' => {
                    self.at += 1;
                    open.push(b"]");
                }
                b'<' if rest.get(1) == Some(&b'<') => {
                    self.at += 2;
                    open.push(b">>");
                }
                _ => match self.next()?.ok_or(Unreadable)? {
                    Word::Text(length) => letters += length,
                    Word::Operator(word) if !matches!(word, b"true" | b"false" | b"null") => {
                        return Err(Unreadable);
                    }
                    _ => {}
                },
            }
        }
        Ok(letters)
    }
}

fn number(text: &[u8]) -> Option<f64> {
    let plain = text.iter().all(|byte| matches!(byte, b'+' | b'-' | b'.' | b'0'..=b'9'));
    let text = std::str::from_utf8(text).ok().filter(|_| plain)?;
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A name's bytes, `#xx` undone.
fn unescape(name: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name;
    while let [first, tail @ ..] = rest {
        let code = (*first == b'#')
            .then(|| tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok()))
            .flatten()
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::{Unreadable, Word, Words};

    fn all(bytes: &[u8]) -> Result<Vec<Word<'_>>, Unreadable> {
        let mut words = Words::new(bytes);
        let mut found = Vec::new();
        while let Some(word) = words.next()? {
            found.push(word);
        }
        Ok(found)
    }

    #[test]
    fn a_content_stream_is_read_word_by_word() {
        use Word::{Group, Name, Number, Operator, Text};
        for (bytes, words) in [
            (
                &b"q 612 0 0 -.5 +1. 0 cm"[..],
                vec![
                    Operator(b"q"),
                    Number(612.0),
                    Number(0.0),
                    Number(0.0),
                    Number(-0.5),
                    Number(1.0),
                    Number(0.0),
                    Operator(b"cm"),
                ],
            ),
            (b"/Im#31 Do%comment\nQ", vec![Name(b"Im1".to_vec()), Operator(b"Do"), Operator(b"Q")]),
            (b"(a\\)(b)c)Tj<4 142>'", vec![Text(6), Operator(b"Tj"), Text(2), Operator(b"'")]),
            (b"[(ab)-12<41>[(c)]]TJ", vec![Group(4), Operator(b"TJ")]),
            (b"/OC<</A[1 2]/B<</C true>>>>BDC", vec![Name(b"OC".to_vec()), Group(0), Operator(b"BDC")]),
            (b"", vec![]),
        ] {
            assert_eq!(all(bytes).as_ref(), Ok(&words), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn what_is_no_content_stream_is_not_guessed_at() {
        for bytes in [&b"(open"[..], b"[1 2", b"<</A 1", b"<4g>", b"]", b"1.2.3 w", b"--1 w", b"[1 2 foo]"] {
            assert_eq!(all(bytes), Err(Unreadable), "{}", bytes.escape_ascii());
        }
    }
}
