//! *Paramétrage fonctionnel* (DOMAIN, *Functional settings*).

use super::{Bench, Place, Prepared, exam_of};
use crate::journal::{ChangeSettings, Setting};
use crate::model::{ExamKind, Settings};
use crate::store::ExecuteError;
use crate::store::refusal::Refusal;

/// A one-off exam's settings change before and after the closing; an E3C's never do.
pub(super) fn prepare(
    bench: &Bench<'_>,
    command: &ChangeSettings,
    place: Place<'_>,
) -> Result<Prepared, ExecuteError> {
    let mut entry = exam_of(bench, &command.exam)?;
    let before = entry.exam.settings.clone();
    // What is no setting is refused as such, whichever exam it is said of.
    for (name, value) in &command.values {
        set(&mut entry.exam.settings, name, value)?;
    }
    if entry.exam.kind == ExamKind::CommonAssessment {
        return Err(Refusal::FixedSettings { exam: command.exam.clone() }.into());
    }
    let changes = entry.exam.settings != before;
    entry.life.settings_by_hand |= changes;
    entry.line = if changes { place.line } else { entry.line };
    Ok(Prepared { changes, ..Prepared::of(entry) })
}

/// Gives one setting another value.
fn set(settings: &mut Settings, name: &str, value: &Setting) -> Result<(), Refusal> {
    let refused = |takes| {
        let given = match value {
            Setting::Flag(flag) => flag.to_string(),
            Setting::Count(count) => count.to_string(),
            Setting::Word(word) => word.clone(),
        };
        Refusal::Setting { name: name.to_owned(), takes, given }
    };
    let flag = match name {
        "subject_commitment" => &mut settings.subject_commitment,
        "export_appreciation" => &mut settings.export_appreciation,
        "export_missing_marks" => &mut settings.export_missing_marks,
        "export_absences" => &mut settings.export_absences,
        "render_annotations" => &mut settings.render_annotations,
        "render_appreciation" => &mut settings.render_appreciation,
        "render_marking_details" => &mut settings.render_marking_details,
        "question_count" => {
            let Setting::Count(count @ 1..=200) = value else {
                return Err(refused("a number of questions from 1 to 200"));
            };
            settings.question_count = *count;
            return Ok(());
        }
        "mark_kind" => {
            let Setting::Word(word) = value else { return Err(refused("the word simple")) };
            if word != "simple" {
                return Err(refused("the word simple"));
            }
            settings.mark_kind.clone_from(word);
            return Ok(());
        }
        _ => return Err(refused("no value: there is no such setting")),
    };
    let Setting::Flag(value) = value else { return Err(refused("true or false")) };
    *flag = *value;
    Ok(())
}
