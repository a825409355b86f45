//! Running the real commands: to their end, to a kill, or under measurement.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::place;

/// What a finished command left.
#[derive(Debug)]
pub struct Outcome {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// What it said on the standard output.
    pub out: String,
    /// What it said on the standard error.
    pub err: String,
}

impl Outcome {
    fn of(output: Output) -> Outcome {
        Outcome {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Itself, if the exit code is the expected one.
    ///
    /// # Panics
    /// With all that was said, if not.
    #[track_caller]
    pub fn expect(self, code: i32) -> Outcome {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.out, self.err);
        self
    }

    /// The standard output as JSON.
    ///
    /// # Panics
    /// With all that was said, if it is none.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|fault| panic!("{fault}\nstdout: {}\nstderr: {}", self.out, self.err))
    }

    /// Both outputs, one after the other.
    pub fn said(&self) -> String {
        format!("{}\n{}", self.out, self.err)
    }
}

fn ready(program: impl AsRef<OsStr>, arguments: &[&dyn AsRef<OsStr>]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments.iter().map(|argument| argument.as_ref())).stdin(Stdio::null());
    command
}

/// Runs any program to its end.
///
/// # Panics
/// When it cannot be started.
#[track_caller]
pub fn run(program: impl AsRef<OsStr>, arguments: &[&dyn AsRef<OsStr>]) -> Outcome {
    Outcome::of(ready(program, arguments).output().expect("the program starts"))
}

/// Runs `copiste` to its end.
///
/// # Panics
/// When it was not built.
#[track_caller]
pub fn copiste(arguments: &[&dyn AsRef<OsStr>]) -> Outcome {
    run(place::binary("copiste"), arguments)
}

/// Runs `copiste` to its end with further variables of the environment.
///
/// # Panics
/// When it was not built.
#[track_caller]
pub fn copiste_in(environment: &[(&str, &OsStr)], arguments: &[&dyn AsRef<OsStr>]) -> Outcome {
    let mut command = ready(place::binary("copiste"), arguments);
    command.envs(environment.iter().copied());
    Outcome::of(command.output().expect("the program starts"))
}

/// Starts `copiste` and lets it run; its outputs go to `log`.
///
/// # Panics
/// When it was not built, or the log cannot be written.
pub fn start_copiste(arguments: &[&dyn AsRef<OsStr>], log: &Path) -> Child {
    let log = std::fs::File::create(log).expect("the log can be made");
    let again = log.try_clone().expect("the log can be shared");
    ready(place::binary("copiste"), arguments).stdout(log).stderr(again).spawn().expect("copiste starts")
}

/// Runs `copiste-fixtures` to its end, which must be a good one.
///
/// # Panics
/// With all it said, when it fails.
#[track_caller]
pub fn fixtures(arguments: &[&dyn AsRef<OsStr>]) -> Outcome {
    run(place::binary("copiste-fixtures"), arguments).expect(0)
}

/// Runs `copiste` and gives the highest resident memory of its process (not of the decoders it
/// starts), in bytes. Read from `/proc/…/status`, because the resource usage that `wait4` tells
/// counts the memory of this test process too, which the child shared until it became `copiste`.
///
/// # Panics
/// When the command fails, with all it said.
pub fn peak_memory(arguments: &[&dyn AsRef<OsStr>]) -> u64 {
    let folder = place::scratch();
    let log = folder.path().join("log");
    let mut child = start_copiste(arguments, &log);
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let code = loop {
        if let Some(high) = std::fs::read_to_string(&status).ok().as_deref().and_then(high_water) {
            peak = high;
        }
        if let Some(code) = child.try_wait().expect("a child can be waited for") {
            break code;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(code.success(), "{}", std::fs::read_to_string(&log).unwrap_or_default());
    assert!(peak > 0, "the memory of the process was never seen");
    peak
}

/// The most memory that a running process has had so far, in bytes.
///
/// # Panics
/// When the system does not say.
pub fn peak_so_far(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).expect("it runs");
    high_water(&status).expect("the system says it")
}

/// `VmHWM:    1234 kB`, in bytes.
fn high_water(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// A signal as `kill` names it.
///
/// # Panics
/// When `kill` is not there.
pub fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    // The child may have ended by itself meanwhile; that is for the caller to see.
    let _ = ready("kill", &[&format!("-{name}"), &id]).stderr(Stdio::null()).status().expect("kill runs");
}

/// A file system in memory of a given size, taken away with the value.
pub struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// Mounts one of so many bytes.
    ///
    /// # Errors
    /// When this user or this system may not.
    pub fn mount(bytes: u64) -> io::Result<SmallDisk> {
        let folder = place::scratch();
        let size = format!("size={bytes}");
        let run =
            ready("mount", &[&"-t", &"tmpfs", &"-o", &size, &"copiste-proof", &folder.path()]).output()?;
        if run.status.success() {
            Ok(SmallDisk { folder })
        } else {
            Err(io::Error::other(String::from_utf8_lossy(&run.stderr).trim().to_owned()))
        }
    }

    /// Where it is.
    pub fn path(&self) -> PathBuf {
        self.folder.path().to_path_buf()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A mount that cannot be taken away keeps its empty folder; nothing else depends on it.
        let _ = ready("umount", &[&"-l", &self.folder.path()]).status();
    }
}

/// Bytes of memory that a process has at this moment: `VmRSS` of Linux.
///
/// # Panics
/// When it is not running.
pub fn resident_memory(child: &Child) -> u64 {
    let path = format!("/proc/{}/status", child.id());
    let text = std::fs::read_to_string(path).expect("the process is there");
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it has memory");
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kilobytes << 10
}
