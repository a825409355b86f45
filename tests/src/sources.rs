//! Our own sources, read as text: for the tests that keep the house's rules.

use std::fs;
use std::path::{Path, PathBuf};

use crate::place::workspace;

/// One Rust file.
pub struct Source {
    /// Path from the workspace's folder, with `/`.
    pub path: String,
    /// As it stands.
    pub text: String,
    /// Without comments and without what strings hold; every line keeps its number.
    pub code: String,
    /// Whether only tests see it.
    pub is_test: bool,
}

impl Source {
    /// Reads one.
    ///
    /// # Panics
    /// When the file cannot be read.
    pub fn read(path: &Path) -> Source {
        let text = fs::read_to_string(path).expect("a source can be read");
        let path = path.strip_prefix(workspace()).unwrap_or(path).to_string_lossy().replace('\\', "/");
        let is_test = path.starts_with("tests/");
        Source { path, code: bare(&text), text, is_test }
    }

    /// The files of modules that stand under `#[cfg(test)]` here, without their extension.
    fn test_modules(&self) -> Vec<String> {
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let own = self.path.trim_end_matches(".rs");
        let door = ["/mod", "/lib", "/main"].iter().any(|name| own.ends_with(name));
        let folder = if door { folder } else { own };
        let after = self.code.split("#[cfg(test)]").skip(1);
        let declared = after.filter_map(|item| item.split_once(';')?.0.trim().rsplit_once("mod "));
        declared.filter(|(_, name)| !name.contains('{')).map(|(_, name)| format!("{folder}/{name}")).collect()
    }

    /// The code that ends up in a product: without `#[cfg(test)]` items.
    pub fn product(&self) -> String {
        if self.is_test { String::new() } else { without_tests(&self.code) }
    }
}

/// All Rust files of a folder of the workspace, in order of their paths.
///
/// # Panics
/// When a folder cannot be read.
pub fn sources(folder: &str) -> Vec<Source> {
    let mut paths = files(&workspace().join(folder));
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let mut sources: Vec<Source> = paths.iter().map(|path| Source::read(path)).collect();
    let tests: Vec<String> = sources.iter().flat_map(Source::test_modules).collect();
    for source in &mut sources {
        let within = |test: &String| {
            source.path.strip_prefix(test.as_str()).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        source.is_test |= tests.iter().any(within);
    }
    sources
}

/// All files under a folder, build products apart, in order.
///
/// # Panics
/// When a folder cannot be read.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("a folder can be read") {
            let path = entry.expect("an entry can be read").path();
            let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if path.is_dir() && !hidden && !path.ends_with("target") {
                open.push(path);
            } else if path.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Whether `name` stands in `code` as a whole path of identifiers (`env::var`, `sled`).
pub fn names(code: &str, name: &str) -> bool {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let bytes = code.as_bytes();
    code.match_indices(name).any(|(at, _)| {
        let before = at.checked_sub(1).is_none_or(|at| !part(bytes[at]));
        let after = bytes.get(at + name.len()).is_none_or(|byte| !part(*byte));
        before && after
    })
}

/// The text with comments and the insides of strings and characters blanked.
pub fn bare(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let blank = |code: &mut Vec<u8>, from: usize, to: usize| {
        for byte in &mut code[from..to.min(bytes.len())] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    };
    let find = |from: usize, what: &str| text[from..].find(what).map_or(bytes.len(), |at| from + at);
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let end = if rest.starts_with(b"//") {
            find(at, "\n")
        } else if rest.starts_with(b"/*") {
            find(at, "*/") + 2
        } else if let Some(hashes) = raw_string(rest) {
            let close = format!("\"{}", "#".repeat(hashes));
            find(at + hashes + 2, &close) + close.len()
        } else if rest[0] == b'"' {
            string_end(bytes, at)
        } else if rest[0] == b'\'' {
            character_end(bytes, at)
        } else {
            // A raw string's `r` must not be looked for inside a word such as `for"`.
            let word = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
            let before_string = rest.get(word).is_some_and(|byte| *byte == b'"' || *byte == b'#');
            at += if word > 1 && !before_string { word } else { char_width(rest[0]) };
            continue;
        };
        blank(&mut code, at, end);
        at = end.max(at + 1);
    }
    String::from_utf8_lossy(&code).into_owned()
}

fn char_width(first: u8) -> usize {
    match first {
        0xF0.. => 4,
        0xE0.. => 3,
        0xC0.. => 2,
        _ => 1,
    }
}

/// For `r"`, `r#"`…: how many hashes.
fn raw_string(rest: &[u8]) -> Option<usize> {
    let hashes = rest.strip_prefix(b"r")?.iter().take_while(|byte| **byte == b'#').count();
    (rest.get(1 + hashes) == Some(&b'"')).then_some(hashes)
}

fn string_end(bytes: &[u8], open: usize) -> usize {
    let mut at = open + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

/// One past a character literal; one past the quote for a lifetime.
fn character_end(bytes: &[u8], open: usize) -> usize {
    let Some(&first) = bytes.get(open + 1) else { return open + 1 };
    if first == b'\\' {
        return bytes[open + 2..]
            .iter()
            .skip(1)
            .position(|byte| *byte == b'\'')
            .map_or(open + 1, |at| open + at + 4);
    }
    let close = open + 1 + char_width(first);
    if bytes.get(close) == Some(&b'\'') { close + 1 } else { open + 1 }
}

/// Blanks every item under `#[cfg(test)]`, from its attribute to its closing brace or semicolon.
pub fn without_tests(code: &str) -> String {
    let mut left = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        left.push_str(&rest[..at]);
        let item = &rest[at..];
        let brace = item.find('{').unwrap_or(item.len());
        let semicolon = item.find(';').unwrap_or(item.len());
        let end = if semicolon < brace { semicolon + 1 } else { closing(item, brace) };
        left.extend(item[..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = &item[end..];
    }
    left.push_str(rest);
    left
}

fn closing(item: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in item.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return at + 1;
        }
    }
    item.len()
}
