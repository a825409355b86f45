//! *Harmonisation*: batches with their state, the mean before and after, adjusting and validating.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use copiste_core::journal::{MarkChange, Role};
use copiste_core::model::{ArchivedBatchState, ArchivedExamKind, ArchivedHarmonisation};
use copiste_core::process::acts::By;
use copiste_core::process::status::mean;
use copiste_core::store::ExamView;

use super::frame::{ExamHead, Frame, page, redirect};
use super::words;
use crate::api::acts::hundredths;
use crate::api::app::App;
use crate::api::launching::validate;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::routes::Found;

#[derive(Template)]
#[template(path = "harmonisation.html")]
struct HarmonisationPage {
    frame: Frame,
    exam: ExamHead,
    fault: Option<String>,
    batches: Vec<BatchShown>,
    act: bool,
    explained: &'static str,
}

struct BatchShown {
    id: String,
    state: &'static str,
    harmonisation: &'static str,
    scripts: String,
    before: String,
    after: String,
    choosable: bool,
}

/// Sums of a batch's marks: the markers' own, and the final ones.
#[derive(Default)]
struct Sums {
    scripts: u64,
    before: (i64, u64),
    after: (i64, u64),
}

/// `GET /epreuves/{exam}/harmonisation`.
pub(crate) fn show(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let view = app.exam_of(found.who()?, found.parameter("exam"))?;
    let notice = match call.parameter("fait") {
        Some("valide") => Some("Les lots choisis sont validés."),
        Some("en-cours") => Some("Les lots choisis sont validés ; l’envoi à Cyclades continue."),
        Some(_) => Some("Les notes sont ajustées ; les deux notes sont conservées, avec le motif."),
        None => None,
    };
    shown(app, found, &view, notice, None)
}

fn shown(
    app: &Arc<App>,
    found: &Found,
    view: &ExamView,
    notice: Option<&str>,
    fault: Option<String>,
) -> Result<Answer, Problem> {
    let mut sums: BTreeMap<String, Sums> = BTreeMap::new();
    for script in view.scripts() {
        let script = script?;
        let script = script.get();
        let Some(batch) = script.batch.as_ref() else { continue };
        let sums = sums.entry(batch.to_string()).or_default();
        sums.scripts += 1;
        let own = script.marker_mark.as_ref().map(|mark| mark.get());
        for (sum, mark) in [(&mut sums.before, own), (&mut sums.after, script.final_mark())] {
            if let Some(mark) = mark {
                *sum = (sum.0 + i64::from(mark.0), sum.1 + 1);
            }
        }
    }
    let mut batches = Vec::new();
    for batch in view.batches() {
        let batch = batch?;
        let batch = batch.get();
        let locked = batch.state == ArchivedBatchState::Locked;
        let pending = batch.harmonisation == ArchivedHarmonisation::Pending;
        let sums = sums.remove(batch.id.as_str()).unwrap_or_default();
        let told = |(sum, count): (i64, u64)| {
            mean(sum, count).map_or_else(|| "–".to_owned(), |mean| words::mark(&mean.to_string()))
        };
        batches.push(BatchShown {
            id: batch.id.to_string(),
            state: if locked { "verrouillé" } else { "ouvert" },
            harmonisation: if pending { "à valider" } else { "validée" },
            scripts: words::grouped(sums.scripts),
            before: told(sums.before),
            after: told(sums.after),
            choosable: locked && pending,
        });
    }
    let common = view.exam().kind == ArchivedExamKind::CommonAssessment;
    let page_shown = HarmonisationPage {
        frame: Frame::of(app, found, "").with(notice),
        exam: ExamHead::of(view),
        fault,
        act: found.who()?.role() == Role::AcademicCoordinator && batches.iter().any(|batch| batch.choosable),
        batches,
        explained: if common {
            "Valider un lot le clôt : ses notes partent vers Cyclades, et ses copies deviennent téléchargeables par les établissements. Une note transmise ne change plus."
        } else {
            "Valider un lot fixe ses notes ; la clôture de l’épreuve les enverra."
        },
    };
    page(200, &page_shown)
}

/// `POST /epreuves/{exam}/harmonisation`.
pub(crate) fn act(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let view = app.exam_of(found.who()?, found.parameter("exam"))?;
    let batches: Vec<String> =
        call.form().into_iter().filter(|(name, _)| name == "batch").map(|(_, value)| value).collect();
    let field = |name: &str| call.form_field(name).unwrap_or_default();
    let refused = |fault: &str| shown(app, found, &view, None, Some(fault.to_owned()));
    if batches.is_empty() {
        return refused("Choisissez au moins un lot : rien n’a été changé.");
    }
    let actor = found.who()?.as_actor();
    let done = match field("act").as_str() {
        "validate" => validate(app, actor, view.id(), batches)
            .map(|report| if report.is_some() { "valide" } else { "en-cours" }),
        "adjust" => {
            let by = hundredths(field("by").replace('−', "-").trim());
            by.and_then(|by| {
                let desk = By { store: &app.store, actor: &actor, at: (app.now)() };
                for batch in &batches {
                    let change = MarkChange::Batch { batch: batch.clone(), by };
                    desk.change_marks(view.id(), change, &field("reason"))?;
                }
                Ok("ajuste")
            })
        }
        _ => return refused("Choisissez ce qui est à faire : rien n’a été changé."),
    };
    match done {
        Ok(what) => Ok(redirect(&format!("/epreuves/{}/harmonisation?fait={what}", view.id()))),
        Err(problem) if problem.status < 500 || problem.status == 503 => {
            refused(&format!("Refusé ({} : {}).", problem.code, problem.detail))
        }
        Err(problem) => Err(problem),
    }
}
