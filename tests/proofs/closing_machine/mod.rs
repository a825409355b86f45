//! The closing as a state machine: whatever happens in whatever order, with whatever going wrong on the
//! way, Cyclades holds what the rules say, and copiste knows what Cyclades holds.
//!
//! The store, the desk and the sending are the product's; Cyclades and IMAG'IN are the stand-ins' ledgers
//! in this process; a crash is a panic between two requests, or a database put back behind its journal.

mod acts;
mod life;
mod model;
mod truth;

use copiste_tests::size;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use life::Life;

/// Lives of exams of one kind.
fn lives(common: bool) {
    // The seed is proptest's own: a failure prints the shrunk life, and each run tries others.
    let config = Config { cases: size::pick(50, 500), failure_persistence: None, ..Config::default() };
    let steps = prop::collection::vec(acts::step(common), 1..24);
    let ended = TestRunner::new(config).run(&(acts::village(common), steps), |(village, steps)| {
        let mut life = Life::of(&village);
        for step in &steps {
            life.step(step);
        }
        life.calmly_to_its_end();
        Ok(())
    });
    if let Err(error) = ended {
        panic!("{error}");
    }
}

#[test]
fn whatever_happens_to_a_one_off_exam_cyclades_holds_what_the_rules_say() {
    lives(false);
}

#[test]
fn whatever_happens_to_an_e3c_cyclades_holds_what_the_rules_say() {
    lives(true);
}
