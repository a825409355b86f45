//! `schools.jsonl`, `markers.jsonl`, `batches.jsonl`, `candidates.jsonl`.

use super::json::Json;
use super::reading::{Bounds, Fields, Path, Reading};
use crate::intake::fault::Code;
use crate::model::{Attendance, Batch, BatchState, Candidate, ExamKind, Harmonisation, Marker, School};

/// A line that stands for one thing with a name of its own.
pub trait Entry: Sized {
    /// Reads it, noting faults; none when it is not even an object.
    fn read(json: &Json<'_>, kind: ExamKind, reading: &mut Reading<'_>) -> Option<Self>;

    /// What it is called by; empty when that was at fault.
    fn key(&self) -> &str;

    /// The field that holds it.
    const KEY_FIELD: &'static str;
    /// What it is, in words.
    const WHAT: &'static str;
}

impl Entry for School {
    const KEY_FIELD: &'static str = "uai";
    const WHAT: &'static str = "school";

    fn read(json: &Json<'_>, _: ExamKind, reading: &mut Reading<'_>) -> Option<School> {
        let mut fields = Fields::of(json, &Path::Root, reading)?;
        let school = School {
            uai: fields.uai("uai", reading),
            name: fields.text("name", Bounds::NAME, reading),
            city: fields.text("city", Bounds::NAME, reading),
            entity: fields.optional_text("entity", Bounds::CODE, reading),
        };
        fields.close(reading);
        Some(school)
    }

    fn key(&self) -> &str {
        &self.uai
    }
}

impl Entry for Marker {
    const KEY_FIELD: &'static str = "id";
    const WHAT: &'static str = "marker";

    fn read(json: &Json<'_>, _: ExamKind, reading: &mut Reading<'_>) -> Option<Marker> {
        let mut fields = Fields::of(json, &Path::Root, reading)?;
        let marker = Marker {
            id: fields.identifier("id", reading),
            name: fields.text("name", Bounds::NAME, reading),
            staff_id: fields.text("staff_id", Bounds::CODE, reading),
            mission_id: fields.text("mission_id", Bounds::CODE, reading),
        };
        fields.close(reading);
        Some(marker)
    }

    fn key(&self) -> &str {
        &self.id
    }
}

impl Entry for Batch {
    const KEY_FIELD: &'static str = "id";
    const WHAT: &'static str = "batch";

    fn read(json: &Json<'_>, kind: ExamKind, reading: &mut Reading<'_>) -> Option<Batch> {
        let states = [("open", BatchState::Open), ("locked", BatchState::Locked)];
        let harmonisations = [("pending", Harmonisation::Pending), ("validated", Harmonisation::Validated)];
        let mut fields = Fields::of(json, &Path::Root, reading)?;
        let batch = Batch {
            id: fields.identifier("id", reading),
            marker: fields.identifier("marker", reading),
            state: fields.choice("state", &states, reading),
            harmonisation: fields.choice("harmonisation", &harmonisations, reading),
        };
        if kind == ExamKind::CommonAssessment && batch.harmonisation == Harmonisation::Validated {
            let message =
                "validating a common assessment's batch transmits its marks: it is an act, not an import";
            fields.note(Code::Validated, "harmonisation", message, reading);
        }
        fields.close(reading);
        Some(batch)
    }

    fn key(&self) -> &str {
        &self.id
    }
}

impl Entry for Candidate {
    const KEY_FIELD: &'static str = "number";
    const WHAT: &'static str = "candidate";

    fn read(json: &Json<'_>, _: ExamKind, reading: &mut Reading<'_>) -> Option<Candidate> {
        let attendances = [
            ("present", Attendance::Present),
            ("absent", Attendance::Absent),
            ("absent_justified", Attendance::AbsentJustified),
            ("exempt", Attendance::Exempt),
        ];
        let mut fields = Fields::of(json, &Path::Root, reading)?;
        let number = fields.identifier("number", reading);
        if !number.is_empty() {
            reading.about(&number);
        }
        let candidate = Candidate {
            number,
            national_id: fields.optional_text("national_id", Bounds::CODE, reading),
            last_name: fields.text("last_name", Bounds::NAME, reading),
            first_name: fields.text("first_name", Bounds::NAME_OR_NONE, reading),
            birth_date: fields.optional_date("birth_date", reading),
            school: fields.uai("school", reading),
            attendance: fields.choice("attendance", &attendances, reading),
            entry: String::new(),
        };
        fields.close(reading);
        Some(candidate)
    }

    fn key(&self) -> &str {
        &self.number
    }
}
