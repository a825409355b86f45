//! Whose request it is: the socket's address, or what a trusted proxy says of it.

use std::net::{IpAddr, SocketAddr};

/// The address at the other end of a socket, or behind the trusted proxies: going back from the nearest, the
/// first address of `X-Forwarded-For` that is not trusted itself. What cannot be read ends the way back, so
/// that nobody behind it is believed.
pub(super) fn peer(socket: IpAddr, forwarded_for: &str, trusted: &[IpAddr]) -> IpAddr {
    let mut nearest = socket;
    for hop in forwarded_for.rsplit(',') {
        if !trusted.contains(&nearest) {
            break;
        }
        match address(hop.trim()) {
            Some(farther) => nearest = farther,
            None => break,
        }
    }
    nearest
}

/// An address as proxies write it, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let parsed = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    parsed.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let trusted = [ip("127.0.0.1"), ip("10.0.0.1")];
        for (socket, forwarded, peer_is) in [
            ("192.0.2.7", "198.51.100.1", "192.0.2.7"),
            ("127.0.0.1", "", "127.0.0.1"),
            ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("127.0.0.1", "203.0.113.9, 198.51.100.1", "198.51.100.1"),
            ("127.0.0.1", "203.0.113.9, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
            ("127.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
            ("127.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
            ("127.0.0.1", "[2001:db8::1]", "2001:db8::1"),
            ("127.0.0.1", "2001:db8::1", "2001:db8::1"),
            ("127.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
            ("127.0.0.1", "198.51.100.1, unknown", "127.0.0.1"),
            ("127.0.0.1", "10.0.0.1", "10.0.0.1"),
        ] {
            assert_eq!(peer(ip(socket), forwarded, &trusted), ip(peer_is), "{socket} {forwarded}");
        }
    }
}
