//! tiny_http on a private socket: takes what the front has checked, has it answered.

use std::io::{self, Read as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;
use tiny_http::{Header, Request, Response, Server, StatusCode};

use super::answer::{Answer, Body};
use super::call::Call;
use super::problem::Problem;
use crate::front::{Handover, OUTGOING, private_socket};

/// Requests that are answered at the same time. Bodies of downloads are not among them: the front sends those.
const AT_ONCE: usize = 16;

/// A body that the front lets through is at most so long, whatever its settings say.
const LONGEST_BODY: u64 = 64 << 20;

/// The backend, listening.
pub(crate) struct Backend {
    server: Server,
    handover: Arc<Handover>,
}

impl Backend {
    /// Listens on a Unix socket in a folder that is this process's own.
    ///
    /// # Errors
    /// When the file system refuses.
    pub(crate) fn open(socket: &Path, handover: Arc<Handover>) -> anyhow::Result<Backend> {
        let failed =
            |error: &dyn std::fmt::Display| anyhow!("HTT-120 cannot listen on {}: {error}", socket.display());
        let listener = private_socket(socket).map_err(|error| failed(&error))?;
        let server = Server::from_listener(listener, None).map_err(|error| failed(&error))?;
        Ok(Backend { server, handover })
    }

    /// Answers until [`Backend::end`].
    pub(crate) fn run(&self, answer: &(dyn Fn(&Call) -> Answer + Sync)) {
        std::thread::scope(|scope| {
            for number in 0..AT_ONCE {
                let thread = std::thread::Builder::new().name(format!("answer-{number}"));
                let spawned = thread.spawn_scoped(scope, || {
                    // An error means that the server is to end.
                    while let Ok(request) = self.server.recv() {
                        self.attend(request, answer);
                    }
                });
                if let Err(error) = spawned {
                    tracing::warn!(%error, "one thread fewer answers requests");
                }
            }
        });
    }

    /// Ends [`Backend::run`] once what is being answered is.
    pub(crate) fn end(&self) {
        for _ in 0..AT_ONCE {
            self.server.unblock();
        }
    }

    fn attend(&self, mut request: Request, answer: &(dyn Fn(&Call) -> Answer + Sync)) {
        let answered = match read(&mut request) {
            Err(problem) => Answer::problem(&problem),
            Ok(call) => catch_unwind(AssertUnwindSafe(|| answer(&call))).unwrap_or_else(|_| {
                tracing::error!(request = call.id, "a request ended in a fault of copiste itself");
                let what = "HTT-121 a fault of copiste itself; what is in the journal is kept; look at the state \
                            before you repeat it";
                Answer::problem(&Problem::internal(&what))
            }),
        };
        // Whoever has left needs no answer; the front logs it.
        let _gone = request.respond(self.response(answered.guarded()));
    }

    fn response(&self, answer: Answer) -> Response<io::Cursor<Vec<u8>>> {
        let mut headers: Vec<Header> =
            answer.headers.iter().filter_map(|(name, value)| header(name, value)).collect();
        let bytes = match answer.body {
            Body::Empty => Vec::new(),
            Body::Bytes(bytes) => bytes,
            Body::Outgoing(body) => {
                headers.extend(header(OUTGOING, &self.handover.deposit(body)));
                Vec::new()
            }
        };
        let length = bytes.len();
        // Never in chunks: the front asks for lengths.
        Response::new(StatusCode(answer.status), headers, io::Cursor::new(bytes), Some(length), None)
            .with_chunked_threshold(usize::MAX)
    }
}

fn read(request: &mut Request) -> Result<Call, Problem> {
    let (method, target) = (request.method().to_string(), request.url().to_owned());
    let headers: Vec<(String, String)> = request
        .headers()
        .iter()
        .map(|header| (header.field.as_str().to_string(), header.value.to_string()))
        .collect();
    let mut body = Vec::new();
    let broken = |error: io::Error| Problem::internal(&format!("HTT-122 the request broke off: {error}"));
    request.as_reader().take(LONGEST_BODY).read_to_end(&mut body).map_err(broken)?;
    Call::new(&method, &target, headers.into_iter(), body)
}

/// A header; none for what would not be one. Names are ours, values never have line feeds by then.
fn header(name: &str, value: &str) -> Option<Header> {
    let made = Header::from_bytes(name.as_bytes(), value.as_bytes());
    if made.is_err() {
        tracing::error!(name, "a header could not be written and is left out");
    }
    made.ok()
}
