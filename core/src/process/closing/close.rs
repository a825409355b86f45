//! Launching and relaunching the closing of a one-off exam.

use super::desk::{Carrying, ClosingDesk};
use super::error::{CloseError, Unmet, unfinished};
use super::reading::read_through;
use super::rows::{each_cyclades, imagin};
use super::status::ClosingStatus;
use super::table::{Decision, decide};
use crate::exchange::rows::{CycladesRow, ImaginRow, RejectedRow};
use crate::exchange::{Fault, Patience};
use crate::journal::{Answer, Target};
use crate::model::ArchivedExamKind;
use crate::process::processes::Need;
use crate::process::quality::{Scope, Sheet, look};
use crate::process::roles::{Act, allowed};
use crate::process::status::{Status, status};
use crate::store::{ExamView, Export, Standing};

/// What became of one export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportReport {
    /// To whom.
    pub target: Target,
    /// Its number.
    pub number: u64,
    /// Its rows.
    pub rows: u64,
    /// Rows that count.
    pub accepted: u64,
    /// What is known of it now.
    pub standing: Standing,
    /// The first rows that were rejected. Reasons may name a person.
    pub rejected: Vec<RejectedRow>,
    /// What went wrong, beginning with a code.
    pub fault: Option<String>,
    /// Requests that were made.
    pub requests: u32,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

impl ExportReport {
    pub(super) fn of(
        export: &Export,
        answer: &Answer,
        rejected: Vec<RejectedRow>,
        patience: &Patience<'_>,
    ) -> ExportReport {
        let (standing, accepted, fault) = match answer {
            Answer::Committed { accepted, rejected: 0, .. } => (Standing::Whole, *accepted, None),
            Answer::Committed { accepted, rejected, .. } => {
                (Standing::Partly { rejected: *rejected }, *accepted, None)
            }
            Answer::Failed { code, detail } => (Standing::Failed, 0, Some(format!("{code} {detail}"))),
            Answer::Unknown { code, detail } => (Standing::Unsettled, 0, Some(format!("{code} {detail}"))),
        };
        ExportReport {
            target: export.target,
            number: export.number,
            rows: export.count,
            accepted,
            standing,
            rejected,
            fault,
            requests: patience.requests(),
            took_ms: u64::try_from(patience.took().as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// What a launch did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseReport {
    /// The exam.
    pub exam: String,
    /// What was sent or settled, in order.
    pub exports: Vec<ExportReport>,
    /// The quality sheet of the marks that were sent; none when none were.
    pub quality: Option<Sheet>,
    /// Where the closing stands now.
    pub closing: ClosingStatus,
}

impl CloseReport {
    /// Whether both targets have accepted everything.
    pub fn is_whole(&self) -> bool {
        use super::status::TargetState::Accepted;
        self.closing.cyclades.state == Accepted && self.closing.imagin.state == Accepted
    }
}

/// Whether a target answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Which.
    pub target: Target,
    /// Where.
    pub place: String,
    /// Why it does not, when it does not.
    pub fault: Option<String>,
}

/// What a launch would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DryRun {
    /// The exam.
    pub exam: String,
    /// What holds it back.
    pub unmet: Unmet,
    /// What the table says of a launch now.
    pub decision: Decision,
    /// Rows for Cyclades.
    pub cyclades_rows: u64,
    /// The first of them.
    pub cyclades_first: Vec<CycladesRow>,
    /// Rows for Cyclades, by outcome.
    pub outcomes: Vec<(String, u64)>,
    /// Rows for IMAG'IN.
    pub imagin_rows: Vec<ImaginRow>,
    /// Whether both targets answer.
    pub reached: Vec<Reached>,
    /// The quality sheet.
    pub quality: Sheet,
    /// Whether a blocker of the sheet would refuse the launch; once the closing is done, none does.
    pub quality_blocks: bool,
}

/// How many rows a dry run shows.
const ROWS_SHOWN: usize = 10;

impl ClosingDesk<'_> {
    /// Launches the closing of a one-off exam, or relaunches it: first what is open is settled, then what
    /// failed is sent, or with `again` everything.
    ///
    /// # Errors
    /// [`CloseError`] when nothing may be sent. What targets answer is no error: it is in the report.
    pub fn close(&self, exam: &str, again: bool) -> Result<CloseReport, CloseError> {
        allowed(&self.actor.role, Act::Close)?;
        let _turn = self.turn(exam)?;
        let view = self.one_off(exam)?;
        let mut unknown = None;
        if self.first_is_held_back(&view)? {
            // Nothing was ever sent and nothing may be: no need to ask anyone.
            let unmet = unmet(&view, &status(&view)?);
            return Err(CloseError::Unmet { exam: exam.to_owned(), unmet: Box::new(unmet) });
        }
        if let Some(fault) = self.learn_publication(exam)? {
            unknown = Some(fault);
        }
        let (mut reports, mut quality) = (Vec::new(), None);
        loop {
            let view = self.view(exam)?;
            match decision(&view, again)? {
                Decision::Settle(targets) => {
                    if !self.settle(exam, &targets, &mut reports)? {
                        break;
                    }
                }
                // What was just settled is told before it is said that nothing more can be sent.
                Decision::Final | Decision::ByHand if !reports.is_empty() => break,
                Decision::Final => return Err(CloseError::Final { exam: exam.to_owned() }),
                Decision::ByHand => return Err(CloseError::ByHand { exam: exam.to_owned() }),
                Decision::NothingLeft => break,
                Decision::Send(targets) => {
                    let unmet = unmet(&view, &status(&view)?);
                    if !unmet.is_empty() {
                        return Err(CloseError::Unmet { exam: exam.to_owned(), unmet: Box::new(unmet) });
                    }
                    // IMAG'IN alone gets no marks, so there is nothing to look at again.
                    let mut marks = None;
                    if targets.contains(&Target::Cyclades) {
                        let (sheet, rows) = read_through(&view, self.codes, self.quality, self.scratch)?;
                        if blocks(&view, &sheet) {
                            return Err(CloseError::Quality {
                                exam: exam.to_owned(),
                                sheet: Box::new(sheet),
                            });
                        }
                        (quality, marks) = (Some(sheet), Some(rows));
                    }
                    for export in self.launch(&view, &targets, marks)? {
                        let barred = unknown.clone().filter(|_| export.target == Target::Cyclades);
                        let how = barred.map_or(Carrying::Send { resumed: false }, Carrying::Barred);
                        reports.push(self.carry(&view, &export, how)?);
                    }
                    break;
                }
            }
        }
        let closing = ClosingStatus::of(&self.view(exam)?)?;
        Ok(CloseReport { exam: exam.to_owned(), exports: reports, quality, closing })
    }

    /// Says what a launch would do, and whether both targets answer. Nothing is sent or changed.
    ///
    /// # Errors
    /// [`CloseError`] for what is no one-off exam, or cannot be read.
    pub fn dry_run(&self, exam: &str, again: bool) -> Result<DryRun, CloseError> {
        allowed(&self.actor.role, Act::Close)?;
        let view = self.one_off(exam)?;
        let mut first = Vec::new();
        let mut count = 0;
        let mut outcomes: Vec<(String, u64)> = Vec::new();
        each_cyclades(&view, self.codes, |row| {
            count += 1;
            match outcomes.iter_mut().find(|(outcome, _)| *outcome == row.outcome) {
                Some((_, count)) => *count += 1,
                None => outcomes.push((row.outcome.clone(), 1)),
            }
            if first.len() < ROWS_SHOWN {
                first.push(row);
            }
            Ok::<(), CloseError>(())
        })?;
        outcomes.sort();
        let reached = Target::ALL.map(|target| {
            let adapter = self.adapter(target);
            let mut patience = Patience::new(self.pace, self.budget);
            let answered = patience.try_for(|| adapter.publication(exam));
            Reached {
                target,
                place: adapter.place(),
                fault: answered.err().map(|fault: Fault| fault.to_string()),
            }
        });
        let quality = look(&view, Scope::Exam, self.quality)?;
        Ok(DryRun {
            exam: exam.to_owned(),
            unmet: unmet(&view, &status(&view)?),
            decision: decision(&view, again)?,
            cyclades_rows: count,
            cyclades_first: first,
            outcomes,
            imagin_rows: imagin(&view)?,
            reached: reached.into(),
            quality_blocks: blocks(&view, &quality),
            quality,
        })
    }

    fn one_off(&self, exam: &str) -> Result<ExamView, CloseError> {
        let view = self.view(exam)?;
        if view.exam().kind == ArchivedExamKind::CommonAssessment {
            return Err(CloseError::CommonAssessment { exam: exam.to_owned() });
        }
        Ok(view)
    }

    /// Whether a first launch is held back by unfinished processes.
    fn first_is_held_back(&self, view: &ExamView) -> Result<bool, CloseError> {
        let first = view.exports()?.is_empty() && view.life().published_at.is_none();
        Ok(first && !unmet(view, &status(view)?).is_empty())
    }
}

fn decision(view: &ExamView, again: bool) -> Result<Decision, CloseError> {
    let (exports, life) = (view.exports()?, view.life());
    let last = |target| exports.iter().rev().find(|export| export.target == target).map(Export::standing);
    let (cyclades, imagin) = (last(Target::Cyclades), last(Target::Imagin));
    Ok(decide(cyclades, imagin, life.published_at.is_some(), life.closed_at.is_some(), again))
}

/// Whether the quality sheet holds a launch back. Once the closing is done it only warns, as the processes
/// do: what is sent again then corrects what Cyclades has.
fn blocks(view: &ExamView, sheet: &Sheet) -> bool {
    view.life().closed_at.is_none() && sheet.blocks()
}

/// What holds a launch back. Once the closing is done, its processes no longer do; a missing mark that
/// the settings do not send does at any time.
fn unmet(view: &ExamView, status: &Status) -> Unmet {
    let processes = if view.life().closed_at.is_some() { Vec::new() } else { unfinished(&status.processes) };
    let held = !view.exam().settings.export_missing_marks && status.marks.missing > 0;
    let missing_marks = held.then(|| Need {
        what: "present candidates without a mark".to_owned(),
        of: "candidates".to_owned(),
        missing: status.marks.without.clone(),
    });
    Unmet { processes, missing_marks }
}
