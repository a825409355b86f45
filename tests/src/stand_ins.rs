//! `copiste-fixtures simulate` as a program of its own, and what a test asks of it.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::command::{self, Outcome};
use crate::place;

/// What both stand-ins ask of every request.
pub const TOKEN: &str = "jeton-Qx7Lm2";

/// Stand-ins on loopback; killed with the value.
pub struct StandIns {
    child: Child,
    address: String,
    state: PathBuf,
}

impl StandIns {
    /// Starts them on a state directory with these faults.
    ///
    /// # Panics
    /// When they do not start.
    pub fn start(state: &Path, seed: &str, faults: &[&str]) -> StandIns {
        let mut command = Command::new(place::binary("copiste-fixtures"));
        command.args(["simulate", "--seed", seed, "--token", TOKEN, "--state"]).arg(state);
        for fault in faults {
            command.args(["--fault", fault]);
        }
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the stand-ins start");
        let mut address = String::new();
        let out = child.stdout.as_mut().expect("a pipe");
        BufReader::new(out).read_line(&mut address).expect("they say where they are");
        let address = address.trim().to_owned();
        assert!(address.starts_with("http://"), "{address}");
        StandIns { child, address, state: state.to_owned() }
    }

    /// `127.0.0.1:43817`.
    pub fn authority(&self) -> &str {
        self.address.trim_start_matches("http://")
    }

    /// What `copiste` needs to know of them, and how patient it is: seconds a request, seconds an export.
    pub fn environment(&self, timeout: &str, budget: &str) -> Vec<(&'static str, OsString)> {
        self.environment_at(&self.address, timeout, budget)
    }

    /// The same, when they are reached at another base address.
    pub fn environment_at(&self, base: &str, timeout: &str, budget: &str) -> Vec<(&'static str, OsString)> {
        vec![
            ("COPISTE_CYCLADES_URL", format!("{base}/cyclades").into()),
            ("COPISTE_IMAGIN_URL", format!("{base}/imagin").into()),
            ("COPISTE_CYCLADES_TOKEN", TOKEN.into()),
            ("COPISTE_IMAGIN_TOKEN", TOKEN.into()),
            ("COPISTE_EXCHANGE_TIMEOUT_S", timeout.into()),
            ("COPISTE_EXCHANGE_BUDGET_S", budget.into()),
        ]
    }

    /// Sends a request; the status and the body, null when it is none.
    ///
    /// # Panics
    /// When there is no answer.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let mut wire = TcpStream::connect(self.authority()).expect("they listen");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        wire.write_all(head.as_bytes()).expect("they read");
        let mut answer = String::new();
        wire.read_to_string(&mut answer).expect("they answer");
        let status =
            answer.get(9..12).and_then(|status| status.parse().ok()).expect("an answer has a status");
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    /// One more fault.
    ///
    /// # Panics
    /// When it is not understood.
    #[track_caller]
    pub fn fault(&self, spec: &str) {
        let body = serde_json::json!({ "spec": spec }).to_string();
        assert_eq!(self.ask("POST", "/stand-in/faults", &body).0 / 100, 2, "{spec}");
    }

    /// No fault from now on.
    ///
    /// # Panics
    /// When they do not answer.
    #[track_caller]
    pub fn clear_faults(&self) {
        assert_eq!(self.ask("DELETE", "/stand-in/faults", "").0 / 100, 2);
    }

    /// Cyclades publishes an exam.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn publish(&self, exam: &str) {
        let path = format!("/stand-in/cyclades/exams/{exam}/publish");
        assert_eq!(self.ask("POST", &path, "{\"at\":\"2020-07-05T08:00:00Z\"}").0 / 100, 2);
    }

    /// How many requests of a kind (`chunk`, `commit`, `state`, `publication`) came to a target.
    ///
    /// # Panics
    /// When they do not answer.
    #[track_caller]
    pub fn requests(&self, target: &str, kind: &str) -> u64 {
        self.ask("GET", "/stand-in/requests", "").1[target][kind].as_u64().expect("a count")
    }

    /// The rows of an exam in the ledger of a target on disk, in the order of their keys; empty without any.
    ///
    /// # Panics
    /// When the ledger cannot be read.
    pub fn rows(&self, target: &str, exam: &str) -> Vec<Value> {
        let Ok(ledger) = std::fs::read(self.state.join(format!("{target}.json"))) else { return Vec::new() };
        let ledger: Value = serde_json::from_slice(&ledger).expect("a ledger is JSON");
        ledger["exams"][exam]["rows"].as_array().cloned().unwrap_or_default()
    }
}

impl Drop for StandIns {
    fn drop(&mut self) {
        // They may have ended by themselves.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `copiste NAME --data DATA ARGUMENTS` with such an environment.
#[track_caller]
pub fn copiste(
    environment: &[(&'static str, OsString)],
    data: &Path,
    name: &str,
    arguments: &[&dyn AsRef<OsStr>],
) -> Outcome {
    let environment: Vec<(&str, &OsStr)> =
        environment.iter().map(|(name, value)| (*name, value.as_os_str())).collect();
    let mut all: Vec<&dyn AsRef<OsStr>> = vec![&name, &"--data", &data];
    all.extend_from_slice(arguments);
    command::copiste_in(&environment, &all)
}
