//! One life of an exam: each act is done by the product and by the model, and both are compared.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use copiste_core::journal::{Actor, MarkChange, Role, Setting, Target};
use copiste_core::process::acts::By;
use copiste_core::process::closing::{ClosingDesk, OutcomeCodes, UnderWay, Which};
use copiste_core::process::quality::{Kind, Policy, Severity};
use copiste_core::store::Store;
use copiste_tests::ledgers::{Door, EXAM, Killed, World};
use copiste_tests::village::{Village, open};
use tempfile::TempDir;

use super::acts::{Act, End, Step, batch, changed, number};
use super::model::Model;

/// An exam and all around it.
pub(super) struct Life {
    dir: TempDir,
    store: Option<Store>,
    pub(super) world: World,
    pub(super) model: Model,
    /// The bundle as the scanning centre has it.
    office: Village,
}

/// How a closing or a validation ended.
type Ended = Result<bool, String>;

impl Life {
    pub(super) fn of(village: &Village) -> Life {
        let dir = tempfile::tempdir().expect("a folder");
        let store = open(&data(&dir));
        village.import(&store, 1).expect("the first bundle is taken in");
        let (world, model) = (World::new(), Model::of(village));
        let mut life = Life { dir, store: Some(store), world, model, office: village.clone() };
        life.told_the_truth();
        life
    }

    pub(super) fn store(&self) -> &Store {
        self.store.as_ref().expect("the store is open between two acts")
    }

    /// Does an act, ends the process if it ends, and compares.
    pub(super) fn step(&mut self, step: &Step) {
        let before = self.dir.path().join("before");
        if step.end == End::Unapplied {
            copy(&data(&self.dir).join("db"), &before);
        }
        self.act(&step.act);
        if step.end != End::GoesOn {
            self.store = None;
            if step.end == End::Unapplied {
                let db = data(&self.dir).join("db");
                fs::remove_dir_all(&db).expect("the database can go");
                fs::rename(&before, &db).expect("the earlier one can take its place");
            }
            self.store = Some(open(&data(&self.dir)));
        }
        self.told_the_truth();
    }

    /// Nothing goes wrong any more: whatever can be finished is, and both targets hold all of it.
    pub(super) fn calmly_to_its_end(&mut self) {
        self.world.deliver();
        self.told_the_truth();
        if self.world.is_published() || self.model.published {
            return;
        }
        if self.model.exam.common {
            let locked: Vec<String> = self.model.locked.iter().cloned().collect();
            if locked.is_empty() {
                return;
            }
            self.model.validate(&locked).expect("locked batches can be validated");
            assert_eq!(self.validated(&Which::Batches(locked)), Some(Ok(true)));
            self.told_the_truth();
            assert_eq!(self.model.rows(Target::Cyclades), BTreeMap::new(), "rows are left unsent");
        } else if self.model.is_finished() && !self.model.lacks_marks() {
            assert_eq!(self.closed(true), Some(Ok(true)));
            self.told_the_truth();
            assert!(self.model.closed);
            self.holds_what_is_true_now(Target::Cyclades);
        } else {
            return;
        }
        self.holds_what_is_true_now(Target::Imagin);
    }

    fn act(&mut self, act: &Act) {
        let at = 10;
        let office = Actor::operator(Role::ExamOfficeManager);
        let coordinator = Actor::operator(Role::AcademicCoordinator);
        let by = |actor| By { store: self.store.as_ref().expect("open"), actor, at };
        let ids = |at: &[usize]| at.iter().copied().map(batch).collect::<Vec<_>>();
        match act {
            Act::Import { change, only } => {
                if let Some((person, change)) = change {
                    changed(&mut self.office, *person, change);
                }
                let mut bundle = self.office.clone();
                if let Some(only) = only.filter(|_| bundle.common) {
                    bundle.people.retain(|person| {
                        person.paper.as_ref().is_some_and(|paper| paper.batch == batch(only))
                    });
                }
                let said = bundle.import(self.store(), at);
                agree(act, said, self.model.import(&bundle));
            }
            Act::Lock(batches) => {
                let said = by(&office).lock(EXAM, &ids(batches));
                agree(act, said, self.model.lock(&ids(batches)));
            }
            Act::Unlock(at) => {
                let said = by(&office).unlock(EXAM, &[batch(*at)]);
                agree(act, said, self.model.unlock(&batch(*at)));
            }
            Act::Harmonise { batch: at, by: hundredths } => {
                let change = MarkChange::Batch { batch: batch(*at), by: *hundredths };
                let said = by(&coordinator).change_marks(EXAM, change, "jury");
                agree(act, said, self.model.harmonise(&batch(*at), *hundredths));
            }
            Act::HarmoniseOne { batch: at, person, mark } => {
                let (batch, candidate) = (batch(*at), number(*person));
                let change =
                    MarkChange::Candidate { batch: batch.clone(), candidate: candidate.clone(), mark: *mark };
                let said = by(&coordinator).change_marks(EXAM, change, "jury");
                agree(act, said, self.model.harmonise_one(&batch, &candidate, *mark));
            }
            Act::Correct { person, mark } => {
                let change = MarkChange::Correction { candidate: number(*person), mark: *mark };
                let said = by(&office).change_marks(EXAM, change, "réclamation");
                agree(act, said, self.model.correct(&number(*person), *mark));
            }
            Act::Set { which, value } => {
                let name = ["export_appreciation", "export_missing_marks", "export_absences"][*which];
                let values = BTreeMap::from([(name.to_owned(), Setting::Flag(*value))]);
                let said = by(&office).change_settings(EXAM, values);
                agree(act, said, self.model.set(*which, *value));
            }
            Act::PublishByHand => {
                // Said otherwise before, it is refused (CLO-007); either way it is published.
                let _ = by(&office).publish(EXAM, 1_500_000_000);
                self.model.published = true;
            }
            Act::CycladesPublishes => self.world.publish(),
            Act::Deliver => self.world.deliver(),
            Act::Validate { batches, strikes } => {
                self.world.strike(strikes);
                self.validate(batches.as_ref().map(|batches| ids(batches)), strikes.is_empty());
            }
            Act::Close { again, strikes } => {
                self.world.strike(strikes);
                self.close(*again, strikes.is_empty());
            }
        }
        self.world.strike(&[]);
    }

    fn close(&mut self, again: bool, calm: bool) {
        let (model, sent) = (&self.model, !self.model.launched.is_empty());
        let (common, finished, lacks) = (model.exam.common, model.is_finished(), model.lacks_marks());
        let (closed, unsettled, known) = (model.closed, model.unsettled, model.published);
        let ready = (finished || closed) && !lacks;
        let Some(ended) = self.closed(again) else { return };
        let code = ended.as_ref().err().map(|said| said[..7].to_owned());
        let published = known || self.world.is_published();
        if common {
            assert_eq!(code.as_deref(), Some("CLO-011"));
        } else if !sent && !known && !ready {
            assert_eq!(code.as_deref(), Some("CLO-012"));
        } else if calm && published && !unsettled {
            assert_eq!(code.as_deref(), Some(if closed { "CLO-014" } else { "CLO-015" }));
        } else if calm && !published && ready {
            assert_eq!(ended, Ok(true), "nothing went wrong");
        } else if let Some(code) = code {
            assert!(["CLO-012", "CLO-014", "CLO-015"].contains(&code.as_str()), "{ended:?}");
        }
    }

    /// Closes; none when the process was killed. Whether both targets have accepted everything.
    fn closed(&mut self, again: bool) -> Option<Ended> {
        self.at_the_desk(Role::ExamOfficeManager, |desk| {
            let report = desk.close(EXAM, again).map_err(|error| error.to_string())?;
            Ok(report.is_whole())
        })
    }

    fn validate(&mut self, batches: Option<Vec<String>>, calm: bool) {
        let locked: Vec<String> = self.model.locked.iter().cloned().collect();
        let which = batches.clone().map_or(Which::All, Which::Batches);
        let chosen = batches.unwrap_or(locked);
        let known = self.model.published;
        let ended = self.validated(&which);
        let published = known || self.world.is_published();
        let mut after = self.model.clone();
        let expected = if chosen.is_empty() { Err("CLO-019") } else { after.validate(&chosen) };
        match ended {
            None => {
                // Killed before or after the batches were validated: all of them, or none.
                let held = self.validated_batches();
                assert!(held == self.model.validated || held == after.validated, "{held:?}");
                if held == after.validated {
                    self.model = after;
                }
            }
            Some(Err(said)) => {
                let by_publication = self.model.exam.common && published && said.starts_with("CLO-014");
                assert!(by_publication || expected.is_err_and(|code| said.starts_with(code)), "{said}");
            }
            Some(Ok(whole)) => {
                expected.expect("what was done may be done");
                assert!(whole || !calm || !after.exam.common, "nothing went wrong");
                assert!(!(calm && published && after.exam.common), "it is published");
                self.model = after;
            }
        }
    }

    fn validated(&mut self, which: &Which) -> Option<Ended> {
        self.at_the_desk(Role::AcademicCoordinator, |desk| {
            let report = desk.validate(EXAM, which).map_err(|error| error.to_string())?;
            Ok(report.is_whole())
        })
    }

    fn at_the_desk(&mut self, role: Role, act: impl FnOnce(&ClosingDesk<'_>) -> Ended) -> Option<Ended> {
        let actor = Actor::operator(role);
        let desk = ClosingDesk {
            store: self.store(),
            cyclades: &Door::to(&self.world, Target::Cyclades),
            imagin: &Door::to(&self.world, Target::Imagin),
            pace: &self.world,
            budget: Duration::from_secs(2),
            codes: &OutcomeCodes::default(),
            // What a sheet holds back has proofs of its own.
            quality: &Policy::default().with(Kind::ForgottenMarks, Severity::Warning),
            scratch: self.dir.path(),
            actor: &actor,
            under_way: &UnderWay::default(),
        };
        match catch_unwind(AssertUnwindSafe(|| act(&desk))) {
            Ok(ended) => Some(ended),
            Err(panic) if panic.is::<Killed>() => {
                self.store = None;
                self.store = Some(open(&data(&self.dir)));
                None
            }
            Err(panic) => resume_unwind(panic),
        }
    }
}

fn data(dir: &TempDir) -> PathBuf {
    dir.path().join("data")
}

/// What a command did, and what the rules say of it.
#[track_caller]
fn agree<T>(act: &Act, said: Result<T, impl std::fmt::Display>, ruled: Result<(), &'static str>) {
    match (said, ruled) {
        (Ok(_), Ok(())) => {}
        (Err(said), Err(code)) => assert!(said.to_string().starts_with(code), "{act:?}: {said}, not {code}"),
        (Ok(_), Err(code)) => panic!("{act:?} was done, and the rules say {code}"),
        (Err(said), Ok(())) => panic!("{act:?}: {said}, and the rules do not refuse it"),
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}
