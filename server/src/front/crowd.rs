//! All connections: those that wait here, and those that a thread answers.

use std::collections::HashMap;
use std::net::{IpAddr, Shutdown, TcpStream};
use std::sync::Arc;

use super::connection::Connection;

/// Connections by their numbers, which are never used twice.
#[derive(Default)]
pub(super) struct Crowd {
    here: HashMap<u64, Connection>,
    /// Lent to a thread: the socket, so that it can be cut, and the address, which goes on counting.
    away: HashMap<u64, (Arc<TcpStream>, IpAddr)>,
    by_address: HashMap<IpAddr, usize>,
    held: usize,
}

impl Crowd {
    pub(super) fn len(&self) -> usize {
        self.here.len() + self.away.len()
    }

    pub(super) fn away(&self) -> usize {
        self.away.len()
    }

    /// Bytes kept for those that wait here.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Connections of an address.
    pub(super) fn of(&self, address: IpAddr) -> usize {
        self.by_address.get(&address).copied().unwrap_or(0)
    }

    pub(super) fn insert(&mut self, number: u64, connection: Connection) {
        self.held += connection.held();
        *self.by_address.entry(connection.address).or_default() += 1;
        self.here.insert(number, connection);
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<Connection> {
        let connection = self.here.remove(&number)?;
        self.held -= connection.held();
        self.forget(connection.address);
        Some(connection)
    }

    /// Notes that a thread has a connection.
    pub(super) fn lend(&mut self, number: u64, connection: &Connection) {
        *self.by_address.entry(connection.address).or_default() += 1;
        self.away.insert(number, (Arc::clone(&connection.stream), connection.address));
    }

    /// Notes that a thread has it no more.
    pub(super) fn give_back(&mut self, number: u64) {
        if let Some((_, address)) = self.away.remove(&number) {
            self.forget(address);
        }
    }

    fn forget(&mut self, address: IpAddr) {
        if let Some(count) = self.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&address);
            }
        }
    }

    /// The one that has neither sent nor taken a byte for longest, among those that `counts` names.
    pub(super) fn stalled_longest(&self, counts: impl Fn(&Connection) -> bool) -> Option<u64> {
        let counted = self.here.iter().filter(|(_, connection)| counts(connection));
        counted.min_by_key(|(number, connection)| (connection.progress, **number)).map(|(number, _)| *number)
    }

    pub(super) fn numbers(&self, which: impl Fn(&Connection) -> bool) -> Vec<u64> {
        self.here.iter().filter(|(_, connection)| which(connection)).map(|(number, _)| *number).collect()
    }

    /// Closes every socket that a thread has: its next write fails.
    pub(super) fn cut_those_away(&self) {
        for (stream, _) in self.away.values() {
            // What is closed already needs no closing.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}
