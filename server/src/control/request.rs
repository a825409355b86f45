//! What a client asks for: a command line, and where it was typed.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The version of the protocol. Another one is refused, not guessed at.
pub(super) const VERSION: u32 = 1;

/// A command line. No variable of the client's environment comes along: tokens stand there.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    version: u32,
    arguments: Vec<Word>,
    directory: Word,
}

/// Text where it is text, else its bytes: a path may be any bytes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Word {
    Text(String),
    Bytes(Vec<u8>),
}

impl Word {
    fn of(word: &OsStr) -> Word {
        match word.to_str() {
            Some(text) => Word::Text(text.to_owned()),
            None => Word::Bytes(word.as_bytes().to_vec()),
        }
    }

    fn native(&self) -> OsString {
        match self {
            Word::Text(text) => OsString::from(text),
            Word::Bytes(bytes) => OsString::from_vec(bytes.clone()),
        }
    }
}

impl Request {
    /// The arguments without the program's own name, typed in this directory.
    pub(super) fn new(arguments: &[OsString], directory: &Path) -> Request {
        Request {
            version: VERSION,
            arguments: arguments.iter().map(|argument| Word::of(argument)).collect(),
            directory: Word::of(directory.as_os_str()),
        }
    }

    pub(super) fn encoded(&self) -> io::Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(io::Error::other)
    }

    /// Reads a request.
    ///
    /// # Errors
    /// With the text to answer: `CTL-003` when it is none, `CTL-004` when it is of another version.
    pub(super) fn decoded(bytes: &[u8]) -> Result<Request, String> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let no_request =
            |error| format!("CTL-003 what was sent is not a request ({error}); nothing was changed");
        let Versioned { version } = serde_json::from_slice(bytes).map_err(no_request)?;
        if version != VERSION {
            return Err(format!(
                "CTL-004 the running server speaks version {VERSION} of the control protocol, this copiste \
                 version {version}; nothing was changed; use the server's copiste, or stop the server"
            ));
        }
        serde_json::from_slice(bytes).map_err(no_request)
    }

    /// The arguments without the program's own name.
    pub(crate) fn arguments(&self) -> Vec<OsString> {
        self.arguments.iter().map(Word::native).collect()
    }

    /// Where it was typed: what relative paths count from.
    pub(crate) fn directory(&self) -> PathBuf {
        self.directory.native().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_any_bytes_comes_through() {
        let odd = OsString::from_vec(b"copies-\xff.zip".to_vec());
        let typed = [OsString::from("render"), OsString::from("é"), odd];
        let sent = Request::new(&typed, Path::new("/tmp/là")).encoded().unwrap();
        let request = Request::decoded(&sent).unwrap();
        assert_eq!(request.arguments(), typed);
        assert_eq!(request.directory(), Path::new("/tmp/là"));
    }

    #[test]
    fn another_version_and_rubbish_are_told_apart() {
        for (sent, code) in [
            (r#"{"version":2,"words":"status"}"#, "CTL-004"),
            (r#"{"version":1,"arguments":"status"}"#, "CTL-003"),
            (r#"{"version":1,"arguments":[300]}"#, "CTL-003"),
            ("[]", "CTL-003"),
            ("\u{0}", "CTL-003"),
        ] {
            let told = Request::decoded(sent.as_bytes()).unwrap_err();
            assert!(told.starts_with(code), "{sent}: {told}");
        }
    }
}
