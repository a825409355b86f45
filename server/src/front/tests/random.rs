//! Whatever is sent, the server goes on.

use std::io::Read;
use std::net::Shutdown;
use std::sync::OnceLock;

use proptest::prelude::*;

use super::stage::{Stage, get};

/// One server for all cases. It is never dropped: the process ends with it.
fn stage() -> &'static Shared {
    static STAGE: OnceLock<Shared> = OnceLock::new();
    STAGE.get_or_init(|| {
        let stage = Stage::new();
        let address = stage.address;
        std::mem::forget(stage);
        Shared { address }
    })
}

struct Shared {
    address: std::net::SocketAddr,
}

impl Shared {
    fn client(&self) -> super::stage::Client {
        super::stage::Client::new(std::net::TcpStream::connect(self.address).unwrap())
    }
}

/// Pieces that look like HTTP, and others.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..64),
        prop::sample::select(vec![
            "GET ",
            "POST ",
            "/body",
            " HTTP/1.1\r\n",
            " HTTP/1.0\r\n",
            "Host: a\r\n",
            "Content-Length: 5\r\n",
            "Content-Length: 99\r\n",
            "Transfer-Encoding: chunked\r\n",
            "Expect: 100-continue\r\n",
            "\r\n",
            "\r",
            "\n",
            "\r\n\r\n",
            "hello",
            "5\r\nhello\r\n0\r\n\r\n",
            ": ",
            "Connection: close\r\n",
            "\0",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_stop_it(pieces in prop::collection::vec(piece(), 1..30)) {
        let mut client = stage().client();
        for piece in &pieces {
            client.send(piece);
        }
        // Closed already, perhaps.
        let _ = client.0.get_ref().shutdown(Shutdown::Write);
        let mut answers = Vec::new();
        // A server that closed while more was coming resets; what it said before is here.
        let _ = client.0.read_to_end(&mut answers);
        prop_assert!(answers.is_empty() || answers.starts_with(b"HTTP/1.1 "), "{:?}", String::from_utf8_lossy(&answers));
        let mut client = stage().client();
        client.send(get("/after"));
        prop_assert_eq!(client.reply().status, 200);
    }

    /// What passes is what was meant: a well-formed request reaches its handler unchanged, however it is cut.
    #[test]
    fn a_good_request_arrives_unchanged(
        target in "/[a-zA-Z0-9._~%!$&'()*+,;=:@/?-]{0,60}",
        name in "X-[A-Za-z0-9]{1,20}",
        value in "[!-~]([ -~]{0,40}[!-~])?",
        cut in any::<prop::sample::Index>(),
    ) {
        let target = format!("/t{target}");
        let request = format!("DELETE {target} HTTP/1.1\r\nHost: a\r\n{name}:{value}\r\n\r\n");
        let mut client = stage().client();
        let (first, second) = request.split_at(cut.index(request.len()));
        client.send(first);
        client.send(second);
        let reply = client.reply();
        let told: Vec<&str> = reply.text().lines().collect();
        prop_assert_eq!(told[0], format!("DELETE {}", target));
        let line = format!("{}: {}", name.to_lowercase(), value);
        prop_assert!(told.contains(&line.as_str()), "{:?} in {:?}", line, told);
    }
}
