//! The document's metadata (XMP): which standards it keeps, its title and its dates.
//!
//! Almost all of it is the same in every copy. No name of a person is in it: the title is the
//! exam's.

use copiste_core::model::ArchivedExam;

use super::syntax;
use crate::calendar;

/// The program that made the document, with its version: part of what the bytes depend on.
const PRODUCER: &str = concat!("copiste ", env!("CARGO_PKG_VERSION"));

const HEAD: &str = "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\
<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\
<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\" \
xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\" xmlns:pdfuaid=\"http://www.aiim.org/pdfua/ns/id/\" \
xmlns:pdfaExtension=\"http://www.aiim.org/pdfa/ns/extension/\" \
xmlns:pdfaSchema=\"http://www.aiim.org/pdfa/ns/schema#\" \
xmlns:pdfaProperty=\"http://www.aiim.org/pdfa/ns/property#\">\
<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance><pdfuaid:part>1</pdfuaid:part>\
<dc:format>application/pdf</dc:format>\
<dc:language><rdf:Bag><rdf:li>fr-FR</rdf:li></rdf:Bag></dc:language>\
<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">";

/// PDF/A allows only schemas it knows; the mark of PDF/UA is not among them and so is declared
/// (ISO 19005-2, 6.6.2.3).
const TAIL: &str = "<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType=\"Resource\">\
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>\
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix><pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>\
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType=\"Resource\"><pdfaProperty:category>internal</pdfaProperty:category>\
<pdfaProperty:description>PDF/UA version identifier</pdfaProperty:description>\
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType></rdf:li></rdf:Seq>\
</pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas>\
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"r\"?>";

/// Appends the packet. `at` is the document's date: seconds since 1970, UTC.
pub fn packet(out: &mut Vec<u8>, exam: &ArchivedExam, at: i64) {
    out.extend_from_slice(HEAD.as_bytes());
    escaped(out, &exam.label);
    out.extend_from_slice(" – ".as_bytes());
    escaped(out, &exam.code);
    out.extend_from_slice(b"</rdf:li></rdf:Alt></dc:title><pdf:Producer>");
    out.extend_from_slice(PRODUCER.as_bytes());
    out.extend_from_slice(b"</pdf:Producer><xmp:CreatorTool>copiste</xmp:CreatorTool><xmp:CreateDate>");
    instant(out, at);
    out.extend_from_slice(b"</xmp:CreateDate><xmp:ModifyDate>");
    instant(out, at);
    out.extend_from_slice(b"</xmp:ModifyDate>");
    out.extend_from_slice(TAIL.as_bytes());
}

/// Words between tags; what XML 1.0 cannot hold is left out.
fn escaped(out: &mut Vec<u8>, words: &str) {
    let mut buffer = [0; 4];
    for character in words.chars() {
        match character {
            '<' => out.extend_from_slice(b"&lt;"),
            '>' => out.extend_from_slice(b"&gt;"),
            '&' => out.extend_from_slice(b"&amp;"),
            '\u{FFFE}' | '\u{FFFF}' => {}
            _ if character.is_control() => out.push(b' '),
            _ => out.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes()),
        }
    }
}

/// `2020-01-03T08:00:00Z`, within the years 1 to 9999.
fn instant(out: &mut Vec<u8>, at: i64) {
    const YEAR_1: i64 = -62_135_596_800;
    const YEAR_9999: i64 = 253_402_300_799;
    let at = at.clamp(YEAR_1, YEAR_9999);
    let (days, seconds) = (at.div_euclid(86_400), at.rem_euclid(86_400));
    let (year, month, day) = calendar::date(days);
    let mut padded = |number: i64, digits: usize| {
        let start = out.len();
        syntax::unsigned(out, number.unsigned_abs());
        let missing = digits.saturating_sub(out.len() - start);
        out.splice(start..start, std::iter::repeat_n(b'0', missing));
    };
    padded(year, 4);
    for (mark, number) in
        [(b'-', month), (b'-', day), (b'T', seconds / 3600), (b':', seconds / 60 % 60), (b':', seconds % 60)]
    {
        out.push(mark);
        let number = number as usize;
        out.extend_from_slice(&[b'0' + (number / 10) as u8, b'0' + (number % 10) as u8]);
    }
    out.push(b'Z');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (at, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_578_038_400, "2020-01-03T08:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (i64::MAX, "9999-12-31T23:59:59Z"),
            (i64::MIN, "0001-01-01T00:00:00Z"),
        ] {
            let mut out = Vec::new();
            instant(&mut out, at);
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
    }

    #[test]
    fn hostile_titles_stay_words() {
        let mut out = Vec::new();
        escaped(&mut out, "<a>&\u{0}\u{FFFF}é");
        assert_eq!(String::from_utf8_lossy(&out), "&lt;a&gt;&amp; é");
    }
}
