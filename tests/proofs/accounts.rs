//! Accounts by the command line, with and without a server: no password among arguments, nothing personal
//! in journal or log.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use copiste_tests::academy::Academy;
use copiste_tests::command::Outcome;
use copiste_tests::place::binary;

use crate::serve::{Server, ended, folder, typed};

const PASSWORD: &str = "cheval exact pile agrafe";
const NAME: &str = "Quetzalcoatl Payet";
const LOGIN: &str = "quetzalcoatl@ac-reunion.fr";

/// Types a command in a folder, and a text.
fn told(folder: &Path, words: &[&dyn AsRef<OsStr>], text: &str) -> Outcome {
    let mut child = Command::new(binary("copiste"))
        .current_dir(folder)
        .args(words.iter().map(|word| word.as_ref()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("copiste starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // A command that refuses at once reads nothing.
    let _ = stdin.write_all(text.as_bytes());
    drop(stdin);
    ended(child)
}

fn last_line(outcome: &Outcome) -> String {
    outcome.out.lines().last().unwrap_or_default().to_owned()
}

#[test]
fn accounts_and_tokens_are_made_and_closed_with_and_without_a_server() {
    let academy = Academy::empty();
    let at = folder(&academy);
    let add = |login: &str, role: &str, more: &[&str], text: &str| {
        let mut words: Vec<&dyn AsRef<OsStr>> =
            vec![&"account", &"add", &"--data", &"data", &"--role", &role];
        words.extend(more.iter().map(|word| word as &dyn AsRef<OsStr>));
        words.extend([&"--" as &dyn AsRef<OsStr>, &login]);
        told(&at, &words, text)
    };
    // Nobody at a terminal and nothing said: a password is drawn and shown once.
    let first = add("admin", "administrator", &[], "").expect(0);
    let drawn = last_line(&first);
    assert_eq!((drawn.len(), drawn.split('-').count()), (23, 4), "{}", first.said());
    let mut said = String::new();
    let mut secrets = vec![drawn];
    for (served, login) in [(false, "lycee-1"), (true, LOGIN)] {
        let server = served.then(|| Server::start(&at));
        let stdin = ["--password-stdin", "--keep-password", "--name", NAME];
        let made = add(login, "exam-office:ER974", &stdin, &format!("{PASSWORD}\nnot this\n")).expect(0);
        said += &made.said();
        let short = add("other", "coordinator", &["--password-stdin"], "too short\n").expect(1);
        assert!(short.err.contains("ACC-020"), "{}", short.said());
        let twice = add(login, "coordinator", &["--password-stdin"], PASSWORD).expect(1);
        assert!(twice.err.contains("ACC-002"), "{}", twice.said());
        let as_office = add("other", "coordinator", &["--as", "exam-office", "--generate"], "").expect(1);
        assert!(as_office.err.contains("ROL-001") && as_office.out.is_empty(), "{}", as_office.said());
        let by_hand = add("other", "coordinator", &["--password-hash", "$argon2id$x"], "").expect(1);
        assert!(by_hand.err.contains("CLI-032"), "{}", by_hand.said());
        said += &[short, twice, as_office, by_hand].map(|outcome| outcome.said()).concat();

        let token = |more: &[&dyn AsRef<OsStr>]| {
            let mut words: Vec<&dyn AsRef<OsStr>> = vec![&"account", &"token", &"--data", &"data", &login];
            words.extend_from_slice(more);
            typed(&at, &words)
        };
        let secret = token(&[&"--label", &"relevés", &"--scope", &"read,download"]).expect(0);
        let shown = last_line(&secret);
        assert!(shown.starts_with("cop_") && shown.len() == 47, "{}", secret.said());
        secrets.push(shown);
        let list = || typed(&at, &[&"account", &"list", &"--data", &"data", &"--json"]).expect(0).json();
        let of_login = |list: &serde_json::Value| {
            let all = list.as_array().expect("a list");
            all.iter().find(|account| account["login"] == login).expect("the account").clone()
        };
        let account = of_login(&list());
        assert_eq!(account["name"], NAME);
        assert_eq!(account["role"], "exam-office:ER974");
        assert_eq!(account["must_change_password"], false);
        assert_eq!(account["tokens"][0]["state"], "good");
        let id = account["tokens"][0]["id"].as_str().expect("an id").to_owned();
        said += &token(&[&"--revoke", &id]).expect(0).said();
        let again = typed(&at, &[&"account", &"password", &"--data", &"data", &login]).expect(0);
        secrets.push(last_line(&again));
        said += &typed(&at, &[&"account", &"close", &"--data", &"data", &login]).expect(0).said();
        let account = of_login(&list());
        assert_eq!(account["tokens"][0]["state"], "taken back");
        assert_eq!((&account["active"], &account["must_change_password"]), (&false.into(), &true.into()));
        let last = typed(&at, &[&"account", &"close", &"--data", &"data", &"admin"]).expect(1);
        assert!(last.err.contains("ACC-003"), "{}", last.said());
        assert!(server.is_none_or(|server| server.stop() == Some(0)));
    }
    typed(&at, &[&"verify", &"--data", &"data"]).expect(0);
    let journal = fs::read_to_string(at.join("data/journal.jsonl")).expect("a journal");
    let log = fs::read_to_string(at.join("server.log")).expect("a log");
    for hidden in secrets.iter().map(String::as_str).chain([PASSWORD, NAME, "argon2", "relevés"]) {
        for (place, text) in [("journal", &journal), ("log", &log), ("what was said", &said)] {
            assert!(!text.contains(hidden), "{hidden:?} is in the {place}");
        }
    }
    for (place, text) in [("journal", &journal), ("log", &log)] {
        assert!(!text.contains(LOGIN) && !text.contains("lycee-1"), "a login is in the {place}");
    }
}
