//! The reception: one thread that takes connections, waits for all of them at once and gives whole requests to
//! the threads that answer.

use std::io::{self, ErrorKind, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use rustix::event::{Timespec, epoll};
use rustix::io::Errno;

use super::connection::{Connection, Step};
use super::counts::COUNTS;
use super::crowd::Crowd;
use super::desk::Desk;
use super::ending::Ending;
use super::refusal::Refusal;
use super::workers::{Places, Workers};

const LISTENER: u64 = 0;
const WAKE: u64 = 1;
/// Numbers of connections begin here.
const FIRST: u64 = 2;

/// How often deadlines are looked at.
const LOOK: Duration = Duration::from_millis(200);
/// Connections taken in one go, so that those that are there get their turn.
const AT_ONCE: usize = 64;
/// Pause after what cannot be helped, such as a system without memory.
const BREATH: Duration = Duration::from_millis(20);
/// How long threads that wait for the backend may take to say that the server is ending.
const TELLING: Duration = Duration::from_millis(500);
/// How long threads whose sockets were cut may take to notice.
const PARTING: Duration = Duration::from_secs(2);

/// A connection that comes back from a thread: nothing when it ended there.
type Back = (u64, Option<(Connection, Step)>);

pub(super) struct Reception {
    epoll: OwnedFd,
    listener: Option<TcpListener>,
    ending: Arc<Ending>,
    crowd: Crowd,
    next: u64,
    desk: Arc<Desk>,
    busy: Places,
    workers: Workers,
    backs: (Sender<Back>, Receiver<Back>),
    scratch: Vec<u8>,
}

impl Reception {
    pub(super) fn new(listener: TcpListener, desk: Arc<Desk>, ending: Arc<Ending>) -> io::Result<Reception> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &listener, epoll::EventData::new_u64(LISTENER), epoll::EventFlags::IN)?;
        epoll::add(&epoll, ending.wake(), epoll::EventData::new_u64(WAKE), epoll::EventFlags::IN)?;
        let busy = Places::new(desk.limits.busy);
        Ok(Reception {
            epoll,
            listener: Some(listener),
            ending,
            crowd: Crowd::default(),
            next: FIRST,
            desk,
            busy,
            workers: Workers::default(),
            backs: channel(),
            scratch: vec![0; 64 << 10],
        })
    }

    /// Serves until told to end, and then until the last answer is out or its grace is over.
    pub(super) fn run(mut self) {
        let mut look = Instant::now() + LOOK;
        let mut events = Vec::with_capacity(256);
        let mut until: Option<Instant> = None;
        loop {
            if let Some(wanted) = self.ending.until() {
                if until.is_none() {
                    self.close_the_door();
                }
                until = Some(wanted);
                if self.crowd.len() == 0 || Instant::now() >= wanted {
                    break;
                }
            }
            self.wait(&mut events, look);
            for event in events.drain(..) {
                self.happened(event);
            }
            self.take_back();
            if Instant::now() >= look {
                self.look_at_deadlines();
                look = Instant::now() + LOOK;
            }
        }
        self.part();
    }

    fn wait(&self, events: &mut Vec<u64>, until: Instant) {
        let most = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        // Fractions of a second always fit.
        let most = Timespec::try_from(most).unwrap_or(Timespec { tv_sec: 0, tv_nsec: 1_000_000 });
        let mut room =
            [epoll::Event { flags: epoll::EventFlags::empty(), data: epoll::EventData::new_u64(0) }; 256];
        match epoll::wait(&self.epoll, room.as_mut_slice(), Some(&most)) {
            Ok(count) => events.extend(room[..count].iter().map(|event| event.data.u64())),
            Err(Errno::INTR) => {}
            Err(error) => {
                tracing::error!(%error, "waiting for connections failed; it is tried again");
                std::thread::sleep(BREATH);
            }
        }
    }

    fn happened(&mut self, number: u64) {
        match number {
            LISTENER => self.accept(),
            WAKE => self.ending.wake().drain(),
            number => self.act(number, |connection, scratch, desk| {
                connection.step(scratch, &desk.limits, &desk.trusted)
            }),
        }
    }

    /// Does something with a connection, and then what it asks for. Whatever goes wrong inside costs that
    /// connection alone.
    fn act(&mut self, number: u64, act: impl FnOnce(&mut Connection, &mut [u8], &Desk) -> Step) {
        let Some(mut connection) = self.crowd.remove(number) else { return };
        let (scratch, desk, wrote) = (&mut self.scratch, &self.desk, connection.writes());
        let done = catch_unwind(AssertUnwindSafe(move || {
            let step = act(&mut connection, scratch, desk);
            (connection, step)
        }));
        match done {
            Ok((connection, step)) => self.after(number, connection, step, Some(wrote)),
            Err(_) => {
                tracing::error!("HTT-023 a connection ended in a fault of copiste itself; the server goes on")
            }
        }
    }

    /// `watched` says whether the connection is watched, and for writing; nothing when it is not.
    fn after(&mut self, number: u64, connection: Connection, step: Step, watched: Option<bool>) {
        match step {
            // Closing the socket ends its being watched.
            Step::Gone => {}
            Step::Wait => self.keep(number, connection, watched),
            Step::Ready(head, body) => {
                if watched.is_some()
                    && let Err(error) = epoll::delete(&self.epoll, &*connection.stream)
                {
                    return tracing::error!(%error, "a connection cannot be left alone and is closed");
                }
                self.give(number, connection, head, body);
            }
        }
    }

    /// Watches a connection for what it waits for.
    fn keep(&mut self, number: u64, mut connection: Connection, watched: Option<bool>) {
        if self.ending.until().is_some() && !connection.answers() {
            // Closing it at once could destroy the answer that it has just got.
            connection.open_or_close(false);
        }
        let writes = connection.writes();
        let flags = if writes { epoll::EventFlags::OUT } else { epoll::EventFlags::IN };
        let data = epoll::EventData::new_u64(number);
        let done = match watched {
            Some(before) if before == writes => Ok(()),
            Some(_) => epoll::modify(&self.epoll, &*connection.stream, data, flags),
            None => epoll::add(&self.epoll, &*connection.stream, data, flags),
        };
        match done {
            Ok(()) => self.crowd.insert(number, connection),
            Err(error) => tracing::error!(%error, "a connection cannot be waited for and is closed"),
        }
        while self.crowd.held() > self.desk.limits.held_bytes {
            let Some(stalled) = self.crowd.stalled_longest(|connection| connection.held() > 0) else { break };
            self.crowd.remove(stalled);
        }
    }

    /// Gives a request to a thread.
    fn give(&mut self, number: u64, mut connection: Connection, head: Box<super::head::Head>, body: Vec<u8>) {
        if self.ending.until().is_some() {
            // The door is closed: what was sent ahead is not begun.
            return self.keep(number, connection, None);
        }
        let desk = Arc::clone(&self.desk);
        let Some(place) = self.busy.take() else {
            let step = connection.turn_away(&Refusal::BUSY, &head, &desk.limits, &desk.trusted);
            return self.after(number, connection, step, None);
        };
        self.crowd.lend(number, &connection);
        let (sender, ending) = (self.backs.0.clone(), Arc::clone(&self.ending));
        let started = self.workers.start(Box::new(move || {
            let mut guard = Returning { number, sender, ending, back: None };
            guard.back = Some(desk.answer(connection, &head, &body, place));
        }));
        if let Err(error) = started {
            tracing::error!(%error, "a request got no thread and its connection is closed");
            self.crowd.give_back(number);
        }
    }

    /// Takes connections back from the threads.
    fn take_back(&mut self) {
        while let Ok((number, back)) = self.backs.1.try_recv() {
            self.crowd.give_back(number);
            if let Some((connection, step)) = back {
                self.after(number, connection, step, None);
            }
        }
    }

    fn accept(&mut self) {
        for _ in 0..AT_ONCE {
            let Some(listener) = &self.listener else { return };
            let (stream, address) = match listener.accept() {
                Ok((stream, socket)) => (stream, socket.ip().to_canonical()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error)
                    if [ErrorKind::Interrupted, ErrorKind::ConnectionAborted].contains(&error.kind()) =>
                {
                    continue;
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken; room is made");
                    if !self.make_room(|_| true) {
                        std::thread::sleep(BREATH);
                    }
                    return;
                }
            };
            if stream.set_nonblocking(true).and_then(|()| stream.set_nodelay(true)).is_err() {
                continue;
            }
            let mut roomy = self.crowd.len() < self.desk.limits.connections || self.make_room(|_| true);
            if !self.desk.trusted.contains(&address) && self.crowd.of(address) >= self.desk.limits.per_address
            {
                roomy &= self.make_room(|connection| connection.address == address);
            }
            if !roomy {
                let answer = Refusal::BUSY.answer(&"0".repeat(32), false, false);
                // Every place is taken by a request being answered; whoever is turned away may not listen.
                let _ = (&stream).write(&answer);
                continue;
            }
            let number = self.next;
            self.next += 1;
            self.keep(number, Connection::new(stream, address), None);
        }
    }

    /// Closes the one that is stalled longest. False when there is none.
    fn make_room(&mut self, among: impl Fn(&Connection) -> bool) -> bool {
        let stalled = self.crowd.stalled_longest(among);
        let made = stalled.is_some_and(|number| self.crowd.remove(number).is_some());
        if made {
            COUNTS.crowd_out();
        }
        made
    }

    fn look_at_deadlines(&mut self) {
        let now = Instant::now();
        for number in self.crowd.numbers(|connection| connection.is_late(now, &self.desk.limits)) {
            self.act(number, |connection, _, desk| connection.late(now, &desk.limits, &desk.trusted));
        }
        let handover = Arc::clone(&self.desk.handover);
        handover.forget_old();
    }

    /// No new connections and no new requests.
    fn close_the_door(&mut self) {
        self.listener = None;
        for number in self.crowd.numbers(|connection| !connection.answers()) {
            self.crowd.remove(number);
        }
    }

    /// Cuts what still runs and waits for the threads to notice.
    fn part(mut self) {
        // Who waits for the backend can still be told so.
        self.desk.cut.store(true, Ordering::Relaxed);
        self.wait_for_those_away(TELLING);
        self.crowd.cut_those_away();
        self.wait_for_those_away(PARTING);
        if self.crowd.away() > 0 {
            tracing::warn!(requests = self.crowd.away(), "requests that were cut are still at work");
        }
        self.workers.end();
    }

    fn wait_for_those_away(&mut self, most: Duration) {
        let until = Instant::now() + most;
        while self.crowd.away() > 0 {
            let left = until.saturating_duration_since(Instant::now());
            let Ok((number, _)) = self.backs.1.recv_timeout(left) else { return };
            self.crowd.give_back(number);
        }
    }
}

/// Tells the reception that a thread has done with a connection, also when it ends in a fault.
struct Returning {
    number: u64,
    sender: Sender<Back>,
    ending: Arc<Ending>,
    back: Option<(Connection, Step)>,
}

impl Drop for Returning {
    fn drop(&mut self) {
        // A reception that is gone needs no telling.
        let _ = self.sender.send((self.number, self.back.take()));
        self.ending.wake().wake();
    }
}
