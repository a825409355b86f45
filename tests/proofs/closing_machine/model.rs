//! What the rules of the trade say, written down a second time and without a database.

use std::collections::{BTreeMap, BTreeSet};

use copiste_core::journal::Target;
use copiste_tests::village::{Came, Given, Paper, Person, Village};
use serde_json::{Value, json};

/// Rows by key.
pub(super) type Rows = BTreeMap<String, Value>;

/// A mark that somebody changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Changed {
    /// With its batch.
    ByBatch(i32),
    /// By itself.
    Alone(i32),
}

/// An exam.
#[derive(Clone, Debug)]
pub(super) struct Model {
    /// What the bundles so far amount to.
    pub(super) exam: Village,
    /// The bundle taken in last.
    pub(super) bundle: Village,
    pub(super) export_appreciation: bool,
    pub(super) export_missing: bool,
    pub(super) export_absences: bool,
    pub(super) locked: BTreeSet<String>,
    pub(super) validated: BTreeSet<String>,
    pub(super) changed: BTreeMap<String, Changed>,
    /// As copiste was told.
    pub(super) transmitted: BTreeSet<String>,
    /// Whose rows are in an export for Cyclades without an answer.
    pub(super) on_the_way: BTreeSet<String>,
    /// Whether an export to either target has no answer.
    pub(super) unsettled: bool,
    pub(super) closed: bool,
    /// As copiste was told.
    pub(super) published: bool,
    /// What each export must hold: as the rules were when it was launched.
    pub(super) launched: BTreeMap<(Target, u64), Rows>,
}

impl Model {
    pub(super) fn of(bundle: &Village) -> Model {
        Model {
            exam: bundle.clone(),
            bundle: bundle.clone(),
            export_appreciation: true,
            export_missing: true,
            export_absences: false,
            locked: BTreeSet::new(),
            validated: BTreeSet::new(),
            changed: BTreeMap::new(),
            transmitted: BTreeSet::new(),
            on_the_way: BTreeSet::new(),
            unsettled: false,
            closed: false,
            published: false,
            launched: BTreeMap::new(),
        }
    }

    pub(super) fn person(&self, number: &str) -> Option<&Person> {
        self.exam.people.iter().find(|person| person.number == number)
    }

    pub(super) fn paper(&self, number: &str) -> Option<&Paper> {
        self.person(number)?.paper.as_ref()
    }

    /// The final mark: what somebody changed it to, else the marker's.
    pub(super) fn mark(&self, number: &str) -> Option<i32> {
        let marker = match self.paper(number)?.given {
            Given::Mark(mark) => Some(mark),
            Given::Nothing | Given::NoMark => None,
        };
        match self.changed.get(number) {
            Some(Changed::Alone(mark)) => Some(*mark),
            Some(Changed::ByBatch(by)) => marker.map(|mark| (mark + by).clamp(0, 2000)),
            None => marker,
        }
    }

    /// The row for Cyclades of a candidate, when the settings send one.
    pub(super) fn row(&self, person: &Person) -> Option<Value> {
        let mark = self.mark(&person.number);
        let (outcome, sent) = match (person.came, mark) {
            (Came::Present, Some(_)) => ("mark", true),
            (Came::Present, None) => ("missing", self.export_missing),
            (Came::Absent, _) => ("absent", self.export_absences),
            (Came::AbsentJustified, _) => ("absent_justified", self.export_absences),
            (Came::Exempt, _) => ("exempt", true),
        };
        let mut row = json!({"candidate_number": person.number, "outcome": outcome});
        if let (Came::Present, Some(mark)) = (person.came, mark) {
            row["mark"] = json!(format!("{}.{:02}", mark / 100, mark % 100));
        }
        let appreciation = person.paper.as_ref().and_then(|paper| paper.appreciation.as_ref());
        if let (Came::Present, true, Some(text)) = (person.came, self.export_appreciation, appreciation) {
            row["appreciation"] = json!(text);
        }
        sent.then_some(row)
    }

    /// The rows of a launch now.
    pub(super) fn rows(&self, target: Target) -> Rows {
        match target {
            Target::Cyclades => self.marks(),
            Target::Imagin => self.services(),
        }
    }

    fn marks(&self) -> Rows {
        let due = |person: &&Person| {
            let batch = person.paper.as_ref().map(|paper| &paper.batch);
            !self.exam.common
                || batch.is_some_and(|batch| self.validated.contains(batch))
                    && !self.transmitted.contains(&person.number)
        };
        let people = self.exam.people.iter().filter(due);
        people.filter_map(|person| Some((person.number.clone(), self.row(person)?))).collect()
    }

    fn services(&self) -> Rows {
        let mut rows = Rows::new();
        for batch in &self.exam.batches {
            let done =
                if self.exam.common { self.validated.contains(batch) } else { self.locked.contains(batch) };
            if self.exam.common && !done {
                continue;
            }
            let marked = |person: &&Person| {
                let paper = person.paper.as_ref().filter(|paper| done && paper.batch == *batch);
                paper.is_some_and(|paper| matches!(paper.given, Given::Mark(_)))
            };
            let scripts = self.exam.people.iter().filter(marked).count();
            let staff = batch.replace('L', "S");
            let row = json!({"staff_id": staff, "mission_id": "I1", "service_done": scripts > 0,
                "scripts_marked": scripts, "batches_marked": usize::from(done)});
            rows.insert(format!("{staff}/I1"), row);
        }
        rows
    }

    /// Whether every process but the closing is finished.
    pub(super) fn is_finished(&self) -> bool {
        let scanned =
            self.exam.people.iter().all(|person| person.came != Came::Present || person.paper.is_some());
        let all = |done: &BTreeSet<String>| self.exam.batches.iter().all(|batch| done.contains(batch));
        scanned && all(&self.locked) && (!self.exam.harmonised || all(&self.validated))
    }

    /// Whether a mark is missing that the settings do not send.
    pub(super) fn lacks_marks(&self) -> bool {
        let without = |person: &Person| person.came == Came::Present && self.mark(&person.number).is_none();
        !self.export_missing && self.exam.people.iter().any(without)
    }

    pub(super) fn set(&mut self, which: usize, value: bool) -> Result<(), &'static str> {
        if self.exam.common {
            return Err("SET-001");
        }
        let settings = [&mut self.export_appreciation, &mut self.export_missing, &mut self.export_absences];
        for (at, setting) in settings.into_iter().enumerate() {
            if at == which {
                *setting = value;
            }
        }
        Ok(())
    }

    /// Whether a script may be rendered.
    pub(super) fn may_be_rendered(&self, number: &str) -> bool {
        if self.exam.common { self.transmitted.contains(number) } else { self.closed }
    }
}
