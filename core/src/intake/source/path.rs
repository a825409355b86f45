//! Paths inside a bundle.

use unicode_normalization::UnicodeNormalization;

/// Longest path, in bytes.
pub const PATH_LIMIT: usize = 1_024;
/// Most folders above a file.
pub const DEPTH_LIMIT: usize = 16;

/// Checks that a path is a plain relative one, inside the bundle, on every system.
///
/// # Errors
/// What is wrong with it, in English, without the path itself.
pub fn check(path: &str) -> Result<(), &'static str> {
    if path.is_empty() {
        return Err("the path is empty");
    }
    if path.len() > PATH_LIMIT {
        return Err("the path is longer than 1,024 bytes");
    }
    if path.starts_with('/') {
        return Err("the path is absolute");
    }
    if path.contains('\\') {
        return Err("the path has a backslash; folders are separated by /");
    }
    if path.chars().any(char::is_control) {
        return Err("the path has a control character");
    }
    let bytes = path.as_bytes();
    if bytes.len() > 1 && bytes[1] == b':' && bytes[0].is_ascii_alphabetic() {
        return Err("the path names a drive");
    }
    let mut depth = 0;
    for part in path.split('/') {
        match part {
            "" => return Err("the path has an empty part"),
            "." | ".." => return Err("the path has a part . or .., which may lead out of the bundle"),
            // The limit of every file system in use.
            _ if part.len() > 255 => return Err("the path has a part longer than 255 bytes"),
            _ => depth += 1,
        }
    }
    if depth > DEPTH_LIMIT {
        return Err("the path has more than 16 parts");
    }
    Ok(())
}

/// How a path is looked up: composed, since macOS writes names decomposed.
pub fn composed(path: &str) -> String {
    if path.is_ascii() { path.to_owned() } else { path.nfc().collect() }
}

/// Two paths with the same folded form are one file on some systems.
pub fn folded(path: &str) -> String {
    if path.is_ascii() {
        path.to_ascii_lowercase()
    } else {
        path.nfkc().flat_map(char::to_lowercase).nfkc().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_never_leaves_the_bundle() {
        for path in [
            "",
            "/etc/passwd",
            "../../etc",
            "scans/../../x",
            "scans/./x",
            "scans//x",
            "scans/",
            "..",
            "C:/x.jpg",
            "C:x.jpg",
            "a:b",
            "scans\\x.jpg",
            "\\\\server\\x",
            "x\0.jpg",
            "x\n.jpg",
        ] {
            assert!(check(path).is_err(), "{path:?}");
        }
        assert!(check("a/".repeat(16).trim_end_matches('/')).is_ok());
        assert!(check(&format!("{}x", "a/".repeat(16))).is_err());
        assert!(check(&"x".repeat(256)).is_err());
        assert!(check(&"é".repeat(600)).is_err());
    }

    #[test]
    fn ordinary_and_odd_names_are_welcome() {
        for path in
            ["scans/0001-1.jpg", "CON", "scans/été 2020.jpg", "a/b/c.pdf", "🎓.png", ".hidden", "x..y"]
        {
            assert_eq!(check(path), Ok(()), "{path:?}");
        }
    }

    #[test]
    fn names_that_clash_somewhere_fold_alike() {
        assert_eq!(folded("Scans/A.JPG"), folded("scans/a.jpg"));
        assert_eq!(folded("e\u{301}.jpg"), folded("É.jpg"));
        assert_ne!(folded("a.jpg"), folded("b.jpg"));
        assert_eq!(composed("e\u{301}"), "é");
    }
}
