//! Frames: a kind, a length, so many bytes.

use std::io::{self, ErrorKind, Read, Write};

/// The longest request. The kernel takes command lines of up to some 2 MB.
pub(super) const LONGEST_REQUEST: usize = 1 << 20;

/// The longest piece of an answer.
pub(super) const LONGEST_PIECE: usize = 64 << 10;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A command line, as JSON.
    Request,
    /// Bytes of the standard output.
    Stdout,
    /// Bytes of the standard error.
    Stderr,
    /// One byte, the exit code. Nothing follows.
    Exit,
}

impl Kind {
    fn byte(self) -> u8 {
        match self {
            Kind::Request => 0,
            Kind::Stdout => 1,
            Kind::Stderr => 2,
            Kind::Exit => 3,
        }
    }

    fn of(byte: u8) -> Option<Kind> {
        [Kind::Request, Kind::Stdout, Kind::Stderr, Kind::Exit].into_iter().find(|kind| kind.byte() == byte)
    }
}

/// A frame's bytes: kind, length (32 bits, most significant byte first), content.
///
/// # Errors
/// When the content is too long for any frame.
pub(super) fn bytes(kind: Kind, content: &[u8]) -> io::Result<Vec<u8>> {
    let length = u32::try_from(content.len()).ok().filter(|_| content.len() <= LONGEST_REQUEST);
    let length = length.ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "too long for a frame"))?;
    let mut frame = Vec::with_capacity(5 + content.len());
    frame.push(kind.byte());
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(content);
    Ok(frame)
}

/// Writes one frame.
///
/// # Errors
/// When it is too long, or the other side takes no more.
pub(super) fn write(to: &mut impl Write, kind: Kind, content: &[u8]) -> io::Result<()> {
    to.write_all(&bytes(kind, content)?)
}

/// Reads one frame of at most `longest` bytes; none where the other side has ended between frames.
///
/// # Errors
/// `InvalidData` when it is no frame or a longer one, else what reading gave.
pub(super) fn read(from: &mut impl Read, longest: usize) -> io::Result<Option<(Kind, Vec<u8>)>> {
    let mut head = [0; 5];
    let mut held = 0;
    while held < head.len() {
        match from.read(&mut head[held..]) {
            Ok(0) if held == 0 => return Ok(None),
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(more) => held += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let strange = |what: &str| io::Error::new(ErrorKind::InvalidData, what.to_owned());
    let [kind, length @ ..] = head;
    let kind = Kind::of(kind).ok_or_else(|| strange("not a frame"))?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > longest {
        return Err(strange("a frame that is too long"));
    }
    // Bounded just above, by what the reader is ready to hold.
    let mut content = vec![0; length];
    from.read_exact(&mut content)?;
    Ok(Some((kind, content)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_back_as_it_was_written() {
        let mut sent = Vec::new();
        write(&mut sent, Kind::Stdout, b"one line\n").unwrap();
        write(&mut sent, Kind::Exit, &[1]).unwrap();
        let mut from = sent.as_slice();
        assert_eq!(read(&mut from, 100).unwrap(), Some((Kind::Stdout, b"one line\n".to_vec())));
        assert_eq!(read(&mut from, 100).unwrap(), Some((Kind::Exit, vec![1])));
        assert_eq!(read(&mut from, 100).unwrap(), None);
    }

    #[test]
    fn what_is_no_frame_or_too_long_or_cut_is_refused() {
        let cases: [(&[u8], ErrorKind); 5] = [
            (b"GET / HTTP/1.1\r\n\r\n", ErrorKind::InvalidData),
            (&[9, 0, 0, 0, 0], ErrorKind::InvalidData),
            (&[1, 255, 255, 255, 255], ErrorKind::InvalidData),
            (&[1, 0, 0], ErrorKind::UnexpectedEof),
            (&[1, 0, 0, 0, 4, b'x'], ErrorKind::UnexpectedEof),
        ];
        for (mut bytes, expected) in cases {
            assert_eq!(read(&mut bytes, 1000).unwrap_err().kind(), expected);
        }
        assert!(super::bytes(Kind::Request, &vec![0; LONGEST_REQUEST + 1]).is_err());
    }
}
