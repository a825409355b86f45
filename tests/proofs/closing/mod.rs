//! The closing between two programs: `copiste`, and stand-ins for Cyclades and IMAG'IN on loopback.

mod authority;
mod faults;
mod kills;
mod late;
mod secrets;
mod table;
mod worked;

use std::ffi::{OsStr, OsString};

use copiste_tests::academy::Academy;
use copiste_tests::command::Outcome;
use copiste_tests::stand_ins::{StandIns, copiste};
use serde_json::Value;

/// A generated one-off exam, taken in and ready to be closed, and its stand-ins.
struct Closing {
    academy: Academy,
    stand_ins: StandIns,
    /// Seconds a request, seconds an export.
    patience: (&'static str, &'static str),
}

impl Closing {
    fn of(candidates: &str, seed: &str, faults: &[&str]) -> Closing {
        let academy = Academy::of(&format!(
            "--kind one_off --candidates {candidates} --pages 1 --mix ccitt --seed {seed}"
        ));
        let stand_ins = StandIns::start(&academy.path("stand-ins"), seed, faults);
        Closing { academy, stand_ins, patience: ("2", "60") }
    }

    fn environment(&self) -> Vec<(&'static str, OsString)> {
        self.stand_ins.environment(self.patience.0, self.patience.1)
    }

    #[track_caller]
    fn copiste(&self, name: &str, arguments: &[&dyn AsRef<OsStr>]) -> Outcome {
        let exam = self.academy.exam();
        let mut all: Vec<&dyn AsRef<OsStr>> = vec![&exam];
        all.extend_from_slice(arguments);
        copiste(&self.environment(), &self.academy.data(), name, &all)
    }

    #[track_caller]
    fn status(&self) -> Value {
        self.copiste("status", &[&"--json"]).expect(0).json()[0].clone()
    }

    /// Both ledgers hold exactly what the bundle says.
    #[track_caller]
    fn ledgers_equal_the_records(&self) {
        let (bundle, exam) = (self.academy.bundle(), self.academy.exam());
        let expected = [copiste_tests::expected::marks(&bundle), copiste_tests::expected::services(&bundle)];
        for (target, expected) in ["cyclades", "imagin"].into_iter().zip(expected) {
            let rows = self.stand_ins.rows(target, &exam);
            let other = rows.iter().zip(&expected).position(|(row, expected)| row != expected);
            assert!(rows == expected, "{target}: {} of {} rows, row {other:?}", rows.len(), expected.len());
            assert!(!rows.is_empty());
        }
    }
}
