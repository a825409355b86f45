//! What all handlers share, and what of it somebody may see.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use copiste_core::bulk::{BulkError, Job, Progress};
use copiste_core::journal::{Role, hex};
use copiste_core::model::ArchivedExamKind;
use copiste_core::process::closing::UnderWay;
use copiste_core::render::Press;
use copiste_core::store::{ExamView, Store};

use super::archives::Archives;
use super::jobs::Jobs;
use super::pictures::Pictures;
use super::planner::Planner;
use crate::front::Handover;
use crate::http::problem::Problem;
use crate::people::{People, Who};
use crate::settings::Settings;

/// Everything a handler works with.
pub(crate) struct App {
    pub(crate) store: Arc<Store>,
    pub(crate) dir: PathBuf,
    /// For what is put aside while it is made.
    pub(crate) scratch: PathBuf,
    pub(crate) settings: Settings,
    /// Closings under way in this process, through the command line as well.
    pub(crate) under_way: Arc<UnderWay>,
    pub(crate) press: Arc<Press>,
    pub(crate) people: People,
    pub(crate) handover: Arc<Handover>,
    pub(crate) archives: Archives,
    pub(crate) planner: Arc<Planner>,
    pub(crate) jobs: Jobs,
    pub(crate) pictures: Pictures,
    /// Set when the server ends: exports end within one request.
    pub(crate) ending: Arc<AtomicBool>,
    /// The clock, read in one place: seconds since 1970, UTC.
    pub(crate) now: fn() -> i64,
}

/// A script that somebody may see.
pub(crate) struct Seen {
    pub(crate) view: ExamView,
    pub(crate) place: u32,
}

impl App {
    /// A job over an exam's copies, told how far it is and when to stop.
    pub(crate) fn job<'a>(
        &'a self,
        view: &'a ExamView,
        progress: &'a dyn Progress,
        cancel: &'a AtomicBool,
    ) -> Job<'a> {
        Job {
            source: view,
            blobs: self.store.blobs(),
            press: &self.press,
            scratch: &self.scratch,
            threads: self.settings.render_threads(),
            progress,
            cancel,
        }
    }

    /// Where plans of archives are kept.
    pub(crate) fn plans(&self) -> PathBuf {
        self.dir.join("plans")
    }

    /// The exams that somebody may see, by id.
    pub(crate) fn exams_of(&self, who: &Who) -> Result<Vec<ExamView>, Problem> {
        let mut seen = Vec::new();
        for view in self.store.exams()? {
            if sees(who, &view)? {
                seen.push(view);
            }
        }
        Ok(seen)
    }

    /// An exam that somebody may see.
    ///
    /// # Errors
    /// 404 for what is not there or not for him.
    pub(crate) fn exam_of(&self, who: &Who, id: &str) -> Result<ExamView, Problem> {
        let view = self.store.exam(id)?.ok_or_else(Problem::not_found)?;
        if sees(who, &view)? { Ok(view) } else { Err(Problem::not_found()) }
    }

    /// A script that somebody may see, by its id.
    ///
    /// # Errors
    /// 404 for what is not there or not for him.
    pub(crate) fn script_of(&self, who: &Who, id: &str) -> Result<Seen, Problem> {
        let id = hex::decode(id).ok_or_else(Problem::not_found)?;
        for view in self.exams_of(who)? {
            if let Some(place) = view.place_of_script(&id)? {
                let seen = sees_script(who, &view, place)?;
                return if seen { Ok(Seen { view, place }) } else { Err(Problem::not_found()) };
            }
        }
        Err(Problem::not_found())
    }
}

/// Whether somebody may see an exam: the exam office and the coordinator those of their entity, a school the
/// E3C that it has candidates in, once the download is open; an administrator has no business with any.
fn sees(who: &Who, view: &ExamView) -> Result<bool, Problem> {
    let exam = view.exam();
    Ok(match who.role() {
        Role::ExamOfficeManager | Role::AcademicCoordinator => who.sees_entity(&exam.entity),
        Role::School(ref uai) => {
            exam.kind == ArchivedExamKind::CommonAssessment
                && view.life().download_since.is_some()
                && view.school(uai)?.is_some()
        }
        Role::Administrator | Role::System => false,
    })
}

/// Whether somebody who sees the exam may see the script at a place: a school its own, once it is transmitted.
pub(crate) fn sees_script(who: &Who, view: &ExamView, place: u32) -> Result<bool, Problem> {
    if !matches!(who.role(), Role::School(_)) {
        return Ok(true);
    }
    let Some(candidate) = view.candidate_at(place)? else { return Ok(false) };
    Ok(who.sees_school(&candidate.get().school) && view.transmitted_at(place)?.is_some())
}

impl From<BulkError> for Problem {
    fn from(error: BulkError) -> Problem {
        match error {
            BulkError::NotClosed { .. } | BulkError::Purged { .. } => Problem::conflict(&error),
            BulkError::NoSuchSchool { .. } => Problem::of(404, "Not found", &error),
            _ => Problem::internal(&error),
        }
    }
}
