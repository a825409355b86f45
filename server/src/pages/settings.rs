//! *Paramétrage fonctionnel*: the owner's table (DOMAIN, *Functional settings*).

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use copiste_core::journal::{Role, Setting};
use copiste_core::model::{ArchivedExamKind, ArchivedSettings};
use copiste_core::process::acts::By;

use super::frame::{ExamHead, Frame, page, redirect};
use crate::api::app::App;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::routes::Found;

#[derive(Template)]
#[template(path = "parametrage.html")]
struct SettingsPage {
    frame: Frame,
    exam: ExamHead,
    fault: Option<String>,
    columns: [Vec<Shown>; 4],
    /// Why nothing can be changed.
    fixed: Option<&'static str>,
    exports: Vec<Flag>,
    renders: Vec<Flag>,
    effect: &'static str,
}

/// A setting of the owner's table, with its value.
pub(super) struct Shown {
    pub(super) label: &'static str,
    pub(super) value: String,
}

/// The settings of an exam, a column for each process from *Numérisation* to *Correction*, then *Clôture*.
pub(super) fn columns(settings: &ArchivedSettings) -> [Vec<Shown>; 4] {
    let word = |flag: bool| if flag { "OUI" } else { "NON" }.to_owned();
    let shown = |label, value| Shown { label, value };
    [
        vec![shown("Engagement en matière", word(settings.subject_commitment))],
        vec![shown("Nombre de questions", settings.question_count.to_native().to_string())],
        vec![shown("Type de note", settings.mark_kind.to_uppercase())],
        vec![
            shown("Export Appréciation", word(settings.export_appreciation)),
            shown("Export Oubli notes", word(settings.export_missing_marks)),
            shown("Export Absences", word(settings.export_absences)),
        ],
    ]
}

struct Flag {
    name: &'static str,
    label: &'static str,
    on: bool,
}

/// The settings that a form has, by name.
const FLAGS: [&str; 6] = [
    "export_appreciation",
    "export_missing_marks",
    "export_absences",
    "render_annotations",
    "render_appreciation",
    "render_marking_details",
];

/// `GET /epreuves/{exam}/parametrage`.
pub(crate) fn show(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let view = app.exam_of(found.who()?, found.parameter("exam"))?;
    let settings = &view.exam().settings;
    let common = view.exam().kind == ArchivedExamKind::CommonAssessment;
    let office = found.who()?.role() == Role::ExamOfficeManager;
    let fixed = if common {
        Some(
            "Les paramètres d’un E3C ne peuvent pas être changés : les copies y sont toujours rendues avec les annotations, l’appréciation et le détail de la notation.",
        )
    } else if office {
        None
    } else {
        Some("Seul le Gestionnaire DEC change les paramètres.")
    };
    let published = view.life().published_at.is_some();
    let flag = |name, label, on| Flag { name, label, on };
    let page_shown = SettingsPage {
        frame: Frame::of(app, found, "")
            .with(call.parameter("fait").map(|_| "Les paramètres sont enregistrés.")),
        exam: ExamHead::of(&view),
        fault: None,
        columns: columns(settings),
        fixed,
        exports: vec![
            flag(
                "export_appreciation",
                "Export Appréciation : l’appréciation part avec la note",
                settings.export_appreciation,
            ),
            flag(
                "export_missing_marks",
                "Export Oubli notes : un candidat présent sans note part comme oubli (sinon il retient la clôture)",
                settings.export_missing_marks,
            ),
            flag(
                "export_absences",
                "Export Absences : les candidats absents partent aussi",
                settings.export_absences,
            ),
        ],
        renders: vec![
            flag("render_annotations", "Avec annotations", settings.render_annotations),
            flag("render_appreciation", "Avec appréciation", settings.render_appreciation),
            flag("render_marking_details", "Avec détails de la notation", settings.render_marking_details),
        ],
        effect: if published {
            "Cyclades a publié : les envois ne changent plus. Les copies produites à partir de maintenant suivent ces paramètres."
        } else {
            "Les copies produites à partir de maintenant suivent ces paramètres, et les lignes du prochain envoi aussi."
        },
    };
    page(200, &page_shown)
}

/// `POST /epreuves/{exam}/parametrage`: what is not ticked is *NON*.
pub(crate) fn change(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let view = app.exam_of(found.who()?, found.parameter("exam"))?;
    let ticked: Vec<String> = call.form().into_iter().map(|(name, _)| name).collect();
    let values: BTreeMap<String, Setting> = FLAGS
        .iter()
        .map(|name| ((*name).to_owned(), Setting::Flag(ticked.iter().any(|ticked| ticked == name))))
        .collect();
    let actor = found.who()?.as_actor();
    By { store: &app.store, actor: &actor, at: (app.now)() }.change_settings(view.id(), values)?;
    Ok(redirect(&format!("/epreuves/{}/parametrage?fait=oui", view.id())))
}
