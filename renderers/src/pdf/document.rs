//! A document put together: shared bytes first, the copy's own part, its scans last.
//!
//! ```text
//! shared   header, colour profile, constant objects
//! shared   one piece for each font block the copy touches
//! shared   the structure elements of its tables
//! owned    metadata, page contents, fonts of its own, small objects
//! owned    an image dictionary ┐ for each scan; large ones start at
//! blob     the scan            ┘ a multiple of 4096
//! owned    cross-reference stream, with the digest of all that comes before as /ID
//! ```
//! All lengths are known before the first byte is written anywhere.

use std::sync::Arc;

use copiste_core::render::{Blend, Copy, Group, NodeId, RenderError, SheetId, Subject};
use copiste_core::rope::Rope;

use super::contents::{self, Attachments, Ink, States};
use super::fonts::{self, CopyFonts, EmbeddedFont, FontBook, FontBytes, Line};
use super::marks::Marks;
use super::metadata;
use super::objects::{self, OBJECTS_A_STREAM, ObjectStream, Packers, Place, Places};
use super::pictures::Pictures;
use super::prefix::{Prefix, number};
use super::structure::{self, Numbers};
use super::syntax;
use super::tables::{self, Tables};

/// A copy's own part is deflated when it is larger: an ordinary copy stays below and is planned in
/// microseconds, a very wordy or much drawn-on one keeps to the size that was promised.
const DEFLATED_FROM: usize = 12 * 1024;
/// Of such a copy the small objects too are deflated, when they are larger than this, and the cross-references.
const SMALL_DEFLATED_FROM: usize = 4 * 1024;
/// From here on a copy's own part is deflated with more care.
const MUCH_FROM: usize = 32 * 1024;

/// What all documents share.
pub struct Stock {
    /// All fonts.
    pub book: Arc<FontBook>,
    /// How every document begins.
    pub prefix: Prefix,
    /// Tables already written.
    pub tables: Tables,
}

/// Buffers for one document at a time, kept for the next.
pub struct Galley {
    places: Places,
    marks: Marks,
    states: States,
    fonts: CopyFonts,
    line: Line,
    pictures: Pictures,
    links: Vec<Link>,
    /// All sheets' contents, one after another.
    contents: Vec<u8>,
    sheets: Vec<SheetPart>,
    /// Pictures of all sheets, one after another.
    shown: Vec<usize>,
    live: Vec<bool>,
    in_table: Vec<bool>,
    table_nodes: Vec<NodeId>,
    nodes: Vec<u32>,
    shape: Vec<u8>,
    small: ObjectStream,
    packers: Packers,
    own: Vec<u8>,
    tail: Vec<u8>,
}

#[derive(Clone)]
struct SheetPart {
    sheet: SheetId,
    contents: std::ops::Range<usize>,
    shown: std::ops::Range<usize>,
    links: std::ops::Range<usize>,
}

struct Link {
    object: u32,
    node: NodeId,
    dictionary: Vec<u8>,
}

fn refused(detail: impl std::fmt::Display) -> RenderError {
    RenderError::Compose { detail: detail.to_string() }
}

impl Default for Galley {
    fn default() -> Galley {
        Galley {
            places: Default::default(),
            marks: Default::default(),
            states: Default::default(),
            fonts: Default::default(),
            line: Default::default(),
            pictures: Default::default(),
            links: Default::default(),
            contents: Default::default(),
            sheets: Default::default(),
            shown: Default::default(),
            live: Default::default(),
            in_table: Default::default(),
            table_nodes: Default::default(),
            nodes: Default::default(),
            shape: Default::default(),
            small: Default::default(),
            packers: Packers::new(),
            own: Vec::new(),
            tail: Vec::new(),
        }
    }
}

impl Galley {
    /// Composes one copy. `rope` comes empty.
    ///
    /// # Errors
    /// [`RenderError::Compose`] when a font cannot be subset.
    pub fn compose(
        &mut self,
        stock: &Stock,
        subject: &Subject<'_>,
        copy: &Copy,
        rope: &mut Rope,
    ) -> Result<(), RenderError> {
        let reserved = stock.book.reserved_objects();
        self.places.restart(reserved.end);
        stock.prefix.places.iter().for_each(|(number, place)| self.places.note(*number, *place));
        self.links.clear();
        self.pictures.clear();
        self.own.clear();
        self.small.clear();
        self.fonts.clear();
        self.states = States::default();
        self.marks.restart(copy);

        // Numbers that a table's elements depend on come first, so that they are the same in
        // copies of one shape.
        tables::nodes(copy, &mut self.table_nodes, &mut self.in_table);
        if self.table_nodes.len() > OBJECTS_A_STREAM {
            self.table_nodes.clear();
            self.in_table.fill(false);
        }
        let first_table_node = self.places.numbers(self.table_nodes.len());
        let first_page = self.places.numbers(copy.sheet_count());

        self.write_contents(stock, subject, copy);
        self.number_nodes(copy, first_table_node);

        rope.push_shared(&stock.prefix.bytes);
        self.write_metadata(subject);
        let deflated = self.contents.len() > DEFLATED_FROM;
        self.packers.much = self.contents.len() > MUCH_FROM;
        self.write_sheets(copy, first_page, deflated)?;
        self.write_fonts(stock, rope)?;
        self.write_structure(stock, copy, first_page, rope)?;
        self.write_states();
        self.flush_small(deflated)?;
        self.place_own(rope.len());

        let mut own = std::mem::take(&mut self.own);
        self.pictures.append(&mut own, rope, &mut self.places);
        self.finish(&mut own, rope, deflated)?;
        self.own = own;
        Ok(())
    }

    fn write_contents(&mut self, stock: &Stock, subject: &Subject<'_>, copy: &Copy) {
        self.contents.clear();
        self.sheets.clear();
        self.shown.clear();
        let mut ink = Ink {
            copy,
            book: &stock.book,
            fonts: &mut self.fonts,
            line: &mut self.line,
            marks: &mut self.marks,
            states: &mut self.states,
        };
        for sheet in copy.sheets(Group::Front).iter().chain(copy.sheets(Group::Pages)) {
            let (start, shown, links) = (self.contents.len(), self.shown.len(), self.links.len());
            let mut attached = Attached {
                subject,
                places: &mut self.places,
                pictures: &mut self.pictures,
                shown: &mut self.shown,
                from: shown,
                links: &mut self.links,
            };
            contents::write(&mut ink, &mut attached, *sheet, &mut self.contents);
            self.sheets.push(SheetPart {
                sheet: *sheet,
                contents: start..self.contents.len(),
                shown: shown..self.shown.len(),
                links: links..self.links.len(),
            });
        }
    }

    fn number_nodes(&mut self, copy: &Copy, first_table_node: u32) {
        structure::live(copy, &self.marks, &mut self.live);
        self.nodes.clear();
        self.nodes.resize(copy.nodes().len(), 0);
        for (index, live) in self.live.iter().enumerate() {
            self.nodes[index] = match index {
                // The document, its front and its pages have fixed numbers.
                0..3 if *live || index == 0 => number::DOCUMENT + index as u32,
                _ if *live && !self.in_table[index] => self.places.number(),
                _ => 0,
            };
        }
        let mut next = first_table_node;
        self.table_nodes.retain(|node| {
            let live = self.live[node.index()];
            if live {
                self.nodes[node.index()] = next;
                next += 1;
            }
            live
        });
    }

    fn write_metadata(&mut self, subject: &Subject<'_>) {
        self.note_own(number::METADATA);
        syntax::begin_object(&mut self.own, number::METADATA);
        self.own.extend_from_slice(b"<</Type/Metadata/Subtype/XML");
        self.tail.clear();
        metadata::packet(&mut self.tail, subject.exam, subject.renderable_at);
        objects::stream(&mut self.own, &[&self.tail]);
    }

    fn write_sheets(&mut self, copy: &Copy, first_page: u32, deflated: bool) -> Result<(), RenderError> {
        let sheets = std::mem::take(&mut self.sheets);
        let mut key = sheets.len();
        for (index, part) in sheets.iter().enumerate() {
            let page = first_page + index as u32;
            let contents = self.places.number();
            self.note_own(contents);
            syntax::begin_object(&mut self.own, contents);
            self.own.extend_from_slice(b"<<");
            let data = &self.contents[part.contents.clone()];
            // A page with a scan and a stroke or two is not worth it.
            if deflated && data.len() > 512 {
                self.packers.current().stream(&mut self.own, &[data]).map_err(refused)?;
            } else {
                objects::stream(&mut self.own, &[data]);
            }

            for link in &mut self.links[part.links.clone()] {
                let out = &mut link.dictionary;
                out.extend_from_slice(b"/StructParent ");
                syntax::unsigned(out, key as u64);
                out.extend_from_slice(b"/P ");
                syntax::reference(out, page);
                out.extend_from_slice(b">>");
                key += 1;
            }
            let frame = copy.sheet(part.sheet).frame;
            let out = self.small.object(page);
            out.extend_from_slice(b"<</Type/Page/Parent ");
            syntax::reference(out, number::PAGE_TREE);
            out.extend_from_slice(b"/MediaBox[");
            syntax::reals(out, &frame.media_box);
            if frame.crop_box != frame.media_box {
                out.extend_from_slice(b"]/CropBox[");
                syntax::reals(out, &frame.crop_box);
            }
            out.extend_from_slice(b"]");
            if frame.rotate != 0 {
                out.extend_from_slice(b"/Rotate ");
                syntax::unsigned(out, u64::from(frame.rotate));
            }
            out.extend_from_slice(b"/Contents ");
            syntax::reference(out, contents);
            out.extend_from_slice(b"/Resources<</Font ");
            syntax::reference(out, number::FONTS);
            out.extend_from_slice(b"/ExtGState ");
            syntax::reference(out, number::STATES);
            if !part.shown.is_empty() {
                out.extend_from_slice(b"/XObject<<");
                for picture in &self.shown[part.shown.clone()] {
                    out.extend_from_slice(b"/I");
                    syntax::unsigned(out, *picture as u64);
                    out.push(b' ');
                    syntax::reference(out, self.pictures.object(*picture));
                }
                out.extend_from_slice(b">>");
            }
            out.extend_from_slice(b">>/Group ");
            syntax::reference(out, number::GROUP);
            out.extend_from_slice(b"/StructParents ");
            syntax::unsigned(out, index as u64);
            if !part.links.is_empty() {
                out.extend_from_slice(b"/Tabs/S/Annots[");
                for link in &self.links[part.links.clone()] {
                    syntax::reference(out, link.object);
                    out.push(b' ');
                }
                out.push(b']');
            }
            out.extend_from_slice(b">>");
            self.flush_when_full(deflated)?;
        }
        let out = self.small.object(number::PAGE_TREE);
        out.extend_from_slice(b"<</Type/Pages/Count ");
        syntax::unsigned(out, sheets.len() as u64);
        out.extend_from_slice(b"/Kids[");
        for index in 0..sheets.len() {
            syntax::reference(out, first_page + index as u32);
            out.push(b' ');
        }
        out.extend_from_slice(b"]>>");
        self.sheets = sheets;
        for link in &mut self.links {
            self.small.object(link.object).append(&mut link.dictionary);
        }
        Ok(())
    }

    fn write_fonts(&mut self, stock: &Stock, rope: &mut Rope) -> Result<(), RenderError> {
        let embedded =
            self.fonts.embed(&stock.book, self.places.next(), self.packers.current()).map_err(refused)?;
        for font in &embedded {
            let start = match &font.bytes {
                FontBytes::Shared(shared) => {
                    let start = rope.len();
                    rope.push_shared(shared);
                    start
                }
                FontBytes::Owned(bytes) => {
                    let start = OWN + self.own.len() as u64;
                    self.own.extend_from_slice(bytes);
                    start
                }
            };
            self.note_font(font, start);
        }
        let out = self.small.object(number::FONTS);
        out.extend_from_slice(b"<<");
        for font in &embedded {
            out.extend_from_slice(b"/F");
            syntax::unsigned(out, u64::from(font.resource));
            out.push(b' ');
            syntax::reference(out, font.object);
        }
        out.extend_from_slice(b">>");
        Ok(())
    }

    fn note_font(&mut self, font: &EmbeddedFont<'_>, start: u64) {
        for (number, place) in font.places.iter() {
            let place = match *place {
                fonts::Place::At(offset) => Place::At(start + u64::from(offset)),
                fonts::Place::InStream { stream, index } => Place::InStream { stream, index },
            };
            self.places.note(*number, place);
        }
    }

    fn write_structure(
        &mut self,
        stock: &Stock,
        copy: &Copy,
        first_page: u32,
        rope: &mut Rope,
    ) -> Result<(), RenderError> {
        let links: Vec<u32> = self.links.iter().map(|link| link.object).collect();
        let nodes = std::mem::take(&mut self.nodes);
        let numbers = Numbers { nodes: &nodes, first_page, links: &links };
        if !self.table_nodes.is_empty() {
            let shared = stock
                .tables
                .stream(copy, &self.marks, &self.table_nodes, number::TABLES, &numbers, &mut self.shape)
                .map_err(refused)?;
            self.places.note(number::TABLES, Place::At(rope.len()));
            rope.push_shared(&shared);
            for (index, node) in self.table_nodes.iter().enumerate() {
                let index = u16::try_from(index).unwrap_or(u16::MAX);
                self.places.note(nodes[node.index()], Place::InStream { stream: number::TABLES, index });
            }
        }
        for (index, object) in nodes.iter().enumerate() {
            if *object != 0 && !self.in_table[index] {
                let out = self.small.object(*object);
                structure::element(out, copy, &self.marks, copy.node_id(index), number::STRUCTURE, &numbers);
                self.flush_when_full(self.contents.len() > DEFLATED_FROM)?;
            }
        }
        let owners: Vec<NodeId> = self.links.iter().map(|link| link.node).collect();
        structure::parent_tree(self.small.object(number::PARENT_TREE), &self.marks, &owners, &numbers);
        self.nodes = nodes;
        Ok(())
    }

    fn write_states(&mut self) {
        let out = self.small.object(number::STATES);
        out.extend_from_slice(b"<<");
        for (opacity, blend) in self.states.used() {
            contents::state_name(out, opacity, blend);
            out.extend_from_slice(b"<</ca ");
            syntax::real(out, f32::from(opacity) / 100.0);
            out.extend_from_slice(b"/CA ");
            syntax::real(out, f32::from(opacity) / 100.0);
            out.extend_from_slice(match blend {
                Blend::Normal => b"/BM/Normal>>",
                Blend::Multiply => b"/BM/Multiply>>",
            });
        }
        out.extend_from_slice(b">>");
    }

    fn flush_when_full(&mut self, deflated: bool) -> Result<(), RenderError> {
        if self.small.numbers().len() < OBJECTS_A_STREAM { Ok(()) } else { self.flush_small(deflated) }
    }

    /// Writes the small objects gathered so far as one object stream.
    fn flush_small(&mut self, deflated: bool) -> Result<(), RenderError> {
        let stream = self.places.number();
        self.note_own(stream);
        let large = self.small.len() > if deflated { SMALL_DEFLATED_FROM } else { DEFLATED_FROM };
        let packer = large.then_some(self.packers.current());
        self.small.write(&mut self.own, stream, packer).map_err(refused)?;
        for (index, number) in self.small.numbers().iter().enumerate() {
            let index = u16::try_from(index).unwrap_or(u16::MAX);
            self.places.note(*number, Place::InStream { stream, index });
        }
        self.small.clear();
        Ok(())
    }

    /// An object begins here in the own part, whose place in the file is not known yet.
    fn note_own(&mut self, number: u32) {
        self.places.note(number, Place::At(OWN + self.own.len() as u64));
    }

    fn place_own(&mut self, start: u64) {
        self.places.shift(OWN, start);
    }

    /// The cross-reference stream and the end. What is in `own` (the end of the last scan, or the
    /// whole own part when there is no scan) comes before it.
    fn finish(&mut self, own: &mut Vec<u8>, rope: &mut Rope, deflated: bool) -> Result<(), RenderError> {
        let table = self.places.number();
        let at = rope.len() + own.len() as u64;
        // The digest stands for everything before the last segment.
        rope.push_owned(own);
        own.clear();
        let digest = rope.digest();
        self.places.note(table, Place::At(at));
        let (index, entries) = (&mut self.shape, &mut self.contents);
        index.clear();
        entries.clear();
        self.places.table(index, entries);
        let tail = &mut self.tail;
        tail.clear();
        syntax::begin_object(tail, table);
        tail.extend_from_slice(b"<</Type/XRef/Size ");
        syntax::unsigned(tail, u64::from(table) + 1);
        tail.extend_from_slice(b"/W[1 5 2]/Index[");
        tail.extend_from_slice(index);
        tail.extend_from_slice(b"]/Root ");
        syntax::reference(tail, number::CATALOG);
        tail.extend_from_slice(b"/ID[");
        syntax::hex_string(tail, &digest[..16]);
        syntax::hex_string(tail, &digest[..16]);
        tail.extend_from_slice(b"]");
        if deflated {
            self.packers.current().stream(tail, &[entries]).map_err(refused)?;
        } else {
            objects::stream(tail, &[entries]);
        }
        tail.extend_from_slice(b"startxref\n");
        syntax::unsigned(tail, at);
        tail.extend_from_slice(b"\n%%EOF\n");
        rope.push_owned(tail);
        Ok(())
    }
}

/// Added to the offsets of the own part until it has its place; no file is that long.
const OWN: u64 = 1 << 60;

/// Pictures and links, as a sheet's contents ask for them.
struct Attached<'a> {
    subject: &'a Subject<'a>,
    places: &'a mut Places,
    pictures: &'a mut Pictures,
    shown: &'a mut Vec<usize>,
    /// Where this sheet's begin in `shown`.
    from: usize,
    links: &'a mut Vec<Link>,
}

impl Attachments for Attached<'_> {
    fn scan(&mut self, page: u32) -> Option<(usize, [f32; 6])> {
        let scan = self.subject.script.pages.get(page as usize)?.scan.as_ref()?;
        let picture = self.pictures.number(&scan.image, self.places);
        if !self.shown[self.from..].contains(&picture) {
            self.shown.push(picture);
        }
        Some((picture, scan.matrix.map(|part| part.to_native())))
    }

    fn link(&mut self, node: NodeId, area: [f32; 4], target: &str, says: &str) -> u32 {
        let mut dictionary = b"<</Type/Annot/Subtype/Link/F 4/Border[0 0 0]/Rect[".to_vec();
        syntax::reals(&mut dictionary, &area);
        dictionary.extend_from_slice(b"]/Contents");
        syntax::text_string(&mut dictionary, says);
        // A URI is ASCII (ISO 32000-1, 12.6.4.7); anything else in it is escaped.
        dictionary.extend_from_slice(b"/A<</S/URI/URI");
        let mut uri = String::new();
        for byte in target.bytes() {
            if byte.is_ascii_graphic() {
                uri.push(char::from(byte));
            } else {
                uri.push('%');
                uri.extend([byte >> 4, byte & 15].map(|digit| char::from(syntax::HEX[usize::from(digit)])));
            }
        }
        syntax::text_string(&mut dictionary, &uri);
        dictionary.extend_from_slice(b">>");
        self.links.push(Link { object: self.places.number(), node, dictionary });
        self.links.len() as u32 - 1
    }
}
