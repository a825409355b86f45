//! A strict JSON reader for text that comes from outside.
//!
//! A general reader would keep the last of two fields of one name, read numbers through floating
//! point and stop at the first thing it dislikes without saying where it stands. This one keeps
//! numbers as their characters, refuses a field given twice, is bounded in depth, in fields and in
//! values, and borrows from the line what has no escapes.

use std::borrow::Cow;

/// How deeply a bundle's JSON may be nested; the format itself needs seven levels.
pub const DEPTH_LIMIT: usize = 16;
/// How many fields an object may have. The widest of the format has fifteen.
pub const FIELDS_LIMIT: usize = 64;
/// How many values a text may have, so that 8 MiB of `[],[],…` cannot become gigabytes.
pub const VALUES_LIMIT: usize = 1_000_000;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number's characters, as they stand.
    Number(&'a str),
    /// A text, escapes undone.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Json<'a>>),
    /// An object; no name twice.
    Object(Vec<Member<'a>>),
}

/// A field of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Member<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// Where the name begins in the text, in bytes from 0.
    pub at: usize,
    /// Its value.
    pub value: Json<'a>,
}

impl Json<'_> {
    /// What it is, for people.
    pub fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "true or false",
            Json::Number(_) => "a number",
            Json::Text(_) => "a text",
            Json::List(_) => "a list",
            Json::Object(_) => "an object",
        }
    }
}

/// Why a text is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Not JSON; what was expected.
    Syntax(&'static str),
    /// Nested past [`DEPTH_LIMIT`].
    TooDeep,
    /// Past [`FIELDS_LIMIT`] or [`VALUES_LIMIT`].
    TooMany(&'static str),
    /// A field given twice.
    Twice(String),
}

/// A flaw with its byte offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlawAt {
    /// Bytes from the start of the text.
    pub at: usize,
    /// What it is.
    pub flaw: Flaw,
}

/// Reads one value that fills the whole text, but for white space.
///
/// # Errors
/// [`FlawAt`], the first in the text.
pub fn parse(text: &str) -> Result<Json<'_>, FlawAt> {
    let mut parser = Parser { text, bytes: text.as_bytes(), at: 0, values: 0 };
    parser.blank();
    let value = parser.value(0)?;
    parser.blank();
    if parser.at < parser.bytes.len() {
        return Err(parser.syntax("nothing more after the value"));
    }
    Ok(value)
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    values: usize,
}

impl<'a> Parser<'a> {
    fn flaw(&self, flaw: Flaw) -> FlawAt {
        FlawAt { at: self.at, flaw }
    }

    fn syntax(&self, expected: &'static str) -> FlawAt {
        self.flaw(Flaw::Syntax(expected))
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Json<'a>, FlawAt> {
        self.values += 1;
        if self.values > VALUES_LIMIT {
            return Err(self.flaw(Flaw::TooMany("1,000,000 values")));
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => Ok(Json::Text(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            _ => Err(self.syntax("a value")),
        }
    }

    fn word(&mut self, word: &'static str, value: Json<'a>) -> Result<Json<'a>, FlawAt> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.syntax("true, false, null, a number, a text, a list or an object"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn enter(&mut self, depth: usize) -> Result<(), FlawAt> {
        if depth >= DEPTH_LIMIT {
            return Err(self.flaw(Flaw::TooDeep));
        }
        self.at += 1;
        self.blank();
        Ok(())
    }

    /// After an item: true at the closing sign, false after a comma.
    fn ends(&mut self, close: u8, expected: &'static str) -> Result<bool, FlawAt> {
        self.blank();
        match self.peek() {
            Some(sign) if sign == close => {
                self.at += 1;
                Ok(true)
            }
            Some(b',') => {
                self.at += 1;
                self.blank();
                Ok(false)
            }
            _ => Err(self.syntax(expected)),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Json<'a>, FlawAt> {
        self.enter(depth)?;
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.ends(b']', "a comma or ]")? {
                return Ok(Json::List(items));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json<'a>, FlawAt> {
        self.enter(depth)?;
        let mut members: Vec<Member<'a>> = Vec::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Object(members));
        }
        loop {
            let at = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.syntax("a field's name between quotation marks"));
            }
            let name = self.string()?;
            if members.iter().any(|member| member.name == name) {
                return Err(FlawAt { at, flaw: Flaw::Twice(name.into_owned()) });
            }
            if members.len() == FIELDS_LIMIT {
                return Err(FlawAt { at, flaw: Flaw::TooMany("64 fields in one object") });
            }
            self.blank();
            if self.peek() != Some(b':') {
                return Err(self.syntax("a colon"));
            }
            self.at += 1;
            self.blank();
            let value = self.value(depth + 1)?;
            members.push(Member { name, at, value });
            if self.ends(b'}', "a comma or }")? {
                return Ok(Json::Object(members));
            }
        }
    }

    fn digits(&mut self) -> Result<(), FlawAt> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.syntax("a digit")) } else { Ok(()) }
    }

    fn number(&mut self) -> Result<Json<'a>, FlawAt> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
            if matches!(self.peek(), Some(b'0'..=b'9')) {
                return Err(self.syntax("a number without a leading zero"));
            }
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Json::Number(&self.text[start..self.at]))
    }

    fn string(&mut self) -> Result<Cow<'a, str>, FlawAt> {
        self.at += 1;
        let mut start = self.at;
        let mut owned: Option<String> = None;
        loop {
            // Signs of ASCII never stand inside a longer character of UTF-8, so slicing is safe.
            match self.peek() {
                Some(b'"') => {
                    let rest = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(match owned {
                        None => Cow::Borrowed(rest),
                        Some(text) => Cow::Owned(text + rest),
                    });
                }
                Some(b'\\') => {
                    let text = owned.get_or_insert_default();
                    text.push_str(&self.text[start..self.at]);
                    self.at += 1;
                    let character = self.escape()?;
                    owned.get_or_insert_default().push(character);
                    start = self.at;
                }
                Some(0..=0x1F) => return Err(self.syntax("no bare control character in a text")),
                Some(_) => self.at += 1,
                None => return Err(self.syntax("the end of a text")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, FlawAt> {
        let sign = self.peek();
        self.at += 1;
        Ok(match sign {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{C}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let first = self.hex()?;
                let code = match first {
                    0xD800..=0xDBFF if self.bytes[self.at..].starts_with(b"\\u") => {
                        self.at += 2;
                        let second = self.hex()?;
                        if !(0xDC00..=0xDFFF).contains(&second) {
                            return Err(self.syntax("the second half of a surrogate pair"));
                        }
                        0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00)
                    }
                    _ => first,
                };
                char::from_u32(code).ok_or_else(|| self.syntax("a whole surrogate pair"))?
            }
            _ => {
                self.at -= 1;
                return Err(self.syntax("an escape that JSON knows"));
            }
        })
    }

    fn hex(&mut self) -> Result<u32, FlawAt> {
        let digits =
            self.bytes.get(self.at..self.at + 4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let Some(digits) = digits else {
            return Err(self.syntax("four hexadecimal digits"));
        };
        self.at += 4;
        Ok(digits.iter().fold(0, |sum, digit| sum * 16 + char::from(*digit).to_digit(16).unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn flaw(text: &str) -> Flaw {
        parse(text).unwrap_err().flaw
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            " ",
            "{",
            "}",
            "[",
            "[1",
            "[1,",
            "[1,]",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\":1,}",
            "{a:1}",
            "{'a':1}",
            "nul",
            "True",
            "NaN",
            "Infinity",
            "-",
            "+1",
            "01",
            "-01",
            "1.",
            ".5",
            "1e",
            "1e+",
            "0x10",
            "\"",
            "\"\\",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12G4\"",
            "\"\\uD800\"",
            "\"\\uD800\\u0041\"",
            "\"\\uDC00\"",
            "\"a\nb\"",
            "\"a\0b\"",
            "1 2",
            "{} {}",
            "// x\n1",
            "1 // x",
            "\u{feff}1",
            "\"\\u+123\"",
        ] {
            assert!(matches!(flaw(text), Flaw::Syntax(_)), "{text:?}");
        }
    }

    #[test]
    fn a_field_given_twice_is_refused_even_when_spelt_differently() {
        assert_eq!(flaw(r#"{"a":1,"b":{"c":1,"\u0063":2}}"#), Flaw::Twice("c".to_owned()));
    }

    #[test]
    fn depth_fields_and_values_are_bounded() {
        assert!(parse(&format!("{}{}", "[".repeat(16), "]".repeat(16))).is_ok());
        assert_eq!(flaw(&"[".repeat(17)), Flaw::TooDeep);
        assert_eq!(flaw(&"[".repeat(1_000_000)), Flaw::TooDeep);
        assert_eq!(flaw(&"{\"a\":".repeat(1_000_000)), Flaw::TooDeep);
        let wide: Vec<String> = (0..65).map(|number| format!("\"{number}\":0")).collect();
        assert_eq!(flaw(&format!("{{{}}}", wide.join(","))), Flaw::TooMany("64 fields in one object"));
        assert_eq!(flaw(&format!("[{}0]", "0,".repeat(VALUES_LIMIT))), Flaw::TooMany("1,000,000 values"));
    }

    #[test]
    fn numbers_keep_their_characters_and_texts_their_letters() {
        assert_eq!(parse(" -12.50e+3 "), Ok(Json::Number("-12.50e+3")));
        assert_eq!(parse(r#""\u00c9lo\u00efse \ud83c\udf93 \"\\\/\b\f\n\r\t""#), {
            Ok(Json::Text("Éloïse 🎓 \"\\/\u{8}\u{c}\n\r\t".into()))
        });
        assert!(matches!(parse("\"plain é\""), Ok(Json::Text(Cow::Borrowed("plain é")))));
    }

    fn same(ours: &Json<'_>, theirs: &serde_json::Value) -> bool {
        match (ours, theirs) {
            (Json::Null, serde_json::Value::Null) => true,
            (Json::Bool(ours), serde_json::Value::Bool(theirs)) => ours == theirs,
            (Json::Number(ours), serde_json::Value::Number(theirs)) => {
                // The other reader normalises the exponent's sign and letter.
                let plain = |text: &str| text.to_ascii_lowercase().replace("e+", "e");
                plain(ours) == plain(&theirs.to_string())
            }
            (Json::Text(ours), serde_json::Value::String(theirs)) => ours == theirs,
            (Json::List(ours), serde_json::Value::Array(theirs)) => {
                ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
            }
            (Json::Object(ours), serde_json::Value::Object(theirs)) => {
                ours.len() == theirs.len()
                    && ours.iter().all(|member| {
                        theirs.get(member.name.as_ref()).is_some_and(|theirs| same(&member.value, theirs))
                    })
            }
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn it_reads_what_another_reader_reads(text in r#"([\[\]{}:,"\\0-9eE.+ tfn-]|"a"|"\\u00e9"|true|null|1\.5e3){0,14}"#) {
            match (parse(&text), serde_json::from_str::<serde_json::Value>(&text)) {
                (Ok(ours), Ok(theirs)) => prop_assert!(same(&ours, &theirs), "{ours:?} {theirs:?}"),
                (Err(_), Err(_)) => {}
                // The other reader keeps the last of two.
                (Err(FlawAt { flaw: Flaw::Twice(_), .. }), Ok(_)) => {}
                (ours, theirs) => prop_assert!(false, "{text:?} {ours:?} {theirs:?}"),
            }
        }

        #[test]
        fn any_text_survives_being_written_and_read(text in ".*") {
            let written = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(parse(&written), Ok(Json::Text(text.into())));
        }

        #[test]
        fn nothing_from_outside_makes_it_panic(text in ".{0,200}") {
            let _ = parse(&text);
        }
    }
}
