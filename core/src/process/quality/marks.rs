//! Marks that do not hold together, and marks that are not there.

use super::Kind;
use super::tally::{Tally, Whose};
use crate::model::{ArchivedScript, Hundredths};

/// Looks at the marks of a present candidate's script; `locked` says that its batch is, `step` is the
/// exam's.
pub(super) fn look(script: &ArchivedScript, step: Hundredths, locked: bool, tally: &mut Tally) {
    let whose = Whose::of(script);
    if let Some((total, sum)) = differing(script, step) {
        tally.push(Kind::Totals, whose, None, || format!("total {total}, questions {sum}"));
    }
    if script.final_mark().is_some() {
        return;
    }
    if script.marked && !script.questions.is_empty() {
        let sum = sum(script);
        tally.push(Kind::ForgottenTotals, whose, None, || format!("questions {sum}"));
    } else if locked && !script.marked {
        // In a batch that is not locked it just waits for its marker.
        tally.push(Kind::ForgottenMarks, whose, None, String::new);
    }
}

/// The marker's total and what his questions make, when the two differ.
///
/// Totals go by the exam's step and end at 20, questions do neither: a total that only rounds to the next
/// step, or stops at 20, does not differ.
fn differing(script: &ArchivedScript, step: Hundredths) -> Option<(Hundredths, Hundredths)> {
    let total = script.marker_mark.as_ref()?.get();
    if script.questions.is_empty() {
        return None;
    }
    let sum = sum(script);
    let capped = sum.0.min(Hundredths::TWENTY.0);
    let apart = i64::from(total.0).abs_diff(i64::from(capped));
    (apart > 0 && apart >= u64::from(step.0.max(1).unsigned_abs())).then_some((total, sum))
}

fn sum(script: &ArchivedScript) -> Hundredths {
    Hundredths(
        script.questions.iter().fold(0, |sum: i32, question| sum.saturating_add(question.earned.get().0)),
    )
}
