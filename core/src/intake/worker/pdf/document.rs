//! An opened PDF: its pages in order, and each page's finding.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;

use hayro_syntax::object::{Array, Dict, MaybeRef, Name, Object, ObjectIdentifier, Stream};
use hayro_syntax::{LoadPdfError, Pdf};
use mupdf::Document;

use super::super::convert;
use super::super::inspect;
use super::super::protocol::{RawPath, Reply};
use super::super::serve::Served;
use super::boxes::{self, Paper};
use super::content::{self, Painted};
use super::image::{self, Kept, Refusal};
use super::{filters, tail};
use crate::intake::scan::found::{Bytes, Coding, Placed, Sighting};
use crate::intake::scan::paper::{self, narrow};
use crate::intake::scan::{damage, limits};
use crate::model::{Damage, Frame};

/// Resolution of a page that is a drawing (CONTRACTS section 1: 200 to 300).
const DRAWING_DPI: (f64, f64) = (200.0, 300.0);
/// The highest resolution a picture is converted at.
const LARGEST_DPI: f64 = 1200.0;

/// The file opened last.
#[derive(Default)]
pub(crate) struct Documents {
    open: Option<Open>,
}

/// What tells a file from another of the same name.
#[derive(PartialEq)]
struct Stamp {
    path: PathBuf,
    file: (u64, u64),
    size: u64,
    changed: (i64, i64),
}

struct Open {
    stamp: Stamp,
    bytes: Arc<Vec<u8>>,
    pdf: Pdf,
    leaves: Vec<Leaf>,
    /// Opened when a page has to be painted.
    painter: Option<Document>,
}

/// A page of the tree: itself, and the nodes it inherits from, nearest first.
#[derive(Clone)]
struct Leaf {
    /// None for a page that is named and not there.
    id: Option<ObjectIdentifier>,
    above: Arc<Vec<ObjectIdentifier>>,
}

impl Documents {
    /// Answers [`super::super::protocol::Request::Outline`].
    pub(crate) fn outline(&mut self, path: &RawPath) -> Served {
        let pages = u32::try_from(self.open(path)?.leaves.len()).unwrap_or(u32::MAX);
        Ok((Reply::Pages(pages), Vec::new()))
    }

    /// Answers [`super::super::protocol::Request::Page`].
    pub(crate) fn page(&mut self, path: &RawPath, page: u32) -> Served {
        let (sighting, attached) = self.open(path)?.page(page)?;
        Ok((Reply::Page(Box::new(sighting)), attached))
    }

    fn open(&mut self, path: &RawPath) -> Result<&mut Open, Damage> {
        let refused = |error: std::io::Error| damage::unreadable_file(error.kind().to_string());
        let path = path.path();
        let metadata = std::fs::metadata(&path).map_err(refused)?;
        let stamp = Stamp {
            path,
            file: (metadata.dev(), metadata.ino()),
            size: metadata.len(),
            changed: (metadata.mtime(), metadata.mtime_nsec()),
        };
        // Forgotten first: a file that cannot be opened must not leave the one before in its place.
        let open = match self.open.take() {
            Some(open) if open.stamp == stamp => open,
            _ => {
                let bytes = std::fs::read(&stamp.path).map_err(refused)?;
                Open::new(stamp, bytes)?
            }
        };
        Ok(self.open.insert(open))
    }
}

type Finding = (Sighting, Vec<Vec<u8>>);

impl Open {
    fn new(stamp: Stamp, bytes: Vec<u8>) -> Result<Open, Damage> {
        tail::check(&bytes)?;
        let bytes = Arc::new(bytes);
        let pdf = Pdf::new(Arc::clone(&bytes)).map_err(|error| match error {
            LoadPdfError::Decryption(why) => damage::encrypted(format!("an encrypted PDF: {why:?}")),
            LoadPdfError::Invalid => damage::malformed("a PDF whose objects cannot be found"),
        })?;
        let leaves = leaves(&pdf)?;
        Ok(Open { stamp, bytes, pdf, leaves, painter: None })
    }

    fn page(&mut self, number: u32) -> Result<Finding, Damage> {
        let missing = || damage::no_such_page(format!("page {number} of a file of {}", self.leaves.len()));
        let index =
            usize::try_from(number).ok().and_then(|number| number.checked_sub(1)).ok_or_else(missing)?;
        let leaf = self.leaves.get(index).cloned().ok_or_else(missing)?;
        let mut frame = paper::unknown();
        match self.read(&leaf, &mut frame) {
            Ok(Read::Kept(finding)) => Ok(*finding),
            Ok(Read::Paint { why, dpi, notes }) => match self.painted(number, why, dpi) {
                Ok((mut sighting, attached)) => {
                    sighting.notes = notes;
                    Ok((sighting, attached))
                }
                Err(damage) => Ok((Sighting::damaged(frame, damage), Vec::new())),
            },
            Err(damage) => Ok((Sighting::damaged(frame, damage), Vec::new())),
        }
    }

    /// Reads a page's words; `frame` becomes its paper as soon as that is known.
    fn read(&self, leaf: &Leaf, frame: &mut Frame) -> Result<Read, Damage> {
        let xref = self.pdf.xref();
        let dict = leaf.id.and_then(|id| xref.get::<Dict<'_>>(id));
        let dict = dict.ok_or_else(|| damage::unreadable_page("a page that is named and not in the file"))?;
        let mut chain = vec![dict.clone()];
        chain.extend(leaf.above.iter().filter_map(|id| xref.get::<Dict<'_>>(*id)));
        let Paper { frame: found, scale } =
            boxes::paper(&chain).ok_or_else(|| damage::unreadable_page("a page without a box"))?;
        *frame = found;
        let content = self.content(&dict)?;
        let resources = chain.iter().find_map(|dict| dict.get::<Dict<'_>>(b"Resources")).unwrap_or_default();
        let base = [scale, 0.0, 0.0, scale, 0.0, 0.0];
        let seen = found.crop_box.map(f64::from);
        let mut painted = content::follow(&content, &resources, base, seen)?;
        if painted.other.is_none() && has_appearances(&dict) {
            painted.other = Some("annotations");
        }
        let notes: Vec<String> =
            painted.invisible_text.then(|| "invisible text dropped".to_owned()).into_iter().collect();
        let why = match (painted.other, painted.pictures.as_slice()) {
            (None, [only]) => match image::keep(&only.stream, &only.resources, &self.bytes) {
                Ok(kept) => match matrix(&only.matrix) {
                    Some(matrix) => return Ok(Read::Kept(Box::new(whole(found, kept, matrix, notes)))),
                    None => "a picture without an area".to_owned(),
                },
                Err(Refusal::Damage(damage)) => return Err(damage),
                Err(Refusal::Convert(why)) => why,
            },
            (Some(why), _) => why.to_owned(),
            (None, []) => "a page without a picture".to_owned(),
            (None, _) => "several pictures".to_owned(),
        };
        self.check_pictures(&painted)?;
        let dpi = resolution(&painted, painted.other.is_none() && painted.pictures.len() == 1);
        Ok(Read::Paint { why, dpi, notes })
    }

    /// The page's content, all its parts; a part that is not there is a page shown in part.
    fn content(&self, page: &Dict<'_>) -> Result<Vec<u8>, Damage> {
        let unreadable = || damage::unreadable_page("page content that cannot be decoded");
        let streams = match page.get::<Object<'_>>(b"Contents") {
            None if page.contains_key(b"Contents") => return Err(unreadable()),
            None | Some(Object::Null(_)) => Vec::new(),
            Some(Object::Stream(stream)) => vec![stream],
            Some(Object::Array(parts)) => {
                let count = parts.raw_iter().count();
                let streams: Vec<Stream<'_>> = parts.iter::<Stream<'_>>().take(count).collect();
                if streams.len() != count {
                    return Err(unreadable());
                }
                streams
            }
            Some(_) => return Err(unreadable()),
        };
        let mut content = Vec::new();
        for stream in streams {
            content.extend_from_slice(&filters::decoded(&stream).ok_or_else(unreadable)?);
            content.push(b'\n');
        }
        Ok(content)
    }

    /// Decodes the pictures of a page that has to be painted, because mupdf paints on without
    /// those it cannot read.
    fn check_pictures(&self, painted: &Painted<'_>) -> Result<(), Damage> {
        let mut checked: Vec<ObjectIdentifier> = Vec::new();
        for picture in &painted.pictures {
            let id = picture.stream.obj_id();
            if checked.contains(&id) {
                continue;
            }
            checked.push(id);
            match image::keep(&picture.stream, &picture.resources, &self.bytes) {
                Err(Refusal::Damage(damage)) => return Err(damage),
                // A JPEG that is CMYK is a JPEG still, and its data can be checked as such.
                Err(Refusal::Convert(_)) => check_foreign(&picture.stream)?,
                Ok(kept) => {
                    let bytes = |bytes: &Bytes| match bytes {
                        Bytes::Attached(index) => kept.attached.get(*index).map(Vec::as_slice),
                        Bytes::Range { offset, length } => {
                            let start = usize::try_from(*offset).ok()?;
                            self.bytes.get(start..start + usize::try_from(*length).ok()?)
                        }
                    };
                    let globals = match &kept.picture.coding {
                        Coding::Jbig2 { globals: Some(globals) } => bytes(globals),
                        _ => None,
                    };
                    if let Some(data) = bytes(&kept.picture.bytes) {
                        inspect::decode(&kept.picture, data, globals)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Lets mupdf paint a page.
    fn painted(&mut self, number: u32, why: String, dpi: f64) -> Result<Finding, Damage> {
        if self.leaves.iter().any(|leaf| leaf.id.is_none()) {
            // mupdf counts pages its own way when some are missing: it might paint another one.
            return Err(damage::unreadable_page("a page to be converted in a file with broken pages"));
        }
        if self.painter.is_none() {
            self.painter = Some(Document::open(self.stamp.path.as_path()).map_err(convert::unreadable)?);
        }
        let Some(painter) = &self.painter else { return Err(damage::unreadable_page("no painter")) };
        let count = painter.page_count().map_err(convert::unreadable)?;
        if usize::try_from(count).ok() != Some(self.leaves.len()) {
            return Err(damage::unreadable_page("a file whose pages are counted in two ways"));
        }
        let (raster, width, height) = convert::page(painter, number, dpi)?;
        let (picture, bytes) = convert::picture(&raster);
        // The picture covers the page to its last, perhaps partial, pixel.
        let full = |pixels: u32| f64::from(pixels) * 72.0 / dpi;
        let (across, down) = (full(raster.width), full(raster.height));
        let matrix = [across, 0.0, 0.0, down, 0.0, height - down].map(narrow);
        let frame = Frame::plain(narrow(width), narrow(height));
        Ok((Sighting::whole(frame, Placed { picture, matrix, converted: Some(why) }), vec![bytes]))
    }
}

enum Read {
    Kept(Box<Finding>),
    Paint { why: String, dpi: f64, notes: Vec<String> },
}

fn whole(frame: Frame, kept: Kept, matrix: [f32; 6], notes: Vec<String>) -> Finding {
    let Kept { picture, attached, converted, note } = kept;
    let mut sighting = Sighting::whole(frame, Placed { picture, matrix, converted });
    sighting.notes = notes.into_iter().chain(note).collect();
    (sighting, attached)
}

/// A matrix in the model's precision, when it shows anything.
fn matrix(matrix: &content::Matrix) -> Option<[f32; 6]> {
    let [a, b, c, d, e, f] = *matrix;
    let shows = (a * d - b * c).abs() > 1e-3 && [a, b, c, d, e, f].iter().all(|part| part.abs() < 1e6);
    shows.then(|| matrix.map(narrow))
}

/// Dots an inch of a picture under a matrix: the finer of both directions.
fn dots(picture: &content::Picture<'_>) -> f64 {
    let [a, b, c, d, ..] = picture.matrix;
    let side = |key: &[u8]| f64::from(picture.stream.dict().get::<u32>(key).unwrap_or(0));
    let across = side(b"Width") * 72.0 / a.hypot(b).max(1e-3);
    across.max(side(b"Height") * 72.0 / c.hypot(d).max(1e-3))
}

/// The resolution to paint at: a lone picture's own, otherwise the largest picture's within the
/// bounds for drawings.
fn resolution(painted: &Painted<'_>, lone: bool) -> f64 {
    let area = |picture: &content::Picture<'_>| {
        let [left, bottom, right, top] = content::quad(&picture.matrix);
        (right - left) * (top - bottom)
    };
    let largest = painted.pictures.iter().max_by(|one, other| area(one).total_cmp(&area(other)));
    let own = largest.map_or(DRAWING_DPI.0, dots);
    if lone { own.clamp(36.0, LARGEST_DPI) } else { own.clamp(DRAWING_DPI.0, DRAWING_DPI.1) }
}

/// Checks the data of a picture that cannot be kept, as far as its coding is known here.
fn check_foreign(stream: &Stream<'_>) -> Result<(), Damage> {
    let Some(data) = filters::unwrapped(stream) else { return Ok(()) };
    match data.filter {
        Some(hayro_syntax::Filter::DctDecode) => {
            let head = crate::intake::scan::jpeg::walk(&data.bytes)?;
            if head.precision == 8 && head.process != crate::intake::scan::jpeg::Process::Other {
                inspect::jpeg::decode(&data.bytes)?;
            }
            Ok(())
        }
        Some(hayro_syntax::Filter::FlateDecode | hayro_syntax::Filter::LzwDecode) => {
            match stream.decoded_data() {
                Ok(_) => Ok(()),
                Err(_) => Err(damage::corrupt("picture data that cannot be decompressed")),
            }
        }
        _ => Ok(()),
    }
}

/// Whether annotations would be seen. Links and pop-ups paint nothing of their own.
fn has_appearances(page: &Dict<'_>) -> bool {
    let Some(annotations) = page.get::<Array<'_>>(b"Annots") else { return false };
    annotations.iter::<Dict<'_>>().take(limits::PAGES as usize).any(|annotation| {
        let quiet = matches!(annotation.get::<Name<'_>>(b"Subtype").as_deref(), Some(b"Link" | b"Popup"));
        // Bit 2 hidden, bit 6 no view (ISO 32000-1, 12.5.3).
        let hidden = annotation.get::<i32>(b"F").unwrap_or(0) & 0b10_0010 != 0;
        !quiet && !hidden
    })
}

/// The pages of the tree in their order (ISO 32000-1, 7.7.3). A page or branch that is named and
/// not there keeps its place.
fn leaves(pdf: &Pdf) -> Result<Vec<Leaf>, Damage> {
    let xref = pdf.xref();
    let no_tree = || damage::no_pages("a PDF without a page tree");
    let root = xref.get::<Dict<'_>>(xref.root_id()).ok_or_else(no_tree)?;
    let top = root.get_ref(b"Pages").map(ObjectIdentifier::from).ok_or_else(no_tree)?;
    let count = xref.get::<Dict<'_>>(top).ok_or_else(no_tree)?.get::<u32>(b"Count").unwrap_or(0);
    let mut leaves = Vec::new();
    let mut seen = std::collections::BTreeSet::from([top]);
    let mut stack = vec![(top, Arc::new(Vec::new()))];
    while let Some((id, above)) = stack.pop() {
        if leaves.len() + stack.len() > limits::PAGES as usize {
            return Err(damage::malformed(format!("more than {} pages", limits::PAGES)));
        }
        let Some(node) = xref.get::<Dict<'_>>(id) else {
            leaves.push(Leaf { id: None, above });
            continue;
        };
        let Some(kids) = node.get::<Array<'_>>(b"Kids") else {
            let branch = node.get::<Name<'_>>(b"Type").as_deref() == Some(b"Pages");
            let count = if branch { node.get::<u32>(b"Count").unwrap_or(1).min(limits::PAGES) } else { 1 };
            let id = Some(id).filter(|_| !branch);
            leaves.extend(std::iter::repeat_n(Leaf { id, above }, count as usize));
            continue;
        };
        let inherited: Vec<ObjectIdentifier> =
            std::iter::once(id).chain(above.iter().copied()).take(64).collect();
        let inherited = Arc::new(inherited);
        let mut below = Vec::new();
        for kid in kids.raw_iter().take(limits::PAGES as usize + 1) {
            match kid {
                MaybeRef::Ref(reference) if seen.insert(reference.into()) => {
                    below.push((ObjectIdentifier::from(reference), Arc::clone(&inherited)));
                }
                // A page twice in the tree, or one that is no reference: it keeps its place.
                _ => below.push((ObjectIdentifier::new(0, -1), Arc::clone(&inherited))),
            }
        }
        stack.extend(below.into_iter().rev());
    }
    if count > limits::PAGES {
        return Err(damage::malformed(format!("a page tree of {count} pages")));
    }
    // Pages the tree counts and does not have are pages that got lost.
    while leaves.len() < count as usize {
        leaves.push(Leaf { id: None, above: Arc::default() });
    }
    if leaves.is_empty() { Err(damage::no_pages("a PDF with an empty page tree")) } else { Ok(leaves) }
}
