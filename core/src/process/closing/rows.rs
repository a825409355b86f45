//! The rows of an exam: final marks for Cyclades, services faits for IMAG'IN.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::exchange::rows::{CycladesRow, ImaginRow};
use crate::journal::Target;
use crate::model::{
    ArchivedAttendance, ArchivedBatchState, ArchivedCandidate, ArchivedExamKind, ArchivedHarmonisation,
    ArchivedScript, MarkOutcome,
};
use crate::process::spans;
use crate::store::{ExamView, Record, StoreError};

/// How outcomes are spelt in rows; a table of the settings (DOMAIN, *Marks*).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutcomeCodes {
    /// A numeric mark.
    pub mark: String,
    /// Absent.
    pub absent: String,
    /// Absent with a valid reason.
    pub absent_justified: String,
    /// Exempt.
    pub exempt: String,
    /// Present without a mark.
    pub missing: String,
}

impl Default for OutcomeCodes {
    fn default() -> OutcomeCodes {
        OutcomeCodes {
            mark: "mark".to_owned(),
            absent: "absent".to_owned(),
            absent_justified: "absent_justified".to_owned(),
            exempt: "exempt".to_owned(),
            missing: "missing".to_owned(),
        }
    }
}

impl OutcomeCodes {
    fn of(&self, outcome: MarkOutcome) -> &str {
        match outcome {
            MarkOutcome::Mark(_) => &self.mark,
            MarkOutcome::Absent { justified: false } => &self.absent,
            MarkOutcome::Absent { justified: true } => &self.absent_justified,
            MarkOutcome::Exempt => &self.exempt,
            MarkOutcome::Missing => &self.missing,
        }
    }
}

/// What an exam ends with for one candidate: whoever did not come has no mark, whatever a script says.
pub(super) fn outcome(candidate: &ArchivedCandidate, script: Option<&ArchivedScript>) -> MarkOutcome {
    match candidate.attendance {
        ArchivedAttendance::Absent => MarkOutcome::Absent { justified: false },
        ArchivedAttendance::AbsentJustified => MarkOutcome::Absent { justified: true },
        ArchivedAttendance::Exempt => MarkOutcome::Exempt,
        ArchivedAttendance::Present => match script.and_then(ArchivedScript::final_mark) {
            Some(mark) => MarkOutcome::Mark(mark),
            None => MarkOutcome::Missing,
        },
    }
}

/// Who makes an exam's rows for Cyclades: of a one-off all candidates', of an E3C those in validated batches
/// that are not transmitted. The exam's settings decide about absences, missing marks and appreciations.
pub(super) struct RowMaker<'a> {
    view: &'a ExamView,
    codes: &'a OutcomeCodes,
    /// The validated batches of an E3C; none for a one-off.
    batches: Option<BTreeMap<String, String>>,
}

impl<'a> RowMaker<'a> {
    pub(super) fn of(view: &'a ExamView, codes: &'a OutcomeCodes) -> Result<RowMaker<'a>, StoreError> {
        let batches = match view.exam().kind {
            ArchivedExamKind::OneOff => None,
            ArchivedExamKind::CommonAssessment => Some(validated(view)?),
        };
        Ok(RowMaker { view, codes, batches })
    }

    /// The row of the candidate at a place, if he has one.
    pub(super) fn row(
        &self,
        place: u32,
        candidate: &ArchivedCandidate,
        script: Option<&ArchivedScript>,
    ) -> Result<Option<CycladesRow>, StoreError> {
        if let Some(batches) = &self.batches {
            let validated = script.is_some_and(|script| {
                script.batch.as_ref().is_some_and(|id| batches.contains_key(id.as_str()))
            });
            if !validated || self.view.transmitted_at(place)?.is_some() {
                return Ok(None);
            }
        }
        let settings = &self.view.exam().settings;
        let outcome = outcome(candidate, script);
        let sent = match outcome {
            MarkOutcome::Mark(_) | MarkOutcome::Exempt => true,
            MarkOutcome::Missing => settings.export_missing_marks,
            MarkOutcome::Absent { .. } => settings.export_absences,
        };
        if !sent {
            return Ok(None);
        }
        let appreciation = script
            .filter(|_| settings.export_appreciation && candidate.attendance == ArchivedAttendance::Present)
            .and_then(|script| script.appreciation.as_ref())
            .map(ToString::to_string)
            .filter(|text| !text.is_empty());
        Ok(Some(CycladesRow {
            candidate_number: candidate.number.to_string(),
            outcome: self.codes.of(outcome).to_owned(),
            mark: match outcome {
                MarkOutcome::Mark(mark) => Some(mark.to_string()),
                _ => None,
            },
            appreciation,
        }))
    }
}

/// Calls `row` with every row for Cyclades, in the order of a delivery's entries.
pub(super) fn each_cyclades<E: From<StoreError> + Send>(
    view: &ExamView,
    codes: &OutcomeCodes,
    mut row: impl FnMut(CycladesRow) -> Result<(), E>,
) -> Result<(), E> {
    let maker = RowMaker::of(view, codes)?;
    let made = |places| {
        let mut rows = Vec::new();
        for both in view.together(places)? {
            let (place, candidate, script) = both?;
            rows.extend(maker.row(place, candidate.get(), script.as_ref().map(Record::get))?);
        }
        Ok::<_, E>(rows)
    };
    let weigh = |rows: &Vec<CycladesRow>| rows.iter().map(CycladesRow::weight).sum();
    spans::in_order(view, made, weigh, |rows| rows.into_iter().try_for_each(&mut row))
}

/// Validated batches and their markers.
fn validated(view: &ExamView) -> Result<BTreeMap<String, String>, StoreError> {
    let mut found = BTreeMap::new();
    for batch in view.batches() {
        let batch = batch?;
        let batch = batch.get();
        if batch.harmonisation == ArchivedHarmonisation::Validated {
            found.insert(batch.id.to_string(), batch.marker.to_string());
        }
    }
    Ok(found)
}

/// The rows for IMAG'IN, by key: of a one-off every marker, of an E3C those with a validated batch, with
/// all that they have marked so far, since a row takes the place of the one before.
pub(super) fn imagin(view: &ExamView) -> Result<Vec<ImaginRow>, StoreError> {
    let one_off = view.exam().kind == ArchivedExamKind::OneOff;
    // By marker: batches that count, and scripts of those with a mark of his own.
    let mut batches: BTreeMap<String, u64> = BTreeMap::new();
    let mut scripts: BTreeMap<String, u64> = BTreeMap::new();
    for batch in view.batches() {
        let batch = batch?;
        let batch = batch.get();
        let counts = if one_off {
            batch.state == ArchivedBatchState::Locked
        } else {
            batch.harmonisation == ArchivedHarmonisation::Validated
        };
        if counts {
            let marker = batch.marker.to_string();
            *scripts.entry(marker.clone()).or_default() += view.tally(&batch.id)?.get().by_marker.to_native();
            *batches.entry(marker).or_default() += 1;
        }
    }
    let mut rows: BTreeMap<(String, String), ImaginRow> = BTreeMap::new();
    for marker in view.markers() {
        let marker = marker?;
        let marker = marker.get();
        let done = batches.get(marker.id.as_str()).copied().unwrap_or(0);
        if !one_off && done == 0 {
            continue;
        }
        let marked = scripts.get(marker.id.as_str()).copied().unwrap_or(0);
        let (staff_id, mission_id) = (marker.staff_id.to_string(), marker.mission_id.to_string());
        // One person under two names in the bundle still has one mission, and one row of it.
        let row = rows.entry((staff_id.clone(), mission_id.clone())).or_insert(ImaginRow {
            staff_id,
            mission_id,
            service_done: false,
            scripts_marked: 0,
            batches_marked: 0,
        });
        row.scripts_marked += marked;
        row.batches_marked += done;
        row.service_done |= marked > 0;
    }
    Ok(rows.into_values().collect())
}

/// Writes the rows of a target as CSV, for people who carry them over by hand: `;`, UTF-8 with a mark,
/// cells that a spreadsheet would run made harmless. Gives the number of rows.
///
/// # Errors
/// When a record cannot be read, or the rows cannot be written.
pub fn write_csv(
    view: &ExamView,
    codes: &OutcomeCodes,
    target: Target,
    mut out: impl Write,
) -> io::Result<u64> {
    out.write_all(b"\xEF\xBB\xBF")?;
    let mut csv = csv::WriterBuilder::new().delimiter(b';').from_writer(out);
    let mut count = 0;
    match target {
        Target::Cyclades => {
            csv.write_record(["candidate_number", "outcome", "mark", "appreciation"])?;
            each_cyclades(view, codes, |row| {
                let mark = row.mark.unwrap_or_default().replace('.', ",");
                let appreciation = harmless(row.appreciation.unwrap_or_default());
                count += 1;
                csv.write_record([harmless(row.candidate_number), row.outcome, mark, appreciation])
                    .map_err(|error| Unwritten::Io(error.into()))
            })?;
        }
        Target::Imagin => {
            csv.write_record(["staff_id", "mission_id", "service_done", "scripts_marked", "batches_marked"])?;
            for row in imagin(view).map_err(Unwritten::Store)? {
                let (scripts, batches) = (row.scripts_marked.to_string(), row.batches_marked.to_string());
                let done = row.service_done.to_string();
                csv.write_record([harmless(row.staff_id), harmless(row.mission_id), done, scripts, batches])?;
                count += 1;
            }
        }
    }
    csv.flush()?;
    Ok(count)
}

/// A cell that no spreadsheet takes for a formula (OWASP, *CSV Injection*).
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

enum Unwritten {
    Store(StoreError),
    Io(io::Error),
}

impl From<StoreError> for Unwritten {
    fn from(error: StoreError) -> Unwritten {
        Unwritten::Store(error)
    }
}

impl From<Unwritten> for io::Error {
    fn from(error: Unwritten) -> io::Error {
        match error {
            Unwritten::Store(error) => io::Error::other(error),
            Unwritten::Io(error) => error,
        }
    }
}
