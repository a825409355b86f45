//! The closing over HTTP, against stand-ins for Cyclades and IMAG'IN.

use copiste_tests::academy::{Academy, lines};
use copiste_tests::expected;
use copiste_tests::http::{Ask, Reply, SignedIn};
use copiste_tests::stand_ins::StandIns;
use serde_json::{Value, json};

use super::{ENTITY, Served, account};

/// A served exam and those it is sent to.
struct Desk {
    served: Served,
    stand_ins: StandIns,
    academy: Academy,
    office: SignedIn,
    coordinator: SignedIn,
    exam: String,
}

impl Desk {
    fn of(kind: &str, seed: &str, more: &[&str], faults: &[&str]) -> Desk {
        Desk::patient(kind, seed, more, faults, "2")
    }

    /// With so many seconds for one request to a target.
    fn patient(kind: &str, seed: &str, more: &[&str], faults: &[&str], timeout: &str) -> Desk {
        let small = ["--kind", kind, "--candidates", "40", "--pages", "1", "--mix", "ccitt", "--seed", seed];
        let options: Vec<&dyn AsRef<std::ffi::OsStr>> =
            small.iter().chain(more).map(|option| option as &dyn AsRef<std::ffi::OsStr>).collect();
        let academy = Academy::imported(&options);
        for (login, role) in [("office", "exam-office"), ("coordinator", "coordinator")] {
            account(&academy, login, &format!("{role}:{ENTITY}"));
        }
        let stand_ins = StandIns::start(&academy.path("stand-ins"), seed, faults);
        let environment = stand_ins.environment(timeout, "60").into_iter();
        let environment =
            environment.map(|(name, value)| (name, value.into_string().expect("plain text"))).collect();
        let served = Served::start_with(&academy, environment);
        let (office, coordinator) = (served.sign_in("office"), served.sign_in("coordinator"));
        let exam = academy.exam();
        Desk { academy, stand_ins, served, office, coordinator, exam }
    }

    /// A change of the exam by somebody.
    #[track_caller]
    fn act(&self, who: &SignedIn, method: &str, what: &str, body: &Value) -> Reply {
        self.served
            .send(&Ask::new(method, &format!("/api/v1/exams/{}/{what}", self.exam)).signed(who).json(body))
    }

    #[track_caller]
    fn launch(&self, body: &Value) -> Reply {
        self.act(&self.office, "POST", "closing", body)
    }

    /// Launches what is over within moments; to whom something was sent, and whether the closing is done.
    #[track_caller]
    fn launched(&self, body: &Value) -> (Value, bool) {
        let report = self.launch(body).expect(202).value();
        let targets = report["exports"].as_array().expect("exports").iter();
        (targets.map(|export| export["target"].clone()).collect(), report["closing"]["done"] == true)
    }

    /// `GET …/closing`.
    #[track_caller]
    fn closing(&self) -> Value {
        self.served.get(&format!("/api/v1/exams/{}/closing", self.exam), &self.office)
    }

    /// Rows as CSV, without the head.
    #[track_caller]
    fn rows(&self, target: &str) -> Vec<csv::StringRecord> {
        let ask =
            Ask::get(&format!("/api/v1/exams/{}/closing?rows={target}", self.exam)).cookie(&self.office);
        let reply = self.served.send(&ask).expect(200);
        assert_eq!(reply.header("content-type"), Some("text/csv; charset=utf-8"));
        assert!(
            reply.header("content-disposition").is_some_and(|name| name.contains(&format!("-{target}.csv")))
        );
        let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(&reply.body[..]);
        reader.records().map(|row| row.expect("a row")).collect()
    }

    /// How many chunks and commits came to Cyclades and IMAG'IN.
    fn sent(&self) -> [u64; 4] {
        let of = |target, kind| self.stand_ins.requests(target, kind);
        [of("cyclades", "chunk"), of("cyclades", "commit"), of("imagin", "chunk"), of("imagin", "commit")]
    }

    #[track_caller]
    fn refused(&self, reply: Reply, status: u16, code: &str) -> Value {
        let problem = reply.expect(status).value();
        assert_eq!(problem["code"], code, "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{problem}");
        problem
    }
}

#[test]
fn a_launch_is_refused_with_the_unmet_conditions_and_a_damaged_page_is_accepted_with_a_reason() {
    let desk = Desk::of("one_off", "131", &["--unfinished"], &[]);
    let unmet = |body: &Value| {
        let problem = desk.refused(desk.launch(body), 409, "CLO-012");
        let processes = problem["unmet"]["processes"].as_array().expect("processes").clone();
        processes.iter().map(|one| one["process"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(unmet(&json!({})), ["scanning", "distribution", "marking"]);
    let dry = desk.launch(&json!({ "dry_run": true })).expect(200).value();
    assert_eq!(dry["unmet"].as_array().map(Vec::len), Some(3), "{dry}");
    assert_eq!(desk.sent(), [0; 4]);

    let shown = desk.served.get(&format!("/api/v1/exams/{}", desk.exam), &desk.office);
    let text = shown["status"].to_string();
    let accept = |body: Value| desk.act(&desk.office, "POST", "accepted-damage", &body);
    let numbers: Vec<String> = lines(&desk.academy.bundle(), "scripts.jsonl")
        .iter()
        .map(|script| script["candidate"].as_str().expect("a number").to_owned())
        .collect();
    let damaged = numbers.iter().find(|number| {
        text.contains(number.as_str()) && {
            let found =
                desk.served.get(&format!("/api/v1/exams/{}/scripts?q={number}", desk.exam), &desk.office);
            found["scripts"][0]["damaged_pages"] == 1
        }
    });
    let damaged = damaged.expect("the status names whose page is damaged");
    let whole = numbers.iter().find(|number| *number != damaged).expect("another");
    for (body, status) in [
        (json!({ "candidate": damaged, "page": 1, "reason": "" }), 422),
        (json!({ "candidate": damaged, "page": 1 }), 422),
        (json!({ "candidate": damaged, "reason": "déchirée" }), 422),
        (json!({ "candidate": damaged, "page": 1, "all": true, "reason": "déchirée" }), 422),
        (json!({ "candidate": damaged, "page": 99, "reason": "déchirée" }), 404),
        (json!({ "candidate": "0000000000", "page": 1, "reason": "déchirée" }), 404),
        (json!({ "candidate": whole, "page": 1, "reason": "déchirée" }), 409),
    ] {
        let reply = accept(body.clone());
        assert_eq!(reply.status, status, "{body}: {}", reply.start());
    }
    let accepted =
        accept(json!({ "candidate": damaged, "page": 1, "reason": "déchirée" })).expect(200).value();
    assert_eq!(accepted["accepted"], json!([{ "candidate": damaged, "page": 1 }]));
    assert_eq!(unmet(&json!({})), ["distribution", "marking"]);
    assert_eq!(desk.sent(), [0; 4], "nothing was sent");
    let none: Vec<Value> = Vec::new();
    assert_eq!(desk.closing()["exports"], json!(none));
}

#[test]
fn a_closing_is_tried_launched_relaunched_repeated_corrected_and_after_publication_refused() {
    let desk = Desk::of("one_off", "132", &[], &["400@imagin/chunk:1"]);
    let dry = desk.launch(&json!({ "dry_run": true })).expect(200).value();
    let marks = expected::marks(&desk.academy.bundle());
    assert_eq!(dry["cyclades"]["rows"].as_u64(), Some(marks.len() as u64), "{dry}");
    assert!(dry["reached"].as_array().expect("both").iter().all(|one| one["fault"].is_null()), "{dry}");
    assert_eq!(desk.sent(), [0; 4], "a dry run sends nothing");
    let zip = Ask::get(&format!("/api/v1/exams/{}/scripts.zip", desk.exam)).cookie(&desk.office);
    desk.served.send(&zip).expect(409);

    assert_eq!(
        desk.launched(&json!({})),
        (json!(["cyclades", "imagin"]), true),
        "done whatever IMAG'IN answered"
    );
    desk.served.send(&zip).expect(200);
    let closing = desk.closing();
    let standing = |closing: &Value| -> Vec<String> {
        let all = closing["exports"].as_array().expect("exports").iter();
        all.map(|one| format!("{} {}", one["target"], one["standing"]).replace('"', "")).collect()
    };
    assert_eq!(standing(&closing), ["cyclades accepted", "imagin failed"]);
    assert!(closing["exports"][1]["attempts"][0]["fault"].is_string(), "{closing}");
    assert_eq!(desk.launched(&json!({})), (json!(["imagin"]), true), "only what failed");
    assert_eq!(desk.launched(&json!({})), (json!([]), true), "nothing is left to send");
    assert_eq!(standing(&desk.closing()).last().map(String::as_str), Some("imagin accepted"));
    assert_eq!(desk.stand_ins.rows("cyclades", &desk.exam), marks);
    assert_eq!(desk.stand_ins.rows("imagin", &desk.exam), expected::services(&desk.academy.bundle()));
    assert_eq!(
        (desk.rows("cyclades").len(), desk.rows("imagin").len()),
        (marks.len(), expected::services(&desk.academy.bundle()).len(),)
    );
    desk.act(&desk.office, "POST", "closing", &json!({ "again": "yes" })).expect(422);
    let rows = Ask::get(&format!("/api/v1/exams/{}/closing?rows=all", desk.exam)).cookie(&desk.office);
    desk.refused(desk.served.send(&rows), 400, "HTT-135");

    // A mark is corrected, with a reason, and the relaunch in full sends it.
    let row = marks.iter().find(|row| row["outcome"] == "mark" && row["mark"] != "3.00").expect("somebody");
    let number = row["candidate_number"].as_str().expect("a number");
    let found = desk.served.get(&format!("/api/v1/exams/{}/scripts?q={number}", desk.exam), &desk.office);
    let script = format!("/api/v1/scripts/{}", found["scripts"][0]["script"].as_str().expect("a script"));
    let correct = |body: Value| {
        desk.served.send(&Ask::new("PUT", &format!("{script}/mark")).signed(&desk.office).json(&body))
    };
    desk.refused(correct(json!({ "mark": "douze", "reason": "erreur" })), 422, "HTT-132");
    correct(json!({ "mark": "3,0", "reason": " " })).expect(422);
    correct(json!({ "mark": "3,0" })).expect(422);
    correct(json!({ "mark": "3,0", "reason": "erreur de report" })).expect(200);
    assert_eq!(desk.served.get(&script, &desk.office)["mark"], "3.00");
    assert_eq!(desk.launched(&json!({ "again": true })), (json!(["cyclades", "imagin"]), true));
    let held = desk.stand_ins.rows("cyclades", &desk.exam);
    assert!(held.iter().any(|row| row["candidate_number"] == number && row["mark"] == "3.00"), "{held:?}");

    let sent = desk.sent();
    desk.stand_ins.publish(&desk.exam);
    for body in [json!({}), json!({ "again": true })] {
        desk.refused(desk.launch(&body), 409, "CLO-014");
    }
    assert_eq!(desk.sent(), sent, "nothing more is sent");
    let closing = desk.closing();
    assert_eq!(
        (&closing["closing"]["done"], &closing["closing"]["published_at"]),
        (&json!(true), &json!("2020-07-05T08:00:00Z"))
    );
    assert_eq!(desk.rows("cyclades").len(), marks.len(), "the rows stay to be had");
}

#[test]
fn whoever_launches_is_told_in_time_that_it_goes_on_and_a_second_launch_that_it_is_under_way() {
    // Cyclades answers its commit after longer than a launch is waited for.
    let desk = Desk::patient("one_off", "133", &[], &["hang@cyclades/commit:1"], "8");
    assert_eq!(desk.launch(&json!({})).expect(202).value(), json!({ "under_way": true }));
    desk.refused(desk.launch(&json!({})), 409, "CLO-013");
    while desk.closing()["closing"]["done"] == false {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(desk.stand_ins.rows("cyclades", &desk.exam), expected::marks(&desk.academy.bundle()));
}

#[test]
fn settings_of_a_one_off_exam_are_changed_by_name_and_those_of_an_e3c_are_refused_with_the_reason() {
    let desk = Desk::of("one_off", "134", &[], &[]);
    let set = |desk: &Desk, body: Value| desk.act(&desk.office, "PUT", "settings", &body);
    let now = set(&desk, json!({ "export_absences": true, "question_count": 7 })).expect(200).value();
    assert_eq!((&now["export_absences"], &now["question_count"]), (&json!(true), &json!(7)));
    assert_eq!(desk.served.get(&format!("/api/v1/exams/{}", desk.exam), &desk.coordinator)["settings"], now);
    for wrong in [
        json!({ "nonsense": true }),
        json!({ "export_absences": "maybe" }),
        json!({ "question_count": -1 }),
        json!({ "question_count": 8, "nonsense": true }),
    ] {
        let status = set(&desk, wrong.clone()).expect_one_of([409, 422]);
        assert!(status >= 400, "{wrong}");
    }
    assert_eq!(
        desk.served.get(&format!("/api/v1/exams/{}", desk.exam), &desk.office)["settings"],
        now,
        "all or none"
    );

    let common = Desk::of("common_assessment", "135", &[], &[]);
    let before =
        common.served.get(&format!("/api/v1/exams/{}", common.exam), &common.office)["settings"].clone();
    for name in ["render_annotations", "render_appreciation", "render_marking_details", "export_absences"] {
        let problem = common.refused(set(&common, json!({ name: false })), 409, "SET-001");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("E3C")), "{problem}");
    }
    let after =
        common.served.get(&format!("/api/v1/exams/{}", common.exam), &common.office)["settings"].clone();
    assert_eq!(after, before);
    let problem = common.refused(common.launch(&json!({})), 409, "CLO-011");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("validate")), "{problem}");
    assert_eq!(common.sent(), [0; 4]);
}

#[test]
fn the_coordinator_adjusts_and_validates_a_batch_and_then_a_school_downloads_its_copies_of_it() {
    let desk = Desk::of("common_assessment", "136", &["--schools", "3"], &[]);
    let bundle = desk.academy.bundle();
    let scripts = lines(&bundle, "scripts.jsonl");
    let people = lines(&bundle, "candidates.jsonl");
    let in_batch = |number: &Value, batch: &str| {
        scripts.iter().any(|script| script["candidate"] == *number && script["batch"] == batch)
    };
    let school =
        people.iter().find(|one| in_batch(&one["number"], "L001")).expect("somebody")["school"].clone();
    let own = people.iter().filter(|one| one["school"] == school && in_batch(&one["number"], "L001")).count();
    let school = school.as_str().expect("a UAI");
    account(&desk.academy, "school", &format!("school:{school}"));
    let who = desk.served.sign_in("school");
    let zip = Ask::get(&format!("/api/v1/exams/{}/scripts.zip", desk.exam)).cookie(&who);
    desk.served.send(&zip).expect(404);

    let harmonise = |body: Value| desk.act(&desk.coordinator, "POST", "harmonisation", &body);
    desk.refused(
        harmonise(json!({ "adjust": [{ "batch": "L001", "by": "une" }], "reason": "r" })),
        422,
        "HTT-132",
    );
    desk.refused(harmonise(json!({ "adjust": [{ "batch": "L001" }], "reason": "r" })), 422, "HTT-131");
    harmonise(json!({ "adjust": [{ "batch": "L001", "by": "-0,5" }] })).expect(422);
    harmonise(json!({ "adjust": [{ "batch": "L999", "by": "1" }], "reason": "r" }))
        .expect_one_of([404, 409, 422]);
    harmonise(json!({ "batches": ["L999"], "validate": true })).expect_one_of([404, 409, 422]);
    assert_eq!(desk.sent(), [0; 4]);
    let adjusted =
        harmonise(json!({ "adjust": [{ "batch": "L001", "by": "-0,5" }], "reason": "moyenne trop haute" }));
    assert_eq!(adjusted.expect(200).value()["journal_lines"].as_array().map(Vec::len), Some(1));
    let report = harmonise(json!({ "batches": ["L001"], "validate": true })).expect(200).value();
    assert_eq!(
        (&report["validation"]["validated"], &report["validation"]["exports"][0]["standing"]),
        (&json!(["L001"]), &json!("accepted")),
        "{report}"
    );
    let held = desk.stand_ins.rows("cyclades", &desk.exam);
    let before = expected::marks(&bundle);
    let mut lowered = 0;
    for row in &held {
        assert!(in_batch(&row["candidate_number"], "L001"), "{row}");
        let was = before
            .iter()
            .find(|was| was["candidate_number"] == row["candidate_number"])
            .expect("he is there");
        lowered += usize::from(was["mark"] != row["mark"]);
    }
    assert!(lowered > 0, "no mark is another than before");

    let served = desk.served.send(&zip).expect(200);
    let out = desk.academy.path("school.zip");
    let role = format!("school:{school}");
    desk.academy.copiste("render", &[&desk.exam, &"--out", &out, &"--as", &role]).expect(0);
    assert!(std::fs::read(&out).expect("an archive") == served.body, "the served archive is another");
    let archive = zip::ZipArchive::new(std::io::Cursor::new(served.body)).expect("it is a ZIP");
    assert_eq!(archive.len(), own + 1, "its copies of that batch, and the list in front");
}
