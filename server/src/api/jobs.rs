//! Bulk generation to the server's disk: `DIR/jobs/{id}.zip`, or a folder `DIR/jobs/{id}`.
//!
//! A job's id is the digest of what was asked for, so that asking again asks for the same job: it goes on where
//! it stopped, or is left alone when it is whole. One job works at a time, the others wait: they would share the
//! same disk.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use copiste_core::bulk::{self, BulkError, Phase, PlanRequest, Progress, Report, Selection, WriteOptions};
use copiste_core::journal::{Role, hex};
use copiste_core::store::ExamView;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::app::App;
use super::downloads::{fixed, instant_of};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::routes::Found;
use crate::metrics;
use crate::people::Who;
use crate::profile::{LeftOut, profile};

/// Jobs of this process. Those of an earlier one are known by what they left: asking again goes on.
#[derive(Default)]
pub(crate) struct Jobs {
    known: Mutex<BTreeMap<String, Arc<Known>>>,
    /// Held by the job that works.
    turn: Mutex<()>,
}

/// How many ended jobs are remembered.
const REMEMBERED: usize = 1_000;

struct Known {
    exam: String,
    asked: Asked,
    /// Whose it is: the others do not see it.
    account: [u8; 16],
    cancel: AtomicBool,
    counting: Counting,
    state: Mutex<State>,
}

enum State {
    Waiting,
    Working,
    /// No report: it was cancelled before anything was written.
    Ended(Result<Option<Report>, Problem>),
}

/// How far it is.
#[derive(Default)]
struct Counting {
    planning: AtomicBool,
    copies: AtomicU64,
    all_copies: AtomicU64,
    bytes: AtomicU64,
    all_bytes: AtomicU64,
}

impl Progress for Counting {
    fn begin(&self, phase: Phase, copies: u64, bytes: u64) {
        self.planning.store(phase == Phase::Plan, Ordering::Relaxed);
        for (count, value) in
            [(&self.copies, 0), (&self.bytes, 0), (&self.all_copies, copies), (&self.all_bytes, bytes)]
        {
            count.store(value, Ordering::Relaxed);
        }
    }

    fn advance(&self, copies: u64, bytes: u64) {
        self.copies.fetch_add(copies, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    exam: String,
    #[serde(default)]
    form: Form,
    school: Option<String>,
    #[serde(default)]
    without: Vec<String>,
    since: Option<String>,
    until: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Form {
    #[default]
    Zip,
    Directory,
}

impl Asked {
    fn id(&self) -> Result<String, Problem> {
        let spelt =
            serde_json::to_vec(self).map_err(|error| Problem::internal(&format!("HTT-160 {error}")))?;
        Ok(hex::encode(&Sha256::digest(spelt)[..16]))
    }
}

/// `POST /api/v1/jobs`: begins a job, or goes on with it. 202 with its id and where to look.
pub(crate) fn begin(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let mut asked: Asked = call.json()?;
    let view = app.exam_of(found.who()?, &asked.exam)?;
    if let Role::School(own) = found.who()?.role() {
        if asked.school.as_ref().is_some_and(|school| *school != own) {
            return Err(Problem::not_found());
        }
        asked.school = Some(own);
    }
    asked.without.sort();
    asked.without.dedup();
    // Each is one word: a list of them in one would be another job of the same copies.
    let spelt = asked.without.join(",");
    let odd = asked.without.iter().find(|word| word.is_empty() || word.contains(','));
    let left = match odd {
        Some(word) => Err(word.as_str()),
        None => LeftOut::parse(&spelt),
    };
    let left = left.map_err(|word| {
        Problem::unprocessable(&format!("HTT-161 nothing called {word:?} can be left out"))
    })?;
    let selection = Selection {
        school: asked.school.clone(),
        candidates: Vec::new(),
        since: asked.since.as_deref().map(instant_of).transpose()?,
        until: asked.until.as_deref().map(instant_of).transpose()?,
    };
    let request = PlanRequest { selection, profile: profile(&view, left).map_err(|error| fixed(&error))? };
    let id = asked.id()?;
    let known = Arc::new(Known {
        exam: view.id().to_owned(),
        asked,
        account: found.who()?.account.id,
        cancel: AtomicBool::new(false),
        counting: Counting::default(),
        state: Mutex::new(State::Waiting),
    });
    {
        let mut all = app.jobs.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = all.get(&id).filter(|known| !known.has_ended()) {
            // The same job again, while it works: nothing begins twice.
            if running.account != found.who()?.account.id {
                let what = "HTT-162 somebody else has this very job done at this moment; ask again when it has ended";
                return Err(Problem::conflict(&what));
            }
            return Ok(accepted(&id, running));
        }
        while all.len() >= REMEMBERED {
            let Some(ended) = all.iter().find(|(_, known)| known.has_ended()).map(|(id, _)| id.clone())
            else {
                let what = "HTT-163 a thousand jobs wait already";
                return Err(Problem::of(503, "Too much to do", &what));
            };
            all.remove(&ended);
        }
        all.insert(id.clone(), Arc::clone(&known));
    }
    let (shared, job, name) = (Arc::clone(app), Arc::clone(&known), id.clone());
    let thread = std::thread::Builder::new().name("job".to_owned());
    let spawned = thread.spawn(move || {
        let _turn = shared.jobs.turn.lock().unwrap_or_else(PoisonError::into_inner);
        job.set(State::Working);
        let ended = job.work(&shared, &view, &request, &name);
        job.set(State::Ended(ended));
    });
    if let Err(error) = spawned {
        known.set(State::Ended(Err(Problem::internal(&format!("HTT-164 no thread for the job: {error}")))));
    }
    Ok(accepted(&id, &known))
}

fn accepted(id: &str, known: &Known) -> Answer {
    Answer::json(202, &known.shown(id)).with("Location", format!("/api/v1/jobs/{id}"))
}

/// `GET /api/v1/jobs/{job}`.
pub(crate) fn show(app: &Arc<App>, _: &Call, found: &Found) -> Result<Answer, Problem> {
    let id = found.parameter("job");
    Ok(Answer::json(200, &app.jobs.of(found.who()?, id)?.shown(id)))
}

/// `DELETE /api/v1/jobs/{job}`: ends it within one copy a thread; what is whole is kept.
pub(crate) fn cancel(app: &Arc<App>, _: &Call, found: &Found) -> Result<Answer, Problem> {
    let id = found.parameter("job");
    let known = app.jobs.of(found.who()?, id)?;
    known.cancel.store(true, Ordering::Relaxed);
    Ok(Answer::json(202, &known.shown(id)))
}

impl Jobs {
    fn of(&self, who: &Who, id: &str) -> Result<Arc<Known>, Problem> {
        let all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all.get(id).filter(|known| known.account == who.account.id);
        own.map(Arc::clone).ok_or_else(Problem::not_found)
    }

    /// How many wait, and how many work.
    pub(crate) fn at_work(&self) -> (u64, u64) {
        let all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut at_work = (0, 0);
        for known in all.values() {
            match *known.state.lock().unwrap_or_else(PoisonError::into_inner) {
                State::Waiting => at_work.0 += 1,
                State::Working => at_work.1 += 1,
                State::Ended(_) => {}
            }
        }
        at_work
    }

    /// The server ends: every job does within one copy a thread.
    pub(crate) fn end(&self) {
        let all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        all.values().for_each(|known| known.cancel.store(true, Ordering::Relaxed));
    }
}

impl Known {
    fn has_ended(&self) -> bool {
        matches!(*self.state.lock().unwrap_or_else(PoisonError::into_inner), State::Ended(_))
    }

    fn set(&self, state: State) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    fn work(
        &self,
        app: &App,
        view: &ExamView,
        request: &PlanRequest,
        id: &str,
    ) -> Result<Option<Report>, Problem> {
        let folder = app.dir.join("jobs");
        std::fs::create_dir_all(&folder).map_err(|error| {
            Problem::internal(&format!("HTT-165 the folder of jobs cannot be made: {error}"))
        })?;
        let job = app.job(view, &self.counting, &self.cancel);
        let options = WriteOptions { resume: true, sync: true, sha256: false };
        let out: PathBuf = match self.asked.form {
            Form::Zip => folder.join(format!("{id}.zip")),
            Form::Directory => folder.join(id),
        };
        let written = match self.asked.form {
            Form::Zip => {
                bulk::plan(&job, request).and_then(|plan| bulk::write_zip(&job, plan, &out, &options))
            }
            Form::Directory => bulk::survey(&job, request)
                .and_then(|survey| bulk::write_directory(&job, survey, &out, &options)),
        };
        match written {
            Ok(report) => {
                metrics::rendered(report.made, report.bytes);
                Ok(Some(report))
            }
            // Whoever ends a job before its first copy has not met a fault.
            Err(BulkError::Cancelled) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn shown(&self, id: &str) -> Value {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let Counting { planning, copies, all_copies, bytes, all_bytes } = &self.counting;
        let mut shown = json!({
            "id": id,
            "exam": self.exam,
            "asked": self.asked,
            "copies": count(copies),
            "all_copies": count(all_copies),
            "bytes": count(bytes),
            "all_bytes": count(all_bytes),
        });
        let phase = if planning.load(Ordering::Relaxed) { "planning" } else { "writing" };
        match &*self.state.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Waiting => shown["state"] = json!("waiting"),
            State::Working => shown["state"] = json!(phase),
            State::Ended(Ok(report)) => {
                let whole = report.as_ref().is_some_and(|report| report.ending == bulk::Ending::Whole);
                shown["state"] = json!(if whole { "done" } else { "stopped" });
                if let Some(report) = report {
                    shown["report"] = json!(report);
                }
            }
            State::Ended(Err(problem)) => {
                shown["state"] = json!("failed");
                shown["problem"] = json!(problem);
            }
        }
        shown
    }
}
