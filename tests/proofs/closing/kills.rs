//! Kills in the middle of a closing.

use std::time::Instant;

use copiste_tests::command::{self, signal};
use copiste_tests::stand_ins::{StandIns, copiste};
use copiste_tests::{place, size};

use super::Closing;

/// More rows than two chunks hold.
const CANDIDATES: &str = "2300";

/// A number below one, another one for each place in the list, spread evenly.
fn spread(at: u32) -> f64 {
    (f64::from(at) * 0.618_033_988_75).fract()
}

#[test]
fn a_closing_killed_at_any_moment_sends_no_acknowledged_chunk_again_and_ends_the_same() {
    let ready = Closing::of(CANDIDATES, "47", &[]);
    let calm = ready.academy.copied();
    let calm_stand_ins = StandIns::start(&calm.path("stand-ins"), "47", &[]);
    let began = Instant::now();
    copiste(&calm_stand_ins.environment("10", "60"), &calm.data(), "close", &[&calm.exam()]).expect(0);
    let took = began.elapsed();
    let chunks = [calm_stand_ins.requests("cyclades", "chunk"), calm_stand_ins.requests("imagin", "chunk")];
    assert!(chunks[0] > 2, "the closing is too small to be killed in the middle");

    let mut midway = 0;
    for at in 0..size::pick(5, 50) {
        let academy = ready.academy.copied();
        let stand_ins = StandIns::start(&academy.path("stand-ins"), "47", &[]);
        let (environment, data, exam) = (stand_ins.environment("10", "60"), academy.data(), academy.exam());
        let mut close = std::process::Command::new(place::binary("copiste"));
        close.args(["close", "--data"]).arg(&data).arg(&exam).envs(environment.iter().cloned());
        let log = std::fs::File::create(academy.path("log")).expect("a log");
        let mut child =
            close.stdout(log.try_clone().expect("a log")).stderr(log).spawn().expect("copiste starts");
        std::thread::sleep(took.mul_f64(spread(at)));
        signal(&child, "KILL");
        midway += u32::from(child.wait().expect("a child ends").code().is_none());
        let sent = |target: &str| stand_ins.requests(target, "chunk");
        let before = [sent("cyclades"), sent("imagin")];

        copiste(&environment, &data, "close", &[&exam]).expect(0);
        for (at, target) in ["cyclades", "imagin"].into_iter().enumerate() {
            // The one under way when it was killed may not have been acknowledged, and goes once more.
            let again = u64::from(before[at] > 0);
            assert!(sent(target) <= chunks[at] + again, "{target}: {} chunks", sent(target));
            assert!(stand_ins.rows(target, &exam) == calm_stand_ins.rows(target, &exam), "{target}");
        }
        copiste(&environment, &data, "verify", &[]).expect(0);
        let status = copiste(&environment, &data, "status", &[&"--json"]).expect(0).json();
        assert_eq!(status[0]["closing"]["done"], true);
        let rebuilt = academy.copied();
        std::fs::rename(rebuilt.data().join("db"), rebuilt.path("old")).expect("the database can go");
        command::copiste(&[&"rebuild", &"--data", &rebuilt.data()]).expect(0);
        let again = copiste(&environment, &rebuilt.data(), "status", &[&"--json"]).expect(0).json();
        assert_eq!(status, again, "what is rebuilt is what was there");
    }
    assert!(midway > 0, "no closing was killed before its end");
}
