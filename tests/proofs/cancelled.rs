//! A client of the control socket that presses Ctrl-C, or is killed, ends its command.

use std::ffi::OsStr;
use std::fs;
use std::process::Child;

use copiste_tests::academy::Academy;
use copiste_tests::command::signal;
use copiste_tests::size;

use crate::serve::{Server, ended, folder, large, served, small, started, typed};

/// One that is taken in and not inspected.
fn uninspected(seed: &str) -> Academy {
    let candidates = size::pick("300", "2000");
    let words: [&dyn AsRef<OsStr>; 8] =
        [&"--kind", &"one_off", &"--candidates", &candidates, &"--mix", &"grey", &"--seed", &seed];
    let academy = Academy::with_bundle(&words);
    academy.copiste("import", &[&academy.bundle(), &"--no-inspect"]).expect(0);
    academy
}

/// Whether a server has started decoding processes.
fn decodes(server: &Server) -> bool {
    let parent = |stat: String| stat.rsplit(')').next()?.split_whitespace().nth(1)?.parse::<u32>().ok();
    let processes = fs::read_dir("/proc").expect("processes").flatten();
    processes
        .filter_map(|process| fs::read_to_string(process.path().join("stat")).ok())
        .any(|stat| parent(stat) == Some(server.0.id()))
}

/// Waits until something has begun, as long as the client is there.
#[track_caller]
fn until(client: &mut Child, begun: impl Fn() -> bool) {
    while !begun() {
        assert!(client.try_wait().expect("it can be asked").is_none(), "the command is over already");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// Presses Ctrl-C at a client while its server stands still, so that the server hears of it before it goes
/// on.
fn interrupted(server: &Server, client: &Child) {
    signal(&server.0, "STOP");
    signal(client, "INT");
    std::thread::sleep(std::time::Duration::from_millis(300));
    signal(&server.0, "CONT");
}

/// The pages of the one exam that wait for inspection, as the server says.
fn waiting(academy: &Academy) -> u64 {
    let status = typed(&folder(academy), &[&"status", &"--data", &"data", &"--json"]).expect(0).json();
    status[0]["scanning"]["uninspected_pages"]["count"].as_u64().expect("a count")
}

#[test]
fn ctrl_c_on_the_client_stops_its_inspection_and_the_next_one_goes_on() {
    let academy = uninspected("76");
    let here = folder(&academy);
    let server = Server::start(&here);
    let all = waiting(&academy);
    assert!(all > 0);
    let exam = academy.exam();
    let inspect: [&dyn AsRef<OsStr>; 4] = [&"inspect", &"--data", &"data", &exam];
    let mut client = started(&here, &inspect);
    until(&mut client, || decodes(&server));
    interrupted(&server, &client);
    let said = ended(client).expect(1);
    assert!(said.err.contains("SCN-052"), "{}", said.said());
    assert!(waiting(&academy) > 0, "it was not stopped");
    typed(&here, &inspect).expect(0);
    assert_eq!(waiting(&academy), 0);
    assert_eq!(server.stop(), Some(0));
    academy.verified();
}

#[test]
fn ctrl_c_on_the_client_stops_its_verification_and_leaves_nothing_behind() {
    let academy = large("77");
    let here = folder(&academy);
    let server = Server::start(&here);
    let mut client = started(&here, &[&"verify", &"--data", &"data"]);
    let beside = academy.path("data/verifying");
    until(&mut client, || beside.exists());
    interrupted(&server, &client);
    let said = ended(client).expect(1);
    assert!(said.err.contains("STO-014"), "{}", said.said());
    assert!(!beside.exists(), "the second database stays");
    // Commands that waited for it go on, and the next one looks at everything.
    let exam = academy.exam();
    typed(&here, &[&"settings", &"--data", &"data", &exam, &"export_absences=true"]).expect(0);
    typed(&here, &[&"verify", &"--data", &"data"]).expect(0);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_killed_client_takes_its_import_with_it_before_the_journal_line() {
    let academy = small("78");
    let here = folder(&academy);
    let candidates = size::pick("400", "3000");
    let other = academy.generate(
        "other",
        &[&"--kind", &"common_assessment", &"--candidates", &candidates, &"--mix", &"grey", &"--seed", &"79"],
    );
    let journal = || fs::read(academy.path("data/journal.jsonl")).expect("a journal");
    let before = journal();
    let server = Server::start(&here);
    let import: [&dyn AsRef<OsStr>; 4] = [&"import", &"--data", &"data", &other];
    let mut client = started(&here, &import);
    let staging = academy.path("data/staging");
    until(&mut client, || fs::read_dir(&staging).is_ok_and(|files| files.count() > 0));
    signal(&server.0, "STOP");
    client.kill().expect("it can be killed");
    client.wait().expect("it ends");
    signal(&server.0, "CONT");
    while served(&here) == 0 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(journal() == before, "it was taken in");
    let status = typed(&here, &[&"status", &"--data", &"data", &"--json"]).expect(0).json();
    assert_eq!(status.as_array().expect("a list").len(), 1);
    typed(&here, &import).expect(0);
    assert_eq!(server.stop(), Some(0));
    academy.verified();
}
