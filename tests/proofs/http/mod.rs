//! The API over real processes: `copiste serve --listen` on generated exams, with accounts and tokens made by
//! `copiste account`.

mod closing;
mod description;
mod downloads;
mod jobs;
mod metrics;
mod pages;
mod proxy;
mod random;
mod readiness;
mod roles;
mod schemathesis;
mod session;
mod viewer;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use copiste_tests::academy::Academy;
use copiste_tests::command::{Outcome, signal};
use copiste_tests::http::{Ask, Reply, SignedIn};
use serde_json::{Value, json};

use crate::serve::{ended, ready};

/// Everybody's password here.
pub(crate) const PASSWORD: &str = "cheval exact pile agrafe";

/// Where the generated exams belong.
pub(crate) const ENTITY: &str = "ER-REU";

/// `copiste serve --listen` on an academy's data; killed with the value.
pub(crate) struct Served {
    child: Child,
    folder: PathBuf,
    environment: Vec<(&'static str, String)>,
    /// `127.0.0.1:43817`.
    pub(crate) authority: String,
    /// What it said before it was ready.
    told: Vec<String>,
}

impl Served {
    pub(crate) fn start(academy: &Academy) -> Served {
        Served::start_with(academy, Vec::new())
    }

    /// Starts it with further variables of the environment.
    pub(crate) fn start_with(academy: &Academy, environment: Vec<(&'static str, String)>) -> Served {
        let folder = academy.path("");
        let (child, told) = spawned(&folder, &environment, "127.0.0.1:0");
        let authority = told.last().and_then(|line| line.split_once("http://")).map(|(_, at)| at.to_owned());
        let authority = authority.unwrap_or_else(|| panic!("no address in {told:?}: {}", log(&folder)));
        Served { child, folder, environment, authority, told }
    }

    /// As `kill -9` does it.
    pub(crate) fn kill(&mut self) {
        signal(&self.child, "KILL");
        self.child.wait().expect("a child ends");
    }

    /// Starts it again on the same port, once it has ended.
    pub(crate) fn again(&mut self) {
        (self.child, self.told) = spawned(&self.folder, &self.environment, &self.authority);
        assert!(self.told.last().is_some_and(|line| line.ends_with(&self.authority)), "{:?}", self.told);
    }

    /// Ends it politely.
    pub(crate) fn stop(&mut self) {
        signal(&self.child, "TERM");
        assert!(self.child.wait().expect("a child ends").success(), "{}", log(&self.folder));
    }

    /// Sends a request. Its answer must be one that the description of the API knows.
    #[track_caller]
    pub(crate) fn send(&self, ask: &Ask) -> Reply {
        let reply = ask.send(&self.authority);
        description::of(&self.authority).check(ask, &reply);
        reply
    }

    /// Signs in; whatever the answer is.
    #[track_caller]
    pub(crate) fn try_password(&self, login: &str, password: &str) -> Reply {
        let body = json!({ "login": login, "password": password });
        self.send(&Ask::new("POST", "/api/v1/session").json(&body))
    }

    /// Signs somebody in.
    #[track_caller]
    pub(crate) fn sign_in(&self, login: &str) -> SignedIn {
        self.try_password(login, PASSWORD).expect(200).signed_in()
    }

    /// `GET`, as JSON.
    #[track_caller]
    pub(crate) fn get(&self, target: &str, who: &SignedIn) -> Value {
        self.send(&Ask::get(target).signed(who)).expect(200).value()
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        log(&self.folder)
    }

    /// The lines of the access log.
    pub(crate) fn accesses(&self) -> Vec<Value> {
        let folder = self.folder.join("data/access");
        let mut lines = Vec::new();
        for month in copiste_tests::sources::files(&folder) {
            let text = fs::read_to_string(month).expect("a month of the log");
            lines.extend(
                text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON")),
            );
        }
        lines
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
            let ended = self.child.try_wait();
            let last: Vec<&str> = log.lines().rev().take(20).collect();
            eprintln!("the server ({ended:?}) said last, backwards:\n{}", last.join("\n"));
        }
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn log(folder: &Path) -> String {
    fs::read_to_string(folder.join("server.log")).expect("a log")
}

/// Starts a server; what it said until it was ready.
fn spawned(folder: &Path, environment: &[(&str, String)], listen: &str) -> (Child, Vec<String>) {
    let log = fs::OpenOptions::new().create(true).append(true).open(folder.join("server.log"));
    let mut command = ready("copiste", folder, environment);
    command.env("COPISTE_LOG_LEVEL", "info");
    command.args(["serve", "--data", "data", "--listen", listen]);
    command.stdout(Stdio::piped()).stderr(log.expect("a log"));
    let mut child = command.spawn().expect("copiste starts");
    let (mut told, mut out) = (Vec::new(), BufReader::new(child.stdout.as_mut().expect("a pipe")));
    loop {
        let mut line = String::new();
        if out.read_line(&mut line).expect("it says something") == 0 {
            break;
        }
        told.push(line.trim_end().to_owned());
        if line.starts_with("web pages and API: ") {
            break;
        }
    }
    (child, told)
}

/// Types `copiste ACCOUNT… --data data`, and a text.
fn typed(folder: &Path, words: &[&str], text: &str) -> Outcome {
    let mut command: Command = ready("copiste", folder, &[]);
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("copiste starts");
    // A command that refuses at once reads nothing.
    let _ = child.stdin.take().expect("a pipe").write_all(text.as_bytes());
    ended(child)
}

/// Makes an account whose password is everybody's.
#[track_caller]
pub(crate) fn account(academy: &Academy, login: &str, role: &str) {
    let words =
        ["account", "add", "--data", "data", "--role", role, "--password-stdin", "--keep-password", login];
    typed(&academy.path(""), &words, &format!("{PASSWORD}\n")).expect(0);
}

/// Makes a token for somebody's programs.
#[track_caller]
pub(crate) fn token(academy: &Academy, login: &str, scopes: &str) -> String {
    let words = ["account", "token", "--data", "data", "--label", "relevés", "--scope", scopes, login];
    let made = typed(&academy.path(""), &words, "").expect(0);
    made.out.lines().last().expect("it says it").to_owned()
}

/// A generated exam, taken in.
#[track_caller]
pub(crate) fn imported(academy: &Academy, name: &str, options: &[&str]) -> String {
    let options: Vec<&dyn AsRef<std::ffi::OsStr>> =
        options.iter().map(|option| option as &dyn AsRef<std::ffi::OsStr>).collect();
    let bundle = academy.generate(name, &options);
    academy.copiste("import", &[&bundle]).expect(0);
    copiste_tests::academy::exam_of(&bundle)
}
