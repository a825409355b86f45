//! *Essai à blanc*: what a launch would send, and whether both targets answer. Nothing is sent.

use std::sync::Arc;

use askama::Template;
use copiste_core::exchange::rows::CycladesRow;
use copiste_core::journal::Target;
use copiste_core::process::closing::{Decision, DryRun};

use super::closing::{FindingShown, finding};
use super::frame::{ExamHead, Frame, page};
use super::words;
use crate::api::app::App;
use crate::api::launching::{counter, problem_of};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::routes::Found;

#[derive(Template)]
#[template(path = "essai.html")]
struct Trial {
    frame: Frame,
    exam: ExamHead,
    /// What a launch would do now.
    decision: String,
    /// What holds it back; empty when nothing does.
    unmet: Vec<String>,
    cyclades: String,
    outcomes: Vec<(String, String)>,
    first: Vec<CycladesRow>,
    imagin: String,
    reached: Vec<ReachedShown>,
    findings: Vec<FindingShown>,
}

struct ReachedShown {
    name: &'static str,
    place: String,
    fault: Option<String>,
}

/// `POST /epreuves/{exam}/cloture/essai`.
pub(crate) fn show(app: &Arc<App>, _: &Call, found: &Found) -> Result<Answer, Problem> {
    let view = app.exam_of(found.who()?, found.parameter("exam"))?;
    let actor = found.who()?.as_actor();
    let counter = counter(app)?;
    let desk = counter.desk(&app.store, &app.scratch, &actor);
    let dry = desk.dry_run(view.id(), false).map_err(problem_of)?;
    let reached = dry.reached.iter().map(|reached| ReachedShown {
        name: words::target_name(reached.target),
        place: reached.place.clone(),
        fault: reached.fault.clone(),
    });
    let outcomes = dry.outcomes.iter().map(|(outcome, count)| (outcome.clone(), words::grouped(*count)));
    let shown = Trial {
        frame: Frame::of(app, found, ""),
        exam: ExamHead::of(&view),
        decision: decision(&dry.decision),
        unmet: unmet(&dry),
        cyclades: words::count(dry.cyclades_rows, "ligne", "lignes"),
        outcomes: outcomes.collect(),
        imagin: words::count(dry.imagin_rows.len() as u64, "ligne", "lignes"),
        reached: reached.collect(),
        findings: dry.quality.findings.iter().map(finding).collect(),
        first: dry.cyclades_first,
    };
    page(200, &shown)
}

fn decision(decision: &Decision) -> String {
    let names = |targets: &[Target]| {
        targets.iter().map(|target| words::target_name(*target)).collect::<Vec<_>>().join(" et ")
    };
    match decision {
        Decision::Settle(targets) => {
            format!("Un lancement demanderait d’abord à {} ce qui y est déjà arrivé.", names(targets))
        }
        Decision::Send(targets) => format!("Un lancement enverrait à {}.", names(targets)),
        Decision::NothingLeft => "Tout est accepté : il ne reste rien à envoyer.".to_owned(),
        Decision::Final => "Cyclades a publié, la clôture est définitive.".to_owned(),
        Decision::ByHand => {
            "Cyclades a publié avant la fin de la clôture : les notes se portent à la main.".to_owned()
        }
    }
}

fn unmet(dry: &DryRun) -> Vec<String> {
    let mut unmet: Vec<String> = dry
        .unmet
        .processes
        .iter()
        .map(|one| format!("{} : {}", words::process(one.process), words::condition(one.process, one.state)))
        .collect();
    if let Some(need) = &dry.unmet.missing_marks {
        let count = words::grouped(need.missing.count);
        unmet.push(format!("candidats présents sans note : {count} (Export Oubli notes est à NON)"));
    }
    if dry.quality_blocks {
        unmet.push("la feuille de qualité a un constat qui bloque".to_owned());
    }
    unmet
}
