//! `/readyz` means it: what keeps the server from working is told there, with its code, and `/healthz` goes on.

use std::fs;

use copiste_tests::academy::Academy;
use copiste_tests::command::{SmallDisk, run};
use copiste_tests::http::Ask;
use copiste_tests::needs;
use serde_json::json;

use super::Served;

fn academy() -> Academy {
    Academy::of("--kind one_off --candidates 3 --mix ccitt --seed 148")
}

#[track_caller]
fn not_ready(served: &Served, code: &str) {
    let problem = served.send(&Ask::get("/readyz")).expect(503).value();
    assert_eq!(problem["code"], code, "{problem}");
    served.send(&Ask::get("/healthz")).expect(200);
}

#[test]
fn a_server_that_can_work_says_so_and_how_many_exams_it_has() {
    let academy = academy();
    let served = Served::start(&academy);
    let ready = served.send(&Ask::get("/readyz")).expect(200).value();
    assert_eq!(ready, json!({ "ready": true, "exams": 1 }));
}

#[test]
fn a_disk_that_fills_up_is_told_before_it_is_full_and_the_server_is_ready_again_once_there_is_room() {
    needs!(SmallDisk);
    let academy = academy();
    let disk = SmallDisk::mount(96 << 20).expect("asked for above");
    let moved = disk.path().join("data");
    run("cp", &[&"-a", &academy.data(), &moved]).expect(0);
    fs::remove_dir_all(academy.data()).expect("it can be removed");
    std::os::unix::fs::symlink(&moved, academy.data()).expect("a link can be made");
    let mut served = Served::start_with(&academy, vec![("COPISTE_STORE_FREE_MB", "32".to_owned())]);
    served.send(&Ask::get("/readyz")).expect(200);
    let filler = disk.path().join("filler");
    fs::write(&filler, vec![0; 72 << 20]).expect("there is room for it");
    not_ready(&served, "HTT-153");
    fs::remove_file(&filler).expect("it can be removed");
    served.send(&Ask::get("/readyz")).expect(200);
    served.stop();
    // By default it wants more than such a disk has.
    let served = Served::start(&academy);
    not_ready(&served, "HTT-153");
}
