//! From a file of a bundle to pages.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use super::found::{Bytes, Fault, Picture, Sighting};
use super::keep::{Fetch, Unkept, keep};
use super::{damage, jpeg, limits, png, tiff};
use crate::intake::worker::Decoder;
use crate::intake::worker::protocol::{RawPath, Reply, Request};
use crate::model::{Damage, Page};
use crate::store::BlobSink;

/// Which pages of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Every page.
    All,
    /// One page, counted from 1.
    One(u32),
}

/// A page, and what the import report says of it besides damage and conversion.
#[derive(Clone, Debug, PartialEq)]
pub struct Probed {
    /// The page, its `file` left empty.
    pub page: Page,
    /// In English, no personal data: "invisible text dropped".
    pub notes: Vec<String>,
}

/// Probes a scan file and stores its pictures; the pages come in order, `file` left empty.
///
/// Never without a page: a file that cannot be read at all is one damaged page, a page that is
/// asked for and not there is a damaged page of that number (`SCN-012`). The file is read into
/// memory once (pictures up to 256 MiB; a PDF, up to 1 GiB, in the decoding process only).
///
/// # Errors
/// Only our own failures: the blob store cannot take the bytes, or no decoding process can be
/// started. Whatever is wrong with the file is damage.
pub fn probe(path: &Path, wanted: Wanted, decoder: &Decoder, sink: &dyn BlobSink) -> io::Result<Vec<Page>> {
    let probed = probe_with_notes(path, wanted, decoder, sink)?;
    Ok(probed.into_iter().map(|probed| probed.page).collect())
}

/// As [`probe`], with the notes an import report gives.
///
/// # Errors
/// As [`probe`].
pub fn probe_with_notes(
    path: &Path,
    wanted: Wanted,
    decoder: &Decoder,
    sink: &dyn BlobSink,
) -> io::Result<Vec<Probed>> {
    let probe = Probe { path, wanted, decoder, sink };
    match open(path) {
        Err(damage) => probe.whole_file(damage),
        Ok((Kind::Pdf, file, _)) => probe.pdf(&file),
        Ok((kind, file, length)) => match read(&file, length) {
            Err(damage) => probe.whole_file(damage),
            Ok(bytes) => match kind {
                Kind::Jpeg => probe.jpeg(&bytes),
                Kind::Png => probe.png(&bytes),
                Kind::Tiff | Kind::Pdf => probe.tiff(&bytes),
            },
        },
    }
}

/// What the first bytes of a file say it is. Its name is not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Jpeg,
    Png,
    Tiff,
    Pdf,
}

/// How far into a file the head of a PDF may be (ISO 32000-1, annex H, note 13).
const PDF_HEAD: usize = 1024;

fn sniff(head: &[u8]) -> Result<Kind, Damage> {
    match head {
        [] => return Err(damage::empty("no bytes")),
        [0xFF, 0xD8, 0xFF, ..] => return Ok(Kind::Jpeg),
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => return Ok(Kind::Tiff),
        _ if head.starts_with(png::SIGNATURE) => return Ok(Kind::Png),
        _ if memchr::memmem::find(head, b"%PDF-").is_some() => return Ok(Kind::Pdf),
        _ => {}
    }
    // A truncated head of a right format is not "some other file".
    if [&[0xFF, 0xD8, 0xFF][..], png::SIGNATURE, b"II*\0", b"MM\0*", b"%PDF-"]
        .iter()
        .any(|magic| magic.starts_with(head))
    {
        return Err(damage::truncated(format!("{} bytes", head.len())));
    }
    let known: [(&[u8], usize, &str); 8] = [
        (b"GIF8", 0, "GIF"),
        (b"BM", 0, "BMP"),
        (b"WEBP", 8, "WebP"),
        (b"ftyphei", 4, "HEIC"),
        (b"ftypmif1", 4, "HEIC"),
        (b"ftypavif", 4, "AVIF"),
        (b"PK\x03\x04", 0, "ZIP or office document"),
        (b"\0\0\0\x0CjP  ", 0, "JPEG 2000"),
    ];
    let like =
        known.iter().find(|(magic, at, _)| head.get(*at..).is_some_and(|tail| tail.starts_with(magic)));
    let like = like.map(|(.., name)| format!(", but a {name}")).unwrap_or_default();
    Err(damage::unknown_format(format!("not a JPEG, PNG, TIFF or PDF{like}")))
}

/// Opens the file, says what it is and how long, within the limits.
fn open(path: &Path) -> Result<(Kind, File, u64), Damage> {
    let refused = |error: io::Error| damage::unreadable_file(error.kind().to_string());
    // Not to wait for whoever might write into a named pipe.
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = File::options().read(true).custom_flags(flags).open(path).map_err(refused)?;
    let metadata = file.metadata().map_err(refused)?;
    if !metadata.is_file() {
        return Err(damage::unreadable_file("not a file"));
    }
    let mut head = Vec::with_capacity(PDF_HEAD);
    (&file).take(PDF_HEAD as u64).read_to_end(&mut head).map_err(refused)?;
    let kind = sniff(&head)?;
    let most = if kind == Kind::Pdf { limits::PDF_BYTES } else { limits::IMAGE_BYTES };
    if metadata.len() > most {
        return Err(damage::too_large(format!("{} bytes, at most {most}", metadata.len())));
    }
    Ok((kind, file, metadata.len()))
}

/// Reads a file whose length has been accepted: bounded by `limits`.
fn read(file: &File, length: u64) -> Result<Vec<u8>, Damage> {
    let refused = |error: io::Error| damage::unreadable_file(error.kind().to_string());
    let length = usize::try_from(length).map_err(|_| damage::too_large(format!("{length} bytes")))?;
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, 0).map_err(refused)?;
    Ok(bytes)
}

struct Probe<'a> {
    path: &'a Path,
    wanted: Wanted,
    decoder: &'a Decoder,
    sink: &'a dyn BlobSink,
}

impl Probe<'_> {
    /// A file that cannot be read at all: its first page, or the one asked for, is damaged.
    fn whole_file(&self, damage: Damage) -> io::Result<Vec<Probed>> {
        let number = match self.wanted {
            Wanted::All => 1,
            Wanted::One(number) => number,
        };
        Ok(vec![self.lost(number, damage)?])
    }

    fn lost(&self, number: u32, damage: Damage) -> io::Result<Probed> {
        self.kept(Sighting::lost(damage), number, &|_| Err(damage::malformed("nothing is attached").into()))
    }

    /// Stores a finding. One that names bytes which are not there becomes a damaged page.
    fn kept(&self, sighting: Sighting, number: u32, fetch: &Fetch<'_>) -> io::Result<Probed> {
        let notes = sighting.notes.clone();
        let kept = match sighting.sane() {
            Ok(()) => keep(sighting, number, fetch, self.sink),
            Err(damage) => Err(Unkept::Damage(damage)),
        };
        match kept {
            Ok(page) => Ok(Probed { page, notes }),
            Err(Unkept::Disk(error)) => Err(error),
            Err(Unkept::Damage(damage)) => self.lost(number, damage),
        }
    }

    /// The pages that are wanted of `count`, or the damage of one that is not there.
    fn numbers(&self, count: u32) -> Result<Vec<u32>, (u32, Damage)> {
        match self.wanted {
            Wanted::All => Ok((1..=count).collect()),
            Wanted::One(number) if (1..=count).contains(&number) => Ok(vec![number]),
            Wanted::One(number) => {
                Err((number, damage::no_such_page(format!("page {number} of a file of {count}"))))
            }
        }
    }

    /// A file with one page.
    fn only(&self, found: Result<Probed, io::Error>) -> io::Result<Vec<Probed>> {
        match self.numbers(1) {
            Ok(_) => Ok(vec![found?]),
            Err((number, damage)) => Ok(vec![self.lost(number, damage)?]),
        }
    }

    fn jpeg(&self, bytes: &[u8]) -> io::Result<Vec<Probed>> {
        let (sighting, convert) = match jpeg::probe(bytes) {
            Ok(found) => found,
            Err(damage) => return self.whole_file(damage),
        };
        self.only(match convert {
            None => self.kept(sighting, 1, &|_| Ok(Cow::Borrowed(bytes))),
            Some(why) => self.converted(sighting, 1, why, || Request::Jpeg { path: RawPath::new(self.path) }),
        })
    }

    fn png(&self, bytes: &[u8]) -> io::Result<Vec<Probed>> {
        let found = match png::probe(bytes) {
            Ok(found) => found,
            Err(damage) => return self.whole_file(damage),
        };
        self.only(match found.convert {
            None => self.kept(found.sighting, 1, &|_| Ok(Cow::Borrowed(&found.data))),
            Some(why) => {
                self.converted(found.sighting, 1, why, || Request::Png { path: RawPath::new(self.path) })
            }
        })
    }

    fn tiff(&self, bytes: &[u8]) -> io::Result<Vec<Probed>> {
        let leaves = match tiff::leaves(bytes) {
            Ok(leaves) => leaves,
            Err(damage) => return self.whole_file(damage),
        };
        let count = u32::try_from(leaves.len()).unwrap_or(u32::MAX);
        let numbers = match self.numbers(count) {
            Ok(numbers) => numbers,
            Err((number, damage)) => return Ok(vec![self.lost(number, damage)?]),
        };
        let mut pages = Vec::with_capacity(numbers.len());
        for number in numbers {
            let leaf = leaves[number as usize - 1].as_ref().map_err(Clone::clone);
            pages.push(match leaf.and_then(|leaf| Ok((leaf.offset, tiff::probe(bytes, leaf)?))) {
                Err(damage) => self.lost(number, damage)?,
                Ok((_, found)) if found.convert.is_none() => {
                    self.kept(found.sighting, number, &|_| Ok(Cow::Borrowed(&found.data)))?
                }
                Ok((directory, found)) => {
                    let why = found.convert.unwrap_or_default();
                    self.converted(found.sighting, number, &why, || Request::Tiff {
                        path: RawPath::new(self.path),
                        directory,
                    })?
                }
            });
        }
        Ok(pages)
    }

    /// Lets a decoding process convert the picture of a page that is placed already.
    fn converted(
        &self,
        mut sighting: Sighting,
        number: u32,
        why: &str,
        request: impl Fn() -> Request,
    ) -> io::Result<Probed> {
        let (picture, attached) = match self.decoder.turn().ask(request, &[])? {
            Ok((Reply::Converted(picture), attached)) => (picture, attached),
            Ok(_) => return self.lost(number, other_answer()),
            Err(damage) => {
                return self.kept(Sighting::damaged(sighting.frame(), damage), number, &|_| {
                    Err(damage::malformed("nothing is attached").into())
                });
            }
        };
        if let Some(placed) = &mut sighting.placed {
            if !same_size(&placed.picture, &picture) {
                return self.lost(number, other_answer());
            }
            placed.picture = *picture;
            placed.converted = Some(why.to_owned());
        }
        self.kept(sighting, number, &|bytes| fetch(bytes, &attached, None))
    }

    fn pdf(&self, file: &File) -> io::Result<Vec<Probed>> {
        let path = || RawPath::new(self.path);
        let mut turn = self.decoder.turn();
        let count = match turn.ask(|| Request::Outline { path: path() }, &[])? {
            Ok((Reply::Pages(count), _)) if (1..=limits::PAGES).contains(&count) => count,
            Ok(_) => return self.whole_file(other_answer()),
            Err(damage) => return self.whole_file(damage),
        };
        let numbers = match self.numbers(count) {
            Ok(numbers) => numbers,
            Err((number, damage)) => return Ok(vec![self.lost(number, damage)?]),
        };
        let mut pages = Vec::with_capacity(numbers.len());
        for number in numbers {
            pages.push(match turn.ask(|| Request::Page { path: path(), page: number }, &[])? {
                Ok((Reply::Page(sighting), attached)) => {
                    self.kept(*sighting, number, &|bytes| fetch(bytes, &attached, Some(file)))?
                }
                Ok(_) => self.lost(number, other_answer())?,
                Err(damage) => self.lost(number, damage)?,
            });
        }
        Ok(pages)
    }
}

fn same_size(one: &Picture, other: &Picture) -> bool {
    (one.width, one.height) == (other.width, other.height)
}

fn other_answer() -> Damage {
    let detail = "the decoder answered another question".to_owned();
    Fault { code: "DEC-001".to_owned(), detail }.into()
}

/// The bytes a decoding process named: attached, or a range of the file, which is looked at twice.
fn fetch<'a>(bytes: &Bytes, attached: &'a [Vec<u8>], file: Option<&File>) -> Result<Cow<'a, [u8]>, Unkept> {
    match (bytes, file) {
        (Bytes::Attached(index), _) => attached
            .get(*index)
            .map(|bytes| Cow::Borrowed(bytes.as_slice()))
            .ok_or_else(|| other_answer().into()),
        (Bytes::Range { offset, length }, Some(file)) => {
            let refused = |error: io::Error| damage::unreadable_file(error.kind().to_string());
            let size = file.metadata().map_err(refused)?.len();
            if offset.checked_add(*length).is_none_or(|end| end > size) {
                return Err(other_answer().into());
            }
            // Bounded by the file itself, whose length has been accepted: see just above.
            let mut buffer = vec![0; usize::try_from(*length).map_err(|_| other_answer())?];
            file.read_exact_at(&mut buffer, *offset).map_err(refused)?;
            Ok(Cow::Owned(buffer))
        }
        (Bytes::Range { .. }, None) => Err(other_answer().into()),
    }
}
