//! The front: owns the public socket, so that tiny_http behind it meets nothing but whole, small, freshly
//! written requests, one at a time and each on a connection of its own.
//!
//! ```text
//! client ── TCP ──► reception (one thread, epoll) ── whole request ──► desk (a thread each) ── Unix socket ──► tiny_http
//!    ▲                 heads, bodies, deadlines, caps                     │   ▲                                   │
//!    └──────────── small answers, refusals ◄───────────────────────────────┘   └── answer, or the token of a body ─┘
//!    └──────────── deposited bodies, poured by the thread
//! ```
//!
//! What waits costs a file descriptor and some bytes, never a thread: connections between requests, heads and
//! bodies that drip, answers that nobody takes. At a cap the connection stalled longest is closed, so that a
//! crowd of them never keeps out one that speaks. A body comes with `Content-Length`; chunks are answered with
//! 411, which no browser and no proxy that buffers ever meets.
//!
//! A handler hears of the client through headers that nobody else can send: `X-Copiste-Peer` (whose request it
//! is), `X-Copiste-Proto` (`https` when a trusted proxy says so), `X-Copiste-Direct` (`yes` when it comes from
//! this machine and through no proxy), `X-Request-Id`. It sends a large body by
//! leaving it with [`Handover::deposit`] and naming it in [`OUTGOING`].
//!
//! Codes: `HTT-001` to `HTT-020` are answers, see [`refusal`]; `HTT-021` to `HTT-023` stand in the log.

mod answer;
mod backend;
mod connection;
mod counts;
mod crowd;
mod desk;
mod ending;
mod handover;
mod head;
mod limits;
mod line;
mod peer;
mod pour;
mod reception;
mod refusal;
mod scan;
#[cfg(test)]
mod tests;
mod workers;

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Context;
use rustix::net::{AddressFamily, SocketFlags, SocketType};

pub(crate) use self::backend::private_socket;
pub(crate) use self::counts::COUNTS;
pub(crate) use self::ending::Ender;
use self::ending::Ending;
pub(crate) use self::handover::{Handover, OUTGOING, Outgoing};
pub(crate) use self::limits::Limits;

/// Connections that the system may hold until they are taken.
const UNTAKEN: i32 = 4_096;

/// What a front needs to know.
pub(crate) struct Options {
    /// Where clients connect. Port 0 lets the system choose.
    pub(crate) listen: SocketAddr,
    /// The Unix socket on which tiny_http listens, made by [`private_socket`].
    pub(crate) backend: PathBuf,
    pub(crate) limits: Limits,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub(crate) trusted_proxies: Vec<IpAddr>,
}

/// A front that listens already and serves once it [runs](Front::run).
pub(crate) struct Front {
    reception: reception::Reception,
    address: SocketAddr,
    ending: Arc<Ending>,
}

impl Front {
    /// Takes the address. Limits that the process cannot keep for want of file descriptors are lowered, with a
    /// line in the log.
    ///
    /// # Errors
    /// `HTT-024` when the address is taken or forbidden, or the system is out of something.
    pub(crate) fn open(options: Options, handover: Arc<Handover>) -> anyhow::Result<Front> {
        let Options { listen, backend, limits, trusted_proxies } = options;
        let failed = || {
            format!(
                "HTT-024 cannot listen on {listen}; nothing was started; free the address or choose another"
            )
        };
        let limits = limits.within_descriptors();
        let listener = listening(listen).with_context(failed)?;
        let address = listener.local_addr().with_context(failed)?;
        let ending = Arc::new(Ending::new().with_context(failed)?);
        let desk = Arc::new(desk::Desk {
            backend: backend::Backend {
                path: backend,
                deadline: limits.answer_deadline,
                body_bytes: limits.answer_bytes,
            },
            handover,
            sendings: workers::Places::new(limits.sendings),
            limits,
            trusted: trusted_proxies,
            cut: AtomicBool::new(false),
        });
        let reception =
            reception::Reception::new(listener, desk, Arc::clone(&ending)).with_context(failed)?;
        Ok(Front { reception, address, ending })
    }

    /// Where clients connect, with the port that the system chose.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What ends it.
    pub(crate) fn ender(&self) -> Ender {
        Ender(Arc::clone(&self.ending))
    }

    /// Serves until [`Ender::end`].
    pub(crate) fn run(self) {
        self.reception.run();
    }
}

/// A listening socket that never blocks, with room for a crowd that comes all at once.
fn listening(address: SocketAddr) -> std::io::Result<TcpListener> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
    // A server that was just stopped leaves connections that would keep the address for a minute.
    rustix::net::sockopt::set_socket_reuseaddr(&socket, true)?;
    rustix::net::bind(&socket, &address)?;
    rustix::net::listen(&socket, UNTAKEN)?;
    Ok(TcpListener::from(socket))
}
