//! HTTPS with an authority of one's own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use copiste_tests::command::run;
use copiste_tests::needs;

use super::Closing;

/// A door of TLS in front of a plain one, by Python and OpenSSL: nothing of ours.
const PROXY: &str = r#"
import socket, ssl, sys, threading
certificate, key, host, port = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
door = socket.create_server(("127.0.0.1", 0))
print(door.getsockname()[1], flush=True)

def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    finally:
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

def attend(wire):
    try:
        wire = context.wrap_socket(wire, server_side=True)
    except (OSError, ssl.SSLError):
        wire.close()
        return
    inner = socket.create_connection((host, int(port)))
    threading.Thread(target=pump, args=(inner, wire), daemon=True).start()
    pump(wire, inner)

while True:
    wire, _ = door.accept()
    threading.Thread(target=attend, args=(wire,), daemon=True).start()
"#;

/// Makes an authority of this name, and a certificate of it for 127.0.0.1.
fn authority(folder: &Path, name: &str) {
    let at = |what: &str| folder.join(format!("{name}-{what}"));
    run(
        "openssl",
        &[
            &"req",
            &"-x509",
            &"-newkey",
            &"ec",
            &"-pkeyopt",
            &"ec_paramgen_curve:prime256v1",
            &"-nodes",
            &"-days",
            &"2",
            &"-subj",
            &format!("/CN={name}"),
            &"-keyout",
            &at("ca.key"),
            &"-out",
            &at("ca.pem"),
        ],
    )
    .expect(0);
    run(
        "openssl",
        &[
            &"req",
            &"-newkey",
            &"ec",
            &"-pkeyopt",
            &"ec_paramgen_curve:prime256v1",
            &"-nodes",
            &"-subj",
            &"/CN=127.0.0.1",
            &"-keyout",
            &at("key.pem"),
            &"-out",
            &at("request.pem"),
        ],
    )
    .expect(0);
    std::fs::write(at("san"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n").expect("a file");
    run(
        "openssl",
        &[
            &"x509",
            &"-req",
            &"-in",
            &at("request.pem"),
            &"-CA",
            &at("ca.pem"),
            &"-CAkey",
            &at("ca.key"),
            &"-CAcreateserial",
            &"-days",
            &"2",
            &"-extfile",
            &at("san"),
            &"-out",
            &at("cert.pem"),
        ],
    )
    .expect(0);
}

/// Killed with the value.
struct Proxy(Child, String);

impl Drop for Proxy {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn proxy(folder: &Path, name: &str, inner: &str) -> Proxy {
    let (host, port) = inner.split_once(':').expect("an address");
    let at = |what: &str| folder.join(format!("{name}-{what}"));
    let mut command = Command::new("python3");
    command.args(["-c", PROXY]).arg(at("cert.pem")).arg(at("key.pem")).args([host, port]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("Python starts");
    let mut port = String::new();
    BufReader::new(child.stdout.as_mut().expect("a pipe")).read_line(&mut port).expect("it says its port");
    Proxy(child, format!("https://127.0.0.1:{}", port.trim()))
}

#[test]
fn a_private_authority_is_trusted_when_it_is_configured_and_only_then() {
    needs!(Python, OpenSsl);
    let closing = Closing::of("20", "48", &[]);
    let folder = closing.academy.path("");
    authority(&folder, "ours");
    authority(&folder, "others");
    let proxy = proxy(&folder, "ours", closing.stand_ins.authority());
    let (data, exam) = (closing.academy.data(), closing.academy.exam());
    let close = |authorities: Option<&str>| {
        let mut environment = closing.stand_ins.environment_at(&proxy.1, "5", "5");
        environment
            .extend(authorities.map(|name| ("COPISTE_EXCHANGE_CA_FILE", folder.join(name).into_os_string())));
        copiste_tests::stand_ins::copiste(&environment, &data, "close", &[&exam])
    };
    for untrusted in [None, Some("others-ca.pem")] {
        let refused = close(untrusted).expect(1);
        assert!(refused.said().contains("EXC-006"), "{}", refused.said());
        assert_eq!(closing.stand_ins.requests("cyclades", "chunk"), 0, "marks went to a stranger");
        assert_eq!(closing.stand_ins.requests("imagin", "chunk"), 0);
    }
    let missing = close(Some("nothing.pem")).expect(1);
    assert!(missing.said().contains("EXC-011"), "{}", missing.said());
    close(Some("ours-ca.pem")).expect(0);
    closing.ledgers_equal_the_records();
}
