//! HTTP as a test speaks it: one request a connection, and every byte of the answer seen.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::TcpStream;

use serde_json::Value;

/// A request.
#[derive(Clone, Debug)]
pub struct Ask {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Somebody who has signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// What his browser keeps: `copiste_session=…`.
    pub cookie: String,
    /// What his pages send along with changes.
    pub csrf: String,
}

impl Ask {
    /// A request without a body.
    pub fn new(method: &str, target: &str) -> Ask {
        Ask { method: method.to_owned(), target: target.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    /// `GET`.
    pub fn get(target: &str) -> Ask {
        Ask::new("GET", target)
    }

    /// Its method.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// What it asks for: path and query.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// One more header.
    pub fn with(mut self, name: &str, value: &str) -> Ask {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A body in JSON.
    pub fn json(self, body: &Value) -> Ask {
        self.raw(body.to_string().as_bytes(), "application/json")
    }

    /// A body as it is.
    pub fn raw(mut self, body: &[u8], kind: &str) -> Ask {
        self.body = body.to_vec();
        self.with("Content-Type", kind)
    }

    /// The same, but for the head of the answer alone.
    pub fn into_head(mut self) -> Ask {
        "HEAD".clone_into(&mut self.method);
        self
    }

    /// With a cookie alone, as a page of somebody else would send it.
    pub fn cookie(self, who: &SignedIn) -> Ask {
        self.with("Cookie", &who.cookie)
    }

    /// As his own pages send it.
    pub fn signed(self, who: &SignedIn) -> Ask {
        self.cookie(who).with("X-CSRF-Token", &who.csrf)
    }

    /// As a program sends it.
    pub fn bearer(self, token: &str) -> Ask {
        self.with("Authorization", &format!("Bearer {token}"))
    }

    /// Sends it, and reads the head of the answer only.
    ///
    /// # Panics
    /// When there is no answer.
    #[track_caller]
    pub fn open(&self, authority: &str) -> Answering {
        let mut wire = TcpStream::connect(authority).expect("it listens");
        let Ask { method, target, headers, body } = self;
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n");
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() || ["POST", "PUT"].contains(&method.as_str()) {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        wire.write_all(&[head.as_bytes(), b"\r\n", body].concat()).expect("it reads");
        let mut wire = BufReader::new(wire);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            wire.read_line(&mut line).expect("it answers");
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let status = lines.first().and_then(|line| line.get(9..12)).and_then(|status| status.parse().ok());
        let headers = lines.iter().skip(1).filter_map(|line| line.split_once(':'));
        let headers =
            headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        let status = status.unwrap_or_else(|| panic!("{method} {target} has no answer"));
        Answering { status, headers, wire }
    }

    /// Sends it, and reads the whole answer.
    ///
    /// # Panics
    /// When there is none, or its body is not as long as its head says.
    #[track_caller]
    pub fn send(&self, authority: &str) -> Reply {
        let reply = self.open(authority).to_end();
        let announced = reply.header("content-length").and_then(|length| length.parse().ok());
        match self.method.as_str() {
            "HEAD" => assert!(reply.body.is_empty(), "HEAD has a body"),
            _ => assert_eq!(reply.body.len(), announced.unwrap_or(0), "{} {}", self.method, self.target),
        }
        reply
    }
}

/// An answer whose body is still to be read.
pub struct Answering {
    /// Its status.
    pub status: u16,
    headers: Vec<(String, String)>,
    wire: BufReader<TcpStream>,
}

impl Answering {
    /// Reads so many bytes, or as many as come before the connection ends.
    pub fn take(&mut self, count: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        // An end that is an abrupt one shows in what is missing.
        let _ = (&mut self.wire).take(count).read_to_end(&mut bytes);
        bytes
    }

    /// Reads as many bytes as the head announces, and not on to the end: some servers keep the connection.
    pub fn announced(mut self) -> Reply {
        let length = self.headers.iter().find(|(name, _)| name == "content-length");
        let length = length.and_then(|(_, length)| length.parse().ok()).unwrap_or(0);
        let body = self.take(length);
        Reply { status: self.status, headers: self.headers, body }
    }

    /// Reads the rest, whether it is all or not.
    pub fn to_end(mut self) -> Reply {
        let body = self.take(u64::MAX);
        Reply { status: self.status, headers: self.headers, body }
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// Its body, as far as it came.
    pub body: Vec<u8>,
}

impl Reply {
    /// A header's value, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// How the body begins, for whoever looks for a fault.
    pub fn start(&self) -> String {
        self.text().chars().take(200).collect()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[track_caller]
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|fault| panic!("{fault}: {}", self.text()))
    }

    /// Itself, if the status is the expected one.
    ///
    /// # Panics
    /// With what came instead.
    #[track_caller]
    pub fn expect(self, status: u16) -> Reply {
        assert_eq!(self.status, status, "{}", self.start());
        self
    }

    /// The status, which must be one of these.
    ///
    /// # Panics
    /// With what came instead.
    #[track_caller]
    pub fn expect_one_of<const N: usize>(self, statuses: [u16; N]) -> u16 {
        assert!(statuses.contains(&self.status), "{}: {}", self.status, self.start());
        self.status
    }

    /// The session that this answer to a sign-in begins.
    ///
    /// # Panics
    /// When it begins none.
    #[track_caller]
    pub fn signed_in(&self) -> SignedIn {
        let cookie = self.header("set-cookie").unwrap_or_else(|| panic!("no cookie: {}", self.text()));
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        SignedIn { cookie, csrf: self.value()["csrf"].as_str().expect("a token").to_owned() }
    }
}
