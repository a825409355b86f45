//! What must hold after every step.

use std::collections::BTreeSet;

use copiste_core::journal::Target;
use copiste_core::model::{ArchivedBatchState, ArchivedHarmonisation};
use copiste_core::process::gate::renderable_at;
use copiste_core::store::{ExamView, Export, Outcome, Standing};
use copiste_tests::ledgers::{Books, EXAM};
use serde_json::Value;

use super::life::Life;
use super::model::Rows;

impl Life {
    /// Compares what copiste says, what the ledgers hold, and what the rules say.
    pub(super) fn told_the_truth(&mut self) {
        let view = self.store().exam(EXAM).expect("it reads").expect("the exam is there");
        let exports = view.exports().expect("exports read");
        self.learn(&view, &exports);
        for target in Target::ALL {
            self.holds_what_was_launched(target);
            for export in exports.iter().filter(|export| export.target == target) {
                self.stands_as_it_is_told(export);
            }
        }
        self.done_when_cyclades_accepted(&view, &exports);
        self.records_are_as_the_rules_say(&view);
    }

    /// Takes over what only the course of requests decides: which exports there are, what was answered.
    fn learn(&mut self, view: &ExamView, exports: &[Export]) {
        let life = view.life();
        assert!(life.published_at.is_none() || self.model.published || self.world.is_published());
        self.model.published = life.published_at.is_some();
        self.model.closed = life.closed_at.is_some();
        self.model.unsettled = exports.iter().any(|export| export.standing() == Standing::Unsettled);
        self.model.on_the_way = BTreeSet::new();
        for target in Target::ALL {
            for (next, export) in (1..).zip(exports.iter().filter(|export| export.target == target)) {
                assert_eq!(export.number, next, "exports are numbered without a gap");
                let key = (target, export.number);
                if !self.model.launched.contains_key(&key) {
                    let rows = self.model.rows(target);
                    assert_eq!(export.count, rows.len() as u64, "export {} has other rows", export.number);
                    self.model.launched.insert(key, rows);
                }
                let rows = &self.model.launched[&key];
                let keys = rows.keys().cloned();
                match export.standing() {
                    _ if target == Target::Imagin || !self.model.exam.common => {}
                    Standing::Unsettled => self.model.on_the_way.extend(keys),
                    Standing::Failed => {}
                    Standing::Whole | Standing::Partly { .. } => {
                        let refused = self.world.books(target, |books| refused(books, export.number));
                        self.model.transmitted.extend(keys.filter(|key| !refused.contains(key)));
                    }
                }
            }
        }
    }

    /// What a target holds is what was launched, in the order of launches: no row twice, none lost, none
    /// newer replaced by an older one.
    fn holds_what_was_launched(&self, target: Target) {
        let (numbers, held, due) = self.world.books(target, |books| {
            let mut due = Rows::new();
            for (number, answer) in &books.commits {
                let launched = self.model.launched.get(&(target, *number));
                let mut rows = launched.expect("nothing is committed that was not launched").clone();
                assert_eq!(answer.accepted as usize + answer.rejected.len(), rows.len());
                answer.rejected.iter().for_each(|row| assert!(rows.remove(&row.key).is_some()));
                if !self.model.exam.common {
                    due.clear();
                }
                due.extend(rows);
            }
            let numbers: Vec<u64> = books.commits.iter().map(|(number, _)| *number).collect();
            (numbers, held(books), due)
        });
        assert!(numbers.is_sorted_by(|one, other| one < other), "{target:?}: {numbers:?}");
        assert_eq!(held, due, "{target:?} does not hold what was launched");
    }

    /// What copiste says of an export is what became of it.
    fn stands_as_it_is_told(&self, export: &Export) {
        let number = export.number;
        let (answer, late) = self.world.books(export.target, |books| {
            let found = books.commits.iter().find(|(commit, _)| *commit == number);
            (found.map(|(_, answer)| answer.clone()), books.late.contains(&number))
        });
        match export.standing() {
            Standing::Unsettled => {}
            Standing::Failed => {
                assert!(answer.is_none() || late, "export {number} counts, and is said to have failed")
            }
            Standing::Whole => {
                let answer = answer.expect("what is said to be accepted is");
                assert!(answer.rejected.is_empty(), "export {number}");
            }
            Standing::Partly { rejected } => {
                let answer = answer.expect("what is said to be accepted is");
                assert_eq!(answer.rejected.len() as u64, rejected, "export {number}");
            }
        }
    }

    /// The closing of a one-off is done exactly when Cyclades accepted the whole, as far as anyone knows;
    /// whatever nobody knows yet is said to be open.
    fn done_when_cyclades_accepted(&self, view: &ExamView, exports: &[Export]) {
        let cyclades: Vec<&Export> =
            exports.iter().filter(|export| export.target == Target::Cyclades).collect();
        let told = cyclades.iter().any(|export| {
            let whole = |outcome: &Outcome| matches!(outcome, Outcome::Committed { rejected: 0, .. });
            export.attempts.iter().any(|attempt| whole(&attempt.outcome))
        });
        let done = view.life().closed_at.is_some();
        assert_eq!(done, told && !self.model.exam.common);
        if self.model.exam.common || done {
            return;
        }
        self.world.books(Target::Cyclades, |books| {
            for (number, answer) in &books.commits {
                let open = cyclades
                    .iter()
                    .any(|export| export.number == *number && export.standing() == Standing::Unsettled);
                assert!(
                    !answer.rejected.is_empty() || open || books.late.contains(number),
                    "Cyclades accepted export {number} and the closing is not done"
                );
            }
        });
    }

    fn records_are_as_the_rules_say(&self, view: &ExamView) {
        let held = self.world.books(Target::Cyclades, held);
        let mut numbers = Vec::new();
        for script in view.scripts() {
            let script = script.expect("it reads");
            let script = script.get();
            let number = script.candidate.to_string();
            assert_eq!(script.final_mark().map(|mark| mark.0), self.model.mark(&number), "{number}");
            let place = view.place_of(&number).expect("it reads").expect("a place");
            let transmitted_at = view.transmitted_at(place).expect("it reads");
            let transmitted = transmitted_at.is_some();
            assert_eq!(transmitted, self.model.transmitted.contains(&number), "{number}");
            let opens = renderable_at(view.exam(), &view.life(), transmitted_at).is_ok();
            assert_eq!(opens, self.model.may_be_rendered(&number), "{number}");
            if transmitted {
                let person = self.model.person(&number).expect("the model has it");
                assert_eq!(held.get(&number), self.model.row(person).as_ref(), "{number} is frozen");
            }
            numbers.push(number);
        }
        numbers.sort();
        let papers = self.model.exam.people.iter().filter(|person| person.paper.is_some());
        assert!(papers.map(|person| &person.number).eq(numbers.iter()), "{numbers:?}");
        assert_eq!(self.batches(|state, _| state == ArchivedBatchState::Locked), self.model.locked);
        assert_eq!(self.validated_batches(), self.model.validated);
    }

    pub(super) fn validated_batches(&self) -> BTreeSet<String> {
        self.batches(|_, harmonisation| harmonisation == ArchivedHarmonisation::Validated)
    }

    fn batches(&self, are: impl Fn(ArchivedBatchState, ArchivedHarmonisation) -> bool) -> BTreeSet<String> {
        let view = self.store().exam(EXAM).expect("it reads").expect("the exam is there");
        let batches = view.batches().map(|batch| batch.expect("it reads"));
        let batches = batches.filter(|batch| are(batch.get().state, batch.get().harmonisation));
        batches.map(|batch| batch.get().id.to_string()).collect()
    }

    /// A target holds exactly the rows that a launch would send now.
    pub(super) fn holds_what_is_true_now(&self, target: Target) {
        assert_eq!(self.world.books(target, held), self.model.rows(target), "{target:?}");
    }
}

fn refused(books: &Books, number: u64) -> BTreeSet<String> {
    let commit = books.commits.iter().find(|(commit, _)| *commit == number);
    let (_, answer) = commit.expect("what is said to be accepted is");
    answer.rejected.iter().map(|row| row.key.clone()).collect()
}

fn held(books: &Books) -> Rows {
    let row = |row: &copiste_fixtures::simulate::Row| -> (String, Value) {
        (row.key().into_owned(), serde_json::to_value(row).expect("a row is JSON"))
    };
    books.ledger.rows(EXAM).map(row).collect()
}
