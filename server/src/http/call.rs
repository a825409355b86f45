//! A request as handlers see it.

use std::collections::BTreeMap;

use super::problem::Problem;

/// A request, whole: its body has come.
#[derive(Debug, Default)]
pub(crate) struct Call {
    /// `GET`, `HEAD`, `POST`, `PUT`, `DELETE`.
    pub(crate) method: String,
    /// The path's segments, decoded.
    pub(crate) path: Vec<String>,
    query: BTreeMap<String, String>,
    /// Names in lower case.
    headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
    /// The address of whoever asks.
    pub(crate) peer: String,
    /// What logs call the request.
    pub(crate) id: String,
}

/// More in a form than any page sends: an exam may have thousands of batches.
const FIELDS: usize = 20_000;

/// More in a query than any page or program sends.
const PARAMETERS: usize = 64;

impl Call {
    /// Reads a request's target and headers.
    ///
    /// # Errors
    /// [`Problem`] when it cannot be read.
    pub(crate) fn new(
        method: &str,
        target: &str,
        headers: impl Iterator<Item = (String, String)>,
        body: Vec<u8>,
    ) -> Result<Call, Problem> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let unreadable = |what: &str| Problem::bad_request("HTT-101", format!("{what} cannot be read"));
        let path = path.strip_prefix('/').ok_or_else(|| unreadable("the path"))?;
        let path = path
            .split('/')
            .map(|segment| decoded(segment, false))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| unreadable("the path"))?;
        let mut parameters = BTreeMap::new();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (Some(name), Some(value)) = (decoded(name, true), decoded(value, true)) else {
                return Err(unreadable("the query"));
            };
            if parameters.len() >= PARAMETERS || parameters.insert(name.clone(), value).is_some() {
                let what = format!("the parameter {name:?} is given twice, or there are too many");
                return Err(Problem::bad_request("HTT-102", what));
            }
        }
        let mut fields: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in headers {
            let joined = match fields.remove(&name.to_ascii_lowercase()) {
                // Cookies are joined by a semicolon, everything else by a comma (RFC 9110, 5.3).
                Some(before) if name.eq_ignore_ascii_case("cookie") => format!("{before}; {value}"),
                Some(before) => format!("{before}, {value}"),
                None => value,
            };
            fields.insert(name.to_ascii_lowercase(), joined);
        }
        let (peer, id) = (
            fields.get("x-copiste-peer").cloned().unwrap_or_default(),
            fields.get("x-request-id").cloned().unwrap_or_default(),
        );
        Ok(Call { method: method.to_owned(), path, query: parameters, headers: fields, body, peer, id })
    }

    /// A header's value, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// A parameter of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// Refuses a parameter that the route does not know: a mistyped `untill` must not widen a selection.
    ///
    /// # Errors
    /// [`Problem`] names it.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Problem> {
        match self.query.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => {
                Err(Problem::bad_request("HTT-103", format!("there is no parameter {name:?} here")))
            }
            None => Ok(()),
        }
    }

    /// A cookie's value.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let pairs = self.header("cookie")?.split(';');
        pairs
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// The token of `Authorization: Bearer …`.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// [`Problem`] when it is not, or is something else than `T`.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Problem> {
        let kind = self.header("content-type").unwrap_or("");
        let kind = kind.split(';').next().unwrap_or("").trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            let what = "the body must be sent as application/json".to_owned();
            return Err(Problem::new(415, "HTT-104", "Unsupported media type", what));
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            // serde's own words may repeat what it read.
            let place = format!("line {}, column {}", error.line(), error.column());
            Problem::new(422, "HTT-105", "Not what is asked for here", format!("the body, at {place}"))
        })
    }

    /// The fields of a form, in their order; none when the body is not one.
    pub(crate) fn form(&self) -> Vec<(String, String)> {
        let kind = self.header("content-type").unwrap_or("").split(';').next().unwrap_or("").trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Vec::new();
        }
        let text = String::from_utf8_lossy(&self.body);
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).take(FIELDS);
        pairs
            .filter_map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                Some((decoded(name, true)?, decoded(value, true)?))
            })
            .collect()
    }

    /// A field of a form.
    pub(crate) fn form_field(&self, name: &str) -> Option<String> {
        self.form().into_iter().find(|(field, _)| field == name).map(|(_, value)| value)
    }

    /// Whether only the head of the answer is wanted.
    pub(crate) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }
}

/// Decodes `%41` and, in a query, `+`. None for what is not UTF-8, cut short, or holds a zero byte.
fn decoded(text: &str, in_query: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                let digits = std::str::from_utf8(&digits).ok()?;
                if digits.starts_with('+') {
                    return None;
                }
                u8::from_str_radix(digits, 16).ok()?
            }
            b'+' if in_query => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

/// As a part of an address.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(target: &str) -> Result<Call, Problem> {
        Call::new("GET", target, std::iter::empty(), Vec::new())
    }

    #[test]
    fn paths_and_queries_are_decoded_once() {
        let call = call("/a%2Fb/%C3%A9/?q=elo+mar%2B&after=%2500").expect("a request");
        assert_eq!(call.path, ["a/b", "é", ""]);
        assert_eq!(call.parameter("q"), Some("elo mar+"));
        assert_eq!(call.parameter("after"), Some("%00"));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for target in ["/%", "/%4", "/%zz", "/%+1", "/%ff", "/a%00", "/?q=%ff", "/?q=1&q=2", "x"] {
            assert!(call(target).is_err(), "{target}");
        }
        let many: String = (0..100).map(|number| format!("p{number}=1&")).collect();
        assert!(call(&format!("/?{many}")).is_err());
    }

    #[test]
    fn cookies_and_tokens_are_found_whoever_sends_them() {
        let headers = [("Cookie", "a=1; session=x=y"), ("COOKIE", "b=2"), ("Authorization", "bearer  t")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let call = Call::new("GET", "/", headers.into_iter(), Vec::new()).expect("a request");
        assert_eq!((call.cookie("session"), call.cookie("b")), (Some("x=y"), Some("2")));
        assert_eq!(call.bearer(), Some("t"));
    }
}
