//! The HTTP side of `copiste serve`: the front on its port, tiny_http behind it, the handlers.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;

use super::backend::Backend;
use super::routes;
use crate::api::app::App;
use crate::api::planner::Planner;
use crate::front::{Ender as FrontEnder, Front, Options};

/// The name of the private socket in the data directory.
const SOCKET: &str = "http.sock";

/// Listening, and not answering yet.
pub(crate) struct Service {
    front: Front,
    backend: Backend,
    app: Arc<App>,
}

/// Ends a [`Service`].
pub(crate) struct Ender {
    front: FrontEnder,
    app: Arc<App>,
}

impl Ender {
    /// No new requests; running downloads get a while, exports end within one request.
    pub(crate) fn end(&self) {
        self.app.ending.store(true, std::sync::atomic::Ordering::Relaxed);
        self.app.planner.end();
        self.app.jobs.end();
        // Whoever is cut goes on where he was.
        self.front.end(self.app.settings.grace());
    }
}

impl Service {
    /// Takes the port and the private socket.
    ///
    /// # Errors
    /// When the address is taken, or the socket cannot be made.
    pub(crate) fn open(listen: SocketAddr, app: Arc<App>) -> anyhow::Result<Service> {
        let socket = app.dir.join(SOCKET);
        // Left by a server that was killed: the data directory's lock is ours.
        match std::fs::remove_file(&socket) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("HTT-123 cannot remove {}", socket.display()));
            }
            _ => {}
        }
        let backend = Backend::open(&socket, Arc::clone(&app.handover))?;
        let options = Options {
            listen,
            backend: socket,
            limits: app.settings.front_limits(),
            trusted_proxies: app.settings.trusted_proxies(),
        };
        let front = Front::open(options, Arc::clone(&app.handover))?;
        Ok(Service { front, backend, app })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.front.address()
    }

    /// Whoever changes an exam wakes it.
    pub(crate) fn planner(&self) -> Arc<Planner> {
        Arc::clone(&self.app.planner)
    }

    pub(crate) fn ender(&self) -> Ender {
        Ender { front: self.front.ender(), app: Arc::clone(&self.app) }
    }

    /// Answers until it is ended.
    pub(crate) fn run(self) {
        let Service { front, backend, app } = self;
        std::thread::scope(|scope| {
            scope.spawn(|| app.planner.run(&app));
            scope.spawn(|| {
                backend.run(&|call| {
                    let answer = routes::answer(&app, call);
                    if !matches!(call.method.as_str(), "GET" | "HEAD") {
                        app.planner.wake();
                    }
                    answer
                });
            });
            front.run();
            app.planner.end();
            backend.end();
        });
        if let Err(error) = app.people.flush((app.now)()) {
            tracing::error!(%error, "sessions or access log are not durable");
        }
    }
}
