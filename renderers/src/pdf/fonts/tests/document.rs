//! The smallest tagged PDF that can show what the fonts make: a paragraph a line.

use crate::pdf::objects::Packer;
use std::fmt::Write;

use super::super::{CopyFonts, FontBook, FontBytes, FontRole, Line, Place};

/// The first object number of the shared blocks in these documents.
pub(super) const FIRST_OBJECT: u32 = 20;

/// Composes the lines, as many pages as needed.
pub(super) fn compose(book: &FontBook, lines: &[(FontRole, &str)]) -> Vec<u8> {
    let mut fonts = CopyFonts::new();
    let mut line = Line::new();
    let mut next = book.reserved_objects().end;
    let mut file = File { bytes: b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n".to_vec(), places: Vec::new() };

    let mut pages = Vec::new();
    for part in lines.chunks(40) {
        let mut content = b"/Grey cs 0 sc\n".to_vec();
        for (at, (role, text)) in part.iter().enumerate() {
            book.set(*role, text, &mut fonts, &mut line);
            let x = if line.reads_leftward() { 555.0 - line.width() * 12.0 / 1000.0 } else { 40.0 };
            let y = 800 - 19 * at;
            content.extend(format!("/P<</MCID {at}>>BDC\nBT\n1 0 0 1 {x:.3} {y} Tm\n").bytes());
            line.write(12.0, &mut content);
            content.extend(b"ET\nEMC\n");
        }
        pages.push((content, part.len()));
    }

    let mut resources =
        String::from("<</ColorSpace<</Grey[/CalGray<</WhitePoint[0.9505 1 1.089]>>]>>/Font<<");
    for font in fonts.embed(book, &mut next, &mut Packer::quick()).expect("every face can be subset") {
        write!(resources, "/F{} {} 0 R", font.resource, font.object).expect("a string takes text");
        let start = file.bytes.len();
        match &font.bytes {
            FontBytes::Shared(shared) => file.bytes.extend(shared.bytes()),
            FontBytes::Owned(bytes) => file.bytes.extend(bytes),
        }
        file.places.extend(font.places.iter().map(|(number, place)| (*number, start, *place)));
    }
    resources += ">>>>";

    let mut kids = (String::new(), String::new(), String::new());
    for (at, (content, paragraphs)) in pages.iter().enumerate() {
        let (page, stream) = (next, next + 1);
        next += 2;
        file.object(page, &format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/StructParents {at}/Tabs/S/Contents {stream} 0 R/Resources{resources}>>"
        ));
        file.stream(stream, "", content);
        kids.0 += &format!("{page} 0 R ");
        kids.2 += &format!("{at}[");
        for paragraph in 0..*paragraphs {
            file.object(next, &format!("<</S/P/P 4 0 R/Pg {page} 0 R/K {paragraph}>>"));
            kids.1 += &format!("{next} 0 R ");
            kids.2 += &format!("{next} 0 R ");
            next += 1;
        }
        kids.2 += "]";
    }
    file.object(1, "<</Type/Catalog/Pages 2 0 R/StructTreeRoot 3 0 R/Metadata 5 0 R/MarkInfo<</Marked true>>/Lang(fr-FR)/ViewerPreferences<</DisplayDocTitle true>>>>");
    file.object(2, &format!("<</Type/Pages/Kids[{}]/Count {}>>", kids.0, pages.len()));
    file.object(3, &format!("<</Type/StructTreeRoot/K 4 0 R/ParentTree<</Nums[{}]>>>>", kids.2));
    file.object(4, &format!("<</S/Document/P 3 0 R/K[{}]>>", kids.1));
    file.stream(5, "/Type/Metadata/Subtype/XML", METADATA.as_bytes());
    file.finish(next)
}

struct File {
    bytes: Vec<u8>,
    places: Vec<(u32, usize, Place)>,
}

impl File {
    fn object(&mut self, number: u32, body: &str) {
        self.places.push((number, self.bytes.len(), Place::At(0)));
        self.bytes.extend(format!("{number} 0 obj\n{body}\nendobj\n").bytes());
    }

    fn stream(&mut self, number: u32, entries: &str, data: &[u8]) {
        self.places.push((number, self.bytes.len(), Place::At(0)));
        self.bytes.extend(format!("{number} 0 obj\n<<{entries}/Length {}>>\nstream\n", data.len()).bytes());
        self.bytes.extend(data);
        self.bytes.extend(b"\nendstream\nendobj\n");
    }

    /// Writes the cross-reference stream: numbers of blocks that are not there are left out.
    fn finish(mut self, number: u32) -> Vec<u8> {
        let start = self.bytes.len();
        self.places.push((number, start, Place::At(0)));
        self.places.sort_unstable_by_key(|(number, ..)| *number);
        let mut index = String::from("0 1");
        let mut entries = vec![0, 0, 0, 0, 0, 0xFF, 0xFF];
        for (number, start, place) in &self.places {
            write!(index, " {number} 1").expect("a string takes text");
            let (kind, second, third) = match place {
                Place::At(offset) => (1, u32::try_from(*start).expect("small") + offset, 0),
                Place::InStream { stream, index } => (2, *stream, *index),
            };
            entries.push(kind);
            entries.extend(second.to_be_bytes());
            entries.extend(third.to_be_bytes());
        }
        let head = format!(
            "{number} 0 obj\n<</Type/XRef/Size {}/W[1 4 2]/Index[{index}]/Root 1 0 R/ID[<00><00>]/Length {}>>\nstream\n",
            number + 1,
            entries.len()
        );
        self.bytes.extend(head.bytes());
        self.bytes.extend(entries);
        self.bytes.extend(format!("\nendstream\nendobj\nstartxref\n{start}\n%%EOF\n").bytes());
        self.bytes
    }
}

/// PDF/A-2a and PDF/UA-1, with the schema of the latter declared (PDF.md).
const METADATA: &str = "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\
<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\
<rdf:Description rdf:about=\"\" xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\" \
xmlns:pdfuaid=\"http://www.aiim.org/pdfua/ns/id/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
xmlns:pdfaExtension=\"http://www.aiim.org/pdfa/ns/extension/\" \
xmlns:pdfaSchema=\"http://www.aiim.org/pdfa/ns/schema#\" \
xmlns:pdfaProperty=\"http://www.aiim.org/pdfa/ns/property#\">\
<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance><pdfuaid:part>1</pdfuaid:part>\
<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">Fonts</rdf:li></rdf:Alt></dc:title>\
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType=\"Resource\">\
<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>\
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>\
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq>\
<rdf:li rdf:parseType=\"Resource\"><pdfaProperty:name>part</pdfaProperty:name>\
<pdfaProperty:valueType>Integer</pdfaProperty:valueType><pdfaProperty:category>internal</pdfaProperty:category>\
<pdfaProperty:description>Part of ISO 14289</pdfaProperty:description></rdf:li>\
</rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas>\
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>";
