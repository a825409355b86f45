//! *Paramétrage fonctionnel* of every exam that one sees: the owner's table, reached from the dashboard.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;

use super::frame::{ExamHead, Frame, page};
use super::settings::columns;
use crate::api::app::App;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::routes::Found;

#[derive(Template)]
#[template(path = "parametrages.html")]
struct SettingsOfAll {
    frame: Frame,
    exams: Vec<Row>,
}

struct Row {
    exam: ExamHead,
    columns: Vec<Vec<Counted>>,
}

/// A setting with its value, and how many of the exams have that value.
struct Counted {
    label: &'static str,
    exams: u64,
    value: String,
}

/// `GET /parametrage`.
pub(crate) fn show(app: &Arc<App>, _: &Call, found: &Found) -> Result<Answer, Problem> {
    let views = app.exams_of(found.who()?)?;
    let mut counts: BTreeMap<(&'static str, String), u64> = BTreeMap::new();
    for setting in views.iter().flat_map(|view| columns(&view.exam().settings)).flatten() {
        *counts.entry((setting.label, setting.value)).or_default() += 1;
    }
    let counted = |label, value: String| {
        let exams = counts.get(&(label, value.clone())).copied().unwrap_or_default();
        Counted { label, exams, value }
    };
    let exams = views.iter().map(|view| Row {
        exam: ExamHead::of(view),
        columns: columns(&view.exam().settings)
            .into_iter()
            .map(|column| column.into_iter().map(|one| counted(one.label, one.value)).collect())
            .collect(),
    });
    let exams = exams.collect();
    page(200, &SettingsOfAll { frame: Frame::of(app, found, "parametrage"), exams })
}
