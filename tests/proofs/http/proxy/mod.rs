//! Behind a real nginx, as the README configures it: what holds without it holds with it, and more comes only
//! with it: TLS, the client's own address.

mod passing;
mod transfers;

use std::fs;
use std::io::{BufRead as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use copiste_tests::command::{Outcome, run, signal};
use copiste_tests::place;

/// The README's own name for the site.
const NAME: &str = "copies.example.fr";

/// What the README has the administrator set.
fn trusting() -> Vec<(&'static str, String)> {
    vec![("COPISTE_HTTP_TRUSTED_PROXIES", "127.0.0.1".to_owned())]
}

/// A running nginx; ended with the value.
struct Nginx {
    child: Child,
    /// Everything of it: configuration, certificate, logs, what it puts aside.
    folder: PathBuf,
    port: u16,
}

impl Nginx {
    /// The README's configuration in front of a server.
    fn before(authority: &str, folder: &Path) -> Nginx {
        let folder = folder.join("nginx");
        fs::create_dir_all(&folder).expect("a folder");
        let (pem, key) = (folder.join("copies.pem"), folder.join("copies.key"));
        let subject = format!("/CN={NAME}");
        let names = format!("subjectAltName=DNS:{NAME}");
        let made: [&dyn AsRef<std::ffi::OsStr>; 15] = [
            &"req",
            &"-x509",
            &"-newkey",
            &"rsa:2048",
            &"-nodes",
            &"-days",
            &"2",
            &"-subj",
            &subject,
            &"-addext",
            &names,
            &"-out",
            &pem,
            &"-keyout",
            &key,
        ];
        run("openssl", &made).expect(0);
        // Free at this moment; nginx cannot be asked which port the system chose.
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let configuration = folder.join("nginx.conf");
        fs::write(&configuration, configured(authority, &folder, port)).expect("it can be written");
        let mut command = Command::new("nginx");
        command.arg("-p").arg(&folder).arg("-c").arg(&configuration).stdin(Stdio::null());
        let log = fs::File::create(folder.join("said.log")).expect("a log");
        let mut child = command.stderr(log).spawn().expect("nginx starts");
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = child.try_wait().expect("a child can be waited for");
            assert!(ended.is_none(), "{}", fs::read_to_string(folder.join("said.log")).unwrap_or_default());
            std::thread::sleep(Duration::from_millis(20));
        }
        Nginx { child, folder, port }
    }

    /// An address of the site.
    fn url(&self, target: &str) -> String {
        format!("https://{NAME}:{}{target}", self.port)
    }

    /// curl's arguments to come to it, from an address of this machine.
    fn reached(&self, from: &str) -> Vec<String> {
        let resolved = format!("{NAME}:{}:127.0.0.1", self.port);
        let authority = self.folder.join("copies.pem").display().to_string();
        ["-sS", "--interface", from, "--resolve", &resolved, "--cacert", &authority]
            .map(str::to_owned)
            .to_vec()
    }

    /// curl to its end.
    fn curl(&self, from: &str, arguments: &[&str]) -> Outcome {
        let reached = self.reached(from);
        let all = reached.iter().map(String::as_str).chain(arguments.iter().copied());
        let all: Vec<&str> = all.collect();
        run("curl", &all.iter().map(|word| word as &dyn AsRef<std::ffi::OsStr>).collect::<Vec<_>>())
    }

    /// Sends bytes as they are over TLS, and reads the first line of the answer; empty when there is none.
    fn raw(&self, bytes: &[u8]) -> String {
        let mut client = Command::new("openssl");
        client.args([
            "s_client",
            "-quiet",
            "-connect",
            &format!("127.0.0.1:{}", self.port),
            "-servername",
            NAME,
        ]);
        let mut client = client
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl starts");
        let (mut wire, bytes) = (client.stdin.take().expect("a pipe"), bytes.to_vec());
        let sending = std::thread::spawn(move || {
            // It may be refused before all of it is out. The pipe stays open: its end would end the connection.
            let _ = wire.write_all(&bytes);
            wire
        });
        let mut line = Vec::new();
        let mut answers = std::io::BufReader::new(client.stdout.take().expect("a pipe"));
        answers.read_until(b'\n', &mut line).expect("it can be read");
        let _ = client.kill();
        client.wait().expect("a child ends");
        drop(sending.join());
        String::from_utf8_lossy(&line).trim().to_owned()
    }

    /// What it logged as wrong.
    fn errors(&self) -> String {
        fs::read_to_string(self.folder.join("error.log")).expect("a log")
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "nginx says: {}",
                fs::read_to_string(self.folder.join("error.log")).unwrap_or_default()
            );
        }
        signal(&self.child, "TERM");
        let _ = self.child.wait();
    }
}

/// The README's server block, with other addresses and files, in the least that nginx needs around it.
fn configured(authority: &str, folder: &Path, port: u16) -> String {
    let readme = fs::read_to_string(place::workspace().join("README.md")).expect("there is a README");
    let block = readme
        .split("```text\n")
        .find(|block| block.starts_with("server {"))
        .expect("the README has a server");
    let mut block = block.split("\n```").next().expect("it ends").to_owned();
    let here = folder.display().to_string();
    for (written, meant) in [
        ("listen 443 ssl;", format!("listen 127.0.0.1:{port} ssl;")),
        ("/etc/ssl/copies.pem", format!("{here}/copies.pem")),
        ("/etc/ssl/private/copies.key", format!("{here}/copies.key")),
        ("http://127.0.0.1:8080", format!("http://{authority}")),
    ] {
        assert_eq!(block.matches(written).count(), 1, "{written} in {block}");
        block = block.replace(written, &meant);
    }
    // Its children give up root for another user, who could not come into this folder.
    let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
    let aside: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("    {what}_temp_path {here}/{what};\n"))
        .concat();
    format!(
        "{user}\ndaemon off;\npid {here}/pid;\nerror_log {here}/error.log warn;\nevents {{}}\nhttp {{\n    \
         access_log {here}/access.log;\n{aside}{block}\n}}\n"
    )
}
