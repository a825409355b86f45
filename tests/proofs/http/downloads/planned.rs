//! An archive is planned when its copies come out, not when somebody waits for it.

use std::fs;
use std::time::{Duration, SystemTime};

use copiste_tests::academy::Academy;
use copiste_tests::http::Ask;
use serde_json::json;

use super::same;
use crate::http::{ENTITY, Served, account};

/// An exam that is served, its rows dropped as files.
struct Desk {
    academy: Academy,
    served: Served,
}

impl Desk {
    fn of(kind: &str, seed: &str) -> Desk {
        let academy =
            Academy::of(&format!("--kind {kind} --candidates 40 --pages 1 --mix ccitt --seed {seed}"));
        account(&academy, "office", &format!("exam-office:{ENTITY}"));
        let drop = |name: &str| format!("file:{}", academy.path(name).display());
        let environment = vec![
            ("COPISTE_CYCLADES_URL", drop("drop/cyclades")),
            ("COPISTE_IMAGIN_URL", drop("drop/imagin")),
        ];
        let served = Served::start_with(&academy, environment);
        Desk { academy, served }
    }

    /// The plans that are kept, by name, with when they were made.
    fn plans(&self) -> Vec<(String, SystemTime)> {
        let Ok(folder) = fs::read_dir(self.academy.data().join("plans")) else { return Vec::new() };
        let plans = folder.filter_map(|entry| {
            let entry = entry.expect("an entry");
            let name = entry.file_name().into_string().expect("plain text");
            // What is being written has another name, and may be gone by now.
            let made = entry.metadata().and_then(|held| held.modified()).ok()?;
            name.ends_with(".plan").then_some((name, made))
        });
        plans.collect()
    }

    /// The one plan there is, once it is another than `before`.
    fn planned(&self, before: &[(String, SystemTime)]) -> Vec<(String, SystemTime)> {
        loop {
            let plans = self.plans();
            if plans.len() == 1 && plans != before {
                return plans;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The archive is the one that `copiste render` makes, and the plan is the one that was there before.
    fn serves_what_was_planned(&self, name: &str) {
        let plan = self.planned(&[]);
        let office = self.served.sign_in("office");
        let zip = format!("/api/v1/exams/{}/scripts.zip", self.academy.exam());
        let reply = self.served.send(&Ask::get(&zip).cookie(&office)).expect(200);
        assert_eq!(self.plans(), plan, "it was planned once more");
        let reference = fs::read(self.academy.rendered(name, &[])).expect("an archive");
        same(&reply.body, &reference, name);
    }
}

#[test]
fn a_closed_exam_is_planned_before_anyone_asks_also_after_a_kill_and_after_each_change() {
    let mut desk = Desk::of("one_off", "144");
    let exam = desk.academy.exam();
    let office = desk.served.sign_in("office");
    assert!(desk.plans().is_empty(), "it is not closed");
    let close = Ask::new("POST", &format!("/api/v1/exams/{exam}/closing")).signed(&office).json(&json!({}));
    let report = desk.served.send(&close).expect(202).value();
    assert_eq!(report["closing"]["done"], true, "{report}");
    // It plans, or is about to, or has just done so.
    desk.served.kill();
    desk.served.again();
    desk.serves_what_was_planned("closed.zip");
    let before = desk.planned(&[]);
    let office = desk.served.sign_in("office");
    let change = Ask::new("PUT", &format!("/api/v1/exams/{exam}/settings")).signed(&office);
    desk.served.send(&change.json(&json!({ "render_appreciation": false }))).expect(200);
    desk.planned(&before);
    desk.serves_what_was_planned("changed.zip");
    desk.served.stop();
    desk.academy.verified();
}

#[test]
fn what_the_command_line_validates_is_planned_by_the_running_server() {
    let mut desk = Desk::of("common_assessment", "145");
    assert!(desk.plans().is_empty(), "nothing is transmitted");
    desk.academy.copiste("validate", &[&desk.academy.exam(), &"--all"]).expect(0);
    desk.serves_what_was_planned("validated.zip");
    desk.served.stop();
}

#[test]
fn a_closing_without_a_server_is_planned_when_one_starts() {
    let academy = Academy::of("--kind one_off --candidates 10 --pages 1 --mix ccitt --seed 146");
    account(&academy, "office", &format!("exam-office:{ENTITY}"));
    academy.released();
    let served = Served::start(&academy);
    Desk { academy, served }.serves_what_was_planned("started.zip");
}
