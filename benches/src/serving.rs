//! `copiste serve` on a measured exam, and nginx on a ready-made file.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::exam::{Exam, built};

const PASSWORD: &[u8] = b"cheval exact pile agrafe\n";

/// A server, which ends with the value.
pub struct Server {
    process: Child,
    authority: String,
    /// The target of the archive.
    target: String,
    /// A header that lets its reader in; empty for everyone.
    header: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Makes an account of the exam office and a token for its programs.
///
/// # Errors
/// When a command fails.
pub fn token(exam: &Exam) -> io::Result<String> {
    account(exam, &["add", "--role", "exam-office:ER-REU", "--password-stdin", "--keep-password", "office"])?;
    let said = account(exam, &["token", "--label", "bench", "--scope", "read,download", "office"])?;
    let token = said.lines().last().filter(|token| token.starts_with("cop_"));
    token.map(str::to_owned).ok_or_else(|| io::Error::other("no token was made"))
}

fn account(exam: &Exam, words: &[&str]) -> io::Result<String> {
    let (name, rest) = words.split_first().ok_or_else(|| io::Error::other("nothing to type"))?;
    let mut process = Command::new(built()?.join("copiste"))
        .args(["account", name, "--data"])
        .arg(exam.data())
        .args(rest)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(mut typed) = process.stdin.take() {
        // A command that asks for nothing reads nothing.
        let _ = typed.write_all(PASSWORD);
    }
    let output = process.wait_with_output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!("account {name} ended with {}", output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

impl Server {
    /// Serves an exam to whoever has a token.
    ///
    /// # Errors
    /// When it does not start.
    pub fn copiste(exam: &Exam, token: &str) -> io::Result<Server> {
        let mut process = Command::new(built()?.join("copiste"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(exam.data())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut authority = None;
        if let Some(out) = process.stdout.as_mut() {
            for line in BufReader::new(out).lines() {
                authority = line?.strip_prefix("web pages and API: http://").map(str::to_owned);
                if authority.is_some() {
                    break;
                }
            }
        }
        let authority = authority.ok_or_else(|| io::Error::other("copiste does not say where it listens"))?;
        let target = format!("/api/v1/exams/{}/scripts.zip", exam.id()?);
        Ok(Server { process, authority, target, header: format!("Authorization: Bearer {token}") })
    }

    /// nginx with one file; none when it is not installed.
    ///
    /// # Errors
    /// When it does not start.
    pub fn nginx(file: &Path) -> io::Result<Option<Server>> {
        let folder = file.parent().unwrap_or(Path::new(".")).to_owned();
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let authority = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let shown = folder.display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|kind| format!("{kind}_temp_path {shown}/nginx-{kind};\n"))
            .collect();
        // Its own defaults for files: sent by the kernel, heads and bodies together.
        let configuration = format!(
            "user root;\ndaemon off;\nworker_processes auto;\npid {shown}/nginx.pid;\nerror_log {shown}/nginx.log;\n\
             events {{ worker_connections 256; }}\nhttp {{\naccess_log off;\nsendfile on;\ntcp_nopush on;\n{temporary}\
             server {{ listen {authority}; root {shown}; }}\n}}\n"
        );
        let path = folder.join("nginx.conf");
        fs::write(&path, configuration)?;
        let started = Command::new(nginx_program())
            .arg("-p")
            .arg(&folder)
            .arg("-c")
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let process = match started {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let server = Server { process, authority, target: format!("/{name}"), header: String::new() };
        for _ in 0..500 {
            if TcpStream::connect(&server.authority).is_ok() {
                return Ok(Some(server));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err(io::Error::other("nginx does not listen"))
    }

    /// The number of its process.
    pub fn process(&self) -> String {
        self.process.id().to_string()
    }

    /// How long the first byte of the archive takes to come, on a connection of its own.
    ///
    /// # Errors
    /// When it does not come.
    pub fn first_byte(&self) -> io::Result<Duration> {
        let start = Instant::now();
        let mut body = self.asked()?;
        body.read_exact(&mut [0])?;
        Ok(start.elapsed())
    }

    /// Reads the whole archive; how many bytes came.
    ///
    /// # Errors
    /// When it breaks off.
    pub fn read_whole(&self) -> io::Result<u64> {
        io::copy(&mut self.asked()?, &mut io::sink())
    }

    /// Asks for the archive; the body is to be read.
    fn asked(&self) -> io::Result<BufReader<TcpStream>> {
        let mut wire = TcpStream::connect(&self.authority)?;
        let Server { authority, target, header, .. } = self;
        let head =
            format!("GET {target} HTTP/1.1\r\nHost: {authority}\r\n{header}\r\nConnection: close\r\n\r\n");
        wire.write_all(head.as_bytes())?;
        let mut answer = BufReader::with_capacity(1 << 16, wire);
        let mut line = String::new();
        answer.read_line(&mut line)?;
        if line.split(' ').nth(1) != Some("200") {
            return Err(io::Error::other(format!("answered {line}")));
        }
        while line.trim_end() != "" {
            line.clear();
            answer.read_line(&mut line)?;
        }
        Ok(answer)
    }

    /// Has curl fetch it, and throw it away or keep it.
    ///
    /// # Errors
    /// When it fails.
    pub fn curl(&self, out: &Path) -> io::Result<()> {
        let mut curl = Command::new("curl");
        curl.args(["-sSf", "-o"]).arg(out);
        if !self.header.is_empty() {
            curl.args(["-H", &self.header]);
        }
        crate::exam::succeed(curl.arg(format!("http://{}{}", self.authority, self.target)))
    }
}

/// Where Debian puts it is not in everybody's path.
fn nginx_program() -> PathBuf {
    let debian = PathBuf::from("/usr/sbin/nginx");
    if debian.exists() { debian } else { PathBuf::from("nginx") }
}

/// Waits until a served exam has its plan, which is made in the background.
///
/// # Errors
/// When it does not come.
pub fn planned(exam: &Exam) -> io::Result<Duration> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(600) {
        if let Ok(mut folder) = fs::read_dir(exam.data().join("plans"))
            && folder
                .any(|entry| entry.is_ok_and(|entry| entry.path().extension().is_some_and(|of| of == "plan")))
        {
            return Ok(start.elapsed());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(io::Error::other("no plan is made"))
}
