//! What may happen to an exam, and what the rules answer.

use copiste_tests::ledgers::Strike;
use copiste_tests::village::{Came, Given, Paper, Village};
use proptest::prelude::*;

use super::model::{Changed, Model};

/// What may happen.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// The scanning centre changes its bundle and it is imported; with `only`, of an E3C, just the scripts
    /// of that batch.
    Import {
        change: Option<(usize, Change)>,
        only: Option<usize>,
    },
    Lock(Vec<usize>),
    Unlock(usize),
    Harmonise {
        batch: usize,
        by: i32,
    },
    HarmoniseOne {
        batch: usize,
        person: usize,
        mark: i32,
    },
    Correct {
        person: usize,
        mark: i32,
    },
    /// None is all of them.
    Validate {
        batches: Option<Vec<usize>>,
        strikes: Vec<Strike>,
    },
    Close {
        again: bool,
        strikes: Vec<Strike>,
    },
    PublishByHand,
    CycladesPublishes,
    Set {
        which: usize,
        value: bool,
    },
    Deliver,
}

/// How a bundle changes.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Given(Given),
    Came(Came),
    Appreciation(bool),
    Batch(usize),
    Lost,
}

/// An act, and how the process ends after it.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) act: Act,
    pub(super) end: End,
}

/// How a process ends after an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It goes on.
    GoesOn,
    /// It ends, and another begins.
    Ends,
    /// Whatever the act journalled is in the journal, and nothing of it in the database.
    Unapplied,
}

fn given() -> impl Strategy<Value = Given> {
    prop_oneof![
        6 => (0..=40_i32).prop_map(|steps| Given::Mark(steps * 50)),
        1 => Just(Given::NoMark),
        1 => Just(Given::Nothing),
    ]
}

fn strikes() -> impl Strategy<Value = Vec<Strike>> {
    let strike = prop_oneof![
        6 => Just(Strike::Spare),
        2 => Just(Strike::Busy),
        2 => Just(Strike::LostAnswer),
        1 => Just(Strike::Refused),
        2 => Just(Strike::Late),
        1 => (1..3_usize).prop_map(Strike::Reject),
        1 => Just(Strike::Publishes),
        1 => Just(Strike::KilledBefore),
        1 => Just(Strike::KilledAfter),
    ];
    // As often as not nothing goes wrong; long rows of the same exhaust the patience.
    prop_oneof![
        4 => Just(Vec::new()),
        5 => prop::collection::vec(strike.clone(), 1..9),
        1 => (strike, 4..12_usize).prop_map(|(strike, times)| vec![strike; times]),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => given().prop_map(Change::Given),
        1 => prop::sample::select(vec![Came::Present, Came::Absent, Came::AbsentJustified, Came::Exempt])
            .prop_map(Change::Came),
        1 => any::<bool>().prop_map(Change::Appreciation),
        1 => (0..2_usize).prop_map(Change::Batch),
        1 => Just(Change::Lost),
    ]
}

pub(super) fn step(common: bool) -> impl Strategy<Value = Step> {
    let mark = || (0..=40_i32).prop_map(|steps| steps * 50);
    let batches = || prop_oneof![Just(vec![0]), Just(vec![1]), Just(vec![0, 1])];
    let exchange = if common { (1, 9) } else { (9, 4) };
    let act = prop_oneof![
        3 => (prop::option::of((0..5_usize, change())), prop::option::weighted(0.2, 0..2_usize))
            .prop_map(|(change, only)| Act::Import { change, only }),
        5 => batches().prop_map(Act::Lock),
        1 => (0..2_usize).prop_map(Act::Unlock),
        2 => (0..2_usize, -8..=8_i32).prop_map(|(batch, by)| Act::Harmonise { batch, by: by * 50 }),
        2 => (0..2_usize, 0..5_usize, mark())
            .prop_map(|(batch, person, mark)| Act::HarmoniseOne { batch, person, mark }),
        2 => (0..5_usize, mark()).prop_map(|(person, mark)| Act::Correct { person, mark }),
        exchange.1 => (prop::option::of(batches()), strikes())
            .prop_map(|(batches, strikes)| Act::Validate { batches, strikes }),
        exchange.0 => (any::<bool>(), strikes()).prop_map(|(again, strikes)| Act::Close { again, strikes }),
        1 => prop::sample::select(vec![Act::PublishByHand, Act::CycladesPublishes, Act::Deliver, Act::Deliver]),
        1 => (0..3_usize, any::<bool>()).prop_map(|(which, value)| Act::Set { which, value }),
    ];
    let end = prop_oneof![
        10 => Just(End::GoesOn),
        1 => Just(End::Ends),
        1 => Just(End::Unapplied),
    ];
    (act, end).prop_map(|(act, end)| Step { act, end })
}

/// A bundle to begin with: five candidates in two batches.
pub(super) fn village(common: bool) -> impl Strategy<Value = Village> {
    (prop::collection::vec((given(), any::<bool>()), 5), any::<bool>()).prop_map(
        move |(papers, harmonised)| {
            let person = |(at, (given, said)): (usize, (Given, bool))| copiste_tests::village::Person {
                number: number(at),
                came: Came::Present,
                paper: Some(Paper {
                    batch: batch(at % 2),
                    // As a rule everything is marked, or nothing would ever be locked.
                    given: if given == Given::Nothing { Given::NoMark } else { given },
                    appreciation: said.then(|| "Bien".to_owned()),
                }),
            };
            Village {
                common,
                harmonised: harmonised || common,
                batches: vec![batch(0), batch(1)],
                people: papers.into_iter().enumerate().map(person).collect(),
            }
        },
    )
}

pub(super) fn number(at: usize) -> String {
    format!("00{at}")
}

pub(super) fn batch(at: usize) -> String {
    format!("L{}", at + 1)
}

/// The bundle as the scanning centre changed it.
pub(super) fn changed(office: &mut Village, person: usize, change: &Change) {
    let person = &mut office.people[person];
    let fresh = || Paper { batch: batch(0), given: Given::Mark(1000), appreciation: None };
    match change {
        Change::Came(came) => {
            person.came = *came;
            // Who did not come has no script in a bundle (BND-042).
            person.paper = (*came == Came::Present).then(fresh);
        }
        Change::Lost => person.paper = None,
        // Who comes back with a script has come.
        _ => person.came = Came::Present,
    }
    match change {
        Change::Given(given) => person.paper.get_or_insert_with(fresh).given = *given,
        Change::Appreciation(said) => {
            person.paper.get_or_insert_with(fresh).appreciation = said.then(|| "Très bien".to_owned());
        }
        Change::Batch(at) => person.paper.get_or_insert_with(fresh).batch = batch(*at),
        Change::Came(_) | Change::Lost => {}
    }
}

impl Model {
    /// Takes a bundle in, or says why not.
    pub(super) fn import(&mut self, bundle: &Village) -> Result<(), &'static str> {
        if *bundle == self.bundle {
            return Ok(());
        }
        if !bundle.common && (self.closed || self.published || self.unsettled) {
            return Err("CLO-005");
        }
        let mut exam = bundle.clone();
        if bundle.common {
            for old in &self.exam.people {
                match exam.people.iter_mut().find(|person| person.number == old.number) {
                    None => exam.people.push(old.clone()),
                    Some(person) => {
                        person.paper = person.paper.take().or_else(|| old.paper.clone());
                        let gone =
                            self.transmitted.contains(&old.number) || self.on_the_way.contains(&old.number);
                        if gone && !says_the_same(person, old) {
                            return Err("CLO-006");
                        }
                    }
                }
            }
            exam.people.sort_by(|one, other| one.number.cmp(&other.number));
        }
        let had = self.exam.clone();
        self.exam = exam;
        self.bundle = bundle.clone();
        let kept = |number: &String, change: &mut Changed| {
            let had = had.people.iter().any(|person| person.number == *number && person.paper.is_some());
            let now = self.exam.people.iter().find(|person| person.number == *number);
            let given = now.and_then(|person| person.paper.as_ref()).map(|paper| paper.given);
            let marked = matches!(given, Some(Given::Mark(_)));
            had && given.is_some() && (marked || matches!(change, Changed::Alone(_)))
        };
        self.changed.retain(kept);
        Ok(())
    }

    pub(super) fn lock(&mut self, batches: &[String]) -> Result<(), &'static str> {
        let fresh: Vec<&String> = batches.iter().filter(|batch| !self.locked.contains(*batch)).collect();
        let unmarked = |person: &&copiste_tests::village::Person| {
            let paper = person.paper.as_ref();
            paper.is_some_and(|paper| fresh.contains(&&paper.batch) && paper.given == Given::Nothing)
                && self.mark(&person.number).is_none()
        };
        if self.exam.people.iter().any(|person| unmarked(&person)) {
            return Err("BAT-002");
        }
        self.locked.extend(batches.iter().cloned());
        Ok(())
    }

    pub(super) fn unlock(&mut self, batch: &String) -> Result<(), &'static str> {
        if self.validated.contains(batch) {
            return Err("BAT-003");
        }
        if !self.locked.contains(batch) {
            return Ok(());
        }
        if !self.exam.common && (self.closed || self.published || self.unsettled) {
            return Err("BAT-005");
        }
        self.locked.remove(batch);
        Ok(())
    }

    pub(super) fn validate(&mut self, batches: &[String]) -> Result<(), &'static str> {
        if !self.exam.harmonised {
            return Err("BAT-006");
        }
        if batches.iter().any(|batch| !self.locked.contains(batch)) {
            return Err("BAT-004");
        }
        self.validated.extend(batches.iter().cloned());
        Ok(())
    }

    fn is_harmonised_now(&self, batch: &String) -> Result<(), &'static str> {
        if self.published {
            return Err("MRK-006");
        }
        if !self.exam.harmonised {
            return Err("BAT-006");
        }
        if !self.locked.contains(batch) {
            return Err("BAT-004");
        }
        if self.validated.contains(batch) { Err("MRK-004") } else { Ok(()) }
    }

    pub(super) fn harmonise(&mut self, batch: &String, by: i32) -> Result<(), &'static str> {
        self.is_harmonised_now(batch)?;
        for person in &self.exam.people {
            let paper = person.paper.as_ref().filter(|paper| paper.batch == *batch);
            let marked = paper.is_some_and(|paper| matches!(paper.given, Given::Mark(_)));
            let alone = matches!(self.changed.get(&person.number), Some(Changed::Alone(_)));
            if marked && !alone {
                self.changed.insert(person.number.clone(), Changed::ByBatch(by));
            }
        }
        Ok(())
    }

    fn came(&self, number: &str) -> Result<(), &'static str> {
        let absent = self.person(number).is_some_and(|person| person.came != Came::Present);
        if absent { Err("MRK-007") } else { Ok(()) }
    }

    pub(super) fn harmonise_one(
        &mut self,
        batch: &String,
        number: &str,
        mark: i32,
    ) -> Result<(), &'static str> {
        self.is_harmonised_now(batch)?;
        self.came(number)?;
        let paper = self.paper(number).ok_or("MRK-002")?;
        if paper.batch != *batch {
            return Err("MRK-003");
        }
        self.changed.insert(number.to_owned(), Changed::Alone(mark));
        Ok(())
    }

    pub(super) fn correct(&mut self, number: &str, mark: i32) -> Result<(), &'static str> {
        if self.published {
            return Err("MRK-006");
        }
        self.came(number)?;
        if self.exam.common && (self.on_the_way.contains(number) || self.transmitted.contains(number)) {
            return Err("MRK-005");
        }
        let paper = self.paper(number).ok_or("MRK-002")?;
        if !self.locked.contains(&paper.batch) {
            return Err("MRK-008");
        }
        self.changed.insert(number.to_owned(), Changed::Alone(mark));
        Ok(())
    }
}

/// Whether a bundle says of a candidate what was transmitted.
fn says_the_same(new: &copiste_tests::village::Person, old: &copiste_tests::village::Person) -> bool {
    let mark = |given| match given {
        Given::Mark(mark) => Some(mark),
        Given::Nothing | Given::NoMark => None,
    };
    let said = |person: &copiste_tests::village::Person| {
        let paper = person.paper.as_ref();
        paper.map(|paper| (paper.batch.clone(), mark(paper.given), paper.appreciation.clone()))
    };
    new.came == old.came && said(new) == said(old)
}
