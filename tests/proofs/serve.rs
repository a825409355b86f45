//! The control socket: with a running server every command does what it does without one.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use copiste_tests::academy::{Academy, lines, pdfs};
use copiste_tests::command::{Outcome, signal};
use copiste_tests::place::binary;
use copiste_tests::{size, sources};

/// A program in a folder of its own, through file drops there unless `environment` says otherwise.
pub(crate) fn ready(program: &str, folder: &Path, environment: &[(&str, String)]) -> Command {
    let mut command = Command::new(binary(program));
    command
        .current_dir(folder)
        .env("COPISTE_CYCLADES_URL", "file:drop/cyclades")
        .env("COPISTE_IMAGIN_URL", "file:drop/imagin")
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null());
    command
}

/// Starts `copiste` with its outputs in pipes.
pub(crate) fn started(folder: &Path, words: &[&dyn AsRef<OsStr>]) -> Child {
    let mut command = ready("copiste", folder, &[]);
    command.args(words.iter().map(|word| word.as_ref())).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("copiste starts")
}

/// What it said, when it has ended.
pub(crate) fn ended(child: Child) -> Outcome {
    let output = child.wait_with_output().expect("a child ends");
    Outcome {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Types a command in a folder.
pub(crate) fn typed(folder: &Path, words: &[&dyn AsRef<OsStr>]) -> Outcome {
    ended(started(folder, words))
}

/// `copiste serve` on the folder `data` of another, killed with the value.
pub(crate) struct Server(pub(crate) Child);

impl Server {
    pub(crate) fn start(folder: &Path) -> Server {
        Server::start_with(folder, &[])
    }

    fn start_with(folder: &Path, environment: &[(&str, String)]) -> Server {
        let log = fs::File::create(folder.join("server.log")).expect("a log");
        let mut command = ready("copiste", folder, environment);
        command.env("COPISTE_LOG_LEVEL", "info");
        command.args(["serve", "--data", "data"]).stdout(Stdio::piped()).stderr(log);
        let mut server = Server(command.spawn().expect("copiste starts"));
        let mut told = String::new();
        let out = server.0.stdout.as_mut().expect("a pipe");
        BufReader::new(out).read_line(&mut told).expect("it says something");
        let log = || fs::read_to_string(folder.join("server.log")).unwrap_or_default();
        assert!(told.starts_with("serving "), "{told}{}", log());
        server
    }

    /// Ends it politely; its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        signal(&self.0, "TERM");
        self.0.wait().expect("a child ends").code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn folder(academy: &Academy) -> PathBuf {
    academy.path("")
}

/// How many commands of clients the server has run.
pub(crate) fn served(folder: &Path) -> usize {
    let log = fs::read_to_string(folder.join("server.log")).expect("a log");
    log.lines().filter(|line| line.contains("a command of a client has ended")).count()
}

pub(crate) fn small(seed: &str) -> Academy {
    Academy::of(&format!("--kind one_off --candidates 12 --mix ccitt --seed {seed}"))
}

/// One whose rendering takes a while.
pub(crate) fn large(seed: &str) -> Academy {
    let candidates = size::pick("400", "3000");
    let academy = Academy::of(&format!("--kind one_off --candidates {candidates} --mix grey --seed {seed}"));
    academy.released();
    academy
}

/// Renders with one thread into the folder `out`.
fn rendering(academy: &Academy) -> Child {
    started(
        &folder(academy),
        &[&"render", &"--data", &"data", &academy.exam(), &"--out", &"out", &"--threads", &"1"],
    )
}

/// Waits until the first copies of a rendering into `out` are being written.
#[track_caller]
fn begun(academy: &Academy, child: &mut Child) {
    let part = academy.path("out/.copiste-part");
    while !fs::read_dir(&part).is_ok_and(|copies| copies.count() > 2) {
        assert!(child.try_wait().expect("it can be asked").is_none(), "the rendering is over already");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// Every copy that lies in `out` is its twin in `reference`; how many.
#[track_caller]
fn whole(academy: &Academy, reference: &Path) -> usize {
    let out = academy.path("out");
    let mut found = sources::files(&out);
    found.retain(|path| path.extension().is_some_and(|end| end == "pdf"));
    for path in &found {
        let twin = reference.join(path.strip_prefix(&out).expect("inside"));
        assert!(fs::read(path).expect("a copy") == fs::read(twin).expect("its twin"), "{path:?} is torn");
    }
    found.len()
}

/// Without what differs from run to run: how long requests took.
fn lasting(text: &str) -> String {
    let mut lasting = String::new();
    for piece in text.split_inclusive(" ms") {
        match piece.strip_suffix(" ms") {
            Some(rest) => {
                lasting.push_str(rest.trim_end_matches(|digit: char| digit.is_ascii_digit()));
                lasting.push_str("… ms");
            }
            None => lasting.push_str(piece),
        }
    }
    lasting
}

#[test]
fn every_command_says_and_does_the_same_with_and_without_a_server() {
    let alone = Academy::with_bundle(&[
        &"--kind",
        &"one_off",
        &"--candidates",
        &"12",
        &"--mix",
        &"ccitt",
        &"--seed",
        &"61",
    ]);
    // One scan is cut, so that there is a damaged page.
    let scan = sources::files(&alone.bundle().join("scans")).remove(0);
    let bytes = fs::read(&scan).expect("a scan");
    fs::write(&scan, &bytes[..bytes.len() / 2]).expect("it can be cut");
    alone.copiste("import", &[&alone.bundle()]).expect(0);
    let other = alone.generate("other", &[&"--kind", &"common_assessment", &"--candidates", &"8"]);
    let with_server = alone.copied();
    fs::rename(other, alone.path("second")).expect("it can be renamed");
    copiste_tests::command::run("cp", &[&"-a", &alone.path("second"), &with_server.path("second")]).expect(0);

    let exam = alone.exam();
    let batch = text(&lines(&alone.bundle(), "batches.jsonl")[0], "id");
    let script = &lines(&alone.bundle(), "scripts.jsonl")[3];
    let candidate = text(script, "candidate");
    let (exam, batch, candidate) = (exam.as_str(), batch.as_str(), candidate.as_str());
    let commands: &[&[&str]] = &[
        &["status"],
        &["status", exam, "--json"],
        &["status", "nowhere"],
        &["inspect", exam],
        &["settings", exam],
        &["settings", exam, "export_appreciation=true"],
        &["settings", exam, "nonsense=1"],
        &["settings", exam, "nonsense"],
        &["accept", exam, "--candidate", candidate, "--page", "99", "--reason", "r"],
        &["accept", exam, "--all-damaged", "--reason", "connu"],
        &["accept", exam, "--all-damaged", "--reason", "connu", "--as", "school:0750001A"],
        &["unlock", exam, "--batch", batch],
        &["render", exam, "--out", "early.zip"],
        &["lock", exam, "--batch", batch],
        &["lock", exam, "--batch", batch],
        &["lock", exam, "--batch", "L999"],
        &["mark", exam, "--candidate", candidate, "7,25", "--reason", "réclamation"],
        &["mark", exam, "--candidate", candidate, "7.5", "--reason", "réclamation"],
        &["harmonise", exam, "--batch", batch, "--by", "-1", "--reason", "moyenne"],
        &["validate", exam, "--all"],
        &["close", exam, "--dry-run"],
        &["close", exam, "--csv", "rows"],
        &["close", exam],
        &["close", exam],
        &["close", "nowhere"],
        &["import", "second"],
        &["import", "second", "--json"],
        &["import", "missing"],
        &["render", exam, "--out", "again/./copies.zip"],
        &["verify"],
        &["verify", "--json"],
        &["publish", exam, "--at", "2026-07-05"],
    ];
    let server = Server::start(&folder(&with_server));
    for command in commands {
        let mut words: Vec<&dyn AsRef<OsStr>> = vec![&command[0], &"--data", &"data"];
        words.extend(command[1..].iter().map(|word| word as &dyn AsRef<OsStr>));
        let without = typed(&folder(&alone), &words);
        let with = typed(&folder(&with_server), &words);
        let place = |academy: &Academy, text: &str| {
            lasting(&text.replace(&folder(academy).display().to_string(), "HERE/"))
        };
        assert_eq!(place(&with_server, &with.out), place(&alone, &without.out), "{command:?}");
        assert_eq!(place(&with_server, &with.err), place(&alone, &without.err), "{command:?}");
        assert_eq!(with.code, without.code, "{command:?}: {}", with.said());
    }
    assert_eq!(served(&folder(&with_server)), commands.len());
    for rows in ["rows/cyclades.csv", "rows/imagin.csv"] {
        let read = |academy: &Academy| fs::read(academy.path(rows)).expect("rows");
        assert_eq!(read(&with_server), read(&alone), "{rows}");
    }
    assert_eq!(server.stop(), Some(0));
    with_server.verified();
}

fn text(line: &serde_json::Value, field: &str) -> String {
    line[field].as_str().expect("a text").to_owned()
}

#[test]
fn copies_made_through_the_server_are_the_same_bytes_at_the_same_relative_place() {
    let academy = small("62");
    academy.released();
    let exam = academy.exam();
    // A name that is not UTF-8 comes through as well.
    let odd = OsString::from_vec(b"copies-\xff.zip".to_vec());
    let outs: [&dyn AsRef<OsStr>; 3] = [&"copies.zip", &"deeper/copies", &odd];
    let made_in = |place: &str| -> Vec<String> {
        fs::create_dir(academy.path(place)).expect("a folder");
        outs.iter()
            .map(|out| {
                let words: [&dyn AsRef<OsStr>; 7] =
                    [&"render", &"--data", &"../data", &exam, &"--out", out, &"--sha256"];
                typed(&academy.path(place), &words).expect(0).out
            })
            .collect()
    };
    let server = Server::start(&folder(&academy));
    let with = made_in("with");
    assert_eq!(served(&folder(&academy)), outs.len());
    assert_eq!(server.stop(), Some(0));
    assert_eq!(with, made_in("without"));
    let (with, without) = (academy.path("with"), academy.path("without"));
    let names = |folder: &Path| -> Vec<PathBuf> {
        let files = sources::files(folder);
        files.iter().map(|path| path.strip_prefix(folder).expect("inside").to_owned()).collect()
    };
    assert_eq!(names(&with), names(&without));
    assert!(names(&with).len() > 12);
    for name in names(&with) {
        let read = |folder: &Path| fs::read(folder.join(&name)).expect("a file");
        assert!(read(&with) == read(&without), "{name:?} differs");
    }
}

#[test]
fn commands_run_beside_a_long_one_and_beside_each_other() {
    let academy = large("63");
    let reference = academy.rendered("reference", &[]);
    let server = Server::start(&folder(&academy));
    let exam = academy.exam();
    let mut long = rendering(&academy);
    begun(&academy, &mut long);
    let words: [[&dyn AsRef<OsStr>; 4]; 4] = [
        [&"status", &"--data", &"data", &exam],
        [&"settings", &"--data", &"data", &exam],
        [&"verify", &"--data", &"data", &"--json"],
        [&"status", &"--data", &"data", &"--json"],
    ];
    let several: Vec<Child> =
        words.iter().cycle().take(8).map(|words| started(&folder(&academy), words)).collect();
    for child in several {
        ended(child).expect(0);
    }
    ended(long).expect(0);
    assert_eq!(whole(&academy, &reference), pdfs(&reference).len());
    assert_eq!(server.stop(), Some(0));
    academy.verified();
}

#[test]
fn imports_at_the_same_time_take_turns() {
    let academy = small("64");
    let mut bundles = Vec::new();
    for seed in ["71", "72", "73"] {
        let kind: [&dyn AsRef<OsStr>; 6] =
            [&"--kind", &"common_assessment", &"--candidates", &"20", &"--seed", &seed];
        bundles.push(academy.generate(seed, &kind));
        // Exams of a kind have the same id: each gets another.
        let manifest = bundles[bundles.len() - 1].join("manifest.json");
        let told = fs::read_to_string(&manifest).expect("a manifest");
        let mut told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
        told["exam"]["id"] = format!("exam-{seed}").into();
        fs::write(&manifest, told.to_string()).expect("it can be written");
    }
    let server = Server::start(&folder(&academy));
    let importing: Vec<Child> = bundles
        .iter()
        .map(|bundle| started(&folder(&academy), &[&"import", &"--data", &"data", bundle]))
        .collect();
    for child in importing {
        ended(child).expect(0);
    }
    let status = typed(&folder(&academy), &[&"status", &"--data", &"data", &"--json"]).expect(0).json();
    assert_eq!(status.as_array().expect("a list").len(), 4);
    assert_eq!(server.stop(), Some(0));
    academy.verified();
}

#[test]
fn a_killed_servers_socket_stops_nobody() {
    let academy = small("65");
    let here = folder(&academy);
    let socket = academy.path("data/control.sock");
    let status: [&dyn AsRef<OsStr>; 3] = [&"status", &"--data", &"data"];
    let mut server = Server::start(&here);
    let with = typed(&here, &status).expect(0).out;
    server.0.kill().expect("it can be killed");
    server.0.wait().expect("it ends");
    assert!(socket.exists(), "a killed server takes nothing away");
    assert_eq!(typed(&here, &status).expect(0).out, with);
    // The next server takes its place.
    let server = Server::start(&here);
    assert_eq!(typed(&here, &status).expect(0).out, with);
    assert_eq!(served(&here), 1);
    assert_eq!(server.stop(), Some(0));
    assert!(!socket.exists(), "a server that ends takes its socket away");
    assert_eq!(typed(&here, &status).expect(0).out, with);
}

#[test]
fn a_server_that_is_told_to_end_stops_a_rendering_and_keeps_what_is_whole() {
    let academy = large("66");
    let reference = academy.rendered("reference", &[]);
    let server = Server::start(&folder(&academy));
    let mut client = rendering(&academy);
    begun(&academy, &mut client);
    assert_eq!(server.stop(), Some(0));
    let said = ended(client).expect(1);
    assert!(said.out.contains("stopped on request"), "{}", said.said());
    let kept = whole(&academy, &reference);
    assert!(kept < pdfs(&reference).len(), "it was not stopped");
    assert!(!academy.path("data/control.sock").exists());
    academy.rendered("out", &[&"--resume"]);
    assert_eq!(whole(&academy, &reference), pdfs(&reference).len());
    academy.verified();
}

#[test]
fn ctrl_c_on_the_client_stops_its_rendering_and_says_what_was_kept() {
    let academy = large("67");
    let server = Server::start(&folder(&academy));
    let mut client = rendering(&academy);
    begun(&academy, &mut client);
    signal(&client, "INT");
    let said = ended(client).expect(1);
    assert!(said.out.contains("stopped on request"), "{}", said.said());
    // The server goes on.
    typed(&folder(&academy), &[&"status", &"--data", &"data"]).expect(0);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_killed_client_takes_its_rendering_with_it() {
    let academy = large("68");
    let reference = academy.rendered("reference", &[]);
    let server = Server::start(&folder(&academy));
    let mut client = rendering(&academy);
    begun(&academy, &mut client);
    client.kill().expect("it can be killed");
    client.wait().expect("it ends");
    // As long as the server is at it, the folder is taken; then what was not made is made.
    let exam = academy.exam();
    let again: [&dyn AsRef<OsStr>; 7] = [&"render", &"--data", &"data", &exam, &"--out", &"out", &"--resume"];
    let resumed = loop {
        let resumed = typed(&folder(&academy), &again);
        if !resumed.err.contains("BLK-005") {
            break resumed.expect(0);
        }
    };
    assert!(!resumed.out.contains("\n0 made"), "it was not stopped: {}", resumed.out);
    assert_eq!(whole(&academy, &reference), pdfs(&reference).len());
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn the_socket_is_its_owners_alone_and_a_directory_has_one_server() {
    let academy = small("69");
    let here = folder(&academy);
    let _server = Server::start(&here);
    let about = fs::symlink_metadata(academy.path("data/control.sock")).expect("a socket");
    assert_eq!(about.permissions().mode() & 0o777, 0o600);
    let second = typed(&here, &[&"serve", &"--data", &"data"]).expect(1);
    assert!(second.err.contains("STO-001"), "{}", second.err);
    // And the first one is still there for all others.
    typed(&here, &[&"status", &"--data", &"data"]).expect(0);
    assert_eq!(served(&here), 1);
    // What cannot run within a server does not try.
    typed(&here, &[&"config", &"--data", &"data"]).expect(0);
    assert_eq!(served(&here), 1);
}

#[test]
fn a_data_directory_whose_path_is_longer_than_a_sockets_name_is_served() {
    let academy = small("70");
    let long = academy.path(&format!("{}/{}", "l".repeat(100), "o".repeat(100)));
    fs::create_dir_all(&long).expect("a folder");
    fs::rename(academy.data(), long.join("data")).expect("it can be moved");
    let server = Server::start(&long);
    typed(&folder(&academy), &[&"status", &"--data", &long.join("data")]).expect(0);
    assert_eq!(served(&long), 1);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn rubbish_on_the_socket_does_not_end_the_server() {
    let academy = small("74");
    let here = folder(&academy);
    let server = Server::start(&here);
    let framed =
        |kind: u8, length: u32, content: &[u8]| [&[kind][..], &length.to_be_bytes(), content].concat();
    let request = |json: &str| framed(0, u32::try_from(json.len()).expect("short"), json.as_bytes());
    let cases = [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), "CTL-003"),
        (vec![0xff; 70_000], "CTL-003"),
        (framed(0, u32::MAX, b"{"), "CTL-003"),
        (framed(0, (1 << 20) + 1, &vec![b' '; (1 << 20) + 1]), "CTL-003"),
        (framed(0, 100, b"{ cut"), "CTL-003"),
        (framed(1, 2, b"{}"), "CTL-003"),
        (request("{}"), "CTL-003"),
        (request("[[[[[["), "CTL-003"),
        (request(r#"{"version":2,"arguments":[]}"#), "CTL-004"),
        (request(r#"{"version":1,"arguments":["serve","--data","data"],"directory":"/"}"#), "CTL-008"),
        (request(r#"{"version":1,"arguments":["config"],"directory":"/"}"#), "CTL-008"),
        (request(r#"{"version":1,"arguments":["decode-worker"],"directory":"/"}"#), "CTL-008"),
        (request(r#"{"version":1,"arguments":["dance"],"directory":"/"}"#), "unrecognized subcommand"),
    ];
    for (sent, told) in cases {
        let mut stream = UnixStream::connect(academy.path("data/control.sock")).expect("a server");
        // It need not take all of it.
        let _ = stream.write_all(&sent);
        let _ = stream.shutdown(Shutdown::Write);
        let mut heard = Vec::new();
        // What it left unread makes the end of the connection an abrupt one.
        let _ = stream.read_to_end(&mut heard);
        let heard = String::from_utf8_lossy(&heard);
        assert!(heard.contains(told), "{told}: {heard}");
    }
    // Somebody who says nothing and leaves.
    drop(UnixStream::connect(academy.path("data/control.sock")).expect("a server"));
    typed(&here, &[&"status", &"--data", &"data"]).expect(0);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn two_closings_of_an_exam_at_once_are_one_closing_and_one_clear_answer() {
    let academy = small("75");
    let here = folder(&academy);
    let mut simulate = ready("copiste-fixtures", &here, &[]);
    simulate.args(["simulate", "--state", "state"]).stdout(Stdio::piped());
    let mut simulate = Server(simulate.spawn().expect("it starts"));
    let mut address = String::new();
    let out = simulate.0.stdout.as_mut().expect("a pipe");
    BufReader::new(out).read_line(&mut address).expect("it says where it is");
    let address = address.trim().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let environment = [
        ("COPISTE_CYCLADES_URL", format!("http://{address}/cyclades")),
        ("COPISTE_IMAGIN_URL", format!("http://{address}/imagin")),
    ];
    let server = Server::start_with(&here, &environment);
    let exam = academy.exam();
    let close = || started(&here, &[&"close", &"--data", &"data", &exam]);
    // Cyclades takes connections and does not answer, for as long as we like.
    signal(&simulate.0, "STOP");
    let mut closing = [Some(close()), Some(close())];
    let refused = 'refused: loop {
        for one in &mut closing {
            let over = one.as_mut().is_some_and(|child| child.try_wait().expect("it can be asked").is_some());
            if over {
                break 'refused one.take().map(ended).expect("it is there");
            }
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    };
    signal(&simulate.0, "CONT");
    let refused = refused.expect(1);
    assert!(refused.err.contains("CLO-013"), "{}", refused.said());
    let closed = closing.into_iter().flatten().next().map(ended).expect("the other one").expect(0);
    assert!(closed.out.contains("accepted"), "{}", closed.said());
    let state = fs::read_to_string(academy.path("state/cyclades.json")).expect("a state");
    let state: serde_json::Value = serde_json::from_str(&state).expect("JSON");
    assert_eq!(state["exams"][&exam]["commits"], 1, "{state}");
    assert_eq!(server.stop(), Some(0));
    academy.verified();
}
