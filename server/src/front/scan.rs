//! Finds the end of a head as its bytes come in, and refuses at once what no honest client sends.

use super::refusal::Refusal;

/// How much of a head was looked at. Each byte is looked at once, however the head drips in.
#[derive(Debug, Default)]
pub(super) struct Scan {
    seen: usize,
}

impl Scan {
    /// Looks at what is new in `buffer`, which begins where the head does. The length of the head with the
    /// empty line that ends it, or nothing while it is unfinished.
    ///
    /// # Errors
    /// Line ends other than CR LF, a line continued on the next, control characters, bytes outside ASCII: what
    /// two parsers may read differently.
    pub(super) fn end(&mut self, buffer: &[u8]) -> Result<Option<usize>, Refusal> {
        for (at, &byte) in buffer.iter().enumerate().skip(self.seen) {
            let before = at.checked_sub(1).map(|before| buffer[before]);
            let allowed = match byte {
                b'\n' => before == Some(b'\r'),
                _ if before == Some(b'\r') => false,
                b'\r' => true,
                b' ' | b'\t' => !matches!(before, None | Some(b'\n')),
                _ => byte.is_ascii_graphic(),
            };
            if !allowed {
                return Err(Refusal::SIGNS);
            }
            if buffer[..=at].ends_with(b"\r\n\r\n") {
                return Ok(Some(at + 1));
            }
        }
        self.seen = buffer.len();
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same in one piece and byte by byte.
    fn ends(head: &[u8]) -> Result<Option<usize>, Refusal> {
        let whole = Scan::default().end(head);
        let mut scan = Scan::default();
        let dripped = (1..=head.len()).map(|to| scan.end(&head[..to])).find(|found| *found != Ok(None));
        assert_eq!(whole, dripped.unwrap_or(Ok(None)), "{head:?}");
        whole
    }

    #[test]
    fn the_end_of_a_head_is_found_however_it_comes() {
        assert_eq!(ends(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /next"), Ok(Some(27)));
        assert_eq!(ends(b"GET / HTTP/1.1\r\nHost: a\r\n"), Ok(None));
        assert_eq!(ends(b""), Ok(None));
        for bad in [
            &b"GET / HTTP/1.1\nHost: a\n\n"[..],
            b"GET / HTTP/1.1\r\nHost: a\r\rX: b\r\n\r\n",
            b"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
            b"GET / HTTP/1.1\r\nX: a\r\n\tb\r\n\r\n",
            b"GET /\0 HTTP/1.1\r\n\r\n",
            b"GET /\x7f HTTP/1.1\r\n\r\n",
            b"GET /\xc3\xa9 HTTP/1.1\r\n\r\n",
            b"\x16\x03\x01\x02\x00",
            b"\nGET / HTTP/1.1\r\n\r\n",
            b" GET / HTTP/1.1\r\n\r\n",
        ] {
            assert_eq!(ends(bad), Err(Refusal::SIGNS), "{bad:?}");
        }
    }
}
