//! Cyclades and IMAG'IN over HTTP.
//!
//! ureq has no time-out of its own and follows redirects: both are set here. An answer is read up to a
//! bound, and what is not understood is a passing fault: the target may be restarting behind a proxy.

use std::fmt;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use ureq::http::Response;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body};

use super::adapter::{Adapter, Committed, ExportName, Fault, Held, HeldState, Whole};
use super::wire::{CommitAnswer, CommitBody, PublicationAnswer, StateAnswer};
use crate::journal::{Target, Timestamp};

/// The most bytes of an answer: a list that rejects 100,000 rows fits.
const ANSWER_LIMIT: u64 = 32 << 20;

/// A token. Shows itself to nobody.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Of this text.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// How a target is reached.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// Base address, `http://…` or `https://…`, without a slash at its end.
    pub base: String,
    /// Sent as `Authorization: Bearer …`.
    pub token: Option<Secret>,
    /// How long one request may take, from connecting to the last byte of the answer.
    pub timeout: Duration,
    /// Certificates (PEM) of the authorities that are trusted.
    pub authorities: Option<PathBuf>,
}

/// Why a target cannot be reached this way.
#[derive(Debug, thiserror::Error)]
pub enum UnusableOptions {
    /// Not an address.
    #[error("EXC-010 the address of {} is not one: it must begin with http:// or https://", .target.name())]
    Address {
        /// Whose.
        target: Target,
    },
    /// No certificates.
    #[error("EXC-011 the certificates in {} cannot be read: {detail}", .path.display())]
    Authorities {
        /// Where they should be.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// A token that no header can carry.
    #[error("EXC-012 the token for {} has characters that cannot be sent", .target.name())]
    Token {
        /// For whom.
        target: Target,
    },
}

/// A target reached over HTTP.
pub struct Http {
    target: Target,
    base: String,
    authorization: Option<String>,
    agent: Agent,
}

impl Http {
    /// Makes ready; nothing is sent yet.
    ///
    /// # Errors
    /// [`UnusableOptions`].
    pub fn new(target: Target, options: &HttpOptions) -> Result<Http, UnusableOptions> {
        let base = options.base.trim_end_matches('/').to_owned();
        let secure = base.starts_with("https://");
        let sound = (secure || base.starts_with("http://"))
            && base
                .parse::<ureq::http::Uri>()
                .is_ok_and(|uri| uri.host().is_some_and(|host| !host.is_empty()));
        if !sound {
            return Err(UnusableOptions::Address { target });
        }
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(options.timeout))
            .timeout_connect(Some(options.timeout.min(Duration::from_secs(10))))
            .max_idle_age(Duration::from_secs(5))
            .user_agent("copiste");
        if secure {
            config = config.tls_config(trusted(options)?);
        }
        let authorization = match &options.token {
            Some(Secret(token)) if token.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Some(format!("Bearer {token}"))
            }
            Some(_) => return Err(UnusableOptions::Token { target }),
            None => None,
        };
        Ok(Http { target, base, authorization, agent: config.build().new_agent() })
    }

    fn export(&self, export: &ExportName) -> String {
        // An exam's identifier has no character that means something in an address.
        format!("{}/exams/{}/exports/{}", self.base, export.exam, export.number)
    }

    fn get<T: DeserializeOwned>(&self, address: &str) -> Result<Option<T>, Fault> {
        let mut request = self.agent.get(address);
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        let answer = request.call().map_err(|error| self.unanswered(&error))?;
        if answer.status().as_u16() == 404 {
            return Ok(None);
        }
        self.understood(answer).map(Some)
    }

    /// An answer that says what was asked for.
    fn understood<T: DeserializeOwned>(&self, answer: Response<Body>) -> Result<T, Fault> {
        let answer = self.fine(answer)?;
        let unreadable = |detail: String| Fault::Passing { code: "EXC-004", detail, after: None };
        let mut bytes = Vec::new();
        let read =
            answer.into_body().into_with_config().limit(ANSWER_LIMIT + 1).reader().read_to_end(&mut bytes);
        let name = self.target.name();
        if let Err(error) = read {
            return Err(unreadable(format!(
                "the answer of {name} broke off: {}",
                plainly(&error.to_string())
            )));
        }
        if bytes.len() as u64 > ANSWER_LIMIT {
            return Err(unreadable(format!("{name} answers with more than {ANSWER_LIMIT} bytes")));
        }
        // serde's own words may repeat what it read.
        serde_json::from_slice(&bytes).map_err(|error| {
            unreadable(format!("the answer of {name} is not what was agreed, at byte {}", error.column()))
        })
    }

    /// Sorts answers by their status.
    fn fine(&self, answer: Response<Body>) -> Result<Response<Body>, Fault> {
        let status = answer.status().as_u16();
        let name = self.target.name();
        match status {
            200..=299 => Ok(answer),
            409 => Err(Fault::TooLate),
            422 => Err(Fault::Mismatch),
            401 | 403 => Err(Fault::Final {
                code: "EXC-006",
                detail: format!("{name} does not let us in (status {status}); is the token right?"),
            }),
            408 | 425 | 429 | 500..=599 => Err(Fault::Passing {
                code: "EXC-003",
                detail: format!("{name} is busy or out of order (status {status})"),
                after: retry_after(&answer),
            }),
            _ => Err(Fault::Final { code: "EXC-005", detail: format!("{name} refuses (status {status})") }),
        }
    }

    /// No answer at all.
    fn unanswered(&self, error: &ureq::Error) -> Fault {
        let name = self.target.name();
        match error {
            error if is_untrusted(error) => Fault::Final {
                code: "EXC-006",
                detail: format!("the certificate of {name} is not trusted: {}", plainly(&error.to_string())),
            },
            ureq::Error::Timeout(_) => Fault::Passing {
                code: "EXC-002",
                detail: format!("{name} did not answer in time"),
                after: None,
            },
            ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Pem(_) => Fault::Final {
                code: "EXC-006",
                detail: format!("the certificate of {name} is not trusted: {}", plainly(&error.to_string())),
            },
            other => Fault::Passing {
                code: "EXC-001",
                detail: format!("{name} cannot be reached: {}", plainly(&other.to_string())),
                after: None,
            },
        }
    }
}

/// Whether it is the certificate, which no patience makes better. The handshake runs inside of reading and
/// writing, so what rustls says of it comes wrapped as an error of those.
fn is_untrusted(error: &ureq::Error) -> bool {
    let within = match error {
        ureq::Error::Rustls(error) => Some(error),
        ureq::Error::Io(error) => error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()),
        _ => None,
    };
    matches!(within, Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented))
}

/// What an error says, without line feeds and not too long.
fn plainly(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

/// `Retry-After` in seconds; dates are ignored, our own back-off then decides.
fn retry_after(answer: &Response<Body>) -> Option<Duration> {
    let seconds = answer.headers().get("Retry-After")?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Who is trusted: the authorities of a file, by default Debian's.
fn trusted(options: &HttpOptions) -> Result<TlsConfig, UnusableOptions> {
    let path =
        options.authorities.clone().unwrap_or_else(|| PathBuf::from("/etc/ssl/certs/ca-certificates.crt"));
    let unreadable = |detail: String| UnusableOptions::Authorities { path: path.clone(), detail };
    let pem = std::fs::read(&path).map_err(|error| unreadable(error.to_string()))?;
    let mut certificates: Vec<Certificate<'static>> = Vec::new();
    for item in ureq::tls::parse_pem(&pem) {
        match item {
            Ok(ureq::tls::PemItem::Certificate(certificate)) => certificates.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(unreadable(error.to_string())),
        }
    }
    if certificates.is_empty() {
        return Err(unreadable("there is none".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&certificates))
        .unversioned_rustls_crypto_provider(provider)
        .build())
}

impl Adapter for Http {
    fn target(&self) -> Target {
        self.target
    }

    fn place(&self) -> String {
        self.base.clone()
    }

    fn put_chunk(&self, export: &ExportName, number: u32, body: &[u8]) -> Result<(), Fault> {
        let digest = STANDARD.encode(Sha256::digest(body));
        let mut request = self
            .agent
            .put(format!("{}/chunks/{number}", self.export(export)))
            .header("Content-Type", "application/json")
            .header("Content-Digest", format!("sha-256=:{digest}:"));
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        let answer = self.fine(request.send(body).map_err(|error| self.unanswered(&error))?)?;
        // A proxy's page is a 200 as well: only what was agreed says that the chunk is there.
        if answer.status().as_u16() == 204 {
            return Ok(());
        }
        let name = self.target.name();
        let detail =
            format!("{name} answers a chunk with status {} instead of 204", answer.status().as_u16());
        Err(Fault::Passing { code: "EXC-004", detail, after: None })
    }

    fn commit(&self, export: &ExportName, whole: &Whole) -> Result<Committed, Fault> {
        let body = serde_json::to_vec(&CommitBody::of(whole)).map_err(|error| Fault::Final {
            code: "EXC-005",
            detail: format!("the commit cannot be spelt: {error}"),
        })?;
        let mut request = self
            .agent
            .post(format!("{}/commit", self.export(export)))
            .header("Content-Type", "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        let answer = request.send(&body[..]).map_err(|error| self.unanswered(&error))?;
        self.understood::<CommitAnswer>(answer).map(Committed::from)
    }

    fn held(&self, export: &ExportName) -> Result<Held, Fault> {
        let answer: Option<StateAnswer> = self.get(&self.export(export))?;
        Ok(answer.map_or(Held { state: HeldState::Unheard, chunks: Vec::new() }, Held::from))
    }

    fn publication(&self, exam: &str) -> Result<Option<Timestamp>, Fault> {
        let answer: Option<PublicationAnswer> =
            self.get(&format!("{}/exams/{exam}/publication", self.base))?;
        Ok(answer.and_then(|answer| answer.instant()))
    }
}
