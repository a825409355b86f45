//! A request's head, checked: what is here can be passed on without a second reading of it.

use super::limits::Limits;
use super::refusal::Refusal;

/// Bytes of a target.
const TARGET: usize = 8 << 10;

/// What clients may ask; what is not done behind is refused there, where it is known what is.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"];

/// Headers that concern one connection only, and so end here in both directions.
const HOP_BY_HOP: [&str; 10] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
];

/// Headers that the front writes itself; what a client says in them is dropped.
const OURS: [&str; 6] = ["host", "content-length", "expect", "forwarded", "x-request-id", "x-real-ip"];

/// Beginnings of names that only the front and trusted proxies may use.
const RESERVED: [&str; 2] = ["x-copiste-", "x-forwarded-"];

/// A head that passed every check.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) method: String,
    /// Begins with a slash.
    pub(super) target: String,
    pub(super) host: Option<String>,
    /// What is passed on of the client's headers.
    pub(super) headers: Vec<(String, String)>,
    /// Bytes of the body, within the limit.
    pub(super) length: usize,
    /// The client waits for `100 Continue` before it sends the body.
    pub(super) expects: bool,
    /// The connection stays open after the answer.
    pub(super) keep: bool,
    /// HTTP/1.0: an open connection must be said so.
    pub(super) old: bool,
    /// An error is read by a person.
    pub(super) page: bool,
    /// `X-Forwarded-For`, all of them joined; only a trusted proxy is believed.
    pub(super) forwarded_for: String,
    /// `X-Forwarded-Proto` says https; likewise.
    pub(super) forwarded_https: bool,
    /// Some proxy says that it stands between, trusted or not.
    pub(super) forwarded: bool,
}

/// Why a head is refused, and how its sender likes to be told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) refusal: Refusal,
    pub(super) page: bool,
}

impl Head {
    /// Reads a head of which [`super::scan::Scan`] has found the end.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub(super) fn parse(bytes: &[u8], limits: &Limits) -> Result<Head, Refused> {
        let mut room = vec![httparse::EMPTY_HEADER; limits.headers];
        let mut request = httparse::Request::new(&mut room);
        let told = |refusal| Refused { refusal, page: false };
        match request.parse(bytes) {
            Ok(httparse::Status::Complete(end)) if end == bytes.len() => {}
            Ok(_) => return Err(told(Refusal::MALFORMED)),
            Err(httparse::Error::TooManyHeaders) => return Err(told(Refusal::HEAD_LARGE)),
            Err(httparse::Error::Version) if says_a_version(bytes) => return Err(told(Refusal::VERSION)),
            Err(_) => return Err(told(Refusal::MALFORMED)),
        }
        let lines = Lines(request.headers);
        let page = lines.prefers_page();
        let (Some(method), Some(target), Some(minor)) = (request.method, request.path, request.version)
        else {
            return Err(Refused { refusal: Refusal::MALFORMED, page });
        };
        Head::checked(method, target, minor, &lines, limits).map_err(|refusal| Refused { refusal, page })
    }

    fn checked(
        method: &str,
        target: &str,
        minor: u8,
        lines: &Lines,
        limits: &Limits,
    ) -> Result<Head, Refusal> {
        if !METHODS.contains(&method) {
            return Err(Refusal::METHOD);
        }
        let old = minor == 0;
        let host = lines.host(old)?;
        let target = origin_form(target, host)?;
        let length = lines.length(limits)?;
        let expects = match lines.all("expect").next() {
            _ if old => false,
            None => false,
            Some(value) if value.eq_ignore_ascii_case("100-continue") => length > 0,
            Some(_) => return Err(Refusal::EXPECTATION),
        };
        let closing = lines.connection("close");
        Ok(Head {
            method: method.to_owned(),
            target,
            host: host.map(str::to_owned),
            headers: lines.passed_on(),
            length,
            expects,
            keep: !closing && (!old || lines.connection("keep-alive")),
            old,
            page: lines.prefers_page(),
            forwarded_for: lines.all("x-forwarded-for").collect::<Vec<_>>().join(","),
            forwarded_https: lines
                .all("x-forwarded-proto")
                .last()
                .is_some_and(|proto| proto.eq_ignore_ascii_case("https")),
            forwarded: lines.pairs().any(|(name, _)| says_a_proxy(name)),
        })
    }

    /// The target without its query: what may stand in a log.
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// Header lines of a head whose bytes are all ASCII.
struct Lines<'a>(&'a [httparse::Header<'a>]);

impl<'a> Lines<'a> {
    fn pairs(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        // The scan let nothing but ASCII through; an empty value is what the checks below make of anything else.
        self.0.iter().map(|line| (line.name, str::from_utf8(line.value).unwrap_or_default()))
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.pairs().filter(move |(named, _)| named.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn host(&self, old: bool) -> Result<Option<&'a str>, Refusal> {
        let mut hosts = self.all("host");
        match (hosts.next(), hosts.next()) {
            (None, _) if old => Ok(None),
            (Some(host), None) if is_host(host) => Ok(Some(host)),
            _ => Err(Refusal::HOST),
        }
    }

    /// The length of the body, or why it is not clear.
    fn length(&self, limits: &Limits) -> Result<usize, Refusal> {
        let (mut lengths, mut codings) = (self.all("content-length"), self.all("transfer-encoding"));
        let length = match (lengths.next(), lengths.next(), codings.next(), codings.next()) {
            (None, _, None, _) => return Ok(0),
            (Some(length), None, None, _) => length,
            (None, _, Some(coding), None) if coding.eq_ignore_ascii_case("chunked") => {
                return Err(Refusal::CHUNKED);
            }
            (None, _, Some(coding), None) if !coding.is_empty() => return Err(Refusal::CODING),
            _ => return Err(Refusal::FRAMING),
        };
        if length.is_empty() || !length.bytes().all(|sign| sign.is_ascii_digit()) {
            return Err(Refusal::FRAMING);
        }
        // What does not fit into a number is larger than any limit.
        length.parse().ok().filter(|bytes| *bytes <= limits.body_bytes).ok_or(Refusal::BODY_LARGE)
    }

    /// Whether `Connection` names an option.
    fn connection(&self, option: &str) -> bool {
        self.all("connection")
            .flat_map(|value| value.split(','))
            .any(|named| named.trim().eq_ignore_ascii_case(option))
    }

    fn passed_on(&self) -> Vec<(String, String)> {
        let stays = |name: &str| is_hop_by_hop(name) || is_reserved(name) || self.connection(name);
        self.pairs()
            .filter(|(name, _)| !stays(name) && !OURS.iter().any(|ours| ours.eq_ignore_ascii_case(name)))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// Whether `Accept` names HTML and likes it no less than JSON.
    fn prefers_page(&self) -> bool {
        let (mut html, mut json) = (0.0, 0.0_f32);
        for range in self.all("accept").flat_map(|value| value.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts.next().unwrap_or_default();
            let weight =
                parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
            match kind {
                "text/html" => html = weight,
                "application/json" | "application/problem+json" => json = json.max(weight),
                _ => {}
            }
        }
        html > 0.0 && html >= json
    }
}

/// Whether a header concerns one connection only.
pub(super) fn is_hop_by_hop(name: &str) -> bool {
    HOP_BY_HOP.iter().any(|hop| hop.eq_ignore_ascii_case(name))
}

/// Whether a header is for the front alone to write.
pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED
        .iter()
        .any(|start| name.get(..start.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(start)))
}

/// Whether a header is one that only proxies write.
fn says_a_proxy(name: &str) -> bool {
    let forwarded =
        |start: &str| name.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start));
    ["forwarded", "via", "x-real-ip"].iter().any(|own| own.eq_ignore_ascii_case(name))
        || forwarded("x-forwarded-")
}

/// Whether the request line ends in a version, known or not.
fn says_a_version(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let mut words = line.split(|byte| *byte == b' ').skip(2);
    matches!((words.next(), words.next()), (Some(version), None) if version.starts_with(b"HTTP/")
        && version.len() > 5 && version[5..].iter().all(|sign| sign.is_ascii_digit() || *sign == b'.'))
}

/// A name or an address, with or without a port.
fn is_host(host: &str) -> bool {
    let sign = |sign: u8| sign.is_ascii_alphanumeric() || b"-._:[]".contains(&sign);
    !host.is_empty() && host.len() <= 255 && host.bytes().all(sign)
}

/// The target from its first slash on.
fn origin_form(target: &str, host: Option<&str>) -> Result<String, Refusal> {
    if target.len() > TARGET {
        return Err(Refusal::TARGET_LONG);
    }
    if target.contains('#') {
        return Err(Refusal::TARGET);
    }
    if target.starts_with('/') {
        return Ok(target.to_owned());
    }
    let (scheme, rest) = target.split_once("://").ok_or(Refusal::TARGET)?;
    let known = ["http", "https"].iter().any(|known| known.eq_ignore_ascii_case(scheme));
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if !known || !host.is_some_and(|host| host.eq_ignore_ascii_case(authority)) {
        return Err(Refusal::TARGET);
    }
    Ok(if path.starts_with('/') { path.to_owned() } else { format!("/{path}") })
}
