//! Bulk generation to the server's disk.

use std::fs;

use copiste_tests::academy::Academy;
use copiste_tests::http::{Ask, Reply, SignedIn};
use serde_json::{Value, json};

use super::{ENTITY, Served, account};
use crate::serve::large;

/// An exam whose copies take a while, and two accounts of its office.
struct Office {
    served: Served,
    academy: Academy,
    who: SignedIn,
    other: SignedIn,
}

impl Office {
    fn of(seed: &str) -> Office {
        let academy = large(seed);
        for login in ["office", "colleague"] {
            account(&academy, login, &format!("exam-office:{ENTITY}"));
        }
        let served = Served::start_with(&academy, vec![("COPISTE_RENDER_THREADS", "1".to_owned())]);
        let (who, other) = (served.sign_in("office"), served.sign_in("colleague"));
        Office { academy, served, who, other }
    }

    #[track_caller]
    fn begin(&self, who: &SignedIn, form: &str) -> Reply {
        let body = json!({ "exam": self.academy.exam(), "form": form });
        self.served.send(&Ask::new("POST", "/api/v1/jobs").signed(who).json(&body))
    }

    /// Waits until a job has ended; what is said of it then.
    #[track_caller]
    fn ended(&self, id: &str) -> Value {
        loop {
            let job = self.served.get(&format!("/api/v1/jobs/{id}"), &self.who);
            match job["state"].as_str().expect("a state") {
                "waiting" | "planning" | "writing" => std::thread::sleep(std::time::Duration::from_millis(5)),
                _ => return job,
            }
        }
    }

    fn cancel(&self, id: &str, who: &SignedIn) -> Reply {
        self.served.send(&Ask::new("DELETE", &format!("/api/v1/jobs/{id}")).signed(who))
    }

    /// The archive as it is served.
    fn archive(&self) -> Vec<u8> {
        let zip = format!("/api/v1/exams/{}/scripts.zip", self.academy.exam());
        self.served.send(&Ask::get(&zip).cookie(&self.who)).expect(200).body
    }

    /// Where a job's work lies.
    fn file(&self, name: &str) -> std::path::PathBuf {
        self.academy.path("data/jobs").join(name)
    }
}

#[test]
fn a_job_is_begun_once_cancelled_taken_up_again_and_its_archive_is_the_one_that_is_served() {
    let office = Office::of("121");
    let begun = office.begin(&office.who, "zip").expect(202);
    let id = begun.value()["id"].as_str().expect("an id").to_owned();
    assert_eq!(begun.header("location"), Some(&*format!("/api/v1/jobs/{id}")));
    let again = office.begin(&office.who, "zip").expect(202).value();
    let refused = office.begin(&office.other, "zip").expect(409).value();
    let cancelled = office.cancel(&id, &office.other);
    office.cancel(&id, &office.who).expect(202);
    assert_eq!(again["id"], id, "it is the same job");
    assert_eq!(refused["code"], "HTT-162");

    // A colleague does not see it, and is told what he would be told of none.
    let made_up = office.served.send(&Ask::get("/api/v1/jobs/0123").cookie(&office.other)).expect(404).text();
    let looked =
        office.served.send(&Ask::get(&format!("/api/v1/jobs/{id}")).cookie(&office.other)).expect(404);
    assert_eq!((looked.text(), cancelled.status), (made_up.clone(), 404));
    assert_eq!(cancelled.text(), made_up);

    let stopped = office.ended(&id);
    assert_eq!(stopped["state"], "stopped", "{stopped}");
    let whole = office.file(&format!("{id}.zip"));
    assert!(!whole.exists(), "half an archive has no name");
    // Once more, and cancelled while copies are written, unless they all are by then.
    office.begin(&office.who, "zip").expect(202);
    while office.served.get(&format!("/api/v1/jobs/{id}"), &office.who)["state"] == "planning" {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    office.cancel(&id, &office.who).expect(202);
    let stopped = office.ended(&id);
    assert!(["stopped", "done"].contains(&stopped["state"].as_str().expect("a state")), "{stopped}");
    assert_eq!(stopped["state"] == "done", whole.exists(), "half an archive has no name");
    assert_eq!(office.begin(&office.who, "zip").expect(202).value()["id"], id);
    let done = office.ended(&id);
    assert_eq!(done["state"], "done", "{done}");
    assert_eq!((&done["copies"], &done["bytes"]), (&done["all_copies"], &done["all_bytes"]), "{done}");
    let served = office.archive();
    assert!(
        fs::read(&whole).expect("an archive") == served,
        "the job's archive is another than the served one"
    );
    // Whole already: asked again, it is left as it is.
    office.begin(&office.who, "zip").expect(202);
    assert_eq!(office.ended(&id)["state"], "done");
    assert!(fs::read(&whole).expect("an archive") == served);
    // And a colleague may have it done as well, now that nobody else does.
    office.begin(&office.other, "zip").expect(202);
}

#[test]
fn a_folder_that_a_killed_server_left_half_made_is_finished_by_the_same_job() {
    let mut office = Office::of("122");
    let id =
        office.begin(&office.who, "directory").expect(202).value()["id"].as_str().expect("an id").to_owned();
    let part = office.file(&id);
    // As soon as something lies in it.
    while !fs::read_dir(&part).is_ok_and(|mut found| found.next().is_some()) {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    office.served.kill();
    office.served.again();
    // Nobody is working at it: it is not there until it is asked for.
    office.served.send(&Ask::get(&format!("/api/v1/jobs/{id}")).cookie(&office.who)).expect(404);
    assert_eq!(office.begin(&office.who, "directory").expect(202).value()["id"], id);
    let done = office.ended(&id);
    assert_eq!(done["state"], "done", "{done}");
    let reference = office.academy.path("reference");
    let exam = office.academy.exam();
    let words: [&dyn AsRef<std::ffi::OsStr>; 6] =
        [&"render", &"--data", &"data", &exam, &"--out", &"reference"];
    crate::serve::typed(&office.academy.path(""), &words).expect(0);
    let pdfs = copiste_tests::academy::pdfs(&reference);
    for pdf in &pdfs {
        let twin = part.join(pdf.strip_prefix(&reference).expect("inside"));
        assert!(
            fs::read(pdf).expect("a copy") == fs::read(&twin).expect("its twin"),
            "{} differs",
            twin.display()
        );
    }
    assert_eq!(copiste_tests::academy::pdfs(&part).len(), pdfs.len());
    office.served.stop();
}

#[test]
fn what_cannot_be_asked_for_is_refused_and_what_cannot_be_made_fails_with_its_reason() {
    let academy = Academy::empty();
    copiste_tests::bundle::Bundle::small(2).write(&academy.bundle());
    academy.copiste("import", &[&academy.bundle()]).expect(0);
    account(&academy, "office", "exam-office");
    let served = Served::start(&academy);
    let who = served.sign_in("office");
    let begin = |body: Value| served.send(&Ask::new("POST", "/api/v1/jobs").signed(&who).json(&body));
    for (body, status) in [
        (json!({}), 422),
        (json!({ "exam": "nowhere" }), 404),
        (json!({ "exam": "../proof" }), 404),
        (json!({ "exam": "proof", "form": "tar" }), 422),
        (json!({ "exam": "proof", "without": ["names"] }), 422),
        (json!({ "exam": "proof", "since": "yesterday" }), 400),
        (json!({ "exam": "proof", "out": "/tmp/x" }), 422),
    ] {
        let reply = begin(body.clone());
        assert_eq!(reply.status, status, "{body}: {}", reply.start());
    }
    let id = begin(json!({ "exam": "proof" })).expect(202).value()["id"].as_str().expect("an id").to_owned();
    loop {
        let job = served.get(&format!("/api/v1/jobs/{id}"), &who);
        if job["state"] == "failed" {
            assert_eq!(job["problem"]["status"], 409, "the exam is not closed: {job}");
            break;
        }
        assert!(
            ["waiting", "planning", "writing"].contains(&job["state"].as_str().expect("a state")),
            "{job}"
        );
    }
}
