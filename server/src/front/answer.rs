//! The backend's answer, checked, and the head that a client gets of it.

use std::io::{self, ErrorKind};

use super::handover::OUTGOING;
use super::head::{Head, is_hop_by_hop, is_reserved};
use super::refusal::reason;

/// Bytes of an answer's head, and header lines in it.
const HEAD: usize = 64 << 10;
const HEADERS: usize = 64;

/// Headers that the front writes itself, or that say what is behind it.
const OURS: [&str; 3] = ["content-length", "x-request-id", "server"];

/// A handler's answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// What is passed on of its headers.
    headers: Vec<(String, Vec<u8>)>,
    /// `Content-Length`: for an answer to `HEAD` what the body would have.
    pub(super) length: u64,
    pub(super) body: Vec<u8>,
    /// The token of a deposited body.
    pub(super) outgoing: Option<String>,
}

impl Answer {
    /// Reads a head. With it how many bytes it takes; nothing while it is unfinished.
    ///
    /// # Errors
    /// What is no answer of HTTP, has a length that is not clear, or a head without end.
    pub(super) fn parse(bytes: &[u8]) -> io::Result<Option<(Answer, usize)>> {
        let mut room = [httparse::EMPTY_HEADER; HEADERS];
        let mut response = httparse::Response::new(&mut room);
        let end = match response.parse(bytes) {
            Ok(httparse::Status::Complete(end)) if end <= HEAD => end,
            Ok(httparse::Status::Partial) if bytes.len() <= HEAD => return Ok(None),
            Ok(_) => return Err(wrong("its head is too long")),
            Err(error) => return Err(wrong(&error.to_string())),
        };
        let status = response.code.filter(|status| (200..=599).contains(status));
        let status = status.ok_or_else(|| wrong("its status is none of an answer"))?;
        let all = |name: &str| {
            let named = response.headers.iter().filter(|line| line.name.eq_ignore_ascii_case(name));
            let mut values = named.map(|line| str::from_utf8(line.value).unwrap_or_default());
            (values.next(), values.next())
        };
        if all("transfer-encoding").0.is_some() {
            return Err(wrong("it is not sent as it is"));
        }
        let length = match all("content-length") {
            (Some(length), None) if length.bytes().all(|sign| sign.is_ascii_digit()) => {
                length.parse().map_err(|_| wrong("its length is no number"))?
            }
            (None, _) if has_no_body(status) => 0,
            _ => return Err(wrong("its length is not clear")),
        };
        let outgoing = match all(OUTGOING) {
            (token, None) => token.map(str::to_owned),
            _ => return Err(wrong("it names two deposited bodies")),
        };
        let headers = response.headers.iter().filter(|line| is_passed_on(line.name));
        let headers = headers.map(|line| (line.name.to_owned(), line.value.to_vec())).collect();
        Ok(Some((Answer { status, headers, length, body: Vec::new(), outgoing }, end)))
    }

    pub(super) fn has_no_body(&self) -> bool {
        has_no_body(self.status)
    }

    /// The head for the client. `length` is that of the body it gets, or would get were it not `HEAD`.
    pub(super) fn head(&self, length: u64, request: &Head, id: &str) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status)).into_bytes();
        for (name, value) in &self.headers {
            head.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        if !self.has_no_body() {
            head.extend(format!("Content-Length: {length}\r\n").into_bytes());
        }
        head.extend(format!("X-Request-Id: {id}\r\n").into_bytes());
        let connection: &[u8] = match (request.keep, request.old) {
            (true, true) => b"Connection: keep-alive\r\n",
            (true, false) => b"",
            (false, _) => b"Connection: close\r\n",
        };
        head.extend([connection, b"\r\n"].concat());
        head
    }
}

fn has_no_body(status: u16) -> bool {
    matches!(status, 204 | 304)
}

fn is_passed_on(name: &str) -> bool {
    !is_hop_by_hop(name) && !is_reserved(name) && !OURS.iter().any(|ours| ours.eq_ignore_ascii_case(name))
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_clear_answer_is_not_passed_on() {
        for bad in [
            &b"HTTP/1.1 200 OK\r\n\r\n"[..],
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\n",
            b"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n",
            b"220 smtp.example ESMTP\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Copiste-Outgoing: a\r\nX-Copiste-Outgoing: b\r\n\r\n",
        ] {
            assert!(Answer::parse(bad).is_err(), "{}", String::from_utf8_lossy(bad));
        }
        let endless = [b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'a'; HEAD]].concat();
        assert!(Answer::parse(&endless).is_err());
        assert!(Answer::parse(&endless[..100]).unwrap().is_none());
    }
}
