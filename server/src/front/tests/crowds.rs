//! Many connections at once, of one address: whoever speaks is answered.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketType};
use rustix::process::{Resource, getrlimit};

use super::stage::{Client, PATIENCE, Stage, get};
use crate::front::Limits;

/// Connects from another address of this machine.
pub(super) fn from_address(ip: [u8; 4], to: SocketAddr) -> TcpStream {
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    rustix::net::bind(&socket, &SocketAddr::from((ip, 0))).unwrap();
    rustix::net::connect(&socket, &to).unwrap();
    TcpStream::from(socket)
}

/// As many of these as this process may hold both ends of.
fn affordable(wanted: usize) -> usize {
    let most = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let most = usize::try_from(most / 3).unwrap_or(usize::MAX).saturating_sub(100);
    // Some room for those that speak.
    let most = most.min(Limits::default().within_descriptors().connections.saturating_sub(50));
    if most < wanted {
        eprintln!("{most} connections instead of {wanted}: the limit of open files allows no more");
    }
    wanted.min(most)
}

/// A whole request is answered, again and again.
#[track_caller]
fn speaks(stage: &Stage) {
    for _ in 0..20 {
        assert_eq!(stage.get("/whole").status, 200);
    }
}

#[test]
fn five_hundred_half_requests_keep_nobody_waiting() {
    // The default limits but for time, so that none of them goes away by itself.
    let stage = Stage::with(|limits| limits.head_deadline = PATIENCE * 10);
    let half: Vec<Client> = (0..affordable(500))
        .map(|number| {
            let mut client = stage.client();
            client.send(&get("/half")[..5 + number % 36]);
            client
        })
        .collect();
    speaks(&stage);
    drop(half);
}

#[test]
fn five_hundred_half_bodies_keep_nobody_waiting() {
    let stage = Stage::with(|limits| (limits.busy, limits.body_deadline) = (2, PATIENCE * 10));
    let half: Vec<Client> = (0..affordable(500))
        .map(|_| {
            let mut client = stage.client();
            client.send("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nonly some");
            client
        })
        .collect();
    speaks(&stage);
    drop(half);
}

#[test]
fn two_thousand_idle_connections_keep_nobody_waiting() {
    let stage = Stage::new();
    let mut idle: Vec<Client> = (0..affordable(2_000)).map(|_| stage.client()).collect();
    speaks(&stage);
    // They cost nobody anything, so they are still there.
    for at in [0, idle.len() / 2, idle.len() - 1] {
        idle[at].send(get("/awake"));
        assert_eq!(idle[at].reply().status, 200);
    }
}

#[test]
fn at_the_cap_the_one_stalled_longest_makes_room() {
    let stage = Stage::with(|limits| {
        limits.connections = 50;
        limits.idle = PATIENCE * 10;
        limits.head_deadline = PATIENCE * 10;
    });
    let mut crowd: Vec<Client> = Vec::new();
    for number in 0..200 {
        let mut client = stage.client();
        if number % 2 == 0 {
            client.send("GET / HT");
        }
        crowd.push(client);
        assert_eq!(stage.get("/whole").status, 200);
    }
    assert!(crowd[0].is_closed() && crowd[1].is_closed());
    let mut newest = crowd.pop().unwrap();
    newest.send(get("/newest"));
    assert_eq!(newest.reply().status, 200);
}

#[test]
fn a_crowd_of_one_address_costs_no_other_address_its_place() {
    let stage = Stage::with(|limits| limits.per_address = 20);
    let mut other = Client::new(from_address([127, 0, 0, 3], stage.address));
    // Until it is answered nothing says that it was taken before the crowd.
    other.send(get("/before"));
    assert_eq!(other.reply().status, 200);
    let mut crowd: Vec<Client> = (0..60).map(|_| stage.client()).collect();
    assert_eq!(stage.get("/whole").status, 200);
    assert!(crowd[0].is_closed());
    other.send(get("/other"));
    assert_eq!(other.reply().status, 200);
}

#[test]
fn idle_connections_are_closed_in_time_without_a_word() {
    let stage = Stage::with(|limits| limits.idle = Duration::from_millis(300));
    let mut fresh = stage.client();
    let mut used = stage.client();
    used.send(get("/"));
    assert_eq!(used.reply().status, 200);
    assert!(fresh.is_closed() && used.is_closed());
}

#[test]
fn one_request_too_many_is_told_to_come_back() {
    let stage = Stage::with(|limits| limits.busy = 2);
    let mut waiting = [stage.client(), stage.client()];
    for client in &mut waiting {
        client.send(get("/silent"));
        stage.silent.recv_timeout(PATIENCE).unwrap();
    }
    let reply = stage.get("/more");
    assert_eq!((reply.status, reply.code().as_str()), (503, "HTT-016"));
    assert_eq!(reply.header("retry-after"), Some("5"));
    stage.release();
    for client in &mut waiting {
        assert_eq!(client.reply().text(), "at last");
    }
    assert_eq!(stage.get("/more").status, 200);
}
